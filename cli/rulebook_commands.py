"""`relief rulebook`: what can be asked about rulebooks in the record, and how."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from cli.record_commands import DEFAULT_KEYS, DEFAULT_RECORD, Actor, Day, KeyFile, Record

rulebook_app = typer.Typer(
    help="记录中的规则库：提交、复核、发布、比较、试算。 Rulebooks in the record.", no_args_is_help=True
)

Given = Annotated[
    Path, typer.Argument(metavar="DIR|ZIP", help="规则库目录或 zip · a rulebook's directory, or a zip of it")
]
Fingerprint = Annotated[
    str, typer.Argument(metavar="FINGERPRINT", help="指纹，开头几位即可 · a fingerprint, or its beginning")
]
Note = Annotated[str, typer.Option("--note", metavar="TEXT", help="说明 · a note")]


@rulebook_app.command("submit")
def submit(
    source: Given,
    actor: Actor,
    note: Note = "",
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
) -> None:
    """提交草稿；有问题也留存，并列出问题。 Keep a draft, and tell what is wrong with it."""
    from cli.publishing import run_submit

    run_submit(source, actor, note, record, keys)


@rulebook_app.command("check")
def check(
    fingerprint: Fingerprint,
    actor: Actor,
    note: Note = "",
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
) -> None:
    """复核草稿：没有问题，且未改动已发布的内容。 Check a draft: clean, and nothing published is changed."""
    from cli.publishing import run_check

    run_check(fingerprint, actor, note, record, keys)


@rulebook_app.command("publish")
def publish(
    fingerprint: Fingerprint,
    actor: Actor,
    note: Note = "",
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
) -> None:
    """发布已复核的规则库，须由另一人操作。 Put a checked rulebook in force; a second person does it."""
    from cli.publishing import run_publish

    run_publish(fingerprint, actor, note, record, keys)


@rulebook_app.command("withdraw")
def withdraw(
    fingerprint: Fingerprint,
    actor: Actor,
    note: Note = "",
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
) -> None:
    """撤回草稿。 Take back a draft; its text stays."""
    from cli.publishing import run_withdraw

    run_withdraw(fingerprint, actor, note, record, keys)


@rulebook_app.command("list")
def list_(record: Record = DEFAULT_RECORD, keys: KeyFile = DEFAULT_KEYS) -> None:
    """列出规则库和状态。 The rulebooks and where they stand."""
    from cli.publishing import run_list

    run_list(record, keys)


@rulebook_app.command("show")
def show(
    fingerprint: Fingerprint,
    path: Annotated[str, typer.Argument(metavar="[PATH]", help="其中一个文件 · one of its files")] = "",
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
) -> None:
    """看经过和文件，或一个文件的原文。 The steps and files of a rulebook, or the text of one file."""
    from cli.publishing import run_show

    run_show(fingerprint, path, record, keys)


@rulebook_app.command("diff")
def diff(
    before: Fingerprint,
    after: Fingerprint,
    path: Annotated[str, typer.Option("--path", metavar="PATH", help="只看这个文件 · only this file")] = "",
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
) -> None:
    """逐行比较两个规则库。 Two rulebooks line by line."""
    from cli.publishing import run_diff

    run_diff(before, after, path, record, keys)


@rulebook_app.command("find")
def find(
    name: Annotated[
        str,
        typer.Argument(
            metavar="PATH", help="文件，或路径末段如 dibao/2021-07-01 · a file, or the end of its path"
        ),
    ],
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
) -> None:
    """哪些规则库有这个文件，自何时起。 Which rulebooks hold a file, and since when."""
    from cli.publishing import run_find

    run_find(name, record, keys)


@rulebook_app.command("dry-run")
def dry_run(
    source: Annotated[
        str,
        typer.Argument(metavar="DIR|ZIP|FINGERPRINT", help="目录、zip 或已提交的 · handed in, or not yet"),
    ],
    on: Day = None,
    known: Day = None,
    at_most: Annotated[
        int,
        typer.Option("--at-most", min=1, help="最多试算多少户，抽取 · how many households at most, drawn"),
    ] = 2_000,
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    lang: Annotated[str | None, typer.Option("--lang", metavar="zh|en", help="语言 · language")] = None,
    output: Annotated[
        Literal["text", "json"], typer.Option("--format", help="输出格式 · output format")
    ] = "text",
) -> None:
    """试算：发布后哪些规则、哪些家庭会变。 What publishing would change: rules and households."""
    from cli.publishing import run_dry_run
    from cli.record_commands import date_of

    run_dry_run(source, date_of(on), date_of(known), at_most, record, keys, lang, output)
