"""Rows of sheets put together as household documents, and each mistake of a document traced to its cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.decision.document import read_household
from engine.decision.json_text import BadDocument
from engine.language.phrases.problems_zh import PROBLEMS
from engine.population.cells import NOTHING, Unfit, day_of, number_of, plain_of, text_of
from engine.population.sheets import HOUSEHOLDS, PEOPLE, STATUSES, Columns, Further, Imported, RowOf, Sheet
from engine.rulebook.model import Fact, Rulebook


def import_sheets(book: Rulebook, sheets: Sequence[Sheet], further: Further | None = None) -> Imported:
    """Households that are right, and a problem for every cell that is not.

    `further`: by sheet, columns that are no facts; whoever names them finds them in the rows.
    """
    columns = Columns(book, further)
    for sheet in sheets:
        columns.read(sheet)
    return _Households(book, columns).finished()


@dataclass(slots=True)
class Assembled:
    """A household's document, and for each pointer into it the row and column that it comes from."""

    row: RowOf
    document: dict[str, Any] = field(default_factory=dict)
    places: dict[str, tuple[RowOf, str]] = field(default_factory=dict)
    nothing: dict[str, tuple[RowOf, str]] = field(default_factory=dict)

    def place_of(self, pointer: str) -> tuple[RowOf, str]:
        while pointer:
            if pointer in self.places:
                return self.places[pointer]
            pointer = pointer.rpartition("/")[0]
        return self.row, "household_id"


class _Households:
    def __init__(self, book: Rulebook, columns: Columns) -> None:
        self.book, self.columns = book, columns

    def finished(self) -> Imported:
        if HOUSEHOLDS not in self.columns.rows:
            self.columns.add(HOUSEHOLDS, 1, "", "missing-sheet")
        assembled = {one.row.household: one for one in self._assembled()}
        self._place_others(assembled)
        rows = [row for rows in self.columns.rows.values() for row in rows]
        wrong = self._wrong(rows)
        households = []
        for name, one in assembled.items():
            try:
                household = read_household(self.book, one.document)
            except BadDocument as bad:
                self._explain(one, bad)
                continue
            if name not in wrong:
                households.append(household)
        blamed = frozenset((sheet, row) for sheet, row, _ in self.columns.blamed)
        return Imported(
            households, rows, self.columns.problems, self._wrong(rows), blamed, self.columns.titles
        )

    def _wrong(self, rows: Sequence[RowOf]) -> frozenset[str]:
        """Households with a problem in any of their rows; all of a sheet's when its header is wrong."""
        places = {(one.sheet, one.row) for one in self.columns.problems}
        headers = {sheet for sheet, row in places if row == 1}
        return frozenset(
            row.household
            for row in rows
            if (row.sheet.name, row.number) in places or row.sheet.name in headers
        )

    def _assembled(self) -> Iterator[Assembled]:
        seen: dict[str, int] = {}
        for row in self.columns.rows.get(HOUSEHOLDS, []):
            if row.household in seen:
                self.columns.add(
                    row.sheet.name,
                    row.number,
                    "household_id",
                    "household-twice",
                    other=str(seen[row.household]),
                )
                continue
            seen[row.household] = row.number
            one = Assembled(row)
            one.document["household_id"] = row.household
            for key, read in (("area", text_of), ("application_date", day_of)):
                self._put(one, "", one.document, key, row, read)
            self._facts(one, "", one.document, row, "household")
            one.document["people"] = []
            yield one

    def _place_others(self, assembled: Mapping[str, Assembled]) -> None:
        for name in sorted(self.columns.rows, key=lambda name: (name != PEOPLE, name)):
            if name == HOUSEHOLDS:
                continue
            for row in self.columns.rows[name]:
                one = assembled.get(row.household)
                if one is None:
                    if row.household:
                        self.columns.add(row.sheet.name, row.number, "household_id", "household-unknown")
                elif name == PEOPLE:
                    self._person(one, row)
                elif name == STATUSES:
                    self._status(one, row)
                else:
                    self._entry(one, row, self.book.facts[name])

    def _person(self, one: Assembled, row: RowOf) -> None:
        pointer = f"/people/{len(one.document['people'])}"
        person: dict[str, Any] = {"person_id": row.cells.get("person_id", "")}
        one.places[pointer] = row, "person_id"
        one.places[f"{pointer}/person_id"] = row, "person_id"
        self._facts(one, pointer, person, row, "person")
        one.document["people"].append(person)

    def _status(self, one: Assembled, row: RowOf) -> None:
        entry: dict[str, Any] = {}
        entries = self._entries(one, "", one.document, STATUSES, row)
        pointer = f"/{STATUSES}/{len(entries)}"
        one.places[pointer] = row, "policy"
        readers = {
            "policy": self._policy,
            "person_id": text_of,
            "from": day_of,
            "to": day_of,
            "recorded": day_of,
            "amount": number_of,
        }
        for key, read in readers.items():
            self._put(one, pointer, entry, key, row, read)
        entries.append(entry)

    def _policy(self, cell: Any) -> str:
        """A policy by its id or its title."""
        text = text_of(cell)
        titles = {
            title: name
            for name, one in self.book.policies.items()
            for title in one.versions[-1].title.values()
        }
        return text if text in self.book.policies else titles.get(text, text)

    def _entry(self, one: Assembled, row: RowOf, fact: Fact) -> None:
        owner, base = one.document, ""
        if fact.of == "person":
            ids = [person["person_id"] for person in one.document["people"]]
            wanted = row.cells.get("person_id")
            if wanted not in ids:
                self.columns.add(row.sheet.name, row.number, "person_id", "person-unknown")
                return
            place = ids.index(wanted)
            owner, base = one.document["people"][place], f"/people/{place}"
        entries = self._entries(one, base, owner, fact.name, row)
        pointer, entry = f"{base}/{fact.name}/{len(entries)}", dict[str, Any]()
        one.places[pointer] = row, fact.items[0].name
        for item in fact.items:
            self._put(one, pointer, entry, item.name, row, lambda cell, item=item: plain_of(item, cell))
        entries.append(entry)

    def _entries(self, one: Assembled, base: str, owner: dict[str, Any], name: str, row: RowOf) -> list[Any]:
        """The entries so far. A list that was said to be empty and is not is a mistake of the one who said it."""
        if f"{base}/{name}" in one.nothing:
            said, _ = one.nothing.pop(f"{base}/{name}")
            self.columns.add(said.sheet.name, said.number, name, "list-not-empty")
        found: list[Any] = owner.setdefault(name, [])
        return found

    def _facts(self, one: Assembled, pointer: str, owner: dict[str, Any], row: RowOf, of: str) -> None:
        for fact in self.book.facts.values():
            if fact.of != of or fact.name not in row.cells:
                continue
            if fact.items:
                self._nothing(one, pointer, owner, fact.name, row)
            else:
                self._put(one, pointer, owner, fact.name, row, lambda cell, of=fact.value: plain_of(of, cell))
        if of == "household" and STATUSES in row.cells:
            self._nothing(one, pointer, owner, STATUSES, row)

    def _nothing(self, one: Assembled, pointer: str, owner: dict[str, Any], name: str, row: RowOf) -> None:
        if str(row.cells[name]).strip().lower() not in NOTHING:
            self.columns.add(row.sheet.name, row.number, name, "list-column")
            return
        owner[name] = []
        one.nothing[f"{pointer}/{name}"] = row, name

    def _put(
        self, one: Assembled, pointer: str, owner: dict[str, Any], key: str, row: RowOf, read: Any
    ) -> None:
        """Reads one cell into the document, and remembers where it came from."""
        one.places[f"{pointer}/{key}"] = row, key
        if key not in row.cells:
            return
        try:
            owner[key] = read(row.cells[key])
        except Unfit as unfit:
            self.columns.add(row.sheet.name, row.number, key, unfit.code, **unfit.told)

    def _explain(self, one: Assembled, bad: BadDocument) -> None:
        """Problems of a document at the cells that they come from; what a cell has been blamed for is not told twice."""
        places = [(problem, *one.place_of(problem.pointer)) for problem in bad.problems]
        fresh = [
            (problem, row, column)
            for problem, row, column in places
            if (row.sheet.name, row.number, self.columns.titles.get((row.sheet.name, column), column))
            not in self.columns.blamed
        ]
        for problem, row, column in fresh:
            message = problem.message + (f"; {problem.hint}" if problem.hint else "")
            self.columns.add(
                row.sheet.name,
                row.number,
                column,
                "document",
                message=message,
                zh=PROBLEMS.get(problem.code, problem.code),
            )
