"""Whole household documents written down, one or many: the household, its people, what is told of them, what they hold.

Many are written in few statements, each household with audit entries of its own, so that a county comes in in minutes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import insert, select

from engine.decision import read_household
from engine.rulebook import Rulebook
from records import addresses, audit, granted, households, people, sealed, tables
from records.arrivals import Arrival, Said, date_of, said_by
from records.database import AT_ONCE, Writing, batched
from records.people import Identity
from records.refused import Refused
from records.standards.gb11643 import NUMBER_PROBLEMS, problem_with


@dataclass(frozen=True, slots=True)
class Written:
    """`people`: by the ids that the record has. `elsewhere`: by person the other households of his or hers, for a look."""

    household_id: str
    people: tuple[str, ...]
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
    who = dict(identities or {})
    ids = _known_by_number(write, document, who)
    arrival = Arrival(
        _with_ids(document, ids), since, address, {ids.get(one, one): of for one, of in who.items()}
    )
    write_down_all(write, book, [arrival])
    household: str = document["household_id"]
    elsewhere = {
        one["person_id"]: others
        for one in arrival.document["people"]
        if (others := _elsewhere(write, household, one["person_id"], since))
    }
    return Written(household, tuple(one["person_id"] for one in arrival.document["people"]), elsewhere)


def _known_by_number(
    write: Writing, document: Mapping[str, Any], identities: Mapping[str, Identity]
) -> dict[str, str]:
    """The ids in the record of those who have another one in the document. Raises `Refused` for a strange identity."""
    strangers = sorted(set(identities) - {one["person_id"] for one in document["people"]})
    if strangers:
        raise Refused(
            "no-member",
            f"{strangers[0]} 不在家庭成员之列 · {strangers[0]} is not among the people of this household",
        )
    known: dict[str, str] = {}
    for person_id, identity in identities.items():
        if identity.id_number is None:
            continue
        problem = problem_with(identity.id_number)
        if problem:
            raise Refused("bad-number", f"{person_id}: {NUMBER_PROBLEMS[problem]}")
        owner = people.find_by_number(write, identity.id_number)
        if owner is not None and owner != person_id:
            known[person_id] = owner
    return known


def _with_ids(told: Any, ids: Mapping[str, str]) -> Any:
    """A document in which some people have other ids."""
    if isinstance(told, Mapping):
        return {
            key: ids.get(value, value) if key == "person_id" else _with_ids(value, ids)
            for key, value in told.items()
        }
    return [_with_ids(one, ids) for one in told] if isinstance(told, list) else told


def _elsewhere(write: Writing, household_id: str, person_id: str, on: date) -> tuple[str, ...]:
    found = households.households_of(write.connection, person_id, on)
    return tuple(one for one in found if one != household_id)


def write_down_all(write: Writing, book: Rulebook, arrivals: Sequence[Arrival]) -> None:
    """The same for many households; all of them or, when one is refused, none of the transaction."""
    for one in arrivals:
        read_household(book, one.document)
    said = {one.document["household_id"]: said_by(book, one) for one in arrivals}
    if len(said) < len(arrivals):
        raise Refused("household-twice", "同一户出现两次 · a household comes in twice")
    _register(write, arrivals)
    keys = _people(write, arrivals)
    told = {
        household: [
            households.assertion_row(keys[_subject(household, fact.person)], household, fact)
            for fact in one.told
        ]
        for household, one in said.items()
    }
    _counted(write, "tell", told, "assertion")
    held = {
        household: [households.status_row(household, status) for status in one.held]
        for household, one in said.items()
    }
    _counted(write, "hold", held, "status")
    reviews = {
        household: [granted.review_row(household, review) for review in one.reviews]
        for household, one in said.items()
    }
    _counted(write, "review-status", reviews, "status_review")
    _grant_all(write, said, keys)


def _grant_all(write: Writing, said: Mapping[str, Said], keys: Mapping[str, bytes]) -> None:
    awards = {
        household: [granted.award_row(household, award) for award in one.awards]
        for household, one in said.items()
    }
    _counted(write, "grant", awards, "award")
    numbers = {
        (household, row["policy"], row["person_id"]): row["seq"]
        for household, rows in awards.items()
        for row in rows
    }
    payments = {
        household: [
            {
                **granted.payment_row(write, household, payment),
                "award": numbers.get((household, payment.policy, payment.person or None)),
            }
            for payment in one.payments
        ]
        for household, one in said.items()
    }
    _counted(write, "pay", payments, "payment")
    paid = {
        household: list(zip(payments[household], one.payments, strict=True))
        for household, one in said.items()
    }
    causes = {
        household: [granted.cause_row(row, one.cause) for row, one in some if one.cause]
        for household, some in paid.items()
    }
    _counted(write, "say-cause", causes, "payment_cause")
    explained = {
        household: [granted.again_row(row, one.again) for row, one in some if one.again]
        for household, some in paid.items()
    }
    _counted(write, "explain", explained, "payment_again")
    events = {
        household: [
            granted.event_row(keys[_subject(household, event.person)], household, event)
            for event in one.events
        ]
        for household, one in said.items()
    }
    _counted(write, "happen", events, "life_event")


def _counted(
    write: Writing, action: str, by_household: Mapping[str, list[dict[str, Any]]], table: str
) -> None:
    """Writes rows with the numbers that they will have."""
    of = tables.metadata.tables[table]
    numbers = audit.numbers(write, of, sum(map(len, by_household.values())))
    for rows in by_household.values():
        for row in rows:
            row["seq"] = next(numbers)
    audit.add_many(write, action, of, by_household)


def _subject(household_id: str, person_id: str) -> str:
    return sealed.of_person(person_id) if person_id else sealed.of_household(household_id)


# --- who they are -------------------------------------------------------------------------------------------


def _register(write: Writing, arrivals: Sequence[Arrival]) -> None:
    ids = [one.document["household_id"] for one in arrivals]
    for some in batched(ids, AT_ONCE):
        known = select(tables.household.c.household_id).where(tables.household.c.household_id.in_(some))
        there = write.connection.execute(known).scalar()
        if there is not None:
            raise households.known_already(there)
    rows = {
        household: [
            {
                "household_id": household,
                "application_date": date_of(one.document.get("application_date")),
                "version": 1,
                "area": one.document["area"],
            }
        ]
        for household, one in zip(ids, arrivals, strict=True)
    }
    audit.add_many(write, "register", tables.household, rows)
    write.claimed.update(dict.fromkeys(ids, 1))
    keys = sealed.many_data_keys(write, map(sealed.of_household, ids))
    settled = {
        household: [
            {
                "household_id": household,
                "area": one.document["area"],
                "address": addresses.closed(
                    keys[sealed.of_household(household)], household, one.since, one.address
                )
                if one.address
                else None,
                "valid_from": one.since,
            }
        ]
        for household, one in zip(ids, arrivals, strict=True)
    }
    _counted(write, "settle", settled, "residence")
    grams = [
        row
        for household, one in zip(ids, arrivals, strict=True)
        for row in addresses.index_rows(write, household, one.address)
    ]
    if grams:
        write.connection.execute(insert(tables.address_gram), grams)


def _people(write: Writing, arrivals: Sequence[Arrival]) -> dict[str, bytes]:
    """Makes everybody known and a member; the keys of all households and people."""
    everyone = list(
        dict.fromkeys(person["person_id"] for one in arrivals for person in one.document["people"])
    )
    known = people.known(write, everyone)
    new = [one for one in everyone if one not in known]
    audit.add_many(write, "add-person", tables.person, {one: [{"person_id": one}] for one in new})
    for person in sorted(known):
        households.claim_households_of(write, person)
    keys = sealed.many_data_keys(write, map(sealed.of_person, everyone))
    keys |= sealed.many_data_keys(
        write, (sealed.of_household(one.document["household_id"]) for one in arrivals)
    )
    identities = {person: who for one in arrivals for person, who in one.identities.items()}
    people.identify_all(write, keys, identities)
    members = {
        one.document["household_id"]: [
            {
                "household_id": one.document["household_id"],
                "person_id": person["person_id"],
                "valid_from": one.joined.get(person["person_id"], one.since),
                "valid_to": None,
            }
            for person in one.document["people"]
        ]
        for one in arrivals
    }
    _counted(write, "join", members, "membership")
    return keys
