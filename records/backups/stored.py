"""A backup as it lies there: its manifest, whether its files are what was made, the rows of its tables."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Table

from records import tables
from records.backups.form import (
    LISTED,
    MANIFEST,
    SIGNATURE,
    Damaged,
    TableFile,
    decoded,
    signed_text,
)
from records.backups.making import Told
from records.verify import Broken, verify_rows

_ROWS = 1000
_PIECE = 1 << 20


class Backup:
    """A directory or a tar file, opened by `opened`. Whoever reads it has looked at its signature already."""

    def __init__(self, where: Path, tar: tarfile.TarFile | None, public: Ed25519PublicKey) -> None:
        self.where, self._tar = where, tar
        content = self._small(MANIFEST)
        self.manifest = decoded(content)
        self._check_signature(content, public)

    @contextmanager
    def reading(self, path: str) -> Iterator[BinaryIO]:
        """Raises `Damaged` when there is no such file."""
        try:
            if self._tar is None:
                file: Any = (self.where / path).open("rb")
            else:
                file = self._tar.extractfile(path)
        except (FileNotFoundError, NotADirectoryError, KeyError, tarfile.ReadError):
            if self._tar is not None and path == MANIFEST:  # which is the last thing in it
                raise Damaged(f"{self.where}: 不是备份，或被截断 · no backup, or truncated") from None
            raise Damaged(f"{self.where}: {path}: 缺失 · is missing") from None
        with file:
            yield file

    def check_files(self, told: Told) -> None:
        """Every file against its hash. Raises `Damaged`, which names all that are wrong."""
        manifest = self.manifest
        problems: list[str] = []
        listed = () if manifest.documents is None else (manifest.documents[0],)
        for number, file in enumerate((*(one.file for one in manifest.tables), *listed)):
            problems += self._file_wrong(file.path, file.sha256, file.bytes)
            told(file.path, number + 1, len(manifest.tables) + len(listed))
        if not problems:
            for number, (path, sha256) in enumerate(self.documents()):
                problems += self._file_wrong(path, sha256)
                told(path, number + 1, manifest.documents[1] if manifest.documents else 0)
        if problems:
            raise Damaged(*problems)

    def rows_of(self, table: Table) -> Iterator[dict[str, Any]]:
        """The rows of a table by its primary key; none of a table that was not there yet. Raises `Damaged`."""
        for one in self.manifest.tables:
            if one.name == table.name:
                for rows in self.batches(one):
                    yield from rows

    def batches(self, one: TableFile) -> Iterator[list[dict[str, Any]]]:
        """Raises `Damaged`."""
        try:
            with self.reading(one.file.path) as file, pq.ParquetFile(file) as opened:
                for batch in opened.iter_batches(batch_size=_ROWS):
                    yield batch.to_pylist()
        except (pa.ArrowException, OSError) as error:
            raise Damaged(f"{self.where}: {one.file.path}: 无法读取 · cannot be read: {error}") from None

    def documents(self) -> Iterator[tuple[str, str]]:
        """The paths of the documents, each with its hash. Raises `Damaged`."""
        if self.manifest.documents is None:
            return
        with self.reading(LISTED) as listing:
            for line in listing:
                sha256, _, path = line.decode().rstrip("\n").partition("  ")
                if ".." in PurePosixPath(path).parts or path.startswith("/"):
                    raise Damaged(f"{self.where}: {LISTED}: 路径越界 · a path leaves the backup: {path}")
                yield path, sha256

    def lay_down(self, path: str, target: Path) -> None:
        """Copies a document; it stands under its name when it is whole."""
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(f".{target.name}.partial")
        with self.reading(path) as source, beside.open("wb") as file:
            shutil.copyfileobj(source, file, _PIECE)
        beside.rename(target)

    def _small(self, path: str) -> bytes:
        with self.reading(path) as file:
            return file.read()

    def _check_signature(self, content: bytes, public: Ed25519PublicKey) -> None:
        ours = public.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
        if self.manifest.public_key != ours:
            raise Damaged(
                f"{self.where}: {MANIFEST}: 由另一公钥签署（{self.manifest.public_key}），本机是 {ours} · "
                "signed with another key; take the keys that belong to this record"
            )
        try:
            public.verify(bytes.fromhex(self._small(SIGNATURE).decode().strip()), signed_text(content))
        except (InvalidSignature, ValueError):
            raise Damaged(
                f"{self.where}: {MANIFEST}: 与签名不符，被改动或不完整 · does not fit its signature: it was changed"
            ) from None

    def _file_wrong(self, path: str, sha256: str, size: int | None = None) -> Iterator[str]:
        found, read = hashlib.sha256(), 0
        try:
            with self.reading(path) as file:
                while piece := file.read(_PIECE):
                    found.update(piece)
                    read += len(piece)
        except Damaged as missing:
            yield from missing.problems
            return
        except (OSError, tarfile.ReadError) as error:
            yield f"{self.where}: {path}: 无法读取 · cannot be read: {error}"
            return
        if size is not None and read < size:
            yield f"{self.where}: {path}: 被截断，应有 {size} 字节，只有 {read} · truncated: {read} bytes of {size}"
        elif found.hexdigest() != sha256:
            yield f"{self.where}: {path}: 内容被改动，与清单不符 · was changed: differs from the manifest"


@contextmanager
def opened(where: Path, public: Ed25519PublicKey) -> Iterator[Backup]:
    """Raises `Damaged` for what is no backup, or not signed with this key."""
    if where.is_dir():
        yield Backup(where, None, public)
        return
    if not where.exists():
        raise Damaged(f"{where}: 没有这个备份 · there is no such backup")
    try:
        tar = tarfile.open(where, "r:")  # noqa: SIM115 closed below
    except tarfile.ReadError as error:
        raise Damaged(f"{where}: 不是备份，或被截断 · no backup, or truncated: {error}") from None
    with tar:
        yield Backup(where, tar, public)


def verify_backup(backup: Backup, public: Ed25519PublicKey, told: Told) -> Broken | None:
    """Files against the manifest, then the record in them as `records.verify` does, then the head of the chain.

    The first thing that is wrong with the record, or nothing. Raises `Damaged` for what is wrong with the files.
    """
    backup.check_files(told)
    wrong = verify_rows(backup.rows_of, public)
    head = backup.manifest.audit
    if wrong is None and head is not None and _last(backup) != (head.seq, head.hash):
        return Broken(head.seq, "audit", str(head.seq), "cut")
    return wrong


def _last(backup: Backup) -> tuple[int, str]:
    last = (0, "")
    for entry in backup.rows_of(tables.audit):
        last = entry["seq"], entry["hash"]
    return last
