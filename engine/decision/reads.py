"""What computed values read: directly, through other names, and which of them some values need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from engine.decision.plan import Plan
from engine.language.compile import Program
from engine.language.scope import PERSON, SUBJECT
from engine.language.tree import Node, walk
from engine.language.types import Record
from engine.rulebook.model import Rulebook


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
        elif one.op in ("field", "computed") and owner(one) == PERSON:
            reads.setdefault(("everyone", one.name))
    return tuple(reads)


def owner(node: Node) -> str:
    """Of what kind of record a node reads a field: a person, or the entry of a list."""
    record = node.args[0].type
    return record.name if isinstance(record, Record) else ""
