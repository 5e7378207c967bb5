import pytest
from api_client import ISLAND, ROOT, Client

from api.app import make_app
from api.current import CurrentRulebook


@pytest.fixture(scope="session")
def shipped() -> Client:
    return Client(make_app(CurrentRulebook(ROOT / "policies")))


@pytest.fixture(scope="session")
def island() -> Client:
    return Client(make_app(CurrentRulebook(ISLAND)))
