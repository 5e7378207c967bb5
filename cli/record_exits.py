"""`relief record exits`: exits that nobody reported, village by village."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from sqlalchemy import true

from cli.record import opened_record, rulebook_of
from cli.rulebooks import language_of
from cli.stop import stop
from records.database import reading
from records.exits import unreported
from records.refused import Refused
from records.report_sheets import EXITS, exit_rows, header

_LEFT_OUT = ("area", "about")  # their titles stand beside them
_WIDTH = 150


def run(
    by: str, area: str, on: date, lang: str | None, record: str, keys: Path, policies: Path | None
) -> None:
    with opened_record(record, keys) as database:
        book = rulebook_of(database, policies)
        language = language_of(book, lang)
        with reading(database) as read:
            try:
                found = unreported(read, book, true(), on, by, area)
            except Refused as refused:
                stop(str(refused))
    shown = [place for place, name in enumerate(EXITS) if name not in _LEFT_OUT]
    table = Table(box=box.SIMPLE_HEAD)
    titles = header(EXITS, language)
    for place in shown:
        table.add_column(titles[place], justify="left" if EXITS[place].endswith("title") else "right")
    for row in exit_rows(book, found, language):
        table.add_row(*("" if row[place] is None else str(row[place]) for place in shown))
    Console(width=_WIDTH).print(table)
