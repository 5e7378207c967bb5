"""The OpenAPI description, written from the rulebook that is served, with an example decided under it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from api.bodies import MODELS
from api.guard import OPEN, api_routes, right_of
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
    guarded = {route.path: right_of(route) != OPEN for route in api_routes(app.routes)}
    for path, methods in paths.items():
        for operation in methods.values():
            operation["responses"].pop("422", None)  # FastAPI's own, which is never answered
            operation["responses"] |= _problems_of(path, "requestBody" in operation, guarded[path])
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


def _problems_of(path: str, takes_document: bool, guarded: bool) -> dict[str, Any]:
    statuses = {"400": "a query parameter is wrong", "500": "the server has failed"}
    if "{" in path or guarded:
        statuses["404"] = (
            "there is no such thing, or it is out of the viewer's reach; the nearest name is told"
        )
    if guarded:
        statuses |= {
            "401": "nobody is signed in",
            "403": "the viewer's role has no such right",
            "409": "somebody else wrote in between, or it is there already",
            "410": "it was erased by law",
            "422": "the record does not take this",
        }
    if takes_document:
        statuses |= {
            "413": "the document is too large",
            "415": "the body is not declared as JSON",
            "422": "the document is wrong; every mistake is told",
        }
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": told, "content": content} for status, told in sorted(statuses.items())}


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
