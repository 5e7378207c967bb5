"""What routes of the record share: the record, the rulebook, the viewer, pages of lists."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import Path, Query
from sqlalchemy import Select, func, select
from starlette.requests import Request
from starlette.responses import Response

from api.answers import PRIVATE
from api.guard import viewer_of
from api.once import Once
from engine.decision import encode_json
from engine.rulebook import Rulebook
from records.database import Database, Reading, Writing, reading, writing
from records.rights import Viewer

MOST = 200
Limit = Annotated[int, Query(ge=1, le=MOST, description="一页至多几条 · at most so many")]
LATEST = 2**62
After = Annotated[int, Query(ge=0, le=LATEST, description="只要更后的 · only later ones")]
Number = Annotated[int, Path(ge=1, le=LATEST)]
Before = Annotated[int, Query(ge=1, le=LATEST, description="只要更早的 · only older ones")]
Id = Annotated[str, Query(max_length=80)]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request to the record. `once`: its transaction, when it may come again."""

    record: Database
    book: Rulebook
    viewer: Viewer
    once: Once | None = None

    @property
    def today(self) -> date:
        """Of the office."""
        return self.record.today

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        if self.once is not None and self.once.write is not None:
            yield self.once.write  # what this request has written is not to be seen elsewhere yet
            return
        with reading(self.record) as read:
            yield read

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        opening = writing(self.record, self.viewer.account) if self.once is None else self.once.writing()
        with opening as write:
            yield write


def asked(request: Request) -> Asked:
    state = request.app.state
    return Asked(state.record, state.current.book, viewer_of(request), getattr(request.state, "once", None))


_EVERYBODY = Viewer("", "", ())


def open_record(request: Request) -> Asked:
    """For what is open to all: somebody who has no right to anything asks."""
    state = request.app.state
    return Asked(state.record, state.current.book, _EVERYBODY)


def answer(content: Any, status: int = 200) -> Response:
    return Response(encode_json(content), status, PRIVATE, "application/json")


def total(read: Reading, query: Select[Any]) -> int:
    """How many there are in all, by the same query as the list."""
    counted = select(func.count()).select_from(query.order_by(None).limit(None).subquery())
    found: int = read.connection.execute(counted).scalar_one()
    return found
