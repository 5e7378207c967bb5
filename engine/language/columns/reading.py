"""The walk over the trees: every distinct subtree is computed once, in the outermost frame where its variables are
bound, and spread from there to the frames that read it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.language.columns import lists, names, numbers, truths
from engine.language.columns.values import (
    NEVER,
    ZERO,
    Array,
    Codes,
    Column,
    Frame,
    Lists,
    Numbers,
    Ratios,
    Truths,
    spread,
    take,
    whole,
)
from engine.language.compile import Program
from engine.language.scope import PERSON, SUBJECT
from engine.language.tree import BINDERS, Keys, Node
from engine.language.types import Number


@dataclass(frozen=True, slots=True)
class Tables:
    """What is known of a batch: frames, and the columns of facts by name, made when they are asked for.

    A list is given as `Lists` whose items are row numbers of all entries of that list in the batch.
    """

    households: Frame
    people: Frame
    own: Callable[[str], Column]
    person: Callable[[str], Column]
    item: Callable[[str, str], Column]  # list, field
    entries: Callable[[str], Frame]  # of a list


@dataclass(frozen=True, slots=True)
class Parameters:
    """Every parameter by position, for each of several sets of areas; `which`: the set of each household.

    `which` None: there is one set only. `made`: what has been made of the sets for columns; batches share it.
    """

    sets: Sequence[Sequence[Any]]
    which: Array | None
    made: dict[Any, Any] = field(default_factory=dict)


class Level:
    """A frame whose rows a variable runs over, inside the frames of the outer variables."""

    def __init__(self, frame: Frame, variable: str, item: Column | None, outer: Level | None) -> None:
        self.frame, self.variable, self.item, self.outer = frame, variable, item, outer
        self.kept, self.passing = Memo(), Memo()


class Memo:
    """What has been computed on a level, by the numbers of nodes: as it stands there, and spread from outer levels."""

    def __init__(self) -> None:
        self.values: dict[int, Column] = {}
        self.spread: dict[int, Column] = {}

    def clear(self) -> None:
        self.values.clear()
        self.spread.clear()


@dataclass(frozen=True, slots=True)
class Columns:
    """A program prepared: for every node the number of what it computes and the variables that it needs.

    `passing`: numbers of what one part of the program alone reads; see `Reading.forget`.
    """

    program: Program
    nodes: Mapping[int, tuple[int, frozenset[str]]]
    passing: frozenset[int]
    computed: Mapping[str, tuple[str, Node]]
    places: Mapping[str, int]  # of parameters
    narrows: dict[int, bool] = field(default_factory=dict)  # see `bounds`

    def read(
        self,
        tables: Tables,
        parameters: Parameters,
        on: int,
        codes: Codes,
        given: Given | None = None,
    ) -> Reading:
        return Reading(self, tables, parameters, on, codes, given or Given(frozenset(), None))


@dataclass(frozen=True, slots=True)
class Given:
    """Computed values that are taken over from another reading, by name."""

    names: frozenset[str]
    other: Reading | None

    def named(self, name: str) -> Column:
        assert self.other is not None
        return self.other.named(name)


def compile_columns(program: Program, parts: Sequence[Iterable[str]] = ()) -> Columns:
    """`parts`: names that are asked for one part after the other; what two parts read is kept from one to the next."""
    keys = Keys()
    nodes: dict[int, tuple[int, frozenset[str]]] = {}

    def prepare(node: Node) -> frozenset[str]:
        found = nodes.get(id(node))
        if found is not None:
            return found[1]
        free = frozenset[str]().union(*(prepare(arg) for arg in node.args))
        if node.op == "variable":
            free = frozenset({node.name})
        elif node.op in BINDERS:
            free = free - {node.value} | prepare(node.args[0])
        nodes[id(node)] = keys.of(node), free
        return free

    for one in program.computed:
        prepare(one.node)
    places = {name: place for place, name in enumerate(program.parameters)}
    computed = {one.name: (one.of, one.node) for one in program.computed}
    readers = Counter(key for names in parts for key in _reached(computed, nodes, names))
    passing = frozenset(key for key, count in readers.items() if count == 1)
    return Columns(program, nodes, passing, computed, places)


def _reached(
    computed: Mapping[str, tuple[str, Node]],
    nodes: Mapping[int, tuple[int, frozenset[str]]],
    names: Iterable[str],
) -> set[int]:
    """The numbers of everything that these names read."""
    found = set[int]()
    waiting = [computed[name][1] for name in names if name in computed]
    while waiting:
        node = waiting.pop()
        key = nodes[id(node)][0]
        if key not in found:
            found.add(key)
            waiting += node.args
            if node.op in ("value", "computed") and node.name in computed:
                waiting.append(computed[node.name][1])
    return found


class Reading:
    """One program over one batch. Nothing is computed before something asks for it."""

    def __init__(
        self,
        columns: Columns,
        tables: Tables,
        parameters: Parameters,
        on: int,
        codes: Codes,
        given: Given,
    ) -> None:
        self.columns, self.tables, self.parameters = columns, tables, parameters
        self.on, self.codes, self.given = whole(on), codes, given
        self._levels: dict[tuple[int, int, str, int], Level] = {}
        self.root = Level(tables.households, "", None, None)
        self.everyone = Lists(tables.people, Numbers(tables.people.rows))
        self.subject = self.inside(self.root, self.everyone, SUBJECT)
        self._named: dict[str, Column] = {}
        self._tables: dict[Any, Any] = {}
        self.reaches: dict[tuple[int, int], Any] = {}  # see `bounds`

    def inside(self, level: Level, lists: Lists, variable: str) -> Level:
        """The level of a body over lists; equal bodies over the same entries share one.

        Levels know the level around them and not those inside: a ring of references would keep the arrays of a batch
        until the collector comes by.
        """
        key = (id(level), id(lists.entries), variable, id(lists.item))
        found = self._levels.get(key)
        if found is None:
            found = self._levels[key] = Level(lists.entries, variable, lists.item, level)
        return found

    def named(self, name: str) -> Column:
        """A computed value: a row for each household, or for each person."""
        found = self._named.get(name)
        if found is None:
            if name in self.given.names:
                return self.given.named(name)
            of, node = self.columns.computed[name]
            found = self.value(node, self.subject if of == PERSON else self.root)
            if self.columns.nodes[id(node)][0] not in self.columns.passing:
                self._named[name] = found
        return found

    def forget(self) -> None:
        """Frees what no other part of the program reads: the memory is warm when the next part needs some."""
        for level in (self.root, *self._levels.values()):
            level.passing.clear()
        self.reaches.clear()

    def value(self, node: Node, level: Level) -> Column:
        """A node's value in every row of a level."""
        key, free = self.columns.nodes[id(node)]
        target = level
        while target.outer is not None and target.variable not in free:
            target = target.outer
        passing = key in self.columns.passing
        memo = target.passing if passing else target.kept
        column = memo.values.get(key)
        if column is None:
            column = memo.values[key] = _OPS[node.op](self, node, target)
        if target.frame is level.frame:
            return column
        memo = level.passing if passing else level.kept
        found = memo.spread.get(key)
        if found is None:
            found = memo.spread[key] = self._spread(column, target.frame, level.frame)
        return found

    @staticmethod
    def _spread(column: Column, above: Frame, below: Frame) -> Column:
        if isinstance(column, Lists):
            return spread(column, below.above(above), below)
        return take(column, below.above(above))

    # --- a value in the form that an operation needs ----------------------------------------------------

    def truths(self, node: Node, level: Level) -> Truths:
        found = self.value(node, level)
        return found if isinstance(found, Truths) else Truths(NEVER, NEVER)

    def numbers(self, node: Node, level: Level) -> Numbers:
        found = self.value(node, level)
        return found if isinstance(found, Numbers) else Numbers(ZERO, NEVER)

    def lists(self, node: Node, level: Level) -> Lists:
        found = self.value(node, level)
        if isinstance(found, Lists):
            return found
        empty = Frame(0, level.frame, np.zeros(level.frame.size + 1, np.int64))
        return Lists(empty, Numbers(empty.rows), None, None, np.zeros(level.frame.size, np.bool_))

    def ratios(self, node: Node, level: Level) -> Ratios:
        """Any number as numerator and denominator."""
        found = self.value(node, level)
        if isinstance(found, Ratios):
            return found
        if not isinstance(found, Numbers):
            return Ratios(ZERO, whole(1), NEVER)
        decimals = node.type.decimals if isinstance(node.type, Number) else 0
        return Ratios(found.value, whole(10**decimals), found.known)

    def bodies(self, node: Node, level: Level) -> tuple[Lists, Column]:
        """The list that a body runs over, and the body's value for each of its entries."""
        lists = self.lists(node.args[0], level)
        return lists, self.value(node.args[1], self.inside(level, lists, node.value))

    def set_of(self, level: Level) -> Array | None:
        """Which set of parameters each row of a level takes; None: all take the first."""
        which = self.parameters.which
        if which is None or level.frame is self.tables.households:
            return which
        key = ("which", id(level.frame))
        found: Array = self.remember(key, lambda: which.take(level.frame.above(self.tables.households)))
        return found

    def remember(self, key: Any, make: Callable[[], Any]) -> Any:
        """What is made once for a batch."""
        if key not in self._tables:
            self._tables[key] = make()
        return self._tables[key]

    def prepared(self, key: Any, make: Callable[[], Any]) -> Any:
        """What is made of the parameters once for all batches."""
        found = self.parameters.made.get(key)
        if found is None:
            found = self.parameters.made[key] = make()
        return found


Op = Callable[[Reading, Node, Level], Column]

_OPS: dict[str, Op] = {**names.OPS, **numbers.OPS, **truths.OPS, **lists.OPS}
