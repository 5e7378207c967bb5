"""Where everything that a decision shows stands among the computed values.

A `Shape` is a policy prepared for its findings: every clause with the places of its truth and margin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.decision.plan import ClausePlan, GroupPlan, Plan, PolicyPlan
from engine.decision.reasons import Reasons
from engine.decision.shapes import Asked, ClauseShape, Taker, taker
from engine.decision.situation import Situation
from engine.decision.traces import TraceBuilder, TraceText
from engine.language.runtime import round_half_up
from engine.language.scope import PERSON
from engine.language.types import Boolean, Enum, List, Number, Ratio, Text, plain_number, to_plain
from engine.rulebook.model import Rulebook


@dataclass(frozen=True, slots=True)
class Shape:
    id: str
    plan: PolicyPlan
    of_person: bool
    outcome: int
    pays: bool  # it has an amount
    trace: TraceBuilder
    reasons: Reasons
    reads_statuses: bool
    rests_on_statuses: bool  # a clause or the amount reads the computed status of a policy
    own_inputs: frozenset[str]  # facts of the household that can matter
    person_inputs: frozenset[str]  # facts of a person that can matter
    own_facts: Asked  # the same without statuses
    person_facts: Asked
    sooner: tuple[tuple[str, int, int], ...] = ()  # of review: whose rule (an area or ""), place, months


Plain = Callable[[Situation, Any], Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """Values that a decision shows: their names, what takes them from a row, and how some of them are written."""

    names: tuple[str, ...]
    values: Taker
    written: tuple[tuple[int, Plain], ...]

    def told(self, at: Situation, row: Sequence[Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
        values = list(self.values(row))
        for place, plain in self.written:
            if values[place] is not None:
                values[place] = plain(at, values[place])
        return zip([prefix + name for name in self.names], values, strict=True)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything that a decision shows stands among the computed values."""

    shapes: dict[str, Shape]
    own: Shown
    people: Shown


def layout_of(book: Rulebook, plan: Plan) -> Layout:
    def shown(places: Mapping[str, int]) -> Shown:
        names = tuple(name for name in places if _defined(name))
        plains = [plain_of(book, plan, name) for name in names]
        written = tuple((place, plain) for place, plain in enumerate(plains) if plain is not None)
        return Shown(names, taker([places[name] for name in names]), written)

    shapes = {name: shape_of(plan, one) for name, one in plan.policies.items()}
    return Layout(shapes, shown(plan.run_decide.own_place), shown(plan.run_decide.person_place))


def _defined(name: str) -> bool:
    """Definitions and named intermediate values; not clauses, parts, terms and statuses."""
    return not any(mark in name for mark in ":.+*~?")


def plain_of(book: Rulebook, plan: Plan, name: str) -> Plain | None:
    """How a definition's value is written: people by their ids, a quotient rounded as the definition says."""
    of = plan.types[name]
    if isinstance(of, Ratio):
        definition = book.definitions.get(name)
        decimals = 2 if definition is None or definition.shown_decimals is None else definition.shown_decimals
        return lambda at, value: plain_number(round_half_up(value[0] * 10**decimals, value[1]), decimals)
    if isinstance(of, List):
        return lambda at, value: at.plain_list(value)
    if isinstance(of, Number):
        whole = of.decimals
        return (lambda at, value: plain_number(value, whole)) if whole else None
    if isinstance(of, Boolean | Enum | Text):
        return None
    return lambda at, value: to_plain(value, of)


def shape_of(plan: Plan, policy: PolicyPlan) -> Shape:
    names = plan.run_decide.person if policy.policy.unit == PERSON else plan.run_decide.household
    places = {name: i for i, name in enumerate(names)}
    unit = policy.policy.id

    def clause(one: ClausePlan) -> ClauseShape:
        shared = tuple(name for whose, name in one.reads if whose == "")
        shared += tuple(f"people/*/{name}" for whose, name in one.reads if whose == "everyone")
        shared += tuple(f"parameters/{name}" for whose, name in one.reads if whose == "parameter")
        own = tuple(name for whose, name in one.reads if whose == PERSON)
        return ClauseShape(
            one.clause.id,
            places[one.truth],
            places[one.margin] if one.margin else -1,
            one.margin_type,
            shared,
            own,
            tuple(clause(each) for each in one.unless),
        )

    def group(one: GroupPlan, name: str) -> ClauseShape:
        members = tuple(
            group(member, member.group.id or member.group.kind)
            if isinstance(member, GroupPlan)
            else clause(member)
            for member in one.members
        )
        return ClauseShape(name, places[one.truth], -1, None, (), (), members, True)

    concerns = tuple(clause(one) for one in policy.concerns)
    closed = tuple(clause(one) for one in policy.closed)
    condition = group(policy.eligible, "eligible")
    discretion = tuple(clause(one) for one in policy.discretion)
    text = TraceText()
    parts = (
        text.several("concerns", concerns, "every"),
        text.several("closed", closed, "some"),
        text.node(condition),
        text.several("discretion", discretion, "some"),
    )
    eligible = places[f"{unit}.eligible"]
    inputs = policy.inputs | policy.amount_inputs
    every = condition.members if _is_plain(policy.eligible) else ()
    outcome = places[f"{unit}.outcome"]
    own = frozenset(name for whose, name in inputs if whose == "")
    personal = frozenset(name for whose, name in inputs if whose == PERSON)
    return Shape(
        unit,
        policy,
        policy.policy.unit == PERSON,
        outcome,
        policy.version.amount is not None,
        text.builder(unit, eligible, parts),
        Reasons(outcome, concerns, closed, condition, discretion, every),
        any(name.endswith(".held") for _, name in inputs),
        bool(policy.statuses or policy.amount_statuses),
        own,
        personal,
        Asked(own.intersection(plan.own_facts), plan.own_input),
        Asked(personal.intersection(plan.person_facts), plan.person_input),
        tuple((one.area, places[clause.truth], one.months) for clause, one in policy.sooner),
    )


def _is_plain(group: GroupPlan) -> bool:
    return group.group.kind == "all" and not any(isinstance(member, GroupPlan) for member in group.members)
