"""Households, people and what is asserted about them, on two time axes.

An assertion says a fact's value from a day to a day, where it comes from, and when the office wrote it down. Nothing is
ever written over: a correction is another assertion, and what was known before can still be asked for.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, Table, insert, select, update

from engine.decision import encode_json, parse_json
from records import audit, tables
from records.database import Writing
from records.keys import Keys
from records.sealed import blind_index, masked_name, masked_number, seal, unseal


class Refused(Exception):
    """The record does not take this; `code` says what is wrong, the message says it to people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Asserted:
    """One fact's value, as somebody told it. `person` "": of the household. `value`: plain data, numbers exact."""

    fact: str
    value: Any
    source: str
    person: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A status that is held, with its amount as a decimal text."""

    policy: str
    valid_from: date
    source: str
    person: str = ""
    valid_to: date | None = None
    amount: str | None = None


# --- writing ------------------------------------------------------------------------------------------------


def register(write: Writing, household_id: str, area: str, application_date: date | None = None) -> None:
    """Raises `Refused` when the household is there already."""
    known = select(tables.household.c.household_id).where(tables.household.c.household_id == household_id)
    if write.connection.execute(known).first() is not None:
        raise Refused(
            "household-known", f"已有家庭 {household_id} · household {household_id} is there already"
        )
    row = {
        "household_id": household_id,
        "area": area,
        "application_date": application_date,
        "version": 1,
        **recorded(write),
    }
    write.connection.execute(insert(tables.household), row)
    audit.written(write, "register", tables.household, row)


def add_person(write: Writing, name: str, id_number: str | None, person_id: str = "") -> str:
    """A person whom no record has. The id that was given, or a new one. Raises `Refused` for a number that is known."""
    person_id = person_id or secrets.token_hex(8)
    index = None
    if id_number is not None:
        index = blind_index(write.keys, "id_number", id_number)
        found = find_by_number(write.connection, index)
        if found is not None:
            raise Refused(
                "person-known",
                f"此证件号码已登记为 {found} · this identity number is registered as {found}",
            )
    row = {
        "person_id": person_id,
        "name": seal(write.keys, "person", person_id, "name", name),
        "id_number": None
        if id_number is None
        else seal(write.keys, "person", person_id, "id_number", id_number.strip().upper()),
        "id_number_index": index,
        "key_version": write.keys.newest,
        **recorded(write),
    }
    add_row(write, "add-person", tables.person, row)
    return person_id


def is_known(connection: Connection, person_id: str) -> bool:
    found = select(tables.person.c.person_id).where(tables.person.c.person_id == person_id)
    return connection.execute(found).first() is not None


def find_by_number(connection: Connection, index: bytes) -> str | None:
    found: str | None = connection.execute(
        select(tables.person.c.person_id).where(tables.person.c.id_number_index == index)
    ).scalar()
    return found


def join(write: Writing, household_id: str, person_id: str, since: date) -> tuple[str, ...]:
    """A person becomes a member. The other households that he or she is a member of on that day, for a look."""
    others = _households_of(write.connection, person_id, since)
    row = {
        "household_id": household_id,
        "person_id": person_id,
        "valid_from": since,
        "valid_to": None,
        **recorded(write),
    }
    add_row(write, "join", tables.membership, row)
    return tuple(sorted(others - {household_id}))


def leave(write: Writing, household_id: str, person_id: str, until: date) -> None:
    """A member's last day. Raises `Refused` for somebody who is no member."""
    member = tables.membership.c
    joined = write.connection.execute(
        select(member.valid_from)
        .where(member.household_id == household_id, member.person_id == person_id)
        .where(member.valid_from <= until)
        .order_by(member.seq.desc())
        .limit(1)
    ).scalar()
    if joined is None:
        raise Refused(
            "no-member", f"{person_id} 当时不是该户成员 · {person_id} was no member of this household then"
        )
    row = {
        "household_id": household_id,
        "person_id": person_id,
        "valid_from": joined,
        "valid_to": until,
        **recorded(write),
    }
    add_row(write, "leave", tables.membership, row)


def tell(write: Writing, household_id: str, version: int, told: Iterable[Asserted]) -> int:
    """Writes down facts. `version`: that of the household when it was read; the new one is returned.

    Raises `Refused` when somebody else wrote in between, so that nobody's work is lost.
    """
    _claim(write, household_id, version)
    for one in told:
        row = {
            "household_id": household_id,
            "person_id": one.person or None,
            "fact": one.fact,
            "value": encode_json(one.value).decode(),
            "valid_from": one.valid_from,
            "valid_to": one.valid_to,
            "as_of": one.as_of,
            "source": one.source,
            **recorded(write),
        }
        add_row(write, "tell", tables.assertion, row)
    return version + 1


def hold(write: Writing, household_id: str, version: int, held: Iterable[Held]) -> int:
    """Writes down statuses; a later one of the same first day takes an earlier one's place. As `tell`."""
    _claim(write, household_id, version)
    for one in held:
        row = {
            "household_id": household_id,
            "person_id": one.person or None,
            "policy": one.policy,
            "valid_from": one.valid_from,
            "valid_to": one.valid_to,
            "amount": one.amount,
            "source": one.source,
            **recorded(write),
        }
        add_row(write, "hold", tables.status, row)
    return version + 1


def _claim(write: Writing, household_id: str, version: int) -> None:
    household = tables.household
    claimed = write.connection.execute(
        update(household)
        .where(household.c.household_id == household_id, household.c.version == version)
        .values(version=version + 1)
    )
    if claimed.rowcount == 1:
        return
    now = write.connection.execute(
        select(household.c.version).where(household.c.household_id == household_id)
    ).scalar()
    if now is None:
        raise Refused("no-household", f"没有家庭 {household_id} · there is no household {household_id}")
    raise Refused(
        "stale",
        f"家庭 {household_id} 已被他人更新（第 {now} 版，您读的是第 {version} 版），请重新读取后再改 · "
        f"household {household_id} was changed meanwhile (version {now}, you read {version}); read it again",
    )


def recorded(write: Writing) -> dict[str, Any]:
    return {"recorded_on": write.day, "recorded_at": write.at, "recorded_by": write.actor}


def add_row(write: Writing, action: str, table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """Writes a row with its entry in the audit trail; the row with its key is returned."""
    done = write.connection.execute(insert(table), row)
    assert done.inserted_primary_key is not None
    keys = dict(
        zip((column.name for column in table.primary_key.columns), done.inserted_primary_key, strict=True)
    )
    whole = {**row, **keys}
    audit.written(write, action, table, whole)
    return whole


# --- reading ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Until:
    """The last rows that something was made from; none: all that there are."""

    facts: int | None = None
    statuses: int | None = None
    members: int | None = None


def version_of(connection: Connection, household_id: str) -> int | None:
    found: int | None = connection.execute(
        select(tables.household.c.version).where(tables.household.c.household_id == household_id)
    ).scalar()
    return found


def newest(connection: Connection, household_id: str) -> Until:
    def last(table: Table) -> int:
        found: int | None = connection.execute(
            select(table.c.seq)
            .where(table.c.household_id == household_id)
            .order_by(table.c.seq.desc())
            .limit(1)
        ).scalar()
        return found or 0

    return Until(last(tables.assertion), last(tables.status), last(tables.membership))


def document(
    connection: Connection, household_id: str, on: date, known: date, until: Until | None = None
) -> dict[str, Any]:
    """The household document for a legal date, of what was written down by the end of a day.

    Raises `Refused` when there is no such household.
    """
    until = until or Until()
    found = connection.execute(
        select(tables.household).where(tables.household.c.household_id == household_id)
    ).first()
    if found is None:
        raise Refused("no-household", f"没有家庭 {household_id} · there is no household {household_id}")
    members = _members(connection, household_id, on, known, until.members)
    people: dict[str, dict[str, Any]] = {person: {"person_id": person} for person in members}
    made: dict[str, Any] = {"household_id": household_id, "area": found.area}
    if found.application_date is not None:
        made["application_date"] = found.application_date.isoformat()
    for row in _rows(connection, tables.assertion, household_id, known, until.facts):
        owner = made if row.person_id is None else people.get(row.person_id)
        if owner is not None:
            owner.setdefault(row.fact, []).append(_as_told(row))
    statuses = _statuses(connection, household_id, known, until.statuses)
    if statuses:
        made["statuses"] = [one for one in statuses if one.get("person_id", "") in ("", *people)]
    made["people"] = list(people.values())
    return made


def _rows(
    connection: Connection, table: Table, household_id: str, known: date, until: int | None
) -> Sequence[Row[Any]]:
    """What was written down of a household by the end of a day, in the order of writing."""
    rows = (
        select(table)
        .where(table.c.household_id == household_id)
        .where(table.c.recorded_on <= known)
        .order_by(table.c.seq)
    )
    return connection.execute(rows if until is None else rows.where(table.c.seq <= until)).all()


def _members(
    connection: Connection, household_id: str, on: date, known: date, until: int | None
) -> list[str]:
    latest: dict[tuple[str, date], Row[Any]] = {}
    for row in _rows(connection, tables.membership, household_id, known, until):
        latest[row.person_id, row.valid_from] = row
    inside = [
        row
        for row in latest.values()
        if row.valid_from <= on and (row.valid_to is None or on <= row.valid_to)
    ]
    return list(dict.fromkeys(row.person_id for row in inside))


def _as_told(row: Row[Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"value": parse_json(row.value)}
    days = {"from": row.valid_from, "to": row.valid_to, "as_of": row.as_of, "recorded": row.recorded_on}
    told |= {key: day.isoformat() for key, day in days.items() if day is not None}
    return told | {"source": row.source}


def _statuses(
    connection: Connection, household_id: str, known: date, until: int | None
) -> list[dict[str, Any]]:
    latest: dict[tuple[str, str, date], Row[Any]] = {}
    for row in _rows(connection, tables.status, household_id, known, until):
        latest[row.policy, row.person_id or "", row.valid_from] = row
    found = []
    for row in latest.values():
        one: dict[str, Any] = {"policy": row.policy, "from": row.valid_from.isoformat()}
        if row.person_id is not None:
            one["person_id"] = row.person_id
        if row.valid_to is not None:
            one["to"] = row.valid_to.isoformat()
        if row.amount is not None:
            one["amount"] = parse_json(row.amount)
        found.append({**one, "recorded": row.recorded_on.isoformat(), "source": row.source})
    return found


def _households_of(connection: Connection, person_id: str, on: date) -> set[str]:
    member = tables.membership.c
    rows = connection.execute(
        select(tables.membership).where(member.person_id == person_id).order_by(member.seq)
    )
    latest = {(row.household_id, row.valid_from): row for row in rows}
    return {
        row.household_id
        for row in latest.values()
        if row.valid_from <= on and (row.valid_to is None or on <= row.valid_to)
    }


# --- who it is ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Identity:
    name: str
    id_number: str | None


def masked(connection: Connection, keys: Keys, person_id: str) -> Identity | None:
    """As everybody may see it who may see the household."""
    row = connection.execute(select(tables.person).where(tables.person.c.person_id == person_id)).first()
    if row is None:
        return None
    name = unseal(keys, "person", row.person_id, "name", row.key_version, row.name)
    number = _number(keys, row)
    return Identity(masked_name(name), None if number is None else masked_number(number))


def unmasked(write: Writing, person_id: str, purpose: str) -> Identity:
    """The name and number in clear, for a purpose that the audit trail keeps. Raises `Refused`."""
    if not purpose.strip():
        raise Refused("no-purpose", "查看完整身份信息须说明用途 · an unmasked identity needs a purpose")
    row = write.connection.execute(
        select(tables.person).where(tables.person.c.person_id == person_id)
    ).first()
    if row is None:
        raise Refused("no-person", f"没有此人 {person_id} · there is no person {person_id}")
    audit.append(write, "unmask", "person", person_id, audit.digest_of_text(purpose.strip()))
    name = unseal(write.keys, "person", row.person_id, "name", row.key_version, row.name)
    return Identity(name, _number(write.keys, row))


def _number(keys: Keys, row: Row[Any]) -> str | None:
    if row.id_number is None:
        return None
    return unseal(keys, "person", row.person_id, "id_number", row.key_version, row.id_number)
