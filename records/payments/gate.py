"""The gate: the rulebook's own watch rules look at a household as if the planned payments had been made.

What an alert names is not paid, and what cannot be told is not paid either. Nothing is stopped by that: the line stays in
the batch with its reasons, and somebody looks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import combinations
from typing import Any

import msgspec
from sqlalchemy import select

from engine.decision import BadDocument, parse_json
from engine.decision.document import Household, read_household
from engine.decision.entitlement import held_together
from engine.decision.payments import Payment
from engine.decision.watching import watch_household
from engine.inference.found import Alert, Evidence
from engine.language.dates import from_date
from engine.language.scope import PERSON
from engine.language.tree import walk
from engine.rulebook import Rulebook
from engine.rulebook.production import ALWAYS, Watch
from records import sealed, tables
from records.database import AT_ONCE, Reading, batched
from records.erasure import erased
from records.many_documents import documents
from records.payments.grounds import Ground, grounds
from records.payments.planning import Planned, span
from records.payments.words import HOUSEHOLD, month_name

_FACTS = frozenset({"fact", "value", "computed", "people"})  # nodes that read what is known of a household
_PAYMENT, _CONFLICT = "payment", "conflict"


@dataclass(slots=True)
class Seen:
    """What the rules say of one line."""

    reasons: set[str] = field(default_factory=set)
    warnings: set[str] = field(default_factory=set)


Progress = Callable[[int], None]
"""Told how many households were looked at."""


def watched(
    read: Reading,
    book: Rulebook,
    lines: Sequence[Planned],
    holders: Mapping[tuple[str, str], str],
    known: date,
    *,
    thorough: bool = False,
    progress: Progress | None = None,
) -> list[Seen]:
    """Why each line is not to be paid, in the order of the lines.

    `holders`: by household and subject whose account the money goes to. `thorough`: every household with all of its
    facts, also where the rules cannot need them.
    """
    by_household: dict[str, list[int]] = defaultdict(list)
    for place, line in enumerate(lines):
        by_household[line.household_id].append(place)
    seen = [Seen() for _ in lines]
    spare = not thorough and _facts_can_be_spared(book)
    gone = erased(read)
    for some in batched(by_household, AT_ONCE):
        planned = {one: [lines[place] for place in by_household[one]] for one in some}
        for household, found in _some(read, book, planned, holders, known, spare, gone):
            for place, one in zip(by_household[household], found, strict=True):
                seen[place] = one
        if progress is not None:
            progress(len(some))
    return seen


def _some(
    read: Reading,
    book: Rulebook,
    planned: Mapping[str, list[Planned]],
    holders: Mapping[tuple[str, str], str],
    known: date,
    spare: bool,
    erased_: set[str],
) -> Iterable[tuple[str, list[Seen]]]:
    """Payments for months before those that are planned are no part of what the watch rules look at."""
    gone = _gone(read, planned, erased_)
    left = {household: lines for household, lines in planned.items() if household not in gone}
    since = month_name(min(one.month for lines in planned.values() for one in lines))
    why = grounds(read, (one.award for lines in left.values() for one in lines))
    if spare:
        for document in documents(read, list(left), known, known, facts=False, paid_since=since):
            household = document["household_id"]
            if _needs_no_facts(book, document):
                yield household, _look(book, document, left.pop(household), holders, known, why)
    for document in documents(read, list(left), known, known, paid_since=since):
        household = document["household_id"]
        yield household, _look(book, document, left.pop(household), holders, known, why)
    for household in (*left, *gone):  # or it lives nowhere
        yield household, [Seen({"no-document"}) for _ in planned[household]]


# --- which facts can be spared ------------------------------------------------------------------------------


def _facts_can_be_spared(book: Rulebook) -> bool:
    """Whether no watch rule that fires without an event reads facts, or rests on an event that is made from facts."""

    def look() -> tuple[bool]:
        return (all(_spares(book, one) for one in book.watches),)

    return book.remember("payments spare facts", "", look)[0]


def _spares(book: Rulebook, one: Watch) -> bool:
    kinds = {kind for _, kind in one.trigger.facts}
    if not {dict(one.trigger.facts)[name] for name in one.evidence} & {_PAYMENT, _CONFLICT}:
        return True  # it names no line
    events = kinds - set(ALWAYS)
    if any(book.events[kind].day is not None for kind in events if kind in book.events):
        return False
    if events or _CONFLICT in kinds:
        return (
            True  # households with an event, or in which two policies conflict, are looked at with all facts
        )
    if one.trigger.when is None:
        return True
    return not any(
        node.op in _FACTS or (node.op == "field" and not _of_record(node)) for node in walk(one.trigger.when)
    )


def _of_record(node: Any) -> bool:
    record = node.args[0]
    return bool(record.op == "variable" and record.name.startswith("@"))


def _needs_no_facts(book: Rulebook, document: Mapping[str, Any]) -> bool:
    """Nothing has happened, it is known what is held, and no two of it exclude each other."""
    if document.get("events") or not document.get("statuses"):
        return False
    held = {one["policy"] for one in document["statuses"]}
    return not any(pair in _pairs(book) for pair in combinations(sorted(held), 2))


def _pairs(book: Rulebook) -> frozenset[tuple[str, str]]:
    def make() -> frozenset[tuple[str, str]]:
        return frozenset(pair for one in book.conflicts for pair in combinations(sorted(one.between), 2))

    return book.remember("payments conflicting", "", make)


def _gone(read: Reading, planned: Iterable[str], erased_: set[str]) -> set[str]:
    """Households of which something was erased, or of somebody in them."""
    if not erased_:
        return set()
    member = tables.membership.c
    households = list(planned)
    found = {one for one in households if sealed.of_household(one) in erased_}
    rows = select(member.household_id, member.person_id).where(member.household_id.in_(households))
    inside = read.connection.execute(rows)
    return found | {row.household_id for row in inside if sealed.of_person(row.person_id) in erased_}


# --- one household ------------------------------------------------------------------------------------------


def _look(
    book: Rulebook,
    document: dict[str, Any],
    lines: Sequence[Planned],
    holders: Mapping[tuple[str, str], str],
    known: date,
    why: Mapping[int, Ground],
) -> list[Seen]:
    """What the rules say of the lines of a household, with what was paid before beside them."""
    inside = {one["person_id"] for one in document["people"]}
    seen = [Seen() for _ in lines]
    places: dict[str, int] = {}  # where a planned payment stands in the document: whose line it is
    paid = list(document.get("payments", ()))
    for place, one in enumerate(lines):
        if one.subject != HOUSEHOLD and one.subject not in inside:
            seen[place].reasons.add("not-a-member")
        elif one.amount is not None and Decimal(one.amount) > 0:
            places[f"/payments/{len(paid)}"] = place
            paid.append(_payment(one, known, why.get(one.award, Ground())))
    try:
        household = read_household(book, {**document, "payments": paid})
    except BadDocument:
        for found in seen:
            found.reasons.add("not-readable")
        return seen
    _told(book, household, lines, known, places, seen)
    if document.get("events"):
        _told_of_holders(book, household, places, lines, holders, known, seen)
    return seen


def _payment(line: Planned, known: date, ground: Ground) -> dict[str, Any]:
    """As the record would tell it once it is made."""
    person = {} if line.subject == HOUSEHOLD else {"person_id": line.subject}
    said = {"cause": ground.cause, "again": ground.again}
    return {
        **{name: word for name, word in said.items() if word},
        "policy": line.policy,
        **person,
        "month": month_name(line.month),
        "amount": parse_json(line.amount or "0"),
        "recorded": known.isoformat(),
    }


def _told(
    book: Rulebook,
    household: Household,
    lines: Sequence[Planned],
    known: date,
    places: Mapping[str, int],
    seen: Sequence[Seen],
) -> None:
    first, last = span(lines)
    months = from_date(first), from_date(last.replace(day=1))
    day = from_date(known)
    together = held_together(book, household, *months, day) if _may_conflict(book, household) else []
    found = watch_household(book, household, months[0], from_date(last), day, together)
    for alert in found.alerts:
        for evidence, reason in _evidence(alert):
            for place in _named(book, evidence, lines, places):
                seen[place].reasons.add(reason)
    tasks = {f"task:{one.event}/{one.task}" for one in found.tasks}
    for one in seen:
        one.warnings |= tasks


def _may_conflict(book: Rulebook, household: Household) -> bool:
    held = sorted({one.policy for one in household.statuses or ()})
    return any(pair in _pairs(book) for pair in combinations(held, 2))


def _evidence(alert: Alert) -> Iterable[tuple[Evidence, str]]:
    yield from ((one, alert.rule) for one in alert.evidence)
    yield from ((one, f"unclear:{alert.rule}") for one in alert.unclear)


def _named(
    book: Rulebook, evidence: Evidence, lines: Sequence[Planned], places: Mapping[str, int]
) -> Iterable[int]:
    """The lines that an alert names: their payment, or a conflict in which their award does not stand."""
    if evidence.kind == _PAYMENT and evidence.ref in places:
        yield places[evidence.ref]
    if evidence.kind == _CONFLICT:
        versions = [one for one in book.conflicts if one.id == evidence.ref]
        for place, one in enumerate(lines):
            excluded = not versions or any(
                one.policy in rule.between and one.policy != rule.keep for rule in versions
            )
            if excluded and month_name(one.month) == evidence.at:
                yield place


def _told_of_holders(
    book: Rulebook,
    household: Household,
    places: Mapping[str, int],
    lines: Sequence[Planned],
    holders: Mapping[tuple[str, str], str],
    known: date,
    seen: Sequence[Seen],
) -> None:
    """Whether something happened to whoever receives what is granted to the household: the rules, asked of the holder."""
    inside = {one.person_id for one in household.people}
    asked: dict[str, int] = {}
    paid: list[Payment] = []
    for ref, place in places.items():
        line = lines[place]
        holder = holders.get((line.household_id, line.subject), "")
        if line.subject == HOUSEHOLD and holder in inside:
            asked[f"/payments/{len(paid)}"] = place
            planned = (household.payments or ())[int(ref.rpartition("/")[2])]
            paid.append(replace(planned, person=holder))
    about_people = {
        one.id
        for one in book.watches
        if one.by == PERSON and any(kind not in ALWAYS for _, kind in one.trigger.facts)
    }
    first, last = span(lines)
    received = msgspec.structs.replace(household, payments=tuple(paid))
    found = watch_household(book, received, from_date(first), from_date(last), from_date(known))
    for alert in found.alerts:
        for evidence, reason in _evidence(alert) if alert.rule in about_people else ():
            if evidence.kind == _PAYMENT and evidence.ref in asked:
                seen[asked[evidence.ref]].reasons.add(f"holder:{reason}")


def judged(line: Planned, reasons: Iterable[str], warnings: Iterable[str]) -> Planned:
    """The line with what was found."""
    return replace(
        line,
        reasons=tuple(sorted({*line.reasons, *reasons})),
        warnings=tuple(sorted({*line.warnings, *warnings})),
    )
