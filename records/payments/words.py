"""Months, decimal amounts, who may, and what the database says when it refuses."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from sqlalchemy.exc import DBAPIError

from engine.rulebook import Rulebook
from records.refused import Refused
from records.rights import Right, Viewer
from records.scope import areas_below

HOUSEHOLD = "household"
"""The subject of what is granted to a household."""
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


class Verdict(StrEnum):
    PAY = "pay"
    BLOCKED = "blocked"


class Kind(StrEnum):
    REGULAR = "regular"
    ARREARS = "arrears"  # an earlier month that was not paid
    AGAIN = "again"  # a month whose money came back


class State(StrEnum):
    BUILT = "built"
    RELEASED = "released"
    CANCELLED = "cancelled"
    EXPORTED = "exported"
    SETTLED = "settled"


def month_number(month: str) -> int:
    """Months since year 0. Raises `Refused` bad-month."""
    found = _MONTH.fullmatch(month)
    if found is None:
        raise Refused("bad-month", f"月份应写作 2026-11，不是 {month[:20]} · a month is written like 2026-11")
    return int(found[1]) * 12 + int(found[2]) - 1


def month_name(number: int) -> str:
    return f"{number // 12:04}-{number % 12 + 1:02}"


def month_of(day: date) -> int:
    return day.year * 12 + day.month - 1


def first_day(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


def last_day(month: int) -> date:
    return date.fromordinal(first_day(month + 1).toordinal() - 1)


def amount_of(book: Rulebook, text: str) -> Decimal:
    """An amount above zero in whole units of the smallest coin. Raises `Refused` bad-amount."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(0)
    decimals = int(book.currency["decimals"])
    if (
        not amount.is_finite()
        or amount <= 0
        or amount != round(amount, decimals)
        or amount >= Decimal(10) ** 13
    ):
        raise Refused(
            "bad-amount",
            f"金额须大于零且至多 {decimals} 位小数 · an amount is above zero with at most {decimals} decimals: {text[:30]}",
        )
    return round(amount, decimals)


def reaches(viewer: Viewer, right: Right, book: Rulebook, area: str, policy: str) -> bool:
    """Whether somebody has a right over a programme's money in an area: departments over their own programmes."""
    department = book.policies[policy].department if policy in book.policies else ""
    return any(
        area in areas_below(book, grant.area) and grant.department in ("", department)
        for grant in viewer.granting(right)
    )


def collided(error: DBAPIError) -> Exception:
    """What a refusal of the database means: it looks once more at everything that a trigger can see."""
    said = str(error.orig).splitlines()[0]
    low = said.lower()
    if "whoever" in low or "second person" in low or "another person" in low:
        return Refused("four-eyes", f"须由另一人办理 · somebody else has to do this: {said}")
    if "paid again" in low or "attempts follow" in low:
        return Refused("paid-already", f"该月已下达支付，不得重复 · the month is instructed already: {said}")
    if any(words in low for words in ("unique", "follow each other", "a batch is built", "serializ")):
        return Refused("moved", f"已被他人办理，请重新读取 · somebody else was faster; read it again: {said}")
    if "heard before" in low:
        return Refused("not-heard", f"决定之前须先听取意见 · {said}")
    return error
