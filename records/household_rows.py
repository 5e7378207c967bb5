"""The rows that are known of one household, table by table: each table asked for by itself, or all in one message."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any, Protocol

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Label,
    Row,
    Select,
    String,
    Table,
    any_,
    bindparam,
    cast,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    union_all,
)

from records import sealed, tables
from records.database import Reading
from records.driver import Question, in_one_message
from records.tables.base import Number

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

    @property
    def number(self) -> int | None:
        """Of the decision that is to be made, where it was asked for with the rows; None: the database counts."""
        ...


def rows_of(
    read: Reading, household_id: str, known: date, until: Until | None, *, to_decide: bool = False
) -> tuple[Row[Any], Remembering] | None:
    """The household's own row, and its other rows as they are asked for. None: there is no such household.

    until      only rows up to these; None: all of them
    to_decide  a decision will be kept, and its number is asked for in the same message
    """
    if until is None and read.connection.dialect.name == "postgresql":
        together = Together(read, household_id, known, to_decide=to_decide)
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
    number: int | None = None
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


# --- all in one message -------------------------------------------------------------------------------------


class Together:
    """On PostgreSQL everything in one message: the facts, all else that is known, and the data keys of whose it is.

    Under load a question costs little and every answer is waited for behind whatever else this process does. Whoever
    was ever in the household is asked for; rows of those who are not in it on the day of the document are left out.
    """

    cases_apart = True

    def __init__(self, read: Reading, household_id: str, known: date, *, to_decide: bool = False) -> None:
        self.read, self.household_id = read, household_id
        self.last: dict[str, int] = {}
        self._found: dict[str, list[Any]] = {name: [] for name in (tables.household.name, *_EVERY)}
        asked = {"household": household_id, "known": known, "subject": sealed.of_household(household_id)}
        wanted = (_rest(), _facts(), _keys(), *((_number(),) if to_decide else ()))
        rest, facts, self._keys, *number = in_one_message(read.connection, [(one, asked) for one in wanted])
        self.number: int | None = number[0][0].seq if number else None
        for row in rest:
            self._found[row.told_in].append(row)
        self._found[tables.assertion.name] = facts
        household = self._found[tables.household.name]
        self.household: Row[Any] | None = household[0] if household else None

    def of_household(self, table: Table) -> Sequence[Row[Any]]:
        return self._remembered(table, self._found[table.name])

    def of_people_too(self, table: Table, people: Sequence[str]) -> Sequence[Row[Any]]:
        self._open_keys(people)
        of = {None, *people}
        return self._remembered(table, [row for row in self._found[table.name] if row.person_id in of])

    def _remembered(self, table: Table, rows: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
        self.last[table.name] = rows[-1].seq if rows else 0
        return rows

    def _open_keys(self, people: Sequence[str]) -> None:
        wanted = {sealed.of_household(self.household_id), *map(sealed.of_person, people)}
        sealed.remember_keys(self.read, [row for row in self._keys if row.subject in wanted])
        self._keys = [row for row in self._keys if row.subject not in wanted]


_EVERY = tuple(table.name for table in (*_OF_HOUSEHOLD, *OF_PEOPLE_TOO))


def _everybody() -> Any:
    """Whoever was ever in the household. An array is made before the rows are looked for, so each is found by an index."""
    member = tables.membership.c
    return func.array(
        select(member.person_id).where(member.household_id == bindparam("household")).scalar_subquery(),
        type_=ARRAY(String),
    )


@cache
def _facts() -> Question:
    assertion = tables.assertion
    return Question(_chosen(assertion, assertion.c.person_id == any_(_everybody())))


@cache
def _rest() -> Question:
    """The rows of all other tables, most of which have none: `told_in` says of which, and each has the columns of all."""
    household = tables.household
    own = household.c.household_id == bindparam("household")
    chosen = {household: select(*read_columns(household)).where(own)}
    for table in _OF_HOUSEHOLD:
        chosen[table] = _chosen(table, None)
    for table in _SELDOM:
        chosen[table] = _chosen(table, table.c.person_id == any_(_everybody()))
    types = {column.name: column.type for table in chosen for column in read_columns(table)}
    alike = [
        one.order_by(None).with_only_columns(
            literal_column(f"'{table.name}'").label("told_in"), *_or_null(table, types)
        )
        for table, one in chosen.items()
    ]
    return Question(union_all(*alike).order_by("seq"))


def _or_null(table: Table, types: Mapping[str, Any]) -> Iterator[ColumnElement[Any]]:
    there = {column.name for column in read_columns(table)}
    for name, kind in types.items():
        yield table.c[name] if name in there else cast(null(), kind).label(name)


@cache
def _keys() -> Question:
    key, member = tables.data_key.c, tables.membership.c
    person: ColumnElement[str] = literal_column(f"'{sealed.of_person('')}'", String)
    people = select(person + member.person_id).where(member.household_id == bindparam("household"))
    theirs = func.array(people.scalar_subquery(), type_=ARRAY(String))
    of = or_(key.subject == bindparam("subject"), key.subject == any_(theirs))
    return Question(select(key.subject, key.wrapped, key.key_version).where(of))


@cache
def _number() -> Question:
    counter = literal_column(f"nextval('{tables.decision.name}_seq_seq')", Number)
    return Question(select(counter.label("seq")))
