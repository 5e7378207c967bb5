"""One household's decision in the shape of a row of results: to explain a row, and to hold the two evaluators together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.decision.amounts import amount_of
from engine.decision.conflicts import resolve
from engine.decision.decide import score_of
from engine.decision.due import would_be_due
from engine.decision.model import (
    HOUSEHOLD,
    ConflictFound,
    Decision,
    Due,
    Finding,
    PolicyDecision,
    Score,
    WouldBeDue,
)
from engine.decision.situation import Situation
from engine.language import outcomes
from engine.language.scope import PERSON
from engine.population.findings import OUTCOMES, PAYING, clause_truths
from engine.population.sums import PERIODS

Row = dict[str, Any]
Names = Mapping[str, Sequence[str]]  # per policy the truths that are packed


def row_of(at: Situation, decision: Decision) -> Row:
    """The row that says what a decision says."""
    return _row(at, decision.policies, decision.conflicts, decision.would_be_due, decision.score)


def row_without_reasons(at: Situation) -> Row:
    """The same, by the same functions, without working out what is missing: several times faster."""
    policies = {name: PolicyDecision(None, list(_told(at, name))) for name in at.book.policies}
    policies = {name: one for name, one in policies.items() if one.findings}
    resolution = resolve(at, policies)
    return _row(at, policies, resolution.found, would_be_due(at, policies, resolution), score_of(at))


def _told(at: Situation, name: str) -> Iterator[Finding]:
    """A policy's findings, with outcome and amount alone."""
    plan = at.plan.policies.get(name)
    if plan is None:
        yield Finding(HOUSEHOLD, "undetermined" if name in at.plan.rules.undated else "not-in-force")
        return
    for i in range(len(at.household.people)) if plan.policy.unit == PERSON else (-1,):
        outcome = at.value(f"{name}.outcome", i)
        if outcome != outcomes.NOT_CONCERNED:
            pays = plan.version.amount is not None and outcome in PAYING
            amount = amount_of(at, plan, i, outcome)[0] if pays else None
            yield Finding(_subject(at, i), outcomes.NAMES[outcome], amount)


def _subject(at: Situation, index: int) -> str:
    return HOUSEHOLD if index < 0 else at.household.people[index].person_id


def _row(
    at: Situation,
    policies: Mapping[str, PolicyDecision],
    conflicts: Sequence[ConflictFound],
    due: WouldBeDue,
    scored: Score | None,
) -> Row:
    names = {name: clause_truths(plan) for name, plan in at.plan.policies.items()}
    people = [
        {
            "person_id": person.person_id,
            "due": _due(due.subjects.get(person.person_id)),
            **_findings(at, policies, names, i),
        }
        for i, person in enumerate(at.household.people)
    ]
    return {
        "household_id": at.household.household_id,
        "score": None
        if scored is None
        else {"worst": scored.worst, "best": scored.best, "first": scored.terms[0].worst},
        "due": _due(due.total),
        **_findings(at, policies, names, -1),
        "people": people,
        "conflicts": [
            {
                "rule": one.rule,
                "stage": one.stage,
                "person_id": None if one.subject == HOUSEHOLD else one.subject,
                "between": list(one.between),
                "effect": one.effect,
                "policy": one.policy or None,
                "amount": one.amount,
            }
            for one in conflicts
        ],
    }


def differences(expected: Any, found: Any, place: str = "") -> list[str]:
    """Where two rows differ, and in what."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        keys = dict.fromkeys((*expected, *found))
        return [
            one for key in keys for one in differences(expected.get(key), found.get(key), f"{place}/{key}")
        ]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        pairs = enumerate(zip(expected, found, strict=True))
        return [one for i, (a, b) in pairs for one in differences(a, b, f"{place}/{i}")]
    return [] if expected == found else [f"{place}: {expected}, not {found}"]


def _findings(at: Situation, policies: Mapping[str, PolicyDecision], names: Names, index: int) -> Row:
    """Every policy for the household (index -1) or a person."""
    unit, subject = "household" if index < 0 else PERSON, _subject(at, index)
    found: Row = {}
    for name, policy in at.book.policies.items():
        if policy.unit == unit:
            decided = policies.get(name)
            mine = [one for one in decided.findings if one.subject == subject] if decided else []
            found[name] = _finding(at, name, mine[0] if mine else None, names, index)
    return found


def _finding(at: Situation, name: str, finding: Finding | None, names: Names, index: int) -> Row:
    if name not in at.plan.policies:
        outcome = OUTCOMES[outcomes.UNDETERMINED] if name in at.plan.rules.undated else OUTCOMES[-1]
        return {
            "outcome": outcome,
            **dict.fromkeys(("version", "amount", "min", "max")),
            "true": 0,
            "known": 0,
        }
    values = [at.value(truth, index) for truth in names[name]]
    amount = finding.amount if finding is not None else None
    return {
        "outcome": finding.outcome if finding is not None else OUTCOMES[outcomes.NOT_CONCERNED],
        "version": at.plan.policies[name].version.dated.version,
        "amount": None if amount is None else amount.value,
        "min": None if amount is None else amount.min,
        "max": None if amount is None else amount.max,
        "true": sum(1 << place for place, value in enumerate(values) if value is True),
        "known": sum(1 << place for place, value in enumerate(values) if value is not None),
    }


def _due(due: Due | None) -> Row:
    row: Row = {}
    for period in PERIODS:
        one = getattr(due, period) if due is not None else None
        row[f"{period}_min"] = 0 if one is None else one.min
        row[f"{period}_max"] = 0 if one is None else one.max
    return row
