"""Small helpers over YAML trees whose shape has been checked, and the list of problems found so far."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from engine.language.dates import from_date
from engine.language.problems import Problem, Span, nearest
from engine.language.syntax import RESERVED, Source
from engine.rulebook.model import Label
from engine.rulebook.source import Mapping, Scalar, Sequence, Tree, plain

# Problems after which nobody can say what a name means.
SHAKING = frozenset(
    [
        "name-taken",
        "reserved-name",
        "unknown-unit",
        "unknown-name",
        "unknown-choice",
        "too-many-decimals",
        "overflow",
        "empty-range",
        "parameter-differs",
        "definition-differs",
        "wrong-type",
        "brackets-order",
    ]
)


class Report:
    """Collects problems over a whole rulebook. `languages` and `laws` are filled once they have been read."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.languages: tuple[str, ...] = ()
        self.laws: Collection[str] = ()
        self.mistaken: set[str] = (
            set()
        )  # names whose meaning is in doubt: where they are read nothing more is said

    @contextmanager
    def declaring(self, name: str) -> Iterator[None]:
        """Inside stands the declaration of a name; a mistake about its meaning is told once, here."""
        so_far = len(self.problems)
        yield
        if any(problem.code in SHAKING for problem in self.problems[so_far:]):
            self.mistaken.add(name)

    def add(self, at: Span, code: str, message: str, hint: str = "") -> None:
        self.problems.append(Problem(at, code, message, hint))

    def label(self, tree: Tree | None) -> Label:
        """A text in every language of the rulebook; a missing translation is a problem."""
        if not isinstance(tree, Mapping):
            return {}
        texts = {language: scalar(value).text for language, value in tree.entries.items()}
        for language in self.languages:
            if not texts.get(language, "").strip():
                self.add(
                    tree.at,
                    "missing-translation",
                    f"the text in `{language}` is missing",
                    "every text that people read is written in " + ", ".join(self.languages),
                )
        for language in texts:
            if language not in self.languages:
                hint = "the languages are listed in rulebook.yaml"
                self.add(
                    tree.keys[language],
                    "unknown-language",
                    f"`{language}` is not a language of this rulebook",
                    hint,
                )
        return texts

    def cite(self, tree: Tree | None) -> str:
        """A citation; every source in it must be in sources.yaml."""
        if tree is None:
            return ""
        written = scalar(tree)
        for part in written.text.split(";"):
            code = part.strip().split(" ")[0]
            if code and code != "local-text-needed" and code not in self.laws:
                start = written.text.index(part) + len(part) - len(part.lstrip())
                self.add(
                    written.span(start, len(code)),
                    "unknown-source",
                    f"`{code}` is not in sources.yaml",
                    nearest(code, self.laws) or "add the law or notice to sources.yaml",
                )
        return written.text

    def name(self, at: Span, name: str) -> None:
        if name in RESERVED or name in ("on", "people", "item", "person", "person_id"):
            self.add(
                at,
                "reserved-name",
                f"`{name}` is a word of the language and cannot be a name",
                "choose another name",
            )


def scalar(tree: Tree) -> Scalar:
    assert isinstance(tree, Scalar)
    return tree


def mapping(tree: Tree) -> Mapping:
    assert isinstance(tree, Mapping)
    return tree


def items(tree: Tree | None) -> tuple[Tree, ...]:
    return tree.items if isinstance(tree, Sequence) else ()


def get(tree: Tree, *path: str) -> Tree | None:
    """What stands under a path of keys, or None."""
    current: Tree | None = tree
    for key in path:
        current = current.entries.get(key) if isinstance(current, Mapping) else None
    return current


def text(tree: Tree | None, default: str = "") -> str:
    return tree.text if isinstance(tree, Scalar) else default


def day(tree: Tree | None, default: int) -> int:
    """A date as yyyymmdd."""
    return from_date(tree.value) if isinstance(tree, Scalar) and hasattr(tree.value, "year") else default  # type: ignore[arg-type]


def number(tree: Tree | None) -> Decimal | None:
    if (
        isinstance(tree, Scalar)
        and isinstance(tree.value, int | Decimal)
        and not isinstance(tree.value, bool)
    ):
        return Decimal(tree.value)
    return None


def values(tree: Tree | None) -> dict[str, Any]:
    """A mapping as plain data, dates as yyyymmdd."""
    return plain(tree) if isinstance(tree, Mapping) else {}


def expression(tree: Tree) -> Source:
    """The text of an expression, as written, with its place."""
    written = scalar(tree)
    return Source(written.text, written.span)
