"""What has to be computed for a decision, ready to run: its programs, and of every policy what its clauses read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.decision.shapes import Taker, taker
from engine.language.compile import Compiled, Program
from engine.language.types import Type
from engine.rulebook.in_force import InForce
from engine.rulebook.model import Clause, Group, Named, Policy, PolicyVersion, Sooner


@dataclass(frozen=True, slots=True)
class ClausePlan:
    """One clause with the names of its truth and margin and, by name, what it reads directly."""

    clause: Clause
    truth: str
    margin: str  # "" when the clause is not a comparison of numbers
    margin_type: Type | None
    reads: tuple[tuple[str, str], ...]  # (whose: "" or person, name)
    inputs: frozenset[tuple[str, str]]  # every input and parameter that it can hang on: (whose, name)
    statuses: frozenset[str]  # policies whose computed status it reads
    unless: tuple[ClausePlan, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupPlan:
    group: Group
    truth: str
    members: tuple[ClausePlan | GroupPlan, ...]


@dataclass(frozen=True, slots=True)
class PolicyPlan:
    policy: Policy
    version: PolicyVersion
    concerns: tuple[ClausePlan, ...]
    eligible: GroupPlan
    closed: tuple[ClausePlan, ...]
    discretion: tuple[ClausePlan, ...]
    inputs: frozenset[tuple[str, str]]  # every input and parameter that can matter to a clause: (whose, name)
    amount_inputs: frozenset[tuple[str, str]]  # the same for the amount
    statuses: frozenset[str]  # policies whose computed status a clause reads
    amount_statuses: frozenset[str]  # policies whose computed status the amount reads
    sooner: tuple[
        tuple[ClausePlan, Sooner], ...
    ] = ()  # classes that are reviewed earlier; no part of the outcome

    def clauses(self) -> Iterator[ClausePlan]:
        yield from self.concerns
        yield from clauses_in(self.eligible)
        yield from self.closed
        yield from self.discretion


def clauses_in(group: GroupPlan) -> Iterator[ClausePlan]:
    """Its clauses and those of the groups inside it, in the order of the text."""
    for member in group.members:
        if isinstance(member, GroupPlan):
            yield from clauses_in(member)
        else:
            yield member


@dataclass(frozen=True, slots=True)
class Given:
    """Names of computed values that a program takes as inputs, after the facts, and what takes them from there."""

    own: tuple[str, ...]
    people: tuple[str, ...]
    take_own: Taker
    take_people: Taker


@dataclass(frozen=True, slots=True)
class Variant:
    """A program over the same facts, of which some values are given."""

    program: Program
    compiled: Compiled
    given: Given


# a policy, where the computed value says whether it is eligible, where the input says whether it is held
StatusPlaces = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The rules in force, ready to run: `decide` for the legal date, `amounts` for the first day of its month."""

    rules: InForce
    policies: dict[str, PolicyPlan]
    decide: Program
    amounts: Program
    run_decide: Compiled
    run_amounts: Compiled
    amounts_given: Given  # the statuses that amounts take from the decision
    types: dict[str, Type]
    own_input: dict[str, int]  # where the household's facts stand among its inputs
    person_input: dict[str, int]  # where a person's facts stand
    own_facts: tuple[str, ...]  # names of the inputs before the statuses
    person_facts: tuple[str, ...]
    statuses_own: StatusPlaces  # of the policies whose status is a household's
    statuses_people: StatusPlaces


def given_of(own: Sequence[str], people: Sequence[str], source: Compiled) -> Given:
    """These values, of the household and of each person, taken from what `source` computes."""
    return Given(
        tuple(own),
        tuple(people),
        taker([source.own_place[name] for name in own]),
        taker([source.person_place[name] for name in people]),
    )


def amount_parts(version: PolicyVersion) -> Iterator[Named]:
    """The parts of what a policy pays, or the two ends of its band."""
    amount = version.amount
    if amount is not None:
        yield from amount.parts
        yield from (part for part in (amount.least, amount.most) if part is not None)
