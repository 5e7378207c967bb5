"""What officers wrote: read, checked, fingerprinted; and which version is in force when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.rulebook.model import Rulebook

if TYPE_CHECKING:
    from engine.rulebook.load import load_rulebook

__all__ = ["Rulebook", "load_rulebook"]


def __getattr__(name: str) -> Any:
    """`load_rulebook` brings the parsers along, which a process that has a checked rulebook does not need."""
    if name == "load_rulebook":
        from engine.rulebook.load import load_rulebook

        return load_rulebook
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
