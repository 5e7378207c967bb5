"""Production rules in memory: what is watched over, what can happen, and what then has to be done."""

from __future__ import annotations

from dataclasses import dataclass

from engine.language.tree import Node
from engine.rulebook.model import Dated, Field, Label

# The records that production rules read, with their fields. The first fields are on every record of the kind, so
# a join may read them; the others can be unknown (`explained` never is: nobody has explained it, or somebody has).
ALWAYS = {
    "payment": ("policy", "person_id", "month"),
    "status": ("policy", "person_id", "from", "to"),
    "conflict": ("conflict", "stage", "person_id", "month"),
}
OFTEN = {
    "payment": ("amount", "paid", "recorded", "held", "cause", "explained"),
    "status": ("amount", "recorded", "reviewed", "review_due"),
    "conflict": (),
}
EVENT_ALWAYS = ("person_id", "date")
EVENT_OFTEN = ("recorded", "source")
EVENT = "event"  # what a task calls the event that it follows


def record_name(kind: str) -> str:
    """What the type of a kind of record is called: never like a list of the fact dictionary."""
    return {"payment": "payments", "status": "statuses", "conflict": "conflicts"}.get(kind, f"events.{kind}")


def variable(name: str) -> str:
    """What a record's variable is called inside: never like one that a list brings."""
    return f"@{name}"


def always(kind: str) -> tuple[str, ...]:
    return ALWAYS.get(kind, EVENT_ALWAYS)


@dataclass(frozen=True, slots=True)
class Trigger:
    """Records that go together: `facts` name them with their kinds, `joins` are equal fields, `when` the test.

    A join is (record, field, record, field). `when` None: every such group counts.
    """

    facts: tuple[tuple[str, str], ...]
    joins: tuple[tuple[str, str, str, str], ...] = ()
    text: str = ""
    when: Node | None = None


@dataclass(frozen=True, slots=True)
class Deadline:
    """At most one is said: a date by expression, or days, or working days, from when it became known."""

    text: str = ""
    until: Node | None = None
    days: int | None = None
    working_days: int | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """A group of records that somebody has to look into. `by`: one session per person, or per household."""

    id: str
    dated: Dated
    title: Label
    by: str
    trigger: Trigger
    severity: str
    owner: str
    deadline: Deadline
    evidence: tuple[str, ...]
    unreported: Deadline  # since when it should have been reported: only a date by expression
    cite: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """A watch rule that looks at all households together; whoever keeps them compares `of`: person or account."""

    id: str
    dated: Dated
    title: Label
    of: str
    severity: str
    owner: str
    deadline: Deadline
    cite: str


@dataclass(frozen=True, slots=True)
class Hearing:
    """From `start` on somebody is heard first. `of`: person (of the event), others or household."""

    start: int
    of: str
    cite: str


@dataclass(frozen=True, slots=True)
class EventTask:
    """What somebody has to do from `start` on when an event has happened: the record `event` of its trigger."""

    id: str
    title: Label
    start: int
    trigger: Trigger
    owner: str
    deadline: Deadline
    hearing: Hearing | None
    cite: str


@dataclass(frozen=True, slots=True)
class EventKind:
    """Something that happens to a person or a household. `day`: made from the facts, never written down."""

    name: str
    dated: Dated
    title: Label
    of: str
    fields: tuple[Field, ...]
    text: str
    day: Node | None
    tasks: tuple[EventTask, ...]

    def record_fields(self) -> tuple[str, ...]:
        return (*EVENT_ALWAYS, *EVENT_OFTEN, *(one.name for one in self.fields))
