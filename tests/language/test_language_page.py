"""Everything that docs/language.md and its Chinese sister show is true: each block is run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from engine.language.check import check_expression
from engine.language.expression import evaluate
from engine.language.syntax import plain_source
from engine.rulebook import Rulebook, load_rulebook

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("language.md", "language.zh-CN.md")
VELLANA = ROOT / "tests" / "rulebooks" / "vellana"


@cache
def vellana() -> Rulebook:
    return load_rulebook(VELLANA)


def blocks(page: str, kind: str) -> Iterator[tuple[str, str]]:
    """What stands behind the kind of a block, and its text."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    for found in re.finditer(rf"^```{kind}\b *(.*?)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield found.group(1), found.group(2)


def shown(page: str) -> Iterator[tuple[str, dict[str, Any], Any]]:
    for _, text in blocks(page, "feel"):
        context: dict[str, Any] = {}
        for line in text.splitlines():
            if line.startswith("context: "):
                context = json.loads(line.removeprefix("context: "), parse_float=Decimal)
                continue
            expression, _, value = line.rpartition(" => ")
            yield expression, context, json.loads(value, parse_float=Decimal)


EXAMPLES = [example for page in PAGES for example in shown(page)]
RULES = [
    (kind, *line.partition(" => refused: ")[::2])
    for kind, text in blocks("language.md", "rule")
    for line in text.splitlines()
]
SNIPPETS = [text for _, text in blocks("language.md", "yaml")]


@pytest.mark.parametrize(("expression", "context", "value"), EXAMPLES, ids=[one[0] for one in EXAMPLES])
def test_an_example_has_the_value_shown(expression: str, context: dict[str, Any], value: Any) -> None:
    found = evaluate(expression, context)
    assert (found, type(found) is bool) == (value, type(value) is bool)


@pytest.mark.parametrize(("kind", "expression", "code"), RULES, ids=[one[1] for one in RULES])
def test_a_rule_is_accepted_or_refused_as_said(kind: str, expression: str, code: str) -> None:
    scope = replace(vellana().scope, person=kind == "person")
    node, problems = check_expression(plain_source(expression), scope)
    assert [problem.code for problem in problems] == ([code] if code else [])
    assert (node is None) is bool(code)


@pytest.mark.parametrize("snippet", SNIPPETS, ids=[one.splitlines()[0] for one in SNIPPETS])
def test_a_snippet_stands_in_its_file(snippet: str) -> None:
    first, _, rest = snippet.partition("\n")
    assert rest in (VELLANA / first.removeprefix("# ")).read_text("utf-8")


def test_each_of_the_eight_points_has_an_example() -> None:
    page = (ROOT / "docs" / "language.md").read_text("utf-8")
    sections = re.split(r"^## ", page, flags=re.MULTILINE)
    for number in range(1, 9):
        (section,) = [one for one in sections if one.startswith(f"{number}. ")]
        assert re.search(r"^```(feel|rule|yaml)", section, re.MULTILINE), f"point {number} has no example"


def test_every_function_is_on_the_page() -> None:
    from engine.language.calls import FUNCTIONS

    page = (ROOT / "docs" / "language.md").read_text("utf-8")
    assert not [name for name in FUNCTIONS if f"`{name}" not in page]
