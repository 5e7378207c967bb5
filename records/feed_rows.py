"""Rows of a department's file: who they are about and what they tell, in the words of the rulebook."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from engine.population.cells import Unfit, day_of, empty, plain_of, text_of
from engine.population.sheets import Sheet
from engine.rulebook import Rulebook
from engine.rulebook.feed import EVENT, STATUS, Cell, Feed, Tell, Titles
from engine.rulebook.model import Field
from records.refused import Refused


@dataclass(frozen=True, slots=True)
class Told:
    """What a row tells of somebody. `value`: of the fact, the entry of a list, or the further fields of an event.

    since, until   from when and for how long the feed says so; of an event its day twice
    valid_to       until when a confirmed fact counts
    """

    tell: Tell
    value: Any
    since: date
    until: date | None
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class FeedRow:
    """`number` as people count. `content`: the whole row, to know it again."""

    number: int
    id_number: str
    name: str
    birth_date: date | None
    told: tuple[Told, ...]
    content: bytes


@dataclass(slots=True)
class FeedRows:
    """`unreadable`: by row what is wrong with it. `silent`: what the file has no column for."""

    rows: list[FeedRow] = field(default_factory=list)
    unreadable: dict[int, tuple[str, Unfit]] = field(default_factory=dict)
    silent: tuple[str, ...] = ()
    all_rows: int = 0
    passed_over: int = 0
    repeated: int = 0


def read_rows(book: Rulebook, feed: Feed, sheet: Sheet, as_of: date) -> FeedRows:
    """Raises `Refused` for a file in which nothing could be found: without rows, without the key, without what it tells."""
    places = _Places(sheet)
    if places.of(feed.id_number) is None:
        raise _no_column(feed, feed.id_number, "证件号码 · identity number")
    if feed.only[0] and places.of(feed.only[0]) is None:
        raise _no_column(feed, feed.only[0], "筛选 · the rows that count")
    tells = [tell for tell in feed.tells if _heard(places, tell)]
    if not tells:
        raise _no_column(
            feed, tuple(title for tell in feed.tells for title in _titles(tell)), "内容 · what it tells"
        )
    found = FeedRows(silent=tuple(tell.id for tell in feed.tells if tell not in tells))
    seen: set[bytes] = set()
    for number, cells in enumerate(sheet.rows, sheet.first):
        if all(empty(cell) for cell in cells):
            continue
        found.all_rows += 1
        row = _Row(book, places, cells, as_of)
        if feed.only[0] and row.text(feed.only[0]) not in feed.only[1]:
            found.passed_over += 1
            continue
        content = _content(places, cells)
        if content in seen:
            found.repeated += 1
            continue
        seen.add(content)
        try:
            told = tuple(one for one in map(row.told, tells) if one is not None)
            born = row.day(feed.birth_date)
            who = row.text(feed.id_number).upper(), row.text(feed.name)
        except _UnfitColumn as unfit:
            found.unreadable[number] = unfit.column, unfit.unfit
            continue
        found.rows.append(FeedRow(number, *who, born, told, content))
    if not found.all_rows:
        raise Refused("no-rows", f"{feed.id}: 文件里没有一行数据 · there is not one row in this file")
    return found


class _UnfitColumn(Exception):
    def __init__(self, column: str, unfit: Unfit) -> None:
        self.column, self.unfit = column, unfit
        super().__init__(column)


class _Places:
    """Where the columns of a sheet stand."""

    def __init__(self, sheet: Sheet) -> None:
        self.header = [str(title or "").strip() for title in sheet.header]
        self._by_title = {title.lower(): place for place, title in reversed(list(enumerate(self.header)))}

    def of(self, titles: Titles) -> int | None:
        found = (self._by_title.get(title.lower()) for title in titles)
        return next((place for place in found if place is not None), None)


@dataclass(frozen=True, slots=True)
class _Row:
    book: Rulebook
    places: _Places
    cells: Sequence[Any]
    as_of: date

    def cell(self, titles: Titles) -> Any:
        """None for a column that is not there or a cell that says nothing."""
        place = self.places.of(titles)
        if place is None or place >= len(self.cells) or empty(self.cells[place]):
            return None
        return self.cells[place]

    def read(self, titles: Titles, read: Any) -> Any:
        cell = self.cell(titles)
        if cell is None:
            return None
        try:
            return read(cell)
        except Unfit as unfit:
            place = self.places.of(titles)
            raise _UnfitColumn(self.places.header[place or 0], unfit) from None

    def text(self, titles: Titles) -> str:
        return str(self.read(titles, text_of) or "")

    def day(self, titles: Titles) -> date | None:
        written = self.read(titles, day_of)
        return None if written is None else date.fromisoformat(written)

    def told(self, tell: Tell) -> Told | None:
        """None when the row says nothing of it."""
        if tell.kind == EVENT:
            return self._event(tell)
        since, until = self.day(tell.since), self.day(tell.until)
        if tell.kind == STATUS:
            return None if since is None else Told(tell, {}, since, until, until)
        if tell.since and self.places.of(tell.since) is not None and since is None:
            return None  # the row has no day where the feed has one: a certificate that was never made out
        value = self._value(tell)
        if value is None:
            return None
        first = since or self.as_of
        last = until
        if last is None and tell.valid_days is not None:
            last = first + timedelta(days=tell.valid_days - 1)
        return Told(tell, value, first, until, last)

    def _event(self, tell: Tell) -> Told | None:
        day = self.day(tell.date)
        if day is None:
            return None
        fields = {one.name: one for one in self.book.events[tell.about].fields}
        said = {
            name: self.read(titles, lambda cell, of=fields[name]: plain_of(of, cell))
            for name, titles in tell.fields.items()
        }
        return Told(tell, {name: value for name, value in said.items() if value is not None}, day, day, None)

    def _value(self, tell: Tell) -> Any:
        fact = self.book.facts[tell.about]
        if tell.cell is not None:
            return self._cell(tell.cell, fact.value)
        fields = {one.name: one for one in fact.items}
        entry = {name: self._cell(cell, fields[name]) for name, cell in tell.entry.items()}
        columns = [name for name, cell in tell.entry.items() if cell.column]
        if columns and all(entry[name] is None for name in columns):
            return None
        return {name: value for name, value in entry.items() if value is not None}

    def _cell(self, cell: Cell, of: Field) -> Any:
        if not cell.column:
            return cell.always

        def read(written: Any) -> Any:
            word = str(written).strip()
            return cell.values[word] if word in cell.values else plain_of(of, written)

        return self.read(cell.column, read)


def _heard(places: _Places, tell: Tell) -> bool:
    """Whether the file has the columns without which nothing is told."""
    if tell.kind == EVENT:
        return places.of(tell.date) is not None
    if tell.kind == STATUS:
        return places.of(tell.since) is not None
    cells = [tell.cell] if tell.cell is not None else list(tell.entry.values())
    columns = [cell.column for cell in cells if cell is not None and cell.column] or [tell.since]
    return any(places.of(titles) is not None for titles in columns) or not any(columns)


def _titles(tell: Tell) -> Iterator[str]:
    yield from tell.date or tell.since
    for cell in (tell.cell, *tell.entry.values()):
        if cell is not None:
            yield from cell.column


def _content(places: _Places, cells: Sequence[Any]) -> bytes:
    """The row by the titles of its columns, so that their order does not matter."""
    said: Mapping[str, str] = {
        title: str(cell).strip()
        for title, cell in zip(places.header, cells, strict=False)
        if title and not empty(cell)
    }
    return json.dumps(said, ensure_ascii=False, sort_keys=True).encode()


def file_hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _no_column(feed: Feed, titles: Titles, what: str) -> Refused:
    listed = "、".join(dict.fromkeys(titles))
    return Refused(
        "no-column",
        f"{feed.id}: 文件里没有这样的列（{what}）：{listed} · there is no such column in this file",
    )
