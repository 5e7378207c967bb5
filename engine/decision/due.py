"""What would be due if everything were applied for and confirmed: per subject and in total, after conflicts.

While something is open the sum is a range; an amount that is not known leaves its upper end open. What waits for
the household's choice is in no sum.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.decision.conflicts import Resolution
from engine.decision.model import HOUSEHOLD, Due, Finding, Money, PolicyDecision, Sum, WouldBeDue
from engine.decision.situation import Situation


def would_be_due(at: Situation, policies: Mapping[str, PolicyDecision], conflicts: Resolution) -> WouldBeDue:
    sums: dict[str, dict[str, tuple[Money, Money | None]]] = {}
    for name, decided in policies.items():
        for finding in decided.findings:
            side = (name, finding.subject)
            if finding.amount is None or side in conflicts.dropped or side in conflicts.choice:
                continue
            low, high = _range(finding, conflicts.reduced.get(side, 0), side in conflicts.pending)
            period = finding.amount.period
            for subject in (finding.subject, ""):
                periods = sums.setdefault(subject, {})
                least, most = periods.get(period, (0, 0))
                periods[period] = least + low, None if most is None or high is None else most + high
    subjects = [HOUSEHOLD, *(person.person_id for person in at.household.people)]
    return WouldBeDue(
        {subject: _due(sums[subject]) for subject in subjects if subject in sums}, _due(sums.get("", {}))
    )


def _range(finding: Finding, reduced: Money, pending: bool) -> tuple[Money, Money | None]:
    amount = finding.amount
    assert amount is not None
    low, high = (amount.value, amount.value) if amount.value is not None else (amount.min, amount.max)
    certain = finding.outcome == "eligible" and not pending
    return (max((low or 0) - reduced, 0) if certain else 0), None if high is None else max(high - reduced, 0)


def _due(sums: Mapping[str, tuple[Money, Money | None]]) -> Due:
    made = {period: Sum(low, high) for period, (low, high) in sums.items()}
    return Due(made.get("month", Sum(0, 0)), made.get("once", Sum(0, 0)), made.get("year"))
