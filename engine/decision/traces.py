"""Traces: every clause of a policy with its truth, what it reads and how far it is from its limit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from engine.decision.model import Trace
from engine.decision.shapes import ClauseShape
from engine.language.types import Number, to_plain

NONE = msgspec.UNSET
TraceBuilder = Callable[[Sequence[Any], str], Trace]  # of the values, and what stands before a person's names


class TraceText:
    """The text of one function per policy version that builds its trace: a walk costs three times as much.

    A clause of which only the truth can differ is one of three nodes, made once.
    """

    def __init__(self) -> None:
        self.names: dict[str, Any] = {
            "Trace": Trace,
            "NONE": NONE,
            "every": _every,
            "some": _some,
            **_MARGINS,
        }

    def builder(self, policy: str, eligible: int, parts: Sequence[str]) -> TraceBuilder:
        of = ", ".join(part for part in parts if part)
        source = f"def build(v, p):\n    return Trace({policy!r}, v[{eligible}], NONE, NONE, [{of}])\n"
        exec(compile(source, f"<trace of {policy}>", "exec"), self.names)  # noqa: S102 - our own generated text
        build: TraceBuilder = self.names["build"]
        return build

    def several(self, name: str, clauses: Sequence[ClauseShape], how: str) -> str:
        truths = ", ".join(f"v[{clause.truth}]" for clause in clauses)
        of = ", ".join(self.node(clause) for clause in clauses)
        return f"Trace({name!r}, {how}(({truths},)), NONE, NONE, [{of}])" if clauses else ""

    def node(self, clause: ClauseShape) -> str:
        truth = f"v[{clause.truth}]"
        if clause.members or clause.own or clause.margin >= 0:
            of = ", ".join(self.node(member) for member in clause.members)
            names = [*(repr(name) for name in clause.reads), *(f"p + {name!r}" for name in clause.own)]
            reads = f"({', '.join(names)},)" if names else "NONE"  # a constant, for the household's clauses
            margin = _margin_text(clause)
            return f"Trace({clause.id!r}, {truth}, {reads}, {margin}, {f'[{of}]' if of else 'NONE'})"
        three = f"node_{len(self.names)}"
        self.names[three] = {one: Trace(clause.id, one, clause.reads or NONE) for one in (True, False, None)}
        return f"{three}[{truth}]"


def _margin_text(clause: ClauseShape) -> str:
    value, of = f"v[{clause.margin}]", clause.margin_type
    if clause.margin < 0:
        return "NONE"
    if not isinstance(of, Number):
        return f"quotient_margin({value})"
    return f"margin_{of.decimals}({value})" if of.decimals else f"NONE if {value} is None else {value}"


def _every(truths: Sequence[bool | None]) -> bool | None:
    return False if False in truths else None if None in truths else True


def _some(truths: Sequence[bool | None]) -> bool | None:
    return True if True in truths else None if None in truths else False


def _quotient_margin(value: Any) -> Any:
    """A margin that is a quotient, rounded away from zero to 2 decimals, so that a distance never shows as none."""
    if value is None:
        return NONE
    num, den = value
    cents = -(-abs(num) * 100 // den)
    return to_plain(cents if num >= 0 else -cents, _CENTS)


def _margin(decimals: int) -> Callable[[Any], Any]:
    power, unit = 10**decimals, Decimal(1).scaleb(-decimals)

    def margin(value: Any) -> Any:
        if value is None:
            return NONE
        return value * unit if value % power else value // power

    return margin


_CENTS = Number(2)
_MARGINS = {"quotient_margin": _quotient_margin, **{f"margin_{n}": _margin(n) for n in range(1, 19)}}
