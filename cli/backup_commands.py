"""`relief backup`, `relief restore`, `relief verify`: what can be asked, and how."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.record_commands import DEFAULT_KEYS, DEFAULT_RECORD, KeyFile, Record

Documents = Annotated[
    Path | None,
    typer.Option(
        "--documents", envvar="RELIEF_DOCUMENTS", metavar="DIR", help="文件存放目录 · directory of documents"
    ),
]
Made = Annotated[Path, typer.Argument(metavar="BACKUP", help="备份：目录或 .tar · a directory or a .tar")]


def backup(
    out: Annotated[
        Path,
        typer.Option("--out", metavar="DIR|FILE.tar", help="写到哪里，不覆盖旧的 · where to, never over one"),
    ],
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    documents: Documents = None,
) -> None:
    """备份记录，服务不必停；密钥不在其中。 Back up the record while it is written to; without the keys."""
    from cli.backup import run_backup

    run_backup(out, record, keys, documents)


def restore(
    made: Made,
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    documents: Documents = None,
) -> None:
    """把备份恢复到空数据库，并验证。 Restore a backup into an empty database, and verify it."""
    from cli.backup import run_restore

    run_restore(made, record, keys, documents)


def verify(
    made: Annotated[
        Path | None,
        typer.Argument(metavar="[BACKUP]", help="备份；不填则验证数据库 · a backup; the record if left out"),
    ] = None,
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    public_key: Annotated[
        str, typer.Option("--public-key", metavar="HEX", help="公钥，代替密钥文件 · instead of the keys")
    ] = "",
) -> None:
    """验证备份（不需数据库）或记录。 Verify a backup, which needs no database, or the record."""
    from cli.backup import run_verify_backup
    from cli.record import run_verify

    if made is None:
        run_verify(record, keys)
    else:
        run_verify_backup(made, keys, public_key)
