"""`relief record import`, `relief record template`: households from sheets into the record."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import typer

from cli.import_sheets import clear, say
from cli.record import opened_record, rulebook_of
from cli.rulebooks import language_of, open_rulebook
from cli.sheets import read_sheets
from cli.stop import BAD_INPUT, PARTIAL
from cli.table_files import writing as writing_file
from records.database import writing
from records.sheet_template import template
from records.sheets_in import check_sheets, import_checked


def run(
    source: Path,
    actor: str,
    since: date,
    out: Path,
    dry_run: bool,
    record: str,
    keys: Path,
    policies: Path | None,
    lang: str | None,
    output: str,
) -> None:
    sheets = read_sheets(source)
    clear(out)
    with opened_record(record, keys) as database:
        book = rulebook_of(database, policies)
        language = language_of(book, lang)
        with writing(database, actor) as write:
            checked = check_sheets(write, book, sheets, since)
            if not dry_run:
                import_checked(write, book, checked)
    found = checked.imported
    say(found, source, out, language, output)
    if found.problems or not found.households:
        raise typer.Exit(PARTIAL if found.households else BAD_INPUT)


def run_template(out: Path, policies: Path | None, lang: str | None) -> None:
    book = open_rulebook(policies)
    content = template(book, language_of(book, lang))

    def write() -> None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(content)

    writing_file(out, write)
    typer.echo(f"{out}")
