"""The door: a route that declares no right is no route; who has not got the right does not come in."""

from __future__ import annotations

import pytest
from api_client import ISLAND, Client, problem
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from api import app as application
from api.app import make_app
from api.current import CurrentRulebook
from api.guard import check_doors, guarded_router, needs, viewer_of
from records.rights import Grant, Right, Role, Viewer

router = guarded_router()


@router.get("/things")
@needs(Right.READ_HOUSEHOLDS)
def things(request: Request, size: int = 1) -> Response:
    return Response(viewer_of(request).account)


@pytest.fixture(scope="module")
def client() -> Client:
    def authenticate(request: Request) -> Viewer | None:
        role = request.headers.get("x-role")
        return Viewer("li", "li", (Grant(Role(role), "north"),)) if role else None

    made = make_app(CurrentRulebook(ISLAND), authenticate=authenticate)
    made.include_router(router)
    return Client(made)


def test_nobody_comes_in_without_signing_in(client: Client) -> None:
    problem(client.get("/v1/things"), 401)


@pytest.mark.parametrize("role", Role)
def test_only_who_has_the_right_comes_in(client: Client, role: Role) -> None:
    answer = client.get("/v1/things", headers={"x-role": role})
    if role in (Role.POLICY_OFFICER, Role.ADMINISTRATOR):
        problem(answer, 403)
    else:
        assert (answer.status_code, answer.text) == (200, "li")


def test_a_query_that_nobody_reads_is_refused(client: Client) -> None:
    asked = {"headers": {"x-role": "auditor"}}
    told = problem(client.get("/v1/things?sise=2", **asked), 400)
    assert told["errors"][0]["parameter"] == "sise" and "size" in told["errors"][0]["hint"]
    problem(client.get("/v1/things?size=many", **asked), 400)
    problem(client.get("/v1/things?size=1&size=2", **asked), 400)


def test_a_route_without_a_right_is_refused_when_the_application_is_made() -> None:
    careless = guarded_router()

    @careless.get("/careless")
    def endpoint() -> None: ...

    app = FastAPI()
    app.include_router(careless)
    with pytest.raises(RuntimeError, match="/v1/careless"):
        check_doors(app)


def test_every_route_of_the_application_declares_one() -> None:
    assert all(hasattr(route.endpoint, "__right__") for one in application.ALWAYS for route in one.routes)
