"""What an event ends or makes less: up to which month a benefit was due, what was paid after it, who is heard first.

Computed from what the record knows and from the rulebook (`endings/`), month by month with the version of each month.
Nothing is done by it: people open a case, hear, decide, and open a recovery.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from engine.decision.document import Household, Person, Status, read_household
from engine.decision.entitlement import Entitlement, entitlement
from engine.decision.inputs import choose
from engine.decision.month_lines import MonthLine
from engine.decision.values import shelf
from engine.inference.found import Task
from engine.language.dates import add_months, from_date, month_start, to_date
from engine.language.scope import PERSON
from engine.rulebook import Rulebook
from engine.rulebook.ending import Ending, Reporter
from engine.rulebook.model import Fact
from engine.rulebook.procedures import REDUCE, STOP
from engine.rulebook.working_days import working_days_after
from records.recovery import OVERPAID, Month, hearing_before

HOUSEHOLD = "household"
_ENDED = frozenset({"ineligible", "closed", "not-concerned"})


@dataclass(frozen=True, slots=True)
class Happened:
    """`source` "" and `known` None: told as a fact only, or since always."""

    kind: str
    person: str
    day: date
    known: date | None
    source: str


@dataclass(frozen=True, slots=True)
class Reporting:
    """`until` None: no text says by when, or nobody has announced the working days of that time."""

    by: str
    until: date | None
    cite: str


@dataclass(frozen=True, slots=True)
class Ended:
    """One benefit that an event ends or makes less.

    purpose     stop or reduce: what a case would be for
    first       from which day on; None where the law's cases differ, and somebody has to say which it is
    amount      what is due from then on, None where nothing is or nobody knows
    months      those that were surely paid above what was due
    open_months months of which it cannot be told
    hear        who is heard before it is decided, with the article that asks for it
    due         by when somebody has to have looked
    """

    event: Happened
    policy: str
    subject: str
    purpose: str
    first: date | None
    cite: str
    amount: Decimal | None
    months: tuple[Month, ...]
    open_months: tuple[str, ...]
    hear: tuple[str, ...]
    hear_cite: str
    due: date | None
    report: tuple[Reporting, ...]

    @property
    def overpaid(self) -> Decimal:
        return sum((one.over for one in self.months), Decimal(0))

    def plain(self) -> dict[str, Any]:
        return {
            "event": self.event.kind,
            "person": self.event.person,
            "day": self.event.day.isoformat(),
            "known": None if self.event.known is None else self.event.known.isoformat(),
            "source": self.event.source,
            "purpose": self.purpose,
            "first": None if self.first is None else self.first.isoformat(),
            "cite": self.cite,
            "due": None if self.amount is None else str(self.amount),
            "overpaid": str(self.overpaid),
            "months": [
                {"month": one.month, "version": one.version, "paid": str(one.paid), "due": str(one.due), "over": str(one.over)}
                for one in self.months
            ],
            "open_months": list(self.open_months),
            "hear": list(self.hear),
            "hear_cite": self.hear_cite,
            "report": [
                {"by": one.by, "until": None if one.until is None else one.until.isoformat(), "cite": one.cite}
                for one in self.report
            ],
        }  # fmt: skip


def may_have_ended(book: Rulebook, household: Household) -> bool:
    """Whether `ended` may find something: something is held, and an event that ends things is known, or its fact."""
    if not household.statuses:
        return False
    if any(one.kind in book.endings and one.person for one in household.events or ()):
        return True
    for ending in book.endings.values():
        if ending.means:
            place, _, meant = _means(book, ending)
            for person in household.people:
                told = [row.inside for row in person.facts.dated.get(place, ())]
                if meant in (person.facts.inside[place], *told):
                    return True
    return False


def _means(book: Rulebook, ending: Ending) -> tuple[int, Fact, Any]:
    """The fact of a person that says the same as the event, its place, and the value as the engine computes with it."""
    name, value = next(iter(ending.means.items()))
    place, fact, converter = shelf(book, PERSON).entries[name]
    return place, fact, value if converter is None else converter(value)


def ended(book: Rulebook, document: Mapping[str, Any], on: date, known: date) -> list[Ended]:
    """Of a household document everything that an event has ended and that is still held. Raises `BadDocument`.

    Empty where nobody knows what is held.
    """
    found: list[Ended] = []
    if not document.get("statuses"):
        return found
    for one in _happened(book, document, read_household(book, document), on, known):
        ending = book.endings[one.kind]
        told_so = {**document, "people": [_as_it_means(ending, one, person) for person in document["people"]]}
        found += _of_event(book, ending, one, read_household(book, told_so), on, known)
    return found


def _happened(
    book: Rulebook, document: Mapping[str, Any], household: Household, on: date, known: date
) -> Iterator[Happened]:
    """The events that end something, each person's once; and those that are known as a fact of the person alone."""
    seen: set[tuple[str, str]] = set()
    events = [
        one for one in document.get("events", ()) if one["kind"] in book.endings and one.get("person_id")
    ]
    for one in sorted(events, key=lambda event: str(event["date"])):
        recorded = one.get("recorded")
        key = (one["kind"], one["person_id"])
        if one["date"] <= on.isoformat() and (recorded or "") <= known.isoformat() and key not in seen:
            seen.add(key)
            since = None if recorded is None else date.fromisoformat(recorded)
            yield Happened(*key, date.fromisoformat(one["date"]), since, one.get("source", ""))
    for kind, ending in book.endings.items():
        people = zip(document["people"], household.people, strict=True) if ending.means else ()
        for person, read in people:
            row = _meant(ending, person, on, known)
            if row is None or (kind, person["person_id"]) in seen:
                continue
            if not _told_otherwise(book, ending, read, on, known):
                recorded = row.get("recorded")
                since = None if recorded is None else date.fromisoformat(recorded)
                day = date.fromisoformat(row["from"])
                yield Happened(kind, person["person_id"], day, since, row.get("source", ""))


def _meant(ending: Ending, person: Mapping[str, Any], on: date, known: date) -> Mapping[str, Any] | None:
    """The first row of a person that says the same as the event, with its day. It says nothing without one."""
    name, value = next(iter(ending.means.items()))
    rows = person.get(name)
    for row in rows if isinstance(rows, list) else ():
        begun = "from" in row and row["from"] <= on.isoformat()
        if begun and row.get("value") == value and row.get("recorded", "") <= known.isoformat():
            return dict(row)
    return None


def _told_otherwise(book: Rulebook, ending: Ending, person: Person, on: date, known: date) -> bool:
    """Whether what counts on the day is surely something else: it was told by mistake, and has been put right."""
    place, fact, meant = _means(book, ending)
    row, _ = choose(fact, person.facts.dated.get(place, ()), from_date(on), from_date(known))
    return row is not None and row.inside != meant


def _as_it_means(ending: Ending, one: Happened, person: dict[str, Any]) -> dict[str, Any]:
    """The person as if the event had been told as facts too; what was told before holds until the day before."""
    if person["person_id"] != one.person:
        return person
    made = dict(person)
    for name, value in ending.means.items():
        rows = person.get(name, [])
        before = [_until(row, one.day) for row in (rows if isinstance(rows, list) else [{"value": rows}])]
        kept = [row for row in before if row is not None]
        made[name] = [*kept, {"value": value, "from": one.day.isoformat()}]
    return made


def _until(row: Mapping[str, Any], day: date) -> dict[str, Any] | None:
    last = (day - timedelta(days=1)).isoformat()
    if row.get("from", "") > last:
        return None
    return {**row, "to": min(row.get("to", last), last)}


# --- one event ----------------------------------------------------------------------------------------------


def _of_event(
    book: Rulebook, ending: Ending, one: Happened, household: Household, on: date, known: date
) -> Iterator[Ended]:
    day = from_date(one.day)
    after = _month(day, 1)
    held = [
        status
        for status in household.statuses or ()
        if status.start <= day and status.end >= after and (not status.person or status.person == one.person)
    ]
    if not held:
        return
    last = max(month_start(from_date(on)), after)
    told = entitlement(book, household, month_start(day), last, from_date(known))
    report = tuple(_reporting(book, who, one.day, known) for who in ending.reporters)
    for status in held:
        policy, subject = status.policy, status.person or HOUSEHOLD
        lines = [
            line
            for line in told.lines
            if (line.policy, line.subject) == (policy, subject) and _first_of(line) >= after
        ]
        task = _task(told, one, policy)
        if status.person:
            limit = ending.last(policy)
            first = _month(day, 1 + limit.months) if limit.months == limit.at_most else None
            surely = _month(day, 1 + limit.at_most)
            months = [_paid(line, 0) for line in lines if _first_of(line) >= surely and line.paid]
            purpose, cite, amount = STOP, limit.cite, None
            doubtful = [line.month for line in lines if first is None and _first_of(line) < surely]
        else:
            purpose, first, amount = _of_household(status, lines)
            if not purpose:
                continue
            months = [_paid(line, line.due.max) for line in lines if line.verdict == OVERPAID]
            cite = task.cite if task is not None else ending.usual.cite
            doubtful = [line.month for line in lines if line.verdict == "open"]
        hearing = hearing_before(book, {policy}, known)
        heard = tuple(task.hear) if task is not None and task.hear else tuple(
            person.person_id for person in household.people if person.person_id != one.person
        )  # fmt: skip
        yield Ended(
            one, policy, subject, purpose, None if first is None else to_date(first), cite, amount,
            tuple(months), tuple(doubtful), heard if hearing else (), hearing, _due(task), report,
        )  # fmt: skip


def _of_household(status: Status, lines: Sequence[MonthLine]) -> tuple[str, int | None, Decimal | None]:
    """What a case would be for, from which day on and what is due then; "" where nothing is surely less."""
    if not lines or lines[-1].due.max is None:
        return "", None, None
    now = lines[-1]
    less = [line for line in lines if _is_less(status, line)]
    if not less:
        return "", None, None
    first = _first_of(less[0])
    if now.outcome in _ENDED:
        return STOP, first, None
    if not _is_less(status, now):
        return "", None, None
    return REDUCE, first, Decimal(str(now.due.max)) if now.due.min == now.due.max else None


def _is_less(status: Status, line: MonthLine) -> bool:
    if line.due.max is None:
        return False
    before = status.amount if status.amount is not None else line.paid
    return line.outcome in _ENDED or (before is not None and line.due.max < before)


def _paid(line: MonthLine, due: Any) -> Month:
    paid = Decimal(str(line.paid))
    return Month(line.policy, line.subject, line.month, line.version, paid, Decimal(str(due)))


def _first_of(line: MonthLine) -> int:
    return int(line.month.replace("-", "")) * 100 + 1


def _task(told: Entitlement, one: Happened, policy: str) -> Task | None:
    """What the event asks somebody to do about a policy."""
    fitting = [
        task
        for task in told.tasks
        if (task.event, task.subject) == (one.kind, one.person)
        and any(evidence.policy == policy for evidence in task.evidence)
    ]
    return next(iter(fitting), None)


def _due(task: Task | None) -> date | None:
    return date.fromisoformat(task.term.until) if task is not None and task.term.until else None


def _reporting(book: Rulebook, who: Reporter, day: date, known: date) -> Reporting:
    until = None
    if who.days is not None:
        until = day + timedelta(days=who.days)
    elif who.working_days is not None:
        until = working_days_after(book, day, who.working_days, known).day
    elif who.months is not None:
        last = add_months(from_date(day), who.months)
        until = None if last is None else to_date(last)
    return Reporting(who.by, until, who.cite)


def _month(day: int, later: int) -> int:
    """The first day of a month that is so many later."""
    found = add_months(month_start(day), later)
    assert found is not None
    return found
