"""The database: SQLite in a file, or PostgreSQL; a transaction of somebody, with its audit entries.

    with writing(database, actor="ligang") as write:
        households.register(write, ...)

Everything that is written and every unmasking leaves an entry in the same transaction, so neither is there without the
other. Entries are collected and added to the chain as the last thing before the commit: whoever writes at the same
time waits for the end of the chain only then.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, exc, inspect, text

from records import chain
from records.driver import Said
from records.keys import Keys

if TYPE_CHECKING:
    from alembic.config import Config

Value = TypeVar("Value")
MIGRATIONS = Path(__file__).parent / "migrations"
AT_ONCE = 500  # values that one question to the database names
_CONNECTIONS = 15  # of a process at most
_FRESH = 5.0  # seconds that a connection that nobody used is believed to be there


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Database:
    """`zone`: where the office is, whose days count for what was known when. `clock`: what time it is."""

    engine: Engine
    keys: Keys
    zone: tzinfo = UTC
    clock: Callable[[], datetime] = field(default=_now, compare=False)

    @property
    def today(self) -> date:
        """Of the office."""
        return self.clock().astimezone(self.zone).date()

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"


@dataclass(frozen=True, slots=True)
class Reading:
    """One consistent view of the record, which nothing is written through."""

    connection: Connection
    keys: Keys
    data_keys: dict[str, bytes] = field(
        default_factory=dict, kw_only=True
    )  # opened so far, by whom they are about


@dataclass(frozen=True, slots=True)
class Writing(Reading):
    """A transaction of somebody, at one moment."""

    actor: str
    at: datetime  # UTC
    day: date  # of the office
    entries: list[chain.Entry] = field(default_factory=list)
    claimed: dict[str, int] = field(default_factory=dict)  # households that this transaction writes to
    at_last: list[Said] = field(default_factory=list)
    """On PostgreSQL: what is written in one message with the entries and the COMMIT. Nothing of it is to be seen before."""


def connect(url: str, keys: Keys, zone: tzinfo = UTC) -> Database:
    """`url` as SQLAlchemy takes it: sqlite:///county.db, postgresql+psycopg://user@host/county."""
    # Errors go into logs, so they do not say what was written. A connection once made is kept: to make one takes the
    # database longer than a decision does, and its prepared statements go with it.
    engine = create_engine(url, hide_parameters=True, pool_size=_CONNECTIONS, max_overflow=0)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_settings)
        event.listen(engine, "begin", _sqlite_begin)
    else:
        event.listen(engine, "checkin", _put_back)
        event.listen(engine, "checkout", _Taken(engine))
    return Database(engine, keys, zone)


def migrate(database: Database, revision: str = "head") -> None:
    """Brings the tables to the state that this program expects, or to an earlier one (Alembic)."""
    from alembic import command

    config = _migrations()
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()


def revision_of(connection: Connection) -> str | None:
    """The state that the tables are in; None where there are none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def known_revisions() -> tuple[str, ...]:
    """The states that this program can bring tables to, the newest first."""
    from alembic.script import ScriptDirectory

    return tuple(one.revision for one in ScriptDirectory.from_config(_migrations()).walk_revisions())


def _migrations() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


@contextmanager
def writing(database: Database, actor: str, at: datetime | None = None) -> Iterator[Writing]:
    """A transaction. `at`: the moment, default now."""
    moment = at or database.clock()
    if moment.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    with database.engine.connect() as connection, connection.begin() as transaction:
        day = moment.astimezone(database.zone).date()
        write = Writing(connection, database.keys, actor, moment.astimezone(UTC), day)
        yield write
        written_at = write.at.isoformat(timespec="microseconds")
        if write.entries and database.is_sqlite:  # which lets one writer in by itself
            chain.append(connection, actor, written_at, write.entries)
        elif write.entries:
            chain.append_and_commit(connection, transaction, actor, written_at, write.entries, write.at_last)


@contextmanager
def reading(database: Database) -> Iterator[Reading]:
    """One view of everything that is asked in it. PostgreSQL refuses to write in it."""
    isolation = "SERIALIZABLE" if database.is_sqlite else "REPEATABLE READ"
    with (
        database.engine.connect().execution_options(
            isolation_level=isolation, relief_reads_only=True, postgresql_readonly=True
        ) as connection,
        connection.begin() as transaction,
    ):
        yield Reading(connection, database.keys)
        # PostgreSQL ends it and does not take it back, which would make the driver forget what it has prepared.
        if database.is_sqlite:
            transaction.rollback()


@contextmanager
def asking(database: Database) -> Iterator[Reading]:
    """For a single question, which needs no view of its own."""
    isolation = "SERIALIZABLE" if database.is_sqlite else "AUTOCOMMIT"
    with database.engine.connect().execution_options(
        isolation_level=isolation, relief_reads_only=True
    ) as connection:
        yield Reading(connection, database.keys)


def batched(values: Iterable[Value], size: int) -> Iterator[list[Value]]:
    """Lists of so many values, the last one shorter."""
    rest = iter(values)
    while some := list(islice(rest, size)):
        yield some


def _sqlite_settings(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where we say
    cursor = connection.cursor()
    for pragma in ("foreign_keys = ON", "journal_mode = WAL", "synchronous = FULL", "busy_timeout = 10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    """A writer takes the lock at once: two that read first and write then could not both go on."""
    reads_only = connection.get_execution_options().get("relief_reads_only")
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")


def _put_back(_: Any, record: Any) -> None:
    record.info["put_back"] = time.monotonic()


class _Taken:
    """Looks whether a connection that is taken from the pool is still there.

    One that the server has ended has something to read. That costs nothing, so only a connection that was long unused
    is asked (what a firewall has dropped says nothing).
    """

    def __init__(self, engine: Engine) -> None:
        self.dialect = engine.dialect

    def __call__(self, connection: Any, record: Any, _: Any) -> None:
        since = record.info.get("put_back")
        if since is None:  # it was made just now
            return
        try:
            fresh = time.monotonic() - since < _FRESH
            if not _has_news(connection) and (fresh or self.dialect.do_ping(connection)):
                return
        except self.dialect.loaded_dbapi.Error:
            pass
        raise exc.InvalidatePoolError("the database has ended this connection")


def _has_news(connection: Any) -> bool:
    looking = select.poll()
    looking.register(connection.fileno(), select.POLLIN)
    return bool(looking.poll(0))
