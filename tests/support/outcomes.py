"""A decision in short: the outcome and the amount of every finding, to compare decisions with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.decision.decide import decide
from engine.decision.model import Amount, Decision
from engine.rulebook import Rulebook

Key = tuple[str, str]  # policy, subject


@dataclass(frozen=True, slots=True)
class Short:
    """`amount`: the settled value, None while open or without one. `reach`: least and greatest, when said.

    `whatever`: the outcome that an open finding is said to have in any case.
    """

    outcome: str
    amount: int | Decimal | None = None
    reach: tuple[int | Decimal, int | Decimal] | None = None
    whatever: str = ""

    @property
    def settled(self) -> bool:
        return self.outcome != "undetermined"


def short(decision: Decision) -> dict[Key, Short]:
    found = {(one.policy, one.subject): Short("not-concerned") for one in decision.not_concerned}
    for policy, decided in decision.policies.items():
        for finding in decided.findings:
            found[policy, finding.subject] = Short(
                finding.outcome, *_amount(finding.amount), finding.whatever
            )
    return found


def _amount(amount: Amount | None) -> tuple[Any, Any]:
    if amount is None:
        return None, None
    reach = None if amount.min is None or amount.max is None else (amount.min, amount.max)
    return amount.value, reach


def decided(book: Rulebook, document: Mapping[str, Any], on: int, *policies: str) -> dict[Key, Short]:
    return short(decide(book, document, on=on, policies=policies, advice=False))


def assert_kept(before: Mapping[Key, Short], after: Mapping[Key, Short]) -> None:
    """What was settled before more became known is the same after."""
    for key, was in before.items():
        became = after[key]
        if was.settled:
            assert became.outcome == was.outcome, (key, was, became)
        if was.whatever:
            assert was.whatever in (became.outcome, became.whatever), (key, was, became)
        pays = became.outcome in ("eligible", "discretionary")
        if was.amount is not None and pays:
            assert became.amount == was.amount, (key, was, became)
        if was.reach is not None and became.amount is not None:
            assert was.reach[0] <= became.amount <= was.reach[1], (key, was, became)
        if was.reach is not None and became.reach is not None:
            assert was.reach[0] <= became.reach[0] <= became.reach[1] <= was.reach[1], (key, was, became)
