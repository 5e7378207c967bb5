"""Whose a row of a sheet is: a household or a person of the record, named by id or by identity number."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from engine.population.cells import text_of
from engine.population.sheets import RowOf
from records import people
from records.database import Reading
from records.standards import gb11643
from records.verdicts import Flat
from records.where import areas_of, covers, memberships_of


class Whose:
    """Everybody whom a sheet names, looked up at once; `of` answers for one row and tells what is wrong to the sheet."""

    def __init__(self, read: Reading, flat: Flat, reaches: Callable[[str], bool]) -> None:
        self.flat, self.reaches = flat, reaches
        self.numbers = people.owners_of(read, self._numbers())
        named = {str(row.cells["person_id"]).strip() for row in flat.rows if "person_id" in row.cells}
        self.known = people.known(read, {*named, *self.numbers.values()})
        self.memberships = memberships_of(read, self.known)
        wanted = {str(row.cells["household_id"]).strip() for row in flat.rows if "household_id" in row.cells}
        self.areas = areas_of(read, {*wanted, *(one for many in self.memberships.values() for one in many)})

    def _numbers(self) -> list[str]:
        written = (row.cells.get("id_number") for row in self.flat.rows)
        return [str(one).strip().upper() for one in written if one is not None]

    def of(self, row: RowOf, day: date, unit: str) -> tuple[str, str]:
        """The household and the person ("": nobody is named) on a day; "" for the household when something is wrong."""
        before = len(self.flat.problems)
        person = self._person(row)
        household = self.flat.value(row, "household_id", text_of) or ""
        if len(self.flat.problems) > before:
            return "", ""
        if household and household not in self.areas:
            return self._wrong(row, "household_id", "no-such-household")
        if not person:
            if not household:
                return self._wrong(row, "household_id", "who")
            if unit == "person":
                return self._wrong(row, "person_id", "of-a-person", policy=str(row.cells.get("policy", "")))
            return self._reached(row, household, "")
        inside = [one for one, days in self.memberships.get(person, {}).items() if covers(days, day)]
        if household and household not in self.memberships.get(person, {}):
            return self._wrong(row, "household_id", "not-of-household")
        if not household and len(inside) != 1:
            return self._wrong(row, "household_id", "in-several" if inside else "in-no-household")
        return self._reached(row, household or inside[0], person)

    def _person(self, row: RowOf) -> str:
        number = str(self.flat.value(row, "id_number", text_of) or "").upper()
        if number:
            problem = gb11643.problem_with(number)
            if problem:
                self.flat.add(row.number, "id_number", f"id-{problem}")
                return ""
            if number not in self.numbers:
                self.flat.add(row.number, "id_number", "no-such-person")
                return ""
        told = str(self.flat.value(row, "person_id", text_of) or "")
        if told and told not in self.known:
            self.flat.add(row.number, "person_id", "no-such-person")
        elif number and told and self.numbers[number] != told:
            self.flat.add(row.number, "person_id", "other-number")
        return self.numbers[number] if number else told

    def _reached(self, row: RowOf, household: str, person: str) -> tuple[str, str]:
        if not self.reaches(self.areas[household]):  # as if it were not there
            return self._wrong(row, "household_id", "no-such-person" if person else "no-such-household")
        return household, person

    def _wrong(self, row: RowOf, column: str, code: str, **told: str) -> tuple[str, str]:
        self.flat.add(row.number, column, code, **told)
        return "", ""
