"""A new sealing key for the office, and the end of the old ones.

The key file gets one more key, then every data key is sealed with it, a batch in each transaction. Whatever breaks that
off, both keys are in the file and everything opens; the next run goes on where this one stood. Servers that run see the
new key by themselves. Old keys are dropped by a step of its own, and only when nothing needs them any more.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import func, select, text

from records import audit, sealed, tables
from records.database import Database, Reading, Writing, writing
from records.keys import Keys, read_keys, replace_keys, with_new_sealing_key
from records.refused import Refused

AT_ONCE = 2_000  # data keys in one transaction
_ROTATION = 11645  # an advisory lock: one rotation decides at a time which key comes next


@dataclass(frozen=True, slots=True)
class Rotated:
    """`resumed`: a rotation that was broken off was gone on with, and no key was added."""

    version: int
    sealed: int
    resumed: bool


def needed(read: Reading) -> dict[int, int]:
    """How many data keys are sealed with each version of the office key."""
    version = tables.data_key.c.key_version
    rows = read.connection.execute(select(version, func.count()).group_by(version))
    return {row[0]: row[1] for row in rows}


def rotate_keys(
    database: Database, path: Path, actor: str, progress: Callable[[int], None] | None = None
) -> Rotated:
    """Adds a key to the file and seals every data key with it. Raises `Refused`, `BadKeys`, `Tampered`.

    progress: told after each batch how many data keys were in it.
    """
    with writing(database, actor) as write:
        _alone(write)
        keys = _keys_of(path)
        resumed = bool(needed(write).keys() - {keys.newest})
        if not resumed:
            keys = with_new_sealing_key(keys)
            replace_keys(path, keys)
            audit.noted(write, "add-key", "data_key", f"key version {keys.newest}", "")
    renewed, done = replace(database, keys=keys), 0
    while batch := _some(renewed, actor):
        done += batch
        if progress is not None:
            progress(batch)
    return Rotated(keys.newest, done, resumed)


def _some(database: Database, actor: str) -> int:
    with writing(database, actor) as write:
        return sealed.rotate(write, AT_ONCE)


def drop_old_keys(database: Database, path: Path, actor: str) -> tuple[int, ...]:
    """Takes the old keys out of the file; their versions. Raises `Refused` while a data key needs one of them.

    A backup from before the rotation needs the old keys to be read: keep them as long as the backup.
    """
    with writing(database, actor) as write:
        _alone(write)
        if not database.is_sqlite:  # whoever is sealing finishes first, and nobody begins
            write.connection.execute(text("LOCK TABLE data_key IN SHARE ROW EXCLUSIVE MODE"))
        keys = _keys_of(path)
        still = {version: count for version, count in needed(write).items() if version != keys.newest}
        if still:
            said = "、".join(f"{version}: {count}" for version, count in sorted(still.items()))
            raise Refused(
                "key-needed",
                f"仍有数据密钥用旧主密钥封存（版本: 个数 {said}），请先 relief record rotate-keys · data keys are still "
                f"sealed with old keys (version: how many {said}); run relief record rotate-keys first",
            )
        old = tuple(version for version in sorted(keys.sealing) if version != keys.newest)
        if old:
            audit.noted(write, "drop-keys", "data_key", f"key version {keys.newest}", f"{old}")
            replace_keys(path, replace(keys, sealing={keys.newest: keys.sealing[keys.newest]}))
    return old


def _keys_of(path: Path) -> Keys:
    if os.environ.get("RELIEF_KEYS"):
        raise Refused(
            "keys-elsewhere",
            "密钥在 RELIEF_KEYS 里，只能轮换密钥文件 · the keys are in RELIEF_KEYS; only a file of keys can be rotated",
        )
    return read_keys(path)


def _alone(write: Writing) -> None:
    if write.connection.dialect.name != "sqlite":  # which lets one writer in by itself
        write.connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ROTATION})
