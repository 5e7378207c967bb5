"""Arguments and options that several commands have, and how dates are written on the command line."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import typer

Layer = Literal["applicant", "caseworker", "auditor"]
Format = Literal["text", "json"]


def day(text: str) -> date:
    """A date as it is written on the command line."""
    from engine.language.dates import parse_date, to_date

    found = parse_date(text)
    if found is None:
        raise typer.BadParameter(f"“{text}” 不是日期，请写成 2024-02-29 · not a date; write 2024-02-29")
    return to_date(found)


def month(text: str) -> int:
    """A month as it is written on the command line: its first day, yyyymmdd."""
    from engine.decision.payments import month_day

    found = month_day(text)
    if found is None:
        raise typer.BadParameter(f"“{text}” 不是月份，请写成 2025-01 · not a month; write 2025-01")
    return found


File = Annotated[
    str, typer.Argument(metavar="FILE|-", help="家庭资料（JSON 或 YAML） · a household document")
]
Policies = Annotated[
    Path | None,
    typer.Option(
        "--policies", envvar="RELIEF_POLICIES", metavar="DIR", help="规则库目录 · rulebook directory"
    ),
]
On = Annotated[
    date | None,
    typer.Option("--on", parser=day, metavar="DATE", help="法律日期，默认今天 · legal date, default today"),
]
Known = Annotated[
    date | None,
    typer.Option(
        "--known", parser=day, metavar="DATE", help="当时已知，默认今天 · as known then, default today"
    ),
]
Asked = Annotated[
    list[str] | None,
    typer.Option("--policy", metavar="ID", help="只看这项政策，可重复 · only this policy, repeatable"),
]
Processes = Annotated[int | None, typer.Option("--processes", min=1, help="进程数 · how many processes")]
Lang = Annotated[str | None, typer.Option("--lang", metavar="zh|en", help="语言，默认 zh · language")]
Features = Annotated[
    Path | None,
    typer.Option("--features", metavar="DIR", help="功能文件目录 · directory of the features"),
]
FormatOf = Annotated[Format, typer.Option("--format", help="输出格式 · output format")]


Results = Annotated[Path, typer.Option("--out", metavar="DIR", help="结果目录 · directory of the results")]
Table = Annotated[
    Path, typer.Argument(metavar="DATA.parquet", help="每户一行的资料 · one row for each household")
]
Ran = Annotated[
    Path, typer.Argument(metavar="RESULTS", help="decide-all 的结果目录 · directory of the results")
]
Decided = Annotated[
    Path,
    typer.Option("--data", metavar="DATA.parquet", help="裁定过的资料 · the households that were decided"),
]
Top = Annotated[int, typer.Option("--top", min=0, help="显示前几条 · how many are shown")]
To = Annotated[
    Path | None,
    typer.Option("--to", metavar="FILE", help="写成 .parquet、.csv 或 .xlsx · write all of it to a file"),
]
