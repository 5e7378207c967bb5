"""A workbook to fill in: a sheet for households, one for people, one for what they hold, one for each list.

Titles are the labels of the fact dictionary, so the columns are those that `records.sheets_in` reads. Choices can be picked
in their cells and are listed in a sheet of their own, which is not read.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from engine.language.types import Boolean, Enum
from engine.population.sheets import COLUMNS, HOUSEHOLDS, NAMES, NOT_READ, PEOPLE, STATUSES
from engine.rulebook import Rulebook
from engine.rulebook.model import Field
from records.sheets_in import FURTHER

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

ROWS = 5000  # in which choices can be picked
TRUTHS = {"zh": ("是", "否"), "en": ("yes", "no")}
NONE = {"zh": "无", "en": "none"}
NOTES = {
    "zh": (
        "空格子表示不清楚，不是“无”。列表为空时，在户表或人员表的同名列填“无”。",
        "日期写成 2024-02-29；金额只填数字；号码列请保持文本格式。",
        "一户的各行同时收下，或都不收；退回的表改好后可以直接再交。",
    ),
    "en": (
        "An empty cell means that nobody knows, not none. That a list is empty is said by none in its column.",
        "Days are 2024-02-29, amounts are digits alone, numbers of people stay texts.",
        "A household comes in with all its rows or not at all; a sheet that came back can be corrected and sent again.",
    ),
}


def template(book: Rulebook, language: str) -> bytes:
    """The workbook, as it is saved."""
    from openpyxl import Workbook

    made = Workbook()
    made.remove(made.active)
    choices = _Choices(language)
    for name, columns in _sheets(book, language).items():
        sheet = made.create_sheet(name)
        for place, (title, of) in enumerate(columns.items(), 1):
            _column(sheet, place, title, of, choices)
        sheet.freeze_panes = "A2"
    choices.written(made.create_sheet(choices.title))
    content = io.BytesIO()
    made.save(content)
    return content.getvalue()


_Columns = Mapping[str, Any]  # by title: a field of the dictionary, or a tuple of what can be written


def _sheets(book: Rulebook, language: str) -> dict[str, _Columns]:
    place = 1 if language == "zh" else 0  # codes first, then Chinese, as COLUMNS and FURTHER have them

    def column(name: str) -> str:
        return COLUMNS[name][place]

    areas = tuple(book.areas)
    policies = tuple(one.versions[-1].title.get(language, name) for name, one in book.policies.items())
    ids = {column("household_id"): None}
    found: dict[str, _Columns] = {
        NAMES[HOUSEHOLDS][place]: {
            **ids,
            column("area"): areas,
            **{titles[place]: None for titles in FURTHER[HOUSEHOLDS].values()},
            column("application_date"): None,
            **dict(_facts(book, "household", language)),
            NAMES[STATUSES][place]: (NONE[language],),
        },
        NAMES[PEOPLE][place]: {
            **ids,
            column("person_id"): None,
            **{titles[place]: None for titles in FURTHER[PEOPLE].values()},
            **dict(_facts(book, "person", language)),
        },
        NAMES[STATUSES][place]: {
            **ids,
            column("person_id"): None,
            column("policy"): policies,
            **{column(name): None for name in ("from", "to", "amount")},
        },
    }
    for fact in book.facts.values():
        if fact.items:
            person = {column("person_id"): None} if fact.of == "person" else {}
            items = {one.label[language]: one for one in fact.items}
            found[fact.value.label[language]] = {**ids, **person, **items}
    return found


def _facts(book: Rulebook, of: str, language: str) -> Iterator[tuple[str, Any]]:
    for fact in book.facts.values():
        if fact.of == of:
            yield fact.value.label[language], (NONE[language],) if fact.items else fact.value


def _column(sheet: Worksheet, place: int, title: str, of: Any, choices: _Choices) -> None:
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    sheet.cell(1, place, title)
    letter = get_column_letter(place)
    sheet.column_dimensions[letter].width = max(12, 2 * len(title) + 2)
    if of is None:
        sheet.column_dimensions[letter].number_format = "@"  # long numbers stay what they are
        return
    where = choices.of(title, of)
    if where:
        picked = DataValidation(type="list", formula1=where, allow_blank=True)
        picked.add(f"{letter}2:{letter}{ROWS}")
        sheet.add_data_validation(picked)


class _Choices:
    """What can be written into cells, each list once, in a sheet of its own."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.title = NOT_READ[2] if language == "zh" else NOT_READ[3]
        self.lists: dict[tuple[str, ...], tuple[int, str]] = {}

    def of(self, title: str, of: Any) -> str:
        """The range in which the choices of a column stand; "" when anything may be written."""
        from openpyxl.utils import get_column_letter

        listed = of if isinstance(of, tuple) else self._of_field(of)
        if not listed:
            return ""
        place, _ = self.lists.setdefault(listed, (len(self.lists) + 1, title))
        letter = get_column_letter(place)
        first = len(NOTES[self.language]) + 2
        return f"'{self.title}'!${letter}${first + 1}:${letter}${first + len(listed)}"

    def _of_field(self, of: Field) -> tuple[str, ...]:
        if isinstance(of.type, Boolean):
            return TRUTHS[self.language]
        if isinstance(of.type, Enum):
            return tuple(labels.get(self.language, code) for code, labels in of.choices.items())
        return ()

    def written(self, sheet: Worksheet) -> None:
        for row, note in enumerate(NOTES[self.language], 1):
            sheet.cell(row, 1, note)
        first = len(NOTES[self.language]) + 2
        for listed, (place, title) in self.lists.items():
            for row, text in enumerate((title, *listed), first):
                sheet.cell(row, place, text)
