"""What the record says about rows that come in: flat sheets read column by column, and words for what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.population import sheets
from engine.population.cells import Unfit, empty
from engine.population.problems import near
from engine.population.sheets import PROBLEMS_COLUMN, CellProblem, RowOf, Sheet

Titles = Mapping[str, tuple[str, ...]]

WORDS: Mapping[str, Mapping[str, str]] = {
    **sheets.WORDS,
    "id-length": {"zh": "身份证号码应为18位", "en": "an identity number has 18 places"},
    "id-digits": {"zh": "身份证号码只能是数字，末位可为 X", "en": "an identity number has digits, and X at most at its end"},
    "id-birth": {"zh": "身份证号码中的出生日期不存在", "en": "there is no such day of birth as this identity number says"},
    "id-check": {"zh": "身份证号码校验位不对，请核对是否抄错", "en": "the check digit of this identity number is wrong; look for a slip"},
    "id-other-birth": {"zh": "与出生日期 {born} 不符", "en": "it does not fit the day of birth, {born}"},
    "id-twice": {"zh": "与第 {other} 行是同一个号码，却是另一个人", "en": "the same number as in row {other}, and another person"},
    "other-number": {"zh": "记录里这个人员编号是另一个证件号码", "en": "in the record this person has another identity number"},
    "known-person": {"zh": "记录里已有此人，编号 {person}，将并入同一人", "en": "the record has this person, as {person}; it is taken as the same one"},
    "in-another": {"zh": "此人当天也是另一户的成员{other}，请核实", "en": "on that day this person is a member of another household as well{other}; have a look"},
    "household-known": {"zh": "记录里已有此户", "en": "the record has this household already"},
    "out-of-reach": {"zh": "此地区不在您的权限范围内", "en": "this area is out of your reach"},
    "who": {"zh": "请填户编号、人员编号或身份证号码", "en": "say whose it is: a household, a person or an identity number"},
    "no-such-person": {"zh": "记录里没有此人", "en": "the record has no such person"},
    "no-such-household": {"zh": "记录里没有此户", "en": "the record has no such household"},
    "in-no-household": {"zh": "此人当时不属于任何一户，请填户编号", "en": "this person is in no household on that day; name one"},
    "in-several": {"zh": "此人当时属于几户，请填户编号", "en": "this person is in several households on that day; name one"},
    "not-of-household": {"zh": "此人当时不是该户成员", "en": "this person is no member of that household on that day"},
    "of-a-person": {"zh": "“{policy}”发给个人，请填人员编号或身份证号码", "en": "`{policy}` is held by a person; say by whom"},
    "no-such-policy": {"zh": "没有叫“{value}”的政策；相近的有：{near}", "en": "there is no policy `{value}`; the nearest are {near}"},
    "not-a-month": {"zh": "“{value}”不是月份，请写成 2026-08", "en": "`{value}` is not a month; write 2026-08"},
    "negative": {"zh": "金额不能为负", "en": "an amount is not negative"},
    "too-fine": {"zh": "“{value}”的小数位太多", "en": "`{value}` has too many decimals"},
    "not-a-period": {"zh": "“{value}”不是周期；可填：{known}", "en": "`{value}` is no period; it is one of {known}"},
    "too-long": {"zh": "最多 {most} 个字", "en": "at most {most} signs"},
    "ends-before": {"zh": "终止早于起始", "en": "this ends before it begins"},
    "not-current": {"zh": "待遇已于 {day} 终止；只收现行待遇", "en": "this ended on {day}; only what is held now is taken"},
    "not-yet": {"zh": "发放月份晚于 {month}", "en": "this is for a month after {month}"},
    "too-old": {"zh": "只收近 {months} 个月的发放（{first} 起）", "en": "only the last {months} months are taken, from {first} on"},
    "already-there": {"zh": "记录里已有，不再写入", "en": "the record has this already; it is not written again"},
    "row-twice": {"zh": "与第 {other} 行相同", "en": "the same as row {other}"},
    "no-rows": {"zh": "表里没有一行内容", "en": "there is not one row in this sheet"},
    "no-award": {"zh": "没有与此笔发放对应的待遇，请核实", "en": "there is no award that this was paid for; have a look"},
}  # fmt: skip


class RecordProblem(CellProblem):
    """What is wrong, or worth a look, in the eyes of the record."""

    def said(self, language: str) -> str:
        return WORDS[self.code][language].format_map(self.told)


@dataclass(slots=True)
class Flat:
    """The rows of one sheet by the names of its columns, and what is wrong so far."""

    sheet: Sheet
    titles: dict[str, str] = field(default_factory=dict)  # by column, as the sheet calls it
    rows: list[RowOf] = field(default_factory=list)
    problems: list[CellProblem] = field(default_factory=list)
    warnings: list[CellProblem] = field(default_factory=list)

    def add(self, row: int, column: str, code: str, **told: str) -> None:
        title = self.titles.get(column, column)
        self.problems.append(RecordProblem(self.sheet.name, row, title, code, told))

    def warn(self, row: int, column: str, code: str, **told: str) -> None:
        title = self.titles.get(column, column)
        self.warnings.append(RecordProblem(self.sheet.name, row, title, code, told))

    def value(self, row: RowOf, column: str, read: Any) -> Any:
        """What a cell says; None for one that is empty or wrong, which is then told."""
        if column not in row.cells:
            return None
        try:
            return read(row.cells[column])
        except Unfit as unfit:
            self.add(row.number, column, unfit.code, **unfit.told)
            return None


def read_flat(sheet: Sheet, columns: Titles, needed: Sequence[str], strict: bool = True) -> Flat:
    """`needed`: columns that must be there and filled. `strict`: unknown columns are mistakes, otherwise passed over."""
    flat = Flat(sheet)
    named = {title.lower(): column for column, titles in columns.items() for title in titles}
    places: dict[int, str] = {}
    for place, title in enumerate(sheet.header):
        word = str(title or "").strip().lower()
        if not word or word in PROBLEMS_COLUMN:
            continue
        if word not in named:
            if strict:
                flat.add(1, str(title), "no-such-column", value=str(title), near=near(word, named))
        elif named[word] in places.values():
            flat.add(1, str(title), "column-twice")
        else:
            places[place] = named[word]
            flat.titles[named[word]] = str(title)
    for column in needed:
        if column not in places.values():
            flat.add(1, columns[column][-1], "missing-column")
    for row in _rows(sheet, places):
        flat.rows.append(row)
        for column in needed:
            if column in places.values() and column not in row.cells:
                flat.add(row.number, column, "missing-cell")
    return flat


def _rows(sheet: Sheet, places: Mapping[int, str]) -> Iterator[RowOf]:
    for number, cells in enumerate(sheet.rows, sheet.first):
        if not all(empty(cell) for cell in cells):
            found = {places[at]: cell for at, cell in enumerate(cells) if at in places and not empty(cell)}
            yield RowOf(sheet, number, "", found)
