"""An entitlement over months, told: runs of equal months, what was due and paid, and why the two differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

import msgspec

from engine.decision.entitlement import Entitlement
from engine.decision.explain.model import Explanation, Line, Section
from engine.decision.explain.rules import RuleTexts, rule_texts
from engine.decision.explain.watched import WatchedTold, said_month
from engine.decision.model import HOUSEHOLD, MissingFact, Money, Sum
from engine.decision.month_lines import KnownThen, LastKnown, MonthLine
from engine.decision.payments import month_day
from engine.language.dates import parse_date
from engine.rulebook.in_force import in_force, row_on
from engine.rulebook.model import Rulebook


def explain_entitlement(
    book: Rulebook, told: Entitlement, language: str, names: Mapping[str, str] | None = None
) -> Explanation:
    """The months in a language of the rulebook. `names`: what to call people instead of their ids."""
    telling = _Months(book, told, language, names or {})
    return Explanation(
        "caseworker",
        language,
        telling.words["title.months"],
        telling.head(),
        told.household_id,
        "",
        told.rulebook,
        tuple(telling.sections()),
    )


class _Months:
    def __init__(self, book: Rulebook, told: Entitlement, language: str, names: Mapping[str, str]) -> None:
        self.book, self.told, self.language, self.names = book, told, language, names
        self.known = parse_date(told.known) or 0
        self.applied = None if told.application_date is None else parse_date(told.application_date)
        self.texts = self._texts(told.last)
        self.words, self.say, self.labels = self.texts.words, self.texts.words.say, self.texts.labels

    def _texts(self, month: str) -> RuleTexts:
        on = month_day(month) or 0
        return rule_texts(self.book, in_force(self.book, on, self.known, self.applied), self.language)

    def head(self) -> str:
        told, area = self.told, self.book.areas[self.told.area]
        return self.say(
            "m.head",
            household=told.household_id,
            area=self.labels.said(area.label),
            months=self.span(told.first, told.last),
            known=self.words.date(self.known),
        )

    def sections(self) -> Iterator[Section]:
        for (policy, subject), lines in groupby(self.told.lines, lambda line: (line.policy, line.subject)):
            title = self.say("about", policy=self.labels.policy(policy), subject=self.subject(subject))
            yield Section(f"{policy}/{subject}", title, tuple(self.runs(list(lines))))
        if self.told.not_by_month:
            yield Section("not-by-month", self.words["m.not-by-month"], tuple(self.other_payments()))
        yield Section("totals", self.words["m.totals"], tuple(self.totals()))
        yield from WatchedTold(self.texts, self.told, self.subject).sections()

    # --- months -----------------------------------------------------------------------------------------

    def runs(self, lines: Sequence[MonthLine]) -> Iterator[Line]:
        """Months that follow one another and say the same are told once."""
        run: list[MonthLine] = []
        for line in lines:
            if run and (_same(run[-1]) != _same(line) or not _next(run[-1].month, line.month)):
                yield self.run(run)
                run = []
            run.append(line)
        if run:
            yield self.run(run)

    def run(self, run: Sequence[MonthLine]) -> Line:
        line = run[0]
        text = self.say(
            "m.line",
            months=self.span(line.month, run[-1].month),
            due=self.due(line.due),
            paid=self.paid(line),
        )
        return Line(text + self.difference(line, len(run)), of=tuple(self.why(line)))

    def paid(self, line: MonthLine) -> str:
        return "" if line.paid is None else self.say("m.paid", n=self.money(line.paid))

    def difference(self, line: MonthLine, months: int) -> str:
        if line.verdict == "open":
            return self.words["m.open"]
        if line.difference is None or line.verdict == "as-due":
            return ""
        owed = line.difference.min if line.verdict == "arrears" else -(line.difference.max or 0)
        said = self.say(f"m.{line.verdict}", n=self.money(owed))
        if months == 1:
            return said
        return said + self.say("m.times", months=self.words.number(months), n=self.money(owed * months))

    def why(self, line: MonthLine) -> Iterator[Line]:
        texts = self._texts(line.month)
        policy = texts.policies.get(line.policy)
        if not line.held:
            yield Line(self.words["m.not-held"])
        if line.outcome in ("not-in-force", "not-concerned", "closed", "discretionary"):
            yield Line(self.words[f"m.{line.outcome}"])
        for name in line.failed:
            if policy is not None and name in policy.clauses:
                clause = policy.clauses[name]
                article = self.words.brackets(clause.short_article) if clause.short_article else ""
                yield Line(self.say("m.failed", label=self.words.quoted(clause.label), article=article))
        for one in line.missing:
            yield Line(self.missing(one, line.month))
        if line.then is not None:
            yield from self.then(line, line.then)
        if line.last_known is not None:
            yield self.last_known(line.last_known)

    def then(self, line: MonthLine, then: KnownThen) -> Iterator[Line]:
        """Whether what was paid was right by what was known then, and what has become known since."""
        settled = then.due.min == then.due.max and line.paid is not None
        key = "m.then" if not settled else "m.then.right" if then.due.min == line.paid else "m.then.wrong"
        yield Line(self.say(key, known=self.day(then.known), due=self.due(then.due)))
        if then.outcome == line.outcome and then.due == line.due:
            return  # what has become known since makes no difference
        changed = [
            *(self.owned(ref) for ref in then.changed.facts),
            *(self.labels.name(name) for name in then.changed.parameters),
            *(self.rule(name) for name in then.changed.versions),
            *(
                self.say("held", policy=self.words.quoted(self.labels.policy(name)))
                for name in then.changed.statuses
            ),
        ]
        if changed:
            yield Line(self.say("m.changed", names=self.words.listed(changed)))

    def last_known(self, last: LastKnown) -> Line:
        taken = [
            self.say("m.since", name=self.labels.name(name), date=self.day(since))
            for name, since in last.parameters.items()
        ]
        outcome = self.words[f"outcome.{last.outcome}"]
        return Line(
            self.say("m.last-known", names=self.words.listed(taken), outcome=outcome, due=self.due(last.due))
        )

    def missing(self, one: MissingFact, month: str) -> str:
        if one.parameter:
            row = row_on(
                self.book.parameters[one.parameter],
                self.book.areas,
                self.told.area,
                month_day(month) or 0,
                self.known,
            )
            gap = self.say("c.gap", text=row.gap) if row is not None and row.gap else ""
            return self.say("c.missing.parameter", name=self.labels.name(one.parameter), gap=gap)
        if one.status:
            return self.say(
                "c.missing.status", name=self.labels.policy(one.status), subject=self.subject(one.subject)
            )
        if one.definition:
            return self.say("c.missing.definition", name=self.labels.name(one.definition))
        ref = one.fact if one.subject in ("", HOUSEHOLD) else f"people/{one.subject}/{one.fact}"
        return self.say("m.missing", fact=self.owned(ref))

    # --- sums -------------------------------------------------------------------------------------------

    def other_payments(self) -> Iterator[Line]:
        for one in self.told.not_by_month:
            about = self.say(
                "about", policy=self.labels.policy(one.policy), subject=self.subject(one.subject)
            )
            months = self.span(one.month, one.month)
            yield Line(
                self.say("m.line", months=about, due=months, paid=self.say("m.paid", n=self.money(one.paid)))
            )

    def totals(self) -> Iterator[Line]:
        sums = self.told.totals
        paid = "" if sums.paid is None else self.say("m.paid", n=self.money(sums.paid))
        months = self.span(self.told.first, self.told.last)
        yield Line(self.say("m.line", months=months, due=self.due(sums.due), paid=paid))
        if sums.paid is None:
            yield Line(self.words["m.nothing-said-of-payments"])
            return
        for key, amount in (("m.arrears.all", sums.arrears), ("m.overpaid.all", sums.overpaid)):
            yield Line(self.say(key, n=self.money(amount)))
        if sums.open_lines:
            yield Line(self.say("m.open.all", n=self.words.number(sums.open_lines)))
        if sums.arrears or sums.overpaid:
            yield Line(self.words["m.people-decide"])

    # --- words ------------------------------------------------------------------------------------------

    def due(self, due: Sum) -> str:
        if due.max is None:
            return self.words["m.due.open"]
        span = (
            self.money(due.max)
            if due.min == due.max
            else self.say("range", a=self.money(due.min), b=self.money(due.max))
        )
        return self.say("m.due", n=span)

    def money(self, value: Money) -> str:
        number = self.words.number(value, int(self.book.currency["decimals"]))
        return self.labels.with_unit(number, self.labels.currency)

    def subject(self, subject: str) -> str:
        if subject in ("", HOUSEHOLD):
            return self.words["household"]
        return self.names.get(subject) or self.say("person", id=subject)

    def owned(self, ref: str) -> str:
        """A fact by its label, with the person it is about."""
        parts = ref.split("/")
        name = self.labels.name(parts[-1]) if parts[-1] in self.book.facts else self.words["ask.statuses"]
        return name if len(parts) == 1 else self.say("m.of", name=name, subject=self.subject(parts[1]))

    def rule(self, name: str) -> str:
        return self.labels.policy(name) if name in self.book.policies else self.labels.name(name)

    def day(self, iso: str) -> str:
        return self.words.date(parse_date(iso) or 0)

    def span(self, first: str, last: str) -> str:
        """`2025年1月至8月`, or one month."""
        a, b = (said_month(self.words, iso) for iso in (first, last))
        return a if first == last else self.say("range", a=a, b=b)


def _same(line: MonthLine) -> bytes:
    """Equal for months that are told alike: all but the month, and the day that stands for it."""
    then = line.then
    if then is not None:
        then = KnownThen("", then.outcome, then.due, then.changed)
    return msgspec.json.encode(
        [
            line.version,
            line.held,
            line.outcome,
            line.due,
            line.paid,
            line.failed,
            line.missing,
            then,
            line.last_known,
        ]
    )


def _next(month: str, after: str) -> bool:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12:04}-{number % 12 + 1:02}" == after
