"""Which clauses failed, and which settle an outcome or leave it open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.decision.shapes import MOST_KEPT, ClauseShape, taker
from engine.language.outcomes import CLOSED, DISCRETIONARY, INELIGIBLE, UNDETERMINED

Told = tuple[Sequence[str], Sequence[str]]  # ids of the clauses that failed, and of those that settle it


class Reasons:
    """Of one policy version. They hang on the truths of its clauses alone, so they are found once for each set.

    What is told is shared by many findings: it is read, and never changed.
    """

    def __init__(
        self,
        outcome: int,
        concerns: Sequence[ClauseShape],
        closed: Sequence[ClauseShape],
        condition: ClauseShape,
        discretion: Sequence[ClauseShape],
        every: Sequence[ClauseShape],
    ) -> None:
        """`outcome`: its place among the values. `every`: the clauses of a plain list that must all hold."""
        self.concerns, self.closed, self.discretion = concerns, closed, discretion
        self.condition, self.every = condition, every
        self.every_id = tuple(clause.id for clause in every)
        all_of_them = (*concerns, *closed, condition, *discretion)
        truths = dict.fromkeys(place for clause in all_of_them for place in clause.places())
        self._truths = taker([outcome, *truths])
        self._kept: dict[Any, Told] = {}

    def of(self, values: Sequence[Any], result: int) -> Told:
        key = self._truths(values)
        told = self._kept.get(key)
        if told is None:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            told = self._kept[key] = self._found(values, result)
        return told

    def _found(self, values: Sequence[Any], result: int) -> Told:
        condition = self.condition
        failed: Sequence[str] = ()
        if values[condition.truth] is False:
            failed = [clause.id for clause in self.every if values[clause.truth] is False]
            failed = failed or named([condition], values, False)
        if result == INELIGIBLE:
            return failed, failed
        if result == CLOSED:
            return failed, named(self.closed, values, True)
        if result == UNDETERMINED:
            every = (*self.concerns, *self.closed, condition, *self.discretion)
            return failed, named(every, values, None)
        if result == DISCRETIONARY:
            return failed, named(self.discretion, values, True) or named([condition], values, True)
        return failed, self.every_id or named([condition], values, True)


def named(clauses: Sequence[ClauseShape], values: Sequence[Any], truth: bool | None) -> list[str]:
    """Ids of the clauses with this truth; of a group, those inside it."""
    found: list[str] = []
    for clause in clauses:
        if values[clause.truth] is truth:
            if clause.is_group:
                found += named(clause.members, values, truth)
            else:
                found.append(clause.id)
    return found
