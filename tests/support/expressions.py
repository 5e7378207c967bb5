"""Random well-typed expressions: the text, and beside it what the text means in plain Python.

The text goes through the parser and the checker like an officer's; `run` is put together from Python closures
while the text is written, so the oracle shares no parser, no tree and no arithmetic with the engine.
"""

from __future__ import annotations

from tests.support.write_lists import Lists
from tests.support.write_lookups import Lookups
from tests.support.write_numbers import Arithmetic
from tests.support.write_truths import Truths
from tests.support.written import PEOPLE, Defined, Run, Written

__all__ = ["Defined", "Run", "Writer", "Written"]


class Writer(Arithmetic, Lookups, Lists, Truths):
    """Writes one expression, of the household or (`person`) of one person."""

    # --- what may be asked for --------------------------------------------------------------------------

    def write(self, wanted: str, depth: int) -> Written:
        """`wanted`: number:<unit>, plain:<unit> (no open quotient), bool, date, people, bills, kind, tier."""
        kind, _, unit = wanted.partition(":")
        if kind in ("number", "plain"):
            return self.number(unit, depth, plain=kind == "plain")
        if kind == "bool":
            return self.truth(depth)
        if kind == "date":
            return self.date(depth)
        if kind in (PEOPLE, "bills", "jobs"):
            return self.list_of(kind, depth)
        return self.choice(kind, depth)

    def anything(self, depth: int) -> tuple[str, Written]:
        units = (
            ("1", "yuan", "year", "month", "day")
            if self.person
            else ("1", "yuan", "yuan/person", "person", "year")
        )
        others = ("bool", "bool", "date", PEOPLE, "bills", "kind", "tier")
        wanted = self.random.choice(
            [*others, *(f"{kind}:{unit}" for kind in ("number", "plain") for unit in units)]
        )
        return wanted, self.write(wanted, depth)
