"""Watch rules and events at work: which records go together, and what somebody has to do about it.

durable-rules finds the groups (`Matcher`), the rule language tests them, and a pure function makes one alert of all
groups of a rule and a subject, and one task of all groups of an event. Neither the order of the rules' files nor
that of the records matters. Nothing here stops or recovers anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import permutations
from typing import Any

from engine.inference.found import WHOLE, Alert, Evidence, Moment, Record, Task, Term, Watched
from engine.inference.matcher import Join, Matcher, Pattern, Rule
from engine.language.compile import Program
from engine.language.dates import from_date, to_date
from engine.language.interpret import Interpreter
from engine.language.scope import PERSON, SUBJECT
from engine.language.tree import Node
from engine.rulebook.in_force import covers, holding
from engine.rulebook.model import Rulebook
from engine.rulebook.production import (
    ALWAYS,
    OFTEN,
    Deadline,
    EventKind,
    EventTask,
    Trigger,
    Watch,
    always,
    record_name,
    variable,
)

MONTHLY = ("payment", "conflict")


def watch(book: Rulebook, moment: Moment, records: Sequence[Record]) -> Watched:
    """The alerts and tasks that follow from a household's records, sorted.

    `records`: what is known by `moment.known`. Events that a rulebook makes from facts are added here.
    """
    events = {name: one for name, one in book.events.items() if covers(one.dated, moment.on, moment.known)}
    watches = holding(book.watches, moment.on, moment.known)
    session = _Session(book, moment, events)
    kept = [one for one in records if one.kind in ALWAYS or one.kind in events]
    all_records = [*kept, *session.birthdays()]
    alerts: list[Alert] = []
    by_person = [one for one in watches if one.by == PERSON]
    for person in moment.people:
        own = [one for one in all_records if one.person == person]
        alerts += session.alerts(by_person, own, person)
    alerts += session.alerts([one for one in watches if one.by != PERSON], all_records, WHOLE)
    tasks = session.tasks(all_records)
    alerts.sort(key=lambda one: (one.term.until or one.term.since, one.rule, one.subject))
    tasks.sort(key=_task_order)
    return Watched(alerts, tasks, _not_checked(moment, watches, events))


@dataclass(frozen=True, slots=True)
class _Group:
    """Records that go together. `truth` None: it cannot be told."""

    records: tuple[Record, ...]  # in the order of the trigger's facts
    truth: bool | None

    @property
    def known(self) -> int:
        return max(one.known for one in self.records)


class _Session:
    def __init__(self, book: Rulebook, moment: Moment, events: Mapping[str, EventKind]) -> None:
        self.book, self.moment, self.events = book, moment, events
        self.fields = {kind: (*ALWAYS[kind], *OFTEN[kind]) for kind in ALWAYS}
        self.fields |= {name: one.record_fields() for name, one in book.events.items()}
        items = {name: tuple(f.name for f in fact.items) for name, fact in book.facts.items() if fact.items}
        items |= {record_name(kind): fields for kind, fields in self.fields.items()}
        program = Program(book.household_inputs(), book.person_inputs(), items, tuple(book.parameters), ())
        self.reading = Interpreter(program, moment.household, moment.rows, moment.parameters, moment.on)
        self.places = {person: place for place, person in enumerate(moment.people)}
        self._rows: dict[int, tuple[Any, ...]] = {}

    def birthdays(self) -> Iterator[Record]:
        """The events that the rulebook makes from facts and that happened in the time looked at."""
        for name, kind in self.events.items():
            if kind.day is None:
                continue
            for who in self.moment.people if kind.of == PERSON else (WHOLE,):
                day = self.reading.value(kind.day, self._subject(who))
                if day is not None and self.moment.first <= day <= self.moment.on:
                    values = {"person_id": who, "date": day}
                    ref = "" if who == WHOLE else f"/people/{self.places[who]}"
                    yield Record(name, who, values, day, day, ref)

    # --- alerts -----------------------------------------------------------------------------------------

    def alerts(self, watches: Sequence[Watch], records: Sequence[Record], subject: str) -> Iterator[Alert]:
        rules = {one.id: one.trigger for one in watches}
        found = self._groups(rules, records, subject)
        for one in watches:
            groups = found.get(one.id, ())
            if groups:
                yield self._alert(one, groups, subject)

    def _alert(self, rule: Watch, groups: Sequence[_Group], subject: str) -> Alert:
        names = [name for name, _ in rule.trigger.facts]
        places = [names.index(name) for name in rule.evidence]
        sure = _evidence(one.records[place] for place in places for one in groups if one.truth)
        unclear = _evidence(one.records[place] for place in places for one in groups if one.truth is None)
        counted = [one for one in groups if one.truth] or groups
        return Alert(
            rule.id,
            subject,
            rule.severity,
            rule.owner,
            self._alert_term(rule, counted, subject),
            rule.cite,
            sure,
            [one for one in unclear if one not in sure],
        )

    # --- tasks ------------------------------------------------------------------------------------------

    def tasks(self, records: Sequence[Record]) -> list[Task]:
        wanted = {
            f"{name}/{task.id}": (kind, task)
            for name, kind in self.events.items()
            for task in kind.tasks
            if task.start <= self.moment.on
        }
        made = []
        # One run for each person to whom something happened: their facts are in reach of the rules.
        for subject in sorted({one.person for one in records if one.kind in self.events}):
            rules = {
                key: task.trigger
                for key, (kind, task) in wanted.items()
                if (kind.of == PERSON) == (subject != WHOLE)
            }
            mine = [one for one in records if one.kind not in self.events or one.person == subject]
            for key, groups in self._groups(rules, mine, subject).items():
                kind, task = wanted[key]
                happened: dict[tuple[str, int], list[_Group]] = {}
                for group in groups:
                    event = group.records[0]
                    if self.moment.first <= max(event.day, event.known):
                        happened.setdefault((event.ref, event.day), []).append(group)
                made += [self._task(kind, task, of_one) for of_one in happened.values()]
        return made

    def _task(self, kind: EventKind, task: EventTask, groups: Sequence[_Group]) -> Task:
        sure = [one for one in groups if one.truth]
        counted = sure or groups
        event = groups[0].records[0]
        hearing = task.hearing
        heard: list[str] = []
        if hearing is not None and hearing.start <= self.moment.on:
            heard = [
                one
                for one in self.moment.people
                if hearing.of == WHOLE or (one == event.person) == (hearing.of == PERSON)
            ]
        return Task(
            kind.name,
            task.id,
            event.person,
            task.owner,
            self._term(task.deadline, task.trigger, counted, event.person),
            task.cite,
            bool(sure),
            _evidence(record for one in counted for record in one.records),
            heard,
            hearing.cite if hearing is not None and heard else "",
        )

    # --- groups -----------------------------------------------------------------------------------------

    def _groups(
        self, triggers: Mapping[str, Trigger], records: Sequence[Record], subject: str
    ) -> dict[str, list[_Group]]:
        """For each rule, the groups that fit or may fit."""
        ordered = sorted(records, key=lambda one: (one.kind, one.day, one.ref))
        facts = [self._fact(number, one) for number, one in enumerate(ordered)]
        found: dict[str, list[_Group]] = {}
        for match in self._matcher(triggers).match(facts):
            trigger = triggers[match.rule]
            group = self._tested(trigger, [ordered[int(key)] for key in match.facts], subject)
            if group.truth is not False:
                found.setdefault(match.rule, []).append(group)
        return found

    def _matcher(self, triggers: Mapping[str, Trigger]) -> Matcher:
        def make() -> Matcher:
            fields = {kind: frozenset(always(kind)) for kind in self.fields}
            return Matcher([_rule(name, trigger) for name, trigger in triggers.items()], fields)

        key = tuple((name, one.facts, one.joins, one.text) for name, one in triggers.items())
        return self.book.remember("watch matcher", key, make, most=32)

    @staticmethod
    def _fact(number: int, record: Record) -> dict[str, str]:
        fields = {name: str(record.values[name]) for name in always(record.kind)}
        return {"key": f"{number:06d}", "kind": record.kind, **fields}

    def _tested(self, trigger: Trigger, records: Sequence[Record], subject: str) -> _Group:
        """Records of one kind can take each other's place: the group fits when one order of them does."""
        kinds = [kind for _, kind in trigger.facts]
        undecided: _Group | None = None
        for order in permutations(records) if len(set(kinds)) < len(kinds) else (tuple(records),):
            if [one.kind for one in order] != kinds or not _joined(trigger, order):
                continue
            truth = True if trigger.when is None else self._value(trigger.when, trigger, order, subject)
            if truth:
                return _Group(order, True)
            if truth is None and undecided is None:
                undecided = _Group(order, None)
        return undecided or _Group(tuple(records), False)

    def _value(self, node: Node, trigger: Trigger, records: Sequence[Record], subject: str) -> Any:
        bindings = self._subject(subject)
        for (name, _), record in zip(trigger.facts, records, strict=True):
            bindings[variable(name)] = self._row(record)
        return self.reading.value(node, bindings)

    def _row(self, record: Record) -> tuple[Any, ...]:
        """The record as the rule language reads it: its fields in their order, None for what is not known."""
        row = self._rows.get(id(record))
        if row is None:
            values = record.values
            row = self._rows[id(record)] = tuple(values.get(field) for field in self.fields[record.kind])
        return row

    def _subject(self, subject: str) -> dict[str, Any]:
        return {SUBJECT: self.places[subject]} if subject in self.places else {}

    def _alert_term(self, rule: Watch, groups: Sequence[_Group], subject: str) -> Term:
        term = self._term(rule.deadline, rule.trigger, groups, subject)
        term.unreported_since = self._earliest(rule.unreported.until, rule.trigger, groups, subject)
        return term

    def _term(self, deadline: Deadline, trigger: Trigger, groups: Sequence[_Group], subject: str) -> Term:
        """The earliest of the groups' deadlines."""
        since = min(one.known for one in groups)
        if deadline.until is not None:
            return Term(_iso(since), self._earliest(deadline.until, trigger, groups, subject))
        if deadline.days is not None:
            return Term(_iso(since), _iso(from_date(to_date(since) + timedelta(days=deadline.days))))
        return Term(_iso(since), working_days=deadline.working_days)

    def _earliest(self, node: Node | None, trigger: Trigger, groups: Sequence[_Group], subject: str) -> str:
        """The first of the groups' days; "" where none is said or known."""
        if node is None:
            return ""
        days = [self._value(node, trigger, one.records, subject) for one in groups]
        return _iso(min((day for day in days if day is not None), default=0))


def _task_order(task: Task) -> tuple[str, ...]:
    term = task.term
    return term.until or term.since, task.event, task.task, task.subject, task.evidence[0].at, term.since


def _rule(name: str, trigger: Trigger) -> Rule:
    where = _where(trigger)
    patterns = tuple(Pattern(name, kind, tuple(sorted(where[name].items()))) for name, kind in trigger.facts)
    return Rule(name, patterns, tuple(Join(*join) for join in trigger.joins))


def _where(trigger: Trigger) -> dict[str, dict[str, str]]:
    """What a record's fields have to be by the test alone: of a hundred payments that one rule would pair, most are of
    another policy. Only fields that every record has; and by a join what holds for one record holds for the other.
    """
    found: dict[str, dict[str, str]] = {name: {} for name, _ in trigger.facts}
    kinds = {variable(name): (name, kind) for name, kind in trigger.facts}
    for test in _all_of(trigger.when):
        if test.op != "equal":
            continue
        for field, value in (test.args, test.args[::-1]):
            if field.op == "field" and field.args[0].name in kinds and isinstance(value.value, str):
                name, kind = kinds[field.args[0].name]
                if field.name in always(kind):
                    found[name].setdefault(field.name, value.value)
    for a, field_of_a, b, field_of_b in trigger.joins:
        for one, its, other, others in ((a, field_of_a, b, field_of_b), (b, field_of_b, a, field_of_a)):
            if its in found[one]:
                found[other].setdefault(others, found[one][its])
    return found


def _all_of(node: Node | None) -> Iterator[Node]:
    """The tests that all have to hold."""
    if node is not None and node.op == "and":
        for one in node.args:
            yield from _all_of(one)
    elif node is not None:
        yield node


def _joined(trigger: Trigger, records: Sequence[Record]) -> bool:
    place = {name: number for number, (name, _) in enumerate(trigger.facts)}
    return all(
        records[place[a]].values[field] == records[place[b]].values[other]
        for a, field, b, other in trigger.joins
    )


def _evidence(records: Iterable[Record]) -> list[Evidence]:
    """Each record once, in the order of their days."""
    found = {(one.kind, one.ref, one.day): one for one in records}
    ordered = sorted(
        found.values(),
        key=lambda one: (one.day, one.kind, one.person, one.values.get("policy") or "", one.ref),
    )
    return [
        Evidence(
            one.ref,
            one.kind,
            one.person,
            _iso(one.day)[: 7 if one.kind in MONTHLY else 10],
            one.values.get("policy") or "" if one.kind in ALWAYS else "",
        )
        for one in ordered
    ]


def _not_checked(
    moment: Moment, watches: Sequence[Watch], events: Mapping[str, EventKind]
) -> dict[str, list[str]]:
    rules = {one.id: one.trigger for one in watches}
    rules |= {f"{name}/{task.id}": task.trigger for name, kind in events.items() for task in kind.tasks}
    found: dict[str, set[str]] = {}
    for name, trigger in rules.items():
        for _, kind in trigger.facts:
            written = kind in events and events[kind].day is None
            key = moment.unsaid.get("event" if written else kind)
            if key is not None:
                found.setdefault(key, set()).add(name)
    return {key: sorted(found[key]) for key in sorted(found)}


def _iso(day: int) -> str:
    return f"{day // 10000:04}-{day // 100 % 100:02}-{day % 100:02}" if day else ""
