"""Reaches under a supposition: one fact known, whichever its value, and the reading that supposes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from engine.language.interpret import NOTHING, Bindings, Interpreter
from engine.language.outcomes import UNDETERMINED
from engine.language.reach import ANYTHING, Reach, exactly, hull, is_single, listed, of_type
from engine.language.reaches import Reaches
from engine.language.tree import Node
from engine.language.types import List, Outcome


class Supposed(Reaches):
    """The reaches when one more fact is known. What does not read it, or was settled before, is taken over."""

    def __init__(self, reading: Interpreter, before: Reaches, readers: frozenset[str]) -> None:
        """`readers`: names of the computed values that read the fact, through whatever names."""
        super().__init__(reading)
        self.before, self.readers = before, readers

    def named(self, name: str, person: int = -1) -> Reach:
        found = self.known.get((name, person))
        if found is None:
            found = self.before.named(name, person)
            if name in self.readers and not is_single(found):
                found = self.read(name, person)
            self.known[name, person] = found
        return found


class Either(Reaches):
    """The reaches when one more fact is known, whichever its value: what it settles either way is settled."""

    direct = False

    def __init__(self, before: Reaches, each: Sequence[Supposed]) -> None:
        super().__init__(before.reading)
        self.before, self.each = before, each

    def of(self, node: Node, bindings: Bindings = NOTHING) -> Reach:
        before = self.before.of(node, bindings)
        if isinstance(node.type, List) or is_single(before):
            return before
        return hull(one.of(node, bindings) for one in self.each)


class Unrefined(Reaches):
    """What is unknown to the lazy reading may be anything: the reading by which outcomes are decided."""

    direct = False

    def of(self, node: Node, bindings: Bindings = NOTHING) -> Reach:
        value = self.reading.value(node, bindings)
        if isinstance(node.type, List):
            return ANYTHING if value is None else listed(value, node)
        if value is None or (isinstance(node.type, Outcome) and value == UNDETERMINED):
            return of_type(node.type, blank=True)
        return exactly(value, node.type)
