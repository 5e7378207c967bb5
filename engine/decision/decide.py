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
from engine.decision.conflicts import resolve
from engine.decision.document import Household, read_household
from engine.decision.due import would_be_due
from engine.decision.findings import Findings
from engine.decision.inputs import held_on, inputs_on
from engine.decision.layout import layout_of
from engine.decision.model import (
    ENGINE,
    HOUSEHOLD,
    Decision,
    Finding,
    MissingFact,
    ParameterValue,
    PolicyDecision,
    Score,
    ScoredTerm,
)
from engine.decision.planning import plan_for
from engine.decision.situation import Situation
from engine.language.dates import day_text, from_date
from engine.language.types import Number, plain_number, to_plain
from engine.rulebook.in_force import ParametersOn, in_force, parameters_on, serving_area
from engine.rulebook.model import Rulebook

POINTS = 2  # decimals of a score


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
    own, rows = plan.run_decide.run(inputs.household, inputs.people, parameters.values, on)
    return Situation(book, household, on, known, plan, parameters, inputs, own, rows)


class _Decider:
    def __init__(self, situation: Situation, asked: tuple[str, ...]) -> None:
        self.at = situation
        self.book, self.plan = situation.book, situation.plan
        self.layout = situation.book.remember(
            "layout", situation.plan.rules.key, lambda: layout_of(situation.book, situation.plan), most=32
        )
        self.asked = asked
        self.findings = Findings(situation)

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
            findings = self.findings.of(shape)
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
            on=day_text(at.on),
            known=day_text(at.known),
            application_date=None
            if at.household.application_date is None
            else day_text(at.household.application_date),
            people=[person.person_id for person in at.household.people],
            rulebook=self.book.fingerprint,
            engine=ENGINE,
            facts=at.inputs.facts,
            held=self._held(),
            definitions=self._definitions(),
            parameters=parameter_values(at.book, at.parameters, at.household.area),
            versions=self._versions(policies),
            policies=policies,
            not_concerned=self.findings.not_concerned,
            conflicts=resolution.found,
            would_be_due=would_be_due(at, policies, resolution),
            score=score_of(at),
            questions=questions_for(at, policies) if advice else (),
        )

    def _id(self) -> str:
        at = self.at
        moment = [
            day_text(at.on),
            day_text(at.known),
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

    def _held(self) -> list[str] | None:
        """The statuses that a record gives on the day."""
        held = held_on(self.at.household, self.at.on, self.at.known)
        if held is None:
            return None
        return sorted(f"people/{person}/{policy}" if person else policy for policy, person in held)

    def _definitions(self) -> dict[str, Any]:
        """Every definition's value, each once: of the household by name, of a person as people/<id>/<name>."""
        at, layout = self.at, self.layout
        shown = dict(layout.own.told(at, at.own))
        for person, row in zip(at.household.people, at.rows, strict=True):
            shown.update(layout.people.told(at, row, f"people/{person.person_id}/"))
        return shown

    def _advised(self, name: str, finding: Finding) -> Finding:
        if finding.outcome != "ineligible":
            return finding
        changes = would_change(self.at, self.plan.policies[name], finding)
        return msgspec.structs.replace(finding, would_change=changes) if changes else finding


def score_of(at: Situation) -> Score | None:
    """How hard life is; None when the rulebook scores nothing."""
    scoring = at.plan.rules.scoring
    if scoring is None:
        return None
    places = at.plan.run_decide.own_place
    worst = best = 0
    terms = []
    for term in scoring.terms:
        points = at.own[places[term.value.name]]
        low, high = (points, points) if points is not None else (0, term.weight * 100)
        worst, best = worst + low, best + high
        least = plain_number(low, POINTS)
        most = least if low == high else plain_number(high, POINTS)
        terms.append(ScoredTerm(term.value.id, term.weight, least, most))
    value = plain_number(worst, POINTS) if worst == best else None
    return Score(scoring.name, plain_number(worst, POINTS), plain_number(best, POINTS), terms, value)


def parameter_values(book: Rulebook, parameters: ParametersOn, area: str) -> dict[str, ParameterValue]:
    """What every parameter was on the day, and of which area; made once for a set of rows."""
    found: dict[str, ParameterValue] | None = parameters.memo.get("values")
    if found is None:
        found = parameters.memo["values"] = {
            name: parameter_value(book, name, parameters, area) for name in book.parameters
        }
    return found


def parameter_value(book: Rulebook, name: str, parameters: ParametersOn, area: str) -> ParameterValue:
    row, one = parameters.rows[name], book.parameters[name]
    of = serving_area(one, book.areas, area)
    if row is None:
        return ParameterValue(area=of, gap="no row covers this day")
    if row.value is None:
        return ParameterValue(since=day_text(row.start), area=of, gap=row.gap)
    money = Number(book.currency["decimals"])
    return ParameterValue(_plain_table(row.value, one, money), day_text(row.start), of, assumed=row.assumed)


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
