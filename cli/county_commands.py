"""What can be asked of all households of a county, and how."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import typer

from cli.options import (
    Asked,
    Decided,
    FormatOf,
    Known,
    Lang,
    Layer,
    On,
    Policies,
    Ran,
    Results,
    Table,
    To,
    Top,
)


def decide_everyone(
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA.parquet|DIR",
            help="每户一行的资料，或装有这种文件的目录；Spark 也读网址 · "
            "one row for each household, or a directory of such files; for Spark a URL too",
        ),
    ],
    out: Annotated[str, typer.Option("--out", metavar="DIR", help="结果目录 · directory of the results")],
    on: On = None,
    known: Known = None,
    policies: Policies = None,
    engine: Annotated[
        Literal["local", "spark"],
        typer.Option("--engine", help="在本机，或交给 Spark · on this machine, or by Spark"),
    ] = "local",
    master: Annotated[
        str, typer.Option("--master", metavar="URL", help="Spark 的主节点 · the master of Spark")
    ] = "local[*]",
    output: FormatOf = "text",
) -> None:
    """裁定全部家庭；中断后重新运行即可接着做。 Decide every household; run it again to go on after a stop."""
    today = date.today()
    if engine == "spark":
        from cli import decide_spark

        decide_spark.run(data, out, master, on or today, known or today, policies, output)
        return
    from cli.decide_all import run

    run(Path(data), Path(out), on or today, known or today, policies, output)


def explain_row(
    data: Table,
    household_id: Annotated[str, typer.Argument(metavar="HOUSEHOLD", help="户编号 · the household's id")],
    out: Results,
    layer: Annotated[Layer, typer.Option("--layer", help="给谁看 · for whom")] = "caseworker",
    policies: Policies = None,
    lang: Lang = None,
    output: FormatOf = "text",
) -> None:
    """说明批量结果中的一户：重新裁定，并核对与结果一致。 Decide one row of the results again and explain it."""
    from cli.explain_row import run

    run(data, household_id, out, layer, policies, lang, output)


def sample(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="写到哪里 · where to write")],
    households: Annotated[
        int, typer.Option("--households", min=1, help="多少户 · how many households")
    ] = 10_000,
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="种子，相同则内容相同 · same seed, same bytes")
    ] = 1,
    policies: Policies = None,
) -> None:
    """生成一个虚构的示例县和另放的答案。 A county of people who do not exist, and the answer key beside it."""
    from cli.sample import run

    run(households, seed, out, policies)


def rank(
    results: Ran,
    data: Decided,
    area: Annotated[
        str | None, typer.Option("--area", metavar="CODE", help="只看这个乡镇 · only this town")
    ] = None,
    whole: Annotated[bool, typer.Option("--whole", help="不分乡镇 · one list for all towns")] = False,
    top: Top = 10,
    to: To = None,
    policies: Policies = None,
    lang: Lang = None,
    output: FormatOf = "text",
) -> None:
    """按困难程度排队：最困难的在前，未救助的在先。 The list from the hardest life up, those without aid first."""
    from cli.rank import run

    run(results, data, area, whole, top, to, policies, lang, output)


def missed(
    results: Ran,
    data: Decided,
    policy: Asked = None,
    top: Top = 10,
    to: To = None,
    policies: Policies = None,
    lang: Lang = None,
    output: FormatOf = "text",
) -> None:
    """漏保、只差一项资料、在册但不符合。 Who is missed, who is one fact away, who is enrolled and refused."""
    from cli.missed import run

    run(results, data, policy or [], top, to, policies, lang, output)


def duplicates(
    results: Ran,
    data: Decided,
    persons: Annotated[
        Path | None,
        typer.Option("--persons", metavar="FILE", help="人员登记册，查一人两号 · the register of people"),
    ] = None,
    top: Top = 10,
    to: To = None,
    policies: Policies = None,
    lang: Lang = None,
    output: FormatOf = "text",
) -> None:
    """一人两户、互斥政策同时在册、一人两号。 One person in two households, exclusive programmes, two numbers."""
    from cli.duplicates import run

    run(results, data, persons, top, to, policies, lang, output)


def impact(
    data: Table,
    rulebook: Annotated[
        Path, typer.Option("--rulebook", metavar="DIR", help="新规则库 · the other rulebook")
    ],
    out: Results,
    on: On = None,
    known: Known = None,
    household: Annotated[
        str | None,
        typer.Option("--household", metavar="ID", help="画哪一户的收入图 · whose income rises in the chart"),
    ] = None,
    up_to: Annotated[
        int, typer.Option("--up-to", min=100, help="工资画到多少 · highest wage in the chart")
    ] = 6000,
    chart: Annotated[
        Path | None, typer.Option("--chart", metavar="FILE", help="图，.svg 或 .png · the chart")
    ] = None,
    policies: Policies = None,
    lang: Lang = None,
    output: FormatOf = "text",
) -> None:
    """换一版规则谁增谁减、增减多少。 Who gains and loses by other rules, and how much."""
    from cli.impact import run

    today = date.today()
    run(data, rulebook, out, on or today, known or today, household, up_to, chart, policies, lang, output)


def import_(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.xlsx|DIR", help="工作簿，或装有 CSV 的目录 · a workbook, or a directory of CSV"
        ),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="写到哪里 · where to write")],
    policies: Policies = None,
    lang: Lang = None,
    output: FormatOf = "text",
) -> None:
    """从表格导入家庭：逐行给结论，有误的写成文件改后再交。 Households from sheets, with a verdict for every row."""
    from cli.import_sheets import run

    run(source, out, policies, lang, output)


def export(
    results: Ran,
    data: Decided,
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help=".parquet、.csv 或 .xlsx")],
    policies: Policies = None,
) -> None:
    """把批量结果导出成平表。 Results as flat tables."""
    from cli.export import run

    run(results, data, to, policies)
