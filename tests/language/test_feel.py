"""FEEL means here what DMN 1.5 says: hundreds of cases, read from feel/*.txt, one a line.

Every case goes through `relief eval`'s reading. Those that the checker accepts go through compiled rules and
the lazy reading as well, so that a rule cannot mean anything else. A new case is a new line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.language.check import check_expression
from engine.language.compile import Computed, Program, compile_program
from engine.language.expression import evaluate
from engine.language.interpret import Interpreter
from engine.language.problems import Problems
from engine.language.scope import Scope, Symbol
from engine.language.syntax import plain_source
from engine.language.types import BOOLEAN, NO_UNIT, TEXT, List, Number, Ratio, Type, plain_quotient, to_plain

CASES = Path(__file__).with_name("feel")
Case = tuple[str, str, dict[str, Any], Any]


def cases() -> Iterator[Case]:
    for file in sorted(CASES.glob("*.txt")):
        context: dict[str, Any] = {}
        for line in file.read_text("utf-8").splitlines():
            if line.startswith("context: "):
                context = json.loads(line.removeprefix("context: "), parse_float=Decimal)
            elif line.strip() and not line.startswith("#"):
                expression, _, value = line.rpartition(" => ")
                yield file.stem, expression, context, json.loads(value, parse_float=Decimal)


ALL = list(cases())


@pytest.mark.parametrize(
    ("area", "expression", "context", "value"), ALL, ids=[f"{c[0]}: {c[1]}" for c in ALL]
)
def test_feel(area: str, expression: str, context: dict[str, Any], value: Any) -> None:
    assert same(evaluate(expression, context), value)


def test_rules_mean_the_same() -> None:
    accepted = 0
    for _, expression, context, value in ALL:
        readings = as_rule(expression, context)
        accepted += readings is not None
        for reading in readings or ():
            assert same(reading, value), f"{expression}: {reading!r}, and FEEL says {value!r}"
    assert accepted > 250, f"only {accepted} of {len(ALL)} cases are rules"


def same(found: Any, expected: Any) -> bool:
    """Equal, and a truth is never a number."""
    if isinstance(expected, list):
        return isinstance(found, list) and len(found) == len(expected) and all(map(same, found, expected))
    if isinstance(expected, dict):
        return (
            isinstance(found, dict)
            and list(found) == list(expected)
            and all(map(same, found.values(), expected.values()))
        )
    return bool(found == expected) and isinstance(found, bool) == isinstance(expected, bool)


def as_rule(expression: str, context: Mapping[str, Any]) -> tuple[Any, Any] | None:
    """The value by the compiled and by the lazy reading, or None when it is not a rule."""
    types = {name: of for name, value in context.items() if (of := type_of(value)) is not None}
    names = {name: Symbol(name, "fact", of) for name, of in types.items()}
    node, _ = check_expression(plain_source(expression), Scope(names))
    if node is None:
        return None
    program = Program(tuple(names), (), {}, (), (Computed("value", "household", node),))
    inputs = [inside(context[name], of) for name, of in types.items()]
    values, _ = compile_program(program).run(inputs, [], [], 20260101)
    lazy = Interpreter(program, inputs, [], [], 20260101).named("value")
    if isinstance(node.type, Ratio) and lazy is not None:
        return to_plain(values[0], node.type), plain_quotient(lazy)
    return to_plain(values[0], node.type), to_plain(lazy, node.type)


def type_of(value: Any) -> Type | None:
    """A fact's type for a JSON value; None for what no fact can be."""
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, int):
        return Number(0, NO_UNIT, 1, 10_000)
    if isinstance(value, Decimal):
        return Number(2, NO_UNIT, 1, 1_000_000)
    if isinstance(value, str):
        return TEXT
    if isinstance(value, list) and value:
        item = type_of(next((one for one in value if one is not None), None))
        return List(item, 10) if item is not None else None
    return None


def inside(value: Any, of: Type) -> Any:
    if isinstance(of, List):
        return [inside(one, of.item) for one in value], []
    return int(value * 10**of.decimals) if isinstance(of, Number) and value is not None else value


@pytest.mark.parametrize(
    "expression",
    [
        "1 +",
        "(1",
        "[1, 2",
        "if true then 1",
        "1 == 1",
        "for i in [1] i",
        "some x in [1]",
        "'a'",
        '"a',
        "1 2",
        "",
        "and",
    ],
)
def test_what_is_not_feel_is_a_syntax_error(expression: str) -> None:
    with pytest.raises(Problems) as caught:
        evaluate(expression, {})
    assert [problem.code for problem in caught.value.problems] == ["syntax"]


def test_an_unknown_name_is_an_error_with_the_nearest_one() -> None:
    with pytest.raises(Problems) as caught:
        evaluate("incme + 1", {"income": 5})
    (problem,) = caught.value.problems
    assert (problem.code, problem.at.column, problem.hint) == ("unknown-name", 1, "did you mean `income`?")


def test_an_unknown_function_is_an_error_with_the_nearest_one() -> None:
    with pytest.raises(Problems) as caught:
        evaluate("1 + cnt([1])", {})
    (problem,) = caught.value.problems
    assert (problem.code, problem.at.column, problem.hint) == ("unknown-function", 5, "did you mean `count`?")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal("NaN"), {1, 2}, object()])
def test_what_is_not_json_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="`x`"):
        evaluate("x", {"x": value})


@pytest.mark.parametrize(
    "expression", ["+".join(["1"] * 5000), "(" * 100 + "1" + ")" * 100, "not(" * 80 + "true" + ")" * 80]
)
def test_what_is_too_deep_is_refused(expression: str) -> None:
    with pytest.raises(Problems) as caught:
        evaluate(expression, {})
    assert caught.value.problems[0].code == "too-deep"


def test_a_loop_has_an_end() -> None:
    with pytest.raises(Problems) as caught:
        evaluate("for i in 1..1000, j in 1..1000 return i", {})
    assert caught.value.problems[0].code == "too-long"
    assert evaluate("for i in 1..1000000000 return i", {}) is None
    assert evaluate("9 ** (9 ** 9)", {}) is None
