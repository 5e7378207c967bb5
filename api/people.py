"""People in the record, masked; in clear for a purpose. The search."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query, Request
from pydantic import Field
from starlette.responses import Response

from api.bodies import Body, body_of, takes
from api.guard import guarded_router, needs
from api.recorded import answer, asked
from api.register import IdentityBody, shown_identity, shown_people
from records import audit, households, people, scope
from records.refused import Refused
from records.rights import Right
from records.search import search

router = guarded_router()


class Identified(IdentityBody):
    """What is left out stays as it was. `reason`: how it became known."""

    reason: str = Field(min_length=2, max_length=200)


class Purpose(Body):
    purpose: str = Field(min_length=2, max_length=200)


@router.get("/people/{person_id}", summary="Who somebody is, masked")
@needs(Right.READ_HOUSEHOLDS)
def person(request: Request, person_id: str) -> Response:
    """`outside`: he or she also belongs to a household out of the viewer's reach."""
    ask = asked(request)
    with ask.reading() as read:
        scope.person_seen(read, ask.viewer, Right.READ_HOUSEHOLDS, ask.book, person_id)
        identity = people.masked(read, [person_id])[person_id]
        everywhere = households.households_of(read.connection, person_id, ask.today)
        seen = scope.households_seen(read, ask.viewer, Right.READ_HOUSEHOLDS, ask.book, everywhere)
    content = {
        "person_id": person_id,
        **shown_identity(identity),
        "households": seen,
        "outside": len(everywhere) > len(seen),
    }
    return answer(content)


@router.post("/people/{person_id}/unmask", summary="Who somebody is, for a purpose", **takes(Purpose))
@needs(Right.UNMASK)
def unmask(request: Request, person_id: str, told: Annotated[Purpose, Depends(body_of(Purpose))]) -> Response:
    """The purpose stays in the audit trail."""
    ask = asked(request)
    with ask.writing() as write:
        scope.person_seen(write, ask.viewer, Right.UNMASK, ask.book, person_id)
        identity = people.unmasked(write, person_id, told.purpose)
    return answer({"person_id": person_id, **shown_identity(identity)})


@router.post(
    "/people/{person_id}/identity", summary="Another name, number, telephone or account", **takes(Identified)
)
@needs(Right.WRITE_HOUSEHOLDS)
def identify(
    request: Request, person_id: str, told: Annotated[Identified, Depends(body_of(Identified))]
) -> Response:
    """What was written down before stays. Money to another account waits until somebody approves it."""
    ask = asked(request)
    identity = told.identity()
    if identity == people.Identity():
        raise Refused("nothing-told", "没有要登记的内容 · nothing is told")
    with ask.writing() as write:
        scope.person_seen(write, ask.viewer, Right.WRITE_HOUSEHOLDS, ask.book, person_id)
        people.identify(write, person_id, identity)
        audit.noted(write, "identify-reason", "person", person_id, told.reason)
        shown = people.masked(write, [person_id])[person_id]
    return answer({"person_id": person_id, **shown_identity(shown)})


@router.get("/search", summary="Search first")
@needs(Right.READ_HOUSEHOLDS)
def find(
    request: Request, q: Annotated[str, Query(min_length=1, max_length=100, description="what was typed")]
) -> Response:
    """By name, identity number, telephone, account or household number as a whole, by any part of an address."""
    ask = asked(request)
    with ask.reading() as read:
        found = search(read, q, scope.within(ask.viewer, Right.READ_HOUSEHOLDS, ask.book), ask.today)
    content = [
        {
            "household_id": one.household_id,
            "area": one.area,
            "address": one.address,
            "people": shown_people(one.people, one.people),
            "matched": list(one.matched),
            "held": list(one.held),
        }
        for one in found
    ]
    return answer({"found": content})
