"""`relief record open-import`, `relief record review`: what was granted and paid before, and who has looked at it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import typer

from cli.import_sheets import clear, say_rows
from cli.record import opened_record, rulebook_of
from cli.rulebooks import language_of
from cli.sheets import read_sheets
from cli.stop import BAD_INPUT, PARTIAL
from engine.population.sheets import Sheet
from records import households, reviews
from records.database import reading, writing
from records.opening import open_record
from records.opening_rows import check_opening


def run(
    sources: list[Path],
    actor: str,
    as_of: date,
    out: Path,
    whole: bool,
    dry_run: bool,
    record: str,
    keys: Path,
    policies: Path | None,
    lang: str | None,
    output: str,
) -> None:
    sheets: list[Sheet] = [sheet for source in sources for sheet in read_sheets(source)]
    clear(out)
    with opened_record(record, keys) as database:
        book = rulebook_of(database, policies)
        language = language_of(book, lang)
        with writing(database, actor) as write:
            opening = check_opening(write, book, sheets, as_of)
            if not dry_run:
                open_record(write, opening, whole)
    awards, payments = opening.counts()
    headline = {
        "zh": f"沿用待遇 {awards} 项（待复核），发放 {payments} 笔",
        "en": f"{awards} awards carried over, to be reviewed; {payments} payments",
    }[language]
    say_rows(
        opening.imported,
        sources[0],
        out,
        language,
        output,
        headline,
        {"awards": awards, "payments": payments},
    )
    if opening.imported.problems:
        raise typer.Exit(PARTIAL if awards or payments else BAD_INPUT)


def run_waiting(record: str, keys: Path, output: str) -> None:
    with opened_record(record, keys) as database, reading(database) as read:
        found = read.connection.execute(reviews.waiting()).all()
    if output == "json":
        listed = [
            {
                "award": row.seq,
                "household_id": row.household_id,
                "person_id": row.person_id,
                "policy": row.policy,
                "from": row.valid_from.isoformat(),
                "amount": row.amount,
            }
            for row in found
        ]
        typer.echo(json.dumps({"count": len(found), "awards": listed}, ensure_ascii=False))
        return
    for row in found:
        person = row.person_id or ""
        typer.echo(
            f"{row.seq}  {row.household_id}  {person}  {row.policy}  {row.valid_from}  {row.amount or ''}"
        )
    typer.echo(f"待复核 · waiting: {len(found)}")


def run_review(
    award: int, outcome: str, reason: str, last_day: date | None, actor: str, record: str, keys: Path
) -> None:
    with opened_record(record, keys) as database, writing(database, actor) as write:
        row = write.connection.execute(reviews.waiting().where(reviews.award_is(award))).first()
        if row is not None:
            households.claim_as_it_is(write, row.household_id)
        reviews.review(write, award, outcome, reason, last_day)
    typer.echo(f"{award}: 已复核 · reviewed")
