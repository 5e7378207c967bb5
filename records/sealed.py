"""What identifies people, sealed in the database: AES-256-GCM (NIST SP 800-38D), and a blind index to find it by.

A sealed value opens only in the cell that it was sealed for: table, row, column and key version are associated data,
so a value that somebody moved to another row is refused.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from records.keys import Keys

_NONCE = 12  # bytes, as GCM takes them


class Tampered(Exception):
    """A sealed value was changed, moved to another cell, or sealed with keys that are not ours."""


def seal(keys: Keys, table: str, row: str, column: str, value: str) -> bytes:
    """The value for this cell, under the newest key."""
    nonce = secrets.token_bytes(_NONCE)
    version = keys.newest
    cipher = AESGCM(keys.sealing[version])
    return nonce + cipher.encrypt(nonce, value.encode(), _cell(table, row, column, version))


def unseal(keys: Keys, table: str, row: str, column: str, version: int, sealed: bytes) -> str:
    """Raises `Tampered`."""
    key = keys.sealing.get(version)
    if key is None:
        raise Tampered(f"{table}.{column} {row}: there is no sealing key of version {version}")
    try:
        opened = AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], _cell(table, row, column, version))
    except InvalidTag:
        raise Tampered(f"{table}.{column} {row}: this value was not sealed for this cell") from None
    return opened.decode()


def blind_index(keys: Keys, column: str, value: str) -> bytes:
    """Equal for equal values, and of no use to anybody without the key (HMAC-SHA-256)."""
    plain = unicodedata.normalize("NFKC", value).strip().upper()
    return hmac.digest(keys.finding, f"{column}\0{plain}".encode(), hashlib.sha256)


def masked_number(number: str) -> str:
    """An identity number as it is shown without a purpose: the area and the last digit."""
    return f"{number[:6]}{'*' * (len(number) - 7)}{number[-1:]}" if len(number) > 7 else "*" * len(number)


def masked_name(name: str) -> str:
    """The family name's first character, and how long the name is."""
    return name[:1] + "*" * (len(name) - 1) if len(name) > 1 else "*"


def _cell(table: str, row: str, column: str, version: int) -> bytes:
    return "\0".join((table, row, column, str(version))).encode()
