"""How well a night's alerts find the faults that were planted in the sample county: precision and recall of each kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from county.faults import FAULTS, WATCH

WHOLE = "household"
Whose = tuple[str, str]  # a household and a person, or `WHOLE`


@dataclass(frozen=True, slots=True)
class Alerted:
    """An alert of the record. `certain` False: it is only possible."""

    rule: str
    household_id: str
    subject: str
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Score:
    """Of one kind of fault. `missed`: planted, and no certain alert. `wrong`: alerts that speak of no fault of this kind."""

    kind: str
    planted: int
    alerts: int
    missed: tuple[Whose, ...]
    wrong: tuple[Whose, ...]

    @property
    def recall(self) -> float | None:
        return 1 - len(self.missed) / self.planted if self.planted else None

    @property
    def precision(self) -> float | None:
        return 1 - len(self.wrong) / self.alerts if self.alerts else None


@dataclass(frozen=True, slots=True)
class Scored:
    """`strangers`: alerts of households in which nothing was planted. `unknown`: of rules that look for no kind of fault."""

    scores: tuple[Score, ...]
    strangers: tuple[Alerted, ...]
    unknown: tuple[Alerted, ...]


def score(key: Iterable[Mapping[str, Any]], alerts: Sequence[Alerted]) -> Scored:
    """`key`: rows of the answer key, of which those for watch rules count."""
    planted: dict[str, set[Whose]] = {kind: set() for kind in FAULTS}
    for row in key:
        if row["command"] == WATCH:
            planted[row["kind"]].add((row["household_id"], row["person_id"] or WHOLE))
            if row["other_household_id"]:
                planted[row["kind"]].add((row["other_household_id"], row["other_person_id"] or WHOLE))
    touched = {household for some in planted.values() for household, _ in some}
    known = frozenset().union(*(fault.rules for fault in FAULTS.values()))
    return Scored(
        tuple(_score(kind, planted[kind], alerts) for kind in FAULTS),
        tuple(one for one in alerts if one.household_id not in touched),
        tuple(one for one in alerts if one.rule not in known),
    )


def _score(kind: str, planted: set[Whose], alerts: Sequence[Alerted]) -> Score:
    mine = [one for one in alerts if one.rule in FAULTS[kind].rules]
    certain = {(one.household_id, one.subject) for one in mine if one.certain}
    missed = {one for one in planted if not any(_same(one, other) for other in certain)}
    told = {(one.household_id, one.subject) for one in mine}
    wrong = {one for one in told if not any(_same(one, other) for other in planted)}
    return Score(kind, len(planted), len(told), tuple(sorted(missed)), tuple(sorted(wrong)))


def _same(one: Whose, other: Whose) -> bool:
    """Of one household, and of one person where both name one."""
    return one[0] == other[0] and (WHOLE in (one[1], other[1]) or one[1] == other[1])
