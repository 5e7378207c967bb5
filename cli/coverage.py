"""`relief coverage`: what of the rules the features exercise, and where they do not."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from cli.proving import (
    explained_beside,
    of_policies,
    places,
    print_json,
    problem_as_plain,
    proving,
)
from cli.rulebooks import language_of, path_from_here, told
from cli.stop import NEGATIVE
from engine.language.problems import Problem, Problems

if TYPE_CHECKING:
    from proving.coverage import Covered
    from proving.elements import Element

KINDS = ("version", "clause", "group", "branch", "boundary", "cell")
_HEADS = {
    "zh": ("", "版本", "条件", "组", "分支", "界线", "参数", "已覆盖"),
    "en": ("", "versions", "clauses", "groups", "branches", "boundaries", "cells", "covered"),
}
_WORDS = {
    "zh": {
        "applies": "这一版从未适用",
        "true": "条件没有成立过",
        "false": "条件没有不成立过",
        "unknown": "条件没有不清楚过",
        "all hold": "没有全部成立过",
        "none holds": "没有全部不成立过",
        "only one that fails": "没有只因它不成立过",
        "only one that holds": "没有只靠它成立过",
        "then": "没有走过 then",
        "else": "没有走过 else",
        "exception": "例外没有适用过",
        "no exception": "例外没有不适用过",
        "just below": "没有刚好低于界线过",
        "at the limit": "没有正好在界线上过",
        "just above": "没有刚好高于界线过",
        "read": "没有读到过",
        "gap met": "没有遇到过这个缺口",
    },
    "en": {
        "applies": "this version never applies",
        "true": "never true",
        "false": "never false",
        "unknown": "never unknown",
        "all hold": "never do all hold",
        "none holds": "never does none hold",
        "only one that fails": "never the only one that fails",
        "only one that holds": "never the only one that holds",
        "then": "never takes `then`",
        "else": "never takes `else`",
        "exception": "the exception never applies",
        "no exception": "the exception always applies",
        "just below": "never just below its limit",
        "at the limit": "never at its limit",
        "just above": "never just above its limit",
        "read": "never read",
        "gap met": "this gap is never met",
    },
}
_SUM = {
    "zh": "覆盖 {done} / {all}（{percent}%），未覆盖 {open} 处，另有 {explained} 处已说明",
    "en": "{done} of {all} covered ({percent} %); {open} are not, and {explained} are explained",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """`explained`: keys of what is not exercised for a written reason. `problems`: reasons that hide nothing."""

    covered: list[Covered]
    explained: frozenset[str]
    problems: list[Problem]
    sources: dict[str, str]

    def open(self, one: Covered) -> list[Element]:
        return [each for each in one.uncovered if each.key not in self.explained]

    @property
    def complete(self) -> bool:
        return not self.problems and not any(self.open(one) for one in self.covered)


def run(
    policies: Path | None,
    features: Path | None,
    asked: list[str],
    processes: int | None,
    lang: str | None,
    output: str,
) -> None:
    directory, beside = places(policies, features)
    many = processes or os.cpu_count() or 1
    answer, language = proving(directory, lambda: _answer(directory, beside, asked, many, lang))
    if output == "json":
        _print_json(answer)
    else:
        _print_text(answer, directory, beside, language)
    if not answer.complete:
        raise typer.Exit(NEGATIVE)


def _answer(
    directory: Path, features: Path, asked: list[str], processes: int, lang: str | None
) -> tuple[Answer, str]:
    from cli.cache import load_cached
    from proving.coverage import measured
    from proving.explained import mistakes
    from proving.mutants import Files
    from proving.reading import Readers

    book = load_cached(directory)
    language = language_of(book, lang)
    chosen = of_policies(Readers(book), asked) if asked else None
    explained = explained_beside(features, book)
    covered = measured(book, Files(book), features, processes)
    every = {each.key for one in covered for each in one.unit.elements}
    shown = every - {each.key for one in covered for each in one.uncovered}
    problems = mistakes(explained.uncovered, every, shown, "is covered")
    kept = [one for one in covered if chosen is None or one.unit.name in chosen]
    return Answer(kept, frozenset(explained.uncovered), problems, dict(explained.source)), language


def _print_text(answer: Answer, directory: Path, features: Path, language: str) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    words = language if language in _HEADS else "en"
    table = Table(box=box.SIMPLE_HEAD)
    for i, head in enumerate(_HEADS[words]):
        table.add_column(head, justify="right" if i else "left", no_wrap=True)
    for kind in ("policy", "definition", "parameter"):
        for one in (one for one in answer.covered if one.unit.kind == kind):
            table.add_row(*_row(answer, one))
        table.add_section()
    for one in answer.covered:
        for each in answer.open(one):
            place = f"{path_from_here(directory, each.span.file)}:{each.span.line}:{each.span.column}"
            of = f"  `{each.of}`" if each.of else ""
            typer.echo(f"{place}: {each.place + ': ' if each.place else ''}{_WORDS[words][each.what]}{of}")
    console = Console()
    (console if console.is_terminal else Console(width=120)).print(table)
    if answer.problems:
        typer.echo(told(Problems(answer.problems, answer.sources), features, language))
    total = sum(len(one.unit.elements) for one in answer.covered)
    left = sum(len(answer.open(one)) for one in answer.covered)
    done = sum(one.count for one in answer.covered)
    percent = f"{100 * done // total}" if total else "0"
    typer.echo(
        _SUM[words].format(done=done, all=total, percent=percent, open=left, explained=total - done - left)
    )


def _row(answer: Answer, one: Covered) -> list[str]:
    """Exercised of all, per kind; what is explained counts as done."""
    missing = answer.open(one)
    cells = [one.unit.name]
    for kind in KINDS:
        total = sum(1 for each in one.unit.elements if each.kind == kind)
        left = sum(1 for each in missing if each.kind == kind)
        cells.append(f"{total - left}/{total}" if total else "")
    total = len(one.unit.elements)
    return [*cells, f"{100 * (total - len(missing)) // total}%" if total else ""]


def _print_json(answer: Answer) -> None:
    units = [
        {
            "kind": one.unit.kind,
            "name": one.unit.name,
            "elements": len(one.unit.elements),
            "covered": one.count,
            "uncovered": [_as_plain(each, each.key in answer.explained) for each in one.uncovered],
        }
        for one in answer.covered
    ]
    print_json(
        {
            "complete": answer.complete,
            "units": units,
            "problems": [problem_as_plain(one) for one in answer.problems],
        }
    )


def _as_plain(element: Element, explained: bool) -> dict[str, Any]:
    at = asdict(element.span)
    return {
        "key": element.key,
        "kind": element.kind,
        "what": element.what,
        "of": element.of,
        "file": at["file"],
        "line": at["line"],
        "column": at["column"],
        "explained": explained,
    }
