"""`relief policies`: what there is, since when, and who answers for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import typer

from cli.rulebooks import language_of, open_rulebook
from engine.rulebook.model import Policy, Rulebook

_HEADS = {
    "zh": ("编号", "部门", "对象", "版本", "名称"),
    "en": ("id", "department", "unit", "versions", "title"),
}
_BESIDE = {
    "zh": "另有冲突规则 {conflicts} 条，监测规则 {watches} 条，事件 {events} 种",
    "en": "beside them {conflicts} conflict rules, {watches} watch rules, {events} kinds of events",
}
_UNITS = {"zh": {"household": "家庭", "person": "个人"}, "en": {"household": "household", "person": "person"}}


def run(policies: Path | None, lang: str | None, output: str) -> None:
    book = open_rulebook(policies)
    language = language_of(book, lang)
    if output == "json":
        typer.echo(msgspec.json.encode([_as_plain(one) for one in book.policies.values()]).decode())
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table

    words = language if language in _HEADS else "en"
    table = Table(box=box.SIMPLE_HEAD)
    for head in _HEADS[words]:
        table.add_column(head, overflow="fold")
    for policy in sorted(book.policies.values(), key=lambda one: (one.department, one.id)):
        table.add_row(*_cells(book, policy, language, _UNITS[words]))
    Console().print(table)
    typer.echo(
        _BESIDE[words].format(
            conflicts=len({one.id for one in book.conflicts}),
            watches=len({one.id for one in book.watches} | {one.id for one in book.comparisons}),
            events=len(book.events),
        )
    )


def _cells(book: Rulebook, policy: Policy, language: str, units: dict[str, str]) -> tuple[str, ...]:
    return (
        policy.id,
        book.departments[policy.department][language],
        units[policy.unit],
        "\n".join(one.dated.version for one in policy.versions),
        policy.versions[-1].title[language],
    )


def _as_plain(policy: Policy) -> dict[str, Any]:
    return {
        "id": policy.id,
        "department": policy.department,
        "unit": policy.unit,
        "versions": [one.dated.version for one in policy.versions],
        "title": policy.versions[-1].title,
    }
