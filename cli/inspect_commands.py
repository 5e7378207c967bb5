"""`relief inspect`: what can be asked about special inspections, and how."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from cli.record_commands import DEFAULT_KEYS, DEFAULT_RECORD, Actor, KeyFile, Policies, Record

inspect_app = typer.Typer(
    help="专项检查：立项、抽样、核查、整改、证据包。 Special inspections, from the sample to the evidence.",
    no_args_is_help=True,
)

_DAY = ["%Y-%m-%d"]
Number = Annotated[int, typer.Argument(metavar="INSPECTION", help="检查号 · number of the inspection")]
Finding = Annotated[int, typer.Argument(metavar="FINDING", help="发现的编号 · number of the finding")]
Ordered = Annotated[
    int, typer.Argument(metavar="RECTIFICATION", help="整改号 · number of what has to be put right")
]
Why = Annotated[str, typer.Option("--reason", metavar="TEXT", help="理由，不写姓名 · why; name nobody")]
Told = Annotated[str, typer.Option("--text", metavar="TEXT", help="说明，不写姓名 · in words; name nobody")]
FormatOf = Annotated[Literal["text", "json"], typer.Option("--format", help="输出格式 · output")]


@inspect_app.command("rules")
def rules(
    actor: Actor, record: Record = DEFAULT_RECORD, keys: KeyFile = DEFAULT_KEYS, policies: Policies = None
) -> None:
    """规则库里有哪些检查规则组。 The sets of rules that an inspection may go by."""
    from cli.inspect import run_rules

    run_rules(actor, record, keys, policies)


@inspect_app.command("open")
def open_(
    rules: Annotated[
        str, typer.Argument(metavar="RULES", help="规则组，见 relief inspect rules · a set of rules")
    ],
    area: Annotated[str, typer.Option("--area", metavar="AREA", help="地区 · area")],
    since: Annotated[
        datetime, typer.Option("--since", formats=_DAY, metavar="DATE", help="期间起 · first day")
    ],
    until: Annotated[
        datetime, typer.Option("--until", formats=_DAY, metavar="DATE", help="期间止 · last day")
    ],
    reason: Why,
    actor: Actor,
    policy: Annotated[
        list[str] | None,
        typer.Option("--policy", metavar="ID", help="项目，可多次，默认全部 · programme, repeatable"),
    ] = None,
    size: Annotated[int | None, typer.Option("--size", min=1, help="抽多少 · how many are drawn")] = None,
    share: Annotated[
        str | None, typer.Option("--share", metavar="0.05", help="或抽多大比例 · or which part")
    ] = None,
    stratify: Annotated[
        Literal["none", "area", "policy"],
        typer.Option("--by", help="分层：area 按村，policy 按项目 · strata"),
    ] = "none",
    seed: Annotated[
        str,
        typer.Option(
            "--seed", metavar="TEXT", help="随机种子，不填则生成 · the seed; one is made if left out"
        ),
    ] = "",
    title: Annotated[str, typer.Option("--title", metavar="TEXT", help="名称 · what it is called")] = "",
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    policies: Policies = None,
) -> None:
    """立项。 Open an inspection."""
    from cli.inspect import run_open
    from records.inspections.opening import Asked
    from records.inspections.words import Stratify

    asked = Asked(
        rules,
        area,
        since.date(),
        until.date(),
        reason,
        title,
        policy or [],
        Stratify(stratify),
        size,
        share,
        seed,
    )
    run_open(asked, actor, record, keys, policies)


@inspect_app.command("list")
def list_(
    actor: Actor, record: Record = DEFAULT_RECORD, keys: KeyFile = DEFAULT_KEYS, policies: Policies = None
) -> None:
    """列出检查。 List inspections."""
    from cli.inspect import run_list

    run_list(actor, record, keys, policies)


@inspect_app.command("draw")
def draw(
    inspection: Number,
    actor: Actor,
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    policies: Policies = None,
) -> None:
    """抽样，只抽一次。 Draw the sample, once."""
    from cli.inspect import run_draw

    run_draw(inspection, actor, record, keys, policies)


@inspect_app.command("run")
def run(
    inspection: Number,
    actor: Actor,
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    policies: Policies = None,
) -> None:
    """用规则核查样本，提出疑点。 Let the rules look at the sample."""
    from cli.inspect import run_rules_over

    run_rules_over(inspection, actor, record, keys, policies)


@inspect_app.command("findings")
def findings(
    inspection: Number,
    actor: Actor,
    state: Annotated[
        Literal["", "open", "confirmed", "refuted"],
        typer.Option("--state", help="只看待核实、属实或不属实的 · which"),
    ] = "",
    output: FormatOf = "text",
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    policies: Policies = None,
) -> None:
    """列出发现。 List what was found."""
    from cli.inspect import run_findings

    run_findings(inspection, state, output, actor, record, keys, policies)


@inspect_app.command("answer")
def answer(
    finding: Finding,
    said: Annotated[
        Literal["confirmed", "refuted"],
        typer.Argument(metavar="confirmed|refuted", help="属实或不属实 · is it so"),
    ],
    reason: Why,
    actor: Actor,
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    policies: Policies = None,
) -> None:
    """认定一条发现。 Confirm or refute a finding."""
    from cli.inspect import run_answer

    run_answer(finding, said, reason, actor, record, keys, policies)


@inspect_app.command("order")
def order(
    finding: Finding,
    area: Annotated[str, typer.Option("--area", metavar="AREA", help="责任单位所在地区 · area of the unit")],
    due: Annotated[datetime, typer.Option("--due", formats=_DAY, metavar="DATE", help="期限 · by when")],
    text: Told,
    actor: Actor,
    department: Annotated[str, typer.Option("--department", metavar="ID", help="责任部门 · department")] = "",
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    policies: Policies = None,
) -> None:
    """下达整改。 Say what has to be put right."""
    from cli.inspect import run_order

    run_order(finding, area, department, text, due.date(), actor, record, keys, policies)


@inspect_app.command("rectify")
def rectify(
    rectification: Ordered,
    state: Annotated[
        Literal["done", "verified", "returned", "dropped"],
        typer.Argument(
            metavar="done|verified|returned|dropped", help="已整改、验收、退回、不再整改 · what happened"
        ),
    ],
    text: Told,
    actor: Actor,
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    policies: Policies = None,
) -> None:
    """整改一步；验收须另一人。 One step of putting right; another person verifies."""
    from cli.inspect import run_rectify

    run_rectify(rectification, state, text, actor, record, keys, policies)


@inspect_app.command("overdue")
def overdue(
    actor: Actor,
    every: Annotated[bool, typer.Option("--all", help="未办结的全部 · whatever is not over")] = False,
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    policies: Policies = None,
) -> None:
    """逾期未整改的；有则返回 1。 What is overdue; exit code 1 when something is."""
    from cli.inspect import run_overdue

    run_overdue(every, actor, record, keys, policies)


@inspect_app.command("close")
def close(
    inspection: Number,
    text: Told,
    actor: Actor,
    abandon: Annotated[bool, typer.Option("--abandon", help="撤销检查 · abandon it")] = False,
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    policies: Policies = None,
) -> None:
    """写出结论并办结。 Close it with its report."""
    from cli.inspect import run_close

    run_close(inspection, text, abandon, actor, record, keys, policies)


@inspect_app.command("pack")
def pack(
    inspection: Number,
    out: Annotated[Path, typer.Option("--out", metavar="FILE.zip", help="写到哪里 · where to write it")],
    actor: Actor,
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    policies: Policies = None,
) -> None:
    """导出签名证据包。 Write the signed evidence pack."""
    from cli.inspect import run_pack

    run_pack(inspection, out, actor, record, keys, policies)


@inspect_app.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE.zip", help="证据包 · the pack")],
    key: Annotated[
        str, typer.Argument(metavar="[PUBLIC_KEY]", help="单位公布的公钥 · the published key")
    ] = "",
) -> None:
    """验证证据包，无需数据库。 Verify a pack; no record is needed."""
    from records.verify_pack import main

    raise typer.Exit(main([str(file), *([key] if key else [])]))
