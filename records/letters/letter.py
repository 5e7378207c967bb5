"""What a letter consists of. Two layouts print it: `records.letters.html` and `records.letters.pdf`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Kind(StrEnum):
    GRANT = "grant"
    REFUSAL = "refusal"
    CHANGE = "change"
    STOP = "stop"
    CLOSING = "closing"
    ACCEPTANCE = "acceptance"
    MISSING = "missing"
    PUBLICITY = "publicity"
    HEARING = "hearing"


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Heading:
    text: str


@dataclass(frozen=True, slots=True)
class Item:
    """A line of a list with what stands under it."""

    text: str
    under: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Items:
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """`numbers`: the columns that are set to the right."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...] = ()


Block = Text | Heading | Items | Table


@dataclass(frozen=True, slots=True)
class Letter:
    """`drafts`: what has to be filled in or checked before it may be served; nothing: it is ready.

    `dated`: the day that stands on it, in words; `day` the same for the file.
    """

    kind: Kind
    language: str
    title: str
    office: str
    contact: str
    number: str
    addressee: str
    blocks: tuple[Block, ...]
    drafts: tuple[str, ...]
    draft: str  # the line above them
    seal: str
    dated: str
    day: date
    record: str  # what it is found by
    page: str  # with {page} and {pages}
