"""What the sentence reading asks for: the names of things in one language."""

from __future__ import annotations

from typing import Protocol

from engine.language.tree import Node
from engine.language.types import Type, Unit


class Labels(Protocol):
    """What names are called in one language. An unknown name is called by itself."""

    def name(self, name: str) -> str:
        """A fact, definition, intermediate value, parameter or area level of the household."""

    def field(self, record: str, name: str) -> str:
        """A fact, definition or intermediate value of a person, or a field of a list's entries."""

    def choice(self, of: Type, value: str) -> str:
        """One value of a choice, or a text."""

    def policy(self, name: str) -> str: ...

    def is_level(self, name: str) -> bool:
        """Is this the name of an area level?"""

    def keys(self, parameter: str) -> tuple[str, ...]:
        """The facts by which a table is read when nothing else is said."""

    def quantity(self, number: str, unit: Unit) -> str:
        """A written number with its unit; the number alone where the unit says nothing."""

    def decimals(self, unit: Unit) -> int | None:
        """How many decimals a fraction in this unit shows; None: all it has."""

    def figure(self, node: Node) -> str:
        """What a name or a count is worth, to be written after it; "" to leave it out."""


class PlainLabels:
    """Everything is called as the expression calls it."""

    def name(self, name: str) -> str:
        return name

    def field(self, record: str, name: str) -> str:
        return name

    def choice(self, of: Type, value: str) -> str:
        return value

    def policy(self, name: str) -> str:
        return name

    def is_level(self, name: str) -> bool:
        return False

    def keys(self, parameter: str) -> tuple[str, ...]:
        return ()

    def quantity(self, number: str, unit: Unit) -> str:
        return number

    def decimals(self, unit: Unit) -> int | None:
        return None

    def figure(self, node: Node) -> str:
        return ""
