"""Households from sheets: one of households, one of people, one for each list, one of statuses.

A household is taken with all its rows or not at all. A cell that is empty says nothing; that a list is empty is said by
a column of its name, with “none” in it. Columns are called by the name of the fact or by its label in any language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from engine.decision.document import Household
from engine.population.cells import PHRASES, Unfit, empty, text_of
from engine.population.problems import near
from engine.rulebook.model import Field, Rulebook

HOUSEHOLDS, PEOPLE, STATUSES = "households", "people", "statuses"
NAMES: Mapping[str, tuple[str, ...]] = {
    HOUSEHOLDS: ("households", "家庭"),
    PEOPLE: ("people", "人员", "家庭成员"),
    STATUSES: ("statuses", "在册", "在册情况"),
}
NOT_READ = ("说明", "notes", "可填内容", "choices")  # sheets that tell people how to fill in the others
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "household_id": ("household_id", "户编号"),
    "person_id": ("person_id", "人员编号"),
    "area": ("area", "地区"),
    "application_date": ("application_date", "申请日期"),
    "policy": ("policy", "政策"),
    "from": ("from", "起始日期"),
    "to": ("to", "终止日期"),
    "recorded": ("recorded", "登记日期"),
    "amount": ("amount", "金额"),
}
PROBLEMS_COLUMN = ("问题", "problems")  # of a file that was sent back to be corrected; not read
KEYS: Mapping[str, tuple[str, ...]] = {
    HOUSEHOLDS: ("household_id",),
    PEOPLE: ("household_id", "person_id"),
    STATUSES: ("household_id", "policy", "from"),
}
WORDS: Mapping[str, Mapping[str, str]] = {
    **PHRASES,
    "no-such-sheet": {"zh": "没有叫“{value}”的表；相近的有：{near}", "en": "there is no sheet called `{value}`; the nearest are {near}"},
    "no-such-column": {"zh": "没有叫“{value}”的列；相近的有：{near}", "en": "there is no column called `{value}`; the nearest are {near}"},
    "no-title": {
        "zh": "有内容的格子上面没有列名；请补列名或清空",
        "en": "a cell stands under no title; give the column one, or empty the cell",
    },
    "column-twice": {"zh": "这一列出现两次", "en": "this column stands here twice"},
    "missing-column": {"zh": "缺少这一列", "en": "this column is missing"},
    "missing-sheet": {"zh": "缺少这张表", "en": "this sheet is missing"},
    "missing-cell": {"zh": "不能为空", "en": "must not be empty"},
    "household-twice": {"zh": "户编号与第 {other} 行相同", "en": "the same household as in row {other}"},
    "household-unknown": {"zh": "家庭表中没有这一户", "en": "there is no such household in the sheet of households"},
    "person-unknown": {"zh": "人员表中没有这个人", "en": "there is no such person in the sheet of people"},
    "list-not-empty": {"zh": "这里写“无”，但另一张表里有内容", "en": "this says none, and another sheet has entries"},
    "list-column": {"zh": "此列只能写“无”或留空，内容写在同名的表里", "en": "write none here or nothing; entries stand in the sheet of this name"},
    "document": {"zh": "{zh}（{message}）", "en": "{message}"},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows as they were read; `first` is the number of the first one, for people."""

    name: str
    header: Sequence[str]
    rows: Sequence[Sequence[Any]]
    first: int = 2


@dataclass(frozen=True, slots=True)
class CellProblem:
    """`row` as people count; 1 is the header. `column` as it is called in the sheet."""

    sheet: str
    row: int
    column: str
    code: str
    told: Mapping[str, str] = field(default_factory=dict)

    def said(self, language: str) -> str:
        return WORDS[self.code][language].format_map(self.told)


@dataclass(frozen=True, slots=True)
class RowOf:
    """A row with the household it belongs to, "" while that is not known."""

    sheet: Sheet
    number: int
    household: str
    cells: Mapping[str, Any]  # by column of the rulebook


@dataclass(frozen=True)
class Imported:
    """`rows`: every row in the order of the sheets. `wrong`: households that are not taken. `warnings` hinder nothing.

    blamed  sheet and number of the rows that have a problem themselves, also one that is not listed any more
    titles  of sheet and column: as the sheet calls it
    """

    households: list[Household]
    rows: list[RowOf]
    problems: list[CellProblem]
    wrong: frozenset[str]
    blamed: frozenset[tuple[str, int]]
    titles: Mapping[tuple[str, str], str] = field(default_factory=dict)
    warnings: Sequence[CellProblem] = ()

    def verdict(self, row: RowOf) -> str:
        """`ok`, `warned`, `wrong`, or `held-back` where another row of the household is wrong."""
        place = (row.sheet.name, row.number)
        if place in self._wrong_rows:
            return "wrong"
        if row.household in self.wrong or not row.household:
            return "held-back"
        return "warned" if place in self._warned_rows else "ok"

    @cached_property
    def _wrong_rows(self) -> frozenset[tuple[str, int]]:
        return self.blamed | {(one.sheet, one.row) for one in self.problems}

    @cached_property
    def _warned_rows(self) -> frozenset[tuple[str, int]]:
        return frozenset((one.sheet, one.row) for one in self.warnings)


Further = Mapping[str, Mapping[str, tuple[str, ...]]]


class Columns:
    """Rows by the sheet that the rulebook knows them by, their cells by its columns, and what is wrong so far.

    `further`: by sheet, columns that are no facts, with their titles; they stay in the rows and out of documents.
    """

    def __init__(self, book: Rulebook, further: Further | None = None) -> None:
        self.book, self.further = book, further or {}
        self.rows: dict[str, list[RowOf]] = {}
        self.problems: list[CellProblem] = []
        self.blamed: set[tuple[str, int, str]] = set()  # sheet, row and title of cells with a problem
        self.titles: dict[tuple[str, str], str] = {}  # of sheet and column: as the sheet calls it

    # --- sheets and columns -----------------------------------------------------------------------------

    def read(self, sheet: Sheet) -> None:
        if sheet.name.strip().lower() in NOT_READ:
            return
        name = self._sheet(sheet.name)
        if name is None:
            known = [
                *(names[0] for names in NAMES.values()),
                *(one.name for one in self.book.facts.values() if one.items),
            ]
            self.add(sheet.name, 1, "", "no-such-sheet", value=sheet.name, near=near(sheet.name, known))
            return
        columns = self._columns(sheet, name)
        for key in self._keys(name):
            if key not in columns.values():
                self.add(sheet.name, 1, key, "missing-column")
        for place, cells in enumerate(sheet.rows):
            if all(empty(cell) for cell in cells):
                continue
            if any(not empty(cell) and not _titled(sheet, at) for at, cell in enumerate(cells)):
                self.add(sheet.name, sheet.first + place, "", "no-title")
            found = {columns[at]: cell for at, cell in enumerate(cells) if at in columns and not empty(cell)}
            self.rows.setdefault(name, []).append(self._row(sheet, name, sheet.first + place, found))

    def _sheet(self, title: str) -> str | None:
        wanted = title.strip().lower()
        for name, names in NAMES.items():
            if wanted in names:
                return name
        for fact in self.book.facts.values():
            if fact.items and wanted in (fact.name, *(label.lower() for label in fact.value.label.values())):
                return fact.name
        return None

    def _columns(self, sheet: Sheet, name: str) -> dict[int, str]:
        known = self._known(name)
        named: dict[str, str] = {}
        for column, titles in known.items():
            for title in titles:
                named.setdefault(title.lower(), column)
        found: dict[int, str] = {}
        for place, title in enumerate(sheet.header):
            word = str(title or "").strip().lower()
            if not word or word in PROBLEMS_COLUMN:
                continue
            if word not in named:
                self.add(
                    sheet.name, 1, str(title), "no-such-column", value=str(title), near=near(word, known)
                )
            elif named[word] in found.values():
                self.add(sheet.name, 1, str(title), "column-twice")
            else:
                found[place] = named[word]
                self.titles[sheet.name, named[word]] = str(title)
        return found

    def _known(self, name: str) -> dict[str, tuple[str, ...]]:
        """Columns that a sheet may have, by all their titles."""
        if name == STATUSES:
            columns = ["household_id", "person_id", "policy", "from", "to", "recorded", "amount"]
            return {column: COLUMNS[column] for column in columns}
        if name in (HOUSEHOLDS, PEOPLE):
            keys = [
                "household_id",
                *(["person_id"] if name == PEOPLE else ["area", "application_date", STATUSES]),
            ]
            of = "person" if name == PEOPLE else "household"
            facts = [fact for fact in self.book.facts.values() if fact.of == of]
            titles = {key: COLUMNS.get(key) or NAMES[key] for key in keys}
            own = {fact.name: _titles(fact.value) for fact in facts}
            return {**titles, **own, **self.further.get(name, {})}
        fact = self.book.facts[name]
        keys = ["household_id", *(["person_id"] if fact.of == "person" else [])]
        return {**{key: COLUMNS[key] for key in keys}, **{one.name: _titles(one) for one in fact.items}}

    def _keys(self, name: str) -> tuple[str, ...]:
        if name in KEYS:
            return (*KEYS[name], *(["area"] if name == HOUSEHOLDS else []))
        return ("household_id", "person_id") if self.book.facts[name].of == "person" else ("household_id",)

    def _row(self, sheet: Sheet, name: str, number: int, cells: Mapping[str, Any]) -> RowOf:
        texts: dict[str, str] = {}
        for key in self._keys(name):
            if key not in cells:
                self.add(sheet.name, number, key, "missing-cell")
        for key in ("household_id", "person_id"):
            if key in cells:
                try:
                    texts[key] = text_of(cells[key])
                except Unfit as unfit:
                    self.add(sheet.name, number, key, unfit.code, **unfit.told)
        return RowOf(sheet, number, texts.get("household_id", ""), {**cells, **texts})

    def add(self, sheet: str, row: int, column: str, code: str, **told: str) -> None:
        title = self.titles.get((sheet, column), column)
        self.problems.append(CellProblem(sheet, row, title, code, told))
        self.blamed.add((sheet, row, title))


def _titled(sheet: Sheet, place: int) -> bool:
    return place < len(sheet.header) and not empty(sheet.header[place])


def _titles(of: Field) -> tuple[str, ...]:
    return (of.name, *of.label.values())
