"""The `relief` command: what can be asked, and how. Each command imports what it needs when it runs, so that
a cold start stays short.

Exit codes: 0 fine, 1 the answer is negative, 2 bad usage or bad input, 3 done in part.
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import typer

from cli.account_commands import account_app
from cli.backup_commands import backup, restore, verify
from cli.inspect_commands import inspect_app
from cli.intake_commands import match, record_app
from cli.paper_commands import divergence, letter, report, scans
from cli.pay_commands import pay_app
from cli.record_commands import DEFAULT_KEYS, KeyFile, audit_app, nightly, replay
from cli.rulebook_commands import rulebook_app

INTERNAL_ERROR = 70  # as in sysexits.h: the program is at fault, not what it was given

app = typer.Typer(
    name="relief",
    help="县级救助政策规则：检查、裁定、说明。 Relief policies as rules: check, decide, explain.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

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


@app.command()
def check(
    policies: Policies = None,
    open_points: Annotated[
        bool, typer.Option("--open", help="列出待补依据、假定值和缺口 · list what is still open")
    ] = False,
    lang: Lang = None,
    output: FormatOf = "text",
) -> None:
    """检查规则库，列出所有问题。 Check a rulebook and report every problem."""
    from cli.check import run

    run(policies, open_points, lang, output)


@app.command()
def decide(
    file: File,
    on: On = None,
    known: Known = None,
    policies: Policies = None,
    policy: Asked = None,
    lang: Lang = None,
    output: FormatOf = "text",
) -> None:
    """裁定一户。 Decide one household."""
    from cli.decide import run

    run(file, on or date.today(), known or date.today(), policies, policy or [], lang, output)


@app.command()
def explain(
    file: File,
    layer: Annotated[Layer, typer.Option("--layer", help="给谁看 · for whom")] = "caseworker",
    on: On = None,
    known: Known = None,
    policies: Policies = None,
    policy: Asked = None,
    lang: Lang = None,
    output: FormatOf = "text",
) -> None:
    """说明一份裁定；FILE 可以是家庭资料或裁定。 Explain a decision, or decide a household and explain it."""
    from cli.explain import run

    run(file, layer, on, known, policies, policy or [], lang, output)


Results = Annotated[Path, typer.Option("--out", metavar="DIR", help="结果目录 · directory of the results")]
Table = Annotated[
    Path, typer.Argument(metavar="DATA.parquet", help="每户一行的资料 · one row for each household")
]


@app.command("decide-all")
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


@app.command("explain-row")
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command("import")
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


@app.command()
def export(
    results: Ran,
    data: Decided,
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help=".parquet、.csv 或 .xlsx")],
    policies: Policies = None,
) -> None:
    """把批量结果导出成平表。 Results as flat tables."""
    from cli.export import run

    run(results, data, to, policies)


@app.command()
def entitlement(
    file: File,
    first: Annotated[
        int, typer.Option("--from", parser=month, metavar="MONTH", help="第一个月，如 2025-01 · first month")
    ],
    last: Annotated[
        int | None,
        typer.Option("--to", parser=month, metavar="MONTH", help="最后一个月，默认同 --from · last month"),
    ] = None,
    known: Known = None,
    policies: Policies = None,
    lang: Lang = None,
    output: FormatOf = "text",
) -> None:
    """逐月核对应发与已发。 What was due month by month, beside what was paid."""
    from cli.entitlement import run

    run(file, first, first if last is None else last, known or date.today(), policies, lang, output)


@app.command("eval")
def evaluate(
    expression: Annotated[str, typer.Argument(metavar="EXPR", help="表达式 · an expression")],
    context: Annotated[
        str | None,
        typer.Option("--context", metavar="FILE|-", help="变量（JSON 对象） · its names, a JSON object"),
    ] = None,
) -> None:
    """计算一个表达式。 Evaluate one expression."""
    from cli.evaluate import run

    run(expression, context)


@app.command("policies")
def list_policies(policies: Policies = None, lang: Lang = None, output: FormatOf = "text") -> None:
    """列出政策和版本。 List the policies and their versions."""
    from cli.policies import run

    run(policies, lang, output)


@app.command()
def docs(
    policies: Policies = None,
    features: Annotated[
        Path, typer.Option("--features", metavar="DIR", help="功能文件目录 · feature files")
    ] = Path("features"),
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="写到哪里 · where to write")] = Path(
        "docs/policies"
    ),
    check_only: Annotated[
        bool, typer.Option("--check", help="只检查是否最新 · only check that they are current")
    ] = False,
) -> None:
    """每项政策生成一页说明。 One page per policy."""
    from cli.docs import run

    run(policies, features, out, check_only)


@app.command()
def lock(policies: Policies = None) -> None:
    """把新公布的版本记入 versions.lock。 Record what is newly published in versions.lock."""
    from cli.lock import run

    run(policies)


@app.command()
def schema(
    kind: Annotated[Literal["household", "decision"], typer.Argument(help="哪种文件 · of which document")],
    policies: Policies = None,
) -> None:
    """打印 JSON Schema。 Print the JSON Schema of a document."""
    from cli.schema import run

    run(kind, policies)


@app.command()
def coverage(
    policies: Policies = None,
    features: Features = None,
    policy: Asked = None,
    processes: Processes = None,
    lang: Lang = None,
    output: FormatOf = "text",
) -> None:
    """功能文件走到了规则的哪些地方。 What of the rules the features exercise."""
    from cli.coverage import run

    run(policies, features, policy or [], processes, lang, output)


@app.command()
def mutate(
    policies: Policies = None,
    features: Features = None,
    policy: Asked = None,
    changed: Annotated[
        str | None,
        typer.Option(
            "--changed",
            metavar="REF|lock",
            help="只试自 git 提交 REF（或 versions.lock）以来改过的文件 · only files changed since a commit, or not locked",
        ),
    ] = None,
    at_most: Annotated[
        int | None,
        typer.Option(
            "--at-most", min=1, help="最多试几处，按名称抽取 · try no more than so many, drawn by name"
        ),
    ] = None,
    processes: Processes = None,
    lang: Lang = None,
    output: FormatOf = "text",
) -> None:
    """规则写错一点，功能文件能不能发现。 Which small mistakes in the rules the features would notice."""
    from cli.mutate import run

    run(policies, features, policy or [], changed, at_most, processes, lang, output)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="地址 · address")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="端口 · port", min=0, max=65535)] = 8000,
    policies: Policies = None,
    record: Annotated[
        str,
        typer.Option(
            "--record",
            envvar="RELIEF_RECORD",
            metavar="URL",
            help="家庭记录，不填则只裁定送来的资料 · the record, if any",
        ),
    ] = "",
    keys: KeyFile = DEFAULT_KEYS,
    workers: Annotated[int, typer.Option(help="进程数 · processes", min=1, max=64)] = 1,
) -> None:
    """启动 HTTP 服务。 Serve the API."""
    from cli.serve import run

    run(host, port, policies, record, keys, workers)


app.command()(match)
app.add_typer(record_app, name="record")
app.add_typer(audit_app, name="audit")
app.add_typer(account_app, name="account")
app.add_typer(rulebook_app, name="rulebook")
app.add_typer(pay_app, name="pay")
app.add_typer(inspect_app, name="inspect")
for command in (replay, nightly, backup, restore, verify, letter, report, divergence, scans):
    app.command()(command)


def main() -> None:
    """Runs the command. Whatever goes wrong, a person reads one line and not a traceback."""
    try:
        app()
    except Exception as error:
        if os.environ.get("RELIEF_DEBUG"):
            raise
        typer.echo(f"relief: 内部错误 · internal error: {type(error).__name__}: {error}", err=True)
        typer.echo("        RELIEF_DEBUG=1 显示详情 · shows where", err=True)
        raise SystemExit(INTERNAL_ERROR) from None
