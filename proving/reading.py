"""Who reads what: the policies that a definition or a parameter can matter to, directly and through others."""

from __future__ import annotations

from collections.abc import Iterator

from engine.language.tree import Node, walk
from engine.rulebook.model import Clause, Definition, Group, Policy, PolicyVersion, Rulebook

EMPTY: frozenset[str] = frozenset()


class Readers:
    """`reads`: what every policy and definition reads itself, in any version: definitions, policies, parameters."""

    def __init__(self, book: Rulebook) -> None:
        self.book = book
        self.reads: dict[str, frozenset[str]] = {}
        for definition in book.definitions.values():
            self.reads[definition.name] = _names(book, _of_definition(definition))
        for policy in book.policies.values():
            self.reads[policy.id] = _names(book, _of_policy(policy))

    def directly(self, what: str, name: str) -> frozenset[str]:
        """Policies that speak of it themselves."""
        if what == "policy":
            return frozenset({name})
        if what == "conflict":
            return frozenset().union(*(one.between for one in self.book.conflicts if one.id == name))
        return frozenset(policy for policy in self.book.policies if name in self.reads[policy])

    def of(self, what: str, name: str) -> frozenset[str]:
        """Policies that it can matter to, through whatever lies between."""
        direct = self.directly(what, name)
        return direct | frozenset(
            policy for policy in self.book.policies if self.needs(policy) & {name, *direct}
        )

    def needs(self, name: str) -> frozenset[str]:
        """All that a policy or definition reads, through everything it reads, itself included."""
        found: set[str] = set()
        stack = [name]
        while stack:
            current = stack.pop()
            if current not in found:
                found.add(current)
                stack += self.reads.get(current, EMPTY)
        return frozenset(found)

    def made_of(self, policy: str) -> frozenset[str]:
        """A policy with the definitions and parameters that it reads; not what another policy reads."""
        found: set[str] = set()
        stack = [policy]
        while stack:
            current = stack.pop()
            if current not in found and (current == policy or current not in self.book.policies):
                found.add(current)
                stack += self.reads.get(current, EMPTY)
        return frozenset(found)


def _names(book: Rulebook, nodes: Iterator[Node]) -> frozenset[str]:
    found = set()
    for node in nodes:
        for one in walk(node):
            if one.op in ("parameter", "size_table", "marginal"):
                found.add(one.name)
            elif one.op in ("value", "computed"):
                policy, _, word = one.name.rpartition(".")
                found.add(policy if word in ("eligible", "status") else one.name)
    return frozenset(
        name for name in found if name in book.definitions or name in book.policies or name in book.parameters
    )


def _of_definition(definition: Definition) -> Iterator[Node]:
    for version in definition.versions:
        yield version.node
        yield from (one.node for one in version.defines)


def _of_policy(policy: Policy) -> Iterator[Node]:
    for version in policy.versions:
        yield from nodes_of(version)


def nodes_of(version: PolicyVersion) -> Iterator[Node]:
    """Every expression of a policy version."""
    yield from (one.node for one in version.defines)
    for clause in every_clause(version):
        yield clause.when
    amount = version.amount
    if amount is not None:
        yield from (part.node for part in (*amount.parts, amount.least, amount.most) if part is not None)


def every_clause(version: PolicyVersion) -> Iterator[Clause]:
    """Every clause of a version, with exceptions, in the order of the file's parts."""
    yield from _within((*version.concerns, version.eligible, *version.closed, *version.discretion))
    yield from (one.clause for one in version.sooner)


def _within(members: tuple[Clause | Group, ...]) -> Iterator[Clause]:
    for member in members:
        if isinstance(member, Group):
            yield from _within(member.members)
        else:
            yield member
            yield from _within(member.unless)


class Facts:
    """What expressions hang on: facts of the household document, through definitions and policies."""

    def __init__(self, book: Rulebook) -> None:
        self.book = book
        self._of: dict[str, tuple[Node, ...]] = {}
        for definition in book.definitions.values():
            self._of[definition.name] = tuple(_of_definition(definition))
            for version in definition.versions:
                self._of |= {one.name: (one.node,) for one in version.defines}
        for policy in book.policies.values():
            for of_policy in policy.versions:
                self._of |= {one.name: (one.node,) for one in of_policy.defines}
        self._hang: dict[str, bool] = {}

    def hangs(self, node: Node) -> bool:
        """Whether another household document or another day can give another value."""
        return any(one.op in ("on", "people") or self._reads(one) for one in walk(node))

    def open(self, node: Node) -> bool:
        """Whether a missing fact can leave it unknown."""
        return any(self._reads(one) for one in walk(node))

    def _reads(self, node: Node) -> bool:
        if node.op == "fact":
            return node.name not in self.book.levels
        if node.op == "field":
            return node.name != "person_id"
        return node.op in ("value", "computed") and self._named(node.name)

    def _named(self, name: str) -> bool:
        if name not in self._of:
            return True  # the status of a policy: a fact on record or the outcome of clauses
        if name not in self._hang:
            self._hang[name] = False
            self._hang[name] = any(self.open(node) for node in self._of[name])
        return self._hang[name]
