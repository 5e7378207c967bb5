"""The OpenAPI description, written from the rulebook that is served, with an example decided under it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic.json_schema import models_json_schema

from api.bodies import MODELS
from api.files import CSV, XLSX
from api.guard import OPEN, GuardedRoute, api_routes, right_of
from api.problems import MEDIA_TYPE
from api.query import LAYERS
from engine.decision import BadDocument, decide, encode_json, parse_json, read_household
from engine.decision.schema import decision_schema, household_schema
from engine.language.dates import from_date
from engine.rulebook import Rulebook

_SAMPLE = Path(__file__).resolve().parents[1] / "samples" / "household.json"
_DATE = {"type": "string", "format": "date"}


def describe(app: FastAPI, book: Rulebook) -> dict[str, Any]:
    """As plain data. The routes give paths and summaries; what they take and answer is said here."""
    made = get_openapi(
        title=app.title,
        version=app.version,
        description="Which relief a household is due, how much, and why. Every answer names its rulebook.",
        routes=app.routes,
    )
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    schemas["Household"] = _component("Household", household_schema(book))
    schemas["Decision"] = _component("Decision", decision_schema())
    schemas["Problem"] = _PROBLEM
    made["components"]["securitySchemes"] = _SCHEMES
    schemas |= _bodies()
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    household, decision = _examples(book)
    paths = made["paths"]
    _say(
        paths["/v1/decisions"]["post"], _moment(book), {"Household": household}, _answer("Decision", decision)
    )
    both = {"Household": household, "Decision": decision}
    layers = [_choice("layer", "for whom", LAYERS), _choice("lang", "language", book.languages)]
    told = {"application/json": {"schema": {"type": "object"}}, "text/plain": {"schema": {"type": "string"}}}
    _say(paths["/v1/explanations"]["post"], [*_moment(book), *layers], both, told)
    routes = {
        (route.path, method): route for route in api_routes(app.routes) for method in route.methods or ()
    }
    for path, methods in paths.items():
        for method, operation in methods.items():
            route, told = routes[path, method.upper()], operation["responses"]
            told.pop("422", None)  # FastAPI's own, which is never answered
            told |= _problems_of(operation, route)
            if any(one["name"] == "format" for one in operation.get("parameters", ())):
                told["200"].setdefault("content", {}).update(_SHEETS)
            if right_of(route) != OPEN:
                operation["security"] = [{name: []} for name in _SCHEMES]
    return json.loads(encode_json(made))  # type: ignore[no-any-return]


def _say(
    operation: dict[str, Any],
    parameters: list[dict[str, Any]],
    takes: dict[str, Any],
    answers: dict[str, Any],
) -> None:
    schemas = [{"$ref": f"#/components/schemas/{name}"} for name in takes]
    operation["parameters"] = parameters
    operation["requestBody"] = {
        "required": True,
        "content": {
            "application/json": {
                "schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas},
                "examples": {name.lower(): {"value": value} for name, value in takes.items()},
            }
        },
    }
    operation["responses"]["200"] = {
        "description": "Decided under the rulebook named in X-Rulebook.",
        "headers": {"X-Rulebook": {"schema": {"type": "string"}, "description": "fingerprint"}},
        "content": answers,
    }


def _answer(name: str, example: Any) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}, "example": example}}


def _moment(book: Rulebook) -> list[dict[str, Any]]:
    policies = {"type": "array", "items": {"enum": list(book.policies)}}
    return [
        {"name": "on", "in": "query", "description": "the legal date; today when left out", "schema": _DATE},
        {
            "name": "known",
            "in": "query",
            "description": "as known on this day; today when left out",
            "schema": _DATE,
        },
        {"name": "policy", "in": "query", "description": "only these; repeatable", "schema": policies},
        _choice("advice", "false leaves out questions and what would change", ("true", "false")),
    ]


def _choice(name: str, description: str, choices: tuple[str, ...]) -> dict[str, Any]:
    schema = {"type": "string", "enum": list(choices)}
    return {"name": name, "in": "query", "description": description, "schema": schema}


def _component(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A schema as a component, its references pointing to where it now stands."""
    text = encode_json(schema).decode().replace('"#/$defs/', f'"#/components/schemas/{name}/$defs/')
    made: dict[str, Any] = parse_json(text)
    return {key: part for key, part in made.items() if key not in ("$schema", "$id")}


def _examples(book: Rulebook) -> tuple[Any, Any]:
    """A household that this rulebook reads, and its decision: the sample, or the least there can be."""
    least = {"household_id": "h1", "area": next(iter(book.areas), ""), "people": [{"person_id": "p1"}]}
    sample = parse_json(_SAMPLE.read_bytes()) if _SAMPLE.is_file() else least
    try:
        on = read_household(book, sample).application_date or from_date(date.today())
    except BadDocument:  # another rulebook than the sample was written for
        sample, on = least, from_date(date.today())
    return sample, parse_json(encode_json(decide(book, sample, on=on)))


def _bodies() -> dict[str, Any]:
    """The bodies that routes of the record take."""
    models = [(model, "validation") for model in MODELS.values()]
    _, made = models_json_schema(models, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    found: dict[str, Any] = made.get("$defs", {})
    return found


_SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "a session's token, or an identity provider's",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-relief",
        "description": "a session's; over http named relief. With X-CSRF-Token for whatever changes something",
    },
}
_ANY = {
    400: "a query parameter is wrong",
    414: "the address is too long",
    421: "the server does not answer to that name",
    429: "too many requests; Retry-After says when to come back",
    431: "the headers are too large",
    500: "the server has failed",
}
_OF_BODY = {
    408: "the body did not arrive in time",
    413: "the document is too large",
    415: "the body is not declared as JSON",
    422: "the document is wrong; every mistake is told",
}
_OF_RECORD = {
    404: "there is no such thing, or it is out of the viewer's reach; the nearest name is told",
    409: "somebody else wrote in between, or it is there already",
    410: "it was erased by law",
    413: "the body is larger than this route takes",
    422: "the record does not take this",
    503: "the record is not available; Retry-After says when to come back",
}
_SIGNED_IN = {
    401: "nobody is signed in",
    403: "the viewer's role has no such right, or X-CSRF-Token is missing",
}


_SHEETS = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in (CSV, XLSX)}
"""What a list is answered as where its query names a `format` (`api.downloads`)."""


def _problems_of(operation: dict[str, Any], route: APIRoute) -> dict[str, Any]:
    """The problems that a route answers with, those first that its decorator names."""
    statuses = dict(_ANY)
    if "{" in route.path:
        statuses[404] = _OF_RECORD[404]
    if isinstance(route, GuardedRoute):
        statuses |= _OF_RECORD
    if right_of(route) != OPEN:
        statuses |= _SIGNED_IN
    if "requestBody" in operation:
        statuses |= _OF_BODY
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    made = {
        str(status): {"description": told, "content": content} for status, told in sorted(statuses.items())
    }
    for status, told in operation["responses"].items():
        if status >= "400" and status not in made:
            made[status] = {**told, "content": content}
    return made


_PROBLEM = {
    "type": "object",
    "description": "RFC 9457, with one entry in `errors` for each mistake.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "message", "hint"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer into the document"},
                    "parameter": {"type": "string", "description": "query parameter"},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                    "hint": {"type": "string"},
                },
            },
        },
    },
}
