"""Keys: one to seal what identifies people, one to find it again, one to sign the head of the audit trail.

They lie in a file of their own (JSON, readable by its owner alone) or in RELIEF_KEYS as the same JSON, never in the
database and never in a backup.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

BYTES = 32


class BadKeys(Exception):
    """The keys cannot be read; the message says where and what to do, in Chinese and English."""


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """sealing   by version, the newest seals and all open; 32 bytes each, as AES-256 takes them
    finding   of the blind index
    signing   of the audit trail's heads
    """

    sealing: Mapping[int, bytes]
    finding: bytes
    signing: Ed25519PrivateKey

    @property
    def newest(self) -> int:
        return max(self.sealing)


class _Sealing(Mapping[int, bytes]):
    """The sealing keys of a file, as they are now: a server that runs seals with a key that was added meanwhile."""

    def __init__(self, path: Path, found: Mapping[int, bytes], seen: tuple[int, int]) -> None:
        self._path, self._known = path, (found, seen)

    def __getitem__(self, version: int) -> bytes:
        known = self._known[0]
        return known[version] if version in known else self._now()[version]

    def __iter__(self) -> Iterator[int]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._now())

    def _now(self) -> Mapping[int, bytes]:
        """What was read last stays where the file is taken away after the start, or cannot be read."""
        with contextlib.suppress(OSError, BadKeys):
            seen = _seen(self._path.stat())
            if seen != self._known[1]:
                found = from_json(self._path.read_text("utf-8"), str(self._path)).sealing
                self._known = {**found}, seen
        return self._known[0]


def _seen(status: os.stat_result) -> tuple[int, int]:
    return status.st_mtime_ns, status.st_ino


def new_keys() -> Keys:
    signing = Ed25519PrivateKey.generate()
    return Keys({1: secrets.token_bytes(BYTES)}, secrets.token_bytes(BYTES), signing)


def with_new_sealing_key(keys: Keys) -> Keys:
    """The same with one more version: rows are sealed with it from now on, and older ones still open."""
    return Keys({**keys.sealing, keys.newest + 1: secrets.token_bytes(BYTES)}, keys.finding, keys.signing)


def as_json(keys: Keys) -> str:
    private = keys.signing.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    content = {
        "sealing": {str(version): _text(key) for version, key in sorted(keys.sealing.items())},
        "finding": _text(keys.finding),
        "signing": _text(private),
    }
    return json.dumps(content, indent=2) + "\n"


def from_json(text: str, where: str) -> Keys:
    """Raises `BadKeys`."""
    try:
        content = json.loads(text)
        sealing = {int(version): _bytes(key) for version, key in content["sealing"].items()}
        finding, signing = _bytes(content["finding"]), _bytes(content["signing"])
        if not sealing or any(len(key) != BYTES for key in (*sealing.values(), finding, signing)):
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadKeys(
            f"{where}: 这不是密钥文件，请用 relief record init 生成 · these are no keys; make them with relief record init"
        ) from error
    return Keys(sealing, finding, Ed25519PrivateKey.from_private_bytes(signing))


def read_keys(path: Path) -> Keys:
    """The keys of a file; of RELIEF_KEYS when it is set. Raises `BadKeys`."""
    told = os.environ.get("RELIEF_KEYS")
    if told:
        return from_json(told, "RELIEF_KEYS")
    try:
        status = path.stat()
        text = path.read_text("utf-8")
    except OSError as error:
        raise BadKeys(
            f"{path}: 读不到密钥（{error.strerror}），请用 relief record init 生成 · "
            f"no keys here ({error.strerror}); make them with relief record init"
        ) from error
    if status.st_mode & 0o077:
        raise BadKeys(
            f"{path}: 密钥文件别人也能读，请 chmod 600 · others may read these keys; chmod 600 the file"
        )
    keys = from_json(text, str(path))
    return replace(keys, sealing=_Sealing(path, keys.sealing, _seen(status)))


def write_keys(path: Path, keys: Keys) -> None:
    """Writes a file that only its owner may read. Raises FileExistsError: keys are never written over."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(as_json(keys))


def replace_keys(path: Path, keys: Keys) -> None:
    """Puts other keys in the place of a file: whoever reads it finds all of the old ones or all of the new ones."""
    beside = path.with_name(f"{path.name}.part")
    beside.unlink(missing_ok=True)  # of a try that was broken off
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(as_json(keys))
        file.flush()
        os.fsync(file.fileno())
    status = path.stat()
    if (status.st_uid, status.st_gid) != (os.getuid(), os.getgid()):
        os.chown(beside, status.st_uid, status.st_gid)  # run by root: the server's own user has to read it
    beside.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)  # the name, too, is there after the power has failed
    finally:
        os.close(directory)


def _text(key: bytes) -> str:
    return base64.b64encode(key).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
