"""What all tables share. Days are ISO texts in documents and dates here; moments are UTC.

A row is never changed and never taken away, and triggers see to it (`records.migrations.making`). The exceptions are
said where a table is made: `changes(…)` names the columns that may change, `ERASABLE` rows may be taken away, which is
how lawful erasure works.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Date, DateTime, Integer, MetaData, String, Table

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Number = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts only plain integers by itself
ID = String(80)
TOKEN = String(24)

ERASABLE: dict[str, Any] = {"erasable": True}


def changes(*columns: str) -> dict[str, Any]:
    return {"changes": columns}


def changing(table: Table) -> tuple[str, ...]:
    """The columns that may change; the audit trail's digests leave them out."""
    return tuple(table.info.get("changes", ()))


def utc(moment: datetime) -> datetime:
    """A moment as it was written: SQLite forgets the zone."""
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def counted() -> Column[int]:
    """A key that the database counts up."""
    return Column("seq", Number, primary_key=True, autoincrement=True)


STAMP = ("recorded_on", "recorded_at", "recorded_by", "entry")
"""The columns that all rows of one entry have the same."""


def recorded() -> tuple[Column[Any], ...]:
    """The office's day on which a row was written, the moment, by whom, and the entry of the audit trail for it."""
    return (
        Column("recorded_on", Date, nullable=False),
        Column("recorded_at", DateTime(timezone=True), nullable=False),
        Column("recorded_by", ID, nullable=False),
        Column("entry", TOKEN, nullable=False),
    )
