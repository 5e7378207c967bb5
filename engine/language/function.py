"""What a function of the language is: how many arguments, their names, and who checks a call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.language.syntax import Syntax
from engine.language.tree import Node

if TYPE_CHECKING:
    from engine.language.check import Checker

Handler = Callable[["Checker", Syntax, tuple[Syntax, ...]], Node]


@dataclass(frozen=True, slots=True)
class Function:
    """`least`, `most`: how many arguments. `parameters`: the names that a call may use for positions."""

    least: int
    most: int
    parameters: tuple[str, ...]
    check: Handler
