"""Search first: people and households by name, identity number, telephone, account, address or id.

Numbers and names are found whole, by their blind index; addresses by any part of three characters or more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select

from records import addresses, people, sealed, tables
from records.database import Reading
from records.people import Identity, Kind
from records.refused import Refused

LEAST = 3
MOST = 50


@dataclass(frozen=True, slots=True)
class Found:
    """A household, with its people by id and what is held. `matched`: the people that were found; none: its address."""

    household_id: str
    area: str
    address: str
    people: dict[str, Identity]
    matched: tuple[str, ...]
    held: tuple[dict[str, Any], ...]


def search(read: Reading, text: str, within: ColumnElement[bool], on: date, most: int = MOST) -> list[Found]:
    """Households within a condition, at most so many, by what was typed. Raises `Refused` for less than three characters."""
    typed = text.strip()
    _long_enough(typed)
    household, member = tables.household, tables.membership
    matched = set(read.connection.execute(_people(read, typed)).scalars())
    by_address = _households_at(read, typed, within)
    chosen = (
        select(household.c.household_id, household.c.area)
        .where(within)
        .where(
            or_(
                household.c.household_id == typed,
                household.c.household_id.in_(by_address),
                household.c.household_id.in_(
                    select(member.c.household_id).where(member.c.person_id.in_(matched))
                ),
            )
        )
        .order_by(household.c.household_id)
        .limit(most)
    )
    rows = read.connection.execute(chosen).all()
    return _shown(read, {row.household_id: row.area for row in rows}, matched, on)


def _long_enough(typed: str) -> None:
    """Names of two characters are whole names in Chinese; of anything else three are needed."""
    plain = addresses.plain(typed)
    if len(plain) < LEAST and not (len(plain) == 2 and all("\u4e00" <= sign <= "\u9fff" for sign in plain)):
        raise Refused(
            "too-short", "请至少输入三个字符（两字姓名除外） · at least three characters are searched for"
        )


def _people(read: Reading, typed: str) -> Select[Any]:
    identity = tables.identity
    indexes = [sealed.blind_index(read.keys, kind, typed) for kind in Kind]
    return select(identity.c.person_id).where(
        or_(identity.c.found_by.in_(indexes), identity.c.person_id == typed)
    )


def _households_at(read: Reading, typed: str, within: ColumnElement[bool]) -> list[str]:
    """By the index of addresses, then each address opened and compared."""
    grams = addresses.may_contain(read, typed)
    if not grams:
        return []
    gram, household = tables.address_gram, tables.household
    candidates = (
        select(gram.c.household_id)
        .join(household, household.c.household_id == gram.c.household_id)
        .where(within, gram.c.found_by.in_(sorted(grams)))
        .group_by(gram.c.household_id)
        .having(func.count() == len(grams))
        .order_by(gram.c.household_id)
        .limit(MOST * 4)
    )
    part = addresses.plain(typed)
    found = addresses_of(read, read.connection.execute(candidates).scalars().all())
    return [one for one, address in found.items() if part in addresses.plain(address)]


def addresses_of(read: Reading, households: Iterable[str]) -> dict[str, str]:
    """Where households live now, in clear; those without an address, or erased, are left out."""
    wanted = list(households)
    residence = tables.residence
    rows = read.connection.execute(
        select(residence)
        .where(residence.c.household_id.in_(wanted))
        .order_by(residence.c.valid_from, residence.c.seq)
    ).all()
    keys = sealed.data_keys(read, map(sealed.of_household, wanted))
    found: dict[str, str] = {}
    for row in rows:
        key = keys.get(sealed.of_household(row.household_id))
        if key is None or row.address is None:
            found.pop(row.household_id, None)
        else:
            found[row.household_id] = addresses.opened(key, row.household_id, row.valid_from, row.address)
    return found


def members_of(read: Reading, households: Iterable[str], on: date) -> dict[str, list[str]]:
    """Members on a day, by household."""
    wanted = list(households)
    member = tables.membership
    rows = read.connection.execute(
        select(member).where(member.c.household_id.in_(wanted)).order_by(member.c.seq)
    )
    last = {(row.household_id, row.person_id, row.valid_from): row.valid_to for row in rows}
    found: dict[str, list[str]] = {one: [] for one in wanted}
    for (household_id, person_id, first), until in last.items():
        if first <= on and (until is None or on <= until) and person_id not in found[household_id]:
            found[household_id].append(person_id)
    return found


def held_by(read: Reading, households: Iterable[str], on: date) -> dict[str, list[dict[str, Any]]]:
    """Statuses that cover a day, by household: what is held already, by whichever department."""
    wanted = list(households)
    status = tables.status
    rows = read.connection.execute(
        select(status).where(status.c.household_id.in_(wanted)).order_by(status.c.seq)
    )
    last = {(row.household_id, row.person_id, row.policy, row.valid_from): row for row in rows}
    found: dict[str, list[dict[str, Any]]] = {one: [] for one in wanted}
    for row in last.values():
        if row.valid_from <= on and (row.valid_to is None or on <= row.valid_to):
            one = {"policy": row.policy, "since": row.valid_from.isoformat()}
            if row.person_id is not None:
                one["person_id"] = row.person_id
            found[row.household_id].append(one)
    return found


def _shown(read: Reading, areas: dict[str, str], matched: set[str], on: date) -> list[Found]:
    members = members_of(read, areas, on)
    identities = people.masked(read, {one for many in members.values() for one in many})
    where, held = addresses_of(read, areas), held_by(read, areas, on)
    return [
        Found(
            household_id,
            area,
            where.get(household_id, ""),
            {one: identities.get(one, Identity()) for one in members[household_id]},
            tuple(one for one in members[household_id] if one in matched),
            tuple(held[household_id]),
        )
        for household_id, area in areas.items()
    ]
