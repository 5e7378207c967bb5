"""Phrases that more than one layer needs: amounts, dates, margins, what is missing, what would change it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from engine.decision.explain.figures import Figures
from engine.decision.explain.rules import ClauseText, PolicyText, RuleTexts
from engine.decision.explain.values import PEOPLE, Values
from engine.decision.model import (
    HOUSEHOLD,
    STATUSES,
    Amount,
    ConflictFound,
    Due,
    Finding,
    MissingFact,
    Money,
    Sum,
    Trace,
    WouldChange,
)
from engine.language.scope import PERSON
from engine.language.types import Boolean, Enum
from engine.rulebook.in_force import ruled_in

UPPER = frozenset({"less", "at_most"})
STRICT = frozenset({"less", "more"})


class Telling:
    """One decision told in one language, for the findings that were asked for."""

    def __init__(
        self, texts: RuleTexts, values: Values, asked: Sequence[tuple[str, Finding]], whole: bool
    ) -> None:
        """`whole`: every finding was asked for, so that totals and scores may be told."""
        decision, self.whole = values.decision, whole
        self.texts, self.values, self.decision = texts, values, decision
        self.words, self.book, self.say = texts.words, texts.book, texts.words.say
        self.findings = asked
        self.figures = Figures(values)
        self._warned: dict[tuple[Any, ...], Sequence[str]] = {}

    def policy(self, name: str) -> PolicyText | None:
        """The texts of a policy, None when it is not in force."""
        return self.texts.policies.get(name)

    def title(self, name: str) -> str:
        return self.texts.policy_title(name)

    def titles(self, names: Sequence[str]) -> str:
        return self.words.listed(self.words.quoted(self.title(name)) for name in names)

    def about(self, policy: str, subject: str) -> str:
        return self.say("about", policy=self.title(policy), subject=self.values.subject(subject))

    # --- amounts and dates ------------------------------------------------------------------------------

    def amount(self, amount: Amount) -> str:
        """`1,132 yuan a month`, or a range; "" when nothing is known of it."""
        span = self.span(amount.value, amount.min, amount.max)
        return self.say(f"amount.{amount.period}", n=span) if span else ""

    def span(self, value: Money | None, low: Money | None, high: Money | None) -> str:
        money = self.values.money
        if value is not None:
            return money(value)
        if low is None or high is None:
            return ""
        return money(low) if low == high else self.say("range", a=money(low), b=money(high))

    def due(self, due: Due) -> str:
        """What would be due per month, once and per year; "" when it is nothing."""
        sums: list[tuple[str, Sum | None]] = [("month", due.month), ("once", due.once), ("year", due.year)]
        said = [
            self.say(f"amount.{period}", n=self.span(None, one.min, one.max))
            for period, one in sums
            if one and one.max
        ]
        return self.words["plus"].join(said)

    def paid_at_once(self, policy: PolicyText) -> bool:
        """A payment that is made once confirmed, and not by the month, where the household lives."""
        pays = ruled_in(policy.version.pays, self.book.areas, self.decision.area)
        return pays.get("from") == "at_once"

    # --- clauses ----------------------------------------------------------------------------------------

    def margin(self, clause: ClauseText, trace: Trace) -> str:
        """How far a comparison is from its limit: `42.17 yuan over the limit`, "" when it has none."""
        distance = trace.margin
        if not clause.op or distance is None or distance is msgspec.UNSET:
            return ""
        what = self.say("margin.what", text=clause.measured) if clause.measured else ""
        if distance == 0:
            strict = "exact.below" if clause.op in UPPER else "exact.above"
            return self.say(f"margin.{strict if clause.op in STRICT else 'at'}", what=what)
        met = distance > 0
        key = ("below" if met else "over") if clause.op in UPPER else ("above" if met else "short")
        number = self.values.measured(abs(distance), clause.unit)
        return self.say(f"margin.{key}", what=what, n=number)

    def decisive(self, policy: PolicyText, trace: Trace, truth: bool | None) -> Iterator[Trace]:
        """The conditions of the top group with this truth; a group of alternatives stays together."""
        top = next((one for one in trace.of or () if one.clause == "eligible"), None)
        if top is None:
            return
        yield from self._decisive(policy, top, truth, policy.any)

    def _decisive(
        self, policy: PolicyText, group: Trace, truth: bool | None, together: bool
    ) -> Iterator[Trace]:
        if together:
            yield group
            return
        for member in members(group):
            if member.truth is not truth:
                continue
            if member.clause in policy.clauses:
                yield member
            else:
                yield from self._decisive(policy, member, truth, policy.kinds.get(member.clause) == "any")

    def requirement(self, policy: PolicyText, trace: Trace) -> str:
        """What a clause or a group asks for, from the labels: `a, or (b, and c)`."""
        clause = policy.clauses.get(trace.clause)
        if clause is not None:
            return clause.label
        parts = [
            said if one.clause in policy.clauses else self.words.brackets(said)
            for one in members(trace)
            for said in [self.requirement(policy, one)]
        ]
        return self.words["or" if policy.kinds.get(trace.clause, "all") == "any" else "and"].join(parts)

    def whatever(self, finding: Finding) -> str:
        return self.say("c.whatever", outcome=self.words[f"outcome.{finding.whatever}"])

    def reads(self, trace: Trace) -> str:
        return self.words.several(map(self.values.read, trace.reads or ()))

    def reads_of_meaning(self, clause: ClauseText, subject: str) -> str:
        """What the definition that is a clause reads itself."""
        return self.words.several(map(self.values.read, self.refs_of_meaning(clause, subject)))

    @staticmethod
    def refs_of_meaning(clause: ClauseText, subject: str) -> list[str]:
        prefixes = {
            "": "",
            PERSON: f"{PEOPLE}{subject}/",
            "everyone": PEOPLE + "*/",
            "parameter": "parameters/",
        }
        return [prefixes[whose] + name for whose, name in clause.means_reads]

    # --- what is missing, what would change it --------------------------------------------------------------

    def question(self, fact: str, subject: str) -> str:
        """What to ask: the fact's own question, where the household lives, or whether a status is held."""
        declared = self.book.facts.get(fact)
        if declared is not None:
            return self.texts.labels.said(declared.question)
        if fact in self.book.levels:
            return self.say("ask.level", level=self.texts.labels.said(self.book.levels[fact]))
        return self.words["ask.statuses"]

    def answered_by(self, fact: str) -> str:
        """The office that knows a fact; "" for what is no fact: the statuses held, the area at a level."""
        declared = self.book.facts.get(fact)
        return "" if declared is None else self.texts.office(declared.answered_by)

    def name_of(self, fact: str, subject: str) -> str:
        """A fact by its label, with the person it is about."""
        return self.values.owned(fact if subject in ("", HOUSEHOLD) else f"{PEOPLE}{subject}/{fact}")

    def missing(self, one: MissingFact) -> str:
        if one.fact == "application_date":
            return self.words["c.missing.application"]
        if one.fact == STATUSES:
            return self.say("c.missing.statuses", question=self.words["ask.statuses"])
        if one.fact in self.book.levels:
            return self.say("c.missing.level", level=self.texts.labels.said(self.book.levels[one.fact]))
        if one.fact:
            return self.say(
                "c.missing",
                fact=self.name_of(one.fact, one.subject),
                question=self.question(one.fact, one.subject),
                office=self.answered_by(one.fact),
            )
        if one.parameter:
            value = self.decision.parameters.get(one.parameter)
            gap = self.say("c.gap", text=value.gap) if value is not None and value.since and value.gap else ""
            return self.say("c.missing.parameter", name=self.values.label(one.parameter), gap=gap)
        if one.status:
            return self.say(
                "c.missing.status", name=self.title(one.status), subject=self.values.subject(one.subject)
            )
        return self.say("c.missing.definition", name=self.values.label(one.definition))

    def change(self, change: WouldChange) -> str:
        """`financial assets falls to 20,000 yuan`."""
        subject = change.fact.split("/")[1] if change.fact.startswith(PEOPLE) else HOUSEHOLD
        name = change.fact.rpartition("/")[2]
        fact, declared = self.name_of(name, subject), self.book.facts[name]
        of = declared.value.type
        value = self.values.plain(change.to, of, name)
        known = self.values.known(change.fact)
        if isinstance(of, Boolean | Enum) or not _ordered(known, change.to):
            return self.say("change.to", fact=fact, value=value)
        return self.say("change.down" if change.to < known else "change.up", fact=fact, value=value)

    # --- warnings and conflicts -----------------------------------------------------------------------------

    def warnings(self, finding: Finding, policy: PolicyText | None) -> Sequence[str]:
        """The same for everyone whom a policy says the same warnings."""
        key = (id(policy), *finding.warnings)
        said = self._warned.get(key)
        if said is None:
            said = self._warned[key] = self._warnings(finding, policy)
        return said

    def _warnings(self, finding: Finding, policy: PolicyText | None) -> list[str]:
        read, said = policy.parameters if policy else (), []
        for warning in finding.warnings:
            named = f"warning.{warning}.which"
            names = [
                self.values.label(name)
                for name in read
                if named in self.words.table and self._marked(name, warning)
            ]
            if names:
                said.append(self.say(named, names=self.words.listed(names)))
            elif warning == "not-verified-since" and policy is not None:
                said.append(
                    self.say(f"warning.{warning}", date=self.words.date(policy.version.verified_until))
                )
            elif f"warning.{warning}" in self.words.table:
                said.append(self.words[f"warning.{warning}"])
        return said

    def _marked(self, parameter: str, warning: str) -> bool:
        value = self.decision.parameters.get(parameter)
        if value is None:
            return False
        return value.assumed if warning == "assumed" else value.value is msgspec.UNSET

    def conflicts_of(self, policy: str, subject: str) -> list[ConflictFound]:
        """The conflicts that touch a finding."""
        touching = (
            one.subject in (HOUSEHOLD, subject) or subject == HOUSEHOLD for one in self.decision.conflicts
        )
        return [
            one
            for one, near in zip(self.decision.conflicts, touching, strict=True)
            if near and policy in one.between
        ]

    def effect(self, one: ConflictFound) -> str:
        rule = next((rule for rule in self.texts.rules.conflicts if rule.id == one.rule), None)
        title = self.texts.labels.said(rule.title) if rule else one.rule
        parts = {"policy": self.words.quoted(self.title(one.policy)), "between": self.titles(one.between)}
        parts["amount"] = "" if one.amount is None else self.values.money(one.amount)
        return self.say(f"effect.{one.effect}", title=title, **parts)


def members(trace: Trace) -> Sequence[Trace]:
    return trace.of if isinstance(trace.of, Sequence) else ()


def _ordered(a: Any, b: Any) -> bool:
    numbers = (int, float, Decimal)
    return isinstance(a, numbers) and isinstance(b, numbers) and not isinstance(a, bool)
