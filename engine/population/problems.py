"""What can be wrong with a table of households: a code, where it stands, and the words for it in each language."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from difflib import get_close_matches

MOST_ROWS = 20  # of one kind in one column are named one by one

PHRASES: Mapping[str, Mapping[str, str]] = {
    "empty-table": {
        "zh": "表中没有家庭；请检查导出",
        "en": "there are no households in this table; check the export",
    },
    "missing-column": {
        "zh": "缺少这一列；请补上后重新提交",
        "en": "this column is missing; add it and send the table again",
    },
    "unknown-column": {
        "zh": "没有这项事实；相近的有：{near}",
        "en": "there is no such fact; the nearest are {near}",
    },
    "wrong-type": {
        "zh": "应为 {wanted}，实为 {given}；请改列的类型",
        "en": "{wanted} is needed, and this is {given}; change the type of the column",
    },
    "unknown-choice": {
        "zh": "“{value}”不是可选值；可填：{near}",
        "en": "`{value}` is not a value of this choice; it is one of {near}",
    },
    "out-of-range": {
        "zh": "{value} 不在数据字典规定的范围 {least} 至 {most} 内",
        "en": "{value} is not within the range that the dictionary declares, {least} to {most}",
    },
    "too-large": {
        "zh": "有数值超出 64 位整数",
        "en": "a number does not fit into 64 bits",
    },
    "too-many-entries": {
        "zh": "多于 {most} 项",
        "en": "more than {most} entries",
    },
    "nobody-listed": {
        "zh": "没有列出任何人；至少填申请人",
        "en": "nobody is listed in `people`; name at least the applicant",
    },
    "too-many-people": {
        "zh": "多于 {most} 人",
        "en": "more than {most} people",
    },
    "no-person-id": {
        "zh": "每个人都要有编号",
        "en": "everyone needs an id",
    },
    "no-area": {
        "zh": "每户都要填地区",
        "en": "every household needs an area",
    },
    "unknown-area": {
        "zh": "规则库没有地区“{value}”；相近的有：{near}",
        "en": "there is no area `{value}` in this rulebook; the nearest are {near}",
    },
    "unknown-policy": {
        "zh": "没有政策“{value}”；相近的有：{near}",
        "en": "there is no policy `{value}`; the nearest are {near}",
    },
    "status-of-nobody": {
        "zh": "在册记录所指的人不在 people 里",
        "en": "a status names a person who is not in `people`",
    },
    "duplicate-household": {
        "zh": "户编号“{value}”重复，第 {other} 行已有；每户只留一行",
        "en": "the household id `{value}` stands in row {other} already; keep one row for each household",
    },
    "household-again": {
        "zh": "户编号“{value}”有 {count} 行；每户只留一行",
        "en": "the household id `{value}` stands {count} times; keep one row for each household",
    },
    "more-of-these": {
        "zh": "同类问题还有 {count} 处",
        "en": "{count} more of the same kind",
    },
    "unreadable": {
        "zh": "读不出来，文件可能被截断或损坏；请重新传送（{why}）",
        "en": "cannot be read, the file may be cut off or damaged; send it again ({why})",
    },
    "results-of-others": {
        "zh": "{value} 不是这些家庭的结果；请重新运行 relief decide-all",
        "en": "{value} holds the results of other households; run relief decide-all again",
    },
    "no-scoring": {
        "zh": "规则库没有评分，无从排序",
        "en": "the rulebook of these results has no scoring, so there is nothing to rank by",
    },
    "nobody-enrolled": {
        "zh": "资料中无人在册，说不出谁漏保；请补在册记录",
        "en": "nobody holds any of these programmes, so nobody can be said to miss one; add what is held",
    },
    "ids-not-of-people": {
        "zh": "编号“{value}”出现在 {count} 户，不能区分人；请用全县统一的人员编号",
        "en": "`{value}` stands in {count} households, so these ids do not tell people apart; use ids of the whole county",
    },
}  # fmt: skip
WHERE = {"zh": ("第 {} 行", "户 {}"), "en": ("row {}", "household {}")}


@dataclass(frozen=True, slots=True)
class TableProblem:
    """`row` counts from 0 within the table that was looked at; people read it from 1."""

    code: str
    column: str = ""
    row: int | None = None
    household: str = ""
    told: Mapping[str, str] = field(default_factory=dict)

    def said(self, language: str) -> str:
        row, household = WHERE[language]
        place = [row.format(self.row + 1)] if self.row is not None else []
        place += [household.format(self.household)] if self.household else []
        place += [self.column] if self.column else []
        where = ("，" if language == "zh" else ", ").join(place)
        what = PHRASES[self.code][language].format_map(self.told)
        return f"{where}: {what}" if where else what


class BadTable(Exception):
    """A table of households that cannot be read: where, what is wrong, what to do."""

    def __init__(self, problems: Sequence[TableProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problem.said("en") for problem in problems))

    def as_text(self) -> str:
        """In a form that travels; `from_text` reads it. Rows are those of a batch and stay behind."""
        return json.dumps([asdict(replace(one, row=None)) for one in self.problems])

    @classmethod
    def from_text(cls, text: str) -> BadTable:
        return cls([TableProblem(**one) for one in json.loads(text)])

    def moved(self, rows: Sequence[int]) -> BadTable:
        """The same of a larger table, in which the rows have these places."""
        return BadTable(
            [one if one.row is None else replace(one, row=int(rows[one.row])) for one in self.problems]
        )


def bad(code: str, column: str = "", row: int | None = None, household: str = "", **told: object) -> BadTable:
    """One problem, ready to be raised."""
    return BadTable(
        [TableProblem(code, column, row, household, {key: str(one) for key, one in told.items()})]
    )


def near(word: str, known: Iterable[str]) -> str:
    """Known words, those most like the given one; every one of a few."""
    words = list(known)
    if len(words) > 8:
        words = get_close_matches(word, words, n=3, cutoff=0.6) or get_close_matches(
            word, words, n=3, cutoff=0
        )
    return ", ".join(words)


def first_ones(problems: Iterable[TableProblem]) -> list[TableProblem]:
    """The first of them, and how many there are besides."""
    every = list(problems)
    if len(every) <= MOST_ROWS:
        return every
    rest = {"count": str(len(every) - MOST_ROWS)}
    return [*every[:MOST_ROWS], TableProblem("more-of-these", every[0].column, None, "", rest)]
