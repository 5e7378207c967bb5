"""The caseworker's layer: one page, the findings grouped by outcome."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.decision.explain.model import Line, Section, mark_of
from engine.decision.explain.rules import ClauseText, PolicyText
from engine.decision.explain.telling import Telling, members
from engine.decision.model import HOUSEHOLD, Finding, Part, Trace
from engine.rulebook.model import Amount as AmountRule
from engine.rulebook.model import Named

ORDER = ("eligible", "undetermined", "discretionary", "ineligible", "closed", "not-in-force")
MOST_QUESTIONS = 5


def sections(told: Telling) -> Iterator[Section]:
    words = told.words
    for outcome in ORDER:
        lines = [
            _Finding(told, policy, finding).line()
            for policy, finding in told.findings
            if finding.outcome == outcome
        ]
        if lines:
            yield Section(outcome, words[f"section.{outcome}"], lines)
    if told.whole:
        yield from _household(told)


def _household(told: Telling) -> Iterator[Section]:
    """What is said of the whole household."""
    words, aside = told.words, _not_concerned(told)
    if aside:
        yield Section("not_concerned", words["section.not_concerned"], (Line(aside),))
    if told.decision.conflicts:
        effects = [Line(text) for text in dict.fromkeys(told.effect(one) for one in told.decision.conflicts)]
        yield Section("conflicts", words["section.conflicts"], effects)
    yield Section("due", words["section.due"], tuple(_due(told)))
    if told.decision.score is not None:
        yield Section("score", words["section.score"], (_score(told),))
    questions = [_question(told, one.fact, one.subject, one.policies) for one in told.decision.questions]
    if questions:
        yield Section("questions", words["section.questions"], questions[:MOST_QUESTIONS])


class _Finding:
    def __init__(self, told: Telling, policy: str, finding: Finding) -> None:
        self.told, self.policy, self.finding = told, policy, finding
        self.text = told.policy(policy)
        self.say, self.words = told.say, told.words

    def line(self) -> Line:
        finding, told = self.finding, self.told
        in_force = finding.outcome != "not-in-force"
        what = told.about(self.policy, finding.subject) if in_force else told.title(self.policy)
        amount = finding.amount
        said = told.amount(amount) if amount and not amount.if_eligible else ""
        head = self.say("c.head", what=what, amount=said) if said else self.say("c.head.plain", what=what)
        return Line(head + self._dates(), "", tuple(self._details()))

    def _details(self) -> Iterator[Line]:
        finding, told = self.finding, self.told
        if finding.amount is not None and finding.amount.if_eligible:
            said = told.amount(finding.amount)
            if said:
                yield Line(self.say("c.if", amount=said))
        yield from self._parts()
        if self.text is not None and finding.trace is not None:
            yield from self._clauses(self.text, finding.trace)
        yield from (Line(told.missing(missing)) for missing in finding.missing)
        if finding.whatever:
            yield Line(told.whatever(finding))
        if finding.outcome in ("eligible", "discretionary"):
            effects = [one for one in told.conflicts_of(self.policy, finding.subject) if one.effect != "kept"]
            for effect in dict.fromkeys(told.effect(one) for one in effects):
                yield Line(self.say("c.effect", text=effect))
        if finding.depends_on:
            yield Line(
                self.say("c.depends", policies=told.titles([one.policy for one in finding.depends_on]))
            )
        if finding.would_change:
            changes = [
                self.say(
                    "c.change.one", change=told.change(one), outcome=self.words[f"outcome.{one.outcome}"]
                )
                for one in finding.would_change
            ]
            yield Line(self.say("c.change", text=self.words.several(changes)))
        warnings = told.warnings(finding, self.text)
        if warnings and finding.outcome in ("eligible", "undetermined", "discretionary"):
            yield Line(self.say("c.warning", text=self.words.several(warnings)))

    def _dates(self) -> str:
        finding, said = self.finding, []
        if finding.outcome not in ("eligible", "discretionary") or self.text is None:
            return ""
        if finding.pays_from and finding.amount is not None:
            at_once = self.told.paid_at_once(self.text)
            month = self.told.values.month(finding.pays_from)
            said.append(self.words["c.pays.once"] if at_once else self.say("c.pays.month", month=month))
        if finding.review_due:
            said.append(self.say("c.review", date=self.told.values.day(finding.review_due)))
        return self.say("c.dates", dates=self.words["dates"].join(said)) if said else ""

    # --- amounts ----------------------------------------------------------------------------------------

    def _parts(self) -> Iterator[Line]:
        rule = self.text.version.amount if self.text else None
        if rule is None or self.finding.amount is None:
            return
        parts = {part.id: part for part in self.finding.amount.parts}
        for named in rule.parts:
            part = parts.get(named.id)
            if part is not None:
                yield Line(part_line(self.told, named, part, self.finding.subject))
        yield from band_lines(self.told, rule, self.finding)

    # --- clauses ----------------------------------------------------------------------------------------

    def _clauses(self, text: PolicyText, trace: Trace) -> Iterator[Line]:
        outcome = self.finding.outcome
        if outcome == "eligible" or (outcome == "discretionary" and not text.version.discretion):
            met = [
                self._short(text.clauses[name], trace, name)
                for name in self.finding.reasons
                if name in text.clauses
            ]
            yield Line(self.say("c.all", labels=self.words.several(met)), "met")
            if outcome == "discretionary":
                yield Line(self.words["c.band"])
        elif outcome == "ineligible":
            for one in self.told.decisive(text, trace, False):
                yield self._failed(text, one)
        elif outcome == "undetermined":
            for name in self.finding.reasons:
                if name in text.clauses:
                    yield Line(self.say("c.open", label=text.clauses[name].label), "open")
        else:
            key = "c.reason" if outcome == "discretionary" else "c.closed"
            for name in self.finding.reasons:
                if name in text.clauses:
                    yield Line(self.say(key, label=_with_article(self.told, text.clauses[name])))

    def _short(self, clause: ClauseText, trace: Trace, name: str) -> str:
        found = _find(trace, name)
        margin = self.told.margin(clause, found) if found is not None else ""
        return self.say("t.margin", label=clause.label, margin=margin) if margin else clause.label

    def _failed(self, text: PolicyText, trace: Trace) -> Line:
        told, clause = self.told, text.clauses.get(trace.clause)
        if clause is None:
            inner = [self._failed(text, one) for one in members(trace) if one.truth is False]
            key = (
                "c.any" if trace.clause == "eligible" or text.kinds.get(trace.clause) == "any" else "c.every"
            )
            return Line(self.words[key], "unmet", inner)
        margin = told.margin(clause, trace)
        if clause.holds and clause.holds != clause.label:
            label = self.say("c.holds", label=clause.label, fact=clause.holds)
        else:
            label = self.say(
                "c.failed", label=clause.label, margin=self.say("because", text=margin) if margin else ""
            )
        of = []
        if margin:
            of.append(Line(self.say("c.read", values=told.reads(trace))))
        elif clause.means:
            of.append(Line(self.say("c.means", text=clause.means)))
            of.append(Line(self.say("c.read", values=told.reads_of_meaning(clause, self.finding.subject))))
        if clause.article:
            of.append(Line(self.say("c.article", text=clause.article)))
        of += [
            Line(self.say("t.unless", text=text.clauses[one.clause].label), mark_of(one.truth))
            for one in members(trace)
        ]
        return Line(label, "unmet", of)


def part_line(told: Telling, rule: Named, part: Part, subject: str) -> str:
    """`gap 820 yuan = (standard 585 yuan × …) rounded up`; without figures where they are not sure."""
    label, formula = told.texts.part(rule)
    span = told.span(part.value, part.min, part.max) or told.words["unknown.value"]
    figured = told.figures.formula(rule, part.value, subject)
    return told.say("c.part.formula", label=label, n=span, formula=figured or formula)


def band_lines(told: Telling, rule: AmountRule, finding: Finding) -> Iterator[Line]:
    """The two ends inside which an officer decides."""
    amount = finding.amount
    if amount is None or rule.least is None or rule.most is None:
        return
    for key, named, value in (("c.least", rule.least, amount.min), ("c.most", rule.most, amount.max)):
        span = told.span(value, None, None) or told.words["unknown.value"]
        formula = told.figures.formula(named, value, finding.subject) or told.texts.part(named)[1]
        yield Line(told.say("c.part.formula", label=told.words[key], n=span, formula=formula))


def _with_article(told: Telling, clause: ClauseText) -> str:
    return clause.label + (told.say("article", text=clause.article) if clause.article else "")


def _find(trace: Trace, name: str) -> Trace | None:
    if trace.clause == name:
        return trace
    return next((found for one in members(trace) if (found := _find(one, name))), None)


def _not_concerned(told: Telling) -> str:
    """Policies that say nothing here, in one line; with the people where others are concerned."""
    subjects: dict[str, list[str]] = {}
    for one in told.decision.not_concerned:
        subjects.setdefault(one.policy, []).append(one.subject)
    said = []
    for policy, whose in subjects.items():
        if HOUSEHOLD in whose or len(whose) == len(told.decision.people):
            said.append(told.title(policy))
        else:
            people = told.words.listed(told.values.named(one) for one in whose)
            said.append(told.say("c.subjects", policy=told.title(policy), subjects=people))
    return told.words.several(said)


def _due(told: Telling) -> Iterator[Line]:
    due = told.decision.would_be_due
    for subject, one in due.subjects.items():
        said = told.due(one)
        if said:
            yield Line(told.say("c.total", subject=told.values.subject(subject), amount=said))
    total = told.due(due.total) or told.words["nothing"]
    yield Line(told.say("c.total", subject=told.words["c.total.all"], amount=total))


def _score(told: Telling) -> Line:
    score, scoring = told.decision.score, told.texts.rules.scoring
    if score is None or scoring is None:
        return Line(told.words["unknown.value"])
    number = told.words.number
    value = number(score.value) if score.value is not None else f"{number(score.worst)}–{number(score.best)}"
    labels = {
        term.value.id: told.texts.labels.said(term.value.label) or term.value.id for term in scoring.terms
    }
    terms = []
    for one in score.terms:
        key, parts = "c.term", {"value": number(one.worst)}
        if one.worst != one.best:
            key, parts = "c.term.range", {"worst": number(one.worst), "best": number(one.best)}
        terms.append(told.say(key, label=labels.get(one.id, one.id), weight=str(one.weight), **parts))
    title = told.texts.labels.said(scoring.title)
    return Line(told.say("c.score", title=title, value=value), "", (Line(told.words.several(terms)),))


def _question(told: Telling, fact: str, subject: str, policies: Sequence[str]) -> Line:
    office = told.answered_by(fact)
    parts = {
        "question": told.question(fact, subject),
        "subject": told.values.subject(subject),
        "policies": told.titles(policies),
    }
    return Line(
        told.say("c.question", office=office, **parts) if office else told.say("c.question.here", **parts)
    )
