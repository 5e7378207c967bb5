"""`relief letter`, `relief report`, `relief scans`: done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import typer

from cli.record import opened_record, rulebook_of
from cli.stop import NEGATIVE, stop
from cli.table_files import writing as writing_file
from engine.rulebook import Rulebook
from records import decisions, exports, reports, rulebooks, scans
from records.database import Database, Reading, reading, writing
from records.letters import printing
from records.letters.decided import Wanted
from records.letters.letter import Kind
from records.letters.printing import How, Media
from records.place import BadPlace, documents_directory
from records.refused import Refused
from records.report_sheets import FIGURES, LINES, figure_rows, header, line_rows
from records.reports import Chosen, Month, month_of
from records.xlsx import as_xlsx

_ENDINGS = {".pdf": Media.PDF, ".html": Media.HTML}


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked on the command line."""

    decision: str
    kind: str
    policy: str
    subject: str
    to: str
    on: date | None
    before: Decimal | None
    amount: Decimal | None
    since: date | None
    heard: date | None
    language: str
    purpose: str


def run_letter(asked: Asked, out: Path, actor: str, record: str, keys: Path) -> None:
    media = _ENDINGS.get(out.suffix.lower())
    if media is None:
        stop(f"{out}: 只能写 .pdf 或 .html · name a file that ends in .pdf or .html")
    with opened_record(record, keys) as database, writing(database, actor) as write:
        stored = decisions.get(write, asked.decision)
        if stored is None:
            stop(f"没有裁定 {asked.decision} · there is no decision {asked.decision}", NEGATIVE)
        book = rulebooks.kept(write, stored.rulebook)
        how = How(asked.language or book.languages[0], media, asked.purpose, asked.to, asked.on)
        if asked.kind == "missing":
            only = (asked.policy,) if asked.policy else ()
            printed = printing.print_missing(write, book, stored, (), how, only)
        else:
            if not asked.policy:
                raise Refused("no-policy", "请用 --policy 指明政策 · say which policy with --policy")
            kind = None if asked.kind == "decision" else Kind(asked.kind)
            wanted = Wanted(
                asked.policy, asked.subject, kind, asked.before, asked.amount, asked.since, asked.heard
            )
            printed = printing.print_decision(write, book, stored, wanted, how)
        writing_file(out, lambda: _whole(out, printed.content))
    typer.echo(f"{out}: {printed.letter.title}")
    for one in printed.letter.drafts:
        typer.echo(f"  样稿 · draft: {one}", err=True)


def _whole(out: Path, content: bytes) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = out.with_name(out.name + ".part")
    beside.write_bytes(content)
    beside.replace(out)


def run_report(
    month: str,
    out: Path,
    by: str,
    area: str,
    known: date,
    lang: str,
    record: str,
    keys: Path,
    policies: Path | None,
) -> None:
    with opened_record(record, keys) as database:
        book = rulebook_of(database, policies)
        of, chosen = month_of(month), Chosen(known, by=by, area=area)
        language = lang or book.languages[0]
        with reading(database) as read:
            found = reports.table(read, book, of, chosen)
        if not found:
            stop(f"{month}: 没有可统计的 · there is nothing to count", NEGATIVE)
        writing_file(out, lambda: out.mkdir(parents=True, exist_ok=True))
        figures = [list(row) for row in figure_rows(book, of, found, language)]
        _files(out / f"report-{of.name}", header(FIGURES, language), lambda: iter(figures))
        _files(
            out / f"lines-{of.name}",
            header(LINES, language),
            lambda: _lines(database, book, of, chosen, language),
        )


def _lines(
    database: Database, book: Rulebook, month: Month, chosen: Chosen, language: str
) -> Iterator[list[Any]]:
    with reading(database) as read:
        yield from line_rows(book, month, reports.lines(read, book, month, chosen), language)


def _files(stem: Path, columns: list[str], rows: Any) -> None:
    """The same rows three times, each written while they are read."""
    streams = {
        ".csv": exports.as_csv,
        ".json": exports.as_json,
        ".xlsx": partial(as_xlsx, stem.name),
    }
    for ending, stream in streams.items():
        place = stem.with_name(stem.name + ending)
        writing_file(place, lambda place=place, stream=stream: _streamed(place, stream(columns, rows())))  # type: ignore[misc]
        typer.echo(str(place))


def _streamed(place: Path, chunks: Iterator[bytes]) -> None:
    beside = place.with_name(place.name + ".part")
    with beside.open("wb") as file:
        file.writelines(chunks)
    beside.replace(place)


def run_scans(record: str, keys: Path) -> None:
    try:
        directory = documents_directory()
    except BadPlace as bad:
        stop(str(bad))
    with opened_record(record, keys) as database, reading(database) as read:
        count, wrong = _checked(read, directory)
    if not count:
        stop("没有材料可核对 · there are no scans to check", NEGATIVE)
    typer.echo(f"材料 {count} 件，有问题 {wrong} 件 · {count} scans, {wrong} of them wrong")
    if wrong:
        raise typer.Exit(NEGATIVE)


def _checked(read: Reading, directory: Path) -> tuple[int, int]:
    count, wrong = len(scans.listed(read, scans.chosen())), 0
    for one, problem in scans.altered(read, directory):
        typer.echo(f"{one.scan_id}（{one.household_id}，{one.type}）: {problem}")
        wrong += 1
    return count, wrong
