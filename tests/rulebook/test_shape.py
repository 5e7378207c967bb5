"""The schema check: refuses what it should, where it should, and says it without ever failing itself."""

import copy
import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rulebook_examples import TOLD, documented

from engine.language.problems import Span
from engine.rulebook.misfits import find_misfits
from engine.rulebook.shape import check_shape
from engine.rulebook.source import Mapping, Scalar, Sequence, Tree, plain, read_yaml

EXAMPLES = [(kind, plain(read_yaml("f.yaml", text)[0])) for kind, text in [*documented(), *TOLD]]  # type: ignore
FIRST_OF_EACH = list({kind: (kind, data) for kind, data in reversed(EXAMPLES)}.values())


def tree_of(data: Any, line: int = 1) -> Tree:
    """A tree of plain data, as if it had been read."""
    at = Span("f.yaml", line, 1)
    if isinstance(data, dict):
        return Mapping({key: tree_of(value) for key, value in data.items()}, dict.fromkeys(data, at), at)
    if isinstance(data, list):
        return Sequence(tuple(tree_of(item) for item in data), at)
    return Scalar(data, str(data), at)


def places(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of every value inside plain data."""
    yield path
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in entries:
        yield from places(value, (*path, key))


def put(data: Any, path: tuple[str | int, ...], change: Any) -> Any:
    """A copy of the data with the value at a path replaced by `change(value)`; taken out if that is `...`."""
    if not path:
        return change(data)
    data = copy.deepcopy(data)
    holder = data
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = change(holder[path[-1]])
    if holder[path[-1]] is ...:
        del holder[path[-1]]
    return data


def problems(kind: str, data: Any) -> list[tuple[str, str]]:
    return [(problem.code, problem.message) for problem in check_shape(tree_of(data), kind)]


def with_key(key: str, value: Any) -> Any:
    return lambda mapping: {**mapping, key: value}


# --- every example, with one mistake


@pytest.mark.parametrize(("kind", "data"), EXAMPLES)
def test_a_cite_is_missed_wherever_the_law_decides(kind: str, data: Any) -> None:
    for path in places(data):
        if path and path[-1] == "cite" and path[0] != "concerns":
            found = problems(kind, put(data, path, lambda _: ...))
            row_without_value = kind == "parameter" and "gap" in data["values"][path[1]]
            assert [code for code, _ in found] == ([] if row_without_value else ["missing-cite"]), path


@pytest.mark.parametrize(("kind", "data"), FIRST_OF_EACH)
def test_an_unknown_key_is_refused_in_every_mapping(kind: str, data: Any) -> None:
    for path in places(data):
        found: list[str] = []

        def surprise(value: Any, found: list[str] = found) -> Any:
            if isinstance(value, dict):
                found.append("mapping")
                return {**value, "Überraschung!": "x"}
            return value

        changed = put(data, path, surprise)
        if found:
            assert problems(kind, changed), path


EXPRESSIONS = {"when", "value", "min", "max", "limit"}
IN_PRODUCTION = {"join", "until", "date", "unreported_since"}  # expressions of watch rules and events
DATES = {"from", "until", "published", "issued", "verified_until", "applications_from", "applications_before"}


def fits(kind: str, data: Any, path: tuple[str | int, ...], value: Any) -> bool:
    """Whether an empty value, a fraction or a date may stand at a place."""
    key = path[-1] if path else ""
    if isinstance(value, Decimal):
        if kind == "parameter":
            return "value" in path or key == "each"
        if kind == "feed":
            return key == "always"
        if kind == "ending":
            return "means" in path
        return key in EXPRESSIONS | {"weight"} | (IN_PRODUCTION if kind in ("watch", "event") else set())
    if isinstance(value, datetime.date):
        return key in DATES or path[:1] == ("working_days",) != path or data.get("type") == "date"
    no_values = kind == "parameter" and data["type"].endswith("_list") and key == "value"
    return no_values if value == [] else kind == "lock" and not path


@pytest.mark.parametrize(("kind", "data"), FIRST_OF_EACH)
@pytest.mark.parametrize("wrong", [[], {}, "", Decimal("0.5"), datetime.date(2021, 7, 1)], ids=repr)
def test_no_place_takes_every_kind_of_value(kind: str, data: Any, wrong: Any) -> None:
    for path in places(data):
        if not fits(kind, data, path, wrong):
            assert problems(kind, put(data, path, lambda _: wrong)), path


# --- single mistakes

POLICY = next(data for kind, data in EXAMPLES if kind == "policy")


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        (("effective", "from"), "2021-07-01", "wrong-type"),
        (("title", "zh"), datetime.date(2021, 7, 1), "wrong-type"),
        (("review", "months"), True, "wrong-type"),
        (("review", "months"), Decimal("12.0"), "wrong-type"),
        (("review", "months"), 0, "out-of-range"),
        (("unit",), "Household", "not-a-choice"),
        (("unit",), ["household"], "not-a-choice"),
        (("policy",), "dibao\n", "not-a-name"),
        (("policy",), "dibao_", "not-a-name"),
        (("policy",), "1dibao", "not-a-name"),
        (("eligible", "all", 0, "id"), "a--b", "not-an-id"),
        (("eligible", "all", 0, "cite"), "MF57 art 4(0)", "not-a-citation"),
        (("eligible", "all", 0, "cite"), "MF57 art 4; ", "not-a-citation"),
        (("eligible", "all", 0, "cite"), "local-text-needed art 4", "not-a-citation"),
        (("eligible", "all", 0, "when"), datetime.date(2021, 7, 1), "wrong-type"),
        (("eligible", "all", 0, "when"), " ", "empty-text"),
        (("eligible", "all", 0), {"any": []}, "empty"),
        (("eligible", "all"), {}, "wrong-type"),
        (("eligible",), {}, "empty"),
        (("title",), {"chinese": "低保"}, "not-a-language-code"),
    ],
)
def test_one_mistake_is_one_problem(path: tuple[str | int, ...], value: Any, code: str) -> None:
    assert [found for found, _ in problems("policy", put(POLICY, path, lambda _: value))] == [code]


@pytest.mark.parametrize("cite", ["MF57 art 4(1)", "DIS52 item 3", "A; B art 2; local-text-needed"])
def test_citations(cite: str) -> None:
    assert not problems("policy", put(POLICY, ("pays", "cite"), lambda _: cite))


@pytest.mark.parametrize("name", ["低保", "低保_2", "é_a", "a_1_b", "ئۇيغۇر"])
def test_names_may_have_letters_of_any_script(name: str) -> None:
    assert not problems("policy", put(POLICY, ("policy",), lambda _: name))


@pytest.mark.parametrize("name", ["低保，高", "低 保", "低保（一）", "Dibao", "a__b", "低保。"])
def test_names_have_no_punctuation_and_no_capitals(name: str) -> None:
    assert [code for code, _ in problems("policy", put(POLICY, ("policy",), lambda _: name))] == [
        "not-a-name"
    ]


def test_a_misspelt_key_is_one_problem() -> None:
    misspelt = {("elegible" if key == "eligible" else key): value for key, value in POLICY.items()}
    assert problems("policy", misspelt) == [("unknown-key", "unknown key `elegible`")]


def test_problems_stand_where_the_mistake_is() -> None:
    text = (
        "conflict: a_b\ntitle: {zh: 甲, en: a}\neffective: {from: 2016-01-01, untill: 2017-01-01}\n"
        "between: [a, B]\nsame: person\nstage: higher_of\nkeep: a\n"
    )
    tree, _ = read_yaml("f.yaml", text)
    assert tree is not None
    assert [(problem.code, problem.at) for problem in check_shape(tree, "conflict")] == [
        ("missing-cite", Span("f.yaml", 1, 1, 8)),
        ("unknown-key", Span("f.yaml", 3, 31, 6)),
        ("not-a-name", Span("f.yaml", 4, 14, 1)),
        ("misplaced-key", Span("f.yaml", 7, 1, 4)),
    ]


def test_what_the_reader_reported_is_not_reported_again() -> None:
    tree, reported = read_yaml(
        "f.yaml", "sources:\n  MF57: {title: ~, issued: 2026-02-30, seen: yes, number: 012}\n"
    )
    assert tree is not None
    assert len(reported) == 4
    assert check_shape(tree, "sources") == []


# --- the quick check and jsonschema say the same

PIECES = [
    True,
    0,
    1,
    -1,
    Decimal("2.50"),
    "",
    "x",
    "X Y",
    "MF57 art 1",
    datetime.date(2021, 7, 1),
    [],
    {},
]
KEYS = ["x", "when", "cite", "all", "any", "gap", "value", "type", "keep", "limit", "Bad Key", "zh"]


@st.composite
def changed_documents(draw: st.DrawFn) -> tuple[str, Any]:
    kind, data = draw(st.sampled_from(EXAMPLES))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(places(data))))
        piece = draw(st.sampled_from(PIECES))
        change = draw(st.sampled_from(["replace", "remove", "add", "copy"]))
        if change == "replace":
            data = put(data, path, lambda _, piece=piece: piece)
        elif change == "remove" and path:
            data = put(data, path, lambda _: ...)
        elif change == "copy":
            other = draw(st.sampled_from(list(places(data))))
            value = data
            for step in other:
                value = value[step]
            data = put(data, path, lambda _, value=value: copy.deepcopy(value))
        else:
            key = draw(st.sampled_from(KEYS))

            def add(value: Any, key: str = key, piece: Any = piece) -> Any:
                if isinstance(value, dict):
                    return {**value, key: piece}
                return [*value, piece] if isinstance(value, list) else value

            data = put(data, path, add)
    return kind, data


@settings(max_examples=300, deadline=None)
@given(changed_documents())
def test_the_quick_check_refuses_what_jsonschema_refuses(document: tuple[str, Any]) -> None:
    kind, data = document
    tree = tree_of(data)
    found = find_misfits(tree, kind)
    assert check_shape(tree, kind) == found
    for problem in found:
        assert problem.code and problem.message and problem.hint
