"""`relief check`: every problem of a rulebook, or what it holds; and what is still open."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import typer

from cli.rulebooks import directory_of, language_of, path_from_here, told
from cli.stop import NEGATIVE, stop
from engine.language.problems import Problem, Problems
from engine.rulebook.load import load_rulebook
from engine.rulebook.model import Rulebook
from engine.rulebook.open_points import OpenPoint, open_points

_CLEAN = {
    "zh": "{name}：没有问题。政策 {policies} 项 {versions} 个版本，定义 {definitions}，参数 {parameters}，"
    "事实 {facts}，冲突规则 {conflicts}，评分 {scoring}，监测规则 {watches}，事件 {events}。指纹 {fingerprint}",
    "en": "{name}: no problems. {policies} policies in {versions} versions, {definitions} definitions, "
    "{parameters} parameters, {facts} facts, {conflicts} conflict rules, {scoring} scores, {watches} watch rules, {events} events. "
    "Fingerprint {fingerprint}",
}
_FOUND = {"zh": "共 {n} 个问题", "en": "{n} problems"}
_OPEN = {
    "zh": {"local-text-needed": "待补地方依据", "assumed": "假定值", "gap": "缺口"},
    "en": {"local-text-needed": "local text needed", "assumed": "assumed value", "gap": "gap"},
}


def run(policies: Path | None, with_open: bool, lang: str | None, output: str) -> None:
    directory = directory_of(policies)
    if not directory.is_dir():
        stop(f"{directory}: 没有这个目录 · there is no such directory")
    try:
        book = load_rulebook(directory)
    except Problems as found:
        _refuse(found, directory, lang or "zh", output)
    points = open_points(book.sources) if with_open else None
    if output == "json":
        answer: dict[str, Any] = {"problems": [], "counts": counts(book), "fingerprint": book.fingerprint}
        _print_json(answer if points is None else answer | {"open": [asdict(point) for point in points]})
    else:
        _print_text(book, directory, points, language_of(book, lang))


def counts(book: Rulebook) -> dict[str, int]:
    return {
        "policies": len(book.policies),
        "versions": sum(len(policy.versions) for policy in book.policies.values()),
        "definitions": len(book.definitions),
        "parameters": len(book.parameters),
        "facts": len(book.facts),
        "conflicts": len({one.id for one in book.conflicts}),
        "scoring": len(book.scoring),
        "watches": len({one.id for one in book.watches} | {one.id for one in book.comparisons}),
        "events": len(book.events),
    }


def _print_text(book: Rulebook, directory: Path, points: list[OpenPoint] | None, language: str) -> None:
    words = language if language in _CLEAN else "en"
    for point in points or ():
        detail = f": {point.detail}" if point.detail else ""
        file = path_from_here(directory, point.file)
        typer.echo(f"{file}:{point.line}: {_OPEN[words][point.kind]}  {point.what}{detail}")
    summary = _CLEAN[words].format(name=book.name, fingerprint=book.fingerprint[:12], **counts(book))
    typer.echo(summary)


def _refuse(found: Problems, directory: Path, lang: str, output: str) -> NoReturn:
    if output == "json":
        _print_json({"problems": [_as_plain(problem) for problem in found.problems]})
    else:
        typer.echo(told(found, directory, lang))
        typer.echo(_FOUND[lang if lang in _FOUND else "en"].format(n=len(found.problems)))
    raise typer.Exit(NEGATIVE)


def _as_plain(problem: Problem) -> dict[str, Any]:
    at = problem.at
    return {
        "file": at.file,
        "line": at.line,
        "column": at.column,
        "code": problem.code,
        "message": problem.message,
        "hint": problem.hint,
    }


def _print_json(answer: Any) -> None:
    typer.echo(msgspec.json.encode(answer).decode())
