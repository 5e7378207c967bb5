"""Findings that may not stand together, and how the law resolves it.

The production rules find the groups (`engine.inference`); this module, a pure function of sorted matches, applies
the effects stage by stage: exclusive, higher_of, offset, cap. What an earlier stage dropped takes no part later.
An undecided side makes a conflict pending; nothing is dropped on a guess.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, permutations
from typing import Any

from engine.decision.document import Status
from engine.decision.model import HOUSEHOLD, ConflictFound, Finding, Money, PolicyDecision
from engine.decision.situation import Situation
from engine.inference import Join, Matcher, Pattern, Rule
from engine.language.scope import PERSON
from engine.rulebook.model import Conflict, Rulebook

STAGES = ("exclusive", "higher_of", "offset", "cap")
OPEN = frozenset({"undetermined", "discretionary"})
NOBODY: frozenset[str] = frozenset()
Side = tuple[str, str]  # policy, subject


@dataclass(slots=True)
class Resolution:
    """What the conflicts did: for the sums, and to be shown."""

    found: list[ConflictFound] = field(default_factory=list)
    dropped: set[Side] = field(default_factory=set)
    choice: set[Side] = field(default_factory=set)
    pending: set[Side] = field(default_factory=set)
    reduced: dict[Side, Money] = field(default_factory=dict)


def rules_of(conflicts: tuple[Conflict, ...]) -> list[Rule]:
    """One production rule per pair of policies of every conflict with an effect."""
    rules = []
    for conflict in conflicts:
        if conflict.stage not in STAGES:
            continue
        for a, b in combinations(conflict.between, 2):
            joins = (Join("a", "person", "b", "person"),) if conflict.same == PERSON else ()
            patterns = tuple(
                Pattern(name, "finding", (("policy", policy),)) for name, policy in (("a", a), ("b", b))
            )
            rules.append(Rule(f"{conflict.id}|{a}|{b}", patterns, joins))
    return rules


def _matcher(book: Rulebook, conflicts: tuple[Conflict, ...]) -> Matcher:
    key = tuple((one.id, one.dated.version) for one in conflicts)
    fields = {"finding": frozenset({"policy", "person"})}
    return book.remember("matcher", key, lambda: Matcher(rules_of(conflicts), fields), most=32)


def resolve(at: Situation, policies: Mapping[str, PolicyDecision]) -> Resolution:
    """The conflicts among findings and statuses held, with their effects."""
    resolution = Resolution()
    conflicts = at.plan.rules.conflicts
    if not conflicts:
        return resolution
    touched = {f"{number:06d}": side for number, side in enumerate(_touched(at, policies))}
    if len(touched) < 2:
        return resolution
    facts = [
        {"key": key, "kind": "finding", "policy": policy, "person": person}
        for key, ((policy, _), person) in touched.items()
    ]
    matches = _matcher(at.book, conflicts).match(facts)
    if not matches:
        return resolution
    by_id = {one.id: one for one in conflicts}
    findings = {(name, one.subject): one for name, decided in policies.items() for one in decided.findings}
    for stage in STAGES:
        seen: set[tuple[str, Side, Side]] = set()
        for match in matches:
            conflict = by_id[match.rule.split("|")[0]]
            if conflict.stage != stage:
                continue
            (a, first), (b, second) = (touched[key] for key in match.facts)
            person = first if b[1] == HOUSEHOLD else second
            if (conflict.id, a, b) in seen or not _applies(at, conflict, person):
                continue
            seen.add((conflict.id, a, b))
            _apply(at, resolution, conflict, a, b, findings, person)
    return resolution


def _touched(at: Situation, policies: Mapping[str, PolicyDecision]) -> Iterator[tuple[Side, str]]:
    """What can be in conflict, with whom it touches: findings that are or may become eligible, statuses on record.

    A household's finding touches everyone in it, so it stands once for each person. What none of the others can
    be in conflict with is left out.
    """
    people = [person.person_id for person in at.household.people]
    sides = {
        (name, finding.subject)
        for name, decided in policies.items()
        for finding in decided.findings
        if finding.outcome == "eligible" or finding.outcome in OPEN
    }
    for status in _statuses(at):
        if status.policy in policies:
            sides.add((status.policy, status.person or HOUSEHOLD))
    rules = at.plan.rules
    opponents = at.book.remember("opponents", rules.key, lambda: opponents_in(rules.conflicts), most=32)
    present = {policy for policy, _ in sides}
    for side in sorted(side for side in sides if not opponents.get(side[0], NOBODY).isdisjoint(present)):
        for person in people if side[1] == HOUSEHOLD else (side[1],):
            yield side, person


def opponents_in(conflicts: Sequence[Conflict]) -> dict[str, frozenset[str]]:
    """Of each policy those that it may not stand beside."""
    found: dict[str, set[str]] = {}
    for conflict in conflicts:
        if conflict.stage in STAGES:
            for a, b in permutations(conflict.between, 2):
                found.setdefault(a, set()).add(b)
    return {policy: frozenset(others) for policy, others in found.items()}


def _applies(at: Situation, conflict: Conflict, person: str) -> bool:
    """The conflict's own test; an open one lets the conflict stand, to be seen as pending."""
    if conflict.when is None:
        return True
    return _test(at, conflict, person) is not False


def _test(at: Situation, conflict: Conflict, person: str) -> Any:
    assert conflict.when is not None
    names = at.plan.run_decide
    if conflict.same == PERSON:
        index = next(i for i, one in enumerate(at.household.people) if one.person_id == person)
        return at.rows[index][names.person_place[conflict.when.name]]
    return at.own[names.own_place[conflict.when.name]]


def _apply(
    at: Situation,
    result: Resolution,
    conflict: Conflict,
    a: Side,
    b: Side,
    findings: Mapping[Side, Finding],
    person: str,
) -> None:
    if a in result.dropped or b in result.dropped:
        return
    subject = person if conflict.same == PERSON else HOUSEHOLD

    def note(effect: str, policy: str = "", amount: Money | None = None) -> None:
        result.found.append(
            ConflictFound(conflict.id, conflict.stage, subject, [a[0], b[0]], effect, policy, amount)
        )

    open_sides = [side for side in (a, b) if side in findings and findings[side].outcome in OPEN]
    open_test = conflict.when is not None and _test(at, conflict, person) is None
    if open_sides or open_test:
        result.pending.update((a, b))
        note("pending")
        return
    if conflict.stage == "exclusive":
        keep = conflict.keep or _chosen(at, conflict, person)
        if keep not in (a[0], b[0]):
            result.choice.update((a, b))
            note("choice")
            return
        kept, dropped = (a, b) if keep == a[0] else (b, a)
        result.dropped.add(dropped)
        note("kept", kept[0])
        note("dropped", dropped[0])
        return
    amounts = {side: _amount(at, side, findings.get(side)) for side in (a, b)}
    if None in amounts.values():
        result.pending.update((a, b))
        note("pending")
        return
    x, y = amounts[a] or 0, amounts[b] or 0
    if conflict.stage == "higher_of":
        kept, dropped = (a, b) if x >= y else (b, a)
        result.dropped.add(dropped)
        note("kept", kept[0])
        note("dropped", dropped[0])
    elif conflict.stage == "offset":
        reduced, by = (a, y) if conflict.reduce == a[0] else (b, x)
        whole = x if reduced == a else y
        cut = min(whole - result.reduced.get(reduced, 0), by)
        result.reduced[reduced] = result.reduced.get(reduced, 0) + cut
        note("offset", reduced[0], cut)
    else:
        _cap(at, result, conflict, (a, b), (x, y), note)


def _cap(
    at: Situation,
    result: Resolution,
    conflict: Conflict,
    sides: tuple[Side, Side],
    amounts: tuple[Money, Money],
    note: Any,
) -> None:
    """The total stays below a limit; what exceeds it is taken from the second."""
    limit = None if conflict.limit is None else at.limit(conflict)
    if limit is None:
        result.pending.update(sides)
        note("pending")
        return
    over = (
        sum(amount - result.reduced.get(side, 0) for side, amount in zip(sides, amounts, strict=True)) - limit
    )
    if over > 0:
        cut = min(over, amounts[1])
        result.reduced[sides[1]] = result.reduced.get(sides[1], 0) + cut
        note("offset", sides[1][0], cut)


def _chosen(at: Situation, conflict: Conflict, person: str) -> str:
    """The policy that the household has chosen, "" while it has not."""
    places, row = at.plan.own_input, at.inputs.household
    if conflict.same == PERSON:
        places = at.plan.person_input
        row = at.inputs.people[
            next(i for i, one in enumerate(at.household.people) if one.person_id == person)
        ]
    return row[places[conflict.choose_by]] or ""


def _amount(at: Situation, side: Side, finding: Finding | None) -> Money | None:
    """What a side is worth: the finding's amount, or that of the status on record."""
    if finding is not None and finding.outcome == "eligible":
        return finding.amount.value if finding.amount else 0
    held = [status for status in _statuses(at) if (status.policy, status.person or HOUSEHOLD) == side]
    latest = max(held, key=lambda status: (status.start, status.recorded, status.amount or 0), default=None)
    return None if latest is None else latest.amount


def _statuses(at: Situation) -> Iterator[Status]:
    """The statuses that cover the day, as far as known."""
    for status in at.household.statuses or ():
        if status.start <= at.on <= status.end and status.recorded <= at.known:
            yield status
