"""Alerts and tasks of an entitlement, told: what was found in which records, who sees to it, by when."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from engine.decision.entitlement import Entitlement
from engine.decision.explain.citations import cited
from engine.decision.explain.model import OPEN, Line, Section
from engine.decision.explain.rules import RuleTexts
from engine.inference.found import Alert, Evidence, Task, Term
from engine.language.dates import parse_date
from engine.language.wording import Wording


def said_month(words: Wording, iso: str) -> str:
    """`2026-08` in words."""
    year, number = int(iso[:4]), int(iso[5:])
    name = words["months"].split()[number - 1]
    return words["month.said"].format(year=year, month=number, name=name)


class WatchedTold:
    """`subject`: what to call a person or the household."""

    def __init__(self, texts: RuleTexts, told: Entitlement, subject: Callable[[str], str]) -> None:
        self.texts, self.told, self.subject = texts, told, subject
        self.book, self.labels, self.words, self.say = texts.book, texts.labels, texts.words, texts.words.say
        self.watches = {one.id: one for one in self.book.watches}
        self.conflicts = {one.id: one for one in self.book.conflicts}

    def sections(self) -> Iterator[Section]:
        if self.told.alerts:
            yield Section("alerts", self.words["w.alerts"], tuple(map(self.alert, self.told.alerts)))
        if self.told.tasks:
            yield Section("tasks", self.words["w.tasks"], tuple(map(self.task, self.told.tasks)))
        notes = []
        if self.told.not_checked:
            keys = self.words.listed(f"`{key}`" for key in self.told.not_checked)
            rules = {rule for rules in self.told.not_checked.values() for rule in rules}
            count = self.words.number(len(rules))
            notes.append(Line(self.say("w.not-checked", keys=keys, n=count)))
        if self.told.alerts or self.told.tasks:
            notes.append(Line(self.words["w.people-decide"]))
        if notes:
            yield Section("watched", self.words["w.notes"], tuple(notes))

    def alert(self, one: Alert) -> Line:
        title = self.labels.said(self.watches[one.rule].title)
        severity = self.words[f"w.{one.severity}"]
        text = self.say("w.alert", title=title, subject=self.subject(one.subject), severity=severity)
        of = []
        if one.evidence:
            of.append(self.say("w.evidence", records=self.records(one.evidence)))
        if one.unclear:
            of.append(self.say("w.unclear", records=self.records(one.unclear)))
        of += [self.owner(one.owner, one.term), self.cite(one.cite)]
        return Line(text, "" if one.evidence else OPEN, tuple(map(Line, of)))

    def task(self, one: Task) -> Line:
        kind = self.book.events[one.event]
        rule = next(task for task in kind.tasks if task.id == one.task)
        text = self.say("w.task", title=self.labels.said(rule.title), subject=self.subject(one.subject))
        of = [] if one.certain else [self.words["w.possible"]]
        of.append(self.say("w.evidence", records=self.records(one.evidence)))
        if one.hear:
            people = self.words.listed(map(self.subject, one.hear))
            article = self.words.brackets(self.article(one.hear_cite))
            of.append(self.say("w.hear", people=people, article=article))
        of += [self.owner(one.owner, one.term), self.cite(one.cite)]
        return Line(text, "" if one.certain else OPEN, tuple(map(Line, of)))

    def records(self, evidence: Sequence[Evidence]) -> str:
        """Records of the same kind and holder together: `高龄津贴（p1，8月、9月）`."""
        parts = []
        ordered = sorted(evidence, key=lambda one: (one.kind, one.policy, one.subject, one.ref, one.at))
        for _, group in groupby(
            ordered, key=lambda one: (one.kind, one.policy, one.subject, self.name_of(one))
        ):
            several = list(group)
            days = self.words.listed(self.day(at) for at in sorted({one.at for one in several}))
            parts.append(self.record(several[0], days))
        return self.words.listed(parts)

    def record(self, one: Evidence, at: str) -> str:
        if one.kind == "conflict":
            return self.say("w.conflict", title=self.name_of(one), at=at)
        return self.say("w.record", title=self.name_of(one), subject=self.subject(one.subject), at=at)

    def name_of(self, one: Evidence) -> str:
        if one.policy:
            name = self.labels.policy(one.policy)
            return self.say("held", policy=self.words.quoted(name)) if one.kind == "status" else name
        if one.kind == "conflict":
            return self.labels.said(self.conflicts[one.ref].title)
        return self.labels.said(self.book.events[one.kind].title)

    def owner(self, owner: str, term: Term) -> str:
        said = ""
        if term.until:
            said = self.say("w.until", date=self.day(term.until))
        elif term.working_days is not None:
            n = self.words.number(term.working_days)
            said = self.say("w.working-days", since=self.day(term.since), n=n)
        return self.say("w.owner", owner=self.texts.office(owner), term=said)

    def cite(self, cite: str) -> str:
        return self.say("w.cite", article=self.article(cite))

    def article(self, cite: str) -> str:
        return cited(cite, self.book.laws, self.words)

    def day(self, iso: str) -> str:
        return said_month(self.words, iso) if len(iso) == 7 else self.words.date(parse_date(iso) or 0)
