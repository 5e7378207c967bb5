import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from api_client import ISLAND, ROOT, Client

from api.app import make_app
from api.current import CurrentRulebook
from records.database import connect, migrate
from records.keys import Keys, new_keys
from tests.support.office import Office


@pytest.fixture(scope="session")
def shipped() -> Client:
    return Client(make_app(CurrentRulebook(ROOT / "policies")))


@pytest.fixture(scope="session")
def island() -> Client:
    return Client(make_app(CurrentRulebook(ISLAND)))


@pytest.fixture(scope="session")
def empty_record(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Keys]:
    """A file with the tables, to copy, and its keys."""
    place, keys = tmp_path_factory.mktemp("empty") / "county.db", new_keys()
    made = connect(f"sqlite:///{place}", keys)
    migrate(made)
    made.engine.dispose()
    return place, keys


@pytest.fixture
def office(empty_record: tuple[Path, Keys], tmp_path: Path) -> Iterator[Office]:
    """An office with the island's rules, and nobody in it."""
    place, keys = empty_record
    shutil.copy(place, tmp_path / "county.db")
    database = connect(f"sqlite:///{tmp_path / 'county.db'}", keys)
    yield Office(database, Client(make_app(CurrentRulebook(ISLAND), record=database)))
    database.engine.dispose()
