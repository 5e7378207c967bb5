"""The short ways of a request lead to where the long ones do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from api_client import ISLAND, Client, problem
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Match

from api.app import make_app
from api.current import CurrentRulebook
from api.guard import api_routes, caller_of
from api.limits import Limits, Rate
from api.straight import Straight
from records.database import connect
from records.keys import new_keys
from records.rights import Grant, Role, Viewer

LI = Viewer("li", "li", (Grant(Role.DEPARTMENT_OFFICER, "north", "civil_affairs"),))


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    place: Path = tmp_path_factory.mktemp("straight") / "county.db"
    record = connect(f"sqlite:///{place}", new_keys())
    limits = Limits(account=Rate(0.001, 3))
    return make_app(CurrentRulebook(ISLAND), record=record, authenticate=lambda _: LI, limits=limits)


def test_every_route_is_found_as_it_would_be_by_trying_all_of_them(app: FastAPI) -> None:
    straight, routes = app.router.routes[0], list(api_routes(app.routes))
    assert isinstance(straight, Straight) and len(routes) > 100
    addresses = {re.sub(r"\{.*?\}", "7", one.path) for one in routes} | {
        "/",
        "/v1",
        "/v1/nothing",
        "/v1/rules/7/7/7",
    }
    for path in addresses:
        for method in ("GET", "POST", "DELETE", "PUT"):
            scope = {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}
            tried = [one for one in routes if one.matches(dict(scope))[0] is Match.FULL]
            match, found = straight.matches(dict(scope))
            assert (match is Match.FULL) == bool(tried)
            assert found.get("route") is (tried[0] if tried else None)


def test_only_what_reads_nothing_else_is_asked_in_one_piece(app: FastAPI) -> None:
    def short(path: str, method: str) -> bool:
        [one] = [r for r in api_routes(app.routes) if r.path == path and method in (r.methods or ())]
        assert isinstance(one, APIRoute)
        return caller_of(one) is not None

    assert short("/v1/households/{household_id}/decisions", "POST")
    assert short("/v1/decisions/{decision_id}", "GET")
    assert not short("/v1/households/{household_id}/facts", "POST")  # a body
    assert not short("/v1/me", "GET")  # an answer that FastAPI makes
    assert not short("/v1/decisions", "POST")  # not in a thread


def test_a_mistake_is_told_once_and_counted_once(app: FastAPI) -> None:
    client = Client(app)
    for _ in range(3):  # of three that the account may ask
        assert problem(client.get("/v1/households?limit=many"), 400)["errors"][0]["parameter"] == "limit"
    problem(client.get("/v1/households?limit=many"), 429)
    problem(client.request("PUT", "/v1/households"), 405)
    problem(client.get("/v1/nothing"), 404)
