"""The outermost layer: what every answer says, and what no request may be."""

from __future__ import annotations

import pytest
from api_client import ISLAND, LEAST, Client, problem
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response

from api.app import make_app
from api.current import CurrentRulebook
from api.guard import guarded_router, needs, open_to_all, up_to
from api.limits import Buckets, Limits, Rate
from api.settings import Settings
from records.rights import Right, Viewer

CURRENT = CurrentRulebook(ISLAND)
router = guarded_router()


@router.post("/small")
@open_to_all
async def small(request: Request) -> Response:
    return Response(str(len(await request.body())))


@router.post("/large")
@open_to_all
@up_to(3000)
async def large(request: Request) -> Response:
    return Response(str(len(await request.body())))


@router.get("/mine")
@needs(Right.OWN_SESSION)
def mine(request: Request) -> Response:
    return Response()


@router.get("/broken")
@open_to_all
def broken(request: Request) -> Response:
    raise RuntimeError("not to be told")


def client(settings: Settings = Settings(), limits: Limits = Limits()) -> Client:  # noqa: B008
    app = make_app(CURRENT, settings=settings, limits=limits)
    app.include_router(router)
    return Client(app)


EVERY_ANSWER = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("GET", "/v1/policies", 200),
        ("GET", "/openapi.json", 200),
        ("POST", "/v1/decisions", 200),
        ("GET", "/nowhere", 404),
        ("PUT", "/v1/decisions", 405),
        ("OPTIONS", "/v1/decisions", 405),
        ("GET", "/v1/policies?on=", 400),
        ("GET", "/v1/broken", 500),
        ("GET", "/" + "x" * 9000, 414),
    ],
)
def test_what_every_answer_says(method: str, path: str, status: int) -> None:
    body = {
        "content": LEAST,
        "headers": {"Content-Type": "application/json", "Origin": "https://evil.example"},
    }
    answer = client().request(method, path, **body)
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in EVERY_ANSWER} == EVERY_ANSWER
    assert answer.headers["cache-control"] == ("no-cache" if path == "/v1/policies" else "no-store")
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert "strict-transport-security" not in answer.headers and "server" not in answer.headers


def test_only_over_https_is_https_asked_for() -> None:
    answer = client().get("https://relief/healthz")
    assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


def test_hosts_that_the_server_does_not_answer_to() -> None:
    chosen = client(Settings(hosts=("relief.example", "[::1]")))
    for host in ("relief.example", "RELIEF.example:8000", "[::1]:8000"):
        assert chosen.get("/healthz", headers={"Host": host}).status_code == 200, host
    for host in ("", "evil.example", "relief.example.evil.example", "evil@relief.example", "[::2]"):
        problem(chosen.get("/healthz", headers={"Host": host}), 421)
    assert client().get("/healthz", headers={"Host": "whatever"}).status_code == 200


def test_headers_that_are_too_many_or_too_large() -> None:
    problem(client().get("/healthz", headers={f"x-{n}": "x" for n in range(120)}), 431)
    problem(client().get("/healthz", headers={"x": "x" * 40_000}), 431)


def test_bodies_are_read_as_far_as_the_route_takes_them() -> None:
    limited = client(limits=Limits(body=1000))
    for path, most in (("/v1/small", 1000), ("/v1/large", 3000)):
        assert limited.post(path, b"x" * most).text == str(most)
        problem(limited.post(path, b"x" * (most + 1)), 413)

        async def in_pieces(most: int = most):  # type: ignore[no-untyped-def]
            for _ in range(most + 1):
                yield b"x"

        answer = limited.request("POST", path, content=in_pieces())
        assert problem(answer, 413) and answer.headers["connection"] == "close"


# --- how much is taken of one client ------------------------------------------------------------------------


def test_an_address_that_asks_too_much_is_told_when_to_come_back() -> None:
    limited = client(limits=Limits(address=Rate(0.5, 3)))
    assert [limited.get("/healthz").status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = limited.get("/healthz")
    problem(answer, 429)
    assert answer.headers["retry-after"] in ("1", "2")


def test_an_account_that_asks_too_much_waits_whatever_its_address() -> None:
    def authenticate(request: Request) -> Viewer:
        account = request.headers["x-account"]
        return Viewer(account, account, ())

    app = make_app(CURRENT, authenticate=authenticate, limits=Limits(account=Rate(0.1, 2)))
    app.include_router(router)
    limited = Client(app)
    assert [limited.get("/v1/mine", headers={"x-account": "li"}).status_code for _ in range(3)] == [
        200,
        200,
        429,
    ]
    assert limited.get("/v1/mine", headers={"x-account": "wang"}).status_code == 200


@given(st.integers(1, 50), st.integers(1, 20), st.lists(st.floats(0, 3), max_size=200))
def test_no_more_than_the_burst_and_the_rate_is_ever_taken(
    rate: int, burst: int, pauses: list[float]
) -> None:
    now = [0.0]
    buckets, taken = Buckets(Rate(rate, burst), lambda: now[0]), 0
    for pause in pauses:
        now[0] += pause
        wait = buckets.take("a")
        taken += not wait
        assert taken <= burst + rate * now[0] + 1e-6
        if wait:
            assert Buckets(Rate(rate, burst), lambda: now[0]).take("a") == 0  # nobody pays for another
            now[0] += wait + 1e-9
            assert buckets.take("a") == 0
            taken += 1


def test_the_buckets_of_all_addresses_take_only_so_much_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.limits._MOST_KEPT", 10)
    buckets = Buckets(Rate(1, 1), lambda: 0.0)
    for n in range(100):
        buckets.take(str(n))
    assert len(buckets.kept) == 10 and "99" in buckets.kept
