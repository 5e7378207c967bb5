"""The columns of how people decide, in a language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple
from typing import Any

from engine.rulebook import Rulebook
from records.cases.deciding import AGAINST
from records.cases.rates import AS_FOUND, DISCRETION, FEW, SENT_BACK, Approved, Rates
from records.cases.words import LABELS

Label = Mapping[str, str]
COLUMNS: Mapping[str, Label] = {
    "person": {"zh": "审批人", "en": "approver"},
    "people": {"zh": "审批人数", "en": "approvers"},
    "cases": {"zh": "办件数", "en": "cases"},
    "decisions": {"zh": "决定次数", "en": "decisions"},
    "against": {"zh": "与规则结论相反", "en": "against the finding"},
    "discretion": {"zh": "酌情决定", "en": "at discretion"},
    "sent_back": {"zh": "退回", "en": "sent back"},
    "against_share": {"zh": "与结论相反占比%", "en": "against the finding, % of decisions"},
    "discretion_share": {"zh": "酌情占比%", "en": "at discretion, % of decisions"},
    "sent_back_share": {"zh": "退回占比%", "en": "sent back, % of all steps"},
    "amounts": {"zh": "酌情金额笔数", "en": "amounts chosen"},
    "average": {"zh": "平均酌情金额", "en": "average amount chosen"},
    "place": {"zh": "金额在幅度内的位置%", "en": "place in the band, %"},
    "day": {"zh": "日期", "en": "day"},
    "case_id": {"zh": "案件编号", "en": "case id"},
    "household_id": {"zh": "家庭编号", "en": "household id"},
    "policy": {"zh": "政策", "en": "policy"},
    "policy_title": {"zh": "政策名称", "en": "policy title"},
    "area": {"zh": "地区", "en": "area"},
    "action": {"zh": "步骤", "en": "step"},
    "what": {"zh": "类别", "en": "what"},
    "amount": {"zh": "金额", "en": "amount"},
    "least": {"zh": "幅度下限", "en": "least of the band"},
    "most": {"zh": "幅度上限", "en": "most of the band"},
}
WHAT_LABELS: Mapping[str, Label] = {
    AS_FOUND: {"zh": "与规则结论一致", "en": "as found"},
    AGAINST: COLUMNS["against"],
    DISCRETION: COLUMNS["discretion"],
    SENT_BACK: COLUMNS["sent_back"],
}
FEW_LABEL: Label = {"zh": "件数过少，不列名", "en": "too few to be named"}
RATES = (
    *("person", "people", "cases", "decisions", "against", "discretion", "sent_back", "against_share"),
    *("discretion_share", "sent_back_share", "amounts", "average", "place"),
)
STEPS = (
    *("person", "day", "case_id", "household_id", "policy", "policy_title", "area", "action", "what"),
    *("amount", "least", "most"),
)


def header(columns: Sequence[str], language: str) -> list[str]:
    return [_in(COLUMNS[one], language) for one in columns]


def rate_rows(found: Iterable[Rates], language: str) -> Iterator[list[Any]]:
    for one in found:
        yield [_person(one.person, language), *astuple(one)[1:]]


def step_rows(book: Rulebook, found: Iterable[Approved], language: str) -> Iterator[list[Any]]:
    """Ids only: a list that leaves the office names no household."""
    titles = {name: _in(one.versions[-1].title, language) for name, one in book.policies.items()}
    for one in found:
        yield [
            _person(one.person, language),
            one.day,
            one.case_id,
            one.household_id,
            one.policy,
            titles.get(one.policy, one.policy),
            one.area,
            _in(LABELS[one.action], language),
            _in(WHAT_LABELS[one.what], language),
            one.amount,
            one.least,
            one.most,
        ]


def _person(person: str, language: str) -> str:
    return _in(FEW_LABEL, language) if person == FEW else person


def _in(label: Label, language: str) -> str:
    return label.get(language, label["en"])
