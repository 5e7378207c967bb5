"""The rows that are known of one household, table by table: each table asked for by itself, or all in two messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any, Protocol

from sqlalchemy import ARRAY, Column, Label, Row, Select, String, Table, any_, bindparam, exists, or_, select
from sqlalchemy.dialects import postgresql

from records import sealed, tables
from records.database import Reading
from records.driver import in_driver

Until = Mapping[str, int]
"""By table the last row that something was made from. A table that is not named was not there yet: no row of it."""

OF_PEOPLE_TOO = (
    tables.assertion,
    tables.status,
    tables.award,
    tables.payment,
    tables.life_event,
    tables.payment_cause,
    tables.payment_again,
    tables.status_review,
)
"""Tables whose rows are of a household, or of a person wherever he or she lives."""
_OF_HOUSEHOLD = (tables.residence, tables.membership)
_NOT_READ = ("recorded_at", "recorded_by", "entry")


class Rows(Protocol):
    """What is known of one household, table by table, in the order of writing."""

    @property
    def read(self) -> Reading: ...

    @property
    def household_id(self) -> str: ...

    @property
    def cases_apart(self) -> bool:
        """Whether what two cases give once from one day on are two awards. In documents made before it was, it is not."""
        ...

    def of_household(self, table: Table) -> Sequence[Row[Any]]: ...

    def of_people_too(self, table: Table, people: Sequence[str]) -> Sequence[Row[Any]]:
        """Of the household itself and of these people, in whatever household it was told."""
        ...


class Remembering(Rows, Protocol):
    """`last`: of each table that was asked for, the number of the last row, 0 where there is none."""

    @property
    def last(self) -> Until: ...


def rows_of(
    read: Reading, household_id: str, known: date, until: Until | None
) -> tuple[Row[Any], Remembering] | None:
    """The household's own row, and its other rows as they are asked for. None: there is no such household.

    until: only rows up to these; None: all of them.
    """
    if until is None and read.connection.dialect.name == "postgresql":
        together = Together(read, household_id, known)
        return None if together.household is None else (together.household, together)
    found = read.connection.execute(_HOUSEHOLD, {"household": household_id}).first()
    if found is None:
        return None
    nothing = frozenset(table.name for table in _SELDOM if not found._mapping[f"any_{table.name}"])
    return found, OneAtATime(read, household_id, known, until, nothing)


def read_columns(table: Table) -> list[Column[Any]]:
    """What a document is made from."""
    return [column for column in table.columns if column.name not in _NOT_READ]


# --- each table by itself -----------------------------------------------------------------------------------


@dataclass(slots=True)
class OneAtATime:
    """Asks for the rows of one household, and remembers the last one of each table."""

    read: Reading
    household_id: str
    known: date
    until: Until | None  # None: all rows
    nothing: frozenset[str] = frozenset()  # tables without any row of this household and its people
    last: dict[str, int] = field(default_factory=dict)

    @property
    def cases_apart(self) -> bool:
        return self.until is None or tables.payment_again.name in self.until

    def of_household(self, table: Table) -> Sequence[Row[Any]]:
        return self._rows(table, None)

    def of_people_too(self, table: Table, people: Sequence[str]) -> Sequence[Row[Any]]:
        return self._rows(table, people)

    def _rows(self, table: Table, people: Sequence[str] | None) -> Sequence[Row[Any]]:
        if table.name in self.nothing:
            self.last[table.name] = 0
            return ()
        asked: dict[str, Any] = {"household": self.household_id, "known": self.known}
        if people is not None:
            asked["people"] = list(people)
        if self.until is not None:
            asked["until"] = self.until.get(table.name, 0)
        statement = _statement(table.name, people is not None, self.until is not None)
        rows = self.read.connection.execute(statement, asked).all()
        self.last[table.name] = rows[-1].seq if rows else 0
        return rows


_SELDOM = OF_PEOPLE_TOO[1:]  # whatever is known of people, facts are


def _any_of(table: Table) -> Label[bool]:
    """Whether there is a row of a household or of anybody who was ever in it."""
    member = tables.membership.c
    people = select(member.person_id).where(member.household_id == bindparam("household"))
    own = exists().where(table.c.household_id == bindparam("household"))
    theirs = exists().where(table.c.person_id.in_(people))  # apart: each finds its rows by an index
    return or_(own, theirs).label(f"any_{table.name}")


_HOUSEHOLD = select(tables.household, *map(_any_of, _SELDOM)).where(
    tables.household.c.household_id == bindparam("household")
)


@cache
def _statement(name: str, with_people: bool, with_until: bool) -> Select[Any]:
    """Made once: a decision asks ten of them, and making one takes as long as asking it."""
    table = tables.metadata.tables[name]
    theirs = table.c.person_id.in_(bindparam("people", expanding=True)) if with_people else None
    chosen = _chosen(table, theirs)
    return chosen.where(table.c.seq <= bindparam("until")) if with_until else chosen


def _chosen(table: Table, theirs: Any) -> Select[Any]:
    """Of a household by its name; also of people by a condition, and then of the household only what is its own."""
    of = table.c.household_id == bindparam("household")
    if theirs is not None:
        of = or_(of & table.c.person_id.is_(None), theirs)
    chosen = select(*read_columns(table)).where(of, table.c.recorded_on <= bindparam("known"))
    return chosen.order_by(table.c.seq)


# --- all in two messages ------------------------------------------------------------------------------------


class Together:
    """On PostgreSQL: who and where in one message, all that is known of them in another, their data keys with it.

    Under load a question costs little and every answer is waited for behind whatever else this process does.
    """

    cases_apart = True

    def __init__(self, read: Reading, household_id: str, known: date) -> None:
        self.read, self.household_id, self._known = read, household_id, known
        self.last: dict[str, int] = {}
        self._people: list[str] | None = None
        self._found: dict[str, Sequence[Row[Any]]] = {}
        texts = {"household": _household_text(), **{one.name: _text(one.name) for one in _OF_HOUSEHOLD}}
        self._ask(texts, {"household": household_id, "known": known})
        household = self._found["household"]
        self.household: Row[Any] | None = household[0] if household else None

    def of_household(self, table: Table) -> Sequence[Row[Any]]:
        return self._remembered(table)

    def of_people_too(self, table: Table, people: Sequence[str]) -> Sequence[Row[Any]]:
        wanted = list(people)
        if self._people != wanted:
            self._people = wanted
            subjects = [sealed.of_household(self.household_id), *map(sealed.of_person, people)]
            texts = {one.name: _text(one.name, of_people=True) for one in OF_PEOPLE_TOO}
            self._ask(
                {**texts, "data_key": _keys_text()},
                {
                    "household": self.household_id,
                    "known": self._known,
                    "people": self._people,
                    "subjects": subjects,
                },
            )
            sealed.remember_keys(self.read, self._found["data_key"])
        return self._remembered(table)

    def _remembered(self, table: Table) -> Sequence[Row[Any]]:
        rows = self._found[table.name]
        self.last[table.name] = rows[-1].seq if rows else 0
        return rows

    def _ask(self, texts: Mapping[str, str], asked: Mapping[str, Any]) -> None:
        """Puts what each text finds under its name."""
        from psycopg.rows import namedtuple_row

        with in_driver(self.read.connection, "the rows of a household") as driver:
            with driver.pipeline():
                cursors = {
                    name: driver.cursor(row_factory=namedtuple_row).execute(one, asked)
                    for name, one in texts.items()
                }
            self._found |= {name: cursor.fetchall() for name, cursor in cursors.items()}


@cache
def _text(name: str, of_people: bool = False) -> str:
    table = tables.metadata.tables[name]
    people = bindparam("people", type_=ARRAY(String))
    return _compiled(_chosen(table, table.c.person_id == any_(people) if of_people else None))


@cache
def _household_text() -> str:
    household = tables.household
    return _compiled(select(household).where(household.c.household_id == bindparam("household")))


@cache
def _keys_text() -> str:
    key = tables.data_key.c
    subjects = bindparam("subjects", type_=ARRAY(String))
    return _compiled(select(key.subject, key.wrapped, key.key_version).where(key.subject == any_(subjects)))


def _compiled(statement: Select[Any]) -> str:
    return str(statement.compile(dialect=postgresql.psycopg.dialect()))  # type: ignore[no-untyped-call]
