"""Every problem that the language and the rulebook can report has a golden case."""

import ast
import re
from collections.abc import Iterator

from rulebooks import HERE, ROOT, codes

from engine.language.phrases.problems_zh import PROBLEMS
from engine.rulebook.kinds import KINDS, schema_of

# Where the code stands among the arguments of the calls that report a problem.
PLACES = {"Problem": 1, "problem": 1, "add": 1, "fail": 1, "Misread": 0}


def reported(source: str) -> Iterator[str]:
    """The codes that a module names."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            place = PLACES.get(called, len(node.args))
            found = node.args[place] if place < len(node.args) else None
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple) and len(node.value.elts) == 3:
            found = node.value.elts[0]  # code, message and hint
        else:
            continue
        if isinstance(found, ast.Constant) and re.fullmatch("[a-z]+(-[a-z0-9]+)*", str(found.value)):
            yield found.value


def of_patterns(schema: object) -> Iterator[str]:
    """The codes made of the titles of texts that have to match a pattern: `a name` -> `not-a-name`."""
    if isinstance(schema, dict):
        pattern, title = schema.get("pattern", "\\S"), schema.get("title")
        if pattern != "\\S" and isinstance(title, str):
            yield "not-" + title.lower().replace(" ", "-")
        for part in schema.values():
            yield from of_patterns(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from of_patterns(part)


def told_in_cases() -> set[str]:
    return {code for golden in HERE.glob("*/*.txt") for code in codes(golden.read_text("utf-8"))}


def test_every_code_has_a_case() -> None:
    sources = [path for part in ("language", "rulebook") for path in (ROOT / "engine" / part).glob("*.py")]
    named = {code for path in sources for code in reported(path.read_text("utf-8"))}
    assert {"unknown-name", "tab", "not-a-boolean", "unread", "cut-by-comma"} <= named
    assert named - told_in_cases() == set()


def test_every_text_with_a_pattern_has_a_case() -> None:
    named = set(of_patterns([schema_of(kind) for kind in KINDS]))
    assert {"not-a-name", "not-a-citation"} <= named
    assert named - told_in_cases() == set()


def test_the_scan_sees_a_code_that_has_no_case() -> None:
    source = 'report.add(at, "never-seen", "…")\nself.fail(at, "other", "…")'
    assert list(reported(source)) == ["never-seen", "other"]


def test_every_code_says_in_chinese_what_it_means_and_no_other() -> None:
    documents = (ROOT / "tests" / "decision" / "documents" / "bad").glob("*.txt")
    told = told_in_cases() | {code for golden in documents for code in codes(golden.read_text("utf-8"))}
    of_decisions = {"cannot-explain", "other-rulebook"}  # told of a decision that is explained again
    of_people = {"reserved", "too-deep", "too-large"}  # written so long that no file of theirs is kept
    assert told - PROBLEMS.keys() == set()
    assert PROBLEMS.keys() - told <= of_decisions | of_people
    assert all(meaning.endswith("。") for meaning in PROBLEMS.values())
