"""The plan of a rulebook with a small change, made from the plan of the unchanged one.

Only what the change touches is compiled; the rest is computed by the program that is there already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.decision.plan import Plan, plan_with, variant
from engine.language.compile import Compiled, Program, compile_program
from engine.language.tree import Node, walk
from engine.rulebook.in_force import InForce
from engine.rulebook.model import Rulebook

Reads = frozenset[str]


@dataclass(frozen=True, slots=True)
class Base:
    """A plan of the unchanged rulebook, with what every computed value reads, per program."""

    plan: Plan
    programs: tuple[tuple[Program, Compiled, Mapping[str, tuple[Node, Reads]]], ...]


def base_of(plan: Plan) -> Base:
    pairs = ((plan.decide, plan.run_decide), (plan.amounts, plan.run_amounts))
    tables = (
        (program, compiled, {one.name: (one.node, _reads(one.node)) for one in program.computed})
        for program, compiled in pairs
    )
    return Base(plan, tuple(tables))


def replan(book: Rulebook, rules: InForce, base: Base) -> tuple[Plan, tuple[Reads, Reads]]:
    """The plan for a changed rulebook and, per program, the names of the values that may differ."""
    left = iter(base.programs)
    touched: list[Reads] = []

    def compiler(program: Program) -> Compiled:
        before, compiled, table = next(left)
        names = _touched(program, table)
        touched.append(names)
        if (before.household, before.person) != (program.household, program.person):
            return compile_program(program)
        return compiled if not names else _patched(program, compiled, names)

    plan = plan_with(book, rules, compiler)
    return plan, (touched[0], touched[1])


def _reads(node: Node) -> Reads:
    return frozenset(one.name for one in walk(node) if one.op in ("value", "computed"))


def _touched(program: Program, table: Mapping[str, tuple[Node, Reads]]) -> Reads:
    """What is computed in another way than before, and what reads it. A program is in the order of its needs."""
    touched: set[str] = set()
    for one in program.computed:
        node, reads = table.get(one.name, (None, frozenset[str]()))
        if (one.node is not node and one.node != node) or reads & touched:
            touched.add(one.name)
    return frozenset(touched)


def _patched(program: Program, before: Compiled, touched: Reads) -> Compiled:
    """A function that runs the old program and then, over its values, what has changed."""
    needed = {name for one in program.computed if one.name in touched for name in _reads(one.node)} - touched
    kept = tuple(one for one in program.computed if one.name in touched or one.name in needed)
    changed = variant(replace(program, computed=kept), frozenset(needed))
    own_places = [before.own_place[name] for name in changed.given.own]
    column_places = [before.column_place[name] for name in changed.given.people]
    own_names = (*before.household, *(n for n in changed.compiled.household if n not in before.own_place))
    column_names = (*before.person, *(n for n in changed.compiled.person if n not in before.column_place))
    own_target = [own_names.index(name) for name in changed.compiled.household]
    column_target = [column_names.index(name) for name in changed.compiled.person]
    more_own, more_columns = len(own_names) - len(before.household), len(column_names) - len(before.person)

    def run(
        household: Sequence[Any], people: Sequence[Sequence[Any]], parameters: Sequence[Any], on: int
    ) -> tuple[list[Any], list[list[Any]]]:
        own, columns = before.run(household, people, parameters, on)
        own, columns = [*own, *[None] * more_own], [*columns, *[[]] * more_columns]
        given = list(zip(*(columns[i] for i in column_places), strict=True)) or [()] * len(people)
        rows = [[*row, *values] for row, values in zip(people, given, strict=True)]
        new_own, new_columns = changed.compiled.run(
            [*household, *(own[i] for i in own_places)], rows, parameters, on
        )
        for place, value in zip(own_target, new_own, strict=True):
            own[place] = value
        for place, column in zip(column_target, new_columns, strict=True):
            columns[place] = column
        return own, columns

    return Compiled(
        run,
        own_names,
        column_names,
        {name: i for i, name in enumerate(own_names)},
        {name: i for i, name in enumerate(column_names)},
        changed.compiled.source,
    )
