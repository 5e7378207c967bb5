"""The applicant's layer: at most three short lines for each finding, in plain words.

What it is, why, and what to do or what would change it. Nothing is told of people outside the household.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.decision.explain.model import Line, Section
from engine.decision.explain.rules import ClauseText, PolicyText
from engine.decision.explain.telling import UPPER, Telling, members
from engine.decision.model import HOUSEHOLD, ConflictFound, Finding, MissingFact, Trace

MOST_NAMED = 2


def sections(told: Telling) -> Iterator[Section]:
    for policy, finding in told.findings:
        text = told.policy(policy)
        lines = (
            _Finding(told, policy, finding, text).lines() if text or finding.outcome == "undetermined" else []
        )
        if lines:
            said = tuple(_stopped(told, line) for line in lines)
            yield Section(f"{policy}/{finding.subject}", told.about(policy, finding.subject), said)
    if told.whole:
        yield _total(told)


def _total(told: Telling) -> Section:
    total = told.due(told.decision.would_be_due.total)
    key = "a.total" if _settled(told) else "a.total.open"
    text_of_all = told.say(key, amount=total) if total else told.words["a.none"]
    closing = (text_of_all, told.words["a.asterisk"])
    return Section("due", told.words["due"], tuple(_stopped(told, line) for line in closing))


def _stopped(told: Telling, text: str) -> Line:
    """A line with its full stop, unless it ends with a question."""
    return Line(text if text[-1] in "?？" else told.say("sentence", text=text))


def _settled(told: Telling) -> bool:
    total = told.decision.would_be_due.total
    return all(one is None or one.min == one.max for one in (total.month, total.once, total.year))


class _Finding:
    def __init__(self, told: Telling, policy: str, finding: Finding, text: PolicyText | None) -> None:
        self.told, self.policy, self.finding, self.text = told, policy, finding, text
        self.say, self.words = told.say, told.words

    def lines(self) -> list[str]:
        tell = {
            "eligible": self._eligible,
            "ineligible": self._ineligible,
            "undetermined": self._undetermined,
            "discretionary": self._discretionary,
            "closed": self._closed,
        }.get(self.finding.outcome)
        return [line for line in tell() if line] if tell else []

    # --- eligible ---------------------------------------------------------------------------------------

    def _eligible(self) -> Iterator[str]:
        yield self._outcome()
        yield self._why_all()
        yield self._to_do()

    def _outcome(self) -> str:
        told, amount = self.told, self.finding.amount
        effects = {one.effect: one for one in told.conflicts_of(self.policy, self.finding.subject)}
        dropped = effects.get("dropped")
        if dropped is not None and dropped.policy == self.policy:
            return self.say("a.dropped", other=told.titles([self._other(dropped)]))
        if "choice" in effects:
            return self.say("a.choice", policies=told.titles(effects["choice"].between))
        said = told.amount(amount) if amount else ""
        if not said:
            return self.words["a.eligible"]
        offset = effects.get("offset")
        if offset is not None and offset.policy == self.policy and offset.amount and amount and amount.value:
            rest = told.say(
                f"amount.{amount.period}", n=told.values.money(max(amount.value - offset.amount, 0))
            )
            cut, other = told.values.money(offset.amount), told.titles([self._other(offset)])
            return self.say("a.offset", amount=rest, start=self._start(), cut=cut, other=other)
        return self.say("a.eligible.amount", amount=said, start=self._start())

    def _other(self, conflict: ConflictFound) -> str:
        return next((one for one in conflict.between if one != self.policy), self.policy)

    def _start(self) -> str:
        if not self.finding.pays_from or self.text is None:
            return ""
        if self.told.paid_at_once(self.text):
            return self.words["a.start.once"]
        return self.say("a.start.month", month=self.told.values.month(self.finding.pays_from))

    def _why_all(self) -> str:
        """The condition that carries most: a comparison of numbers with an article, else the first one."""
        if self.text is None:
            return ""
        clauses = [self.text.clauses[name] for name in self.finding.reasons if name in self.text.clauses]
        if not clauses:
            return ""
        chosen = min(clauses, key=lambda one: (not one.op, not one.short_article))
        parts = {"label": chosen.label, "article": self._article(chosen)}
        if len(clauses) == 1:
            return self.say("a.why.one", **parts)
        return self.say("a.why.all", n=str(len(clauses)), **parts)

    def _to_do(self) -> str:
        told, finding = self.told, self.finding
        pending = [one for one in told.conflicts_of(self.policy, finding.subject) if one.effect == "pending"]
        if pending:
            return self.say("a.pending", other=told.titles([self._other(pending[0])]))
        if told.values.held(self.policy, finding.subject):
            return self.words["a.held"]
        open_facts = [one for one in finding.missing if one.fact]
        if open_facts:
            return self._answer(open_facts)
        first = self.say("a.apply", office=self.text.office) if self.text else ""
        if finding.depends_on:
            depends = self.say("a.depends", policies=told.titles([one.policy for one in finding.depends_on]))
            return self.words["and.more"].join(one for one in (depends, first) if one)
        return first

    def _article(self, clause: ClauseText) -> str:
        return self.say("article", text=clause.short_article) if clause.short_article else ""

    # --- ineligible -------------------------------------------------------------------------------------

    def _ineligible(self) -> Iterator[str]:
        yield self.words["a.ineligible"]
        yield self._why_failed()
        if self.finding.would_change:
            told = self.told
            change = self.finding.would_change[0]
            yield self.say(
                "a.change", changes=told.change(change), outcome=self.words[f"outcome.{change.outcome}"]
            )
        else:
            yield self.words["a.again"]

    def _why_failed(self) -> str:
        finding, text = self.finding, self.text
        if text is None or finding.trace is None:
            return ""
        failed = list(self.told.decisive(text, finding.trace, False))
        if not failed:
            return ""
        others = self.say("a.others", n=str(len(failed) - 1)) if len(failed) > 1 else ""
        return self._reason(text, min(failed, key=lambda one: self._rank(text, one))) + others

    def _rank(self, text: PolicyText, trace: Trace) -> bool:
        """A limit that is exceeded says more than anything else."""
        clause = text.clauses.get(trace.clause)
        return clause is None or clause.op not in UPPER

    def _reason(self, text: PolicyText, trace: Trace) -> str:
        clause = text.clauses.get(trace.clause)
        if clause is None:
            alternatives = [self.told.requirement(text, one) for one in members(trace)]
            return self.say("a.why.any", labels=self.words.several(alternatives))
        if clause.holds and not trace.of:
            return self.say("a.why.holds", label=clause.holds, article=self._article(clause))
        margin = self.told.margin(clause, trace)
        margin = self.say("because", text=margin) if margin else ""
        return self.say("a.why.failed", label=clause.label, margin=margin, article=self._article(clause))

    # --- open -------------------------------------------------------------------------------------------

    def _undetermined(self) -> Iterator[str]:
        finding, told = self.finding, self.told
        amount = told.amount(finding.amount) if finding.amount else ""
        yield self.say("a.undetermined.amount", amount=amount) if amount else self.words["a.undetermined"]
        if finding.whatever:
            yield told.whatever(finding)
        facts = [one for one in finding.missing if one.fact and one.fact != "application_date"]
        if facts:
            yield self._lacks(facts)
            yield self._answer(facts)
        elif not finding.whatever:
            yield from self._waits()

    def _answer(self, facts: list[MissingFact]) -> str:
        asked = dict.fromkeys(self._question(one) for one in facts)
        return self.say("a.answer", questions=" ".join(list(asked)[:MOST_NAMED]))

    def _question(self, one: MissingFact) -> str:
        """The question; with the person it is about, which the question of a fact does not say."""
        asked = self.told.question(one.fact, one.subject)
        if one.subject in ("", HOUSEHOLD) or one.fact not in self.told.book.facts:
            return asked
        return self.say("colon", a=self.told.values.subject(one.subject), b=asked)

    def _lacks(self, facts: list[MissingFact]) -> str:
        names = [self.told.name_of(one.fact, one.subject) for one in facts]
        shown = self.words.listed(names[:MOST_NAMED])
        if len(names) > MOST_NAMED:
            shown = self.say("a.more", labels=shown)
        return self.say("a.why.missing", n=str(len(names)), labels=shown)

    def _waits(self) -> Iterator[str]:
        missing, told = self.finding.missing, self.told
        parameters = [told.values.label(one.parameter) for one in missing if one.parameter]
        statuses = [one.status for one in missing if one.status]
        if any(one.fact == "application_date" for one in missing):
            yield self.words["a.why.undated"]
        elif parameters:
            yield self.say("a.why.parameter", labels=self.words.listed(parameters))
            yield self.words["a.wait"]
        elif statuses:
            yield self.say("a.why.status", labels=told.titles(statuses))

    # --- an officer's word ------------------------------------------------------------------------------

    def _discretionary(self) -> Iterator[str]:
        amount = self.told.amount(self.finding.amount) if self.finding.amount else ""
        yield self.say("a.discretionary.amount", amount=amount) if amount else self.words["a.discretionary"]
        yield self._why_all()
        yield self._to_do()

    def _closed(self) -> Iterator[str]:
        yield self.words["a.closed"]
        yield self._why_all()
        yield self.words["a.again"]
