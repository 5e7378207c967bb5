"""`relief record rotate-keys` and `erase`: done."""

from __future__ import annotations

from pathlib import Path

import typer
from sqlalchemy import func, select

from cli.record import opened_record
from cli.stop import stop
from records import tables
from records.database import reading, writing
from records.erasure import erase_household, erased_with
from records.households import claim, version_of
from records.refused import no_household
from records.rotation import drop_old_keys, rotate_keys


def run_rotate(actor: str, drop_old: bool, record: str, keys: Path) -> None:
    with opened_record(record, keys) as database:
        if drop_old:
            _tell_dropped(drop_old_keys(database, keys, actor))
            return
        done = rotate_keys(database, keys, actor, lambda batch: typer.echo(f"… {batch}", err=True))
    if done.resumed:
        typer.echo("接着上次中断的轮换 · goes on with a rotation that was broken off")
    typer.echo(
        f"主密钥第 {done.version} 版，{done.sealed} 个数据密钥已重新封存 · key version {done.version}, {done.sealed} data "
        f"keys sealed with it\n旧密钥仍在 {keys}，确认无误后用 --drop-old 删去 · the old keys are still there; take them "
        f"away with --drop-old"
    )


def _tell_dropped(old: tuple[int, ...]) -> None:
    if not old:
        typer.echo("没有旧密钥 · there are no old keys")
        return
    versions = "、".join(map(str, old))
    typer.echo(
        f"已删去旧主密钥 {versions}。轮换前的备份仍要用它们才能打开 · the old keys {versions} are gone; a backup from before "
        f"the rotation cannot be read without them"
    )


def run_erase(household: str, actor: str, reason: str, confirm: str, record: str, keys: Path) -> None:
    with opened_record(record, keys) as database:
        with reading(database) as read:
            version = version_of(read.connection, household)
            if version is None:
                raise no_household(household)
            subjects = erased_with(read.connection, household)
            decision = tables.decision.c
            decisions = read.connection.execute(
                select(func.count()).where(decision.household_id == household)
            ).scalar_one()
        typer.echo(
            f"将依法删除，且无法恢复；{decisions} 份裁定将无法再读 · to be erased for ever, with {decisions} decisions that "
            f"nobody can read then:"
        )
        for subject in subjects:
            typer.echo(f"  {subject}")
        typed = confirm or typer.prompt(
            "请输入家庭编号以确认 · type the household's id to confirm", default="", show_default=False
        )
        if typed != household:
            stop("未确认，什么也没有删除 · not confirmed; nothing was erased")
        with writing(database, actor) as write:
            claim(write, household, version)
            erase_household(write, household, reason)
    typer.echo(
        f"{household}: 已依法删除；备份中的数据密钥须另行处理 · erased; data keys in backups are another matter"
    )
