"""`relief inspect`: done."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path

import typer
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.at_work import Work, at_work
from cli.progress import progress
from cli.stop import NEGATIVE, PARTIAL, stop
from records.database import Reading
from records.inspections import drawing, ending, findings, looking, opening, pack, reading, rectifying
from records.inspections.reading import Inspection
from records.inspections.rectifying import Wanted
from records.inspections.words import Answer, State, Step, no_finding, no_rectification
from records.refused import Refused
from records.rights import Right

_SHOWN = 10


def _seen(work: Work, read: Reading, number: int, right: Right = Right.INSPECT) -> Inspection:
    return reading.seen(read, work.viewer, right, work.book, number)


def run_rules(actor: str, record: str, keys: Path, policies: Path | None) -> None:
    with at_work(actor, record, keys, policies) as work:
        for one in work.book.inspections.values():
            title = " · ".join(one.title.values())
            typer.echo(f"{one.id}  {title}  [{one.of}] {', '.join((*one.watch, *one.proposals, *one.looks))}")


def run_open(asked: opening.Asked, actor: str, record: str, keys: Path, policies: Path | None) -> None:
    with at_work(actor, record, keys, policies) as work, work.writing() as write:
        number = opening.open_inspection(write, work.book, work.viewer, asked)
        seed = _seen(work, write, number).seed
    typer.echo(f"第 {number} 号检查已立项 · inspection {number} is open\n随机种子 · seed {seed}")


def run_list(actor: str, record: str, keys: Path, policies: Path | None) -> None:
    with at_work(actor, record, keys, policies) as work, work.reading() as read:
        within = reading.within(work.viewer, Right.READ_INSPECTIONS, work.book)
        found = [reading.inspection_of(row) for row in read.connection.execute(reading.inspections(within))]
    for one in found:
        typer.echo(
            f"{one.seq}  {one.title}  {one.area} {one.since}–{one.until} [{one.state}] {one.sampled or '—'}"
        )
    typer.echo(f"检查 · inspections: {len(found)}")


def run_draw(number: int, actor: str, record: str, keys: Path, policies: Path | None) -> None:
    with at_work(actor, record, keys, policies) as work:
        with work.writing() as write:
            drawing.draw(write, work.book, work.viewer, _seen(work, write, number))
        with work.reading() as read:
            draw = reading.draw_of(read, number)
            assert draw is not None  # it has just been drawn
            rows = read.connection.execute(reading.sample(number)).all()
    typer.echo(
        f"总体 {draw.population}，抽中 {draw.sampled} · {draw.sampled} of {draw.population} drawn ({draw.method})\n"
        f"总体 SHA-256 · of the list {draw.population_hash}"
    )
    for row in rows:
        typer.echo(f"{row.number:>6}  {row.item}  {row.stratum}")


def run_rules_over(number: int, actor: str, record: str, keys: Path, policies: Path | None) -> None:
    """Exit code 3 when some households could not be read; each is named."""
    with at_work(actor, record, keys, policies) as work:
        with work.reading() as read:
            one = _seen(work, read, number)
        console = Console(file=sys.stderr)
        columns = (TextColumn("专项核查 · looking"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
            task = bar.add_task("", total=one.sampled)
            looked = looking.look(
                work.database,
                work.book,
                one,
                work.today,
                lambda done, of: bar.update(task, completed=done, total=of),
            )
        with work.writing() as write:
            counts = looking.keep(write, work.viewer, one, looked)
    typer.echo(
        f"看了 {looked.looked} 户，新疑点 {counts.total()} 条 · {looked.looked} looked at, {counts.total()} new"
    )
    for about, count in counts.most_common():
        typer.echo(f"{count:>6}  {about}")
    for household, problem in list(looked.unread.items())[:_SHOWN]:
        typer.echo(f"{household}: 读不了 · cannot be read: {problem}", err=True)
    if len(looked.unread) > _SHOWN:
        typer.echo(f"… {len(looked.unread) - _SHOWN}", err=True)
    if looked.unread:
        raise typer.Exit(PARTIAL)


def run_findings(
    number: int, state: str, output: str, actor: str, record: str, keys: Path, policies: Path | None
) -> None:
    with at_work(actor, record, keys, policies) as work, work.reading() as read:
        one = _seen(work, read, number, Right.READ_INSPECTIONS)
        rows = read.connection.execute(findings.of_inspection(one.seq, state)).all()
    if output == "json":
        listed = [findings.shown(row) for row in rows]
        typer.echo(json.dumps({"total": len(listed), "findings": listed}, ensure_ascii=False, default=str))
        return
    for row in rows:
        said = row.answer or "待核实 · open"
        typer.echo(
            f"{row.seq}  [{row.severity}] {row.about}  {row.household_id or '—'} {row.subject} {row.policy}  "
            f"{row.text or row.evidence}  {said}"
        )
    typer.echo(f"发现 · findings: {len(rows)}")


def _finding_seen(work: Work, read: Reading, finding: int) -> None:
    row = findings.finding_of(read, finding)
    try:
        _seen(work, read, row.inspection)
    except Refused:
        raise no_finding(finding) from None


def run_answer(
    finding: int, said: str, reason: str, actor: str, record: str, keys: Path, policies: Path | None
) -> None:
    with at_work(actor, record, keys, policies) as work, work.writing() as write:
        _finding_seen(work, write, finding)
        findings.answer(write, work.viewer, finding, Answer(said), reason)
    typer.echo(f"第 {finding} 条已认定 · answered: {said}")


def run_order(
    finding: int, area: str, department: str, task: str, due: date, actor: str, record: str, keys: Path,
    policies: Path | None,
) -> None:  # fmt: skip
    with at_work(actor, record, keys, policies) as work, work.writing() as write:
        _finding_seen(work, write, finding)
        number = rectifying.order(write, work.book, work.viewer, finding, area, department, task, due)
    typer.echo(f"第 {number} 号整改已下达，限 {due} · rectification {number}, due {due}")


def run_rectify(
    number: int, state: str, text: str, actor: str, record: str, keys: Path, policies: Path | None
) -> None:
    with at_work(actor, record, keys, policies) as work, work.writing() as write:
        if state == Step.DONE:
            within = rectifying.within(work.viewer, Right.RECTIFY, work.book)
            rectifying.rectification_of(write, number, within)
        else:
            row = rectifying.rectification_of(write, number)
            try:
                _seen(work, write, row.inspection)
            except Refused:
                raise no_rectification(number) from None
        rectifying.step(write, work.viewer, number, Step(state), text)
    typer.echo(f"第 {number} 号整改 · rectification {number}: {state}")


def run_overdue(every: bool, actor: str, record: str, keys: Path, policies: Path | None) -> None:
    with at_work(actor, record, keys, policies) as work, work.reading() as read:
        within = rectifying.within_or_of_own(work.viewer, work.book)
        query = rectifying.rectifications(within, wanted=Wanted.OPEN, today=work.today)
        rows = read.connection.execute(query).all()
        late = {row.seq for row in rows if row.due < work.today and row.state in ("ordered", Step.RETURNED)}
    for row in rows:
        if every or row.seq in late:
            mark = "逾期 · overdue" if row.seq in late else row.state
            typer.echo(f"{row.seq}  {row.due}  {row.area} {row.department}  {row.task}  [{mark}]")
    typer.echo(f"逾期 · overdue: {len(late)}")
    if late:
        raise typer.Exit(NEGATIVE)


def run_close(
    number: int, report: str, abandon: bool, actor: str, record: str, keys: Path, policies: Path | None
) -> None:
    kind = State.ABANDONED if abandon else State.CLOSED
    with at_work(actor, record, keys, policies) as work, work.writing() as write:
        counts = ending.end(write, work.viewer, _seen(work, write, number), kind, report)
    typer.echo(
        f"第 {number} 号检查 · inspection {number}: {kind}；发现 {counts['findings']}，属实 {counts['confirmed']}，"
        f"整改 {counts['rectifications']} · {counts['confirmed']} of {counts['findings']} confirmed"
    )


def run_pack(number: int, out: Path, actor: str, record: str, keys: Path, policies: Path | None) -> None:
    if out.exists():
        stop(f"{out}: 已存在，不覆盖 · there is a file already; it is not written over")
    with at_work(actor, record, keys, policies) as work:
        with work.writing() as write:
            one = _seen(work, write, number, Right.PACK_INSPECTIONS)
            head = pack.sign_head(write, one)
        out.touch(mode=0o600)
        try:
            with progress() as told, work.reading() as read:
                files = iter(range(1, 10**6))
                made = pack.write_pack(
                    read,
                    work.viewer,
                    one,
                    head,
                    work.today,
                    out,
                    lambda _: told("证据包 · pack", next(files), 0),
                )
            with work.writing() as write:
                pack.note(write, one, made)
        except BaseException:
            out.unlink()
            raise
        public = work.database.keys.signing.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    typer.echo(
        f"{out}: {made.files} 个文件 · files\n清单 SHA-256 · manifest {made.manifest_hash}\n"
        f"审计链头 · head {head[0]} {head[1]}\n公钥 · public key {public.hex()}"
    )
    if made.erased:
        typer.echo(f"已依法删除的裁定 · erased by law: {len(made.erased)}", err=True)
