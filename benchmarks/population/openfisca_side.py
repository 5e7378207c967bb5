"""The pack for OpenFisca-core: a variable for every fact, definition, outcome and amount, made from the same formulas.

Built as its users build a population that stands in arrays: `declare_entity`, `join_with_persons`, `set_input` for every
fact. A policy's eight clauses are one formula, so no clause truth is kept, and nothing is ever unknown. Its money is
32-bit floating point, as OpenFisca's is.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from datetime import date
from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa
from openfisca_core.entities import build_entity
from openfisca_core.indexed_enums import Enum, EnumArray
from openfisca_core.periods import DateUnit
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

from benchmarks.one_household.formula import parse, selection
from benchmarks.one_household.model import Fact, Pack
from benchmarks.one_household.pack import ON

MONTH = f"{ON:%Y-%m}"
_TODAY = np.datetime64(ON, "D")
_KINDS: dict[str, type] = {"boolean": bool, "number": float, "money": float}
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


class System:
    """The pack as a tax-benefit system."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.person = build_entity("person", "people", "", is_person=True)
        self.household = build_entity("household", "households", "", roles=[{"key": "member"}])
        self.system = TaxBenefitSystem([self.person, self.household])
        self.choices: dict[str, Any] = {}
        for fact in pack.facts:
            self._add(fact.name, fact.of, self._kind(fact))
        for one in pack.definitions:
            self._add(one.name, one.of, float, one.formula)
        for policy in pack.policies:
            eligible = " and ".join(f"({clause})" for clause in policy.clauses.values())
            self._add(f"{policy.name}__eligible", "household", bool, eligible)
            self._add(f"{policy.name}__amount", "household", float, policy.amount)

    def _kind(self, fact: Fact) -> Any:
        if fact.kind == "enum":
            self.choices[fact.name] = Enum(fact.name, {value: value for value in fact.values})
            return Enum
        return date if fact.kind == "date" else _KINDS[fact.kind]

    def _add(self, name: str, of: str, kind: Any, formula: str = "") -> None:
        told: dict[str, Any] = {
            "value_type": kind,
            "entity": self.person if of == "person" else self.household,
            "definition_period": DateUnit.MONTH,
            "label": name,
        }
        if kind is Enum:
            told |= {"possible_values": self.choices[name], "default_value": next(iter(self.choices[name]))}
        if formula:
            tree = parse(formula)
            told["formula"] = lambda population, period: Formula(self, population, period).value(tree)
        self.system.add_variable(type(name, (Variable,), told))

    # --- end to end -------------------------------------------------------------------------------------

    def build(self, table: pa.Table) -> Any:
        """A simulation of a table of households."""
        columns = {name: table.column(name).combine_chunks() for name in table.column_names}
        people = columns["people"]
        sizes = np.diff(np.asarray(people.offsets))
        of = np.repeat(np.arange(len(sizes)), sizes)
        builder = SimulationBuilder()
        builder.create_entities(self.system)
        builder.declare_person_entity("person", np.arange(len(of)))
        household = builder.declare_entity("household", np.arange(len(sizes)))
        builder.join_with_persons(household, of, np.array(["member"] * len(of)))
        simulation = builder.build(self.system)
        persons = people.values
        for fact in self.pack.facts:
            given = columns[fact.name] if fact.of == "household" else persons.field(fact.name)
            simulation.set_input(fact.name, MONTH, self._values(fact, given))
        return simulation

    def _values(self, fact: Fact, given: pa.Array) -> Any:
        if fact.kind == "enum":
            places = {value: place for place, value in enumerate(fact.values)}
            table = np.array([places[one] for one in given.dictionary.to_pylist()], np.uint8)
            return EnumArray(table[given.indices.to_numpy()], self.choices[fact.name])
        if pa.types.is_decimal(given.type):
            words = np.frombuffer(given.buffers()[1], np.int64)[
                given.offset * 2 : (given.offset + len(given)) * 2 : 2
            ]
            return words / 10**given.type.scale
        return given.to_numpy(zero_copy_only=False)

    def decide(self, simulation: Any) -> dict[str, tuple[Any, Any]]:
        """eligible and amount of each policy."""
        return {
            policy.name: (
                simulation.calculate(f"{policy.name}__eligible", MONTH),
                simulation.calculate(f"{policy.name}__amount", MONTH),
            )
            for policy in self.pack.policies
        }


class Formula:
    """A formula of the pack over arrays, as its author would write it with numpy."""

    def __init__(self, system: System, population: Any, period: Any) -> None:
        self.system, self.population, self.period = system, population, period
        pack = system.pack
        self.numbers: Mapping[str, float] = {one.name: float(one.value) for one in pack.parameters}
        self.tables = {one.name: one for one in pack.tables}

    def value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value):
                return value
            case ast.Name(name):
                return self._named(name)
            case ast.Attribute(ast.Name("p"), name):
                people = self.population if self.population.entity.is_person else self.population.members
                return people(name, self.period)
            case ast.BinOp(left, op, right):
                return _BINARY[type(op)](self.value(left), self.value(right))
            case ast.BoolOp(op, values):
                join = operator.and_ if isinstance(op, ast.And) else operator.or_
                return reduce(join, map(self.value, values))
            case ast.UnaryOp(ast.Not(), inner):
                return ~self.value(inner)
            case ast.Compare(left, [ast.In()], [ast.Tuple(choices)]):
                return reduce(operator.or_, (self._compare(left, ast.Eq(), one) for one in choices))
            case ast.Compare(left, ops, rights):
                sides = [left, *rights]
                tests = [self._compare(a, op, b) for a, op, b in zip(sides, ops, rights, strict=False)]
                return reduce(operator.and_, tests)
            case ast.IfExp(test, body, orelse):
                return np.where(self.value(test), self.value(body), self.value(orelse))
            case ast.Call(ast.Name(function), [argument, *more]):
                return self._call(function, argument, more)
        raise ValueError(ast.unparse(node))

    def _named(self, name: str) -> Any:
        if name in self.numbers:
            return self.numbers[name]
        if name in self.tables:
            table = self.tables[name]
            places = [one.name for one in self.system.choices[table.by]]
            amounts = np.array([float(table.amounts[place]) for place in places], np.float32)
            return amounts[np.asarray(self.population(table.by, self.period))]
        return self.population(name, self.period)

    def _compare(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Any:
        if isinstance(right, ast.Constant) and isinstance(right.value, str):
            assert isinstance(left, ast.Name | ast.Attribute)
            fact = left.id if isinstance(left, ast.Name) else left.attr
            place = [one.name for one in self.system.choices[fact]].index(right.value)
            return _COMPARE[type(op)](np.asarray(self.value(left)), place)
        return _COMPARE[type(op)](self.value(left), self.value(right))

    def _call(self, function: str, argument: ast.expr, more: list[ast.expr]) -> Any:
        if function in ("count", "sum", "any", "all"):
            return self._over_people(function, argument)
        value = self.value(argument)
        if function == "days_since":
            return (_TODAY - value).astype(np.int64)
        if function == "full_years":
            months = value.astype("datetime64[M]")
            month, day = months.astype(np.int64) % 12 + 1, (value - months).astype(np.int64) + 1
            before = (month > ON.month) | ((month == ON.month) & (day > ON.day))
            return ON.year - 1970 - value.astype("datetime64[Y]").astype(np.int64) - before
        if function == "cents":
            return np.floor(value * 100 + 0.5) / 100
        return reduce(np.minimum if function == "min" else np.maximum, map(self.value, more), value)

    def _over_people(self, function: str, argument: ast.expr) -> Any:
        chosen = selection(argument)
        where = None if chosen.where is None else self.value(chosen.where)
        if function == "count":
            return self.population.sum(where * 1)
        each = self.value(chosen.each)
        if function == "sum":
            return self.population.sum(each if where is None else each * where)
        if function == "any":
            return self.population.any(each if where is None else each & where)
        return self.population.all(each if where is None else each | ~where)
