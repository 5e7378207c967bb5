"""Findings: one policy's outcome for one subject, built from computed values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.decision.amounts import amount_of
from engine.decision.amounts import rests_on as amount_rests_on
from engine.decision.layout import ClauseShape, Shape
from engine.decision.model import HOUSEHOLD, STATUSES, Basis, Finding, MissingFact, NotConcerned
from engine.decision.plan import PolicyPlan
from engine.decision.situation import Situation
from engine.language import outcomes
from engine.language.dates import add_months, day_text, month_start
from engine.language.outcomes import CLOSED, DISCRETIONARY, ELIGIBLE, INELIGIBLE, NOT_CONCERNED, UNDETERMINED
from engine.language.unknowns import Missing
from engine.rulebook.in_force import ruled_in, ruling_area


class Findings:
    """The findings of one household at one moment.

    not_concerned  whom policies have nothing to say about, as far as they were asked
    """

    def __init__(self, situation: Situation) -> None:
        self.at = situation
        self.not_concerned: list[NotConcerned] = []
        self._dates_found: dict[tuple[str, int], tuple[str, str]] = {}
        key = ("warnings", situation.on, situation.plan.rules.key)
        self._rule_warnings: dict[tuple[str, bool], Sequence[str]]
        self._rule_warnings = situation.parameters.memo.setdefault(key, {})
        self._unknown_own, self._unknown_people = situation.unknown_inputs()
        self._unknown = bool(self._unknown_own or any(self._unknown_people))
        self._nothing_held = situation.household.statuses is None

    def of(self, shape: Shape) -> list[Finding]:
        """A policy's findings; none when it does not concern the household, or nobody in it."""
        at, place = self.at, shape.outcome
        if not shape.of_person:
            if at.own[place] != NOT_CONCERNED:
                return [self._finding(shape, at.own, HOUSEHOLD, -1, "")]
            self.not_concerned.append(NotConcerned(shape.plan.policy.id, HOUSEHOLD))
            return []
        found = []
        for i, (one, row) in enumerate(zip(at.household.people, at.rows, strict=True)):
            if row[place] == NOT_CONCERNED:
                self.not_concerned.append(NotConcerned(shape.plan.policy.id, one.person_id))
            else:
                found.append(self._finding(shape, row, one.person_id, i, f"people/{one.person_id}/"))
        return found

    def _finding(self, shape: Shape, values: Sequence[Any], subject: str, index: int, prefix: str) -> Finding:
        result = values[shape.outcome]
        failed, reasons = _reasons(shape, values, result)
        finding = Finding(
            subject,
            outcomes.NAMES[result],
            decided_despite=[],
            failed=failed,
            reasons=reasons,
            trace=shape.trace(values, prefix),
        )
        missing: Sequence[Missing] = ()
        may_pay = True
        if result == UNDETERMINED:
            still = self.at.open().look(shape.plan.policy.id, index)
            missing, may_pay = still.missing, still.may_pay
            if still.whatever is not None:
                finding.whatever = outcomes.NAMES[still.whatever]
        elif self._unknown or (self._nothing_held and shape.reads_statuses):
            finding.decided_despite = self._despite(shape, index)
        if result in _PAYING:
            finding.pays_from, finding.review_due = self._dates(shape, values)
            if shape.pays:
                finding.amount, more = amount_of(self.at, shape.plan, index, result)
                if may_pay:
                    missing = (*missing, *more)
        if missing:
            finding.missing = self._missing(missing)
        if result == ELIGIBLE and shape.rests_on_statuses:
            rests = self.at.rests_on(shape.plan, index) | amount_rests_on(self.at, shape.plan, index)
            finding.depends_on = [Basis(name, "computed") for name in sorted(rests)]
        finding.warnings = self._warnings(shape, index, finding.amount is not None)
        return finding

    def _missing(self, lacking: Sequence[Missing]) -> list[MissingFact]:
        """What is missing for the outcome, then for the amount, each once."""
        people = self.at.household.people
        found: dict[tuple[str, str, int], MissingFact] = {}
        for one in lacking:
            key = (one.kind, one.name, one.person)
            if one.kind == "parameter":
                found.setdefault(key, MissingFact(parameter=one.name, path=one.path))
            elif one.name.endswith(".held"):  # the document says nothing about statuses
                found.setdefault(
                    ("fact", STATUSES, -1), MissingFact(STATUSES, subject=HOUSEHOLD, path=one.path)
                )
            else:
                named = {"definition" if one.kind == "value" else one.kind: one.name}
                subject = HOUSEHOLD if one.person < 0 else people[one.person].person_id
                found.setdefault(key, MissingFact(subject=subject, path=one.path, **named))
        return list(found.values())

    def _despite(self, shape: Shape, index: int) -> list[str]:
        """Unknown facts that could have mattered to this policy and did not."""
        found = sorted(self._unknown_own & shape.own_inputs) if self._unknown_own else []
        if shape.reads_statuses and self._nothing_held:
            found.append(STATUSES)
        for i in range(len(self._unknown_people)) if index < 0 else (index,):
            names = self._unknown_people[i] & shape.person_inputs
            if names:
                prefix = f"people/{self.at.household.people[i].person_id}/"
                found += [prefix + name for name in sorted(names)]
        return found

    def _dates(self, shape: Shape, values: Sequence[Any]) -> tuple[str, str]:
        """First day of payment and the day of the next review.

        A class that is reviewed earlier counts when it holds, and when nobody knows whether it does.
        """
        version, areas, area = shape.plan.version, self.at.book.areas, self.at.household.area
        pays, review = (ruled_in(rule, areas, area) for rule in (version.pays, version.review))
        start, months = pays.get("from", ""), review.get("months", 0)
        if shape.sooner:
            ruling = ruling_area(version.review, areas, area)
            classes = (
                n for whose, place, n in shape.sooner if whose == ruling and values[place] is not False
            )
            months = min((int(months), *classes))
        found = self._dates_found.get((start, months))
        if found is None:
            on = self.at.on
            due = add_months(on, int(months)) if months else None
            found = self._dates_found[start, months] = (self._first_day(start), day_text(due) if due else "")
        return found

    def _first_day(self, start: str) -> str:
        on, applied = self.at.on, self.at.household.application_date
        if start == "month_after_decision":
            return day_text(add_months(month_start(on), 1) or on)
        if start == "month_of_decision":
            return day_text(month_start(on))
        if start == "month_of_application" and applied is not None:
            return day_text(month_start(applied))
        return day_text(on) if start == "at_once" else ""

    def _warnings(self, shape: Shape, index: int, paying: bool) -> Sequence[str]:
        at = self.at
        key = (shape.plan.policy.id, paying)
        of_rules = self._rule_warnings.get(key)
        if of_rules is None:
            of_rules = self._rule_warnings[key] = _rule_warnings(at, shape.plan, paying)
        if not at.inputs.warnings:
            return of_rules
        warnings = set(of_rules)
        prefix = "" if index < 0 else f"people/{at.household.people[index].person_id}/"
        for ref, warning in at.inputs.warnings.items():
            name = ref.rpartition("/")[2]
            mine = ref == name or index < 0 or ref.startswith(prefix)
            if mine and name in (shape.own_inputs if ref == name else shape.person_inputs):
                warnings.add(warning)
        return sorted(warnings)


def _rule_warnings(at: Situation, policy: PolicyPlan, paying: bool) -> Sequence[str]:
    """Warnings that rest on the rules and parameters of the day, the same for every household.

    `paying`: the finding has an amount, so what the amount is made from is warned about too.
    """
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


_PAYING = frozenset({ELIGIBLE, DISCRETIONARY, UNDETERMINED})


def _reasons(shape: Shape, values: Sequence[Any], result: int) -> tuple[Sequence[str], Sequence[str]]:
    """Clauses that failed, and clauses that settle the outcome (or leave it open)."""
    condition = shape.condition
    failed: Sequence[str] = ()
    if values[condition.truth] is False:
        failed = [name for name, place in shape.every if values[place] is False]
        failed = failed or named([condition], values, False)
    if result == INELIGIBLE:
        return failed, failed
    if result == CLOSED:
        return failed, named(shape.closed, values, True)
    if result == UNDETERMINED:
        every = (*shape.concerns, *shape.closed, condition, *shape.discretion)
        return failed, named(every, values, None)
    if result == DISCRETIONARY:
        return failed, named(shape.discretion, values, True) or named([condition], values, True)
    return failed, shape.every_id or named([condition], values, True)


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
