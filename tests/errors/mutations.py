"""Mistakes at random: one small change to one file of a rulebook."""

import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

# What may come to stand in place of a value.
VALUES = (
    *(
        "0",
        "-1",
        "1.5",
        "99999999999999999999999",
        "2024-02-30",
        "2024-01-01",
        "true",
        "no",
        "null",
        "~",
        '""',
        "x",
    ),
    *(
        "household",
        "person",
        "money",
        "enum",
        "all",
        "size",
        "clamp",
        "yuan/month",
        "yuan/yuan/yuan",
        "1/0",
        "LAW art 1",
    ),
    *(
        "[]",
        "{}",
        "[a, b]",
        "{a: 1}",
        "[[1], {a: [2]}]",
        "{from: 2024-01-01}",
        "{zh: 甲, en: a}",
        "{gap: none}",
        "- a",
    ),
    *(
        "people",
        "grant.held",
        "grant.eligible",
        "count(people)",
        "savings / 3",
        "1 = 1",
        "[1, 2][1]",
        "on",
        "@",
        "|",
        "a: b",
    ),
    *(
        'date("2024-02-30")',
        'duration("P1Y")',
        "savings ** 99",
        "-savings",
        "for x in people return x",
        "person_id",
        "(",
        "“”",
    ),
)
# What may come to stand in place of a word, a number or a sign of an expression.
PIECES = (
    *(
        "and",
        "or",
        "not(",
        ")",
        "(",
        "[",
        "]",
        "=",
        "<",
        "in",
        "between",
        "if",
        "then",
        "else",
        "some",
        "null",
        "..",
        ",",
    ),
    *(
        "0",
        "1",
        "0.001",
        "99999999999999999999",
        '"rural"',
        '"',
        "**",
        "/",
        "-",
        ".",
        "@",
        "：",
        "，",
        "\t",
        "\u200b",
        "é",
    ),
    *(
        "people",
        "savings",
        "standard",
        "care_rate",
        "income",
        "grant",
        "care.held",
        "on",
        "item",
        "county",
        "count(",
        "max(",
    ),
    *(
        "residence",
        "birth_date",
        "income_items",
        "consent_refused",
        "date(",
        "age(",
        "sum(",
        "with greatest(",
        "all but(",
    ),
    *(
        "round up(",
        "modulo(",
        "months between(",
        "mean(",
        "marginal(",
        "decimal(",
        "for p in people return ",
        "kind",
    ),
)
CHARACTERS = "abc019 -:,.[]{}()'\"\\|>&*!%@`#?~\n\t\r\0￼é家：，“\u200b\u2028\ufeff"


def mutated(text: str, draw: random.Random) -> str:
    """The text of a rule file with one to three mistakes in it."""
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        text = draw.choice(MUTATIONS)(text, draw)
    return text


def with_a_mistake(rulebook: Path, directory: Path, draw: random.Random) -> tuple[str, str]:
    """A copy of a rulebook with a mistake in one file: the file's path and its text."""
    shutil.copytree(rulebook, directory)
    files = sorted(path for path in directory.rglob("*") if path.suffix in (".yaml", ".lock"))
    file = draw.choice(files)
    text = mutated(file.read_text("utf-8"), draw)
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    return file.relative_to(directory).as_posix(), text


def _without_a_key(text: str, draw: random.Random) -> str:
    """A line is deleted, with what is indented below it."""
    lines = text.split("\n")
    first = draw.randrange(len(lines))
    depth = len(lines[first]) - len(lines[first].lstrip())
    last = first + 1
    while last < len(lines) and len(lines[last]) - len(lines[last].lstrip()) > depth:
        last += 1
    return "\n".join(lines[:first] + lines[last:])


def _another_value(text: str, draw: random.Random) -> str:
    return _replaced(r"(?<=: )[^\s{\[|,}][^,}\n]*|(?<=- )[^\s{\[][^\n]*", VALUES, text, draw)


def _another_group(text: str, draw: random.Random) -> str:
    return _replaced(r"\{[^{}\n]*\}|\[[^\[\]\n]*\]", VALUES, text, draw)


def _another_piece(text: str, draw: random.Random) -> str:
    return _replaced(r"\w+|[^\w\s]", PIECES, text, draw)


def _replaced(pattern: str, by: tuple[str, ...], text: str, draw: random.Random) -> str:
    places = list(re.finditer(pattern, text))
    if not places:
        return text
    found = draw.choice(places)
    return text[: found.start()] + draw.choice(by) + text[found.end() :]


def _another_key(text: str, draw: random.Random) -> str:
    """A key takes the name of another of the file."""
    keys = list(re.finditer(r"[\w-]+(?=:)", text))
    if not keys:
        return text
    found = draw.choice(keys)
    return text[: found.start()] + draw.choice(keys)[0] + text[found.end() :]


def _truncated(text: str, draw: random.Random) -> str:
    return text[: draw.randrange(len(text) + 1)]


def _a_line_again(text: str, draw: random.Random) -> str:
    lines = text.split("\n")
    lines.insert(draw.randrange(len(lines) + 1), draw.choice(lines))
    return "\n".join(lines)


def _another_indentation(text: str, draw: random.Random) -> str:
    lines = text.split("\n")
    place = draw.randrange(len(lines))
    lines[place] = draw.choice(("", " ", "  ", "    ")) + lines[place].lstrip()
    return "\n".join(lines)


def _random_characters(text: str, draw: random.Random) -> str:
    place = draw.randrange(len(text) + 1)
    written = "".join(draw.choice(CHARACTERS) for _ in range(draw.randrange(1, 5)))
    return text[:place] + written + text[place + draw.randrange(3) :]


MUTATIONS: tuple[Callable[[str, random.Random], str], ...] = (
    _without_a_key,
    _another_value,
    _another_value,
    _another_group,
    _another_piece,
    _another_piece,
    _another_key,
    _truncated,
    _a_line_again,
    _another_indentation,
    _random_characters,
)
