"""A value of the wrong type in plain words: what is expected, what stands there, how to write it."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import Any

from engine.rulebook.accepts import compile_pattern
from engine.rulebook.broken_yaml import BELOW_BAR

_TYPES = {
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "object": "keys with values",
    "array": "a list",
}
_YES = {"yes", "y", "on", "true", "1"}
_NO = {"no", "n", "off", "false", "0"}


def say_wrong_type(value: Any, schema: dict[str, Any], purpose: str) -> tuple[str, str]:
    """Message and hint for a value that is not of the schema's type; `purpose` is the hint of last resort."""
    types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    expected = schema.get("title") or _TYPES[types[0]]
    return f"this should be {expected}, not {_given(value)}", _hint(value, types, schema) or purpose


def _given(value: Any) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, str):
        return f"the text `{value}`" if len(value) <= 40 and "\n" not in value else "a text"
    if isinstance(value, (int, Decimal)):
        return f"the number {value}"
    if isinstance(value, datetime.date):
        return f"the date {value}"
    return "a list" if isinstance(value, list) else "keys with values"


def _hint(value: Any, types: list[str], schema: dict[str, Any]) -> str:
    if schema.get("format") == "date":
        return _date_hint(value)
    if schema.get("title") == "an expression":
        return _expression_hint(value)
    if types == ["boolean"]:
        word = str(value).lower()
        return "write true" if word in _YES else "write false" if word in _NO else "write true or false"
    if ("number" in types or "integer" in types) and isinstance(value, str):
        bare = value.strip()
        return f"write it without quotes: {bare}" if re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?", bare) else ""
    if "string" in types and not isinstance(value, (dict, list)):
        text = str(value).lower() if isinstance(value, bool) else str(value)
        fits = compile_pattern(schema.get("pattern", "")).search(text)
        return f'put it in quotes: "{text}"' if fits else ""
    if "array" in types and isinstance(value, dict):
        return "begin each item of the list with a dash and a space: `- `"
    if "array" in types:
        return f"a list of one is written [{value}]"
    if isinstance(value, str) and re.match(r"[^\s:：]+[:：]\S", value):
        return "after a key stand a plain colon and a space: `key: value`"
    if isinstance(value, list) and "title" not in schema:
        return "write keys with values here, without `- ` or brackets"
    return ""


def _date_hint(value: Any) -> str:
    digits = re.fullmatch(r"(\d{4})\D?(\d\d?)\D?(\d\d?)\D?", str(value))
    if digits:
        year, month, day = (int(part) for part in digits.groups())
        return f"write {year:04}-{month:02}-{day:02}, without quotes"
    return ""


def _expression_hint(value: Any) -> str:
    if isinstance(value, datetime.date):
        return f'in an expression a date is written date("{value}")'
    opening = "[" if isinstance(value, list) else "{"
    return f"YAML takes a `{opening}` at the beginning for itself; {BELOW_BAR}"
