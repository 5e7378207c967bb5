"""JSON Schemas of the household document, from a fact dictionary, and of the decision, from its structs."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from engine.decision.document import STATUS_AMOUNT_AT_MOST
from engine.decision.model import Decision
from engine.decision.payments import PAYMENT_AT_MOST
from engine.language.scope import PERSON
from engine.language.types import Boolean, Date, Enum, List, Number
from engine.rulebook.model import Fact, Field, Label, Rulebook
from engine.rulebook.production import EventKind

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ID = "https://smart-relief.example/schemas/v1/{}.schema.json"
_DATE = {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_ID_TEXT = {"type": "string", "minLength": 1, "maxLength": 80}
_SOURCE = {"type": "string", "maxLength": 80}
_OBJECTS = {"type": "array", "items": {"type": "object"}}


def household_schema(book: Rulebook) -> dict[str, Any]:
    """What `read_household` accepts, as far as a schema can say it.

    It cannot say: no key twice, no person twice, no range that ends before it begins, and that a status names
    a person of the document. `format: date` must be checked for days that do not exist.
    """
    person = {name: _fact(name, fact) for name, fact in book.facts.items() if fact.of == "person"}
    household = {name: _fact(name, fact) for name, fact in book.facts.items() if fact.of == "household"}
    return {
        "$schema": _DIALECT,
        "$id": _ID.format("household"),
        "title": "a household document",
        "description": "One household's facts. A fact that is not known is left out.",
        "type": "object",
        "required": ["household_id", "area", "people"],
        "additionalProperties": False,
        "properties": {
            "household_id": {"$ref": "#/$defs/id"},
            "area": {"enum": list(book.areas)},
            "application_date": {"$ref": "#/$defs/date"},
            "people": {
                "description": "Everyone in the household. Ids only: no names, no identity numbers.",
                "type": "array",
                "minItems": 1,
                "maxItems": book.people_at_most,
                "items": {"$ref": "#/$defs/person"},
            },
            "statuses": {
                "description": "What is held. Left out: nothing is known about it; empty: nothing is held.",
                "type": "array",
                "items": {"$ref": "#/$defs/status"},
            },
            "awards": _OBJECTS,
            "payments": {
                "description": "What was paid. Left out: nothing is known about it; empty: nothing was paid.",
                "type": "array",
                "items": {"$ref": "#/$defs/payment"},
            },
            "events": {
                "description": "What happened. Left out: nothing is known about it; empty: nothing happened.",
                **_events(book),
            },
            **household,
        },
        "$defs": {
            "id": _ID_TEXT,
            "date": _DATE,
            "source": _SOURCE,
            "person": {
                "type": "object",
                "required": ["person_id"],
                "additionalProperties": False,
                "properties": {"person_id": {"$ref": "#/$defs/id", "not": {"const": "household"}}, **person},
            },
            "row": _row(),
            "status": _status(book),
            "payment": _payment(book),
            **{f"event.{one.name}": _event(one) for one in _written(book)},
            **{f"value.{name}": _values(fact) for name, fact in book.facts.items()},
        },
    }


def _row() -> dict[str, Any]:
    """A value with its dates and source; `value` itself is said where it is used."""
    days = {key: {"$ref": "#/$defs/date"} for key in ("from", "to", "as_of", "recorded")}
    return {
        "type": "object",
        "required": ["value"],
        "propertyNames": {"enum": ["value", "from", "to", "as_of", "recorded", "source"]},
        "properties": {**days, "source": {"$ref": "#/$defs/source"}},
    }


def _status(book: Rulebook) -> dict[str, Any]:
    days = {key: {"$ref": "#/$defs/date"} for key in ("from", "to", "as_of", "recorded")}
    return {
        "type": "object",
        "required": ["policy", "from"],
        "additionalProperties": False,
        "properties": {
            "policy": {"enum": list(book.policies)},
            "person_id": {"$ref": "#/$defs/id"},
            **days,
            "reviewed": {"description": "the day of the last review", "$ref": "#/$defs/date"},
            "amount": _number(Number(book.currency["decimals"], lo=0, hi=STATUS_AMOUNT_AT_MOST)),
            "source": {"$ref": "#/$defs/source"},
        },
        "oneOf": _holders(book),
    }


def _payment(book: Rulebook) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["policy", "month", "amount"],
        "additionalProperties": False,
        "properties": {
            "policy": {"enum": list(book.policies)},
            "person_id": {"$ref": "#/$defs/id"},
            "month": {
                "description": "the month it was paid for",
                "type": "string",
                "pattern": "^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])$",
            },
            "amount": _number(Number(book.currency["decimals"], lo=0, hi=PAYMENT_AT_MOST)),
            "paid": {"$ref": "#/$defs/date"},
            "recorded": {"$ref": "#/$defs/date"},
            "cause": {
                "description": "what it was given for, a word for each cause; left out when nobody knows",
                **_ID_TEXT,
            },
            "again": {
                "description": "a word for what explains that it is paid beside another one for the same cause, such as "
                "the case; left out when nobody has explained it",
                **_ID_TEXT,
            },
            "source": {"$ref": "#/$defs/source"},
        },
        "oneOf": _holders(book),
    }


def _written(book: Rulebook) -> list[EventKind]:
    """The kinds of events that a document may name; the others are made from the facts."""
    return [one for one in book.events.values() if one.day is None]


def _events(book: Rulebook) -> dict[str, Any]:
    kinds = [{"$ref": f"#/$defs/event.{one.name}"} for one in _written(book)]
    return {"type": "array", "items": {"oneOf": kinds}} if kinds else {"type": "array", "maxItems": 0}


def _event(kind: EventKind) -> dict[str, Any]:
    whose = {"person_id": {"$ref": "#/$defs/id"}} if kind.of == PERSON else {}
    return {
        "title": _words(kind.title),
        "type": "object",
        "required": ["kind", "date", *whose],
        "additionalProperties": False,
        "properties": {
            "kind": {"const": kind.name},
            **whose,
            "date": {"$ref": "#/$defs/date"},
            "recorded": {"$ref": "#/$defs/date"},
            "source": {"$ref": "#/$defs/source"},
            **{one.name: {"title": _words(one.label), **_value(one)} for one in kind.fields},
        },
    }


def _holders(book: Rulebook) -> list[dict[str, Any]]:
    """A person's policy names the person; a household's does not."""

    def held_by(unit: str, one: dict[str, Any]) -> dict[str, Any]:
        names = [policy.id for policy in book.policies.values() if policy.unit == unit]
        return {"properties": {"policy": {"enum": names}}, **one}

    return [
        held_by("household", {"not": {"required": ["person_id"]}}),
        held_by("person", {"required": ["person_id"]}),
    ]


def _fact(name: str, fact: Fact) -> dict[str, Any]:
    """A fact as it may be written: plain, with dates and source, or several such."""
    value = {"$ref": f"#/$defs/value.{name}"}
    row = {"$ref": "#/$defs/row", "properties": {"value": value}}
    return {
        "title": _words(fact.value.label),
        "description": _words(fact.question),
        "anyOf": [value, row, {"type": "array", "minItems": 1, "items": row}],
    }


def _values(fact: Fact) -> dict[str, Any]:
    if not isinstance(fact.value.type, List):
        return _value(fact.value)
    fields = {one.name: {"title": _words(one.label), **_value(one)} for one in fact.items}
    item = {"type": "object", "additionalProperties": False, "properties": fields}
    return {"type": "array", "maxItems": fact.at_most, "items": item}


def _value(of: Field) -> dict[str, Any]:
    kind = of.type
    if isinstance(kind, Boolean):
        return {"type": "boolean"}
    if isinstance(kind, Number):
        return _number(kind)
    if isinstance(kind, Enum):
        return {"enum": list(of.choices)}
    if isinstance(kind, Date):
        return {"$ref": "#/$defs/date"}
    return {"type": "string", "maxLength": of.longest}


def _number(of: Number) -> dict[str, Any]:
    decimals = of.decimals or 0

    def plain(scaled: int) -> int | Decimal:
        whole, rest = divmod(scaled, 10**decimals)
        return whole if rest == 0 else Decimal(scaled).scaleb(-decimals)

    return {"type": "number", "minimum": plain(of.lo), "maximum": plain(of.hi), "multipleOf": plain(1)}


def _words(label: Label) -> str:
    return " · ".join(label.values())


# --- the decision -------------------------------------------------------------------------------------------


def decision_schema() -> dict[str, Any]:
    """The schema of a decision. Every object is closed: what is not named here is not in a decision."""
    (root,), components = msgspec.json.schema_components([Decision], ref_template="#/$defs/{name}")
    parts = {name: _closed(part) for name, part in components.items()}
    whole = parts.pop(root["$ref"].rpartition("/")[2])
    return {
        "$schema": _DIALECT,
        "$id": _ID.format("decision"),
        **whole,
        "title": "a decision",
        "description": "Values only; words are made from the rulebook of this fingerprint.",
        "$defs": parts,
    }


def _closed(part: Any) -> Any:
    """msgspec's schema with decimals as the numbers they are written as, and without further keys."""
    if isinstance(part, list):
        return [_closed(one) for one in part]
    if not isinstance(part, Mapping):
        return part
    if part.get("format") == "decimal":
        return {"type": "number"}
    made = {key: _closed(value) for key, value in part.items()}
    if "properties" in made:
        made["additionalProperties"] = False
    return made
