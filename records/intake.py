"""A whole household document written down: the household, its people, what is told about them, what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from engine.decision import encode_json, read_household
from engine.rulebook import Rulebook
from records import households
from records.database import Writing
from records.households import WHOLE, Asserted, Held
from records.refused import Refused

_NOT_FACTS = ("household_id", "area", "application_date", "people", "statuses", "person_id")
_NOT_YET = ("awards", "payments", "events")
_ROW = {"value", "from", "to", "as_of", "recorded", "source"}


def write_down(write: Writing, book: Rulebook, document: Mapping[str, Any], since: date) -> str:
    """Registers the household of a document with everybody in it as a member from a day on; its id is returned.

    A fact without a source comes from the office that the dictionary says answers it.
    Raises `BadDocument` when the rulebook does not take the document, `Refused` for what the record does not.
    """
    read_household(book, document)
    for key in _NOT_YET:
        if key in document:
            raise Refused("not-kept", f"记录暂不保存 {key} · the record does not keep {key} yet")
    household: str = document["household_id"]
    applied = _date(document.get("application_date"))
    households.register(write, household, document["area"], applied, since=since)
    told = list(_told(book, "", document))
    for person in document["people"]:
        if not households.is_known(write.connection, person["person_id"]):
            households.add_person(write, person["person_id"])
        told.extend(_told(book, person["person_id"], person))
    households.join_all(write, household, {one["person_id"]: since for one in document["people"]})
    if "statuses" in document:
        told.append(Asserted(WHOLE, "whole", "record"))
        households.hold(write, household, [_held(one) for one in document["statuses"]])
    households.tell(write, household, told)
    return household


def _told(book: Rulebook, person: str, told: Mapping[str, Any]) -> Iterator[Asserted]:
    for fact, value in told.items():
        if fact in _NOT_FACTS:
            continue
        office = book.facts[fact].answered_by
        for row in _rows(value):
            if "recorded" in row:
                raise Refused(
                    "recorded-told",
                    f"{fact}: 何时记录由系统写入，不能自报 · when it was written down is not for the document to say",
                )
            days = (_date(row.get(key)) for key in ("from", "to", "as_of"))
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


def _held(one: Mapping[str, Any]) -> Held:
    return Held(
        one["policy"],
        date.fromisoformat(str(one["from"])),
        one.get("source", "record"),
        one.get("person_id", ""),
        _date(one.get("to")),
        encode_json(one["amount"]).decode() if "amount" in one else None,
    )


def _date(told: Any) -> date | None:
    return None if told is None else date.fromisoformat(str(told))
