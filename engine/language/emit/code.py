"""Pieces of generated Python: the text of a value, and the lines of a block under construction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from engine.language.tree import Node
from engine.language.types import List

OWN_INDEX = "i"  # of the person whose values a loop computes


@dataclass(frozen=True, slots=True)
class Code:
    """Python text of a value. It may be evaluated when none of the variables in `checks` is None.

    `den`: the denominator's text, for an exact quotient.
    """

    text: str
    checks: tuple[str, ...] = ()
    den: str = ""


@dataclass(slots=True, eq=False)
class Block:
    """Lines under construction. `variable`: the tree variable that the block's loop binds."""

    indent: int
    variable: str = ""
    python: str = ""  # how the variable is written in Python
    lines: list[str] = field(default_factory=list)
    memo: dict[int, Code] = field(default_factory=dict)

    def add(self, line: str) -> None:
        self.lines.append("    " * self.indent + line)


# adds the lines that follow a loop's body: the block, the body's code, the result variable
Step = Callable[[Block, Code, str], None]


OWN_ROWS = {"P": "p", "W": "w"}  # of the person whose values a loop computes


def row_of(rows: str, person: Code) -> str:
    """The inputs (`P`) or the values (`W`) of a person."""
    return OWN_ROWS[rows] if person.text == OWN_INDEX else f"{rows}[{person.text}]"


def undecided(node: Node) -> bool:
    return isinstance(node.type, List) and node.type.undecided


def undecided_count(node: Node) -> bool:
    """A count that may be a range, also with more decimals written to it."""
    count = node.args[0] if node.op == "scale" else node
    return count.op == "count" and undecided(count.args[0])


def all_checks(codes: Sequence[Code]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(check for code in codes for check in code.checks))


def any_none(checks: Sequence[str], *further: str) -> str:
    return " or ".join([*(f"{check} is None" for check in checks), *further]) or "False"
