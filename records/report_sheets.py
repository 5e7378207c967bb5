"""The columns of a month's tables, in a language, with what policies and areas are called."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from engine.rulebook import Rulebook
from records.exits import Exits
from records.reports import HELD, Figures, Line, Month

COLUMNS: Mapping[str, Mapping[str, str]] = {
    "month": {"zh": "月份", "en": "month"},
    "department": {"zh": "部门", "en": "department"},
    "policy": {"zh": "政策", "en": "policy"},
    "policy_title": {"zh": "政策名称", "en": "policy title"},
    "area": {"zh": "地区", "en": "area"},
    "area_title": {"zh": "地区名称", "en": "area title"},
    "what": {"zh": "类别", "en": "what"},
    "period": {"zh": "发放方式", "en": "period"},
    "cases": {"zh": "件数", "en": "cases"},
    "households": {"zh": "户数", "en": "households"},
    "people": {"zh": "人数", "en": "people"},
    "amount": {"zh": "金额", "en": "amount"},
    "without_amount": {"zh": "金额未定件数", "en": "cases without a settled amount"},
    "quota": {"zh": "名额", "en": "quota"},
    "coverage": {"zh": "名额使用率%", "en": "coverage of the quota, %"},
    "household_id": {"zh": "家庭编号", "en": "household id"},
    "subject": {"zh": "对象", "en": "subject"},
    "about": {"zh": "规则", "en": "rule"},
    "about_title": {"zh": "应退未报情形", "en": "what nobody reported"},
    "possible": {"zh": "其中待核实", "en": "of these only possible"},
    "confirmed": {"zh": "已核实", "en": "confirmed"},
    "refuted": {"zh": "已排除", "en": "refuted"},
    "days_middle": {"zh": "迟报天数（中位）", "en": "days late, the middle one"},
    "days_most": {"zh": "迟报天数（最多）", "en": "days late, the most"},
    "money": {"zh": "其间发放金额", "en": "paid meanwhile"},
}
WHAT_LABELS: Mapping[str, Mapping[str, str]] = {
    "eligible": {"zh": "测算可享受", "en": "found eligible"},
    "undetermined": {"zh": "测算待定", "en": "found undetermined"},
    "discretionary": {"zh": "测算酌情", "en": "left to an officer"},
    "ineligible": {"zh": "测算不符合", "en": "found ineligible"},
    "closed": {"zh": "已终止办理", "en": "procedure closed"},
    "not-in-force": {"zh": "未施行", "en": "not in force"},
    "held": {"zh": "月末在册", "en": "on the rolls"},
    "entered": {"zh": "本月新增", "en": "entered"},
    "left": {"zh": "本月退出", "en": "left"},
    "granted": {"zh": "月末已批准待遇", "en": "granted"},
    "paid": {"zh": "本月发放", "en": "paid"},
    "returned": {"zh": "本月退回", "en": "returned"},
}
NO_QUOTA: Mapping[str, str] = {"zh": "未设名额", "en": "no quota set"}
FIGURES = (
    *("month", "department", "policy", "policy_title", "area", "area_title", "what", "period"),
    *("cases", "households", "people", "amount", "without_amount", "quota", "coverage"),
)
LINES = (
    *("month", "policy", "policy_title", "area", "area_title", "household_id", "subject"),
    *("what", "period", "people", "amount"),
)

EXITS = (
    *("area", "area_title", "about", "about_title", "cases", "possible", "confirmed", "refuted"),
    *("households", "days_middle", "days_most", "money"),
)
ALL_EXITS: Mapping[str, str] = {"zh": "合计", "en": "all together"}


def header(columns: Sequence[str], language: str) -> list[str]:
    return [COLUMNS[one].get(language, COLUMNS[one]["en"]) for one in columns]


def figure_rows(book: Rulebook, month: Month, found: Iterable[Figures], language: str) -> Iterator[list[Any]]:
    titles, areas = _titles(book, language), _areas(book, language)
    for one in found:
        yield [
            month.name,
            book.policies[one.policy].department if one.policy in book.policies else "",
            one.policy,
            titles(one.policy),
            one.area,
            areas(one.area),
            _what(one.what, language),
            one.period,
            one.cases,
            one.households,
            one.people,
            one.amount,
            one.without_amount,
            *_coverage(one, language),
        ]


def coverage(one: Figures) -> Decimal | None:
    """Cases on the rolls for a hundred of the quota."""
    return None if not one.quota else (100 * one.cases / one.quota).quantize(Decimal("0.1"))


def _coverage(one: Figures, language: str) -> tuple[Any, Any]:
    if one.what != HELD:
        return None, None
    return (NO_QUOTA.get(language, NO_QUOTA["en"]) if one.quota is None else one.quota), coverage(one)


def line_rows(book: Rulebook, month: Month, found: Iterable[Line], language: str) -> Iterator[list[Any]]:
    """Ids only: a list that leaves the office names nobody."""
    titles, areas = _titles(book, language), _areas(book, language)
    for one in found:
        yield [
            month.name,
            one.policy,
            titles(one.policy),
            one.area,
            areas(one.area),
            one.household_id,
            one.subject,
            _what(one.what, language),
            one.period,
            one.people,
            one.amount,
        ]


def exit_rows(book: Rulebook, found: Iterable[Exits], language: str) -> Iterator[list[Any]]:
    areas = _areas(book, language)
    titles = {one.id: one.title.get(language, one.id) for one in book.watches}
    for one in found:
        yield [
            one.area,
            areas(one.area),
            one.about,
            titles.get(one.about, one.about) or ALL_EXITS.get(language, ALL_EXITS["en"]),
            *(one.cases, one.possible, one.confirmed, one.refuted, len(one.households)),
            *(one.days_middle, one.days_most, one.money),
        ]


def _what(what: str, language: str) -> str:
    return WHAT_LABELS[what].get(language, what)


def _titles(book: Rulebook, language: str) -> Callable[[str], str]:
    """By its latest version; a policy that the rulebook no longer has keeps its id."""
    known = {name: one.versions[-1].title.get(language, name) for name, one in book.policies.items()}
    return lambda policy: known.get(policy, policy)


def _areas(book: Rulebook, language: str) -> Callable[[str], str]:
    known = {code: one.label.get(language, code) for code, one in book.areas.items()}
    return lambda area: known.get(area, area)
