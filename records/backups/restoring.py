"""Brings a backup back: into an empty database, of either kind, wherever it was made.

The tables are made at the revision that the backup has, filled in one transaction, and only then brought to the newest
one. The rows go the way of all rows: every constraint and every trigger looks at them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, DateTime, Integer, Numeric, Table, func, insert, select, text

from records import tables
from records.backups.form import DOCUMENTS, Manifest, TableFile, tables_in
from records.backups.making import Told
from records.backups.stored import Backup
from records.database import Database, known_revisions, migrate, revision_of
from records.refused import Refused

_Row = dict[str, Any]


def restore(backup: Backup, database: Database, documents: Path | None, told: Told) -> Mapping[str, int]:
    """Restores what `Backup.check_files` has found whole; the rows of each table, counted in the database.

    Raises `Refused` when the database is not empty, or the backup asks for another program or other keys; nothing is
    in the database then. `records.verify` has the last word, and whoever calls asks it.
    """
    manifest = backup.manifest
    _check_program(manifest)
    _check_empty(database, manifest)
    migrate(database, manifest.revision)
    with database.engine.begin() as connection:
        made = {table.name: table for table in tables_in(connection)}
        for name in sorted(made.keys() ^ manifest.counts.keys()):
            raise Refused(
                "other-tables", f"{name}: 备份与程序的表不一致 · backup and program have other tables"
            )
        for one in sorted(manifest.tables, key=lambda one: list(made).index(one.name)):
            _fill(connection, made[one.name], one, backup, told)
            if not database.is_sqlite:
                _count_on(connection, made[one.name])
        counts = {name: _count(connection, table) for name, table in made.items()}
        _check_counts(manifest, counts)
        _check_keys(connection, database)
    migrate(database)
    if documents is not None:
        _lay_down_documents(backup, documents, told)
    return counts


def _check_program(manifest: Manifest) -> None:
    known = known_revisions()
    if manifest.revision not in known:
        raise Refused(
            "newer-program",
            f"备份的表结构是第 {manifest.revision} 版，本程序只到第 {known[0]} 版，请升级程序 · "
            f"the backup has tables of revision {manifest.revision}, this program knows {known[0]}; upgrade it",
        )


def _check_empty(database: Database, manifest: Manifest) -> None:
    with database.engine.connect() as connection:
        there = tables_in(connection)
        filled = [table.name for table in there if connection.execute(select(table).limit(1)).first()]
        revision = revision_of(connection)
    if filled:
        raise Refused(
            "not-empty",
            f"数据库不是空的（{'、'.join(filled)}），不能覆盖，请另建一个 · "
            "the database is not empty and is not written over; make a new one",
        )
    if there and revision != manifest.revision:
        raise Refused(
            "not-empty",
            f"数据库已有第 {revision} 版的空表，备份是第 {manifest.revision} 版，请另建一个 · "
            f"the database has tables of revision {revision} already, the backup is of {manifest.revision}; make a new one",
        )


def _fill(connection: Connection, table: Table, one: TableFile, backup: Backup, told: Told) -> None:
    if {column.name for column in table.columns} != {name for name, _ in one.columns}:
        raise Refused(
            "other-tables", f"{table.name}: 备份与程序的列不一致 · backup and program have other columns"
        )
    done, statement = 0, insert(table)
    for rows in _referred_first(table, backup.batches(one)):
        connection.execute(statement, list(_as_taken(table, rows)))
        done += len(rows)
        told(table.name, done, one.rows)


def _referred_first(table: Table, batches: Iterable[list[_Row]]) -> Iterator[list[_Row]]:
    """Rows that refer to others of their own table wait for these. Where rows are counted, they are in order already."""
    own = [fk for fk in table.foreign_keys if fk.column.table is table and not _is_counted(fk.column)]
    if not own:
        yield from batches
        return
    (refers,) = own
    there: set[Any] = set()
    waiting: dict[Any, list[_Row]] = {}
    for rows in batches:
        ready: list[_Row] = []
        for row in rows:
            after = row[refers.parent.name]
            if after is None or after in there:
                ready += _with_those_waiting(row, refers.column.name, there, waiting)
            else:
                waiting.setdefault(after, []).append(row)
        if ready:
            yield ready
    if waiting:  # the constraint says what is missing
        yield [row for rows in waiting.values() for row in rows]


def _with_those_waiting(
    row: _Row, key: str, there: set[Any], waiting: dict[Any, list[_Row]]
) -> Iterator[_Row]:
    left = [row]
    while left:
        one = left.pop()
        yield one
        there.add(one[key])
        left += waiting.pop(one[key], ())


def _is_counted(column: Column[Any]) -> bool:
    return column.primary_key and isinstance(column.type, Integer)


def _as_taken(table: Table, rows: list[_Row]) -> Iterator[_Row]:
    """Rows as the columns take them: numbers with decimals; moments of SQLite, which keeps no zone and means UTC."""
    moments = [
        column.name
        for column in table.columns
        if isinstance(column.type, DateTime) and not column.type.timezone
    ]
    numbers = [column.name for column in table.columns if isinstance(column.type, Numeric)]
    for row in rows:
        for name in moments:
            moment: datetime | None = row[name]
            row[name] = None if moment is None else moment.astimezone(UTC).replace(tzinfo=None)
        for name in numbers:
            row[name] = None if row[name] is None else Decimal(row[name])
        yield row


def _count_on(connection: Connection, table: Table) -> None:
    """PostgreSQL's sequences stand where the rows end. SQLite counts on from the last row by itself."""
    for column in table.primary_key.columns:
        if _is_counted(column):
            connection.execute(
                text(
                    f'SELECT setval(pg_get_serial_sequence(:name, :column), max("{column.name}")) '  # noqa: S608
                    f'FROM "{table.name}" HAVING max("{column.name}") IS NOT NULL'
                ),
                {"name": f'"{table.name}"', "column": column.name},
            )


def _count(connection: Connection, table: Table) -> int:
    found: int = connection.execute(select(func.count()).select_from(table)).scalar_one()
    return found


def _check_counts(manifest: Manifest, counts: Mapping[str, int]) -> None:
    for name, rows in manifest.counts.items():
        if counts[name] != rows:
            raise Refused(
                "other-count",
                f"{name}: 备份有 {rows} 行，数据库有 {counts[name]} 行 · "
                f"{rows} rows in the backup, {counts[name]} in the database",
            )


def _check_keys(connection: Connection, database: Database) -> None:
    """The keys that are there open what was restored."""
    used = set(connection.execute(select(tables.data_key.c.key_version).distinct()).scalars())
    for version in sorted(used - database.keys.sealing.keys()):
        raise Refused(
            "other-keys",
            f"密钥文件没有第 {version} 版主密钥，恢复后读不了 · the key file has no key of version {version}, "
            "with which a part of the backup is sealed; take the newer key file",
        )


def _lay_down_documents(backup: Backup, store: Path, told: Told) -> None:
    """Documents that lie there already are left alone: they are named after what is in them."""
    total = backup.manifest.documents[1] if backup.manifest.documents else 0
    for number, (path, _) in enumerate(backup.documents()):
        target = store / path.removeprefix(f"{DOCUMENTS}/")
        if not target.exists():
            backup.lay_down(path, target)
        told(DOCUMENTS, number + 1, total)
