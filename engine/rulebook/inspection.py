"""Sets of rules that special inspections go by, in memory."""

from __future__ import annotations

from dataclasses import dataclass

from engine.rulebook.model import Dated, Label


@dataclass(frozen=True, slots=True)
class Inspection:
    """`of`: the households that are drawn from. `watch`, `proposals`, `looks`: what is looked for among them."""

    id: str
    dated: Dated
    title: Label
    of: str
    watch: tuple[str, ...]
    proposals: tuple[str, ...]
    looks: tuple[str, ...]
    cite: str
