"""What each engine returns when a needed fact is missing: each fact is taken away in turn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.one_household.check import Decide
from benchmarks.one_household.households import without
from benchmarks.one_household.oracle import Answer, Document

FACTS = {
    "savings": "money",
    "consents_to_checks": "boolean",
    "moved_in": "date",
    "tenure": "enum",
    "disability": "enum of a person",
    "monthly_income": "money of a person",
}
"""The facts taken away, one of each kind."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a missing fact ended, counted in policies over all households; `wrong` is a part of `decided`."""

    refused: int
    left_open: int
    decided: int
    wrong: int

    def __str__(self) -> str:
        words = []
        if self.refused:
            words.append(f"{self.refused} lost to an error")
        if self.left_open:
            words.append(f"{self.left_open} left open")
        if self.decided:
            words.append(f"{self.decided} decided, {self.wrong} of them wrongly")
        return "; ".join(words)


def outcome(decide: Decide, fact: str, expected: Iterable[tuple[Document, dict[str, Answer]]]) -> Outcome:
    """Takes `fact` from every household. Wrong: decided, but not as with the fact known."""
    refused = left_open = decided = wrong = 0
    for household, right in expected:
        try:
            given = decide(without(household, fact))
        except Exception:  # the engines raise types of their own
            refused += len(right)
            continue
        for policy, answer in given.items():
            if answer.eligible is None:
                left_open += 1
                continue
            decided += 1
            known = right[policy]
            wrong += (answer.eligible, answer.amount) != (known.eligible, known.amount)
    return Outcome(refused, left_open, decided, wrong)
