"""What has to be computed for a decision: one compiled program per set of rules in force.

Names of computed values:
    counted_income              a definition
    help/base                   a `define` of a file
    help:income-below-line      the truth of a clause (`any` of its exceptions included)
    help:income-below-line~     how far the clause is from its limit
    help.outcome .eligible .status
    help+gap                   a part of the amount
    hardship*income             a term of the score, in hundredths of a point
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.decision.shapes import Taker, taker
from engine.language import numbers
from engine.language.compile import Compiled, Computed, Program, compile_program
from engine.language.scope import PERSON, SUBJECT
from engine.language.tree import Node, walk
from engine.language.types import BOOLEAN, OUTCOME, UNKNOWN, Number, Ratio, Record, Type
from engine.rulebook.in_force import InForce
from engine.rulebook.model import Clause, Group, Named, Policy, PolicyVersion, Rulebook, Sooner

TRUE = Node("const", (), BOOLEAN, value=True)
FALSE = Node("const", (), BOOLEAN, value=False)
NOT_KNOWN = Node("const", (), UNKNOWN, value=None)
ORDERED = frozenset({"less", "at_most", "more", "at_least"})


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
        yield from _clauses(self.eligible)
        yield from self.closed
        yield from self.discretion


def _clauses(group: GroupPlan) -> Iterator[ClausePlan]:
    for member in group.members:
        if isinstance(member, GroupPlan):
            yield from _clauses(member)
        else:
            yield member


@dataclass(frozen=True, slots=True)
class Given:
    """Names of computed values that a program takes as inputs, after the facts, and what takes them from there."""

    own: tuple[str, ...]
    people: tuple[str, ...]
    take_own: Taker
    take_people: Taker


def given_of(own: Sequence[str], people: Sequence[str], source: Compiled) -> Given:
    return Given(
        tuple(own),
        tuple(people),
        taker([source.own_place[name] for name in own]),
        taker([source.person_place[name] for name in people]),
    )


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


def plan_for(book: Rulebook, rules: InForce) -> Plan:
    """The plan for a set of rules; compiled once and kept with the rulebook."""
    return book.remember("plan", rules.key, lambda: _Planner(book, rules).plan(), most=32)


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
        parts = [part.name for version in reading for part in _amount_parts(version)]
        program = needed_for(plan.amounts, parts)
        touched = _touched(program.computed, (*plan.amounts_given.own, *plan.amounts_given.people))
        return variant(program, frozenset(one.name for one in program.computed) - touched, plan.run_amounts)

    return book.remember("confirmed amounts", plan.rules.key, make, most=32)


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


def readers_of(book: Rulebook, plan: Plan, fact: str) -> frozenset[str]:
    """Names of the computed values that read a fact, through whatever names."""

    def make() -> frozenset[str]:
        found = {fact}
        for one in plan.decide.computed:  # in dependency order
            if any(node.name in found for node in walk(one.node) if node.op in _READS):
                found.add(one.name)
        return frozenset(found - {fact})

    return book.remember("readers", (plan.rules.key, fact), make, most=512)


def times_read(book: Rulebook, plan: Plan, name: str) -> Mapping[str, int]:
    """On how many ways a computed value reads each fact, through whatever names; 2 stands for more."""

    def make() -> Mapping[str, int]:
        times: Counter[str] = Counter()
        for node in walk(plan.decide.places.computed[name].node):
            if node.op in ("value", "computed") and node.name in plan.decide.places.computed:
                times.update(times_read(book, plan, node.name))
            elif node.op in _READS:
                times[node.name] += 1
        return {fact: min(number, 2) for fact, number in times.items()}

    return book.remember("times read", (plan.rules.key, name), make, most=8192)


_READS = frozenset({"fact", "field", "value", "computed", "parameter", "size_table", "marginal"})


def needed_for(program: Program, wanted: Iterable[str]) -> Program:
    """The part of a program that some of its values need."""
    table = {one.name: one for one in program.computed}
    needed: set[str] = set()
    stack = list(wanted)
    while stack:
        name = stack.pop()
        if name not in needed and name in table:
            needed.add(name)
            stack += [node.name for node in walk(table[name].node) if node.op in ("value", "computed")]
    return replace(program, computed=tuple(one for one in program.computed if one.name in needed))


def plan_with(book: Rulebook, rules: InForce, compiler: Callable[[Program], Compiled]) -> Plan:
    """The plan for a set of rules, not kept; `compiler` is asked for `decide` first and then for `amounts`."""
    return _Planner(book, rules, compiler).plan()


class _Planner:
    def __init__(
        self, book: Rulebook, rules: InForce, compiler: Callable[[Program], Compiled] = compile_program
    ) -> None:
        self.book, self.rules, self.compiler = book, rules, compiler
        self.computed: dict[str, Computed] = {}
        self.inputs: dict[str, frozenset[tuple[str, str]]] = {}

    def plan(self) -> Plan:
        book, rules = self.book, self.rules
        self._definitions()
        policies: dict[str, PolicyPlan] = {}
        for name, policy in book.policies.items():
            version = rules.policies.get(name)
            if version is None:
                outcome = NOT_KNOWN if name in rules.undated else FALSE
                self._status(policy, outcome)
            else:
                policies[name] = self._policy(policy, version)
        shared = dict(self.computed)
        amounts = dict(shared)
        for plan in policies.values():
            for part in _amount_parts(plan.version):
                amounts[part.name] = Computed(part.name, plan.policy.unit, part.node)
        decide = dict(shared)
        if rules.scoring is not None:
            for term in rules.scoring.terms:
                decide[term.value.name] = Computed(term.value.name, "household", term.points)
        for conflict in rules.conflicts:
            if conflict.when is not None:
                decide[conflict.when.name] = Computed(conflict.when.name, conflict.same, conflict.when.node)
            if conflict.limit is not None:
                decide[conflict.limit.name] = Computed(conflict.limit.name, "household", conflict.limit.node)
        parts = [part.name for one in policies.values() for part in _amount_parts(one.version)]
        for_amounts = self._program(amounts, parts, _STATUSES)
        taken = {*for_amounts.household, *for_amounts.person}
        wanted = [name for name in decide if _wanted(name, rules) or name in taken]
        programs = (self._program(decide, wanted, frozenset()), for_amounts)
        types = {name: one.node.type for table in (decide, amounts) for name, one in table.items()}
        compiled = tuple(self.compiler(program) for program in programs)
        return Plan(
            rules,
            policies,
            programs[0],
            programs[1],
            compiled[0],
            compiled[1],
            given_of(
                programs[1].household[len(programs[0].household) :],
                programs[1].person[len(programs[0].person) :],
                compiled[0],
            ),
            types,
            {name: place for place, name in enumerate(programs[0].household)},
            {name: place for place, name in enumerate(programs[0].person)},
            tuple(name for name in programs[0].household if not name.endswith(".held")),
            tuple(name for name in programs[0].person if not name.endswith(".held")),
            self._status_places(compiled[0].own_place, programs[0].places.household, False),
            self._status_places(compiled[0].person_place, programs[0].places.person, True),
        )

    def _status_places(
        self, computed: Mapping[str, int], inputs: Mapping[str, int], of_person: bool
    ) -> StatusPlaces:
        return tuple(
            (name, computed[f"{name}.eligible"], inputs[f"{name}.held"])
            for name, policy in self.book.policies.items()
            if (policy.unit == PERSON) is of_person and f"{name}.eligible" in computed
        )

    def _program(self, table: dict[str, Computed], wanted: Iterable[str], given: frozenset[str]) -> Program:
        """The part of a table that the wanted values need; statuses may be given instead of computed."""
        book = self.book
        statuses = [name for name in table if name.rpartition(".")[2] in given and "." in name]
        items = {name: tuple(f.name for f in fact.items) for name, fact in book.facts.items() if fact.items}
        rest = tuple(one for name, one in table.items() if name not in statuses)
        program = Program(book.household_inputs(), book.person_inputs(), items, tuple(book.parameters), rest)
        program = needed_for(program, wanted)
        read = {node.name for one in program.computed for node in walk(one.node)}
        taken = [name for name in statuses if name in read]
        return replace(
            program,
            household=(*program.household, *(name for name in taken if table[name].of == "household")),
            person=(*program.person, *(name for name in taken if table[name].of == PERSON)),
        )

    # --- definitions ------------------------------------------------------------------------------------

    def _definitions(self) -> None:
        for name, definition in self.book.definitions.items():
            version = self.rules.definitions.get(name)
            if version is None:
                self.add(name, definition.of, NOT_KNOWN)
                continue
            for define in version.defines:
                self.add(define.name, definition.of, define.node)
            self.add(name, definition.of, version.node)

    def add(self, name: str, of: str, node: Node) -> None:
        self.computed[name] = Computed(name, of, node)

    # --- policies ---------------------------------------------------------------------------------------

    def _policy(self, policy: Policy, version: PolicyVersion) -> PolicyPlan:
        for define in version.defines:
            self.add(define.name, policy.unit, define.node)
        concerns = tuple(self._clause(policy, clause) for clause in version.concerns)
        eligible = self._group(policy, version.eligible, f"{policy.id}:eligible")
        closed = tuple(self._clause(policy, clause) for clause in version.closed)
        discretion = tuple(self._clause(policy, clause) for clause in version.discretion)
        band = version.amount is not None and version.amount.least is not None
        parts = (
            self._all(policy, concerns, "and"),
            self._all(policy, closed, "or"),
            self.read(policy, eligible.truth),
            TRUE if band and not discretion else self._all(policy, discretion, "or"),
        )
        self._status(policy, Node("outcome", parts, OUTCOME))
        sooner = tuple((self._clause(policy, one.clause), one) for one in version.sooner)
        plans = (*concerns, *closed, *discretion, *_clauses(eligible))
        inputs = frozenset[tuple[str, str]]().union(*(clause.inputs for clause in plans))
        statuses = frozenset[str]().union(*(clause.statuses for clause in plans))
        paying = [part.node for part in _amount_parts(version)]
        paid = frozenset[tuple[str, str]]().union(
            *(self._inputs_of_node(n) for part in paying for n in walk(part))
        )
        paid_by = frozenset[str]().union(*(self._statuses_of(part) for part in paying))
        return PolicyPlan(
            policy, version, concerns, eligible, closed, discretion, inputs, paid, statuses, paid_by, sooner
        )

    def _status(self, policy: Policy, outcome: Node) -> None:
        self.add(f"{policy.id}.outcome", policy.unit, outcome)
        truth = (
            Node("is_eligible", (self.read(policy, f"{policy.id}.outcome"),), BOOLEAN)
            if outcome.op == "outcome"
            else outcome
        )
        self.add(f"{policy.id}.eligible", policy.unit, truth)
        held = (
            Node("field", (_SUBJECT,), BOOLEAN, f"{policy.id}.held")
            if policy.unit == PERSON
            else Node("fact", (), BOOLEAN, f"{policy.id}.held")
        )
        self.add(
            f"{policy.id}.status",
            policy.unit,
            Node("or", (held, self.read(policy, f"{policy.id}.eligible")), BOOLEAN),
        )

    def read(self, policy: Policy, name: str) -> Node:
        """A read of a value computed before, for the policy's own subject."""
        of = self.computed[name].node.type
        if policy.unit == PERSON:
            return Node("computed", (_SUBJECT,), of, name)
        return Node("value", (), of, name)

    def _all(self, policy: Policy, clauses: tuple[ClausePlan, ...], op: str) -> Node:
        if not clauses:
            return TRUE if op == "and" else FALSE
        reads = tuple(self.read(policy, clause.truth) for clause in clauses)
        return reads[0] if len(reads) == 1 else Node(op, reads, BOOLEAN)

    def _group(self, policy: Policy, group: Group, name: str) -> GroupPlan:
        members: list[ClausePlan | GroupPlan] = []
        for position, member in enumerate(group.members):
            if isinstance(member, Group):
                members.append(self._group(policy, member, f"{name}/{member.id or position}"))
            else:
                members.append(self._clause(policy, member))
        reads = tuple(self.read(policy, member.truth) for member in members)
        op = "and" if group.kind == "all" else "or"
        self.add(name, policy.unit, reads[0] if len(reads) == 1 else Node(op, reads, BOOLEAN))
        return GroupPlan(group, name, tuple(members))

    def _clause(self, policy: Policy, clause: Clause) -> ClausePlan:
        unless = tuple(self._clause(policy, one) for one in clause.unless)
        own = f"{policy.id}:{clause.id}" + ("!" if unless else "")
        self.add(own, policy.unit, clause.when)
        name = f"{policy.id}:{clause.id}"
        if unless:
            reads = tuple(self.read(policy, one) for one in (own, *(u.truth for u in unless)))
            self.add(name, policy.unit, Node("or", reads, BOOLEAN))
        margin_node = margin(clause.when)
        if margin_node is not None:
            self.add(f"{own}~", policy.unit, margin_node)
        return ClausePlan(
            clause,
            name,
            "" if margin_node is None else f"{own}~",
            None if margin_node is None else margin_node.type,
            direct_reads(clause.when, policy.unit),
            self._inputs_of(name),
            self._statuses_of(clause.when).union(*(one.statuses for one in unless)),
            unless,
        )

    def _inputs_of(self, name: str) -> frozenset[tuple[str, str]]:
        """Every input and parameter that a computed value can hang on, through everything it reads."""
        found = self.inputs.get(name)
        if found is not None:
            return found
        self.inputs[name] = frozenset()
        result = frozenset[tuple[str, str]]().union(
            *(self._inputs_of_node(node) for node in walk(self.computed[name].node))
        )
        self.inputs[name] = result
        return result

    def _inputs_of_node(self, node: Node) -> frozenset[tuple[str, str]]:
        if node.op == "fact":
            return frozenset({("", node.name)})
        if node.op == "field":
            return frozenset({(_owner(node), node.name)})
        if node.op in ("parameter", "size_table", "marginal"):
            return frozenset({("parameter", node.name)})
        return self._inputs_of(node.name) if node.op in ("value", "computed") else frozenset()

    def _statuses_of(self, node: Node) -> frozenset[str]:
        """Policies whose computed status a tree reads, also through definitions, not through those policies."""
        found: set[str] = set()
        for one in walk(node):
            if one.op not in ("value", "computed"):
                continue
            policy, _, word = one.name.rpartition(".")
            if policy in self.book.policies and word in _STATUSES:
                found.add(policy)
            elif one.name in self.computed:
                found |= self._statuses_of(self.computed[one.name].node)
        return frozenset(found)


def _wanted(name: str, rules: InForce) -> bool:
    """What a decision shows. Definitions and statuses are computed only when something reads them."""
    return name not in rules.definitions and not name.endswith(".status") and "/" not in name


_SUBJECT = Node("variable", (), Record(PERSON), name=SUBJECT)
_STATUSES = frozenset({"eligible", "status"})


def _owner(node: Node) -> str:
    record = node.args[0].type
    return record.name if isinstance(record, Record) else ""


def _amount_parts(version: PolicyVersion) -> Iterator[Named]:
    amount = version.amount
    if amount is not None:
        yield from amount.parts
        yield from (part for part in (amount.least, amount.most) if part is not None)


def margin(node: Node) -> Node | None:
    """How far a comparison of numbers is from its limit: positive or zero on the true side of `<=` and `>=`."""
    if node.op not in ORDERED or len(node.args) != 2:
        return None
    left, right = node.args
    a, b = (right, left) if node.op in ("less", "at_most") else (left, right)
    if not isinstance(a.type, Number | Ratio) or not isinstance(b.type, Number | Ratio):
        return None
    try:
        of, a, b = numbers.sum_type("subtract", a, b)
    except numbers.Overflow:  # the two compare within 64 bits, their difference does not fit
        return None
    return Node("subtract", (a, b), of)


def direct_reads(node: Node, unit: str) -> tuple[tuple[str, str], ...]:
    """Names that an expression reads itself, household or parameter ("") or the subject's (person), each once."""
    reads: dict[tuple[str, str], None] = {}
    for one in walk(node):
        if one.op in ("fact", "value"):
            reads.setdefault(("", one.name))
        elif one.op in ("parameter", "size_table", "marginal"):
            reads.setdefault(("parameter", one.name))
        elif one.op in ("field", "computed") and unit == PERSON and one.args[0].name == SUBJECT:
            reads.setdefault((PERSON, one.name))
        elif one.op in ("field", "computed") and _owner(one) == PERSON:
            reads.setdefault(("everyone", one.name))
    return tuple(reads)
