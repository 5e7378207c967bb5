"""`relief record`, `relief replay`, `relief audit`: what can be asked of the record, and how."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

record_app = typer.Typer(
    help="家庭记录：建库、登记、裁定留存。 The record of households.", no_args_is_help=True
)
audit_app = typer.Typer(help="审计链：验证、签名、导出。 The audit trail.", no_args_is_help=True)

Record = Annotated[
    str,
    typer.Option(
        "--record", envvar="RELIEF_RECORD", metavar="URL", help="数据库 · database (SQLAlchemy URL)"
    ),
]
KeyFile = Annotated[
    Path, typer.Option("--keys", envvar="RELIEF_KEY_FILE", metavar="FILE", help="密钥文件 · file of the keys")
]
Actor = Annotated[str, typer.Option("--actor", metavar="ID", help="谁在操作 · who does it")]
Policies = Annotated[
    Path | None,
    typer.Option(
        "--policies", envvar="RELIEF_POLICIES", metavar="DIR", help="规则库目录 · rulebook directory"
    ),
]
Day = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="日期，默认今天 · default today")
]
DEFAULT_RECORD = "sqlite:///record.db"
DEFAULT_KEYS = Path("record.keys.json")


def date_of(told: datetime | None) -> date:
    """The day that was told; today where the office is, whose days the record counts."""
    from cli.record import zone_or_stop

    return datetime.now(zone_or_stop()).date() if told is None else told.date()


@record_app.command("init")
def init(record: Record = DEFAULT_RECORD, keys: KeyFile = DEFAULT_KEYS) -> None:
    """建立数据库和密钥。 Make the database, and keys where there are none."""
    from cli.record import run_init

    run_init(record, keys)


@record_app.command("grant")
def grant(
    role: Annotated[str, typer.Argument(metavar="ROLE", help="程序所用的角色 · the program's role")],
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
) -> None:
    """PostgreSQL：给程序的角色授权，只能读和添加。 Give the program's role its rights in PostgreSQL."""
    from cli.record import run_grant

    run_grant(role, record, keys)


@record_app.command("put")
def put(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="家庭资料 · a household document")],
    actor: Actor,
    since: Day = None,
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    policies: Policies = None,
) -> None:
    """登记一户。 Write down a household."""
    from cli.record import run_put

    run_put(file, actor, date_of(since), record, keys, policies)


@record_app.command("decide")
def decide(
    actor: Actor,
    household: Annotated[
        str, typer.Argument(metavar="[HOUSEHOLD]", help="家庭编号 · household id", show_default=False)
    ] = "",
    everyone: Annotated[bool, typer.Option("--all", help="全部家庭 · every household")] = False,
    on: Day = None,
    known: Day = None,
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    policies: Policies = None,
) -> None:
    """按记录裁定一户或全部并留存。 Decide a household, or all, from the record and keep the decisions."""
    from cli.record_decide import run_all, run_one

    if everyone == bool(household):
        raise typer.BadParameter("家庭编号与 --all 二者取一 · say either a household or --all")
    if everyone:
        run_all(actor, date_of(on), date_of(known), record, keys, policies)
    else:
        run_one(household, actor, date_of(on), date_of(known), record, keys, policies)


@record_app.command("rotate-keys")
def rotate_keys(
    actor: Actor,
    drop_old: Annotated[
        bool,
        typer.Option("--drop-old", help="删去已无用的旧主密钥 · take away old keys that nothing needs"),
    ] = False,
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
) -> None:
    """换主密钥并重新封存；中断后再运行即接着做。 A new sealing key; run it again to go on after a stop."""
    from cli.upkeep import run_rotate

    run_rotate(actor, drop_old, record, keys)


@record_app.command("erase")
def erase(
    household: Annotated[str, typer.Argument(metavar="HOUSEHOLD", help="家庭编号 · household id")],
    actor: Actor,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="法律依据 · the legal reason")],
    confirm: Annotated[
        str,
        typer.Option(
            "--confirm", metavar="HOUSEHOLD", help="不再询问，重写编号 · the id again, instead of asking"
        ),
    ] = "",
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
) -> None:
    """依法删除一户，无法恢复。 Erase a household by law, for ever."""
    from cli.upkeep import run_erase

    run_erase(household, actor, reason, confirm, record, keys)


def replay(
    decision: Annotated[
        str, typer.Argument(metavar="[ID]", help="裁定编号，默认全部 · decision id, default all")
    ] = "",
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
) -> None:
    """用当时的事实和规则重算留存的裁定。 Make stored decisions again from stored facts and rules."""
    from cli.record import run_replay

    run_replay(decision, record, keys)


def nightly(
    actor: Actor,
    on: Day = None,
    known: Day = None,
    workers: Annotated[int, typer.Option(help="进程数 · processes", min=1, max=64)] = 2,
    each: Annotated[
        int,
        typer.Option(
            help="每地每承办单位每夜最多几条 · notices for each owner of each area", min=1, max=10_000
        ),
    ] = 20,
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    policies: Policies = None,
) -> None:
    """夜间核查：全部家庭重新裁定，变化和疑点交人处理。 Decide every household again and tell what has changed."""
    from cli.nightly import run

    run(actor, date_of(on), date_of(known), workers, each, record, keys, policies)


@audit_app.command("verify")
def verify(record: Record = DEFAULT_RECORD, keys: KeyFile = DEFAULT_KEYS) -> None:
    """验证审计链、每一行和签名。 Verify the chain, every row and the signed heads."""
    from cli.record import run_verify

    run_verify(record, keys)


@audit_app.command("anchor")
def anchor(actor: Actor, record: Record = DEFAULT_RECORD, keys: KeyFile = DEFAULT_KEYS) -> None:
    """签署链头，打印后存于他处。 Sign the head of the chain, to lay down elsewhere."""
    from cli.record import run_anchor

    run_anchor(actor, record, keys)


@audit_app.command("export")
def export(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="导出到 · where to")],
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
) -> None:
    """导出审计链，用 verify_export.py 离线验证。 Export the chain, to be verified offline."""
    from cli.record import run_export

    run_export(out, record, keys)
