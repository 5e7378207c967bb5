"""Where everything that a decision shows stands among the computed values.

A `Shape` is a policy prepared for its findings: every clause with the places of its truth and margin.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from engine.decision.model import Trace
from engine.decision.plan import ClausePlan, GroupPlan, Plan, PolicyPlan
from engine.decision.situation import Situation
from engine.language.runtime import round_half_up
from engine.language.scope import PERSON
from engine.language.types import Boolean, Enum, List, Number, Ratio, Text, Type, to_plain
from engine.rulebook.model import Rulebook

NONE = msgspec.UNSET


@dataclass(frozen=True, slots=True)
class ClauseShape:
    id: str
    truth: int
    margin: int  # -1: none
    margin_type: Type | None
    reads: tuple[str, ...]  # references; those of a person without the person's prefix
    own: tuple[str, ...]  # names of the subject, to be prefixed
    members: tuple[ClauseShape, ...] = ()
    is_group: bool = False


TraceBuilder = Callable[[Sequence[Any], str], Trace]


@dataclass(frozen=True, slots=True)
class Shape:
    plan: PolicyPlan
    of_person: bool
    outcome: int
    pays: bool  # it has an amount
    concerns: tuple[ClauseShape, ...]
    closed: tuple[ClauseShape, ...]
    condition: ClauseShape
    discretion: tuple[ClauseShape, ...]
    trace: TraceBuilder
    every: tuple[tuple[str, int], ...]  # of a plain list of clauses that must all hold: ids and places
    every_id: tuple[str, ...]
    reads_statuses: bool
    rests_on_statuses: bool  # a clause or the amount reads the computed status of a policy
    own_inputs: frozenset[str]  # facts of the household that can matter
    person_inputs: frozenset[str]  # facts of a person that can matter
    sooner: tuple[tuple[str, int, int], ...] = ()  # of review: whose rule (an area or ""), place, months


Plain = Callable[[Situation, Any], Any]
Shown = tuple[str, int, Plain | None]  # name, place among the computed values, how it is written


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything that a decision shows stands among the computed values."""

    shapes: dict[str, Shape]
    own: tuple[Shown, ...]
    people: tuple[Shown, ...]


def layout_of(book: Rulebook, plan: Plan) -> Layout:
    def shown(names: Sequence[str]) -> tuple[Shown, ...]:
        return tuple(
            (name, place, plain_of(book, plan, name)) for place, name in enumerate(names) if _defined(name)
        )

    shapes = {name: shape_of(plan, one) for name, one in plan.policies.items()}
    return Layout(shapes, shown(plan.run_decide.household), shown(plan.run_decide.person))


def _defined(name: str) -> bool:
    """Definitions and named intermediate values; not clauses, parts, terms and statuses."""
    return not any(mark in name for mark in ":.+*~?")


def plain_of(book: Rulebook, plan: Plan, name: str) -> Plain | None:
    """How a definition's value is written: people by their ids, a quotient rounded as the definition says."""
    of = plan.types[name]
    if isinstance(of, Ratio):
        definition = book.definitions.get(name)
        decimals = 2 if definition is None or definition.shown_decimals is None else definition.shown_decimals
        return lambda at, value: to_plain(round_half_up(value[0] * 10**decimals, value[1]), Number(decimals))
    if isinstance(of, List):
        return lambda at, value: at.plain_list(value)
    if isinstance(of, Boolean | Enum | Text) or (isinstance(of, Number) and of.decimals == 0):
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
    text = _TraceText()
    parts = (
        text.several("concerns", concerns, "every"),
        text.several("closed", closed, "some"),
        text.node(condition),
        text.several("discretion", discretion, "some"),
    )
    eligible = places[f"{unit}.eligible"]
    inputs = policy.inputs | policy.amount_inputs
    every = condition.members if _is_plain(policy.eligible) else ()
    return Shape(
        policy,
        policy.policy.unit == PERSON,
        places[f"{unit}.outcome"],
        policy.version.amount is not None,
        concerns,
        closed,
        condition,
        discretion,
        text.builder(unit, eligible, parts),
        tuple((one.id, one.truth) for one in every),
        tuple(one.id for one in every),
        any(name.endswith(".held") for _, name in inputs),
        bool(policy.statuses or policy.amount_statuses),
        frozenset(name for whose, name in inputs if whose == ""),
        frozenset(name for whose, name in inputs if whose == PERSON),
        tuple((one.area, places[clause.truth], one.months) for clause, one in policy.sooner),
    )


def _is_plain(group: GroupPlan) -> bool:
    return group.group.kind == "all" and not any(isinstance(member, GroupPlan) for member in group.members)


class _TraceText:
    """The text of one function per policy version that builds its trace: a walk costs three times as much.

    A clause of which only the truth can differ is one of three nodes, made once.
    """

    def __init__(self) -> None:
        self.names: dict[str, Any] = {
            "Trace": Trace,
            "NONE": NONE,
            "every": _every,
            "some": _some,
            **_MARGINS,
        }

    def builder(self, policy: str, eligible: int, parts: Sequence[str]) -> TraceBuilder:
        of = ", ".join(part for part in parts if part)
        source = f"def build(v, p):\n    return Trace({policy!r}, v[{eligible}], NONE, NONE, [{of}])\n"
        exec(compile(source, f"<trace of {policy}>", "exec"), self.names)  # noqa: S102 - our own generated text
        build: TraceBuilder = self.names["build"]
        return build

    def several(self, name: str, clauses: Sequence[ClauseShape], how: str) -> str:
        truths = ", ".join(f"v[{clause.truth}]" for clause in clauses)
        of = ", ".join(self.node(clause) for clause in clauses)
        return f"Trace({name!r}, {how}(({truths},)), NONE, NONE, [{of}])" if clauses else ""

    def node(self, clause: ClauseShape) -> str:
        truth = f"v[{clause.truth}]"
        if clause.members or clause.own or clause.margin >= 0:
            of = ", ".join(self.node(member) for member in clause.members)
            names = [*(repr(name) for name in clause.reads), *(f"p + {name!r}" for name in clause.own)]
            reads = f"({', '.join(names)},)" if names else "NONE"  # a constant, for the household's clauses
            margin = _margin_text(clause)
            return f"Trace({clause.id!r}, {truth}, {reads}, {margin}, {f'[{of}]' if of else 'NONE'})"
        three = f"node_{len(self.names)}"
        self.names[three] = {one: Trace(clause.id, one, clause.reads or NONE) for one in (True, False, None)}
        return f"{three}[{truth}]"


def _margin_text(clause: ClauseShape) -> str:
    value, of = f"v[{clause.margin}]", clause.margin_type
    if clause.margin < 0:
        return "NONE"
    if not isinstance(of, Number):
        return f"quotient_margin({value})"
    return f"margin_{of.decimals}({value})" if of.decimals else f"NONE if {value} is None else {value}"


def _every(truths: Sequence[bool | None]) -> bool | None:
    return False if False in truths else None if None in truths else True


def _some(truths: Sequence[bool | None]) -> bool | None:
    return True if True in truths else None if None in truths else False


def _quotient_margin(value: Any) -> Any:
    """A margin that is a quotient, rounded away from zero to 2 decimals, so that a distance never shows as none."""
    if value is None:
        return NONE
    num, den = value
    cents = -(-abs(num) * 100 // den)
    return to_plain(cents if num >= 0 else -cents, _CENTS)


def _margin(decimals: int) -> Callable[[Any], Any]:
    power, unit = 10**decimals, Decimal(1).scaleb(-decimals)

    def margin(value: Any) -> Any:
        if value is None:
            return NONE
        return value * unit if value % power else value // power

    return margin


_CENTS = Number(2)
_MARGINS = {"quotient_margin": _quotient_margin, **{f"margin_{n}": _margin(n) for n in range(1, 19)}}
