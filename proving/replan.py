"""The plan of a rulebook with a small change, made from the plan of the unchanged one.

Only what the change touches is compiled; the rest is computed by the program that is there already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.decision.plan import Plan
from engine.decision.planning import plan_with
from engine.decision.variants import variant
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
    changed = variant(replace(program, computed=kept), frozenset(needed), before)
    taken = changed.given
    own_names = (*before.household, *(n for n in changed.compiled.household if n not in before.own_place))
    row_names = (*before.person, *(n for n in changed.compiled.person if n not in before.person_place))
    own_target = [own_names.index(name) for name in changed.compiled.household]
    row_target = [row_names.index(name) for name in changed.compiled.person]
    more_own, more = len(own_names) - len(before.household), [None] * (len(row_names) - len(before.person))

    def run(
        household: Sequence[Any], people: Sequence[Sequence[Any]], parameters: Sequence[Any], on: int
    ) -> tuple[list[Any], list[list[Any]]]:
        own, rows = before.run(household, people, parameters, on)
        own, rows = [*own, *[None] * more_own], [[*row, *more] for row in rows]
        given = [[*one, *taken.take_people(row)] for one, row in zip(people, rows, strict=True)]
        new_own, new_rows = changed.compiled.run([*household, *taken.take_own(own)], given, parameters, on)
        for place, value in zip(own_target, new_own, strict=True):
            own[place] = value
        for row, new_row in zip(rows, new_rows, strict=True):
            for place, value in zip(row_target, new_row, strict=True):
                row[place] = value
        return own, rows

    return Compiled(
        run,
        own_names,
        row_names,
        {name: i for i, name in enumerate(own_names)},
        {name: i for i, name in enumerate(row_names)},
        changed.compiled.source,
    )
