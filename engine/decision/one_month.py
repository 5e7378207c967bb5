"""One month of a household: what is held, what the rules give for it, what was paid, and what became known since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from engine.decision.conflicts import Resolution, Side, resolve
from engine.decision.decide import decide_situation, situate
from engine.decision.document import Household
from engine.decision.model import (
    HOUSEHOLD,
    ConflictFound,
    Decision,
    Finding,
    Money,
    PolicyDecision,
    Sum,
)
from engine.decision.month_lines import Changed, KnownThen, LastKnown, MonthLine, NotByMonth
from engine.decision.situation import Situation
from engine.decision.watching import covers_month
from engine.language.dates import add_months, day_text, from_date, to_date
from engine.language.types import Number, to_plain
from engine.rulebook.in_force import ParametersOn, parameters_on, serving_area
from engine.rulebook.model import Rulebook


class Month:
    """A household in one month: what is held, what the rules give for it, what was paid."""

    def __init__(self, book: Rulebook, household: Household, month: int, known: int) -> None:
        self.book, self.household, self.month, self.known = book, household, month, known
        self.money = Number(book.currency["decimals"])
        self.held = held_in(household, month, known)
        self.conflicts: Sequence[ConflictFound] = ()
        self.paid: dict[Side, int] = {}
        self.paid_on: dict[Side, int] = {}
        for payment in household.payments or ():
            if payment.month == month and payment.recorded <= known:
                side = (payment.policy, payment.person or HOUSEHOLD)
                self.paid[side] = self.paid.get(side, 0) + payment.amount
                self.paid_on[side] = max(self.paid_on.get(side, 0), payment.paid)

    def told(self) -> tuple[list[MonthLine], list[NotByMonth]]:
        sides = sorted(self.held | set(self.paid))
        if not sides:
            return [], []
        now = Answers(self.book, self.household, self.month, self.known, self.held)
        self.conflicts = now.conflicts.found
        lines, others = [], []
        for side in sides:
            period = now.period(side[0])
            if period in ("month", None):
                lines.append(self._line(side, now))
            elif side in self.paid:
                others.append(NotByMonth(*side, iso_month(self.month), self._plain(self.paid[side])))
        return [line for line in lines if line is not None], others

    def _line(self, side: Side, now: Answers) -> MonthLine | None:
        held, due = side in self.held, now.due(side)
        if due is None:  # a status that brings no money
            if side not in self.paid:
                return None
            due = Sum(0, 0)
        paid = self._plain(self.paid.get(side, 0)) if self.household.payments is not None else None
        difference = (
            None if paid is None else Sum(due.min - paid, None if due.max is None else due.max - paid)
        )
        finding, verdict = now.finding(side), _verdict(difference)
        line = MonthLine(
            iso_month(self.month),
            *side,
            now.decision.policies[side[0]].version if side[0] in now.decision.policies else None,
            held,
            now.outcome(side),
            due,
            paid,
            difference,
            verdict,
            finding.failed if finding else (),
            finding.missing if finding else (),
        )
        if verdict in ("arrears", "overpaid", "open"):
            line.then = self._then(side, now)
        if any(one.parameter for one in line.missing):
            line.last_known = self._last_known(side)
        return line

    def _then(self, side: Side, now: Answers) -> KnownThen | None:
        """The month as known when it was paid (or at its end, when no day of payment is said)."""
        day = self.paid_on.get(side) or last_day(self.month)
        if day >= self.known:
            return None
        held = held_in(self.household, self.month, day)
        then = Answers(self.book, self.household, self.month, day, held)
        return KnownThen(
            day_text(day),
            then.outcome(side),
            then.due(side) or Sum(0, 0),
            _changed(then, now, side),
        )

    def _last_known(self, side: Side) -> LastKnown | None:
        """The month decided again with the last known values in the place of declared gaps."""
        parameters, taken = _without_gaps(self.book, self.household.area, self.month, self.known)
        if not taken:
            return None
        filled = Answers(self.book, self.household, self.month, self.known, self.held, parameters)
        return LastKnown(taken, filled.outcome(side), filled.due(side) or Sum(0, 0))

    def _plain(self, amount: int) -> Money:
        value: Money = to_plain(amount, self.money)
        return value


class Answers:
    """The decision on a month's first day, and what of it is due to those who hold a status.

    `asked`: the policies that matter, all when it is empty.
    """

    def __init__(
        self,
        book: Rulebook,
        household: Household,
        month: int,
        known: int,
        held: set[Side],
        parameters: ParametersOn | None = None,
        asked: tuple[str, ...] = (),
    ) -> None:
        self.at: Situation = situate(book, household, month, known, parameters)
        self.decision: Decision = decide_situation(self.at, asked, advice=False)
        self.findings: dict[Side, Finding] = {
            (name, one.subject): one
            for name, decided in self.decision.policies.items()
            for one in decided.findings
        }
        self.held = held
        self.conflicts: Resolution = resolve(self.at, self._held_only())

    def _held_only(self) -> Mapping[str, PolicyDecision]:
        """What is not held takes nothing away from what is."""
        kept = {}
        for name, decided in self.decision.policies.items():
            findings = [one for one in decided.findings if (name, one.subject) in self.held]
            if findings:
                kept[name] = PolicyDecision(decided.version, findings)
        return kept

    def period(self, policy: str) -> str | None:
        """How a policy pays in this month; None when it pays nothing or is not in force."""
        version = self.at.plan.rules.policies.get(policy)
        return None if version is None or version.amount is None else version.amount.period

    def finding(self, side: Side) -> Finding | None:
        return self.findings.get(side)

    def outcome(self, side: Side) -> str:
        finding = self.findings.get(side)
        if finding is not None:
            return finding.outcome
        return "not-concerned" if side[0] in self.at.plan.rules.policies else "not-in-force"

    def due(self, side: Side) -> Sum | None:
        """None when the policy brings no money."""
        policy, outcome = side[0], self.outcome(side)
        if policy not in self.at.plan.rules.policies:
            return Sum(0, None)  # no version of that month is loaded, so nothing is known
        if self.period(policy) is None:
            return None
        finding = self.findings.get(side)
        if side not in self.held or finding is None or outcome in ("ineligible", "closed"):
            return Sum(0, 0)
        if side in self.conflicts.dropped:
            return Sum(0, 0)
        amount = finding.amount
        if amount is None:
            return Sum(0, None)
        reduced = self.conflicts.reduced.get(side, 0)
        low, high = (amount.value, amount.value) if amount.value is not None else (amount.min, amount.max)
        unsure = outcome == "undetermined" or side in self.conflicts.choice | self.conflicts.pending
        least = 0 if unsure or low is None else max(low - reduced, 0)
        return Sum(least, None if high is None else max(high - reduced, 0))


def _verdict(difference: Sum | None) -> str:
    if difference is None:
        return "not-compared"
    low, high = difference.min, difference.max
    if low > 0:
        return "arrears"
    if high is not None and high < 0:
        return "overpaid"
    return "as-due" if low == high == 0 else "open"


def held_in(household: Household, month: int, known: int) -> set[Side]:
    """What is held in a month (its first day, yyyymmdd), as known on a day."""
    return {
        (one.policy, one.person or HOUSEHOLD)
        for one in household.statuses or ()
        if covers_month(one, month) and one.recorded <= known
    }


def _changed(then: Answers, now: Answers, side: Side) -> Changed:
    """What the policy may read and that became known, or changed, since."""
    plans = [one.at.plan.policies[side[0]] for one in (then, now) if side[0] in one.at.plan.policies]
    read = {name for plan in plans for _, name in plan.inputs | plan.amount_inputs}
    old, new = then.decision, now.decision
    turned = {ref.rpartition("/")[2] for ref in _different(old.definitions, new.definitions)}
    return Changed(
        [ref for ref in _different(old.facts, new.facts) if ref.rpartition("/")[2] in read],
        [name for name in _different(old.parameters, new.parameters) if name in read],
        [name for name in _different(old.versions, new.versions) if name == side[0] or name in turned],
        [side[0]] if (side in then.held) != (side in now.held) else [],
    )


def _different(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    return [name for name in now if now[name] != then.get(name)] + [name for name in then if name not in now]


def _without_gaps(book: Rulebook, area: str, month: int, known: int) -> tuple[ParametersOn, dict[str, str]]:
    """The month's parameters, where a declared gap takes the last value before it; and which did."""
    here, taken = parameters_on(book, area, month, known), {}
    values = list(here.values)
    for place, (name, parameter) in enumerate(book.parameters.items()):
        if values[place] is not None:
            continue
        series = parameter.series.get(serving_area(parameter, book.areas, area), ())
        earlier = [
            row for row in series if row.value is not None and row.published <= known and row.until < month
        ]
        last = max(earlier, key=lambda row: (row.until, row.published), default=None)
        if last is not None:
            values[place], taken[name] = last.value, day_text(last.start)
    return ParametersOn(tuple(values), here.rows), taken


def last_day(month: int) -> int:
    """The last day (yyyymmdd) of the month that begins on this one."""
    after = add_months(month, 1)
    return month if after is None else from_date(to_date(after) - timedelta(days=1))


def iso_month(day: int) -> str:
    """yyyy-mm"""
    return day_text(day)[:7]
