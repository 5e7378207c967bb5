"""`relief match`, `relief record proposals`, `relief record answer`: departments' files and what people make of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import typer

from cli.documents import refuse
from cli.record import opened_record, rulebook_of
from cli.sheets import read_sheets
from cli.stop import BAD_INPUT, PARTIAL, stop
from engine.decision import BadDocument
from engine.language.problems import nearest
from records import households
from records import proposals as asked
from records.database import reading, writing
from records.feed_rows import file_hash
from records.matching import Matched
from records.matching import match as match_file

SAID: Mapping[str, str] = {
    "rows": "行 · rows",
    "passed-over": "不在范围 · passed over",
    "repeated": "重复行 · repeated",
    "unreadable": "读不懂 · unreadable",
    "not-known": "记录里没有此人 · people not in the record",
    "known": "按证件号码找到 · found by number",
    "weak": "按姓名和出生日期，须核对 · by name and birth, to be looked at",
    "unchanged": "与记录一致 · as the record has it",
    "proposed-before": "此前已提出 · proposed before",
    "proposed-new": "新的事实 · new facts",
    "proposed-differs": "与记录不同 · that differ",
    "proposed-event": "事件 · events",
    "proposed-status": "待遇 · statuses",
}


def run(
    file: Path | None,
    source: str,
    actor: str,
    as_of: date,
    record: str,
    keys: Path,
    policies: Path | None,
    output: str,
) -> None:
    if file is None or not source or not actor:
        stop("请给文件、--source 和 --actor，或 --rates · give a file, --source and --actor; or --rates")
    sheets = read_sheets(file)
    if len(sheets) != 1:
        stop(f"{file}: 请给一张表 · give one sheet, here are {len(sheets)}")
    with opened_record(record, keys) as database:
        book = rulebook_of(database, policies)
        feed = book.feeds.get(source)
        if feed is None:
            near = nearest(source, book.feeds) or ", ".join(book.feeds)
            stop(f"规则库没有数据 {source}；有：{near} · this rulebook has no feed `{source}`")
        with writing(database, actor) as write:
            found = match_file(write, book, feed, sheets[0], as_of, file_hash(file.read_bytes()))
    _tell(found, output)
    if found.unreadable:
        raise typer.Exit(PARTIAL if found.counts["known"] else BAD_INPUT)


def _tell(found: Matched, output: str) -> None:
    if output == "json":
        unreadable = [
            {"row": row, "column": column, "code": code} for row, (column, code) in found.unreadable.items()
        ]
        told = {"run": found.run, "counts": found.counts, "silent": found.silent, "unreadable": unreadable}
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    for name, said in SAID.items():
        if found.counts[name]:
            typer.echo(f"{found.counts[name]:>8}  {said}")
    for row, (column, code) in list(found.unreadable.items())[:20]:
        typer.echo(f"第 {row} 行 · row {row}: {column} [{code}]", err=True)
    if found.silent:
        typer.echo(f"文件没有这些列 · no columns for: {', '.join(found.silent)}", err=True)


def run_rates(record: str, keys: Path, output: str) -> None:
    with opened_record(record, keys) as database, reading(database) as read:
        found = list(asked.rates(read))
    if output == "json":
        listed = [
            {
                "feed": one.feed,
                "proposed": one.proposed,
                "answered": one.answered,
                "confirmed": one.confirmed,
                "hit_rate": None if one.hit_rate is None else str(one.hit_rate),
            }
            for one in found
        ]
        typer.echo(json.dumps(listed, ensure_ascii=False))
        return
    for one in found:
        rate = "—" if one.hit_rate is None else f"{one.hit_rate:.1%}"
        typer.echo(
            f"{one.feed}: {rate}  提出 {one.proposed}，已答 {one.answered}，属实 {one.confirmed} · "
            f"{one.proposed} proposed, {one.answered} answered, {one.confirmed} confirmed"
        )
    if not found:
        typer.echo("还没有建议 · nothing was proposed yet")


def run_proposals(source: str, record: str, keys: Path, output: str) -> None:
    with opened_record(record, keys) as database, reading(database) as read:
        found = asked.listed(read, asked.chosen(feed=source))
    for one in found if output == "text" else ():
        weak = "  须核对身份 · who it is has to be looked at" if one.weak else ""
        typer.echo(
            f"{one.seq}  {one.feed} 第 {one.row_number} 行  {one.household_id} {one.person_id}  {one.kind} {one.about}{weak}"
        )
    if output == "json":
        listed = [
            {
                "proposal": one.seq,
                "feed": one.feed,
                "kind": one.kind,
                "about": one.about,
                "household_id": one.household_id,
                "person_id": one.person_id,
                "weak": one.weak,
                "answered_by": one.answered_by,
                "evidence": {"row": one.row_number, "row_hash": one.row_hash, "file_hash": one.file_hash},
            }
            for one in found
        ]
        typer.echo(json.dumps({"count": len(found), "proposals": listed}, ensure_ascii=False))
    else:
        typer.echo(f"待核实 · open: {len(found)}")


def run_answer(
    proposal: int,
    said: str,
    reason: str,
    whole: bool,
    actor: str,
    record: str,
    keys: Path,
    policies: Path | None,
) -> None:
    with opened_record(record, keys) as database:
        book = rulebook_of(database, policies)
        try:
            with writing(database, actor) as write:
                query = asked.chosen(open_only=False).where(asked.number_is(proposal))
                for one in asked.listed(write, query):
                    households.claim_as_it_is(write, one.household_id)
                asked.answer(write, book, proposal, said, reason, whole=whole)
        except BadDocument as bad:
            refuse(str(proposal), bad)
    typer.echo(f"{proposal}: 已答复 · answered")
