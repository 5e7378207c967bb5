"""Reading YAML strictly: values, positions, and no text that breaks the reader."""

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.language.problems import Problem, Span, render
from engine.rulebook.characters import check_characters
from engine.rulebook.plain_text import MISSING, read_plain
from engine.rulebook.source import (
    LARGEST,
    Mapping,
    Scalar,
    Sequence,
    Tree,
    at,
    find,
    key_at,
    plain,
    read_yaml,
    read_yaml_file,
)


def read(text: str) -> Any:
    """The values of a text without problems."""
    tree, problems = read_yaml("f.yaml", text)
    assert not problems, render(problems, {"f.yaml": text})
    assert tree is not None
    return plain(tree)


def codes(text: str) -> list[str]:
    return [problem.code for problem in read_yaml("f.yaml", text)[1]]


def scalar(text: str, *path: str | int) -> Scalar:
    tree, problems = read_yaml("f.yaml", text)
    assert tree is not None and not problems, problems
    found = find(tree, path)
    assert isinstance(found, Scalar)
    return found


def source_at(text: str, span: Span) -> str:
    """What stands in a text at a span."""
    line = text.split("\n")[span.line - 1]
    assert span.column - 1 + span.length <= max(len(line), span.column), (span, line)
    return line[span.column - 1 : span.column - 1 + span.length]


# --- values


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("632", 632),
        ("-5", -5),
        ("0", 0),
        ("true", True),
        ("false", False),
        ("2024-02-29", datetime.date(2024, 2, 29)),
        ('"632.10"', "632.10"),
        ("'true'", "true"),
        ('"2024-02-29"', "2024-02-29"),
        ("yes or no", "yes or no"),
        ("2021年", "2021年"),
        ("24 * dibao_standard", "24 * dibao_standard"),
        ("-income", "-income"),
        ("1:1 ratio", "1:1 ratio"),
        ("2021-07-01 to 2022-07-01", "2021-07-01 to 2022-07-01"),
    ],
)
def test_what_a_text_without_quotes_means(written: str, value: object) -> None:
    read_value = read(f"a: {written}")["a"]
    assert read_value == value
    assert type(read_value) is type(value)


def test_numbers_keep_their_decimals() -> None:
    value = read("a: 632.10")["a"]
    assert isinstance(value, Decimal)
    assert str(value) == "632.10"


def test_a_scalar_knows_its_text_besides_its_value() -> None:
    assert scalar("when: true", "when").text == "true"
    assert scalar("value: 632.10", "value").text == "632.10"


def test_rows_of_a_size_table_may_be_whole_numbers() -> None:
    assert read("value: {1: 400, 2: 700, 10: 900}") == {"value": {"1": 400, "2": 700, "10": 900}}


@pytest.mark.parametrize(
    ("written", "code"),
    [
        *[
            (text, "not-a-number")
            for text in ("012", "-012", "00", "1_000", "12:30", "1:30:45", "1e3", "1E-3")
        ],
        *[
            (text, "not-a-number")
            for text in (".5", "-.5", "+5", "5.", "0x1F", "0o17", "0b11", ".inf", "-.INF")
        ],
        *[
            (text, "not-a-number")
            for text in (".nan", "1,000", "1，000.50", "1 000", "６３２", "-0", "-0.00")
        ],
        ("9" * 31, "not-a-number"),
        *[(text, "not-a-boolean") for text in ("yes", "No", "ON", "off", "True", "FALSE")],
        *[(text, "missing-value") for text in ("", "~", "null", "NULL")],
        *[(text, "no-such-date") for text in ("2026-02-30", "2023-02-29", "2026-13-01", "0000-01-01")],
        *[(text, "not-a-date") for text in ("2026-2-3", "2026/02/03", "2026.02.03", "2026-02-03T10:00:00")],
        ("!!str 1", "tag"),
        ("!x", "tag"),
        ("&x 1", "anchor"),
        ("*x", "alias"),
        ('"\\u0007"', "control-character"),
        ('"\\u202e"', "invisible-character"),
    ],
)
def test_what_is_refused(written: str, code: str) -> None:
    assert codes(f"a: {written}") == [code]
    assert codes(f"- {written}") == [code]
    assert codes(f"b: {{a: {written} }}") == (["cut-by-comma"] if "," in written else [code])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty-file"),
        ("# only a comment\n", "empty-file"),
        ("--- \n", "empty-file"),
        ("null\n", "empty-file"),
        ("a: 1\na: 2\n", "duplicate-key"),
        ("a: 1\n'a': 2\n", "duplicate-key"),
        ("yes: 1\n", "not-a-boolean"),
        ("true: 1\n", "key-not-text"),
        ("1.5: 1\n", "key-not-text"),
        ("2021-01-01: 1\n", "key-not-text"),
        ("? [a]\n: 1\n", "key-not-text"),
        ("'': 1\n", "key-not-text"),
        ("<<: 1\n", "merge-key"),
        ("\u00a0a: 1\n", "odd-space"),
        ("a:\tb\n", "tab"),
        ("a: b\x00\n", "control-character"),
        ("a: b\rc: d\n", "control-character"),
        ("a: b\u2028\n", "control-character"),
        ("a: \u200bb\n", "invisible-character"),
        ("a: 1\n\ufeffb: 1\n", "invisible-character"),
        ("a: 1\n---\nb: 2\n", "many-documents"),
        ("a: [1\n", "broken-yaml"),
        ("a: {when: x in (1, 2), b: c}\n", "cut-by-comma"),
        ('a: {when: x in ("p", "q"), b: c}\n', "cut-by-comma"),
        ("a: {value: [x[1], 2]}\n", "broken-yaml"),
        ("a: {value: x in [1, 2]}\n", "cut-by-comma"),
        ("a: {zh: b, c, en: d}\n", "cut-by-comma"),
        ("a: {b: [c], d, e: f}\n", "missing-value"),
        ("a: {b: , c: d}\n", "missing-value"),
        ("[" * 41 + "]" * 41, "too-deep"),
    ],
)
def test_which_files_are_refused(text: str, code: str) -> None:
    assert codes(text) == [code]


def test_forty_levels_are_not_too_deep() -> None:
    assert codes("[" * 40 + "a" + "]" * 40) == []


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_the_deepest_nesting_is_refused_quickly(opening: str) -> None:
    """libyaml's own composer ends the process on this one."""
    tree, problems = read_yaml("f.yaml", opening * 200_000)
    assert tree is None
    assert problems


def test_every_problem_of_a_file_is_found_in_one_run() -> None:
    text = "a: 012\nb: yes\nc: ~\na: 1\nd: 2026-02-30\ne: &x 1\nf: *x\ng: {when: p in (1, 2, no), h: 1_0}\n"
    assert codes(text) == [
        *["not-a-number", "not-a-boolean", "missing-value", "duplicate-key", "no-such-date"],
        *["anchor", "alias", "cut-by-comma", "not-a-number"],
    ]


def test_what_could_not_be_read_is_broken_and_the_rest_stands() -> None:
    tree, _ = read_yaml("f.yaml", "a: 012\nb: fine\n")
    assert isinstance(tree, Mapping)
    assert [find(tree, [key]) for key in tree.entries] == [
        Scalar("012", "012", Span("f.yaml", 1, 4, 3), broken=True),
        Scalar("fine", "fine", Span("f.yaml", 2, 4, 4)),
    ]


# --- files


def test_a_file_is_read_with_the_name_it_is_shown_as(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes("\ufeff城市: 012\r\n".encode())
    text, tree, problems = read_yaml_file(tmp_path / "a.yaml", "policies/a.yaml")
    assert text == "城市: 012\r\n"
    assert isinstance(tree, Mapping)
    assert [problem.at for problem in problems] == [Span("policies/a.yaml", 1, 5, 3)]


@pytest.mark.parametrize("encoding", ["gbk", "utf-16"])
def test_another_encoding_is_named_with_its_place(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.yaml").write_bytes("a: 1\nb: 城市\n".encode(encoding))
    _, tree, problems = read_yaml_file(tmp_path / "a.yaml", "a.yaml")
    assert tree is None
    place = Span("a.yaml", 2, 4) if encoding == "gbk" else Span("a.yaml", 1, 1)
    assert [(problem.code, problem.at) for problem in problems] == [("not-utf8", place)]


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("#" * (LARGEST + 1))
    assert [problem.code for problem in read_yaml_file(tmp_path / "a.yaml", "a.yaml")[2]] == ["too-large"]
    assert codes("家" * LARGEST) == ["too-large"]


# --- positions

PLACES = """\
title: {zh: 名称, "en": name}
list:
  - first
  - deep:
      - 632.10
"""


def test_where_values_and_keys_stand() -> None:
    tree, _ = read_yaml("f.yaml", PLACES)
    assert tree is not None
    for path, written in [
        (["title", "zh"], "名称"),
        (["title", "en"], "name"),
        (["list", 0], "first"),
        (["list", 1, "deep", 0], "632.10"),
    ]:
        assert source_at(PLACES, at(tree, path)) == written
    for path, written in [(["title"], "title"), (["title", "en"], '"en"'), (["list", 1, "deep"], "deep")]:
        assert source_at(PLACES, key_at(tree, path)) == written
    assert key_at(tree, ["list", 0]) == at(tree, ["list", 0])
    assert key_at(tree, []) == Span("f.yaml", 1, 1, 5)
    assert isinstance(find(tree, ["list"]), Sequence)


BLOCKS = """\
when: a and
  b or
    c

  d
literal: |  # why
  if x
    then y

  else z
folded: >-
  some p
  in people

    more
  satisfies q
quoted: "a \\"b\\" \\
  c\\u4e2d d
  e"
single: 'it''s
  so'
indented: |2
    x
"""


@pytest.mark.parametrize(
    ("key", "part", "line", "column", "length"),
    [
        ("when", "a and", 1, 7, 5),
        ("when", "and b or", 1, 9, 3),
        ("when", "c", 3, 5, 1),
        ("when", "\n", 3, 6, 1),
        ("when", "d", 5, 3, 1),
        ("literal", "if x", 7, 3, 4),
        ("literal", "  then", 8, 3, 6),
        ("literal", "\n\n", 8, 11, 1),
        ("literal", "else z", 10, 3, 6),
        ("folded", "some p", 12, 3, 6),
        ("folded", "in people", 13, 3, 9),
        ("folded", "  more", 15, 3, 6),
        ("folded", "satisfies q", 16, 3, 11),
        ("quoted", '"b"', 17, 12, 5),
        ("quoted", "c", 18, 3, 1),
        ("quoted", "中", 18, 4, 6),
        ("quoted", "e", 19, 3, 1),
        ("single", "'s", 20, 12, 3),
        ("single", "so", 21, 3, 2),
        ("indented", "  x", 23, 3, 3),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_part_of_a_text_is_found_in_the_file(
    key: str, part: str, line: int, column: int, length: int, line_end: str
) -> None:
    found = scalar(BLOCKS.replace("\n", line_end), key)
    assert found.span(found.text.rindex(part), len(part)) == Span("f.yaml", line, column, length)


@pytest.mark.parametrize(("key", "line", "column"), [("when", 5, 4), ("literal", 10, 9), ("folded", 16, 14)])
def test_the_end_of_a_text_is_after_its_last_character(key: str, line: int, column: int) -> None:
    found = scalar(BLOCKS, key)
    assert found.span(len(found.text)) == Span("f.yaml", line, column, 1)


# --- any text

WORD = st.text("ab家 '\"\\:#-é\U0001f600{}[],&*!|>%@`", min_size=1, max_size=12)
LINES = st.lists(st.one_of(WORD, st.just(""), WORD.map("  {}".format)), min_size=1, max_size=6).map("\n".join)
STYLES = st.sampled_from([None, "'", '"', "|", ">"])


@settings(max_examples=400)
@given(LINES, STYLES, st.sampled_from(["\n", "\r\n"]), st.booleans())
@example("a\n\n\n  b\nc\n", ">", "\n", True)
def test_a_text_comes_back_and_each_character_is_found(
    text: str, style: str | None, line_end: str, in_list: bool
) -> None:
    document: Any = {"a": {"b": [text, text]}} if in_list else {"a": {"b": text}}
    source = yaml.safe_dump(document, default_style=style, width=16, allow_unicode=True)
    source = source.replace("\n", line_end)
    found = scalar(source, "a", "b", 1) if in_list else scalar(source, "a", "b")
    if found.style or found.value == text:  # a plain text may mean a number or the like
        assert found.text == text
    for i, character in enumerate(found.text):
        written = source_at(source, found.span(i))
        if character in " \n" and len(written) < 2:  # may be a line end, and escaped
            assert written.strip() in ("", "\\")
        elif found.style == '"' and written.startswith("\\"):
            assert yaml.safe_load(f'"{written}"') == character
        elif found.style == "'" and character == "'":
            assert written == "''"
        else:
            assert written == character


TREES = st.recursive(
    st.one_of(st.booleans(), st.integers(-(10**29), 10**29), st.dates(), LINES),
    lambda part: st.one_of(
        st.lists(part, min_size=1, max_size=4),
        st.dictionaries(st.text("abc家", min_size=1, max_size=3), part, min_size=1, max_size=4),
    ),
    max_leaves=12,
)


def _unreadable(value: Any) -> bool:
    """Whether a tree has a text that PyYAML writes without quotes and this reader refuses."""
    if isinstance(value, dict):
        return any(_unreadable(item) for item in value.values())
    if isinstance(value, list):
        return any(_unreadable(item) for item in value)
    return isinstance(value, str) and (value in MISSING or read_plain(value) != value)


@settings(max_examples=200)
@given(TREES.filter(lambda tree: not _unreadable(tree)), st.booleans())
def test_a_tree_comes_back(tree: Any, flow: bool) -> None:
    source = yaml.safe_dump(tree, default_flow_style=flow, allow_unicode=True, width=30)
    assert read(source) == tree


PIECES = [
    "a",
    "b:",
    "when:",
    "value: ",
    "1",
    ".5",
    "yes",
    "2021-02-30",
    "- ",
    ": ",
    "\n  ",
    "\n    ",
    "\r\n",
    "\n---\n",
]
YAML_LIKE = st.lists(
    st.sampled_from([*"{}[],?|>'\"#&*!%@~\\：，家\t\u3000\u200b  \n", *PIECES]),
    max_size=25,
).map("".join)


@settings(max_examples=1000)
@given(YAML_LIKE)
@example("a: {b: c\n")
@example("{a: [1}")
@example("a: 'b\n")
def test_any_text_is_read_or_its_problem_is_shown_at_its_place(text: str) -> None:
    tree, problems = read_yaml("f.yaml", text)
    assert tree is not None or problems
    lines = text.split("\n")
    for problem in problems:
        assert 1 <= problem.at.line <= len(lines)
        assert 1 <= problem.at.column <= len(lines[problem.at.line - 1]) + 1
        assert "this is not correct YAML" not in problem.message, "libyaml says something new"
    assert render(problems, {"f.yaml": text}).count("[") >= len(problems)
    if tree is not None and not problems:
        assert _texts(tree) == yaml.load(text, yaml.CBaseLoader)  # noqa: S506 (reads texts only)


def _texts(tree: Tree) -> Any:
    if isinstance(tree, Mapping):
        return {key: _texts(value) for key, value in tree.entries.items()}
    if isinstance(tree, Sequence):
        return [_texts(item) for item in tree.items]
    return tree.text


@given(st.text(st.characters(codec=None), max_size=20))
def test_strange_characters_are_found_at_their_place(text: str) -> None:
    readable, problems = check_characters("f.yaml", text)
    assert len(readable) == len(text)
    assert check_characters("f.yaml", readable) == (readable, [])
    assert bool(problems) == (readable != text)
    for problem in problems:
        assert isinstance(problem, Problem)
        assert text.split("\n")[problem.at.line - 1][problem.at.column - 1] != " "
