"""The typed tree: plain data with several readings (evaluate, column, sentence).

`op` says what a node is; the list below is complete. `Keys` numbers nodes that compute the same
thing, so that the same expression in two files is computed once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from engine.language.types import Type

OPS = frozenset(
    {
        # leaves
        "const",  # value
        "fact",  # a fact or list of the household: name
        "value",  # a computed value of the household (definition, policy result): name
        "parameter",  # name; arguments are the table keys
        "on",  # the legal date
        "people",  # everyone in the document
        "variable",  # the person or item that a body runs over: name
        # parts of a record
        "field",  # (record) fact or list of a person or item: name
        "computed",  # (person) a computed value of a person: name
        # numbers
        "add", "subtract", "multiply", "divide", "negate", "scale", "modulo", "absolute",
        "round",  # name: the mode; value: digits
        "least", "greatest",  # of several numbers or dates
        "size_table",  # (n) name: the parameter
        "marginal",  # (x) name: the parameter
        # truth
        "equal", "unequal", "less", "at_most", "more", "at_least",
        "and", "or", "not", "if",
        "between", "in",  # (x, tests…): tests are truths over x
        # lists
        "list", "filter", "map", "some", "every", "index", "count", "sum", "min", "max", "all", "any",
        "contains", "with_greatest", "with_least", "all_but",
        # dates
        "date_part", "duration_part", "months_between", "years_between",
        "days_between", "seconds_between", "add_months", "add_seconds", "month_start",
        # policies
        "outcome",  # (concerns, closed, eligible, discretion)
        "is_eligible",  # (outcome)
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Node:
    """One typed node. `start`, `end` are offsets in the expression it was written in."""

    op: str
    args: tuple[Node, ...]
    type: Type
    name: str = ""
    value: Any = None
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)

    def __reduce__(self) -> tuple[Any, ...]:
        """Rulebooks are kept by their thousands of nodes: made again from the fields, five times as fast."""
        return Node, (self.op, self.args, self.type, self.name, self.value, self.start, self.end)


class Keys:
    """Numbers that are equal for nodes which compute the same thing, wherever they stand.

    Positions and ranges play no part; the number of decimals does where it changes the integer inside.
    """

    def __init__(self) -> None:
        self._numbers: dict[tuple[Any, ...], int] = {}
        self._seen: dict[int, tuple[Node, int]] = {}

    def of(self, node: Node) -> int:
        seen = self._seen.get(id(node))
        if seen is not None:
            return seen[1]
        decimals = getattr(node.type, "decimals", None) if node.op in _SCALED else None
        literal = (type(node.value).__name__, node.value)
        key = (node.op, node.name, literal, decimals, *(self.of(arg) for arg in node.args))
        number = self._numbers.setdefault(key, len(self._numbers))
        self._seen[id(node)] = (node, number)  # keeps the node alive, so its id stays its own
        return number


_SCALED = frozenset({"const", "scale", "round", "list"})


def walk(node: Node) -> Iterator[Node]:
    """The node and everything under it."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(current.args)


def free_variables(node: Node) -> frozenset[str]:
    """Names of the variables that the node reads and does not bind itself."""
    if node.op == "variable":
        return frozenset({node.name})
    free = frozenset[str]().union(*(free_variables(arg) for arg in node.args))
    return free - {node.value} if node.op in BINDERS else free


# the body is the last argument; `value` is the variable it binds
BINDERS = frozenset({"filter", "map", "some", "every", "with_greatest", "with_least"})
