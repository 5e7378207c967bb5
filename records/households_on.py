"""Many households on one day: read, opened and chosen without a whole document of each in between.

A household says here what `read_household` and `inputs_on` say of its document on this day. Of documents a night needs
140 facts of 30,000 households, and most of what they say is said again: so a fact's value is turned once into what is
computed with, and a fact that was told once is not chosen among others. Where anything is unusual, the document is
made and read after all, and says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any

import msgspec
from sqlalchemy import String, Table, select, type_coerce

from engine.decision import BadDocument, parse_json
from engine.decision.converters import Wrong
from engine.decision.document import Household, Person, read_household
from engine.decision.inputs import choose
from engine.decision.values import ID_AT_MOST, FactRow, Facts, Shelf, ValueReader, shelf
from engine.language.dates import from_date, parse_date
from engine.language.scope import PERSON
from engine.rulebook import Rulebook
from engine.rulebook.model import FOREVER, Fact
from records import sealed, tables
from records.database import AT_ONCE, Reading, batched
from records.documents import opener_of_facts
from records.households import LISTS
from records.many_documents import documents

_REMEMBERED = 4096  # values of one fact
_DATED = ("valid_from", "valid_to", "as_of", "recorded_on")
_SOURCE = 4  # where it stands in a row: value, valid_from, valid_to, as_of, source, recorded_on


@dataclass(frozen=True, slots=True)
class OnDay:
    """`document`: who is in it, what is held, was granted, was paid and has happened; no facts.

    `household`: with the facts that count on the day and on no other, or why it cannot be read.
    """

    household_id: str
    document: Mapping[str, Any]
    household: Household | BadDocument


@dataclass(slots=True)
class _Told:
    """What was told of households and people, by whose it is.

    unusual  of whom something does not fit: the whole document has to say what
    erased   of whom something was told that nobody can read any more
    whole    lists of which it was told that they are all there is
    """

    facts: dict[str, Facts] = field(default_factory=dict)
    unusual: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)
    whole: dict[str, set[str]] = field(default_factory=dict)


class HouseholdsOn:
    """Made once for a rulebook and a day: what values come to is remembered. `facts_on`: the day for which facts are
    chosen, when it is another than the one for which it is asked who belongs to the household."""

    def __init__(self, book: Rulebook, on: date, known: date, *, facts_on: date | None = None) -> None:
        self._book, self._date, self._known = book, on, known
        self._on, self._known_day = from_date(facts_on or on), from_date(known)
        self._shelves = {of: shelf(book, of) for of in ("household", PERSON)}
        self._nothing = {of: _nothing(one) for of, one in self._shelves.items()}
        self._values: dict[str, dict[bytes, Any]] = {name: {} for name in book.facts}
        self._days: dict[Any, int] = {}

    def read(self, read: Reading, households: Iterable[str]) -> Iterator[OnDay]:
        """In the order in which they are named. Left out: who is not there or has nobody in it, and of whom something
        was erased. Raises `Tampered`."""
        for some in batched(households, AT_ONCE):
            made = [
                one for one in documents(read, some, self._date, self._known, facts=False) if one["people"]
            ]
            told = self._told(read, made)
            for one in made:
                yield from self._on_day(read, one, told)

    def _on_day(self, read: Reading, made: dict[str, Any], told: _Told) -> Iterator[OnDay]:
        household_id = made["household_id"]
        people = [one["person_id"] for one in made["people"]]
        subjects = [sealed.of_household(household_id), *map(sealed.of_person, people)]
        if not told.erased.isdisjoint(subjects):
            return
        whole = set().union(*(told.whole.get(one, ()) for one in subjects))
        document = made | {name: [] for name in whole if name not in made}
        if told.unusual.isdisjoint(subjects):
            try:
                bare = read_household(self._book, document)
            except BadDocument:
                pass  # and its facts may be wrong as well
            else:
                yield OnDay(household_id, document, self._with_facts(bare, subjects, told))
                return
        for everything in documents(read, [household_id], self._date, self._known):
            yield OnDay(household_id, document, self._slowly(everything))

    def _with_facts(self, bare: Household, subjects: Sequence[str], told: _Told) -> Household:
        facts = [told.facts.get(one) for one in subjects]
        return msgspec.structs.replace(
            bare,
            facts=facts[0] or self._nothing["household"],
            people=tuple(
                Person(one.person_id, own or self._nothing[PERSON])
                for one, own in zip(bare.people, facts[1:], strict=True)
            ),
        )

    def _slowly(self, document: Mapping[str, Any]) -> Household | BadDocument:
        try:
            return read_household(self._book, document)
        except BadDocument as bad:
            return bad

    # --- facts ------------------------------------------------------------------------------------------

    def _told(self, read: Reading, made: Sequence[Mapping[str, Any]]) -> _Told:
        told = _Told()
        households = [one["household_id"] for one in made]
        people = sorted({person["person_id"] for one in made for person in one["people"]})
        for of, column, ids in (("household", "household_id", households), (PERSON, "person_id", people)):
            for some in batched(ids, AT_ONCE):
                self._add(read, told, of, column, some)
        return told

    def _add(self, read: Reading, told: _Told, of: str, column: str, some: Sequence[str]) -> None:
        """What was told of some households or people, owner by owner in the order of writing."""
        table = tables.assertion
        chosen = select(table.c[column], *_columns(read, table)).where(
            table.c[column].in_(some), table.c.recorded_on <= self._known
        )
        if of != PERSON:
            chosen = chosen.where(table.c.person_id.is_(None))
        rows: Sequence[Sequence[Any]] = read.connection.execute(
            chosen.order_by(table.c[column], table.c.seq)
        ).all()
        subject_of = sealed.of_person if of == PERSON else sealed.of_household
        keys = sealed.data_keys(read, map(subject_of, some))
        for owner, own in groupby(rows, lambda row: row[0]):
            subject = subject_of(owner)
            try:
                opener = opener_of_facts(keys, subject)
            except sealed.Erased:
                told.erased.add(subject)
            else:
                self._add_owner(told, of, subject, opener, own)
        for subject in keys:
            read.data_keys.pop(subject, None)

    def _add_owner(
        self, told: _Told, of: str, subject: str, opener: sealed.Opener, rows: Iterable[Sequence[Any]]
    ) -> None:
        own, nothing = self._shelves[of], self._nothing[of]
        values = list(nothing.inside)
        first: dict[int, tuple[Any, ...]] = {}
        several: dict[int, list[tuple[Any, ...]]] = {}
        opened, inside, entries = opener.opened, self._inside, own.entries
        for _, seq, fact, value, committed_to, *dated in rows:
            plain = opened(seq, fact, committed_to, value)
            entry = entries.get(fact)
            if entry is None:
                if fact in LISTS:
                    told.whole.setdefault(subject, set()).add(fact)
                else:
                    told.unusual.add(subject)
                continue
            try:
                row = (inside(fact, plain), *dated)
            except Wrong:
                told.unusual.add(subject)
                continue
            if len(row[_SOURCE]) > ID_AT_MOST:
                told.unusual.add(subject)
            place = entry[0]
            if place in first:  # seldom
                several.setdefault(place, [first[place]]).append(row)
            else:
                first[place] = row
        for place, row in first.items():
            if place in several:
                values[place] = self._chosen(own.facts[place], several[place])
            elif self._covers(row):
                values[place] = row[0]
        told.facts[subject] = Facts(values, nothing.shown, {})

    def _covers(self, row: tuple[Any, ...]) -> bool:
        start, end = row[1], row[2]
        return (start is None or self._day(start) <= self._on) and (end is None or self._on <= self._day(end))

    def _chosen(self, fact: Fact, rows: Iterable[tuple[Any, ...]]) -> Any:
        day = self._day
        among = [
            FactRow(
                None,
                inside,
                day(start) if start else 0,
                day(end) if end else FOREVER,
                day(recorded),
                day(as_of) if as_of else 0,
                source,
            )
            for inside, start, end, as_of, source, recorded in rows
        ]
        row, _ = choose(fact, among, self._on, self._known_day)
        return None if row is None else row.inside

    def _inside(self, fact: str, plain: bytes) -> Any:
        """A value as the engine computes with it. Raises `Wrong`."""
        remembered = self._values[fact]
        if plain in remembered:
            return remembered[plain]
        reader = ValueReader(self._book)
        inside = reader.content("", self._book.facts[fact], parse_json(plain))
        if reader.problems:
            raise Wrong(reader.problems[0].code, reader.problems[0].message)
        if len(remembered) >= _REMEMBERED:
            remembered.clear()
        remembered[plain] = inside
        return inside

    def _day(self, written: Any) -> int:
        """A date of the database, or its text, as yyyymmdd."""
        found = self._days.get(written)
        if found is None:
            found = from_date(written) if isinstance(written, date) else parse_date(written)
            assert found is not None, written
            self._days[written] = found
        return found


def _nothing(own: Shelf) -> Facts:
    """Nothing was told. What a decision would show is not kept: nobody shows these."""
    nothing = len(own.names)
    return Facts([None] * nothing, [None] * nothing, {})


def _columns(read: Reading, table: Table) -> list[Any]:
    """What a fact is made from; SQLite keeps days as texts, and they stay so."""
    names = ("seq", "fact", "value", "commitment", "valid_from", "valid_to", "as_of", "source", "recorded_on")
    texts = read.connection.dialect.name == "sqlite"
    return [
        type_coerce(table.c[name], String).label(name) if texts and name in _DATED else table.c[name]
        for name in names
    ]
