"""One household's facts against every policy in force: the decision.

document -> inputs on the legal date -> computed values -> findings -> conflicts -> sums, score, questions
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from engine.decision.advice import questions_for, would_change
from engine.decision.amounts import amount_of
from engine.decision.amounts import rests_on as amount_rests_on
from engine.decision.conflicts import resolve
from engine.decision.document import Household, Inputs, held, inputs_on, read_household
from engine.decision.due import would_be_due
from engine.decision.findings import Shape, layout_of, named
from engine.decision.model import (
    ENGINE,
    HOUSEHOLD,
    STATUSES,
    Basis,
    Decision,
    FactValue,
    Finding,
    MissingFact,
    NotConcerned,
    ParameterValue,
    PolicyDecision,
    Score,
    ScoredTerm,
)
from engine.decision.plan import plan_for
from engine.decision.situation import Situation
from engine.language import outcomes
from engine.language.dates import add_months, from_date, month_start
from engine.language.scope import PERSON
from engine.language.types import Number, to_plain
from engine.language.unknowns import Missing
from engine.rulebook.in_force import ParametersOn, in_force, parameters_on, ruled_in, serving_area
from engine.rulebook.model import PolicyVersion, Rulebook

_POINTS = Number(2)


def decide(
    book: Rulebook,
    document: Any,
    *,
    on: date | int,
    known: date | int | None = None,
    policies: Sequence[str] = (),
    advice: bool = True,
) -> Decision:
    """The decision for a household document (plain data) on a legal date, as known on a day (default: `on`).

    `policies` limits the findings shown. `advice` False leaves out `questions` and `would_change`.
    Raises `BadDocument` when the document is wrong, KeyError for an unknown policy.
    """
    household = read_household(book, document)
    day = on if isinstance(on, int) else from_date(on)
    known_day = day if known is None else known if isinstance(known, int) else from_date(known)
    for policy in policies:
        if policy not in book.policies:
            raise KeyError(policy)
    return decide_household(book, household, day, known_day, tuple(policies), advice)


def decide_household(
    book: Rulebook, household: Household, on: int, known: int, policies: tuple[str, ...], advice: bool = True
) -> Decision:
    return decide_situation(situate(book, household, on, known), policies, advice)


def decide_situation(situation: Situation, policies: tuple[str, ...] = (), advice: bool = True) -> Decision:
    return _Decider(situation, policies).decision(advice)


def situate(
    book: Rulebook, household: Household, on: int, known: int, parameters: ParametersOn | None = None
) -> Situation:
    """A household at a moment, with everything computed that the rules in force ask for.

    `parameters`: other values than those of the household's area on the day.
    """
    rules = in_force(book, on, known, household.application_date)
    plan = plan_for(book, rules)
    if parameters is None:
        parameters = parameters_on(book, household.area, on, known)
    inputs = inputs_on(book, household, on, known)
    own, columns = plan.run_decide.run(inputs.household, inputs.people, parameters.values, on)
    return Situation(book, household, on, known, plan, parameters, inputs, own, columns)


class _Decider:
    def __init__(self, situation: Situation, asked: tuple[str, ...]) -> None:
        self.at = situation
        self.book, self.plan = situation.book, situation.plan
        self.layout = situation.book.remember(
            "layout", situation.plan.rules.key, lambda: layout_of(situation.book, situation.plan), most=32
        )
        self.asked = asked
        self.not_concerned: list[NotConcerned] = []
        self.dates: dict[tuple[str, int], tuple[str, str]] = {}
        self.rows = [list(row) for row in zip(*situation.columns, strict=True)] or [
            [] for _ in situation.inputs.people
        ]
        self.unknown_own, self.unknown_people = situation.unknown_inputs()
        self.unknown = bool(
            self.unknown_own or any(self.unknown_people) or situation.household.statuses is None
        )

    # --- the whole --------------------------------------------------------------------------------------

    def decision(self, advice: bool) -> Decision:
        at = self.at
        policies: dict[str, PolicyDecision] = {}
        for name, _policy in self.book.policies.items():
            if self.asked and name not in self.asked:
                continue
            shape = self.layout.shapes.get(name)
            if shape is None:
                undated = name in self.plan.rules.undated
                finding = (
                    Finding(
                        HOUSEHOLD,
                        "undetermined",
                        missing=[MissingFact(fact="application_date", subject=HOUSEHOLD)],
                    )
                    if undated
                    else Finding(HOUSEHOLD, "not-in-force")
                )
                policies[name] = PolicyDecision(None, [finding])
                continue
            findings = self._findings(shape)
            if findings:
                policies[name] = PolicyDecision(shape.plan.version.dated.version, findings)
        resolution = resolve(at, policies)
        if advice:
            for name, one in policies.items():
                one.findings[:] = [self._advised(name, finding) for finding in one.findings]
        return Decision(
            decision_id=self._id(),
            household_id=at.household.household_id,
            area=at.household.area,
            on=_iso(at.on),
            known=_iso(at.known),
            application_date=None
            if at.household.application_date is None
            else _iso(at.household.application_date),
            people=[person.person_id for person in at.household.people],
            rulebook=self.book.fingerprint,
            engine=ENGINE,
            facts=self._facts(at.inputs),
            held=self._held(),
            definitions=self._definitions(),
            parameters=parameter_values(at.book, at.parameters, at.household.area),
            versions=self._versions(policies),
            policies=policies,
            not_concerned=self.not_concerned,
            conflicts=resolution.found,
            would_be_due=would_be_due(at, policies, resolution),
            score=self._score(),
            questions=questions_for(at, policies) if advice else (),
        )

    def _id(self) -> str:
        at = self.at
        moment = [
            _iso(at.on),
            _iso(at.known),
            at.household.application_date,
            at.household.area,
            sorted(self.asked),
            self.book.fingerprint,
        ]
        digest = hashlib.sha256(at.household.canonical)
        digest.update(msgspec.json.encode(moment))
        return digest.hexdigest()

    def _versions(self, policies: Mapping[str, PolicyDecision]) -> dict[str, str]:
        versions = {name: one.version for name, one in policies.items() if one.version is not None}
        for name, version in self.plan.rules.definitions.items():
            versions[name] = version.dated.version
        return versions

    # --- values -----------------------------------------------------------------------------------------

    def _facts(self, inputs: Inputs) -> dict[str, FactValue]:
        return {
            ref: FactValue(row.value, row.source, _iso(row.as_of) if row.as_of else "")
            for ref, row in inputs.rows.items()
        }

    def _held(self) -> list[str] | None:
        """The statuses that a record gives on the day."""
        at = self.at
        if at.household.statuses is None:
            return None
        found = {
            f"people/{status.person}/{status.policy}" if status.person else status.policy
            for status in at.household.statuses
            if held(at.household, status.policy, status.person, at.on, at.known)
        }
        return sorted(found)

    def _definitions(self) -> dict[str, Any]:
        """Every definition's value, each once: of the household by name, of a person as people/<id>/<name>."""
        at, shown = self.at, {}
        for name, place, plain in self.layout.own:
            value = at.own[place]
            shown[name] = value if value is None or plain is None else plain(at, value)
        for i, person in enumerate(at.household.people):
            prefix, row = f"people/{person.person_id}/", self.rows[i]
            for name, place, plain in self.layout.people:
                value = row[place]
                shown[prefix + name] = value if value is None or plain is None else plain(at, value)
        return shown

    # --- findings ---------------------------------------------------------------------------------------

    def _findings(self, shape: Shape) -> list[Finding]:
        at = self.at
        if shape.plan.policy.unit != PERSON:
            found = self._finding(shape, at.own, HOUSEHOLD, -1)
            return [found] if found else []
        subjects = enumerate(person.person_id for person in at.household.people)
        found_all = (self._finding(shape, self.rows[i], person_id, i) for i, person_id in subjects)
        return [finding for finding in found_all if finding]

    def _finding(self, shape: Shape, values: Sequence[Any], subject: str, index: int) -> Finding | None:
        result = values[shape.outcome]
        policy, version = shape.plan.policy, shape.plan.version
        if result == outcomes.NOT_CONCERNED:
            self.not_concerned.append(NotConcerned(policy.id, subject))
            return None
        despite: list[str] = []
        lacking: tuple[Missing, ...] = ()
        if result == outcomes.UNDETERMINED:
            lacking = self.at.open().missing(policy.id, index)
        elif self.unknown:
            despite = self._despite(shape, index)
        amount = None
        extra: tuple[Missing, ...] = ()
        if version.amount is not None and result in _PAYING:
            amount, extra = amount_of(self.at, shape.plan, index, result)
            if result == outcomes.UNDETERMINED and not self.at.open().may_pay(policy.id, index):
                extra = ()
        failed, reasons = _reasons(shape, values, result)
        prefix = "" if index < 0 else f"people/{subject}/"
        eligible = result == outcomes.ELIGIBLE
        depends: Sequence[Basis] = ()
        if eligible and (shape.plan.statuses or shape.plan.amount_statuses):
            rests = self.at.rests_on(shape.plan, index) | amount_rests_on(self.at, shape.plan, index)
            depends = [Basis(name, "computed") for name in sorted(rests)]
        pays, due = self._dates(version) if result in _PAYING else ("", "")
        return Finding(
            subject=subject,
            outcome=outcomes.NAMES[result],
            amount=amount,
            depends_on=depends,
            missing=self._missing(lacking, extra) if lacking or extra else (),
            decided_despite=despite,
            failed=failed,
            reasons=reasons,
            warnings=self._warnings(shape, index, amount is not None),
            pays_from=pays,
            review_due=due,
            trace=shape.trace(values, prefix),
        )

    def _missing(self, *lacking: Sequence[Missing]) -> list[MissingFact]:
        """What is missing for the outcome, then for the amount, each once."""
        people = self.at.household.people
        found: dict[tuple[str, str, int], MissingFact] = {}
        for one in (one for part in lacking for one in part):
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
        found = sorted(self.unknown_own & shape.own_inputs) if self.unknown_own else []
        if shape.reads_statuses and self.at.household.statuses is None:
            found.append(STATUSES)
        for i, names in enumerate(self.unknown_people):
            if names and (index < 0 or index == i):
                prefix = f"people/{self.at.household.people[i].person_id}/"
                found += [prefix + name for name in sorted(names & shape.person_inputs)]
        return found

    def _dates(self, version: PolicyVersion) -> tuple[str, str]:
        """First day of payment and the day of the next review."""
        pays, review = (
            ruled_in(rule, self.book.areas, self.at.household.area) for rule in (version.pays, version.review)
        )
        start, months = pays.get("from", ""), review.get("months", 0)
        found = self.dates.get((start, months))
        if found is None:
            on = self.at.on
            due = add_months(on, int(months)) if months else None
            found = self.dates[start, months] = (self._first_day(start), _iso(due) if due else "")
        return found

    def _first_day(self, start: str) -> str:
        on, applied = self.at.on, self.at.household.application_date
        if start == "month_after_decision":
            return _iso(add_months(month_start(on), 1) or on)
        if start == "month_of_decision":
            return _iso(month_start(on))
        if start == "month_of_application" and applied is not None:
            return _iso(month_start(applied))
        return _iso(on) if start == "at_once" else ""

    def _warnings(self, shape: Shape, index: int, paying: bool) -> Sequence[str]:
        at = self.at
        of_rules = at.rule_warnings(shape.plan, paying)
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

    def _advised(self, name: str, finding: Finding) -> Finding:
        if finding.outcome != "ineligible":
            return finding
        changes = would_change(self.at, self.plan.policies[name], finding)
        return msgspec.structs.replace(finding, would_change=changes) if changes else finding

    # --- score ------------------------------------------------------------------------------------------

    def _score(self) -> Score | None:
        scoring = self.plan.rules.scoring
        if scoring is None:
            return None
        values = dict(zip(self.plan.run_decide.household, self.at.own, strict=True))
        worst = best = 0
        terms = []
        for term in scoring.terms:
            points = values[term.value.name]
            low, high = (points, points) if points is not None else (0, term.weight * 100)
            worst, best = worst + low, best + high
            terms.append(
                ScoredTerm(term.value.id, term.weight, to_plain(low, _POINTS), to_plain(high, _POINTS))
            )
        value = to_plain(worst, _POINTS) if worst == best else None
        return Score(scoring.name, to_plain(worst, _POINTS), to_plain(best, _POINTS), terms, value)


_PAYING = frozenset({outcomes.ELIGIBLE, outcomes.DISCRETIONARY, outcomes.UNDETERMINED})


def _reasons(shape: Shape, values: Sequence[Any], result: int) -> tuple[Sequence[str], Sequence[str]]:
    """Clauses that failed, and clauses that settle the outcome (or leave it open)."""
    condition = shape.condition
    failed = named([condition], values, False) if values[condition.truth] is False else ()
    if result == outcomes.CLOSED:
        return failed, named(shape.closed, values, True)
    if result == outcomes.INELIGIBLE:
        return failed, failed
    if result == outcomes.UNDETERMINED:
        every = (*shape.concerns, *shape.closed, condition, *shape.discretion)
        return failed, named(every, values, None)
    if result == outcomes.DISCRETIONARY:
        return failed, named(shape.discretion, values, True) or named([condition], values, True)
    return failed, shape.every_id or named([condition], values, True)


def parameter_values(book: Rulebook, parameters: ParametersOn, area: str) -> dict[str, ParameterValue]:
    """What every parameter was on the day, and of which area; made once for a set of rows."""
    found: dict[str, ParameterValue] | None = parameters.memo.get("values")
    if found is None:
        found = parameters.memo["values"] = {
            name: _parameter(book, name, parameters, area) for name in book.parameters
        }
    return found


def _parameter(book: Rulebook, name: str, parameters: ParametersOn, area: str) -> ParameterValue:
    row, one = parameters.rows[name], book.parameters[name]
    of = serving_area(one, book.areas, area)
    if row is None:
        return ParameterValue(area=of, gap="no row covers this day")
    if row.value is None:
        return ParameterValue(since=_iso(row.start), area=of, gap=row.gap)
    money = Number(book.currency["decimals"])
    return ParameterValue(_plain_table(row.value, one, money), _iso(row.start), of, assumed=row.assumed)


def _plain_table(value: Any, one: Any, money: Number) -> Any:
    if one.table == "size":
        cells, beyond = value
        further = beyond if not isinstance(beyond, int) else to_plain(beyond, one.type)
        return {"cells": {str(n): to_plain(cell, one.type) for n, cell in cells.items()}, "beyond": further}
    if one.table == "brackets":
        return [{"above": to_plain(above, money), "rate": to_plain(rate, one.type)} for above, rate in value]
    if one.by:
        return {"/".join(k) if isinstance(k, tuple) else k: to_plain(v, one.type) for k, v in value.items()}
    return to_plain(value, one.type)


def _iso(day: int) -> str:
    return f"{day // 10000:04d}-{day // 100 % 100:02d}-{day % 100:02d}"
