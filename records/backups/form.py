"""What a backup is: a directory, or the same as one tar file.

    manifest.json           what there is, with the SHA-256 of every file, and the head of the audit chain
    manifest.sig            its signature (Ed25519, hexadecimal)
    tables/<name>.parquet   a table by its primary key
    documents/…             documents, as they lie in their store
    documents.sha256        their hashes, as `sha256sum -c` takes them

Types are the same from either database: a moment is UTC, a number with decimals its text. What is sealed stays sealed,
and the keys are in no backup: whoever restores needs them from where they are kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
)
from sqlalchemy.types import TypeEngine

FORMAT = 1
MANIFEST, SIGNATURE, DOCUMENTS, LISTED = "manifest.json", "manifest.sig", "documents", "documents.sha256"
REVISION = "alembic_version"  # Alembic's own table, which the manifest speaks for

_KINDS: tuple[tuple[type[TypeEngine[Any]], str], ...] = (
    (Boolean, "boolean"),
    (Integer, "integer"),
    (LargeBinary, "bytes"),
    (DateTime, "moment"),
    (Date, "day"),
    (Numeric, "number"),
    (String, "text"),
)
ARROW = {
    "boolean": pa.bool_(),
    "integer": pa.int64(),
    "bytes": pa.binary(),
    "moment": pa.timestamp("us", "UTC"),
    "day": pa.date32(),
    "number": pa.string(),
    "text": pa.string(),
}


class Damaged(Exception):
    """A backup is not what was made, or none at all; one line for each file that is wrong."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Unfit(Exception):
    """The record holds something that a backup cannot hold; the message says where."""


@dataclass(frozen=True, slots=True)
class File:
    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class TableFile:
    """`columns`: name and kind, a key of `ARROW`."""

    name: str
    rows: int
    columns: tuple[tuple[str, str], ...]
    file: File


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of the audit chain."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """`documents`: the file that lists them, and how many; none when the office keeps none. `made_at`: UTC."""

    format: int
    made_at: str
    made_from: str  # sqlite, postgresql
    revision: str  # of the tables
    public_key: str  # of the office that signs, hexadecimal; to name it, not to trust it
    audit: Head | None
    tables: tuple[TableFile, ...]
    documents: tuple[File, int] | None = None

    @property
    def counts(self) -> dict[str, int]:
        return {one.name: one.rows for one in self.tables}


def encoded(manifest: Manifest) -> bytes:
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"


def decoded(content: bytes) -> Manifest:
    """Raises `Damaged`."""
    try:
        told = msgspec.json.decode(content)
        newer = isinstance(told, dict) and isinstance(told.get("format"), int) and told["format"] > FORMAT
        if not newer:
            return msgspec.json.decode(content, type=Manifest)
    except msgspec.DecodeError as error:
        raise Damaged(f"{MANIFEST}: 无法读取 · cannot be read: {error}") from None
    raise Damaged(
        f"{MANIFEST}: 由更新的程序制作（格式 {told['format']}），请升级 · made by a newer program (format {told['format']}); upgrade"
    )


def signed_text(manifest: bytes) -> bytes:
    return f"smart-relief backup {hashlib.sha256(manifest).hexdigest()}".encode()


# --- tables -------------------------------------------------------------------------------------------------


def tables_in(connection: Connection) -> list[Table]:
    """The tables that there are, each after those that it refers to."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != REVISION]


def kind_of(column: Column[Any]) -> str:
    """Raises `Unfit`."""
    for type_, kind in _KINDS:
        if isinstance(column.type, type_):
            return kind
    raise Unfit(
        f"{column.table.name}.{column.name}: 备份不支持类型 {column.type} · a backup cannot hold the type {column.type}"
    )


def schema_of(table: Table) -> pa.Schema:
    """Raises `Unfit`."""
    return pa.schema([(column.name, ARROW[kind_of(column)]) for column in table.columns])


def batch_of(table: Table, schema: pa.Schema, rows: Sequence[Sequence[Any]]) -> pa.RecordBatch:
    """Rows as SQLAlchemy reads them. Raises `Unfit`."""
    columns = []
    for field, values in zip(schema, zip(*rows, strict=True), strict=True):
        plain = [str(one) if isinstance(one, Decimal) else one for one in values]
        try:
            columns.append(pa.array(plain, field.type))  # a moment without a zone is UTC
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
            raise Unfit(
                f"{table.name}.{field.name}: 有不合类型的值 · holds a value of another type: {error}"
            ) from None
    return pa.RecordBatch.from_arrays(columns, schema=schema)
