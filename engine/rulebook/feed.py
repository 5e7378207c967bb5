"""Departments' feeds in memory: how a row of a file is read, and what it tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.rulebook.model import Dated, Label

FACT, EVENT, STATUS = "fact", "event", "status"
Titles = tuple[str, ...]  # that a column may have


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a value comes from: a column, whose words may mean something else, or `always` the same value."""

    column: Titles = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    always: Any = None


@dataclass(frozen=True, slots=True)
class Tell:
    """What a row tells. `kind`: a fact, an event or a status, called `about`.

    cell        of a fact that is no list
    entry       of a list: a row is one entry, by its fields; `by` the field that makes two entries the same one
    date        of an event, with its further `fields`
    since, until, valid_days    from when and for how long it holds
    """

    id: str
    kind: str
    about: str
    cell: Cell | None = None
    entry: Mapping[str, Cell] = field(default_factory=dict)
    by: str = ""
    date: Titles = ()
    fields: Mapping[str, Titles] = field(default_factory=dict)
    since: Titles = ()
    until: Titles = ()
    valid_days: int | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """A file that a department sends. `source`: the department; `answered_by`: who looks at what is proposed.

    name, birth_date    find people whose number is not known, as a hint; () where the feed has no such columns
    only                a column and the words in it for which a row counts; ((), ()) for all rows
    """

    id: str
    dated: Dated
    title: Label
    source: str
    id_number: Titles
    name: Titles
    birth_date: Titles
    only: tuple[Titles, Titles]
    answered_by: str
    tells: tuple[Tell, ...]
    cite: str
