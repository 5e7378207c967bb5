"""The checked-in schemas are the ones that are made now, and every worked case fits them."""

import datetime
import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from engine.decision import decide, encode_json, parse_json
from engine.decision.schema import decision_schema, household_schema
from engine.rulebook import Rulebook, load_rulebook
from engine.rulebook.source import plain, read_yaml_file

ROOT = Path(__file__).parents[2]
CASES = sorted((ROOT / "features" / "households").glob("*.yaml"))
DAYS = (20200601, 20251015, 20260215, 20260615, 20260715)


@cache
def shipped() -> Rulebook:
    return load_rulebook(ROOT / "policies")


@cache
def checked_in(name: str) -> Draft202012Validator:
    schema = parse_json((ROOT / "schemas" / f"{name}.schema.json").read_bytes())
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def written(schema: Any) -> str:
    return msgspec.json.format(encode_json(schema), indent=2).decode() + "\n"


def test_the_household_schema_is_current() -> None:
    """`make schemas` writes it."""
    there = (ROOT / "schemas" / "household.schema.json").read_text("utf-8")
    assert there == written(household_schema(shipped()))


def test_the_decision_schema_is_current() -> None:
    """`make schemas` writes it."""
    assert (ROOT / "schemas" / "decision.schema.json").read_text("utf-8") == written(decision_schema())


@pytest.mark.parametrize("name", ["household", "decision"])
def test_they_are_schemas(name: str) -> None:
    schema = json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)


def as_json(document: Any) -> Any:
    """A document from YAML as it is in JSON: dates are texts."""
    if isinstance(document, dict):
        return {key: as_json(value) for key, value in document.items()}
    if isinstance(document, list):
        return [as_json(one) for one in document]
    return document.isoformat() if isinstance(document, datetime.date) else document


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_every_worked_case_fits(case: Path) -> None:
    text, tree, problems = read_yaml_file(case, case.name)
    assert tree is not None and not problems, text
    document = as_json(plain(tree))
    assert not list(checked_in("household").iter_errors(document))
    for day in DAYS:
        decision = parse_json(encode_json(decide(shipped(), document, on=day)))
        assert not list(checked_in("decision").iter_errors(decision))


def test_the_decision_schema_refuses_what_is_no_decision() -> None:
    document = parse_json((ROOT / "samples" / "household.json").read_bytes())
    decision = parse_json(encode_json(decide(shipped(), document, on=20251015)))
    valid = checked_in("decision").is_valid
    assert valid(decision)
    assert not valid({key: value for key, value in decision.items() if key != "decision_id"})
    assert not valid(decision | {"further": 1})
    assert not valid(decision | {"policies": {"dibao": {"version": None, "findings": [{"subject": 1}]}}})
    assert not valid(decision | {"score": Decimal("5")})
