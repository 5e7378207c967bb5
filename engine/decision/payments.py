"""What was paid, as a household document tells it: for a month, under a policy, to whom."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.decision.converters import Wrong, number
from engine.language.types import Number

if TYPE_CHECKING:
    from engine.decision.document import Reader

PAYMENT_KEYS = ("policy", "person_id", "month", "amount", "paid", "recorded", "cause", "again", "source")
PAYMENT_AT_MOST = 10**15  # in the currency's smallest unit
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])\Z")


@dataclass(frozen=True, slots=True)
class Payment:
    """Money paid for one month. `amount` in the currency's smallest unit; `month` is its first day, yyyymmdd.

    `paid`: the day of the payment, 0 when it is not said. `cause`: what it was given for, "" when nobody says.
    `again`: what explains that it is paid beside another one, "" when nobody has explained it.
    """

    policy: str
    person: str
    month: int
    amount: int
    paid: int
    recorded: int
    cause: str = ""
    again: str = ""


def month_day(written: str) -> int | None:
    """The first day of a month written `2026-08`, as yyyymmdd."""
    found = _MONTH.match(written)
    return None if found is None or found[1] == "0000" else int(found[1]) * 10000 + int(found[2]) * 100 + 1


def read_payments(reader: Reader, raw: Mapping[str, Any], people: set[str]) -> tuple[Payment, ...] | None:
    """The payments of a document, None when it says nothing about them; problems go to the reader."""
    if "payments" not in raw:
        return None
    listed = raw["payments"]
    if not isinstance(listed, list):
        reader.wrong(
            "/payments", listed, "a list of payments", "an empty list says that nothing has been paid"
        )
        return None
    found = (_payment(reader, f"/payments/{i}", one, people) for i, one in enumerate(listed))
    return tuple(one for one in found if one is not None)


def _payment(reader: Reader, pointer: str, raw: Any, people: set[str]) -> Payment | None:
    if not isinstance(raw, Mapping):
        reader.wrong(pointer, raw, "a payment (an object)")
        return None
    reader.other_keys(pointer, raw, PAYMENT_KEYS, "a payment has no `{}`")
    policy = reader.policy(pointer, raw)
    person = reader.holder(pointer, raw, policy, people)
    for key, wanted in (("month", "the month it was paid for"), ("amount", "what was paid")):
        if key not in raw:
            reader.add(f"{pointer}/{key}", "missing-key", f"`{key}` is missing", wanted)
    month = reader.convert(f"{pointer}/month", _month, raw["month"]) if "month" in raw else None
    amount = None
    if "amount" in raw:
        money = Number(reader.book.currency["decimals"], lo=0, hi=PAYMENT_AT_MOST)
        amount = reader.convert(f"{pointer}/amount", partial(number, money), raw["amount"])
    paid, recorded = (
        (reader.date(f"{pointer}/{key}", raw[key]) or 0) if key in raw else 0 for key in ("paid", "recorded")
    )
    if "source" in raw:
        reader.text(f"{pointer}/source", raw["source"])
    cause, again = (
        reader.text(f"{pointer}/{key}", raw[key], 1) if key in raw else "" for key in ("cause", "again")
    )
    if month is None or amount is None:
        return None
    return Payment(policy, person, month, amount, paid, recorded, cause, again)


def _month(raw: Any) -> int:
    month = month_day(raw) if isinstance(raw, str) else None
    if month is None:
        raise Wrong("no-such-month", "a month is needed here", "write year-month in quotes: `2026-08`")
    return month
