"""A household document as it comes in, and what it says, sorted by where that is written down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from engine.decision import encode_json
from engine.rulebook import Rulebook
from records.granted import RECORDED, Granted, Happened, Paid, Reviewed
from records.households import LISTS, Asserted, Held
from records.people import Identity
from records.refused import Refused

_NOT_FACTS = ("household_id", "area", "application_date", "people", "person_id", *LISTS)
_ROW = {"value", "from", "to", "as_of", "recorded", "source"}
_EVENT = ("kind", "date", "person_id", "recorded", "source")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A household as it comes in: its document, since when it lives there, who its people are.

    identities  by person
    joined      by person, for those who did not become members on the household's first day
    accounts    by person, into which his or her payments went; "" for the household's
    basis       of its awards and payments
    """

    document: Mapping[str, Any]
    since: date
    address: str = ""
    identities: Mapping[str, Identity] = field(default_factory=dict)
    joined: Mapping[str, date] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)
    basis: str = RECORDED


@dataclass(frozen=True, slots=True)
class Said:
    """What a document says, sorted by where it is written down."""

    told: list[Asserted]
    held: list[Held]
    awards: list[Granted]
    payments: list[Paid]
    events: list[Happened]
    reviews: list[Reviewed]


def said_by(book: Rulebook, arrival: Arrival) -> Said:
    document = arrival.document
    told = list(_told(book, "", document))
    for person in document["people"]:
        told.extend(_told(book, person["person_id"], person))
    told += [Asserted(name, "whole", "record") for name in LISTS if name in document]
    return Said(
        told,
        [_held(one) for one in document.get("statuses", ())],
        [_granted(i, one, arrival.basis) for i, one in enumerate(document.get("awards", ()))],
        [_paid(one, arrival) for one in document.get("payments", ())],
        [_happened(one) for one in document.get("events", ())],
        [_reviewed(one) for one in document.get("statuses", ()) if "reviewed" in one],
    )


def _told(book: Rulebook, person: str, told: Mapping[str, Any]) -> Iterator[Asserted]:
    for fact, value in told.items():
        if fact in _NOT_FACTS:
            continue
        office = book.facts[fact].answered_by
        if not isinstance(value, dict | list):  # nearly every fact
            yield Asserted(fact, value, office, person)
            continue
        for row in _rows(value):
            if "recorded" in row:
                raise Refused(
                    "recorded-told",
                    f"{fact}: 何时记录由系统写入，不能自报 · when it was written down is not for the document to say",
                )
            days = (date_of(row.get(key)) for key in ("from", "to", "as_of"))
            yield Asserted(fact, row["value"], row.get("source", office), person, *days)


def _rows(value: Any) -> list[Mapping[str, Any]]:
    """A fact is a plain value, one assertion, or a list of assertions."""
    if isinstance(value, Mapping) and "value" in value and _ROW.issuperset(value):
        return [value]
    if (
        isinstance(value, list)
        and value
        and all(isinstance(one, Mapping) and "value" in one for one in value)
    ):
        return value
    return [{"value": value}]


def _kept(one: Mapping[str, Any]) -> tuple[str, date, str, str, date | None, str | None]:
    """What a status and an award say alike: policy, first day, source, person, last day, amount."""
    return (
        one["policy"],
        date.fromisoformat(str(one["from"])),
        one.get("source", "record"),
        one.get("person_id", ""),
        date_of(one.get("to")),
        _money(one),
    )


def _held(one: Mapping[str, Any]) -> Held:
    return Held(*_kept(one))


def _granted(place: int, one: Mapping[str, Any], basis: str) -> Granted:
    """The engine reads no awards, so what an award needs is looked for here. Raises `Refused`."""
    try:
        return Granted(*_kept(one), one.get("period"), one.get("basis", basis))
    except (KeyError, ValueError):
        raise Refused(
            "bad-award",
            f"/awards/{place}: 待遇须写 policy 和 from（年-月-日） · an award needs its `policy` and `from`, a date",
        ) from None


def _paid(one: Mapping[str, Any], arrival: Arrival) -> Paid:
    person = one.get("person_id", "")
    return Paid(
        one["policy"],
        one["month"],
        encode_json(one["amount"]).decode(),
        one.get("source", "record"),
        person,
        date_of(one.get("paid")),
        arrival.accounts.get(person, ""),
        basis=arrival.basis,
        cause=one.get("cause", ""),
        again=one.get("again", ""),
    )


def _reviewed(one: Mapping[str, Any]) -> Reviewed:
    day = date.fromisoformat(str(one["reviewed"]))
    return Reviewed(one["policy"], day, one.get("source", "record"), one.get("person_id", ""))


def _happened(one: Mapping[str, Any]) -> Happened:
    return Happened(
        one["kind"],
        date.fromisoformat(str(one["date"])),
        one.get("source", "record"),
        one.get("person_id", ""),
        {name: value for name, value in one.items() if name not in _EVENT},
    )


def _money(one: Mapping[str, Any]) -> str | None:
    return encode_json(one["amount"]).decode() if "amount" in one else None


def date_of(told: Any) -> date | None:
    return None if told is None else date.fromisoformat(str(told))
