"""Who people are: names, identity numbers, telephones, accounts. Sealed, masked unless a purpose is given."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, select

from records import audit, sealed, tables
from records.database import AT_ONCE, Reading, Writing, batched
from records.households import add_person, is_known
from records.refused import Refused, no_person


class Kind(StrEnum):
    NAME = "name"
    ID_NUMBER = "id_number"
    PHONE = "phone"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Identity:
    """What is known of who somebody is, in clear or masked; None: not known, or erased."""

    name: str | None = None
    id_number: str | None = None
    phone: str | None = None
    account: str | None = None


def register_person(write: Writing, identity: Identity, person_id: str = "") -> str:
    """A person whom the record does not have. The id that was given, or a new one.

    Raises `Refused` for an identity number that is somebody's already.
    """
    person_id = person_id or secrets.token_hex(8)
    add_person(write, person_id)
    identify(write, person_id, identity)
    return person_id


def identify(write: Writing, person_id: str, identity: Identity) -> None:
    """Writes down who somebody is; what is None stays as it was. Raises `Refused`."""
    if not is_known(write.connection, person_id):
        raise no_person(person_id)
    if identity.id_number is not None:
        _take_number(write, person_id, identity.id_number)
    if identity == Identity():
        return
    key = sealed.data_key(write, sealed.of_person(person_id))
    rows = identity_rows(write, key, person_id, identity)
    audit.add_rows(write, "identify", tables.identity, person_id, rows)


def identity_rows(read: Reading, key: bytes, person_id: str, identity: Identity) -> list[dict[str, Any]]:
    """What is known of who somebody is, as it is written, sealed with his or her key."""
    subject = sealed.of_person(person_id)
    rows = []
    for kind in Kind:
        value = getattr(identity, kind)
        if value is None:
            continue
        plain = value.strip().upper() if kind is Kind.ID_NUMBER else value.strip()
        rows.append(
            {
                "person_id": person_id,
                "kind": kind.value,
                "value": sealed.seal(key, subject, "identity", person_id, kind, plain.encode()),
                "found_by": sealed.blind_index(read.keys, kind, plain),
            }
        )
    return rows


def _take_number(write: Writing, person_id: str, number: str) -> None:
    index = number_index(write, number)
    owner = find_by_number(write, number)
    if owner is None:
        row = {"found_by": index, "person_id": person_id}
        audit.add_row(write, "take-number", tables.number, person_id, row)
    elif owner != person_id:
        raise number_taken(owner)


def identify_all(write: Writing, keys: Mapping[str, bytes], identities: Mapping[str, Identity]) -> None:
    """Writes down who many people are. `keys`: their data keys, by whose they are. Raises `Refused`."""
    wanted = {person: who.id_number for person, who in identities.items() if who.id_number is not None}
    owners = owners_of(write, wanted.values())
    taken: dict[str, str] = {}
    for person, number in wanted.items():
        owner = taken.setdefault(number, owners.get(number, person))
        if owner != person:
            raise number_taken(owner)
    new = {one: number for one, number in wanted.items() if number not in owners}
    rows = {one: [{"found_by": number_index(write, n), "person_id": one}] for one, n in new.items()}
    audit.add_many(write, "take-number", tables.number, rows)
    known = {
        person: identity_rows(write, keys[sealed.of_person(person)], person, who)
        for person, who in identities.items()
    }
    numbers = audit.numbers(write, tables.identity, sum(map(len, known.values())))
    for row in (row for rows in known.values() for row in rows):
        row["seq"] = next(numbers)
    audit.add_many(write, "identify", tables.identity, known)


def number_index(read: Reading, number: str) -> bytes:
    """What an identity number is found by."""
    return sealed.blind_index(read.keys, Kind.ID_NUMBER, number)


def number_taken(owner: str) -> Refused:
    return Refused(
        "person-known", f"此证件号码已登记为 {owner} · this identity number is registered as {owner}"
    )


def owners_of(read: Reading, numbers: Iterable[str]) -> dict[str, str]:
    """By identity number the person whose it is; numbers of nobody are left out."""
    by_index = {number_index(read, one): one for one in numbers}
    found: dict[str, str] = {}
    number = tables.number.c
    for some in batched(by_index, AT_ONCE):
        rows = read.connection.execute(
            select(number.found_by, number.person_id).where(number.found_by.in_(some))
        )
        found |= {by_index[bytes(row.found_by)]: row.person_id for row in rows}
    return found


def find_by_number(read: Reading, number: str) -> str | None:
    """Whose an identity number is."""
    index = number_index(read, number)
    found: str | None = read.connection.execute(
        select(tables.number.c.person_id).where(tables.number.c.found_by == index)
    ).scalar()
    return found


def known(read: Reading, people: Iterable[str]) -> set[str]:
    """Those of some people whom the record has."""
    found: set[str] = set()
    for some in batched(dict.fromkeys(people), AT_ONCE):
        there = select(tables.person.c.person_id).where(tables.person.c.person_id.in_(some))
        found.update(read.connection.execute(there).scalars())
    return found


def called(read: Reading, names: Iterable[str]) -> dict[str, set[str]]:
    """By name the people who are called so, or were."""
    by_index = {sealed.blind_index(read.keys, Kind.NAME, one): one for one in names}
    found: dict[str, set[str]] = {}
    identity = tables.identity.c
    for some in batched(by_index, AT_ONCE):
        rows = select(identity.found_by, identity.person_id).where(
            identity.kind == Kind.NAME.value, identity.found_by.in_(some)
        )
        for row in read.connection.execute(rows):
            found.setdefault(by_index[bytes(row.found_by)], set()).add(row.person_id)
    return found


def with_number(read: Reading, people: Iterable[str]) -> set[str]:
    """Those of some people whose identity number the record has."""
    found: set[str] = set()
    for some in batched(dict.fromkeys(people), AT_ONCE):
        there = select(tables.number.c.person_id).where(tables.number.c.person_id.in_(some))
        found.update(read.connection.execute(there).scalars())
    return found


# --- shown --------------------------------------------------------------------------------------------------


def masked(read: Reading, people: Iterable[str]) -> dict[str, Identity]:
    """As everybody may see them who may see the household; people that are not known are left out."""
    found: dict[str, Identity] = {}
    for person_id, one in _opened(read, list(people)).items():
        found[person_id] = Identity(
            None if one.name is None else masked_name(one.name),
            None if one.id_number is None else masked_number(one.id_number),
            None if one.phone is None else masked_tail(one.phone),
            None if one.account is None else masked_tail(one.account),
        )
    return found


def unmasked(write: Writing, person_id: str, purpose: str) -> Identity:
    """Everything in clear, for a purpose that the audit trail keeps. Raises `Refused`."""
    if not purpose.strip():
        raise Refused("no-purpose", "查看完整身份信息须说明用途 · an unmasked identity needs a purpose")
    found = _opened(write, [person_id]).get(person_id)
    if found is None:
        raise no_person(person_id)
    audit.noted(write, "unmask", "person", person_id, purpose.strip())
    return found


@dataclass(frozen=True, slots=True)
class Payable:
    """Somebody's name and account number in clear, for a bank."""

    name: str
    account: str


def unmasked_for_bank(
    write: Writing, wanted: Mapping[tuple[str, bytes], None], subject: str, purpose: str
) -> dict[tuple[str, bytes], Payable]:
    """By person and blind index of the account: to whom a bank is to pay. One entry tells how many, for what and why.

    The account is the one that was approved, also when another one was registered since. Raises `Refused` no-purpose;
    account-missing for somebody whose name or account cannot be read any more.
    """
    if not purpose.strip():
        raise Refused("no-purpose", "导出姓名和账号须说明用途 · names and accounts need a purpose")
    names: dict[str, str] = {}
    accounts: dict[tuple[str, bytes], str] = {}
    identity = tables.identity
    for some in batched(sorted({person for person, _ in wanted}), AT_ONCE):
        kinds = identity.c.kind.in_([Kind.NAME.value, Kind.ACCOUNT.value])
        chosen = select(identity).where(identity.c.person_id.in_(some), kinds).order_by(identity.c.seq)
        rows = write.connection.execute(chosen).all()
        keys = sealed.data_keys(write, {sealed.of_person(one) for one in some})
        for row in rows:
            value = _value(row, keys)
            if value is None:
                continue
            if row.kind == Kind.NAME:
                names[row.person_id] = value
            elif (row.person_id, bytes(row.found_by)) in wanted:
                accounts[row.person_id, bytes(row.found_by)] = value
    for person, index in wanted:
        if person not in names or (person, index) not in accounts:
            raise Refused(
                "no-account",
                f"{person} 的姓名或账号已不可读 · the name or account of {person} cannot be read",
            )
    audit.noted(write, "unmask", "account", subject, f"{len(wanted)} names and accounts: {purpose.strip()}")
    return {one: Payable(names[one[0]], accounts[one]) for one in wanted}


def names_in_clear(read: Reading, people: Iterable[str]) -> dict[str, str]:
    """For the record's own comparisons; what is shown to anybody goes through `masked` or `unmasked`."""
    return {one: found.name for one, found in _opened(read, list(people)).items() if found.name is not None}


def _opened(read: Reading, people: list[str]) -> dict[str, Identity]:
    there = read.connection.execute(
        select(tables.person.c.person_id).where(tables.person.c.person_id.in_(people))
    ).scalars()
    found: dict[str, dict[str, Any]] = {person_id: {} for person_id in there}
    identity = tables.identity
    rows = read.connection.execute(
        select(identity).where(identity.c.person_id.in_(people)).order_by(identity.c.seq)
    ).all()
    keys = sealed.data_keys(read, {sealed.of_person(row.person_id) for row in rows})
    for row in rows:
        value = _value(row, keys)
        if value is not None:
            found[row.person_id][row.kind] = value
    return {person_id: Identity(**values) for person_id, values in found.items()}


def _value(row: Row[Any], keys: Mapping[str, bytes]) -> str | None:
    subject = sealed.of_person(row.person_id)
    if subject not in keys:  # erased
        return None
    return sealed.unseal(keys[subject], subject, "identity", row.person_id, row.kind, row.value).decode()


def masked_number(number: str) -> str:
    """An identity number as it is shown without a purpose: the area and the last digit."""
    return f"{number[:6]}{'*' * (len(number) - 7)}{number[-1:]}" if len(number) > 7 else "*" * len(number)


def masked_name(name: str) -> str:
    """The family name's first character, and how long the name is."""
    return name[:1] + "*" * (len(name) - 1) if len(name) > 1 else "*"


def masked_tail(number: str) -> str:
    """A telephone or account number: its last four digits."""
    return "*" * (len(number) - 4) + number[-4:] if len(number) > 7 else "*" * len(number)
