"""Requests that may come again: a client that heard no answer asks once more with the same key, and nothing is doubled.

What was answered is written in the transaction of what was done, so neither is there without the other. It is kept for
a day, sealed: an answer may be a decision.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, insert, select

from records import sealed, tables
from records.database import Reading, Writing
from records.keys import Keys
from records.refused import Refused

KEPT = timedelta(days=1)
_OFFICE = "office"


@dataclass(frozen=True, slots=True)
class Request:
    """`key`: what the client calls it. `content`: all of what it asks, to tell it from another one under the same key."""

    account: str
    key: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    content: bytes


def answered(read: Reading, request: Request) -> Answer | None:
    """What was answered to this request. Raises `Refused` key-reused when another one had its key."""
    kept = tables.idempotency.c
    found_by = _found_by(read.keys, request)
    row = read.connection.execute(select(tables.idempotency).where(kept.found_by == found_by)).first()
    if row is None:
        return None
    if not hmac.compare_digest(row.request, _digest(read.keys, request.content)):
        raise Refused(
            "key-reused",
            "这个 Idempotency-Key 已用于另一请求，请换一个 · another request had this Idempotency-Key; take a new one",
        )
    content = sealed.unseal(_key(read.keys), _OFFICE, "idempotency", found_by.hex(), "content", row.content)
    return Answer(row.status, content)


def keep(write: Writing, request: Request, answer: Answer) -> None:
    """Keeps what is answered, and lets go of what is older than a day.

    Raises IntegrityError when the same request was answered meanwhile: what was written for this one must go.
    """
    kept = tables.idempotency
    write.connection.execute(delete(kept).where(kept.c.at < write.at - KEPT))
    found_by = _found_by(write.keys, request)
    row = {
        "found_by": found_by,
        "request": _digest(write.keys, request.content),
        "status": answer.status,
        "content": sealed.seal(
            _key(write.keys), _OFFICE, "idempotency", found_by.hex(), "content", answer.content
        ),
        "at": write.at,
    }
    write.connection.execute(insert(kept), row)


def _found_by(keys: Keys, request: Request) -> bytes:
    return _digest(keys, f"{request.account}\0{request.key}".encode())


def _digest(keys: Keys, content: bytes) -> bytes:
    return hmac.digest(keys.finding, b"idempotency\0" + content, hashlib.sha256)


def _key(keys: Keys) -> bytes:
    """Of the key that does not change when the office takes a new one to seal with: an answer outlasts that."""
    return _digest(keys, b"answers")
