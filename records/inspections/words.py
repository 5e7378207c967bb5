"""What inspections say, who may, and what the database means when it refuses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.exc import DBAPIError

from records import people, tables
from records.database import AT_ONCE, Reading, batched
from records.refused import Refused

HOUSEHOLD = "household"
"""The subject of what is about a household as a whole."""
# Of an identity card, a telephone, an account; not inside our own hexadecimal ids.
_NUMBER = re.compile(r"(?<![0-9a-f])(\d{11,}|\d{6}[\d*]{8,}[\dXx])(?![0-9a-f])")


class State(StrEnum):
    OPENED = "opened"
    DRAWN = "drawn"
    CLOSED = "closed"
    ABANDONED = "abandoned"


class Stratify(StrEnum):
    NONE = "none"
    AREA = "area"  # where households live
    POLICY = "policy"  # a household is drawn for one programme


class Answer(StrEnum):
    CONFIRMED = "confirmed"
    REFUTED = "refuted"


class Step(StrEnum):
    DONE = "done"
    RETURNED = "returned"  # not as it was ordered: it has to be done again
    VERIFIED = "verified"
    DROPPED = "dropped"  # it is not needed, or cannot be done


def said(text: str, what: str) -> str:
    """A text that may not be empty. Raises `Refused` no-reason."""
    if not text.strip():
        raise Refused("no-reason", f"{what} · this has to be said in words")
    return text.strip()


def households_in(row: Row[Any]) -> list[str]:
    """The household of a finding; none where it is about an approver."""
    return [row.household_id] if row.household_id else []


def impersonal(read: Reading, text: str, households: Iterable[str]) -> str:
    """A text of an inspection, which leaves the house one day: nobody of these households is named in it.

    Raises `Refused` names-somebody.
    """
    if _NUMBER.search(text):
        raise Refused(
            "names-somebody",
            "文字中不要写证件号码、电话或账号，请用系统编号 · no identity, telephone or account numbers here; use ids",
        )
    member = tables.membership.c
    for some in batched(sorted({*households}), AT_ONCE):
        inside = read.connection.execute(
            select(member.person_id).where(member.household_id.in_(some)).distinct()
        ).scalars()
        names = people.names_in_clear(read, sorted(inside)).values()
        named = sorted(name for name in names if len(name) > 1 and name in text)
        if named:
            raise _names(named[0])
    return text.strip()


def _names(name: str) -> Refused:
    return Refused(
        "names-somebody",
        f"文字中不要写姓名（{people.masked_name(name)}），请用系统编号 · "
        "nobody is named here in clear; use the ids of households and people",
    )


def no_inspection(number: int) -> Refused:
    return Refused("no-inspection", f"没有第 {number} 号专项检查 · there is no inspection {number}")


def no_finding(number: int) -> Refused:
    return Refused(
        "no-finding", f"没有第 {number} 号检查发现 · there is no finding {number} of an inspection"
    )


def no_rectification(number: int) -> Refused:
    return Refused("no-rectification", f"没有第 {number} 号整改事项 · there is no rectification {number}")


_MEANT = (
    (("has ended",), "inspection-over", "检查已结束，不再改动"),
    (("whoever", "about himself"), "four-eyes", "须由另一人办理"),
    (("before a sample is drawn", "that was not drawn"), "not-drawn", "尚未抽样"),
    (("rules look at the sample",), "not-in-sample", "不在样本之中"),
    (("only what is confirmed",), "not-confirmed", "只有已认定的问题才需整改"),
    (("finding is answered", "put right before", "verified or dropped"), "still-open", "尚有未办结的事项"),
    (("is abandoned",), "not-abandoned", "已有认定的问题，不能撤销检查"),
    (
        ("unique", "follow each other", "is done, returned", "drawn once", "serializ"),
        "moved",
        "已被办理，请重新读取",
    ),
)


def collided(error: DBAPIError) -> Exception:
    """What a refusal of the database means: it looks once more at everything that a trigger can see."""
    told = str(error.orig).splitlines()[0]
    low = told.lower()
    for words, code, zh in _MEANT:
        if any(one in low for one in words):
            return Refused(code, f"{zh} · {told}")
    return error
