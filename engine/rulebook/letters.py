"""What stands on paper: the words of letters, who writes them, how they may be contested (letters.yaml, optional).

Every word is a text with places to fill, `{month}`; which words there are and what each may be filled with is said in
`WORDS`. Names of area levels are places in all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from string import Formatter

from engine.rulebook.model import Area, Label

_LETTER = ("programme", "subject", "name")
WORDS: Mapping[str, tuple[str, ...]] = {
    # heads
    "number": ("year", "serial"),
    "addressee": ("name",),
    "draft": (),
    "draft.text": ("heading",),
    "seal": (),
    "record": ("decision", "rulebook"),
    "page": ("page", "pages"),
    "heading.decision": (),
    "heading.amount": (),
    "heading.reasons": (),
    "heading.facts": (),
    "heading.change": (),
    "heading.remedies": (),
    "heading.hearing": (),
    # decisions
    "grant.title": _LETTER,
    "grant.opening": _LETTER,
    "refusal.title": _LETTER,
    "refusal.opening": _LETTER,
    "change.title": _LETTER,
    "change.opening": (*_LETTER, "before", "after", "since"),
    "stop.title": _LETTER,
    "stop.opening": (*_LETTER, "since"),
    "closing.title": _LETTER,
    "closing.opening": _LETTER,
    "amount": ("amount",),
    "amount.officer": ("amount", "band"),
    "amount.offset": ("amount", "cut", "other", "rest"),
    "pays.month": ("month",),
    "pays.once": (),
    "review": ("date",),
    "condition.met": ("label",),
    "condition.unmet": ("label",),
    "condition.unmet.holds": ("label", "fact"),
    "condition.closed": ("label",),
    "condition.either": (),
    "condition.together": (),
    "margin": ("margin",),
    "article": ("article",),
    "article.none": (),
    "change": ("change", "outcome"),
    "change.none": (),
    "entries": ("name", "count"),
    "hearing.held": ("date",),
    # acceptance
    "acceptance.title": (),
    "acceptance.opening": ("name", "date"),
    "acceptance.programme": (),
    "acceptance.decides": (),
    "acceptance.days": (),
    "acceptance.publicity": (),
    "acceptance.basis": (),
    "acceptance.working_days": ("days",),
    "acceptance.public_days": ("days",),
    "acceptance.days.local": (),
    "acceptance.papers": (),
    "acceptance.paper": ("paper", "count"),
    "acceptance.close": (),
    # missing papers
    "missing.title": (),
    "missing.opening": ("name", "date"),
    "missing.what": (),
    "missing.whose": (),
    "missing.question": (),
    "missing.office": (),
    "missing.programmes": (),
    "missing.papers": (),
    "missing.close": (),
    # publicity
    "publicity.title": ("programme",),
    "publicity.opening": ("programme", "count", "first", "last", "days"),
    "publicity.number": (),
    "publicity.name": (),
    "publicity.members": (),
    "publicity.amount": (),
    "publicity.close": (),
    # hearing
    "hearing.title": _LETTER,
    "hearing.stop": (*_LETTER, "since"),
    "hearing.reduce": (*_LETTER, "before", "after", "since"),
    "hearing.when": ("date", "time", "place"),
    "hearing.close": (),
}


@dataclass(frozen=True, slots=True)
class Office:
    """Who writes for a department in an area and everything below it."""

    area: str
    department: str
    name: Label
    contact: Label
    cite: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A text that a letter carries from a day on, in an area and everything below it: a remedy, a hearing."""

    id: str
    area: str
    start: int
    until: int
    text: Label
    cite: str
    departments: tuple[str, ...] = ()

    def covers(self, on: int) -> bool:
        return self.start <= on <= self.until


@dataclass(frozen=True, slots=True)
class Publicity:
    """`members`: the definition that lists who is counted. Children are never shown (`children` in rulebook.yaml)."""

    members: str
    cite: str


@dataclass(frozen=True, slots=True)
class Applicant:
    """A household's letters go to the person of whom this fact is this value."""

    fact: str
    value: str


@dataclass(frozen=True, slots=True)
class Letters:
    words: Mapping[str, Label]
    offices: tuple[Office, ...]
    remedies: tuple[Notice, ...]
    hearings: tuple[Notice, ...]
    publicity: Publicity
    applicant: Applicant


def places_in(said: str) -> Iterator[str]:
    """The names in braces; "" for a brace that is not closed."""
    try:
        yield from (name for _, name, _, _ in Formatter().parse(said) if name is not None)
    except ValueError:
        yield ""


def areas_around(area: str, areas: Mapping[str, Area]) -> Iterator[str]:
    """An area and those that it lies in, the nearest first."""
    while area:
        yield area
        area = areas[area].parent if area in areas else ""
