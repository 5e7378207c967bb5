"""`relief schema`: the JSON Schema of a household document or a decision."""

from __future__ import annotations

from pathlib import Path

import msgspec
import typer

from cli.rulebooks import open_rulebook
from engine.decision import encode_json
from engine.decision.schema import decision_schema, household_schema


def run(kind: str, policies: Path | None) -> None:
    schema = household_schema(open_rulebook(policies)) if kind == "household" else decision_schema()
    typer.echo(msgspec.json.format(encode_json(schema), indent=2).decode())
