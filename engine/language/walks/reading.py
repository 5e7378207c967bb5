"""What makes a node into the function that adds what it lacks to what was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from weakref import WeakKeyDictionary

from engine.language.compile import Program
from engine.language.interpret import Bindings
from engine.language.reach import Reach
from engine.language.reaches import Reaches
from engine.language.reaches.reading import Readers, readers_of
from engine.language.tree import Node
from engine.language.walks import lists, names, parts
from engine.language.walks.found import Walk


class Walks:
    """The functions of a program's nodes, each made when it is first asked for."""

    def __init__(self, program: Program) -> None:
        self.readers: Readers = readers_of(program)
        self.computed, self.parameters = program.places.computed, program.places.parameters
        self.items = program.items
        self._made: dict[int, tuple[Node, Walk]] = {}

    def of(self, node: Node) -> Walk:
        made = self._made.get(id(node))
        if made is None:
            made = self._made[id(node)] = (node, MAKERS.get(node.op, parts.all_parts)(self, node))
        return made[1]

    def reach(self, node: Node) -> Callable[[Reaches, Bindings], Reach]:
        """What finds the reach of a node, also where a reading has its own."""
        reader = self.readers.reader(node)
        return lambda at, bindings: reader(at, bindings) if at.direct else at.of(node, bindings)


def walks_of(reaches: Reaches) -> Walks:
    """Made once for a program."""
    walks: Walks | None = reaches.walks
    if walks is None:
        program = reaches.reading.program
        walks = _WALKS.get(program)
        if walks is None:
            walks = _WALKS[program] = Walks(program)
        reaches.walks = walks
    return walks


_WALKS: WeakKeyDictionary[Program, Walks] = WeakKeyDictionary()


# how what is missing is looked for under a node; under any other, in its arguments that are open
MAKERS: Mapping[str, Callable[[Walks, Node], Walk]] = {**parts.MAKERS, **names.MAKERS, **lists.MAKERS}
