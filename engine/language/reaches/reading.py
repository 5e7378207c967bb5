"""The reaches of the values of one household, and what makes a node into a function that finds its reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from engine.language.compile import Program
from engine.language.interpret import NOTHING, Bindings, Interpreter
from engine.language.reach import (
    ANYTHING,
    Choices,
    Members,
    Reach,
    exactly,
    is_single,
    of_type,
    truths_of,
)
from engine.language.reaches import lists, names, numbers, truths
from engine.language.scope import SUBJECT
from engine.language.tree import Node
from engine.language.types import List, Outcome

Reader = Callable[["Reaches", Bindings], Reach]


class Reaches:
    """The reaches of the values of one household. Reads the lazy reading first: what is known is known."""

    direct = (
        True  # the functions of the nodes say all of it; a reading with an `of` of its own is asked there
    )

    def __init__(self, reading: Interpreter, elsewhere: Callable[[str, int], Reach] | None = None) -> None:
        """`elsewhere`: the reach of a value that another program computed, by name and person (-1: the household)."""
        self.reading, self.elsewhere = reading, elsewhere
        self.household, self.people, self.parameters = reading.household, reading.people, reading.parameters
        self.lacking: dict[tuple[str, int | frozenset[int]], tuple[Any, ...]] = {}  # kept by `walks`
        self.walks: Any = None  # of the program, kept by `walks`
        self.known: dict[tuple[str, int], Reach] = {}  # of computed values, by name and person
        self.kept: dict[tuple[int, int], Reach] = {}  # of nodes that are asked for several times
        self.cells: Mapping[
            str, Reach
        ] = {}  # of parameters that nobody has set, where something is assumed of them
        self._readers = readers_of(reading.program)

    def is_open(self, node: Node, bindings: Bindings = NOTHING) -> bool:
        """Can the value still become this or that?"""
        return not is_single(self.of(node, bindings))

    def of(self, node: Node, bindings: Bindings = NOTHING) -> Reach:
        return self._readers.reader(node)(self, bindings)

    def named(self, name: str, person: int = -1) -> Reach:
        """The reach of a computed value of the household, or of the person with that index."""
        found = self.known.get((name, person))
        if found is None:
            node, _, taken = self._readers.named(name)
            value = self.reading.named(name, person) if taken else None
            found = self.read(name, person) if value is None else exactly(value, node.type)
            self.known[name, person] = found
        return found

    def read(self, name: str, person: int) -> Reach:
        """The reach of a computed value by its tree."""
        node, reader, _ = self._readers.named(name)
        bindings = NOTHING if person < 0 else {SUBJECT: person}
        return reader(self, bindings) if self.direct else self.of(node, bindings)

    def truths(self, node: Node, bindings: Bindings = NOTHING) -> Choices:
        """The truths that a condition may take; None: it may stay unknown."""
        return truths_of(self.of(node, bindings))

    def members(self, node: Node, bindings: Bindings) -> Members | None:
        found = self.of(node, bindings)
        return found if isinstance(found, Members) else None


_NEVER_TAKEN = (List, Outcome)  # the lazy reading's value says less than the parts do


class Readers:
    """The functions of a program's nodes, each made when it is first asked for."""

    def __init__(self, program: Program) -> None:
        self.places, self.items = program.places, program.items  # not the program, which may go
        self._made: dict[int, tuple[Node, Reader]] = {}
        self._named: dict[str, tuple[Node, Reader, bool]] = {}

    def named(self, name: str) -> tuple[Node, Reader, bool]:
        """Of a computed value: its tree, what finds its reach, and whether a known value is taken as it is."""
        found = self._named.get(name)
        if found is None:
            node = self.places.computed[name].node
            taken = not isinstance(node.type, _NEVER_TAKEN)
            found = self._named[name] = (node, self.reader(node), taken)
        return found

    def reader(self, node: Node) -> Reader:
        made = self._made.get(id(node))
        if made is None:
            make = MAKERS.get(node.op, _of_the_lazy_reading)
            reader = make(self, node)
            made = self._made[id(node)] = (node, _kept(node, reader) if node.op in _KEPT else reader)
        return made[1]

    def record(self, node: Node) -> Callable[[Reaches, Bindings], Any]:
        """The person or the entry that a field is read of; None: not known who or which."""
        if node.op == "variable":
            name = node.name
            return lambda at, bindings: bindings[name]
        return lambda at, bindings: at.reading.value(node, bindings)


def readers_of(program: Program) -> Readers:
    """Made once for a program."""
    readers = _READERS.get(program)
    if readers is None:
        readers = _READERS[program] = Readers(program)
    return readers


_READERS: WeakKeyDictionary[Program, Readers] = WeakKeyDictionary()


def _kept(node: Node, reader: Reader) -> Reader:
    """What hangs on no variable but the subject is found once."""
    own = id(node)

    def read(at: Reaches, bindings: Bindings) -> Reach:
        if len(bindings) > (SUBJECT in bindings):
            return reader(at, bindings)
        key = (own, bindings.get(SUBJECT, -1))
        found = at.kept.get(key)
        if found is None:
            found = at.kept[key] = reader(at, bindings)
        return found

    return read


def _of_the_lazy_reading(make: Readers, node: Node) -> Reader:
    """Nothing is kept of a value whose parts are not known."""
    of = node.type
    if isinstance(of, List):
        return lambda at, bindings: ANYTHING
    anything = of_type(of, blank=True)

    def read(at: Reaches, bindings: Bindings) -> Reach:
        value = at.reading.value(node, bindings)
        return anything if value is None else exactly(value, of)

    return read


_KEPT = frozenset(
    {"and", "or", "not", "if", "between", "in", "outcome"}
    | {"list", "filter", "map", "some", "every", "count", "sum", "min", "max", "all", "any", "all_but"}
)

MAKERS: Mapping[str, Callable[[Readers, Node], Reader]] = {
    **names.MAKERS,
    **numbers.MAKERS,
    **truths.MAKERS,
    **lists.MAKERS,
}
