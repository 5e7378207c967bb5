"""What would be due if everything were applied for and confirmed: per subject and in total, after conflicts.

While something is open the sum is a range; an amount that is not known leaves its upper end open. What waits for
the household's choice is in no sum.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.decision.conflicts import Resolution
from engine.decision.model import HOUSEHOLD, Amount, Due, Finding, Money, PolicyDecision, Sum, WouldBeDue
from engine.decision.situation import Situation


def would_be_due(at: Situation, policies: Mapping[str, PolicyDecision], conflicts: Resolution) -> WouldBeDue:
    sums: dict[str, dict[str, tuple[Money, Money | None]]] = {}
    uncounted = conflicts.dropped | conflicts.choice
    for name, decided in policies.items():
        for finding in decided.findings:
            amount = finding.amount
            if amount is None:
                continue
            side = (name, finding.subject)
            if side in uncounted:
                continue
            low, high = _range(finding, amount, conflicts.reduced.get(side, 0), side in conflicts.pending)
            for subject in (finding.subject, ""):
                periods = sums.setdefault(subject, {})
                least, most = periods.get(amount.period, (0, 0))
                periods[amount.period] = least + low, None if most is None or high is None else most + high
    subjects = [HOUSEHOLD, *(person.person_id for person in at.household.people)]
    return WouldBeDue(
        {subject: _due(sums[subject]) for subject in subjects if subject in sums}, _due(sums.get("", {}))
    )


def _range(finding: Finding, amount: Amount, reduced: Money, pending: bool) -> tuple[Money, Money | None]:
    certain = finding.outcome == "eligible" and not pending
    if amount.value is not None:
        rest = _rest(amount.value, reduced)
        return rest if certain else 0, rest
    low = _rest(amount.min or 0, reduced) if certain else 0
    return low, None if amount.max is None else _rest(amount.max, reduced)


def _rest(amount: Money, reduced: Money) -> Money:
    rest = amount - reduced if reduced else amount
    return rest if rest >= 0 else 0


def _due(sums: Mapping[str, tuple[Money, Money | None]]) -> Due:
    made = {period: Sum(low, high) for period, (low, high) in sums.items()}
    return Due(made.get("month", Sum(0, 0)), made.get("once", Sum(0, 0)), made.get("year"))
