"""Makes a backup of one moment, while everybody goes on writing.

The record is read in one transaction: a read transaction of SQLite's WAL, REPEATABLE READ in PostgreSQL. Memory stays
flat: a table goes through in row groups of some megabytes. A backup stands under its name when it is whole and on the
disk, and not before; whatever goes wrong, nothing of it stays.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Connection, Table, func, select

from records import audit, tables
from records.backups.form import (
    DOCUMENTS,
    FORMAT,
    LISTED,
    MANIFEST,
    SIGNATURE,
    File,
    Head,
    Manifest,
    TableFile,
    batch_of,
    encoded,
    kind_of,
    schema_of,
    signed_text,
    tables_in,
)
from records.database import Database, reading, revision_of
from records.refused import Refused

Told = Callable[[str, int, int], None]
"""Hears the name of a table (or `documents`), how many of its rows are done, and of how many."""

_ROWS = 1000  # fetched at once
_GROUP_ROWS, _GROUP_BYTES = 65_536, 16 << 20
_PIECE = 1 << 20


def make(database: Database, out: Path, documents: Path | None, told: Told) -> Manifest:
    """Makes a backup at `out`: one file when it ends in .tar, a directory otherwise.

    Raises `Refused` when something is there already, `Unfit` for what a backup cannot hold, OSError when the disk is
    full or cannot be written to.
    """
    if out.exists():
        raise Refused("backup-there", f"{out}: 已存在，备份不覆盖旧备份 · is there already; name another one")
    with _beside(out) as place:
        with _files(place / out.name) as files:
            manifest = _written(database, files, documents, told)
        (place / out.name).rename(out)
        _sync(out.parent)
    return manifest


def _written(database: Database, files: _Directory, documents: Path | None, told: Told) -> Manifest:
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    with reading(database) as read:
        revision = revision_of(read.connection)
        if revision is None:
            raise Refused("no-record", "数据库里没有记录，请先 relief record init · there is no record here")
        if documents is None and read.connection.execute(select(tables.scan.c.seq).limit(1)).first():
            raise Refused(
                "no-documents",
                "记录里有扫描件，请用 --documents 或 RELIEF_DOCUMENTS 指明其目录 · "
                "there are scanned papers in the record; say where they lie with --documents or RELIEF_DOCUMENTS",
            )
        head = audit.head(read.connection)
        kept = tuple(_table(read.connection, table, files, told) for table in tables_in(read.connection))
    # Documents are laid down before the rows that speak of them, so all that the rows above speak of are there.
    listed = None if documents is None else _documents(documents, files, told)
    public = database.keys.signing.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    manifest = Manifest(
        FORMAT,
        made_at,
        database.engine.dialect.name,
        revision,
        public.hex(),
        None if head is None else Head(*head),
        kept,
        listed,
    )
    content = encoded(manifest)
    with files.writing(SIGNATURE) as file:
        file.write(database.keys.signing.sign(signed_text(content)).hex().encode() + b"\n")
    with files.writing(MANIFEST) as file:
        file.write(content)
    return manifest


def _table(connection: Connection, table: Table, files: _Directory, told: Told) -> TableFile:
    schema, done, path = schema_of(table), 0, f"tables/{table.name}.parquet"
    total = connection.execute(select(func.count()).select_from(table)).scalar_one()
    with files.writing(path) as file, pq.ParquetWriter(file, schema, compression="zstd") as writer:
        group: list[pa.RecordBatch] = []
        for batch in _batches(connection, table, schema):
            group.append(batch)
            done += batch.num_rows
            told(table.name, done, total)
            rows, size = sum(one.num_rows for one in group), sum(one.nbytes for one in group)
            if rows >= _GROUP_ROWS or size >= _GROUP_BYTES:
                writer.write_table(pa.Table.from_batches(group), row_group_size=rows)
                group = []
        if group:
            writer.write_table(pa.Table.from_batches(group))
    columns = tuple((str(column.name), kind_of(column)) for column in table.columns)
    return TableFile(str(table.name), done, columns, file.done(path))


def _batches(connection: Connection, table: Table, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    rows = connection.execution_options(yield_per=_ROWS).execute(
        select(table).order_by(*table.primary_key.columns)
    )
    for some in rows.partitions():
        yield batch_of(table, schema, some)


def _documents(store: Path, files: _Directory, told: Told) -> tuple[File, int]:
    count = 0
    with files.writing(LISTED) as listing:
        for source in _kept_in(store):
            path = f"{DOCUMENTS}/{source.relative_to(store).as_posix()}"
            try:
                opened = source.open("rb")
            except FileNotFoundError:  # erased meanwhile
                continue
            with opened, files.writing(path) as file:
                while piece := opened.read(_PIECE):
                    file.write(piece)
            listing.write(f"{file.sha256.hexdigest()}  {path}\n".encode())
            count += 1
            told(DOCUMENTS, count, 0)
    return listing.done(LISTED), count


def _kept_in(store: Path) -> Iterator[Path]:
    """The documents of a store by name; what begins with a dot is still being written."""
    for folder, folders, names in os.walk(store):
        folders.sort()
        yield from (Path(folder, name) for name in sorted(names) if not name.startswith("."))


# --- files --------------------------------------------------------------------------------------------------


class _Hashed:
    """A file that knows the hash of what was written to it."""

    closed = False

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.sha256, self.size = file, hashlib.sha256(), 0

    def write(self, content: bytes) -> int:
        self.size += self._file.write(content)
        self.sha256.update(content)
        return len(content)

    def flush(self) -> None:
        self._file.flush()

    def done(self, path: str) -> File:
        return File(path, self.size, self.sha256.hexdigest())


class _Directory:
    """Files of a backup in a directory, for their owner alone."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(0o700)

    @contextmanager
    def writing(self, path: str) -> Iterator[_Hashed]:
        target = self.root / path
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _private(target) as file:
            yield _Hashed(file)
            file.flush()
            os.fsync(file.fileno())


class _Tar(_Directory):
    """The same in one file: each is written beside first, as a tar has the size before the content."""

    def __init__(self, root: Path, tar: tarfile.TarFile) -> None:
        super().__init__(root)
        self._tar = tar

    @contextmanager
    def writing(self, path: str) -> Iterator[_Hashed]:
        with super().writing(path) as file:
            yield file
        self._tar.add(self.root / path, path, filter=_nobody)
        self._tar.members.clear()  # type: ignore[attr-defined] # it remembers every file otherwise
        (self.root / path).unlink()


@contextmanager
def _files(target: Path) -> Iterator[_Directory]:
    if target.suffix != ".tar":
        yield _Directory(target)
        for folder, _, _ in os.walk(target):
            _sync(Path(folder))
        return
    with _private(target) as file:
        tar = tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115 closed when all went well
        yield _Tar(target.with_name("files"), tar)
        tar.close()
        file.flush()
        os.fsync(file.fileno())


def _private(path: Path) -> BinaryIO:
    """A new file that only its owner may read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _nobody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


@contextmanager
def _beside(out: Path) -> Iterator[Path]:
    """A directory beside `out` to write in, gone at the end. One that a killed run left behind is cleared away."""
    place = out.with_name(f".{out.name}.partial")
    place.mkdir(0o700, exist_ok=True)
    held = os.open(place, os.O_RDONLY)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(
                "backup-running", f"{out}: 另一次备份正在写 · another run is writing this backup"
            ) from None
        for left in place.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        try:
            yield place
        finally:
            shutil.rmtree(place)
    finally:
        os.close(held)


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
