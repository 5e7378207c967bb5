"""Watch rules and events: from YAML trees to checked production rules.

A rule names the records that it speaks of; their fields are typed like facts. Beside them it may read facts,
parameters and statuses on record, but nothing that only a decision computes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from engine.language.check import Frame
from engine.language.problems import nearest
from engine.language.scope import PERSON, Scope, Symbol
from engine.language.tree import Node
from engine.language.types import BOOLEAN, DATE, TEXT, Date, Enum, Number, Record, Type, parse_unit
from engine.rulebook.dictionary import Types
from engine.rulebook.drafts import Draft
from engine.rulebook.model import Field
from engine.rulebook.production import (
    ALWAYS,
    EVENT,
    EVENT_ALWAYS,
    EVENT_OFTEN,
    OFTEN,
    Comparison,
    Deadline,
    EventKind,
    EventTask,
    Hearing,
    Trigger,
    Watch,
    always,
    record_name,
    variable,
)
from engine.rulebook.reading import day, get, items, mapping, number, scalar, text
from engine.rulebook.rules import RuleChecker
from engine.rulebook.source import Mapping as YamlMapping
from engine.rulebook.source import Tree

AMOUNT_AT_MOST = 10**15  # in the currency's smallest unit
MOST_RECORDS = 4  # in one group; a rule with more joins more than a person can check
STAGES = ("exclusive", "higher_of", "offset", "cap")
COMPUTED = "only a decision computes it; a watch rule reads records, facts, parameters and `.held`"


class ProductionChecker:
    """Checks watch rules and events after all other rules are known."""

    def __init__(self, checker: RuleChecker, types: Types, owners: Mapping[str, object]) -> None:
        """`owners`: who may be named as one, area levels and departments."""
        self.checker, self.report, self.types, self.owners = checker, checker.report, types, owners
        self.fields: dict[str, tuple[Field, ...]] = {}  # of each kind of event
        self.used: set[str] = set()  # kinds of events that some rule reads
        self.scope = checker.scope

    def check(
        self, watches: Sequence[Draft], events: Sequence[Draft], conflicts: Sequence[str]
    ) -> tuple[tuple[Watch, ...], tuple[Comparison, ...], dict[str, EventKind]]:
        for one in events:
            self.fields[one.name] = self._fields(one)
        self.scope = self._scope(conflicts)
        kinds = {one.name: self.event(one) for one in events}
        found = tuple(self.watch(one) for one in watches if "facts" in one.tree.entries)
        compared = tuple(self.comparison(one) for one in watches if "compare" in one.tree.entries)
        self._check_unread(events, kinds)
        return found, compared, kinds

    # --- what can be read -------------------------------------------------------------------------------

    def _scope(self, conflicts: Sequence[str]) -> Scope:
        before = self.checker.scope
        computed = [
            name
            for names in (before.names, before.records[PERSON])
            for name, one in names.items()
            if one.kind == "value"
        ]
        forbidden = {**before.forbidden, **dict.fromkeys(computed, COMPUTED)}
        forbidden |= {
            f"{name}.{word}": COMPUTED for name in before.policies for word in ("eligible", "status")
        }
        records = {name: _without(fields, computed) for name, fields in before.records.items()}
        for kind in (*ALWAYS, *self.fields):
            records[record_name(kind)] = {
                name: Symbol(name, "fact", of) for name, of in self._types(kind, conflicts)
            }
        return replace(before, names=_without(before.names, computed), records=records, forbidden=forbidden)

    def _types(self, kind: str, conflicts: Sequence[str]) -> Iterator[tuple[str, Type]]:
        """The fields of a kind of record with their types."""
        policies = Enum("policy", tuple(self.checker.scope.policies))
        unit = parse_unit(self.checker.currency)
        common: dict[str, Type] = {
            "policy": policies,
            "conflict": Enum("conflict", tuple(conflicts)),
            "stage": Enum("stage", STAGES),
            "amount": Number(self.checker.currency_decimals, unit, 0, AMOUNT_AT_MOST),
            **dict.fromkeys(("held", "explained"), BOOLEAN),
            **dict.fromkeys(("person_id", "source", "cause"), TEXT),
            **dict.fromkeys(
                ("month", "paid", "recorded", "from", "to", "date", "reviewed", "review_due"), DATE
            ),
        }
        for name in (*always(kind), *OFTEN.get(kind, EVENT_OFTEN)):
            yield name, common[name]
        for field in self.fields.get(kind, ()):
            yield field.name, field.type

    def _fields(self, one: Draft) -> tuple[Field, ...]:
        made = []
        tree = get(one.tree, "fields")
        for name, entry in mapping(tree).entries.items() if tree is not None else ():
            at = mapping(tree).keys[name] if tree is not None else one.at
            self.report.name(at, name)
            if name in (*EVENT_ALWAYS, *EVENT_OFTEN, "kind"):
                self.report.add(at, "name-taken", f"every event has a `{name}`", "choose another name")
                continue
            field = self.types.field(f"{one.name}.{name}", entry)
            made.append(replace(field, name=name))
        return tuple(made)

    # --- rules ------------------------------------------------------------------------------------------

    def watch(self, one: Draft) -> Watch:
        tree = one.tree
        by, alert = text(get(tree, "by")), mapping(tree.entries["alert"])
        scope = self._of(by)
        trigger = self.trigger(one, tree, scope, ())
        known = tuple(mapping(tree.entries["facts"]).entries)
        for written in items(get(alert, "evidence")):
            if text(written) not in known:
                hint = nearest(text(written), known) or f"one of {', '.join(known)}"
                message = f"`{text(written)}` is not one of `facts`"
                self.report.add(scalar(written).at, "unknown-name", message, hint)
        return Watch(
            one.name,
            one.dated,
            self.report.label(get(tree, "title")),
            by,
            trigger,
            text(get(alert, "severity")),
            self.owner(alert),
            self.deadline(one, alert, scope, trigger),
            tuple(text(written) for written in items(get(alert, "evidence"))) or known,
            self.unreported(one, alert, scope, trigger),
            self.report.cite(get(tree, "cite")),
        )

    def comparison(self, one: Draft) -> Comparison:
        tree = one.tree
        alert = mapping(tree.entries["alert"])
        return Comparison(
            one.name,
            one.dated,
            self.report.label(get(tree, "title")),
            text(get(tree, "compare")),
            text(get(alert, "severity")),
            self.owner(alert),
            self.deadline(one, alert, self.scope, Trigger(())),
            self.report.cite(get(tree, "cite")),
        )

    def event(self, one: Draft) -> EventKind:
        tree = one.tree
        if one.name in ALWAYS:
            message = f"`{one.name}` is a kind of record already"
            self.report.add(one.at, "name-taken", message, "choose another name for the event")
        of = text(get(tree, "of"))
        written = get(tree, "date")
        node = None if written is None else self._date(one, written, self._of(of), ())
        return EventKind(
            one.name,
            one.dated,
            self.report.label(get(tree, "title")),
            of,
            self.fields[one.name],
            text(written),
            node,
            tuple(self.task(one, mapping(task), of) for task in items(get(tree, "tasks"))),
        )

    def task(self, one: Draft, tree: YamlMapping, of: str) -> EventTask:
        scope = self._of(of)
        trigger = self.trigger(one, tree, scope, ((EVENT, one.name),))
        hearing = get(tree, "hearing")
        return EventTask(
            text(get(tree, "id")),
            self.report.label(get(tree, "title")),
            day(get(tree, "from"), 0),
            trigger,
            self.owner(tree),
            self.deadline(one, tree, scope, trigger),
            None
            if hearing is None
            else Hearing(
                day(get(hearing, "from"), 0), self._heard(hearing, of), self.report.cite(get(hearing, "cite"))
            ),
            self.report.cite(get(tree, "cite")),
        )

    def _heard(self, hearing: Tree, of: str) -> str:
        whom = text(get(hearing, "of"))
        if of != PERSON and whom != "household":
            at = scalar(mapping(hearing).entries["of"]).at
            message = f"this event is of a household, so there is no `{whom}` to hear"
            self.report.add(at, "unknown-name", message, "write `of: household`")
        return whom

    def trigger(
        self, one: Draft, tree: YamlMapping, scope: Scope, given: tuple[tuple[str, str], ...]
    ) -> Trigger:
        facts = [*given]
        written = get(tree, "facts")
        for name, kind in mapping(written).entries.items() if written is not None else ():
            at = mapping(written).keys[name] if written is not None else one.at
            self.report.name(at, name)
            taken = name in scope.names or (scope.person and name in scope.records[PERSON])
            if taken or name in scope.policies or name in dict(given):
                self.report.add(
                    at, "name-taken", f"`{name}` already means something else", "choose another name"
                )
            elif text(kind) in ALWAYS or text(kind) in self.fields:
                facts.append((name, text(kind)))
            elif text(kind) not in self.report.mistaken:
                known = (*ALWAYS, *self.fields)
                hint = nearest(text(kind), known) or f"one of {', '.join(known)}"
                message = f"there is no kind of record `{text(kind)}`"
                self.report.add(scalar(kind).at, "unknown-name", message, hint)
        if len(facts) > MOST_RECORDS and written is not None:
            message = f"{len(facts)} records in one group; at most {MOST_RECORDS} are looked at together"
            self.report.add(tree.keys["facts"], "too-many", message, "make several rules of it")
        self.used.update(kind for name, kind in facts if name != EVENT)
        records = tuple(_frame(name, kind) for name, kind in facts)
        whole = len(facts) == len(given) + (len(mapping(written).entries) if written is not None else 0)
        if not whole:  # a name is missing, and what reads it would be told again
            return Trigger(tuple(facts))
        join, when = get(tree, "join"), get(tree, "when")
        return Trigger(
            tuple(facts),
            () if join is None else self._joins(one, join, scope, records, dict(facts)),
            text(when),
            None if when is None else self.checker.truth(one, when, scope, records),
        )

    def _joins(
        self, one: Draft, written: Tree, scope: Scope, records: Sequence[Frame], kinds: Mapping[str, str]
    ) -> tuple[tuple[str, str, str, str], ...]:
        node = self.checker.truth(one, written, scope, records)
        if node is None:
            return ()
        source, _ = one.parsed[id(written)]
        joins = []
        for part in _conjuncts(node):
            ends = [_end(side) for side in part.args]
            at = source.span(part.start, part.end)
            if part.op != "equal" or None in ends or len({end[0] for end in ends if end}) < 2:
                message = "a join says which fields of two records are equal, and this does not"
                self.report.add(at, "not-a-join", message, "every other test belongs under `when`")
                continue
            for name, field in (end for end in ends if end):
                if field not in always(kinds[name]):
                    hint = f"test it under `when`; a join reads {', '.join(always(kinds[name]))}"
                    self.report.add(at, "not-a-join", f"`{name}.{field}` is not always known", hint)
            (a, b) = (end for end in ends if end)
            joins.append((*a, *b))
        return tuple(joins)

    def owner(self, tree: YamlMapping) -> str:
        name = text(get(tree, "owner"))
        if name not in self.owners:
            hint = nearest(name, self.owners) or f"one of {', '.join(self.owners)}"
            message = f"`{name}` is neither a level of areas.yaml nor a department"
            self.report.add(scalar(tree.entries["owner"]).at, "unknown-name", message, hint)
        return name

    def deadline(self, one: Draft, tree: YamlMapping, scope: Scope, trigger: Trigger) -> Deadline:
        said = [key for key in ("until", "within_days", "within_working_days") if key in tree.entries]
        for key in said[1:]:
            message = f"`{said[0]}` and `{key}` do not go together"
            self.report.add(tree.keys[key], "one-of-keys", message, "take one of the two out")
        days, working = number(get(tree, "within_days")), number(get(tree, "within_working_days"))
        return Deadline(
            *self._day(one, get(tree, "until"), scope, trigger),
            None if days is None else int(days),
            None if working is None else int(working),
        )

    def unreported(self, one: Draft, tree: YamlMapping, scope: Scope, trigger: Trigger) -> Deadline:
        return Deadline(*self._day(one, get(tree, "unreported_since"), scope, trigger))

    def _day(
        self, one: Draft, written: Tree | None, scope: Scope, trigger: Trigger
    ) -> tuple[str, Node | None]:
        records = tuple(_frame(name, kind) for name, kind in trigger.facts)
        return text(written), None if written is None else self._date(one, written, scope, records)

    def _date(self, one: Draft, written: Tree, scope: Scope, records: Sequence[Frame]) -> Node | None:
        node = self.checker.node(one, written, scope, records)
        if node is not None and not isinstance(node.type, Date):
            message = f"a date is needed here, and this is {node.type}"
            self.report.add(
                scalar(written).at, "type", message, "write `add months(…, 3)` or `add days(…, 10)`"
            )
            return None
        return node

    def _of(self, unit: str) -> Scope:
        return replace(self.scope, person=unit == PERSON)

    def _check_unread(self, events: Sequence[Draft], kinds: Mapping[str, EventKind]) -> None:
        """An event that leads to nothing, or a field that nobody reads, need not be written down."""
        if self.report.problems:
            return
        for one in events:
            if not kinds[one.name].tasks and one.name not in self.used:
                hint = "give it tasks, read it in a watch rule, or remove it"
                self.report.add(one.at, "unread", f"nothing follows from the event `{one.name}`", hint)
            for field in kinds[one.name].fields:
                if (record_name(one.name), field.name) not in self.checker.reads:
                    at = mapping(one.tree.entries["fields"]).keys[field.name]
                    message = f"no rule reads `{field.name}` of `{one.name}`"
                    self.report.add(at, "unread", message, "use it in a rule, or remove it")


def _frame(name: str, kind: str) -> Frame:
    return Frame(Node("variable", (), Record(record_name(kind)), name=variable(name)), name)


def _without(symbols: Mapping[str, Symbol], names: Sequence[str]) -> dict[str, Symbol]:
    return {name: symbol for name, symbol in symbols.items() if name not in names}


def _conjuncts(node: Node) -> Iterator[Node]:
    if node.op == "and":
        for arg in node.args:
            yield from _conjuncts(arg)
    else:
        yield node


def _end(node: Node) -> tuple[str, str] | None:
    """The record and the field, when a side of a join is one."""
    if node.op == "field" and node.args[0].op == "variable" and node.args[0].name.startswith("@"):
        return node.args[0].name[1:], node.name
    return None
