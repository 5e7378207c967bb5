"""What identifies people and what is known about them, sealed in the database: AES-256-GCM (NIST SP 800-38D).

Every person and every household has a data key, sealed in its turn with the office's key. A sealed value opens only in
the cell that it was sealed for: table, row, column, and whose key (with its version) are associated data, so a value that
somebody moved to another row is refused. A new office key seals only the data keys again (`rotate`). Without its data key
a value cannot be read by anybody: taking the data key away is erasure.

A commitment says nothing about a value without its salt, and nothing else can be passed off as the value with it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select, update

from records import audit, tables
from records.database import AT_ONCE, Reading, Writing, batched
from records.keys import BYTES, Keys
from records.own_json import parse_own

_NONCE = 12  # bytes, as GCM takes them
_SALT = 16


class Tampered(Exception):
    """A sealed value was changed, moved to another cell, or sealed with keys that are not ours."""


class Erased(Exception):
    """The data key of a person or household was taken away: what it sealed cannot be read any more."""


def of_person(person_id: str) -> str:
    return f"person:{person_id}"


def of_household(household_id: str) -> str:
    return f"household:{household_id}"


# --- data keys ----------------------------------------------------------------------------------------------


def data_key(write: Writing, subject: str) -> bytes:
    """The key of a person or a household; a new one where there is none. Raises `Tampered`."""
    found = data_keys(write, (subject,))
    if subject not in found:
        write.data_keys[subject] = _new_data_key(write, subject)
    return write.data_keys[subject]


def many_data_keys(write: Writing, subjects: Iterable[str]) -> dict[str, bytes]:
    """The keys of many people and households, with new ones where there are none. Raises `Tampered`."""
    wanted = list(dict.fromkeys(subjects))
    data_keys(write, wanted)
    made = {one: secrets.token_bytes(BYTES) for one in wanted if one not in write.data_keys}
    rows = {one: [{"subject": one, **_wrapped(write.keys, one, key)}] for one, key in made.items()}
    audit.add_many(write, "new-data-key", tables.data_key, rows)
    write.data_keys.update(made)
    return {one: write.data_keys[one] for one in wanted}


def data_keys(read: Reading, subjects: Iterable[str]) -> dict[str, bytes]:
    """The keys of people and households, of those that have one. Raises `Tampered`."""
    wanted = dict.fromkeys(subjects)
    key = tables.data_key.c
    for some in batched([one for one in wanted if one not in read.data_keys], AT_ONCE):
        rows = read.connection.execute(
            select(key.subject, key.wrapped, key.key_version).where(key.subject.in_(some))
        )
        remember_keys(read, rows)
    return {one: read.data_keys[one] for one in wanted if one in read.data_keys}


def remember_keys(read: Reading, rows: Iterable[Any]) -> None:
    """Opens rows with `subject`, `wrapped` and `key_version`, so that nobody asks for them again. Raises `Tampered`."""
    for row in rows:
        read.data_keys[row.subject] = _unwrapped(read.keys, row.subject, row.key_version, row.wrapped)


def rotate(write: Writing, at_most: int | None = None) -> int:
    """Seals data keys with the newest office key, some of them or all; how many were sealed with an older one."""
    key, newest = tables.data_key, write.keys.newest
    old = write.connection.execute(
        select(key.c.subject, key.c.wrapped, key.c.key_version)
        .where(key.c.key_version != newest)
        .order_by(key.c.subject)
        .limit(at_most)
    ).all()
    for row in old:
        opened = _unwrapped(write.keys, row.subject, row.key_version, row.wrapped)
        write.connection.execute(
            update(key).where(key.c.subject == row.subject).values(_wrapped(write.keys, row.subject, opened))
        )
    if old:
        audit.noted(write, "rotate", "data_key", f"key version {newest}", f"{len(old)} data keys")
    return len(old)


def _new_data_key(write: Writing, subject: str) -> bytes:
    made = secrets.token_bytes(BYTES)
    row = {"subject": subject, **_wrapped(write.keys, subject, made)}
    audit.add_rows(write, "new-data-key", tables.data_key, subject, [row])
    return made


def _wrapped(keys: Keys, subject: str, key: bytes) -> dict[str, object]:
    newest = keys.newest
    cell = ("data_key", subject, "wrapped", str(newest))
    return {"wrapped": _closed(keys.sealing[newest], cell, key), "key_version": newest}


def _unwrapped(keys: Keys, subject: str, version: int, wrapped: bytes) -> bytes:
    key = keys.sealing.get(version)
    if key is None:
        raise Tampered(
            f"{subject}: 没有第 {version} 版主密钥，请检查密钥文件 · there is no office key of version {version}; look at the key file"
        )
    return _opened(_office_cipher(key), ("data_key", subject, "wrapped", str(version)), wrapped)


@lru_cache(maxsize=4)
def _office_cipher(key: bytes) -> AESGCM:
    """Data keys by the thousand are opened with one office key."""
    return AESGCM(key)


# --- values -------------------------------------------------------------------------------------------------


def seal(key: bytes, subject: str, table: str, row: str, column: str, value: bytes) -> bytes:
    """The value for this cell, under the key of `subject`."""
    return _closed(key, (table, row, column, subject), value)


def unseal(key: bytes, subject: str, table: str, row: str, column: str, sealed: bytes) -> bytes:
    """Raises `Tampered`."""
    return _opened(AESGCM(key), (table, row, column, subject), sealed)


class Opener:
    """Opens the many values that a person or household has in one column; the cipher is made once."""

    __slots__ = ("_before", "_behind", "_cipher", "_table")

    def __init__(self, key: bytes, subject: str, table: str, column: str) -> None:
        self._cipher, self._table = AESGCM(key), table
        self._before, self._behind = f"{table}\0", f"\0{column}\0{subject}"

    def opened(self, seq: int, about: str, committed_to: str, sealed: bytes) -> bytes:
        """The value of row `seq`, as it was committed to. Raises `Tampered`."""
        cell = f"{self._before}{committed_to}{self._behind}"
        try:
            opened = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], cell.encode())
        except (InvalidTag, TypeError, ValueError):  # also what is no ciphertext at all
            raise _moved(cell.split("\0")) from None
        value = opened[_SALT:]
        if commitment(opened[:_SALT], about, value) != committed_to:
            raise Tampered(f"{self._table} {seq}: 值与承诺不符 · the value differs from its commitment")
        return value


def committed(fact: str, value: bytes) -> tuple[bytes, str]:
    """A random salt, and the commitment to a value with it."""
    salt = secrets.token_bytes(_SALT)
    return salt, commitment(salt, fact, value)


def commitment(salt: bytes, fact: str, value: bytes) -> str:
    return hashlib.sha256(salt + fact.encode() + b"\0" + value).hexdigest()


def blind_index(keys: Keys, column: str, value: str) -> bytes:
    """Equal for equal values, and of no use to anybody without the key (HMAC-SHA-256)."""
    plain = unicodedata.normalize("NFKC", value).strip().upper()
    return hmac.digest(keys.finding, f"{column}\0{plain}".encode(), hashlib.sha256)


def sealed_content(key: bytes, subject: str, table: str, about: str, content: bytes) -> tuple[bytes, str]:
    """What a row holds as a whole, with a salt, sealed in its cell `content`; and the commitment to it."""
    salt, committed_to = committed(about, content)
    return seal(key, subject, table, committed_to, "content", salt + content), committed_to


def content_of(key: bytes, subject: str, table: str, about: str, row: Any) -> Any:
    """Opens what `sealed_content` has sealed, as plain data. Raises `Tampered`."""
    opened = unseal(key, subject, table, row.commitment, "content", row.content)
    salt, content = split_salt(opened)
    if commitment(salt, about, content) != row.commitment:
        raise Tampered(f"{table} {row.seq}: 内容与承诺不符 · the content differs from its commitment")
    return parse_own(content)


def split_salt(opened: bytes) -> tuple[bytes, bytes]:
    return opened[:_SALT], opened[_SALT:]


def key_of(found: Mapping[str, bytes], subject: str) -> bytes:
    """Raises `Erased`."""
    if subject not in found:
        raise Erased(
            f"{subject}: 资料已依法删除，无法读取 · what was known was erased by law and cannot be read"
        )
    return found[subject]


def _closed(key: bytes, cell: tuple[str, ...], value: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, value, "\0".join(cell).encode())


def _opened(cipher: AESGCM, cell: tuple[str, ...], sealed: bytes) -> bytes:
    try:
        return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], "\0".join(cell).encode())
    except (InvalidTag, TypeError, ValueError):  # also what is no ciphertext at all
        raise _moved(cell) from None


def _moved(cell: Sequence[str]) -> Tampered:
    where = " ".join(cell)
    return Tampered(
        f"{where}: 密文与所在位置不符，可能被改动或调换 · this value was not sealed for this cell"
    )
