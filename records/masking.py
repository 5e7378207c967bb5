"""A decision as somebody sees it who is not cleared for all of its facts.

Outcomes, amounts, conflicts and totals are seen across departments. The value of a fact that somebody is not cleared for
shows as a commitment; so do not the clauses, definitions and terms of the score that read it, which would give it away: of
such a policy only what came out is shown.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import msgspec

from engine.decision import encode_json
from engine.rulebook import Rulebook
from records.own_json import parse_own, parts_of
from records.scope import facts_behind

_OUTLINE = ("subject", "outcome", "amount", "pays_from", "review_due")


def policies_seen(book: Rulebook, document: Mapping[str, Any], cleared: frozenset[str]) -> tuple[str, ...]:
    """The policies of a decision of which every fact that they read may be seen."""
    seen = _seen(book, cleared)
    return tuple(policy for policy in document["policies"] if policy in seen)


def _seen(book: Rulebook, cleared: frozenset[str]) -> frozenset[str]:
    """The policies and definitions that read no other facts."""

    def make() -> frozenset[str]:
        names = (*book.policies, *book.definitions)
        return frozenset(name for name in names if facts_behind(book, name) <= cleared)

    return book.remember("seen", cleared, make)


def is_whole(document: Mapping[str, Any], book: Rulebook, cleared: frozenset[str]) -> bool:
    """Nothing of this decision has to be hidden."""
    return len(policies_seen(book, document, cleared)) == len(document["policies"]) and all(
        _fact_of(ref) in cleared for ref in document["facts"]
    )


def masked(content: bytes, book: Rulebook, cleared: frozenset[str], key: bytes) -> bytes:
    """A stored decision with commitments and outlines in the place of what may not be seen; the same bytes where nothing is.

    What stays as it is is not read: it goes from the one text to the other.

    `key`: the household's data key, from which the salt of each commitment is made.
    """
    document: dict[str, Any] = {**parts_of(content)}
    for name in ("facts", "definitions", "policies"):
        document[name] = parts_of(document[name])
    facts, readable = document["facts"], _seen(book, cleared)
    seen = readable & document["policies"].keys()
    hidden = [ref for ref in facts if _fact_of(ref) not in cleared]
    if not hidden and len(seen) == len(document["policies"]):
        return content
    decision_id = parse_own(document["decision_id"])
    score = parse_own(document["score"])
    facts |= {ref: _hidden(key, decision_id, ref, facts[ref]) for ref in hidden}
    policies = {
        policy: one if policy in seen else _outlined(one) for policy, one in document["policies"].items()
    }
    return encode_json(
        {
            **document,
            "definitions": {
                ref: value
                for ref, value in document["definitions"].items()
                if _fact_of(ref) in book.definitions and _fact_of(ref) in readable
            },
            "policies": policies,
            "not_concerned": [one for one in parse_own(document["not_concerned"]) if one["policy"] in seen],
            "score": None if score is None else {**score, "terms": []},
            "questions": [
                one
                for one in parse_own(document["questions"])
                if one["fact"] in cleared and seen.issuperset(one["policies"])
            ],
        }
    )


def _hidden(key: bytes, decision_id: str, ref: str, fact: msgspec.Raw) -> Mapping[str, Any]:
    parts = parts_of(fact)
    return {**parts, "value": committed(key, decision_id, ref, bytes(parts["value"]))}


def committed(key: bytes, decision_id: str, ref: str, value: bytes) -> dict[str, str]:
    """A commitment to a value of a decision: it can be opened for one value (JSON) with its salt, and for no other."""
    salt = salt_of(key, decision_id, ref)
    content = salt + ref.encode() + b"\0" + value
    return {"commitment": hashlib.sha256(content).hexdigest()}


def salt_of(key: bytes, decision_id: str, ref: str) -> bytes:
    """Nobody can tell it without the household's key, and with the key it is gone."""
    return hmac.digest(key, f"commitment\0{decision_id}\0{ref}".encode(), hashlib.sha256)


def _outlined(policy: msgspec.Raw) -> Mapping[str, Any]:
    one = parse_own(policy)
    return {**one, "findings": [_outline(finding) for finding in one["findings"]]}


def _outline(finding: Mapping[str, Any]) -> dict[str, Any]:
    made = {key: finding[key] for key in _OUTLINE if key in finding}
    amount = made.get("amount")
    if amount is not None:
        made["amount"] = {key: value for key, value in amount.items() if key != "parts"}
    return {**made, "masked": True}


def _fact_of(ref: str) -> str:
    return ref.rpartition("/")[2] if ref.startswith("people/") else ref
