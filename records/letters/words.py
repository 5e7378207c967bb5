"""The sentences of letters.yaml filled in, for one household, language and day."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from string import Formatter

from engine.decision.explain.citations import LOCAL, cited
from engine.decision.explain.words import WORDS
from engine.language.dates import from_date
from engine.language.wording import Wording
from engine.rulebook import Rulebook
from engine.rulebook.letters import Letters, Notice, Office, areas_around
from records.letters.letter import Block, Heading, Item, Items, Kind, Letter
from records.refused import Refused

_UNSEEN = frozenset({"known", "unsure"})


@dataclass(frozen=True, slots=True)
class Paper:
    """A sheet to write on: `on` is the day that stands on it."""

    book: Rulebook
    letters: Letters
    words: Wording
    area: str
    on: date

    @property
    def language(self) -> str:
        return self.words.language

    def say(self, key: str, **parts: str) -> str:
        """A word of letters.yaml, filled in."""
        return self._filled(self.letters.words[key][self.language], **parts)

    def _filled(self, text: str, **parts: str) -> str:
        """With the space between a number and a Chinese character that explanations have as well."""
        values, made = {**self._places(), **parts}, ""
        for literal, place, _, _ in Formatter().parse(text):
            made = self.words.beside(made, literal)
            if place is not None:
                made = self.words.beside(made, values[place])
        return made

    def _places(self) -> dict[str, str]:
        """Area levels by the names of the household's areas, the nearest of a level; a level below them is empty."""
        found: dict[str, str] = {}
        for code in areas_around(self.area, self.book.areas):
            area = self.book.areas.get(code)
            if area is not None:
                found.setdefault(area.level, area.label[self.language])
        return {**dict.fromkeys(self.book.levels, ""), **found}

    def cited(self, cite: str) -> str:
        return cited(cite, self.book.laws, self.words)

    def date(self, day: date) -> str:
        return self.words.date(from_date(day))

    # --- who writes -------------------------------------------------------------------------------------

    def office(self, department: str) -> tuple[str, str, bool]:
        """The name and the address of the office that writes, and whether that is settled."""
        found = self._office(department)
        if found is None:
            name = self.book.departments.get(department) or self.book.levels.get(department, {})
            return name.get(self.language, department), "", False
        said = (self._filled(one[self.language]) for one in (found.name, found.contact))
        return next(said), next(said), LOCAL not in found.cite

    def _office(self, department: str) -> Office | None:
        for area in areas_around(self.area, self.book.areas):
            for one in self.letters.offices:
                if one.area == area and one.department == department:
                    return one
        return None

    # --- what the law adds ------------------------------------------------------------------------------

    def notices(self, among: Iterable[Notice], department: str) -> Iterator[Notice]:
        around = set(areas_around(self.area, self.book.areas))
        for one in among:
            ours = not one.departments or department in one.departments
            if ours and one.area in around and one.covers(from_date(self.on)):
                yield one

    def section(self, heading: str, notices: Iterable[Notice]) -> list[Block]:
        """A heading with texts and their articles; nothing where there are none."""
        items = tuple(Item(self._filled(one.text[self.language]), self.article(one.cite)) for one in notices)
        return [Heading(self.say(heading)), Items(items)] if items else []

    def article(self, cite: str) -> tuple[str, ...]:
        """The line that names the ground; a ground that is still to be found says so."""
        said = self.cited(cite)
        return (self.say("article", article=said) if said else self.say("article.none"),)

    def open_notices(self, heading: str, notices: Iterable[Notice]) -> list[str]:
        """What is still to be found or confirmed behind them."""
        wanting = any(is_open(self.book, one.cite) for one in notices)
        return [self.say("draft.text", heading=self.say(heading))] if wanting else []

    # --- the sheet --------------------------------------------------------------------------------------

    def letter(
        self,
        kind: Kind,
        department: str,
        title: str,
        blocks: Iterable[Block],
        *,
        addressee: str = "",
        number: str = "",
        drafts: Iterable[str] = (),
        record: str = "",
    ) -> Letter:
        office, contact, settled = self.office(department)
        wanting = [] if settled else [self.say("draft.text", heading=office)]
        return Letter(
            kind,
            self.language,
            title,
            office,
            contact,
            number,
            addressee,
            tuple(blocks),
            tuple(dict.fromkeys([*drafts, *wanting])),
            self.say("draft"),
            self.say("seal"),
            self.date(self.on),
            self.on,
            record,
            self.letters.words["page"][self.language],
        )


def paper(book: Rulebook, language: str, area: str, on: date) -> Paper:
    """Raises `Refused` when the rulebook has no letters or not this language."""
    if book.letters is None:
        raise Refused(
            "no-letters",
            "规则库没有 letters.yaml，不能出具文书 · this rulebook has no letters.yaml, so no letter can be written",
        )
    if language not in book.languages:
        raise Refused(
            "no-language",
            f"规则库没有语言 {language} · this rulebook does not speak {language}: {', '.join(book.languages)}",
        )
    return Paper(book, book.letters, Wording(language, WORDS), area, on)


def is_open(book: Rulebook, cite: str) -> bool:
    """Whether a ground has no text yet, or one that nobody here has seen."""
    codes = re.findall(r"[A-Z][A-Z0-9_]*", cite)
    return LOCAL in cite or not codes or any(book.laws[code].seen in _UNSEEN for code in codes)
