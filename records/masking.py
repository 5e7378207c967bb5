"""A decision as somebody sees it who is not cleared for all of its facts.

Outcomes, amounts, conflicts and totals are seen across departments. The value of a fact that somebody is not cleared for
shows as a commitment; so do not the clauses, definitions and terms of the score that read it, which would give it away: of
such a policy only what came out is shown.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any

from engine.decision import encode_json
from engine.rulebook import Rulebook
from records.scope import facts_behind

Cleared = Callable[[str], bool]
_OUTLINE = ("subject", "outcome", "amount", "pays_from", "review_due")


def policies_seen(book: Rulebook, document: Mapping[str, Any], cleared: Cleared) -> tuple[str, ...]:
    """The policies of a decision of which every fact that they read may be seen."""
    return tuple(policy for policy in document["policies"] if all(map(cleared, facts_behind(book, policy))))


def is_whole(document: Mapping[str, Any], book: Rulebook, cleared: Cleared) -> bool:
    """Nothing of this decision has to be hidden."""
    return len(policies_seen(book, document, cleared)) == len(document["policies"]) and all(
        cleared(_fact_of(ref)) for ref in document["facts"]
    )


def masked(document: Mapping[str, Any], book: Rulebook, cleared: Cleared, key: bytes) -> Mapping[str, Any]:
    """The decision document with commitments and outlines in the place of what may not be seen.

    `key`: the household's data key, from which the salt of each commitment is made.
    """
    if is_whole(document, book, cleared):
        return document
    seen = frozenset(policies_seen(book, document, cleared))
    facts = {
        ref: one if cleared(_fact_of(ref)) else {**one, "value": committed(key, document, ref, one["value"])}
        for ref, one in document["facts"].items()
    }
    policies = {
        policy: one if policy in seen else {**one, "findings": [_outline(two) for two in one["findings"]]}
        for policy, one in document["policies"].items()
    }
    score = document["score"]
    return {
        **document,
        "facts": facts,
        "definitions": {
            ref: value
            for ref, value in document["definitions"].items()
            if _fact_of(ref) in book.definitions and all(map(cleared, facts_behind(book, _fact_of(ref))))
        },
        "policies": policies,
        "not_concerned": [one for one in document["not_concerned"] if one["policy"] in seen],
        "score": None if score is None else {**score, "terms": []},
        "questions": [
            one for one in document["questions"] if cleared(one["fact"]) and seen.issuperset(one["policies"])
        ],
    }


def committed(key: bytes, document: Mapping[str, Any], ref: str, value: Any) -> dict[str, str]:
    """A commitment to a value of a decision: it can be opened for one value with its salt, and for no other."""
    salt = salt_of(key, document["decision_id"], ref)
    content = salt + ref.encode() + b"\0" + encode_json(value)
    return {"commitment": hashlib.sha256(content).hexdigest()}


def salt_of(key: bytes, decision_id: str, ref: str) -> bytes:
    """Nobody can tell it without the household's key, and with the key it is gone."""
    return hmac.digest(key, f"commitment\0{decision_id}\0{ref}".encode(), hashlib.sha256)


def _outline(finding: Mapping[str, Any]) -> dict[str, Any]:
    made = {key: finding[key] for key in _OUTLINE if key in finding}
    amount = made.get("amount")
    if amount is not None:
        made["amount"] = {key: value for key, value in amount.items() if key != "parts"}
    return {**made, "masked": True}


def _fact_of(ref: str) -> str:
    return ref.rpartition("/")[2] if ref.startswith("people/") else ref
