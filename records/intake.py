"""A whole household document written down: the household, its people, what is told about them, what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.decision import encode_json, read_household
from engine.rulebook import Rulebook
from records import households, people
from records.database import Writing
from records.households import WHOLE, Asserted, Held
from records.people import Identity
from records.refused import Refused
from records.standards.gb11643 import NUMBER_PROBLEMS, problem_with

_NOT_FACTS = ("household_id", "area", "application_date", "people", "statuses", "person_id")
_NOT_YET = ("awards", "payments", "events")
_ROW = {"value", "from", "to", "as_of", "recorded", "source"}


@dataclass(frozen=True, slots=True)
class Written:
    """`elsewhere`: by person the other households that he or she is a member of, for a look."""

    household_id: str
    elsewhere: Mapping[str, tuple[str, ...]]


def write_down(
    write: Writing,
    book: Rulebook,
    document: Mapping[str, Any],
    since: date,
    *,
    address: str = "",
    identities: Mapping[str, Identity] | None = None,
) -> Written:
    """Registers the household of a document with everybody in it as a member from a day on.

    `identities`: who its people are, by their ids in the document. Somebody who is known by his or her number takes
    part under the id that the record has.

    A fact without a source comes from the office that the dictionary says answers it.
    Raises `BadDocument` when the rulebook does not take the document, `Refused` for what the record does not.
    """
    read_household(book, document)
    for key in _NOT_YET:
        if key in document:
            raise Refused("not-kept", f"记录暂不保存 {key} · the record does not keep {key} yet")
    household: str = document["household_id"]
    applied = _date(document.get("application_date"))
    households.register(write, household, document["area"], applied, since=since, address=address)
    told = list(_told(book, "", document))
    ids = _people(write, document, identities or {})
    for person in document["people"]:
        told.extend(_told(book, ids[person["person_id"]], person))
    elsewhere = households.join_all(write, household, dict.fromkeys(ids.values(), since))
    if "statuses" in document:
        told.append(Asserted(WHOLE, "whole", "record"))
        households.hold(write, household, [_held(one, ids) for one in document["statuses"]])
    households.tell(write, household, told)
    return Written(household, {person: others for person, others in elsewhere.items() if others})


def _people(
    write: Writing, document: Mapping[str, Any], identities: Mapping[str, Identity]
) -> dict[str, str]:
    """The ids that people have in the record, by those of the document. Raises `Refused` for a strange identity."""
    ids: dict[str, str] = {}
    for one in document["people"]:
        person_id = one["person_id"]
        identity = identities.get(person_id, Identity())
        _check_number(person_id, identity)
        known = None if identity.id_number is None else people.find_by_number(write, identity.id_number)
        ids[person_id] = known or person_id
        if known is None and not households.is_known(write.connection, person_id):
            people.register_person(write, identity, person_id)
        else:
            people.identify(write, ids[person_id], identity)
    strangers = sorted(set(identities) - set(ids))
    if strangers:
        raise Refused(
            "no-member",
            f"{strangers[0]} 不在家庭成员之列 · {strangers[0]} is not among the people of this household",
        )
    return ids


def _check_number(person_id: str, identity: Identity) -> None:
    problem = "" if identity.id_number is None else problem_with(identity.id_number)
    if problem:
        raise Refused("bad-number", f"{person_id}: {NUMBER_PROBLEMS[problem]}")


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


def _held(one: Mapping[str, Any], ids: Mapping[str, str]) -> Held:
    return Held(
        one["policy"],
        date.fromisoformat(str(one["from"])),
        one.get("source", "record"),
        ids.get(one.get("person_id", ""), ""),
        _date(one.get("to")),
        encode_json(one["amount"]).decode() if "amount" in one else None,
    )


def _date(told: Any) -> date | None:
    return None if told is None else date.fromisoformat(str(told))
