"""`relief lock`: what is newly published goes into versions.lock."""

from __future__ import annotations

from pathlib import Path

import typer

from cli.rulebooks import directory_of, open_rulebook
from engine.rulebook.lock import LOCK, content_of, write_lock


def run(policies: Path | None) -> None:
    directory = directory_of(policies)
    book = open_rulebook(directory)
    added = write_lock(directory, content_of(book.sources))
    typer.echo(f"{directory / LOCK}: 新增 {added} 条 · {added} added")
