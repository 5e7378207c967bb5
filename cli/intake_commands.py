"""What comes into the record, and how: sheets, what was granted and paid before, a sample county, departments' feeds."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from cli.record_commands import (
    DEFAULT_KEYS,
    DEFAULT_RECORD,
    Actor,
    Day,
    KeyFile,
    Policies,
    Record,
    date_of,
    record_app,
)

__all__ = ["record_app"]  # with the commands below

Lang = Annotated[str | None, typer.Option("--lang", metavar="zh|en", help="语言，默认 zh · language")]
Format = Annotated[Literal["text", "json"], typer.Option("--format", help="输出格式 · output format")]
Source = Annotated[
    Path,
    typer.Argument(metavar="FILE.xlsx|DIR", help="工作簿，或 CSV 目录 · a workbook, or a directory of CSV"),
]
Out = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="逐行结论和待改的行写到哪里 · where verdicts are written")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="只检查，不写入 · look, and write nothing")]


@record_app.command("import")
def import_(
    source: Source,
    actor: Actor,
    since: Day = None,
    out: Out = Path("import-verdicts"),
    dry_run: DryRun = False,
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    policies: Policies = None,
    lang: Lang = None,
    output: Format = "text",
) -> None:
    """把表格中的家庭写入记录，逐行给出结论。 Households from sheets into the record."""
    from cli.record_import import run

    run(source, actor, date_of(since), out, dry_run, record, keys, policies, lang, output)


@record_app.command("template")
def template(
    out: Annotated[Path, typer.Option("--out", metavar="FILE.xlsx", help="写到哪里 · where to write")],
    policies: Policies = None,
    lang: Lang = None,
) -> None:
    """空白登记表，供填写后导入。 A workbook to fill in."""
    from cli.record_import import run_template

    run_template(out, policies, lang)


@record_app.command("load")
def load(
    county: Annotated[
        Path, typer.Argument(metavar="COUNTY_DIR", help="relief sample 的输出 · what relief sample made")
    ],
    actor: Actor,
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    policies: Policies = None,
) -> None:
    """把示例县写入记录。 Write a sample county down in the record."""
    from cli.record_load import run

    run(county, actor, record, keys, policies)


@record_app.command("faults")
def faults(
    key: Annotated[Path, typer.Argument(metavar="ANSWER_KEY", help="示例县的答案 · answer_key.parquet")],
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
) -> None:
    """示例县：各类问题的查准率和查全率。 What nights found of the sample county's planted faults."""
    from cli.record_faults import run

    run(key, record, keys)


@record_app.command("exits")
def exits(
    by: Annotated[str, typer.Option(help="按哪一级汇总 · level of areas")] = "village",
    area: Annotated[str, typer.Option(help="只看某地 · only inside an area")] = "",
    on: Day = None,
    lang: Lang = None,
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    policies: Policies = None,
) -> None:
    """应退未报：各村件数、迟报天数、其间发放金额。 Exits that nobody reported, by village."""
    from cli.record_exits import run

    run(by, area, date_of(on), lang, record, keys, policies)


@record_app.command("open-import")
def open_import(
    data: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE|DIR…",
            help="待遇表和发放表（工作簿、CSV 或目录） · sheets of awards and payments",
        ),
    ],
    actor: Actor,
    as_of: Day = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="表中是这些家庭的全部待遇 · these are all that they hold")
    ] = False,
    out: Out = Path("import-verdicts"),
    dry_run: DryRun = False,
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    policies: Policies = None,
    lang: Lang = None,
    output: Format = "text",
) -> None:
    """开账：沿用现行待遇和近24个月的发放，待复核。 What is held and was paid before, to be reviewed."""
    from cli.record_open import run

    run(data, actor, date_of(as_of), out, whole, dry_run, record, keys, policies, lang, output)


@record_app.command("waiting")
def waiting(record: Record = DEFAULT_RECORD, keys: KeyFile = DEFAULT_KEYS, output: Format = "text") -> None:
    """待复核的沿用待遇。 Awards that were carried over and nobody has reviewed."""
    from cli.record_open import run_waiting

    run_waiting(record, keys, output)


@record_app.command("review")
def review(
    award: Annotated[int, typer.Argument(metavar="AWARD", help="待遇编号 · number of the award")],
    outcome: Annotated[Literal["confirmed", "ended"], typer.Argument(help="确认或终止 · confirmed or ended")],
    actor: Actor,
    reason: Annotated[str, typer.Option("--reason", help="理由 · why")],
    last_day: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="终止的最后一日 · last day of an ended one"),
    ] = None,
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
) -> None:
    """复核一项沿用待遇。 Review an award that was carried over."""
    from cli.record_open import run_review

    run_review(award, outcome, reason, None if last_day is None else last_day.date(), actor, record, keys)


def match(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FEED.csv", help="部门数据（CSV 或 XLSX） · a department's file"),
    ] = None,
    source: Annotated[
        str, typer.Option("--source", metavar="ID", help="数据名称，见 policies/feeds · name of the feed")
    ] = "",
    actor: Annotated[str, typer.Option("--actor", metavar="ID", help="谁在操作 · who does it")] = "",
    as_of: Day = None,
    rates: Annotated[
        bool, typer.Option("--rates", help="各数据的命中率 · how often each feed is right")
    ] = False,
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    policies: Policies = None,
    output: Format = "text",
) -> None:
    """部门数据与记录比对，提出待核实的建议。 Compare a department's file with the record."""
    from cli.record_match import run, run_rates

    if rates:
        run_rates(record, keys, output)
    else:
        run(file, source, actor, date_of(as_of), record, keys, policies, output)


@record_app.command("proposals")
def proposals(
    source: Annotated[str, typer.Option("--source", metavar="ID", help="只看这份数据 · only this feed")] = "",
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    output: Format = "text",
) -> None:
    """待核实的建议。 What feeds have proposed and nobody has settled."""
    from cli.record_match import run_proposals

    run_proposals(source, record, keys, output)


@record_app.command("answer")
def answer(
    proposal: Annotated[int, typer.Argument(metavar="N", help="建议编号 · number of the proposal")],
    said: Annotated[
        Literal["confirmed", "refuted", "unclear"],
        typer.Argument(help="属实、不实或不清 · confirmed, refuted or unclear"),
    ],
    actor: Actor,
    reason: Annotated[str, typer.Option("--reason", help="理由 · why")],
    whole: Annotated[
        bool, typer.Option("--whole", help="清单除此以外没有别的 · the list has nothing besides")
    ] = False,
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    policies: Policies = None,
) -> None:
    """答复一条建议；属实的随即写入。 Answer a proposal; what is confirmed is written down."""
    from cli.record_match import run_answer

    run_answer(proposal, said, reason, whole, actor, record, keys, policies)
