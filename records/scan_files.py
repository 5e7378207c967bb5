"""Sealed files in a directory, each named after the hash of what lies in it.

So a file that was changed no longer fits its name, one that is there twice is stored once, and nothing that somebody
uploaded ever lies there as he or she sent it.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from records.sealed import Tampered


def put(directory: Path, content: bytes) -> str:
    """Writes a file, whole or not at all; its name."""
    name = hashlib.sha256(content).hexdigest()
    place = path_of(directory, name)
    if not place.exists():
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = place.with_name(f".{name}.{secrets.token_hex(4)}")
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(place)
    return name


def get(directory: Path, name: str) -> bytes:
    """Raises `Tampered` for a file that is gone or was changed; the message names it."""
    place = path_of(directory, name)
    try:
        content = place.read_bytes()
    except OSError as error:
        raise Tampered(
            f"{place}: 文件不在了（{error.strerror}），请从备份恢复 · the file is gone ({error.strerror}); restore it from the backup"
        ) from None
    if hashlib.sha256(content).hexdigest() != name:
        raise Tampered(
            f"{place}: 文件被改动，请从备份恢复 · the file was changed; restore it from the backup"
        )
    return content


def path_of(directory: Path, name: str) -> Path:
    return directory / name[:2] / name
