"""What is public: open to everybody, and never more than a notice has room for."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from api.guard import guarded_router, open_to_all
from api.problems import not_found
from api.recorded import open_record
from engine.decision import encode_json
from engine.language.problems import nearest
from records.cases.publicity import public_on
from records.scope import areas_below

router = guarded_router()


@router.get("/publicity", summary="What is made public in an area today")
@open_to_all
def notices(
    request: Request,
    area: Annotated[str, Query(max_length=80, description="a village, a township, a county")],
) -> Response:
    """Masked name, how many, how much, where, until when. Nothing stays longer than its days."""
    ask = open_record(request)
    if area not in ask.book.areas:
        raise not_found("area", area, nearest(area, ask.book.areas))
    with ask.reading() as read:
        found = public_on(read, ask.book, areas_below(ask.book, area), ask.today)
    content = {"area": area, "on": ask.today, "notices": found}
    return Response(encode_json(content), 200, {"Cache-Control": "no-store"}, "application/json")
