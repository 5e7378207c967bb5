"""What somebody with a tool sends: into every parameter, every field of every body, headers, broken bodies.

Whatever is sent is taken as what it says or refused in words; nothing of it makes the server fail.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import count
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from api_client import problem
from fastapi.routing import APIRoute

from api.bodies import MODELS, Body
from api.guard import api_routes
from tests.conftest import SOAK
from tests.support.county_office import HERE, CountyOffice, county_office

STRINGS = {
    "quote": "' OR '1'='1",
    "statement": "x'; DROP TABLE household; --",
    "union": "x' UNION SELECT token FROM session --",
    "like": "%_%%",
    "path": "../../../../etc/passwd",
    "path-encoded": "..%2f..%2f..%2fetc%2fpasswd",
    "null": "a\x00b",
    "lines": "a\r\nSet-Cookie: relief=x\r\n\r\n<html>",
    "template": "{{7*7}}${7*7}#{7*7}<%= 7*7 %>",
    "format": "%s%n%x {0.__class__} {record}",
    "log4j": "${jndi:ldap://127.0.0.1/x}",
    "script": "<script>alert(1)</script>",
    "shell": "$(id) `id` | id; id",
    "surrogates": "\U0001f600" * 50,
    "right-to-left": "\u202e\u2066abc\ufeff",
    "empty": "",
    "long": "x" * 5000,
    "number": "9" * 400,
    "negative": "-1",
    "huge": str(2**63),
    "float": "1e400",
    "nan": "NaN",
    "date": "9999-12-31",
    "no-date": "0000-00-00",
    "bool": "true",
    "list": "[]",
}
VALUES: dict[str, Any] = {
    **STRINGS,
    "none": None,
    "true": True,
    "big": 2**63,
    "minus": -1,
    "array": [[]],
    "object": {"$ne": None},
    "many": ["x"] * 1000,
    "__proto__": {"__proto__": {"admin": True}, "constructor": 1},
}

EACH = 1 if SOAK else 3


def turn(attack: str, place: int) -> bool:
    """In the soak everything goes everywhere; else every attack to each third place, and every third one to each place."""
    return (list(VALUES).index(attack) + place) % EACH == 0


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> CountyOffice:
    return county_office(tmp_path_factory.mktemp("county"))


def routes_of(office: CountyOffice) -> list[tuple[str, APIRoute]]:
    return [
        (method, route)
        for route in api_routes(office.client.app.routes)
        for method in sorted(route.methods or ())
        if route.path not in ("/v1/sessions/current", "/v1/sessions")
    ]


def taken_or_refused(answer: httpx.Response, what: str) -> None:
    assert answer.status_code < 500, f"{what}: {answer.status_code} {answer.text[:300]}"
    assert "set-cookie" not in answer.headers, what
    if answer.status_code >= 400:
        problem(answer, answer.status_code)


def filled(office: CountyOffice, route: APIRoute, but: str = "", value: str = "") -> str:
    path = route.path
    known = {
        **office.known[HERE],
        "number": "1",
        "session": "x",
        "policy_id": "dibao",
        "version": "2021-07-01",
    }
    for name in route.param_convertors:
        text = value if name == but else known.get(name, "x")
        path = path.replace(f"{{{name}}}", quote(text, safe=""))
    return path


# --- parameters ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("attack", STRINGS)
def test_into_every_parameter(office: CountyOffice, attack: str) -> None:
    text, place = STRINGS[attack], count()
    for method, route in routes_of(office):
        body = {} if method == "POST" else None
        for name in route.param_convertors:
            if turn(attack, next(place)):
                path = filled(office, route, name, text)
                answer = office.ask("everything", method, path, body)
                taken_or_refused(answer, f"{method} {route.path} {name}")
        for one in route.dependant.query_params:
            if turn(attack, next(place)):
                query = str(httpx.QueryParams({one.alias: text}))
                answer = office.ask("everything", method, f"{filled(office, route)}?{query}", body)
                taken_or_refused(answer, f"{method} {route.path} ?{one.alias}")
    assert next(place) > 100


def test_nothing_was_lost_by_it(office: CountyOffice) -> None:
    assert office.ask("everything", "GET", "/v1/households").json()["total"] == 2
    assert office.ask("everything", "GET", "/v1/audit/verification").json()["whole"]


# --- bodies -------------------------------------------------------------------------------------------------


def bodies(office: CountyOffice) -> Iterator[tuple[str, str, type[Body]]]:
    """Every route that takes a model, with the model."""
    description = office.client.get("/openapi.json").json()
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            schema = (
                operation.get("requestBody", {})
                .get("content", {})
                .get("application/json", {})
                .get("schema", {})
            )
            name = schema.get("$ref", "").rpartition("/")[2]
            if name in MODELS:
                yield method.upper(), path, MODELS[name]


def example(model: type[Body]) -> dict[str, Any]:
    """A body of which every field is of its kind."""
    kinds: dict[str, Any] = {"integer": 999, "string": "x" * 12, "array": [], "object": {}, "boolean": False}
    made = {}
    for name, field in model.model_json_schema()["properties"].items():
        made[name] = "2025-06-01" if field.get("format") == "date" else kinds.get(field.get("type", ""), "x")
    return made


@pytest.mark.parametrize("attack", VALUES)
def test_into_every_field_of_every_body(office: CountyOffice, attack: str) -> None:
    known = office.known[HERE]
    fields = count()
    for method, path, model in bodies(office):
        if path == "/v1/sessions":
            continue
        for name, value in {**known, "number": "1"}.items():
            path = path.replace(f"{{{name}}}", value)
        for name in model.model_fields:
            if turn(attack, next(fields)):
                told = {**example(model), name: VALUES[attack]}
                taken_or_refused(office.ask("everything", method, path, told), f"{method} {path} {name}")
    assert next(fields) > 30


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("deep", b'{"told":' * 50_000 + b"1" + b"}" * 50_000),
        ("deep-list", b"[" * 100_000),
        ("not-a-number", b'{"version": NaN}'),
        ("infinite", b'{"version": -Infinity}'),
        ("twice", b'{"version": 1, "version": 2, "until": "2025-01-01"}'),
        ("twice-in-another-spelling", b'{"version": 1, "v\\u0065rsion": 2}'),
        ("half", b'{"version": 1'),
        ("list", b"[]"),
        ("text", b'"x"'),
        ("none", b"null"),
        ("empty", b""),
        ("not-utf8", b'{"version": "\xff\xfe"}'),
        ("half-a-character", b'{"version": "\\ud800"}'),
        ("null-character", b'{"version": "\\u0000"}'),
        ("utf16", '{"version": 1}'.encode("utf-16")),
        ("exponent", b'{"version": 1e999999999}'),
        ("digits", b'{"version": ' + b"9" * 100_000 + b"}"),
        ("xml", b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>'),
        ("too-large", b'{"version": "' + b"x" * 1_100_000 + b'"}'),
    ],
)
def test_broken_bodies(office: CountyOffice, name: str, content: bytes) -> None:
    sent = {"Authorization": f"Bearer {office.signed_in('everything')}"}
    for method, path, _ in bodies(office):
        path = path.replace("{household_id}", office.known[HERE]["household_id"])
        headers = {} if path == "/v1/sessions" else sent
        answer = office.client.post(path, content, headers=headers)
        assert answer.status_code in (404, 413, 422), (
            f"{method} {path} {answer.status_code} {answer.text[:200]}"
        )
        problem(answer, answer.status_code)


@pytest.mark.parametrize(
    "declared",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/jsonp",
        "text/json",
        "; charset=utf-8",
    ],
)
def test_bodies_that_are_not_declared_as_json(office: CountyOffice, declared: str) -> None:
    """Among them all that a foreign page could send without asking first."""
    for path in ("/v1/sessions", "/v1/me/password", "/v1/households", "/v1/decisions"):
        sent = {"Authorization": f"Bearer {office.signed_in('everything')}", "Content-Type": declared}
        problem(office.client.request("POST", path, content=b"{}", headers=sent), 415)


def test_a_body_without_end_is_not_read_to_its_end(office: CountyOffice) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b" " * 100_000
            await asyncio.sleep(0)

    headers = {
        "Authorization": f"Bearer {office.signed_in('everything')}",
        "Content-Type": "application/json",
    }
    answer = office.client.request("POST", "/v1/households", content=endless(), headers=headers)
    assert problem(answer, 413) and answer.headers["connection"] == "close"
    assert read < 15


def test_who_has_not_signed_in_is_told_so_before_the_body_is_read(office: CountyOffice) -> None:
    async def unread() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    problem(office.client.request("POST", "/v1/households", content=unread()), 401)


# --- headers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        {"X-HTTP-Method-Override": "DELETE"},
        {"X-Method-Override": "POST"},
        {"X-Original-URL": "/v1/accounts"},
        {"X-Rewrite-URL": "/v1/accounts"},
        {"X-Forwarded-Host": "evil.example"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-User": "admin"},
        {"Host": "evil.example"},
        {"Origin": "null"},
        {"Range": "bytes=0-0"},
        {"Accept": "text/html"},
        {"Accept-Language": "zh;q=x,*;q=9e999" + ",a" * 1000},
        {"If-None-Match": '*, "' + "x" * 1000},
        {"Transfer-Encoding": "identity"},
        {"Expect": "x"},
    ],
    ids=str,
)
def test_headers_that_mean_something_elsewhere_mean_nothing_here(
    office: CountyOffice, header: dict[str, str]
) -> None:
    plain = office.ask("town", "GET", "/v1/me")
    answer = office.ask("town", "GET", "/v1/me", headers=header)
    assert (answer.status_code, answer.content) == (200, plain.content)
    assert "evil.example" not in str(answer.headers)
    problem(office.ask("town", "GET", "/v1/accounts", headers=header), 403)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "CONNECT", "PROPFIND", "DEBUG", "HEAD"])
def test_methods_that_nothing_takes(office: CountyOffice, method: str) -> None:
    answer = office.ask("everything", method, "/v1/households")
    assert answer.status_code == 405 and "GET" in answer.headers["allow"]


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example/%2f..",
        "/v1//households",
        "/v1/households/",
        "/v1/households/%2e%2e/accounts",
        "/v1/households/..%2faccounts",
        "/V1/HOUSEHOLDS",
        "/v1/households%00",
        "/v1/households;x=y",
        "/.git/config",
        "/openapi.json/../v1/accounts",
        "/static/../../records.keys.json",
    ],
)
def test_addresses_that_are_spelled_otherwise_are_not_there(office: CountyOffice, path: str) -> None:
    answer = office.ask("town", "GET", path)
    problem(answer, answer.status_code)
    assert answer.status_code in (400, 403, 404), answer.status_code
