"""letters.yaml as officers wrote it: read, and its words held against the letters that need them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from engine.language.problems import nearest
from engine.rulebook.letters import WORDS, Applicant, Letters, Notice, Office, Publicity, places_in
from engine.rulebook.model import FOREVER, Area, Fact, Label
from engine.rulebook.reading import Report, day, get, items, mapping, scalar, text
from engine.rulebook.source import Mapping as YamlMapping
from engine.rulebook.source import Scalar, Tree

_MOST_TOLD = 8


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
    reader.known(get(publicity, "members"), definitions, "a definition")
    reader.known(get(applicant, "fact"), facts, "a fact")
    return Letters(
        words,
        tuple(reader.office(one) for one in items(tree.entries["offices"])),
        tuple(reader.notice(one) for one in items(tree.entries["remedies"])),
        tuple(reader.notice(one) for one in items(tree.entries["hearings"])),
        Publicity(text(get(publicity, "members")), report.cite(get(publicity, "cite"))),
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
