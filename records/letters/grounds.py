"""Why a finding came out so, as a letter says it: the conditions that settle it with their articles, and what they have read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from engine.decision.explain import Telling
from engine.decision.explain.rules import PolicyText
from engine.decision.explain.telling import members
from engine.decision.explain.values import PEOPLE, own_name
from engine.decision.model import ConflictFound, Finding, Trace
from engine.rulebook.model import Conflict
from records.letters.letter import Item
from records.letters.words import Paper, is_open


class Grounds:
    """Of one finding. `effects`: what conflicts did to it, by the effect; `text`: its policy's, None when it has no version."""

    def __init__(
        self,
        told: Telling,
        sheet: Paper,
        finding: Finding,
        text: PolicyText | None,
        effects: Mapping[str, ConflictFound],
    ) -> None:
        self.told, self.sheet, self.finding = told, sheet, finding
        self.text, self.effects = text, effects
        self._read: dict[str, None] = {}  # what the conditions that are told have read, in their order

    # --- conditions -------------------------------------------------------------------------------------

    @cached_property
    def reasons(self) -> tuple[Item, ...]:
        """The conditions that settle it, each with its article; and the rule that lets only one of two stand."""
        return tuple(self._reasons())

    def _reasons(self) -> Iterator[Item]:
        for effect in ("dropped", "offset"):
            if effect in self.effects:
                cite = self._conflict(self.effects[effect]).cite
                yield Item(self.told.effect(self.effects[effect]), self.sheet.article(cite) if cite else ())
        trace, text = self.finding.trace, self.text
        if trace is None or text is None or "dropped" in self.effects:
            return
        if self.finding.outcome == "ineligible":
            for one in self.told.decisive(text, trace, False):
                yield from self._unmet(text, one)
            return
        key = "condition.closed" if self.finding.outcome == "closed" else "condition.met"
        for name in self.finding.reasons:
            clause, found = text.clauses.get(name), _find(trace, name)
            if clause is None:
                continue
            margin = ""
            if found is not None:
                self._has_read(found.reads or ())
                margin = self._margin(self.told.margin(clause, found))
            yield Item(self.sheet.say(key, label=clause.label) + margin, self._article(clause.article))

    def _unmet(self, text: PolicyText, trace: Trace) -> Iterator[Item]:
        clause, sheet = text.clauses.get(trace.clause), self.sheet
        if clause is None:
            either = trace.clause == "eligible" or text.kinds.get(trace.clause) == "any"
            yield Item(sheet.say("condition.either" if either else "condition.together"))
            for one in members(trace):
                if one.truth is False:
                    yield from self._unmet(text, one)
            return
        self._has_read(trace.reads or ())
        self._has_read(self.told.refs_of_meaning(clause, self.finding.subject))
        if clause.holds and clause.holds != clause.label:
            said = sheet.say("condition.unmet.holds", label=clause.label, fact=clause.holds)
        else:
            said = sheet.say("condition.unmet", label=clause.label)
        said += self._margin(self.told.margin(clause, trace))
        meaning = (self.told.say("c.means", text=clause.means),) if clause.means else ()
        yield Item(said, (*meaning, *self._article(clause.article)))

    def open(self) -> list[str]:
        """What is to be checked before the letter is served: reasons whose ground is still to be found or confirmed."""
        if self.text is None:
            return []
        cites = {one.id: one.cite for one in self.text.version.all_clauses()}
        book = self.sheet.book
        wanting = any(is_open(book, cites[name]) for name in self.finding.reasons if name in cites)
        wanting |= any(is_open(book, self._conflict(one).cite) for one in self.effects.values())
        return [self.sheet.say("draft.text", heading=self.sheet.say("heading.reasons"))] if wanting else []

    def _conflict(self, one: ConflictFound) -> Conflict:
        return next(rule for rule in self.told.texts.rules.conflicts if rule.id == one.rule)

    def _margin(self, margin: str) -> str:
        return self.sheet.say("margin", margin=margin) if margin else ""

    def _article(self, article: str) -> tuple[str, ...]:
        sheet = self.sheet
        return (sheet.say("article", article=article) if article else sheet.say("article.none"),)

    # --- facts ------------------------------------------------------------------------------------------

    def facts(self) -> Iterator[str]:
        """What the conditions have read. Of a list only how long it is: its entries may be about other people."""
        values = self.told.values
        for ref in self._read if self.reasons else ():  # telling the reasons shows what they have read
            name = own_name(ref)
            fact = self.sheet.book.facts.get(name)
            if fact is None or not fact.items:
                yield values.read(ref)
                continue
            known = [values.known(one) for one in _each(ref, self.told.decision.people)]
            if any(one is None for one in known):
                count = self.told.words["unknown.value"]
            else:
                count = str(sum(len(one) for one in known))
            yield self.sheet.say("entries", name=values.label(name), count=count)

    def _has_read(self, refs: Iterable[str]) -> None:
        self._read |= dict.fromkeys(refs)


def _find(trace: Trace, name: str) -> Trace | None:
    if trace.clause == name:
        return trace
    return next((found for one in members(trace) if (found := _find(one, name))), None)


def _each(ref: str, people: Sequence[str]) -> list[str]:
    if not ref.startswith(PEOPLE + "*/"):
        return [ref]
    return [f"{PEOPLE}{person}/{own_name(ref)}" for person in people]
