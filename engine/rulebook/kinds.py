"""The kinds of documents that a rulebook is made of, and the schema of each."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

KINDS = (
    "rulebook",
    "facts",
    "sources",
    "areas",
    "definition",
    "parameter",
    "policy",
    "conflict",
    "scoring",
    "watch",
    "event",
    "ending",
    "procedure",
    "calendar",
    "feed",
    "inspection",
    "letters",
    "lock",
)

_SCHEMAS = Path(__file__).parents[2] / "schemas"
_FIRST_LINE = re.compile(r"# yaml-language-server: \$schema=(?:\S*/)?([a-z]+)\.schema\.json\s*(?:\n|\Z)")


@cache
def schema_of(kind: str) -> dict[str, Any]:
    """The JSON Schema of a kind of document."""
    schema: dict[str, Any] = json.loads((_SCHEMAS / f"{kind}.schema.json").read_text("utf-8"))
    return schema


def kind_of(text: str) -> str | None:
    """The kind of document that the first line of a file names, if it names one."""
    match = _FIRST_LINE.match(text)
    return match[1] if match and match[1] in KINDS else None
