"""Households from sheets into the record: every row is looked at, and what is right is written down.

The engine reads facts and never who somebody is; names, numbers, telephones, accounts and addresses are columns of the
record's own. Somebody whom the record knows already, by number or by id, is the same person, and a warning says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import select

from engine.decision import parse_json
from engine.population.cells import Unfit, text_of
from engine.population.sheet_households import import_sheets
from engine.population.sheets import HOUSEHOLDS, NAMES, PEOPLE, CellProblem, Imported, RowOf, Sheet
from engine.rulebook import Rulebook
from records import people, tables
from records.arrivals import Arrival
from records.database import AT_ONCE, Reading, Writing, batched
from records.households import households_of
from records.intake import write_down_all
from records.people import Identity, Kind
from records.standards import gb11643
from records.verdicts import RecordProblem

ADDRESS = "address"
FURTHER: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    HOUSEHOLDS: {ADDRESS: ("address", "住址", "家庭住址")},
    PEOPLE: {
        Kind.NAME: ("name", "姓名"),
        Kind.ID_NUMBER: ("id_number", "身份证号码", "身份证号", "公民身份号码", "证件号码"),
        Kind.PHONE: ("phone", "联系电话", "手机号码"),
        Kind.ACCOUNT: ("account", "银行账号", "银行卡号"),
    },
}
BORN = "birth_date"


@dataclass(frozen=True, slots=True)
class CheckedSheets:
    """`imported`: the verdicts. `arrivals`: the households that can be written down."""

    imported: Imported
    arrivals: list[Arrival]


def anywhere(_: str) -> bool:
    return True


def check_sheets(
    read: Reading,
    book: Rulebook,
    sheets: Sequence[Sheet],
    since: date,
    reaches: Callable[[str], bool] = anywhere,
    shows: Callable[[str], bool] = anywhere,
) -> CheckedSheets:
    """Verdicts for every row and field; nothing is written.

    reaches  whether households of an area may be written
    shows    whether another household may be named
    """
    found = import_sheets(book, sheets, FURTHER)
    checking = _Checking(read, found, since, reaches, shows)
    checking.households()
    checking.numbers()
    wrong = found.wrong | {row.household for row in found.rows if checking.is_wrong(row)}
    checked = replace(
        found,
        households=[one for one in found.households if one.household_id not in wrong],
        problems=[*found.problems, *checking.problems],
        wrong=wrong,
    )
    arrivals = list(checking.arrivals(checked))
    return CheckedSheets(replace(checked, warnings=checking.warnings), arrivals)


def import_checked(write: Writing, book: Rulebook, checked: CheckedSheets) -> None:
    """Writes the households down that were found right in the same transaction."""
    if checked.arrivals:
        write_down_all(write, book, checked.arrivals)


class _Checking:
    def __init__(
        self,
        read: Reading,
        found: Imported,
        since: date,
        reaches: Callable[[str], bool],
        shows: Callable[[str], bool],
    ) -> None:
        self.read, self.found, self.since = read, found, since
        self.reaches, self.shows = reaches, shows
        self.problems: list[CellProblem] = []
        self.warnings: list[CellProblem] = []
        self.of_household = [row for row in found.rows if _is(row, HOUSEHOLDS)]
        self.of_people = [row for row in found.rows if _is(row, PEOPLE)]
        self.same: dict[str, str] = {}  # ids of the sheet that the record calls otherwise
        self._wrong: set[tuple[str, int]] = set()

    def is_wrong(self, row: RowOf) -> bool:
        return (row.sheet.name, row.number) in self._wrong

    def _add(self, row: RowOf, column: str, code: str, **told: str) -> None:
        self._wrong.add((row.sheet.name, row.number))
        self.problems.append(self._problem(row, column, code, told))

    def _warn(self, row: RowOf, column: str, code: str, **told: str) -> None:
        self.warnings.append(self._problem(row, column, code, told))

    def _problem(self, row: RowOf, column: str, code: str, told: Mapping[str, str]) -> CellProblem:
        title = self.found.titles.get((row.sheet.name, column), column)
        return RecordProblem(row.sheet.name, row.number, title, code, told)

    def households(self) -> None:
        ids = [row.household for row in self.of_household]
        known: set[str] = set()
        for some in batched(ids, AT_ONCE):
            there = select(tables.household.c.household_id).where(tables.household.c.household_id.in_(some))
            known.update(self.read.connection.execute(there).scalars())
        for row in self.of_household:
            if row.household in known:
                self._add(row, "household_id", "household-known")
            if "area" in row.cells and not self.reaches(str(row.cells["area"]).strip()):
                self._add(row, "area", "out-of-reach")
            self._text(row, ADDRESS)

    def numbers(self) -> None:
        """Numbers that are no numbers, or somebody else's; people whom the record knows."""
        seen: dict[str, RowOf] = {}
        for row in self.of_people:
            for kind in Kind:
                self._text(row, kind)
            number = _plain(row, Kind.ID_NUMBER).upper()
            if not number or self.is_wrong(row):
                continue
            problem = gb11643.problem_with(number)
            if problem:
                self._add(row, Kind.ID_NUMBER, f"id-{problem}")
                continue
            born = _plain(row, BORN)[:10]
            told = f"{number[6:10]}-{number[10:12]}-{number[12:14]}"
            if (
                len(born) == 10 and born[4] == "-" and born != told
            ):  # other ways to write a day are the engine's
                self._add(row, Kind.ID_NUMBER, "id-other-birth", born=born)
            first = seen.setdefault(number, row)
            if _person(first) != _person(row):
                self._add(row, Kind.ID_NUMBER, "id-twice", other=str(first.number))
        self._known_people(seen)

    def _known_people(self, by_number: Mapping[str, RowOf]) -> None:
        owners = people.owners_of(self.read, by_number)
        owned = {_person(by_number[number]): owner for number, owner in owners.items()}
        ids = [_person(row) for row in self.of_people]
        known = people.known(self.read, [*ids, *owned.values()])
        with_number = people.with_number(self.read, known)
        for row in self.of_people:
            person = _person(row)
            owner = owned.get(person, person)
            has_number = bool(_plain(row, Kind.ID_NUMBER))
            if person in known and has_number and owned.get(person) != person and person in with_number:
                self._add(row, "person_id", "other-number")
            elif owner in known:
                if owner != person:
                    self.same[person] = owner
                    self._warn(row, Kind.ID_NUMBER, "known-person", person=owner)
                for other in households_of(self.read.connection, owner, self.since):
                    named = f"（{other}）" if self.shows(other) else ""
                    self._warn(row, "person_id", "in-another", other=named)

    def _text(self, row: RowOf, column: str) -> None:
        if column in row.cells:
            try:
                text_of(row.cells[column])
            except Unfit as unfit:
                self._add(row, column, unfit.code, **unfit.told)

    def arrivals(self, checked: Imported) -> Iterator[Arrival]:
        identities: dict[str, dict[str, Identity]] = {}
        for row in self.of_people:
            who = Identity(**{kind: _plain(row, kind) or None for kind in Kind})
            if who != Identity():
                identities.setdefault(row.household, {})[self._same(_person(row))] = who
        addresses = {row.household: _plain(row, ADDRESS) for row in self.of_household}
        for one in checked.households:
            document = parse_json(one.canonical)
            yield Arrival(
                self._renamed(document),
                self.since,
                addresses.get(one.household_id, ""),
                identities.get(one.household_id, {}),
            )

    def _same(self, person: str) -> str:
        return self.same.get(person, person)

    def _renamed(self, document: dict[str, Any]) -> dict[str, Any]:
        """With the record's own ids of the people whom it knows."""
        for one in (*document["people"], *document.get("statuses", ())):
            if "person_id" in one:
                one["person_id"] = self._same(one["person_id"])
            one.pop("recorded", None)  # when it was written down is for the record to say
        return document


def _is(row: RowOf, name: str) -> bool:
    return row.sheet.name.strip().lower() in NAMES[name]


def _person(row: RowOf) -> str:
    return str(row.cells.get("person_id", ""))


def _plain(row: RowOf, column: str) -> str:
    """A cell as text, "" for one that is empty or no text."""
    if column not in row.cells:
        return ""
    cell = row.cells[column]
    if isinstance(cell, date):
        return cell.isoformat()
    try:
        return text_of(cell)
    except Unfit:
        return ""
