"""The household document: what is read, what is refused, and that the JSON Schema says the same.

`documents/good/*.json` are read. `documents/bad/<name>.json` is refused, and `<name>.txt` is exactly what is
told; RELIEF_UPDATE_GOLDENS=1 writes it; read it before committing.
"""

import decimal
import json
import os
import time
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from engine.decision import BadDocument, decide, encode_json, parse_json, read_household
from engine.decision.json_text import LARGEST
from engine.decision.schema import household_schema
from engine.rulebook import Rulebook, load_rulebook

HERE = Path(__file__).parent
GOOD = sorted((HERE / "documents" / "good").glob("*.json"))
BAD = sorted((HERE / "documents" / "bad").glob("*.json"))
UPDATE = os.environ.get("RELIEF_UPDATE_GOLDENS") == "1"

# What no schema can say about plain data: the codes of problems that only the reader finds.
BEYOND_A_SCHEMA = {"duplicate", "empty-range", "unknown-person"}
# What is no plain data yet, so that there is nothing for a schema to look at.
NOT_DATA = {"broken-json", "duplicate-key", "not-utf8", "too-deep", "too-large"}


@cache
def island() -> Rulebook:
    return load_rulebook(HERE / "rulebook")


@cache
def validator() -> Draft202012Validator:
    schema = household_schema(island())
    Draft202012Validator.check_schema(json.loads(encode_json(schema)))
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def fits_schema(data: Any) -> bool:
    with decimal.localcontext(prec=2_000_000, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN):
        return validator().is_valid(data)


def problems_of(content: bytes) -> BadDocument | None:
    try:
        read_household(island(), parse_json(content))
    except BadDocument as bad:
        return bad
    return None


def test_there_are_enough_documents() -> None:
    assert len(GOOD) >= 15
    assert len(BAD) >= 60
    assert {path.stem for path in BAD} == {path.stem for path in (HERE / "documents" / "bad").glob("*.txt")}


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_good_document_is_read_and_decided_and_fits_the_schema(path: Path) -> None:
    data = parse_json(path.read_bytes())
    assert problems_of(path.read_bytes()) is None
    assert fits_schema(data)
    assert decide(island(), data, on=20240301).household_id == data["household_id"]


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_document_is_refused_as_agreed(path: Path) -> None:
    bad = problems_of(path.read_bytes())
    assert bad is not None
    told, golden = f"{bad}\n", path.with_suffix(".txt")
    if UPDATE:
        golden.write_text(told, "utf-8")
    assert told == golden.read_text("utf-8")


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_the_schema_refuses_the_same_documents(path: Path) -> None:
    bad = problems_of(path.read_bytes())
    assert bad is not None
    codes = {problem.code for problem in bad.problems}
    if codes & NOT_DATA:
        assert codes <= NOT_DATA
        return
    data = parse_json(path.read_bytes())
    assert fits_schema(data) == (codes <= BEYOND_A_SCHEMA)


def test_what_a_schema_cannot_say_is_tried() -> None:
    tried = {p.code for path in BAD for p in getattr(problems_of(path.read_bytes()), "problems", ())}
    assert tried >= BEYOND_A_SCHEMA | (NOT_DATA - {"too-deep", "too-large"})


@pytest.mark.parametrize("opening, closing", [(b"[", b"]"), (b'{"a":', b"}")])
def test_deep_nesting_is_refused(opening: bytes, closing: bytes) -> None:
    nested = opening * 100_000 + b"1" + closing * 100_000
    within = (
        b'{"household_id": "h", "area": "north", "people": [{"person_id": "p"}], "awards": [{"a": %b}]}'
        % nested
    )
    for content in (nested, within):
        bad = problems_of(content)
        assert bad is not None
        assert [problem.code for problem in bad.problems] == ["too-deep"]


@pytest.mark.parametrize("depth", [10, 100, 200, 400, 800, 1_600])
def test_nesting_of_any_depth_is_read_or_refused(depth: int) -> None:
    nested = b'{"a":' * depth + b"1" + b"}" * depth
    within = (
        b'{"household_id": "h", "area": "north", "people": [{"person_id": "p"}], "awards": [%b]}' % nested
    )
    bad = problems_of(within)
    assert bad is None or [problem.code for problem in bad.problems] == ["too-deep"]
    doubled = problems_of(within.replace(b'"people"', b'"area": "north", "people"'))
    assert doubled is not None


def test_a_document_of_ten_megabytes_is_refused() -> None:
    bad = problems_of(b'{"household_id": "' + b"h" * 10_000_000 + b'"}')
    assert bad is not None
    assert [problem.code for problem in bad.problems] == ["too-large"]
    assert LARGEST < 10_000_000


@pytest.mark.parametrize(
    "number", ["1e999999", "1e-999999", "-1e999999", "0e999999", "1." + "0" * 100_000, "9" * 4_000]
)
def test_no_number_takes_long(number: str) -> None:
    content = b'{"household_id": "h", "area": "north", "people": [{"person_id": "p"}], "boats": %b}'
    started = time.perf_counter()
    problems_of(content % number.encode())
    assert time.perf_counter() - started < 0.5


def test_numbers_are_exact() -> None:
    data = parse_json(b'{"a": 0.1, "b": 632.10, "c": 12345678901234567890.123456789012345678901234567890}')
    assert data == {
        "a": Decimal("0.1"),
        "b": Decimal("632.10"),
        "c": Decimal("12345678901234567890.123456789012345678901234567890"),
    }
    assert str(data["b"]) == "632.10"


def test_floats_of_python_callers_are_read_as_written() -> None:
    document = {"household_id": "h", "area": "north", "people": [{"person_id": "p"}]}
    assert 10 in read_household(island(), document | {"savings": 0.1}).facts.inside  # hundredths
    for wrong in (float("nan"), float("inf"), Decimal("NaN"), 0.001):
        with pytest.raises(BadDocument):
            read_household(island(), document | {"savings": wrong})


def test_every_duplicate_is_told_at_its_place() -> None:
    with pytest.raises(BadDocument) as told:
        parse_json(b'{"a": [{"b": 1, "b": 2}, {"b": 1}], "c/d": {"e": 1, "e": 1}, "a2": 1, "a2": 1}')
    assert {problem.pointer for problem in told.value.problems} == {"/a/0/b", "/c~1d/e", "/a2"}
