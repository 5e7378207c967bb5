"""What the rules say of a policy on a day, the same for every household of an area: dates and warnings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.decision.layout import Shape
from engine.decision.situation import Situation
from engine.language.dates import add_months, day_text, month_start
from engine.rulebook.in_force import ruled_in, ruling_area


class Terms:
    """Of one policy version. `warnings`: what a finding is told without an amount, and with one."""

    def __init__(self, at: Situation, shape: Shape) -> None:
        version, areas, area = shape.plan.version, at.book.areas, at.household.area
        pays, review = (ruled_in(rule, areas, area) for rule in (version.pays, version.review))
        ruling = ruling_area(version.review, areas, area)
        self.warnings = _rule_warnings(at, shape, False), _rule_warnings(at, shape, True)
        self._on = at.on
        self._start: str = pays.get("from", "")
        self._months = int(review.get("months", 0))
        self._sooner = tuple((place, months) for whose, place, months in shape.sooner if whose == ruling)
        self._dates: dict[tuple[int, int | None], tuple[str, str]] = {}
        of_all = not self._sooner and self._start != "month_of_application"
        self._always = self._found(self._months, None) if of_all else None  # for every household

    def dates(self, values: Sequence[Any], applied: int | None) -> tuple[str, str]:
        """First day of payment and the day of the next review, "" where none is said.

        A class that is reviewed earlier counts when it holds, and when nobody knows whether it does.
        `applied`: the day of the application.
        """
        if self._always is not None:
            return self._always
        months = min((self._months, *(n for place, n in self._sooner if values[place] is not False)))
        return self._found(months, applied if self._start == "month_of_application" else None)

    def _found(self, months: int, applied: int | None) -> tuple[str, str]:
        found = self._dates.get((months, applied))
        if found is None:
            due = add_months(self._on, months) if months else None
            found = self._first_day(applied), day_text(due) if due else ""
            if applied is None:  # as many as there are days of application would be too many to keep
                self._dates[months, applied] = found
        return found

    def _first_day(self, applied: int | None) -> str:
        on = self._on
        if self._start == "month_after_decision":
            return day_text(add_months(month_start(on), 1) or on)
        if self._start == "month_of_decision":
            return day_text(month_start(on))
        if self._start == "month_of_application" and applied is not None:
            return day_text(month_start(applied))
        return day_text(on) if self._start == "at_once" else ""


def _rule_warnings(at: Situation, shape: Shape, paying: bool) -> Sequence[str]:
    """Warnings that rest on the rules and parameters of the day.

    `paying`: the finding has an amount, so what the amount is made from is warned about too.
    """
    policy = shape.plan
    warnings: set[str] = set()
    for whose, name in policy.inputs | policy.amount_inputs if paying else policy.inputs:
        if whose != "parameter":
            continue
        row = at.parameters.rows[name]
        if row is None or row.value is None:
            warnings.add("parameter-gap")
        else:
            if row.assumed:
                warnings.add("assumed")
            if "local-text-needed" in row.cite:
                warnings.add("local-text-needed")
    if any("local-text-needed" in clause.cite for clause in policy.version.all_clauses()):
        warnings.add("local-text-needed")
    if at.on > policy.version.verified_until:
        warnings.add("not-verified-since")
    return tuple(sorted(warnings))
