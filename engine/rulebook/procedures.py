"""How applications are handled: who does which step by when, what is made public, who is heard, who is appealed to.

A policy's own `procedure` says in one line who accepts, how long it is public, who decides. A procedure file says the
rest for policies that it names; where it is silent, the policy's own words serve.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.rulebook.model import Dated, Label

GRANT, REDUCE, STOP = "grant", "reduce", "stop"  # what a case is for
ALWAYS, IF_OBJECTION, NEVER = "always", "if_objection", "never"


@dataclass(frozen=True, slots=True)
class Stage:
    """A step. `by`: the level of area that does it. `days`: its limit in working days, None where none is known."""

    by: str
    days: int | None = None
    cite: str = ""
    start_days: int | None = None
    persons: int = 1


@dataclass(frozen=True, slots=True)
class VillageReview:
    """`held`: always, if_objection or never."""

    held: str
    by: str
    days: int | None
    cite: str


@dataclass(frozen=True, slots=True)
class Round:
    """A time in which something is public, in days of the calendar; to be opened in `open_days` working days."""

    id: str
    label: Label
    by: str
    days: int
    open_days: int | None
    purposes: tuple[str, ...]
    cite: str


@dataclass(frozen=True, slots=True)
class Publicity:
    """`none`: why there is none; then there are no rounds."""

    rounds: tuple[Round, ...]
    none: Label
    cite: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Somebody is told of the decision within so many working days. `refusals`: the limit is for refusals alone."""

    days: int
    refusals: bool
    cite: str


@dataclass(frozen=True, slots=True)
class Limit:
    """From the acceptance to the decision, in working days. `at_most`: where a case is exceptional."""

    days: int
    at_most: int | None
    cite: str


@dataclass(frozen=True, slots=True)
class Hearing:
    """Before which decisions somebody is heard."""

    before: tuple[str, ...]
    cite: str


@dataclass(frozen=True, slots=True)
class Urgent:
    """Relief first. `papers_days`: by when the papers come, in working days, None where no rule was found."""

    by: str
    papers_days: int | None
    skip_publicity: bool
    cite: str


@dataclass(frozen=True, slots=True)
class Discretion:
    """`cause`: the household's fact that says the cause; the same one is not aided twice within `months`."""

    reasons: Mapping[str, Label]
    cause: str
    months: int | None
    cite: str


@dataclass(frozen=True, slots=True)
class Appeal:
    """Within so many days of the calendar. `to`: the level that takes it; "" is the level above."""

    days: int
    to: str
    cite: str


@dataclass(frozen=True, slots=True)
class ProcedureVersion:
    """A procedure file. What it does not say is None."""

    name: str
    dated: Dated
    title: Label
    policies: tuple[str, ...]
    accept: Stage | None = None
    investigate: Stage | None = None
    village_review: VillageReview | None = None
    publicity: Publicity | None = None
    decide: Stage | None = None
    notify: Notice | None = None
    limit: Limit | None = None
    hearing: Hearing | None = None
    visit_by: Stage | None = None  # cases of the staff's relatives
    urgent: Urgent | None = None
    discretion: Discretion | None = None
    appeal: Appeal | None = None
    notes: Label | None = None


# --- reading ------------------------------------------------------------------------------------------------
