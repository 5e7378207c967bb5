"""A quick yes: whether plain data fits a JSON Schema.

Nearly every file of a rulebook is right, and every command reads all of them. `jsonschema` says best what
is wrong, but takes long to import and to run; it is asked only about a file that this refuses. Only the
keywords that `schemas/` uses are known; any other is an error when a schema is compiled, so none can be
passed over. Tests hold the two together.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any, TypeAlias

Check: TypeAlias = Callable[[Any], bool]
Refs: TypeAlias = dict[str, Check]

_SAYS_NOTHING = {"$schema", "$id", "$defs", "title", "description"}
_BESIDE_ANOTHER = {"format", "then", "else"}  # read by `type` and `if`


def compile_check(schema: dict[str, Any]) -> Check:
    """The check of a schema whose references are all `#/$defs/…`. KeyError: a keyword that is not known."""
    refs: Refs = {}
    for name, part in schema.get("$defs", {}).items():
        refs[f"#/$defs/{name}"] = _compile(part, refs)
    return _compile(schema, refs)


def is_of_type(value: Any, types: str | list[str], form: str | None) -> bool:
    """Whether a value is of one of the JSON types. A "string" of the format `date` is a date, else never."""
    if isinstance(types, str):
        types = [types]
    if isinstance(value, str):
        return "string" in types and form != "date"
    if isinstance(value, bool):
        return "boolean" in types
    if isinstance(value, int):
        return "integer" in types or "number" in types
    if isinstance(value, dict):
        return "object" in types
    if isinstance(value, list):
        return "array" in types
    if isinstance(value, Decimal):
        return "number" in types
    return isinstance(value, datetime.date) and "string" in types and form == "date"


@cache
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """A pattern as JSON Schema means it: `$` is the end, also before a line break."""
    return re.compile(pattern.removesuffix("$") + r"\Z" if pattern.endswith("$") else pattern)


def _compile(schema: Any, refs: Refs) -> Check:
    if isinstance(schema, bool):
        return lambda _: schema
    keywords = schema.keys() - _SAYS_NOTHING - _BESIDE_ANOTHER
    checks = [_KEYWORDS[keyword](schema, refs) for keyword in sorted(keywords)]
    return checks[0] if len(checks) == 1 else _all(checks)


def _all(checks: list[Check]) -> Check:
    return lambda value: all(check(value) for check in checks)


def _type(schema: Any, _: Refs) -> Check:
    types, form = schema["type"], schema.get("format")
    return lambda value: is_of_type(value, types, form)


def _enum(schema: Any, _: Refs) -> Check:
    choices = frozenset(schema["enum"])
    return lambda value: isinstance(value, str) and value in choices


def _pattern(schema: Any, _: Refs) -> Check:
    search = compile_pattern(schema["pattern"]).search
    return lambda value: not isinstance(value, str) or search(value) is not None


def _required(schema: Any, _: Refs) -> Check:
    required = frozenset(schema["required"])
    return lambda value: not isinstance(value, dict) or required <= value.keys()


def _properties(schema: Any, refs: Refs) -> Check:
    checks = {key: _compile(part, refs) for key, part in schema["properties"].items()}

    def holds(value: Any) -> bool:
        if isinstance(value, dict):
            for key, item in value.items():
                check = checks.get(key)
                if check is not None and not check(item):
                    return False
        return True

    return holds


def _additional_properties(schema: Any, refs: Refs) -> Check:
    known = schema.get("properties", {}).keys()
    check = _compile(schema["additionalProperties"], refs)
    return lambda value: not isinstance(value, dict) or all(check(value[key]) for key in value.keys() - known)


def _property_names(schema: Any, refs: Refs) -> Check:
    check = _compile(schema["propertyNames"], refs)
    return lambda value: not isinstance(value, dict) or all(map(check, value))


def _dependent_schemas(schema: Any, refs: Refs) -> Check:
    checks = {key: _compile(part, refs) for key, part in schema["dependentSchemas"].items()}
    return lambda value: (
        not isinstance(value, dict) or all(check(value) for key, check in checks.items() if key in value)
    )


def _items(schema: Any, refs: Refs) -> Check:
    check = _compile(schema["items"], refs)
    return lambda value: not isinstance(value, list) or all(map(check, value))


def _unique_items(_schema: Any, _: Refs) -> Check:
    return lambda value: not isinstance(value, list) or len(set(map(repr, value))) == len(value)


def _size(
    keyword: str, kind: type[dict[Any, Any]] | type[list[Any]], fits: Callable[[int, int], bool]
) -> Callable[[Any, Refs], Check]:
    def compiled(schema: Any, _: Refs) -> Check:
        limit = schema[keyword]
        return lambda value: not isinstance(value, kind) or fits(len(value), limit)

    return compiled


def _bound(keyword: str, fits: Callable[[Any, Any], bool]) -> Callable[[Any, Refs], Check]:
    def compiled(schema: Any, _: Refs) -> Check:
        limit = schema[keyword]
        return lambda value: (
            not isinstance(value, (int, Decimal)) or isinstance(value, bool) or fits(value, limit)
        )

    return compiled


def _const(schema: Any, _: Refs) -> Check:
    const: str = schema["const"]
    return lambda value: isinstance(value, str) and value == const


def _if(schema: Any, refs: Refs) -> Check:
    condition = _compile(schema["if"], refs)
    then, otherwise = _compile(schema.get("then", True), refs), _compile(schema.get("else", True), refs)
    return lambda value: then(value) if condition(value) else otherwise(value)


def _all_of(schema: Any, refs: Refs) -> Check:
    return _all([_compile(part, refs) for part in schema["allOf"]])


def _any_of(schema: Any, refs: Refs) -> Check:
    checks = [_compile(part, refs) for part in schema["anyOf"]]
    return lambda value: any(check(value) for check in checks)


def _one_of(schema: Any, refs: Refs) -> Check:
    checks = [_compile(part, refs) for part in schema["oneOf"]]
    return lambda value: sum(check(value) for check in checks) == 1


def _ref(schema: Any, refs: Refs) -> Check:
    name = schema["$ref"]
    return lambda value: refs[name](value)


_KEYWORDS: dict[str, Callable[[Any, Refs], Check]] = {
    "$ref": _ref,
    "additionalProperties": _additional_properties,
    "allOf": _all_of,
    "anyOf": _any_of,
    "const": _const,
    "dependentSchemas": _dependent_schemas,
    "enum": _enum,
    "if": _if,
    "items": _items,
    "maxProperties": _size("maxProperties", dict, lambda size, limit: size <= limit),
    "maximum": _bound("maximum", lambda value, limit: value <= limit),
    "minItems": _size("minItems", list, lambda size, limit: size >= limit),
    "minProperties": _size("minProperties", dict, lambda size, limit: size >= limit),
    "minimum": _bound("minimum", lambda value, limit: value >= limit),
    "oneOf": _one_of,
    "pattern": _pattern,
    "properties": _properties,
    "propertyNames": _property_names,
    "required": _required,
    "type": _type,
    "uniqueItems": _unique_items,
}
