"""The schemas: they accept the documents of docs/rulebook.md, refuse others, and mean the same to editors."""

import datetime
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from rulebook_examples import TOLD, documented

from engine.language.problems import render
from engine.rulebook.accepts import compile_check
from engine.rulebook.kinds import KINDS, kind_of, schema_of
from engine.rulebook.shape import check_shape
from engine.rulebook.source import plain, read_yaml

SCHEMAS = Path(__file__).parents[2] / "schemas"
EXAMPLES = [*documented(), *TOLD]


def as_json(value: Any) -> Any:
    """What an editor's YAML reader sees."""
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, datetime.date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


def parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Every mapping inside a schema."""
    if isinstance(schema, dict):
        yield schema
        for part in schema.values():
            yield from parts(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from parts(part)


def test_there_are_examples_of_every_kind() -> None:
    assert {kind for kind, _ in EXAMPLES} == set(KINDS)


@pytest.mark.parametrize(("kind", "text"), EXAMPLES)
def test_right_documents_are_accepted(kind: str, text: str) -> None:
    tree, problems = read_yaml("f.yaml", text)
    assert tree is not None and not problems, render(problems, {"f.yaml": text})
    problems = check_shape(tree, kind)
    assert not problems, render(problems, {"f.yaml": text})
    editor = Draft202012Validator(schema_of(kind), format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert not [error.message for error in editor.iter_errors(as_json(plain(tree)))]


@pytest.mark.parametrize(("kind", "text"), EXAMPLES)
def test_a_document_of_one_kind_is_none_of_another(kind: str, text: str) -> None:
    tree, _ = read_yaml("f.yaml", text)
    assert tree is not None
    assert [other for other in KINDS if not check_shape(tree, other)] == [kind]


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_a_schema_and_says_which(kind: str) -> None:
    schema = schema_of(kind)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"https://smart-relief.example/schemas/v1/{kind}.schema.json"
    assert compile_check(schema)(None) is False


@pytest.mark.parametrize("kind", KINDS)
def test_every_mapping_says_which_keys_it_takes(kind: str) -> None:
    conditions = [part["if"] for part in parts(schema_of(kind)) if "if" in part]
    for part in parts(schema_of(kind)):
        if part.get("type") == "object" and part not in conditions and "else" not in part:
            assert "additionalProperties" in part, part
            assert part["additionalProperties"] is False or "propertyNames" in part, part


@pytest.mark.parametrize("kind", KINDS)
def test_an_editor_shows_what_each_key_is_in_chinese_and_english(kind: str) -> None:
    schema = schema_of(kind)
    described = [schema, *(part for part in schema.get("$defs", {}).values())]
    for part in parts(schema):
        for key, value in part.get("properties", {}).items():
            if isinstance(value, dict) and "const" not in value and "description" in value:
                described.append(value)
            elif isinstance(value, dict):
                assert not value.keys() & {"type", "enum"}, key
    for part in described:
        chinese, english = part["description"].split("\n\n")
        assert any("\u4e00" <= character <= "\u9fff" for character in chinese), part
        assert english.isascii() or "…" in english, part
        assert english.endswith("."), part


def test_what_has_one_name_in_several_schemas_is_the_same() -> None:
    """Each schema holds all it needs, so that an editor needs no second file; copies may not drift apart."""
    first: dict[str, Any] = {}
    for kind in KINDS:
        for name, part in schema_of(kind).get("$defs", {}).items():
            assert first.setdefault(name, part) == part, f"{name} of {kind}"


def test_keys_that_replace_each_other_are_said_in_the_one_way_that_the_messages_know() -> None:
    for kind in KINDS:
        for part in parts(schema_of(kind)):
            if "oneOf" in part:
                assert [list(branch) for branch in part["oneOf"]] == [["required"], ["required"]]
            if "anyOf" in part:
                assert part not in list(parts({"then": part.get("then")}))
                assert all(list(branch) == ["required"] for branch in part["anyOf"])


def test_a_keyword_that_is_not_known_is_an_error() -> None:
    with pytest.raises(KeyError, match="multipleOf"):
        compile_check({"properties": {"a": {"multipleOf": 2}}})


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("# yaml-language-server: $schema=../../schemas/policy.schema.json\npolicy: a\n", "policy"),
        ("# yaml-language-server: $schema=lock.schema.json", "lock"),
        ("# yaml-language-server: $schema=../schemas/other.schema.json\n", None),
        ("policy: dibao\n# yaml-language-server: $schema=../schemas/policy.schema.json\n", None),
        ("", None),
    ],
)
def test_the_first_line_names_the_kind(line: str, kind: str | None) -> None:
    assert kind_of(line) == kind


def test_schemas_are_written_as_a_person_would_read_them() -> None:
    for kind in KINDS:
        text = (SCHEMAS / f"{kind}.schema.json").read_text("utf-8")
        assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=2) + "\n"
