"""What production rules look at and what they find: records in, alerts and tasks out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

WHOLE = "household"  # whose record, when it is nobody's own


@dataclass(frozen=True, slots=True)
class Record:
    """One payment, status, conflict or event. Days are yyyymmdd.

    kind    payment, status, conflict, or a kind of event
    person  whose it is, `WHOLE` for the household
    values  its fields as the language computes with them; one that is not said is unknown
    day     the day it is of: an event's date, a payment's month, a status's first day
    known   the day it became known
    ref     where it stands in the document (a JSON pointer); a conflict's name
    """

    kind: str
    person: str
    values: Mapping[str, Any]
    day: int
    known: int
    ref: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A household on a day, as compiled programs take it.

    `first` and `on`: the days looked at; what happened or became known between them leads to tasks. `unsaid`: kinds
    of records that the document says nothing about, with its key; "event" stands for every kind of event.
    """

    first: int
    on: int
    known: int
    people: Sequence[str]
    household: Sequence[Any]
    rows: Sequence[Sequence[Any]]  # of the people
    parameters: Sequence[Any]
    unsaid: Mapping[str, str]


class Struct(msgspec.Struct, gc=False, omit_defaults=True):
    """Values without cycles; what is not said is left out."""


class Evidence(Struct):
    """A record that a rule found. `at`: its day, for payments and conflicts its month."""

    ref: str
    kind: str
    subject: str
    at: str
    policy: str = ""


class Term(Struct):
    """By when: a date, or working days after `since`, the day on which it became known."""

    since: str
    until: str = ""
    working_days: int | None = None
    unreported_since: str = ""  # the day of what nobody reported, where a rule is about that


class Alert(Struct, omit_defaults=False):
    """What somebody has to look into: one for each rule and subject.

    `evidence`: the records of the groups that surely fit; `unclear`: those of groups of which it cannot be told. An
    alert without evidence is only possible.
    """

    rule: str
    subject: str
    severity: str
    owner: str
    term: Term
    cite: str
    evidence: Sequence[Evidence] = ()
    unclear: Sequence[Evidence] = ()


class Task(Struct, omit_defaults=False):
    """What has to be done after an event: one for each event and task of its kind. `certain`: it surely has to."""

    event: str
    task: str
    subject: str
    owner: str
    term: Term
    cite: str
    certain: bool
    evidence: Sequence[Evidence]
    hear: Sequence[str] = ()  # who is heard before anything is decided
    hear_cite: str = ""


class Watched(Struct, omit_defaults=False):
    """`not_checked`: rules that could not look, by the key that the document does not have."""

    alerts: Sequence[Alert]
    tasks: Sequence[Task]
    not_checked: Mapping[str, Sequence[str]]
