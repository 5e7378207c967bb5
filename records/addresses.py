"""Addresses, sealed with the household's key, and found by any three of their characters that follow each other.

Of each three characters a blind index is kept (`address_gram`), so that a part of an address finds it and nobody reads
it without the keys. What is found by the index is opened and compared: the index only narrows.
"""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import Any

from sqlalchemy import insert, select

from records import sealed, tables
from records.database import Reading, Writing

GRAM = 3
_INDEX = 8  # bytes: enough to narrow by


def sealed_for(write: Writing, household_id: str, since: date, address: str) -> bytes:
    """An address sealed for the household's residence since a day; its index is written."""
    known = select(tables.address_gram.c.found_by).where(tables.address_gram.c.household_id == household_id)
    there = set(write.connection.execute(known).scalars())
    rows = [row for row in index_rows(write, household_id, address) if row["found_by"] not in there]
    if rows:
        write.connection.execute(insert(tables.address_gram), rows)
    return closed(sealed.data_key(write, sealed.of_household(household_id)), household_id, since, address)


def index_rows(read: Reading, household_id: str, address: str) -> list[dict[str, Any]]:
    """What an address is found by, as rows of `address_gram`."""
    indexes = sorted(_indexes(read, address))
    return [{"household_id": household_id, "found_by": found_by} for found_by in indexes]


def closed(key: bytes, household_id: str, since: date, address: str) -> bytes:
    """An address sealed with the household's key."""
    subject = sealed.of_household(household_id)
    return sealed.seal(key, subject, "residence", _row(household_id, since), "address", address.encode())


def opened(key: bytes, household_id: str, since: date, address: bytes) -> str:
    """Raises `Tampered`."""
    subject = sealed.of_household(household_id)
    return sealed.unseal(key, subject, "residence", _row(household_id, since), "address", address).decode()


def may_contain(read: Reading, part: str) -> set[bytes]:
    """The indexes that an address holds when it contains a part of three characters or more."""
    return _indexes(read, part)


def plain(address: str) -> str:
    """As addresses are compared: width and case folded, no spaces."""
    return "".join(unicodedata.normalize("NFKC", address).casefold().split())


def _indexes(read: Reading, text: str) -> set[bytes]:
    signs = plain(text)
    grams = {signs[place : place + GRAM] for place in range(len(signs) - GRAM + 1)}
    return {sealed.blind_index(read.keys, "address", gram)[:_INDEX] for gram in grams}


def _row(household_id: str, since: date) -> str:
    return f"{household_id}/{since.isoformat()}"
