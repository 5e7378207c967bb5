"""From a set of rules in force to its plan: one compiled program for the legal date, one for the amounts of its month.

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

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from engine.decision.margin import margin
from engine.decision.plan import (
    ClausePlan,
    GroupPlan,
    Plan,
    PolicyPlan,
    StatusPlaces,
    amount_parts,
    clauses_in,
    given_of,
)
from engine.decision.reads import direct_reads, needed_for, owner
from engine.language.compile import Compiled, Computed, Program, compile_program
from engine.language.scope import PERSON, SUBJECT
from engine.language.tree import Node, walk
from engine.language.types import BOOLEAN, OUTCOME, UNKNOWN, Record
from engine.rulebook.in_force import InForce
from engine.rulebook.model import Clause, Group, Policy, PolicyVersion, Rulebook

TRUE = Node("const", (), BOOLEAN, value=True)
FALSE = Node("const", (), BOOLEAN, value=False)
NOT_KNOWN = Node("const", (), UNKNOWN, value=None)


def plan_for(book: Rulebook, rules: InForce) -> Plan:
    """The plan for a set of rules; compiled once and kept with the rulebook."""
    return book.remember("plan", rules.key, lambda: _Planner(book, rules).plan(), most=32)


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
            for part in amount_parts(plan.version):
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
        parts = [part.name for one in policies.values() for part in amount_parts(one.version)]
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
        plans = (*concerns, *closed, *discretion, *clauses_in(eligible))
        inputs = frozenset[tuple[str, str]]().union(*(clause.inputs for clause in plans))
        statuses = frozenset[str]().union(*(clause.statuses for clause in plans))
        paying = [part.node for part in amount_parts(version)]
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
            return frozenset({(owner(node), node.name)})
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
