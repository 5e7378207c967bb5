"""Writing households down: where they live, who belongs to them, what is told about them, what they hold.

Nothing is ever written over: a correction is another row, and what was known before can still be asked for. Whoever
writes claims the household first, with the version that he or she has read, so that nobody's work is lost:

    with writing(database, actor="ligang") as write:
        claim(write, household_id, version)
        tell(write, household_id, [Asserted("financial_assets", 2000, "bank")])
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from engine.decision import encode_json
from records import addresses, audit, sealed, tables
from records.database import Writing
from records.refused import Refused, no_household, no_person

LISTS = ("statuses", "awards", "payments", "events")
"""What `tell` is told the name of when the entries that are written down are all that there are, even none."""
EVENT = "event"  # what a life event's commitment is about


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


# --- claiming -----------------------------------------------------------------------------------------------


def claim(write: Writing, household_id: str, version: int) -> int:
    """Claims a household for this transaction; its new version. Nobody else writes to it until the end.

    Raises `Refused` when there is none, or when somebody else wrote in between.
    """
    household = tables.household
    done = write.connection.execute(
        update(household)
        .where(household.c.household_id == household_id, household.c.version == version)
        .values(version=version + 1)
    )
    if done.rowcount == 1:
        write.claimed[household_id] = version + 1
        return version + 1
    now = write.connection.execute(
        select(household.c.version).where(household.c.household_id == household_id)
    ).scalar()
    if now is None:
        raise no_household(household_id)
    raise Refused(
        "stale",
        f"家庭 {household_id} 已被他人更新（第 {now} 版，您读的是第 {version} 版），请重新读取后再改 · "
        f"household {household_id} was changed meanwhile (version {now}, you read {version}); read it again",
    )


def claim_as_it_is(write: Writing, household_id: str) -> None:
    """Claims a household whatever its version is. The household must be there."""
    if household_id not in write.claimed:
        household = tables.household
        version = write.connection.execute(
            update(household)
            .where(household.c.household_id == household_id)
            .values(version=household.c.version + 1)
            .returning(household.c.version)
        ).scalar_one()
        write.claimed[household_id] = version


def ours(write: Writing, household_id: str) -> None:
    if household_id not in write.claimed:
        raise RuntimeError(f"{household_id} was not claimed before it was written to")


# --- writing ------------------------------------------------------------------------------------------------


def register(
    write: Writing,
    household_id: str,
    area: str,
    application_date: date | None = None,
    *,
    since: date | None = None,
    address: str = "",
) -> None:
    """A household that the record does not have yet, claimed. Lives there since a day, today unless told.

    Raises `Refused` when the household is there already.
    """
    known = select(tables.household.c.household_id).where(tables.household.c.household_id == household_id)
    if write.connection.execute(known).first() is not None:
        raise known_already(household_id)
    row = {
        "household_id": household_id,
        "application_date": application_date,
        "version": 1,
        "area": area,
    }
    audit.add_row(write, "register", tables.household, household_id, row)
    write.claimed[household_id] = 1
    _settle(write, "settle", household_id, area, since or write.day, address)


def known_already(household_id: str) -> Refused:
    return Refused("household-known", f"已有家庭 {household_id} · household {household_id} is there already")


def move(write: Writing, household_id: str, area: str, since: date, address: str = "") -> None:
    """The household lives somewhere else from a day on."""
    ours(write, household_id)
    _settle(write, "move", household_id, area, since, address)
    residence = tables.residence.c
    last = write.connection.execute(
        select(residence.area)
        .where(residence.household_id == household_id)
        .order_by(residence.valid_from.desc(), residence.seq.desc())
        .limit(1)
    ).scalar_one()
    household = tables.household
    write.connection.execute(
        update(household).where(household.c.household_id == household_id).values(area=last)
    )


def _settle(write: Writing, action: str, household_id: str, area: str, since: date, address: str) -> None:
    row = {
        "household_id": household_id,
        "area": area,
        "address": addresses.sealed_for(write, household_id, since, address) if address else None,
        "valid_from": since,
    }
    audit.add_row(write, action, tables.residence, household_id, row)


def join(write: Writing, household_id: str, person_id: str, since: date) -> tuple[str, ...]:
    """A person becomes a member. The other households that he or she is a member of on that day, for a look."""
    return join_all(write, household_id, {person_id: since})[person_id]


def join_all(write: Writing, household_id: str, since: dict[str, date]) -> dict[str, tuple[str, ...]]:
    """People become members, each since a day; by person the other households that he or she is in on that day."""
    ours(write, household_id)
    others: dict[str, tuple[str, ...]] = {}
    for person_id, day in since.items():
        everywhere = memberships(write.connection, person_id)
        for other in sorted(everywhere):
            claim_as_it_is(write, other)
        inside = {one for one, days in everywhere.items() if _covers(days, day)}
        others[person_id] = tuple(sorted(inside - {household_id}))
    rows = [
        {"household_id": household_id, "person_id": person_id, "valid_from": day, "valid_to": None}
        for person_id, day in since.items()
    ]
    audit.add_rows(write, "join", tables.membership, household_id, rows)
    return others


def leave(write: Writing, household_id: str, person_id: str, until: date) -> None:
    """A member's last day. Raises `Refused` for somebody who is no member."""
    ours(write, household_id)
    days = memberships(write.connection, person_id).get(household_id, {})
    joined = max((first for first in days if first <= until), default=None)
    if joined is None:
        raise Refused(
            "no-member", f"{person_id} 当时不是该户成员 · {person_id} was no member of this household then"
        )
    row = {
        "household_id": household_id,
        "person_id": person_id,
        "valid_from": joined,
        "valid_to": until,
    }
    audit.add_row(write, "leave", tables.membership, household_id, row)


def split(
    write: Writing, household_id: str, into: str, people: Sequence[str], since: date, area: str
) -> None:
    """Some members form a household of their own from a day on. What is known of them goes with them.

    What is known of the household stays behind and is not copied: it has to be asked again.
    """
    register(write, into, area, since=since)
    for person_id in people:
        leave(write, household_id, person_id, since - timedelta(days=1))
    join_all(write, into, dict.fromkeys(people, since))


def merge(write: Writing, household_id: str, into: str, since: date) -> tuple[str, ...]:
    """All members become members of another household from a day on; who they are.

    What is known of the household as such is not carried over: the other one has its own.
    """
    ours(write, household_id)
    people = tuple(members_on(write.connection, household_id, since))
    for person_id in people:
        leave(write, household_id, person_id, since - timedelta(days=1))
    join_all(write, into, dict.fromkeys(people, since))
    return people


def tell(write: Writing, household_id: str, told: Iterable[Asserted]) -> None:
    """Writes down facts of the household and of its people, sealed. Raises `Refused` for somebody unknown."""
    ours(write, household_id)
    rows = []
    for one in told:
        if one.person:
            claim_households_of(write, one.person)
        subject = sealed.of_person(one.person) if one.person else sealed.of_household(household_id)
        rows.append(assertion_row(sealed.data_key(write, subject), household_id, one))
    audit.add_rows(write, "tell", tables.assertion, household_id, rows)


def assertion_row(key: bytes, household_id: str, one: Asserted) -> dict[str, Any]:
    """A fact as it is written, sealed with the key of the person or household."""
    subject = sealed.of_person(one.person) if one.person else sealed.of_household(household_id)
    value = encode_json(one.value)
    salt, commitment = sealed.committed(one.fact, value)
    return {
        "household_id": household_id,
        "person_id": one.person or None,
        "fact": one.fact,
        "value": sealed.seal(key, subject, "assertion", commitment, "value", salt + value),
        "commitment": commitment,
        "valid_from": one.valid_from,
        "valid_to": one.valid_to,
        "as_of": one.as_of,
        "source": one.source,
    }


def hold(write: Writing, household_id: str, held: Iterable[Held]) -> None:
    """Writes down statuses; a later one of the same policy, person and first day takes an earlier one's place."""
    ours(write, household_id)
    rows = []
    for one in held:
        if one.person:
            claim_households_of(write, one.person)
        rows.append(status_row(household_id, one))
    audit.add_rows(write, "hold", tables.status, household_id, rows)


def status_row(household_id: str, one: Held) -> dict[str, Any]:
    return {
        "household_id": household_id,
        "person_id": one.person or None,
        "policy": one.policy,
        "valid_from": one.valid_from,
        "valid_to": one.valid_to,
        "amount": one.amount,
        "source": one.source,
    }


def add_person(write: Writing, person_id: str) -> None:
    audit.add_row(write, "add-person", tables.person, person_id, {"person_id": person_id})


def is_known(connection: Connection, person_id: str) -> bool:
    found = select(tables.person.c.person_id).where(tables.person.c.person_id == person_id)
    return connection.execute(found).first() is not None


def claim_households_of(write: Writing, person_id: str) -> None:
    """Claims every household of a person, as they are: what is told of him or her changes what they all read.

    Raises `Refused` for somebody unknown.
    """
    if f"person:{person_id}" in write.claimed:
        return
    if not is_known(write.connection, person_id):
        raise no_person(person_id)
    for other in sorted(memberships(write.connection, person_id)):
        claim_as_it_is(write, other)
    write.claimed[f"person:{person_id}"] = 0


# --- who belongs to whom ------------------------------------------------------------------------------------

_Days = dict[date, date | None]


def memberships(connection: Connection, person_id: str) -> dict[str, _Days]:
    """The households of a person, ever, each with its first days and their last ones."""
    member = tables.membership.c
    rows = connection.execute(
        select(tables.membership).where(member.person_id == person_id).order_by(member.seq)
    )
    found: dict[str, _Days] = {}
    for row in rows:
        found.setdefault(row.household_id, {})[row.valid_from] = row.valid_to
    return found


def households_of(connection: Connection, person_id: str, on: date) -> tuple[str, ...]:
    found = memberships(connection, person_id)
    return tuple(sorted(one for one, days in found.items() if _covers(days, on)))


def _covers(days: _Days, on: date) -> bool:
    return any(first <= on and (last is None or on <= last) for first, last in days.items())


def members_on(connection: Connection, household_id: str, on: date) -> list[str]:
    """Members on a day, in the order in which they were written down."""
    member = tables.membership.c
    rows = connection.execute(
        select(tables.membership).where(member.household_id == household_id).order_by(member.seq)
    )
    found: dict[str, _Days] = {}
    for row in rows:
        found.setdefault(row.person_id, {})[row.valid_from] = row.valid_to
    return [person for person, days in found.items() if _covers(days, on)]


def version_of(connection: Connection, household_id: str) -> int | None:
    found: int | None = connection.execute(
        select(tables.household.c.version).where(tables.household.c.household_id == household_id)
    ).scalar()
    return found


def ever_members(connection: Connection, household_id: str) -> frozenset[str]:
    """Everybody who is or was a member."""
    member = tables.membership.c
    return frozenset(
        connection.execute(
            select(member.person_id).where(member.household_id == household_id).distinct()
        ).scalars()
    )
