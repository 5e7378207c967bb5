"""Policies, versions and facts as plain data for the API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from api.sentences import Sentences
from engine.language.types import Boolean, Date, Enum, List, Number, Type, to_plain
from engine.rulebook import Rulebook
from engine.rulebook.model import FOREVER, Clause, Dated, Fact, Field, Named, Policy, PolicyVersion


def policy_shown(book: Rulebook, policy: Policy) -> dict[str, Any]:
    return {
        "id": policy.id,
        "title": policy.versions[-1].title,
        "department": {"id": policy.department, "label": book.departments[policy.department]},
        "unit": policy.unit,
        "versions": [_dated(one.dated) | {"title": one.title} for one in policy.versions],
    }


def version_shown(book: Rulebook, policy: Policy, version: PolicyVersion) -> dict[str, Any]:
    """A version as it was written, and clause by clause in words."""
    says = Sentences(book, version)
    return {
        "policy": policy.id,
        "title": version.title,
        "unit": policy.unit,
        **_dated(version.dated),
        "yaml": book.sources[version.dated.file],
        "clauses": [_clause(says, kind, one) for kind, one in _clauses(version)],
        "amount": _amount(says, version),
    }


def _dated(dated: Dated) -> dict[str, Any]:
    shown = {
        "version": dated.version,
        "from": _iso(dated.start),
        "published": _iso(dated.published),
        "file": dated.file,
    }
    return shown | ({} if dated.until == FOREVER else {"until": _iso(dated.until)})


def _clauses(version: PolicyVersion) -> Iterator[tuple[str, Clause]]:
    yield from (("concerns", one) for one in version.concerns)
    yield from (("eligible", one) for one in version.eligible.clauses())
    yield from (("closed", one) for one in version.closed)
    yield from (("discretion", one) for one in version.discretion)


def _clause(says: Sentences, kind: str, clause: Clause) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": clause.id, "kind": kind, "when": clause.text, "cite": clause.cite}
    shown["sentences"] = says.of(clause.when)
    if clause.label:
        shown["label"] = clause.label
    if clause.unless:
        shown["unless"] = [_clause(says, "unless", one) for one in clause.unless]
    return shown


def _amount(says: Sentences, version: PolicyVersion) -> dict[str, Any] | None:
    amount = version.amount
    if amount is None:
        return None
    shown: dict[str, Any] = {"period": amount.period}
    if amount.parts:
        return shown | {"parts": [_named(says, one) for one in amount.parts]}
    band = {"min": amount.least, "max": amount.most}
    shown |= {name: _named(says, one) for name, one in band.items() if one is not None}
    return shown | {"cite": amount.cite}


def _named(says: Sentences, one: Named) -> dict[str, Any]:
    sentences = says.of(one.node)
    return {"id": one.id, "label": one.label, "value": one.text, "cite": one.cite, "sentences": sentences}


def fact_shown(fact: Fact) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "of": fact.of,
        "label": fact.value.label,
        "question": fact.question,
        "answered_by": fact.answered_by,
        "class": fact.privacy,
        "changeable": fact.changeable,
        **_kind(fact.value),
    }
    if fact.items:
        shown["at_most"] = fact.at_most
        shown["item"] = {one.name: {"label": one.label, **_kind(one)} for one in fact.items}
    return shown


def _kind(of: Field) -> dict[str, Any]:
    kind: Type = of.type
    if isinstance(kind, Number):
        bounds = {"min": to_plain(kind.lo, kind), "max": to_plain(kind.hi, kind)}
        return {"type": "number", "unit": str(kind.unit), "decimals": kind.decimals, **bounds}
    if isinstance(kind, Enum):
        return {"type": "enum", "values": of.choices}
    if isinstance(kind, Boolean):
        return {"type": "boolean"}
    if isinstance(kind, Date):
        return {"type": "date"}
    return {"type": "list"} if isinstance(kind, List) else {"type": "text", "max_length": of.longest}


def _iso(day: int) -> str:
    return f"{day // 10000:04d}-{day // 100 % 100:02d}-{day % 100:02d}"
