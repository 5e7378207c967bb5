"""The kernel: one Arrow batch of households in, one Arrow batch of results out.

Made once for a rulebook and a date. The households of a batch may fall under several sets of rules (where versions ask
for the application date) and several areas; each set of rules is computed over all its households at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from engine.decision.conflicts import STAGES
from engine.decision.plan import Plan, PolicyPlan
from engine.decision.planning import plan_for
from engine.decision.reads import needed_for
from engine.language.columns import Codes, Columns, Given, Reading, compile_columns
from engine.language.columns.reading import Parameters
from engine.language.columns.values import Array
from engine.language.compile import Program
from engine.language.dates import month_start
from engine.language.outcomes import UNDETERMINED
from engine.language.scope import PERSON
from engine.language.tree import Node, walk
from engine.language.types import Enum, Record
from engine.population.arrays import integers, known_of
from engine.population.batch import Batch
from engine.population.conflicts import resolve
from engine.population.findings import NOT_IN_FORCE, Found, clause_truths, found_of
from engine.population.layout import LEADING
from engine.population.problems import BadTable
from engine.population.results import Shapes
from engine.population.sums import score, would_be_due
from engine.rulebook.in_force import InForce, ParametersOn, in_force, parameters_on
from engine.rulebook.model import FOREVER, Rulebook


@dataclass(frozen=True, slots=True)
class Settings:
    """The parameters of several areas: each different set once, and which of them each area has."""

    sets: Sequence[Sequence[object]]
    place: Array
    made: dict[object, object] = field(default_factory=dict)

    def of(self, area_of: Array) -> Parameters:
        return Parameters(self.sets, None if len(self.sets) == 1 else self.place.take(area_of), self.made)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A set of rules, ready for columns. `truths`: per policy the names of the truths that are packed."""

    plan: Plan
    decide: Columns
    amounts: Columns
    truths: Mapping[str, tuple[str, ...]]
    settings: dict[tuple[str, ...], tuple[Settings, Settings, frozenset[str]]] = field(default_factory=dict)


class Kernel:
    """`run` may be called from several threads at once."""

    def __init__(self, book: Rulebook, on: int, known: int) -> None:
        self.book, self.on, self.known = book, on, known
        self.shapes = Shapes(book)
        self._prepared: dict[object, Prepared] = {}
        self._fixed = fixed_codes(book)

    @property
    def schema(self) -> pa.Schema:
        return self.shapes.schema

    def rules_for(self, application_date: int | None) -> InForce:
        return in_force(self.book, self.on, self.known, application_date)

    def prepared(self, rules: InForce) -> Prepared:
        found = self._prepared.get(rules.key)
        if found is None:
            plan = plan_for(self.book, rules)
            for program in (plan.decide, plan.amounts):
                self._add_codes(program)
            truths = {name: clause_truths(one) for name, one in plan.policies.items()}
            amounts = {name: _amount_names(one) for name, one in plan.policies.items()}
            asked = [
                (f"{name}.outcome", *truths[name], *_read_by(plan.amounts, amounts[name])) for name in truths
            ]
            later = [_asked_later(rules)] * 2  # twice: after all policies, so that no policy's end frees it
            decide = compile_columns(plan.decide, [*asked, *later])
            found = Prepared(plan, decide, compile_columns(plan.amounts, list(amounts.values())), truths)
            self._prepared[rules.key] = found
        return found

    def _add_codes(self, program: Program) -> None:
        named = {
            node.value
            for one in program.computed
            for node in walk(one.node)
            if node.op == "const" and isinstance(node.value, str)
        }
        fixed = dict(self._fixed)
        for text in sorted(named):
            fixed.setdefault(text, len(fixed))
        self._fixed = fixed

    # --- running ----------------------------------------------------------------------------------------

    def run(self, rows: pa.RecordBatch) -> pa.RecordBatch:
        """Results in the order of the rows. Raises `BadTable` for values that the dictionary does not allow."""
        groups = self._groups(rows)
        if len(groups) == 1:
            return self._run(rows, groups[0][0])
        parts = [self._run_some(rows, rules, places) for rules, places in groups]
        order = np.argsort(np.concatenate([places for _, places in groups]), kind="stable")
        table = pa.Table.from_batches(parts, self.schema).unify_dictionaries().take(pa.array(order))
        return table.combine_chunks().to_batches()[0]

    def _run_some(self, rows: pa.RecordBatch, rules: InForce, places: Array) -> pa.RecordBatch:
        try:
            return self._run(rows.take(pa.array(places)), rules)
        except BadTable as wrong:
            raise wrong.moved(places.tolist()) from None

    def _groups(self, rows: pa.RecordBatch) -> list[tuple[InForce, Array]]:
        """Rows by the rules that their application date puts in force."""
        place = rows.schema.get_field_index("application_date")
        every = np.arange(rows.num_rows)
        if place < 0 or self.rules_for(None) is self.rules_for(self.on) or not rows.num_rows:
            return [(self.rules_for(None), every)]
        array = rows.column(place)
        known, days = known_of(array), integers(array)
        if known is not None:
            days = np.where(known, days, 0)
        groups: dict[object, tuple[InForce, list[Array]]] = {}
        for day in np.unique(days):
            rules = self.rules_for(int(day) or None)
            groups.setdefault(rules.key, (rules, []))[1].append(np.flatnonzero(days == day))
        return [(rules, np.sort(np.concatenate(places))) for rules, places in groups.values()]

    def _run(self, rows: pa.RecordBatch, rules: InForce) -> pa.RecordBatch:
        ready = self.prepared(rules)
        codes = Codes(self._fixed)
        batch = Batch(self.book, codes, rows, self.on, self.known)
        decided, month = self.readings(ready, batch, codes)
        found = self.findings(ready, batch, decided, month)
        conflicts = [one for one in rules.conflicts if one.stage in STAGES]
        resolution = resolve(batch, found, rules.undated, decided, conflicts)
        scored = score(decided, rules.scoring, batch.households.size)
        del decided, month  # what they have computed goes before the results come
        due = would_be_due(batch, found, resolution.sides)
        return self.shapes.batch_of(batch, found, resolution.notes, due, scored)

    def readings(self, ready: Prepared, batch: Batch, codes: Codes) -> tuple[Reading, Reading]:
        """The values on the legal date, and those of the amounts on the first day of its month."""
        tables, first = batch.tables(), month_start(self.on)
        now, then, given = self._settings_of(ready, tuple(batch.areas))
        decided = ready.decide.read(tables, now.of(batch.area_of), self.on, codes)
        return decided, ready.amounts.read(
            tables, then.of(batch.area_of), first, codes, Given(given, decided)
        )

    def _settings_of(
        self, ready: Prepared, areas: tuple[str, ...]
    ) -> tuple[Settings, Settings, frozenset[str]]:
        """The parameters of both days for these areas, and the values that the amounts take over from the legal date."""
        found = ready.settings.get(areas)
        if found is None:
            first = month_start(self.on)
            now = [parameters_on(self.book, area, self.on, self.known) for area in areas]
            then = [parameters_on(self.book, area, first, self.known) for area in areas]
            names = ready.plan.amounts_given
            taken = {*names.own, *names.people}
            taken |= _untouched(ready.plan.amounts, taken, _changed(self.book, now, then), first == self.on)
            given = frozenset(name for name in taken if name in ready.decide.computed)
            found = ready.settings[areas] = _in_sets(now), _in_sets(then), given
        return found

    def findings(self, ready: Prepared, batch: Batch, decided: Reading, month: Reading) -> list[Found]:
        found = []
        for name, policy in self.book.policies.items():
            plan = ready.plan.policies.get(name)
            if plan is not None:
                found.append(found_of(plan, ready.truths[name], decided, month))
                month.forget()
                decided.forget()
                continue
            size = (batch.people if policy.unit == PERSON else batch.households).size
            outcome = UNDETERMINED if name in ready.plan.rules.undated else NOT_IN_FORCE
            none = np.zeros(size, np.uint64)
            found.append(Found(name, policy.unit, "", np.full(size, outcome, np.int8), none, none))
        return found

    # --- what has to be read ----------------------------------------------------------------------------

    def columns(self, leaves: Iterable[str]) -> list[str]:
        """Those Parquet columns of a table of households that any version of the rules may read."""
        own, person = set[str](LEADING) | {"statuses"}, {"person_id"}
        for day in {None, self.on, *_turning_days(self.book)}:
            plan = self.prepared(self.rules_for(day)).plan
            for program in (plan.decide, plan.amounts):
                for node in (node for one in program.computed for node in walk(one.node)):
                    if node.op in ("fact", "value"):
                        own.add(node.name)
                    elif node.op in ("field", "computed") and node.args[0].type == Record(PERSON):
                        person.add(node.name)
            for conflict in plan.rules.conflicts:
                (person if conflict.same == PERSON else own).add(conflict.choose_by)
        paths = ((leaf, leaf.split(".")) for leaf in leaves)  # people.list.element.<fact>…
        return [
            leaf for leaf, path in paths if (path[3] in person if path[0] == "people" else path[0] in own)
        ]


def _turning_days(book: Rulebook) -> set[int]:
    """Application dates that stand for all: the rules change on these alone."""
    versions = [version for policy in book.policies.values() for version in policy.versions]
    days = {day for one in versions for day in (one.applications_from, one.applications_before)}
    return {day for day in days if 0 < day < FOREVER} | {1_01_01}


def fixed_codes(book: Rulebook) -> dict[str, int]:
    """Every text that the rulebook itself names."""
    named = [*book.areas, *book.policies]
    for fact in book.facts.values():
        for one in (fact.value, *fact.items):
            if isinstance(one.type, Enum):
                named += one.type.values
    return {text: number for number, text in enumerate(dict.fromkeys(named))}


def _amount_names(plan: PolicyPlan) -> tuple[str, ...]:
    rule = plan.version.amount
    if rule is None:
        return ()
    return tuple(one.name for one in (*rule.parts, rule.least, rule.most) if one is not None)


def _read_by(program: Program, names: Iterable[str]) -> Iterator[str]:
    """Every computed value that these values of a program read, and they themselves."""
    for one in needed_for(program, names).computed:
        yield one.name
        yield from (node.name for node in walk(one.node) if node.op in ("value", "computed"))


def _asked_later(rules: InForce) -> list[str]:
    """What conflicts and the score read once all policies are decided."""
    tests = [named.name for one in rules.conflicts for named in (one.when, one.limit) if named is not None]
    return [*tests, *(term.value.name for term in (rules.scoring.terms if rules.scoring else ()))]


def _in_sets(found: list[ParametersOn]) -> Settings:
    """Areas with the same parameters are taken together."""
    sets: list[tuple[object, ...]] = []
    place = np.zeros(len(found), np.int64)
    for number, one in enumerate(found):
        if one.values not in sets:
            sets.append(one.values)
        place[number] = sets.index(one.values)
    return Settings(sets, place)


def _changed(book: Rulebook, now: list[ParametersOn], then: list[ParametersOn]) -> frozenset[str]:
    """Parameters that are not the same on both days."""
    return frozenset(
        name
        for place, name in enumerate(book.parameters)
        if any(a.values[place] != b.values[place] for a, b in zip(now, then, strict=True))
    )


def _untouched(program: Program, taken: set[str], changed: frozenset[str], same_day: bool) -> frozenset[str]:
    """Computed values that are the same on both days: they read neither the date nor a parameter that changed."""
    table = {one.name: one.node for one in program.computed}
    found: dict[str, bool] = dict.fromkeys(taken, True)

    def same(name: str) -> bool:
        if name not in found:
            found[name] = True
            found[name] = name not in table or all(map(steady, walk(table[name])))
        return found[name]

    def steady(node: Node) -> bool:
        if node.op == "on":
            return same_day
        if node.op in ("parameter", "size_table", "marginal"):
            return node.name not in changed
        return same(node.name) if node.op in ("value", "computed") else True

    return frozenset(name for name in table if same(name))
