"""What has to be computed for a decision: one compiled program per set of rules in force.

Names of computed values:
    counted_income              a definition
    dibao/base                  a `define` of a file
    dibao:income-below-standard the truth of a clause (`any` of its exceptions included)
    dibao:income-below-standard~ how far the clause is from its limit
    dibao.outcome .eligible .status
    dibao+gap                   a part of the amount
    hardship*income             a term of the score, in hundredths of a point
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from engine.language import numbers
from engine.language.compile import Compiled, Computed, Program, compile_program
from engine.language.scope import PERSON, SUBJECT
from engine.language.tree import Node, walk
from engine.language.types import BOOLEAN, OUTCOME, UNKNOWN, Number, Ratio, Record, Type
from engine.rulebook.in_force import InForce
from engine.rulebook.model import Clause, Conflict, Group, Policy, PolicyVersion, Rulebook

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
    inputs: frozenset[tuple[str, str]]  # every input and parameter that can matter: (whose, name)
    statuses: tuple[str, ...]  # other policies whose computed status it reads

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
class Plan:
    """The rules in force, ready to run: `decide` for the legal date, `amounts` for the first day of its month."""

    rules: InForce
    policies: dict[str, PolicyPlan]
    decide: Program
    amounts: Program
    run_decide: Compiled
    run_amounts: Compiled
    types: dict[str, Type]


def plan_for(book: Rulebook, rules: InForce) -> Plan:
    """The plan for a set of rules; compiled once and kept with the rulebook."""
    key = ("plan", rules.key)
    found = book.memo.get(key)
    if found is None:
        found = book.memo[key] = _Planner(book, rules).plan()
    return found  # type: ignore[no-any-return]


class _Planner:
    def __init__(self, book: Rulebook, rules: InForce) -> None:
        self.book, self.rules = book, rules
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
        for name, plan in policies.items():
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
        programs = (
            self._program(decide, [*(name for name in decide if name not in rules.definitions)], frozenset()),
            self._program(amounts, [part.name for p in policies.values() for part in _amount_parts(p.version)], _STATUSES),
        )
        types = {name: one.node.type for table in (decide, amounts) for name, one in table.items()}
        compiled = tuple(compile_program(program) for program in programs)
        return Plan(rules, policies, programs[0], programs[1], compiled[0], compiled[1], types)

    def _program(self, table: dict[str, Computed], wanted: Iterable[str], given: frozenset[str]) -> Program:
        """The part of a table that the wanted values need; statuses may be given instead of computed."""
        book = self.book
        needed: dict[str, Computed] = {}
        status_names = [n for n in table if n.rpartition(".")[2] in given and "." in n] if given else []
        stack = list(wanted)
        while stack:
            name = stack.pop()
            if name in needed or name in status_names or name not in table:
                continue
            needed[name] = table[name]
            stack += [node.name for node in walk(table[name].node) if node.op in ("value", "computed")]
        of_household = tuple(n for n in status_names if table[n].of == "household")
        of_person = tuple(n for n in status_names if table[n].of == PERSON)
        items = {name: tuple(f.name for f in fact.items) for name, fact in book.facts.items() if fact.items}
        ordered = tuple(one for name, one in table.items() if name in needed)
        return Program(
            (*book.household_inputs(), *of_household),
            (*book.person_inputs(), *of_person),
            items,
            tuple(book.parameters),
            ordered,
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
        roots = [clause.truth for clause in (*concerns, *closed, *discretion)] + [eligible.truth]
        reached = frozenset[tuple[str, str]]().union(*(self._inputs_of(name) for name in roots))
        statuses = sorted({name.rpartition(".")[0] for _, name in reached if name.endswith(".status!")})
        inputs = frozenset(pair for pair in reached if not pair[1].endswith("!"))
        return PolicyPlan(policy, version, concerns, eligible, closed, discretion, inputs, tuple(statuses))

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
            f"{policy.id}.status", policy.unit, Node("or", (held, self.read(policy, f"{policy.id}.eligible")), BOOLEAN)
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
            unless,
        )

    def _inputs_of(self, name: str) -> frozenset[tuple[str, str]]:
        """Every input and parameter that a computed value can hang on, through everything it reads.

        Computed statuses are listed too, as `dibao.status!`, and are not followed into `dibao`'s own rules twice.
        """
        found = self.inputs.get(name)
        if found is not None:
            return found
        self.inputs[name] = frozenset()
        result: set[tuple[str, str]] = set()
        one = self.computed[name]
        for node in walk(one.node):
            if node.op == "fact":
                result.add(("", node.name))
            elif node.op == "field":
                result.add((_owner(node), node.name))
            elif node.op in ("parameter", "size_table", "marginal"):
                result.add(("parameter", node.name))
            elif node.op in ("value", "computed"):
                result |= {pair for pair in self._inputs_of(node.name)}
                policy = node.name.rpartition(".")[0]
                if node.name.endswith((".status", ".eligible")) and policy != name.split(".")[0]:
                    result.add(("", f"{policy}.status!"))
        self.inputs[name] = frozenset(result)
        return self.inputs[name]


_SUBJECT = Node("variable", (), Record(PERSON), name=SUBJECT)
_STATUSES = frozenset({"eligible", "status"})


def _owner(node: Node) -> str:
    record = node.args[0].type
    return record.name if isinstance(record, Record) else ""


def _amount_parts(version: PolicyVersion) -> Iterator[object]:
    amount = version.amount
    if amount is not None:
        yield from amount.parts
        yield from (part for part in (amount.least, amount.most) if part is not None)


def margin(node: Node) -> Node | None:
    """How far a comparison of numbers is from its limit: positive or zero on the true side of `<=` and `>=`."""
    if node.op not in ORDERED or len(node.args) != 2:
        return None
    left, right = node.args
    if not all(isinstance(arg.type, Number | Ratio) for arg in node.args):
        return None
    a, b = (right, left) if node.op in ("less", "at_most") else (left, right)
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


