"""`relief backup`, `relief restore`, `relief verify BACKUP`: done."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cli.progress import progress
from cli.record import opened_record, tell_verified
from cli.stop import NEGATIVE, stop
from records.backups.form import Damaged, Manifest, Unfit
from records.backups.making import make
from records.backups.restoring import restore
from records.backups.stored import opened, verify_backup
from records.database import reading
from records.keys import BadKeys, read_keys
from records.verify import verify


def run_backup(out: Path, record: str, keys: Path, documents: Path | None) -> None:
    if documents is not None and not documents.is_dir():
        stop(f"{documents}: 没有这个文件目录 · there is no such directory of documents")
    signal.signal(signal.SIGTERM, _interrupted)
    with opened_record(record, keys) as database, progress() as told:
        try:
            manifest = make(database, out, documents, told)
        except Unfit as unfit:
            stop(str(unfit))
        except OSError as error:
            stop(
                f"{out}: 备份写不下去（{error.strerror or error}），未留下任何文件；腾出空间后重新备份 · "
                f"the backup cannot be written ({error.strerror or error}); nothing of it is left, make room and try again"
            )
    _tell(manifest)
    typer.echo(f"{out}")


def run_restore(made: Path, record: str, keys: Path, documents: Path | None) -> None:
    with _damage_told(), opened_record(record, keys) as database, progress() as told:
        public = database.keys.signing.public_key()
        with opened(made, public) as backup:
            if backup.manifest.documents is not None and documents is None:
                stop(
                    "备份里有文件，请用 --documents 指定目录 · "
                    "there are documents in the backup; say with --documents where they go"
                )
            backup.check_files(told)
            restore(backup, database, documents, told)
            manifest = backup.manifest
        with reading(database) as read:
            broken = verify(read.connection, public)
    _tell(manifest)
    typer.echo(f"{record}: 已恢复，各表行数与备份一致 · restored; every table has as many rows as the backup")
    tell_verified(broken, manifest.audit.seq if manifest.audit else 0)


def run_verify_backup(made: Path, keys: Path, public_key: str) -> None:
    public = _public(keys, public_key)
    with _damage_told(), progress() as told, opened(made, public) as backup:
        broken = verify_backup(backup, public, told)
        manifest = backup.manifest
    _tell(manifest)
    tell_verified(broken, manifest.audit.seq if manifest.audit else 0)


def _public(keys: Path, public_key: str) -> Ed25519PublicKey:
    if not public_key:
        try:
            return read_keys(keys).signing.public_key()
        except BadKeys as bad:
            stop(f"{bad}\n或用 --public-key 给出公钥 · or give the public key with --public-key")
    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
    except ValueError:
        stop("--public-key: 应为 64 位十六进制 · 64 hexadecimal digits are wanted")


def _tell(manifest: Manifest) -> None:
    for one in manifest.tables:
        typer.echo(f"  {one.name}: {one.rows}")
    if manifest.documents is not None:
        typer.echo(f"  文件 · documents: {manifest.documents[1]}")
    if manifest.audit is not None:
        typer.echo(f"{manifest.made_at}  审计链头 · audit head {manifest.audit.seq} {manifest.audit.hash}")


@contextmanager
def _damage_told() -> Iterator[None]:
    try:
        yield
    except Damaged as damaged:
        stop(str(damaged), NEGATIVE)
    except OSError as error:
        stop(f"{error.filename or ''}: {error.strerror or error}")


def _interrupted(_: int, __: Any) -> NoReturn:
    """Told to stop: what was begun is cleared away as after any error."""
    raise KeyboardInterrupt
