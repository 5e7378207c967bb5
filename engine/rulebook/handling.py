"""How a case of a policy is handled on a day: its procedure, and where that is silent the policy's own words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.rulebook.in_force import covers
from engine.rulebook.model import Label, PolicyVersion, Rulebook
from engine.rulebook.procedures import (
    GRANT,
    Appeal,
    Discretion,
    Hearing,
    Limit,
    Notice,
    ProcedureVersion,
    Publicity,
    Round,
    Stage,
    Urgent,
    VillageReview,
)


@dataclass(frozen=True, slots=True)
class Handling:
    """`procedure`: the file's name and version, "" when the policy's own words are all there is.

    `publicity` None: nothing is said of it. Otherwise None: there is no such step, or no such limit is known.
    """

    procedure: str
    accept: Stage
    investigate: Stage
    decide: Stage
    village_review: VillageReview | None = None
    publicity: Publicity | None = None
    notify: Notice | None = None
    limit: Limit | None = None
    hearing: Hearing | None = None
    visit: Stage | None = None
    urgent: Urgent | None = None
    discretion: Discretion | None = None
    appeal: Appeal | None = None

    def rounds(self, purpose: str) -> tuple[Round, ...]:
        found = self.publicity.rounds if self.publicity is not None else ()
        return tuple(one for one in found if purpose in one.purposes)


def handling(book: Rulebook, policy: str, on: int, known: int) -> Handling | None:
    """On a day, as known on a day (yyyymmdd). None: nobody says who decides, or the policy is not in force yet."""
    return book.remember(
        "handling", (policy, on, known), lambda: _Maybe(_handling(book, policy, on, known))
    ).found


@dataclass(frozen=True, slots=True)
class _Maybe:
    found: Handling | None


def level_above(book: Rulebook, level: str) -> str:
    """The next wider level of areas; the widest has none above and answers for itself."""
    levels = list(book.levels)
    return levels[max(levels.index(level) - 1, 0)]


def _handling(book: Rulebook, policy: str, on: int, known: int) -> Handling | None:
    version = _version(book, policy, on, known)
    if version is None:
        return None
    found = [one for one in book.procedures if policy in one.policies and covers(one.dated, on, known)]
    said = max(found, key=lambda one: (one.dated.start, one.dated.published), default=None)
    return _together(version, said)


def _version(book: Rulebook, policy: str, on: int, known: int) -> PolicyVersion | None:
    """The version in force; of one that has ended, the last: its cases are still brought to an end."""
    begun = [
        one
        for one in book.policies[policy].versions
        if one.dated.start <= on and one.dated.published <= known
    ]
    return max(begun, key=lambda one: (one.dated.start, one.dated.published), default=None)


def _together(version: PolicyVersion, said: ProcedureVersion | None) -> Handling | None:
    own = version.procedure
    cite = str(own.get("cite", ""))
    decide = (said.decide if said else None) or _own_stage(own, "decide", cite)
    if decide is None:
        return None
    accept = (said.accept if said else None) or _own_stage(own, "accept", cite) or Stage(decide.by, cite=cite)
    limit = Limit(int(own["limit_working_days"]), None, cite) if "limit_working_days" in own else None
    handled = Handling(
        "" if said is None else f"{said.name}/{said.dated.version}",
        accept,
        Stage(accept.by, cite=cite),
        decide,
        publicity=_own_publicity(own, accept.by, cite),
        limit=limit,
    )
    if said is None:
        return handled
    return Handling(
        handled.procedure,
        accept,
        said.investigate or handled.investigate,
        decide,
        said.village_review,
        said.publicity or handled.publicity,
        said.notify,
        said.limit or limit,
        said.hearing,
        said.visit_by,
        said.urgent,
        said.discretion,
        said.appeal,
    )


def _own_stage(own: Any, key: str, cite: str) -> Stage | None:
    return Stage(str(own[key]), cite=cite) if key in own else None


def _own_publicity(own: Any, by: str, cite: str) -> Publicity | None:
    if "publicity_days" not in own:
        return None
    days = int(own["publicity_days"])
    label: Label = {}
    rounds = (Round("publicity", label, by, days, None, (GRANT,), cite),) if days else ()
    return Publicity(rounds, label, cite)
