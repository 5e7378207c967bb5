"""What the record holds on a day, of many people at once: the facts, statuses and events that a feed is compared with."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from engine.decision.document import Reader
from engine.decision.inputs import choose
from engine.decision.values import FactRow
from engine.language.dates import from_date
from engine.rulebook import Rulebook
from records import sealed, tables
from records.database import AT_ONCE, Reading, batched
from records.documents import told_of
from records.households import EVENT

FOREVER = 99991231


@dataclass(frozen=True, slots=True)
class Known:
    """A fact on a day: the row that counts, and all rows that were told. `row` None: nobody knows, or sources disagree."""

    row: FactRow | None
    rows: tuple[FactRow, ...]
    day: int

    def others(self, source: str, inside: Any) -> set[str]:
        """Other sources whose word on that day is another one."""
        latest: dict[str, FactRow] = {}
        for row in sorted(self.rows, key=lambda row: (row.recorded, row.as_of, row.start)):
            if row.start <= self.day <= row.end:
                latest[row.source] = row
        return {name for name, row in latest.items() if name != source and row.inside != inside}


class Held:
    def __init__(
        self,
        read: Reading,
        book: Rulebook,
        facts: Collection[str],
        people: Collection[str],
        households: Collection[str],
    ) -> None:
        self.read, self.book = read, book
        self._reader = Reader(book)
        told = told_of(read, facts, people, households)
        self._rows: dict[tuple[str, str], tuple[FactRow, ...]] = {
            (owner, fact): tuple(self._reader.fact("", book.facts[fact], [one.plain() for one in some]))
            for (owner, fact), some in told.items()
        }
        self._statuses = _statuses(read, people, households)
        self._events = _events(read, people)

    def fact(self, owner: str, fact: str, on: date, known: date) -> Known:
        rows = self._rows.get((owner, fact), ())
        day = from_date(on)
        row, _ = choose(self.book.facts[fact], rows, day, from_date(known))
        return Known(row, rows, day)

    def has_status(self, owner: str, policy: str, on: date) -> bool:
        spans = self._statuses.get((owner, policy), {})
        return any(first <= on and (last is None or on <= last) for first, last in spans.items())

    def events(self, person: str, kind: str) -> list[dict[str, Any]]:
        return self._events.get((person, kind), [])


def _statuses(
    read: Reading, people: Collection[str], households: Collection[str]
) -> dict[tuple[str, str], dict[date, date | None]]:
    status = tables.status.c
    found: dict[tuple[str, str], dict[date, date | None]] = {}
    for column, owners in ((status.person_id, people), (status.household_id, households)):
        for some in batched(sorted(owners), AT_ONCE):
            rows = select(tables.status).where(column.in_(some)).order_by(status.seq)
            for row in read.connection.execute(rows):
                owner = row.person_id or row.household_id
                found.setdefault((owner, row.policy), {})[row.valid_from] = row.valid_to
    return found


def _events(read: Reading, people: Iterable[str]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    event = tables.life_event.c
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for some in batched(sorted(people), AT_ONCE):
        rows = read.connection.execute(
            select(tables.life_event).where(event.person_id.in_(some)).order_by(event.seq)
        ).all()
        subjects = {sealed.of_person(row.person_id) for row in rows}
        keys = sealed.data_keys(read, subjects)
        for row in rows:
            subject = sealed.of_person(row.person_id)
            if subject in keys:
                content = sealed.content_of(keys[subject], subject, "life_event", EVENT, row)
                found.setdefault((row.person_id, content["kind"]), []).append(content)
    return found
