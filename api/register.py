"""Households in the record: written down, read as known on a day, changed with the version that was read."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import Field
from sqlalchemy import select
from starlette.responses import Response

from api.bodies import Body, Version, body_of, takes
from api.guard import guarded_router, needs
from api.problems import ProblemError
from api.recorded import Asked, Id, Limit, answer, asked, total
from engine.decision import read_household
from records import households, people, scope, search, tables
from records.database import Reading, Writing
from records.documents import document
from records.households import Asserted
from records.intake import write_down
from records.people import Identity
from records.refused import Refused
from records.rights import Right

router = guarded_router()


class IdentityBody(Body):
    name: str | None = Field(default=None, max_length=60)
    id_number: str | None = Field(default=None, max_length=18)
    phone: str | None = Field(default=None, max_length=20, pattern=r"^[0-9+ -]{5,20}$")
    account: str | None = Field(default=None, max_length=34, pattern=r"^[0-9A-Za-z ]{6,34}$")

    def identity(self) -> Identity:
        return Identity(self.name, self.id_number, self.phone, self.account)


class NewHousehold(Body):
    """`document`: a household document; ids that it does not say are made."""

    document: dict[str, Any]
    since: date | None = None
    address: str = Field(default="", max_length=100)
    identities: dict[str, IdentityBody] = Field(default_factory=dict)


class ToldFact(Body):
    fact: str = Field(max_length=80)
    value: Any
    person_id: str = Field(default="", max_length=80)
    source: str = Field(default="", max_length=80)
    valid_from: date | None = None
    valid_to: date | None = None
    as_of: date | None = None


class ToldFacts(Body):
    """`version`: that of the household when it was read."""

    version: Version
    told: list[ToldFact] = Field(min_length=1, max_length=500)


class NewMember(Body):
    """Somebody who is known (`person_id`, or by the number), or somebody new."""

    version: Version
    person_id: str = Field(default="", max_length=80)
    identity: IdentityBody = IdentityBody()
    since: date


class Leaving(Body):
    version: Version
    until: date


class Moving(Body):
    version: Version
    area: str = Field(max_length=80)
    address: str = Field(default="", max_length=100)
    since: date


class Splitting(Body):
    version: Version
    people: list[str] = Field(min_length=1, max_length=60)
    area: str = Field(default="", max_length=80)
    since: date


class Merging(Body):
    version: Version
    into: str = Field(max_length=80)
    into_version: Version
    since: date


@router.get("/households", summary="Households, within what the viewer may see")
@needs(Right.READ_HOUSEHOLDS)
def listed(request: Request, area: Id = "", after: Id = "", limit: Limit = 50) -> Response:
    ask = asked(request)
    household = tables.household.c
    query = select(household.household_id, household.area, household.version, household.recorded_on)
    query = query.where(scope.within(ask.viewer, Right.READ_HOUSEHOLDS, ask.book))
    if area:
        query = query.where(household.area.in_(sorted(scope.areas_below(ask.book, area))))
    with ask.reading() as read:
        count = total(read, query)
        page = query.where(household.household_id > after).order_by(household.household_id).limit(limit)
        rows = read.connection.execute(page).all()
        shown = _with_people(read, [dict(row._mapping) for row in rows], ask.today)
    following = rows[-1].household_id if len(rows) == limit else None
    return answer({"total": count, "households": shown, "after": following})


def _with_people(read: Reading, rows: list[dict[str, Any]], on: date) -> list[dict[str, Any]]:
    members = search.members_of(read, [row["household_id"] for row in rows], on)
    identities = people.masked(read, {one for many in members.values() for one in many})
    return [{**row, "people": shown_people(members[row["household_id"]], identities)} for row in rows]


def shown_people(ids: Iterable[str], identities: Mapping[str, Identity]) -> list[dict[str, Any]]:
    """People by their ids and what is shown of who they are."""
    return [{"person_id": one, **shown_identity(identities.get(one, Identity()))} for one in ids]


def shown_identity(identity: Identity) -> dict[str, str]:
    told = {name: getattr(identity, name) for name in ("name", "id_number", "phone", "account")}
    return {name: value for name, value in told.items() if value is not None}


@router.post("/households", status_code=201, summary="Write down a household", **takes(NewHousehold))
@needs(Right.WRITE_HOUSEHOLDS)
def register(request: Request, told: Annotated[NewHousehold, Depends(body_of(NewHousehold))]) -> Response:
    ask = asked(request)
    made = {"household_id": f"H{secrets.token_hex(6)}", **told.document}
    for one in made["people"] if isinstance(made.get("people"), list) else []:
        if isinstance(one, dict):
            one.setdefault("person_id", f"P{secrets.token_hex(8)}")
    read_household(ask.book, made)
    _may_settle(ask, made["area"])
    identities = {one: body.identity() for one, body in told.identities.items()}
    with ask.writing() as write:
        _may_take(ask, write, [one["person_id"] for one in made["people"]], identities.values())
        written = write_down(
            write, ask.book, made, told.since or ask.today, address=told.address, identities=identities
        )
        content = {
            "household_id": written.household_id,
            "version": write.claimed[written.household_id],
            "people": list(written.people),
            "elsewhere": {
                person: _elsewhere(ask, write, others) for person, others in written.elsewhere.items()
            },
        }
    return answer(content, HTTPStatus.CREATED)


@router.get("/households/{household_id}", summary="A household as known on a day")
@needs(Right.READ_HOUSEHOLDS)
def one(request: Request, household_id: str, on: date | None = None, known: date | None = None) -> Response:
    ask = asked(request)
    with ask.reading() as read:
        row = scope.household_seen(read, ask.viewer, Right.READ_HOUSEHOLDS, ask.book, household_id)
        cleared = scope.cleared(ask.viewer, ask.book, row.area)
        day = on or ask.today
        made = document(read, household_id, day, known or ask.today, open_to=cleared.__contains__)
        ids = [one["person_id"] for one in made["people"]]
        content = {
            "household_id": household_id,
            "version": row.version,
            "area": row.area,
            "address": search.addresses_of(read, [household_id]).get(household_id),
            "people": shown_people(ids, people.masked(read, ids)),
            "document": made,
        }
    return answer(content)


@router.post("/households/{household_id}/facts", summary="Tell facts", **takes(ToldFacts))
@needs(Right.WRITE_HOUSEHOLDS)
def tell(
    request: Request, household_id: str, told: Annotated[ToldFacts, Depends(body_of(ToldFacts))]
) -> Response:
    ask = asked(request)
    with ask.writing() as write:
        row = _claimed(ask, write, household_id, told.version)
        members = households.ever_members(write.connection, household_id)
        cleared = scope.cleared(ask.viewer, ask.book, row.area)
        for one in told.told:
            if one.person_id and one.person_id not in members:
                raise Refused(
                    "no-member",
                    f"{one.person_id} 不是该户成员 · {one.person_id} is no member of this household",
                )
            if one.fact in ask.book.facts and one.fact not in cleared:
                raise _not_allowed(f"您无权查看和填报 {one.fact} · you are not cleared for {one.fact}")
        read_household(ask.book, _told_document(household_id, row.area, told.told))
        households.tell(write, household_id, [_asserted(ask, one) for one in told.told])
    return answer({"household_id": household_id, "version": write.claimed[household_id]})


def _told_document(household_id: str, area: str, told: list[ToldFact]) -> dict[str, Any]:
    """What was told as a document, for the rulebook to check: names, kinds, ranges, days."""
    made: dict[str, Any] = {"household_id": household_id, "area": area}
    persons: dict[str, dict[str, Any]] = {}
    for one in told:
        owner = made
        if one.person_id:
            owner = persons.setdefault(one.person_id, {"person_id": one.person_id})
        days = {"from": one.valid_from, "to": one.valid_to, "as_of": one.as_of}
        row = {key: day.isoformat() for key, day in days.items() if day is not None}
        if one.fact in ("household_id", "area", "application_date", "people", "person_id", "statuses"):
            raise Refused("no-fact", f"{one.fact} 不是事实 · {one.fact} is no fact")
        owner.setdefault(one.fact, []).append({"value": one.value, **row})
    somebody = [
        {"person_id": "somebody"}
    ]  # a document needs people; what was told may be of the household alone
    return {**made, "people": list(persons.values()) or somebody}


def _asserted(ask: Asked, one: ToldFact) -> Asserted:
    source = one.source or ask.book.facts[one.fact].answered_by
    return Asserted(one.fact, one.value, source, one.person_id, one.valid_from, one.valid_to, one.as_of)


@router.post(
    "/households/{household_id}/members", status_code=201, summary="Somebody joins", **takes(NewMember)
)
@needs(Right.WRITE_HOUSEHOLDS)
def join(
    request: Request, household_id: str, told: Annotated[NewMember, Depends(body_of(NewMember))]
) -> Response:
    ask = asked(request)
    identity = told.identity.identity()
    with ask.writing() as write:
        _claimed(ask, write, household_id, told.version)
        person_id = told.person_id
        if not person_id and identity.id_number is not None:
            person_id = people.find_by_number(write, identity.id_number) or ""
        if person_id:
            scope.person_seen(write, ask.viewer, Right.WRITE_HOUSEHOLDS, ask.book, person_id)
            people.identify(write, person_id, identity)
        else:
            person_id = people.register_person(write, identity)
        others = households.join(write, household_id, person_id, told.since)
        content = {
            "household_id": household_id,
            "version": write.claimed[household_id],
            "person_id": person_id,
            "elsewhere": _elsewhere(ask, write, others),
        }
    return answer(content, HTTPStatus.CREATED)


@router.post(
    "/households/{household_id}/members/{person_id}/leave", summary="Somebody leaves", **takes(Leaving)
)
@needs(Right.WRITE_HOUSEHOLDS)
def leave(
    request: Request, household_id: str, person_id: str, told: Annotated[Leaving, Depends(body_of(Leaving))]
) -> Response:
    ask = asked(request)
    with ask.writing() as write:
        _claimed(ask, write, household_id, told.version)
        households.leave(write, household_id, person_id, told.until)
    return answer({"household_id": household_id, "version": write.claimed[household_id]})


@router.post("/households/{household_id}/move", summary="The household moves", **takes(Moving))
@needs(Right.WRITE_HOUSEHOLDS)
def move(request: Request, household_id: str, told: Annotated[Moving, Depends(body_of(Moving))]) -> Response:
    """To wherever in the rulebook's areas: who takes it in need not be who lets it go."""
    ask = asked(request)
    if told.area not in ask.book.areas:
        raise Refused("no-area", f"没有地区 {told.area} · there is no area {told.area}")
    with ask.writing() as write:
        _claimed(ask, write, household_id, told.version)
        households.move(write, household_id, told.area, told.since, told.address)
    return answer({"household_id": household_id, "version": write.claimed[household_id]})


@router.post(
    "/households/{household_id}/split",
    status_code=201,
    summary="Some members form a household",
    **takes(Splitting),
)
@needs(Right.WRITE_HOUSEHOLDS)
def split(
    request: Request, household_id: str, told: Annotated[Splitting, Depends(body_of(Splitting))]
) -> Response:
    ask = asked(request)
    into = f"H{secrets.token_hex(6)}"
    with ask.writing() as write:
        row = _claimed(ask, write, household_id, told.version)
        area = told.area or row.area
        _may_settle(ask, area)
        households.split(write, household_id, into, told.people, told.since, area)
    content = {
        "household_id": household_id,
        "version": write.claimed[household_id],
        "into": into,
        "into_version": write.claimed[into],
    }
    return answer(content, HTTPStatus.CREATED)


@router.post(
    "/households/{household_id}/merge", summary="All members join another household", **takes(Merging)
)
@needs(Right.WRITE_HOUSEHOLDS)
def merge(
    request: Request, household_id: str, told: Annotated[Merging, Depends(body_of(Merging))]
) -> Response:
    ask = asked(request)
    with ask.writing() as write:
        _claimed(ask, write, household_id, told.version)
        _claimed(ask, write, told.into, told.into_version)
        moved = households.merge(write, household_id, told.into, told.since)
    content = {
        "household_id": household_id,
        "version": write.claimed[household_id],
        "into": told.into,
        "into_version": write.claimed[told.into],
        "people": list(moved),
    }
    return answer(content)


def _elsewhere(ask: Asked, read: Reading, others: Iterable[str]) -> dict[str, Any]:
    """Other households of somebody, for a look: those within reach by their ids, of others only that there are some."""
    ids = list(others)
    seen = scope.households_seen(read, ask.viewer, Right.READ_HOUSEHOLDS, ask.book, ids)
    return {"households": seen, "outside": len(ids) > len(seen)}


def _claimed(ask: Asked, write: Writing, household_id: str, version: int) -> Any:
    """The household's row, claimed. Raises `Refused`."""
    row = scope.household_seen(write, ask.viewer, Right.WRITE_HOUSEHOLDS, ask.book, household_id)
    households.claim(write, household_id, version)
    return row


def _may_settle(ask: Asked, area: str) -> None:
    if area not in scope.areas_of(ask.viewer, Right.WRITE_HOUSEHOLDS, ask.book):
        raise _not_allowed(f"{area} 不在您的辖区内 · {area} is outside your area")


def _may_take(ask: Asked, write: Writing, ids: Iterable[str], identities: Iterable[Identity]) -> None:
    """People that the record has already are taken in only by who may see them.

    Otherwise entering somebody's number would be a way to read what is known of him or her.
    """
    numbers = (one.id_number for one in identities if one.id_number is not None)
    known = {people.find_by_number(write, number) for number in numbers} - {None}
    known |= {one for one in ids if households.is_known(write.connection, one)}
    for person_id in sorted(filter(None, known)):
        try:
            scope.person_seen(write, ask.viewer, Right.WRITE_HOUSEHOLDS, ask.book, person_id)
        except Refused:
            raise Refused(
                "person-known",
                "此人已登记在您的辖区之外，请上级办理 · "
                "this person is registered outside your area; ask the level above",
            ) from None


def _not_allowed(detail: str) -> ProblemError:
    return ProblemError(HTTPStatus.FORBIDDEN, "not-allowed", detail)
