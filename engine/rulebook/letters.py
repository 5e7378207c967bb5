"""What stands on paper: the words of letters, who writes them, how they may be contested (letters.yaml, optional).

Every word is a text with places to fill, `{month}`; which words there are and what each may be filled with is said in
`WORDS`. Names of area levels are places in all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from string import Formatter

from engine.language.problems import nearest
from engine.rulebook.model import FOREVER, Area, Fact, Label
from engine.rulebook.reading import Report, day, get, items, mapping, scalar, text
from engine.rulebook.source import Mapping as YamlMapping
from engine.rulebook.source import Scalar, Tree, plain

_MOST_TOLD = 8
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
    """`age`: the definition that says how old the person is whose name is shown; nobody younger than `adult` is.

    `members`: the definition that lists who is counted.
    """

    age: str
    adult: int
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


def read_letters(
    tree: YamlMapping,
    report: Report,
    areas: Mapping[str, Area],
    levels: Collection[str],
    departments: Mapping[str, Label],
    facts: Mapping[str, Fact],
    definitions: Collection[str],
) -> Letters:
    """Every mistake goes to the report."""
    places = set(levels)
    reader = _Reader(report, areas, departments, places)
    written = mapping(tree.entries["words"])
    for key, at in written.keys.items():
        if key not in WORDS:
            hint = nearest(key, WORDS) or "see docs/papers.md for the words of letters"
            report.add(at, "unknown-name", f"no letter reads the word `{key}`", hint)
    wanting = [key for key in WORDS if key not in written.entries]
    if wanting:
        message = f"{len(wanting)} words are missing: {', '.join(f'`{key}`' for key in wanting[:_MOST_TOLD])}"
        message += ", …" if len(wanting) > _MOST_TOLD else ""
        report.add(tree.keys["words"], "missing-key", message, "every sentence of a letter stands here")
    words = {
        key: reader.words(entry, {*WORDS.get(key, ()), *places}) for key, entry in written.entries.items()
    }
    publicity, applicant = tree.entries["publicity"], tree.entries["applicant"]
    for name in ("age", "members"):
        reader.known(get(publicity, name), definitions, "a definition")
    reader.known(get(applicant, "fact"), facts, "a fact")
    return Letters(
        words,
        tuple(reader.office(one) for one in items(tree.entries["offices"])),
        tuple(reader.notice(one) for one in items(tree.entries["remedies"])),
        tuple(reader.notice(one) for one in items(tree.entries["hearings"])),
        Publicity(
            text(get(publicity, "age")),
            int(plain(publicity)["adult"]),
            text(get(publicity, "members")),
            report.cite(get(publicity, "cite")),
        ),
        Applicant(text(get(applicant, "fact")), text(get(applicant, "value"))),
    )


class _Reader:
    def __init__(
        self, report: Report, areas: Mapping[str, Area], departments: Mapping[str, Label], places: set[str]
    ) -> None:
        self.report, self.areas, self.departments, self.places = report, areas, departments, places

    def office(self, tree: Tree) -> Office:
        self.known(get(tree, "area"), self.areas, "an area")
        self.known(get(tree, "department"), self.departments, "a department")
        return Office(
            text(get(tree, "area")),
            text(get(tree, "department")),
            self.words(get(tree, "name"), self.places),
            self.words(get(tree, "contact"), self.places),
            self.report.cite(get(tree, "cite")),
        )

    def notice(self, tree: Tree) -> Notice:
        self.known(get(tree, "area"), self.areas, "an area")
        for one in items(get(tree, "departments")):
            self.known(one, self.departments, "a department")
        return Notice(
            text(get(tree, "id")),
            text(get(tree, "area")),
            day(get(tree, "from"), 0),
            day(get(tree, "until"), FOREVER),
            self.words(get(tree, "text"), self.places),
            self.report.cite(get(tree, "cite")),
            tuple(scalar(one).text for one in items(get(tree, "departments"))),
        )

    def known(self, tree: Tree | None, names: Collection[str], what: str) -> None:
        if isinstance(tree, Scalar) and tree.text not in names:
            hint = nearest(tree.text, names) or f"{what} has to be declared before it is named here"
            self.report.add(tree.at, "unknown-name", f"`{tree.text}` is not {what}", hint)

    def words(self, tree: Tree | None, places: Collection[str]) -> Label:
        """A text in every language; each place in it is one that gets filled."""
        label = self.report.label(tree)
        for language, said in label.items():
            for place in places_in(said):
                if place not in places:
                    at = scalar(mapping(tree).entries[language]).at if tree is not None else None
                    assert at is not None
                    message = f"nothing fills `{{{place}}}` here" if place else "a brace is left open here"
                    hint = nearest(place, places) or f"it may hold {', '.join(sorted(places))}"
                    self.report.add(at, "unknown-name", message, hint)
        return label


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
