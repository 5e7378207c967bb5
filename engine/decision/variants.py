"""The same rules run again otherwise: with statuses on record alone, or one policy with other facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.decision.plan import Given, Plan, Variant, amount_parts, given_of
from engine.decision.planning import FALSE
from engine.decision.reads import needed_for
from engine.language.compile import Compiled, Computed, Program, compile_program
from engine.language.scope import PERSON
from engine.language.tree import walk
from engine.rulebook.model import Rulebook


def unconfirmed(book: Rulebook, plan: Plan) -> Variant:
    """The same rules where only statuses on record count: what rests on a computed one shows by comparison.

    What no computed status can change is taken over instead of computed again.
    """

    def make() -> Variant:
        wanted = {f"{name}.outcome" for name, one in plan.policies.items() if one.statuses}
        wanted |= {
            clause.truth for one in plan.policies.values() for clause in one.clauses() if clause.statuses
        }
        denied = {f"{name}.eligible" for name in book.policies}
        computed = tuple(
            Computed(one.name, one.of, FALSE) if one.name in denied else one for one in plan.decide.computed
        )
        program = needed_for(replace(plan.decide, computed=computed), wanted)
        touched = _touched(plan.decide.computed, denied)
        return variant(program, frozenset(one.name for one in program.computed) - touched, plan.run_decide)

    return book.remember("unconfirmed", plan.rules.key, make, most=32)


def _touched(computed: Iterable[Computed], denied: Iterable[str]) -> set[str]:
    """What reads one of these values, directly or through others. A definition may stand before what it reads."""
    readers: dict[str, list[str]] = {}
    for one in computed:
        for node in walk(one.node):
            if node.op in ("value", "computed"):
                readers.setdefault(node.name, []).append(one.name)
    touched, waiting = set[str](), list(denied)
    while waiting:
        name = waiting.pop()
        if name not in touched:
            touched.add(name)
            waiting += readers.get(name, [])
    return touched


def confirmed_amounts(book: Rulebook, plan: Plan) -> Variant:
    """The amounts that read a computed status, alone. What no status can change is taken over from all amounts."""

    def make() -> Variant:
        reading = (one.version for one in plan.policies.values() if one.amount_statuses)
        parts = [part.name for version in reading for part in amount_parts(version)]
        program = needed_for(plan.amounts, parts)
        touched = _touched(program.computed, (*plan.amounts_given.own, *plan.amounts_given.people))
        return variant(program, frozenset(one.name for one in program.computed) - touched, plan.run_amounts)

    return book.remember("confirmed amounts", plan.rules.key, make, most=32)


def amount_statuses(book: Rulebook, plan: Plan) -> tuple[Compiled, Given]:
    """The statuses that amounts take from the decision, computed alone, and what takes them from there."""

    def make() -> tuple[Compiled, Given]:
        given = plan.amounts_given
        compiled = compile_program(needed_for(plan.decide, (*given.own, *given.people)))
        return compiled, given_of(given.own, given.people, compiled)

    return book.remember("amount statuses", plan.rules.key, make, most=32)


@dataclass(frozen=True, slots=True)
class StatusesHeld:
    """What the amounts take of statuses, where only those on record count: from a row of inputs."""

    own: Callable[[Sequence[Any]], list[Any]]
    person: Callable[[Sequence[Any]], list[Any]]


def statuses_held(book: Rulebook, plan: Plan) -> StatusesHeld:
    """`X.status` is then whether X is held; `X.eligible` is false."""

    def of(names: Sequence[str], places: Mapping[str, int]) -> Callable[[Sequence[Any]], list[Any]]:
        held = [
            places[f"{policy}.held"] if word == "status" else -1
            for policy, _, word in (name.rpartition(".") for name in names)
        ]
        return lambda row: [place >= 0 and row[place] for place in held]

    def make() -> StatusesHeld:
        given = plan.amounts_given
        return StatusesHeld(of(given.own, plan.own_input), of(given.people, plan.person_input))

    return book.remember("statuses held", plan.rules.key, make, most=32)


def variant(program: Program, given: frozenset[str], source: Compiled) -> Variant:
    """A program that takes some of its values as further inputs, from what `source` computes."""
    own = tuple(one.name for one in program.computed if one.name in given and one.of != PERSON)
    people = tuple(one.name for one in program.computed if one.name in given and one.of == PERSON)
    rest = replace(
        program,
        household=(*program.household, *own),
        person=(*program.person, *people),
        computed=tuple(one for one in program.computed if one.name not in given),
    )
    return Variant(rest, compile_program(rest), given_of(own, people, source))


def alone(book: Rulebook, plan: Plan, policy: str) -> Compiled:
    """What one policy needs, for deciding it again with other facts."""

    def make() -> Compiled:
        margins = (clause.margin for clause in plan.policies[policy].clauses() if clause.margin)
        return compile_program(needed_for(plan.decide, (f"{policy}.outcome", *margins)))

    return book.remember("alone", (plan.rules.key, policy), make, most=512)
