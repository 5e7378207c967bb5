"""The nightly run: every household decided again by the population's kernel, and what has changed told to somebody.

Several processes look, one writes. A full decision is kept only where an outcome, an amount or a conflict is not what it
was; a household that was never looked at before gives the standing that later nights compare with. A run that is broken
off is run again: what was written down is found to be the same.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select

from engine.decision import BadDocument
from engine.decision.document import Household
from engine.decision.inputs import inputs_on
from engine.decision.model import ConflictFound
from engine.decision.watching import Together, covers_month, watch_household
from engine.inference.found import Watched
from engine.language.dates import from_date, month_start, parse_date
from engine.population.documents import table_of_households
from engine.population.kernel import Kernel
from engine.population.workers import in_processes
from engine.rulebook import Rulebook
from engine.rulebook.in_force import in_force
from records import audit, decisions, tables
from records.comparing import compared
from records.database import Database, batched, connect, reading, writing
from records.endings import may_have_ended
from records.giving import EACH, Given, give_out
from records.households_on import HouseholdsOn, OnDay
from records.many_documents import documents
from records.notices import Raised, raise_all
from records.proposing import of_events, proposals, watched_notices
from records.sealed import Erased
from records.standing import Standing, last_digests, standings

AT_ONCE = 500  # households of one batch, and of one transaction
LOOKING_BACK = 24  # months of payments that watch rules are shown


@dataclass(frozen=True, slots=True)
class Looked:
    """What one batch came to.

    households  how many were decided
    standings   of those that changed or are new; nobody needs the others
    unread      households that the rulebook cannot read, and the first thing wrong there
    """

    households: int
    standings: dict[str, Standing]
    changed: tuple[str, ...]
    new: tuple[str, ...]
    raised: tuple[Raised, ...]
    unread: dict[str, str]


@dataclass(slots=True)
class Night:
    """`raised`: what was new, by kind and what it is about. `given`: how much of what waits was given out."""

    on: date
    households: int = 0
    changed: list[str] = field(default_factory=list)
    raised: Counter[str] = field(default_factory=Counter)
    given: Given = field(default_factory=lambda: Given(0, 0, ()))
    unread: dict[str, str] = field(default_factory=dict)


def nightly(
    database: Database,
    book: Rulebook,
    on: date,
    known: date,
    actor: str,
    *,
    workers: int = 1,
    each: int = EACH,
    progress: Callable[[int], None] = lambda _: None,
) -> Night:
    """Runs the night of a day. `each`: how many notices it gives each owner of each area.

    `progress` is told how many households were done.
    """
    with reading(database) as read:
        household = tables.household.c
        everyone = list(
            read.connection.execute(select(household.household_id).order_by(household.household_id)).scalars()
        )
    batches = iter(list(batched(everyone, AT_ONCE)))
    looking = Looking(database, book, on, known, forked=workers > 1)
    night = Night(on)
    for looked in in_processes(looking, lambda _: next(batches, None), workers):
        _write_down(database, book, looked, night, known, actor)
        progress(looked.households + len(looked.unread))
    with writing(database, actor) as write:
        for one in raise_all(write, compared(write, book, on, known), on):
            night.raised[f"{one.kind} {one.about}"] += 1
        night.given = give_out(write, book, on, each)
        row = {
            "on": on,
            "rulebook": book.fingerprint,
            "households": night.households,
            "changed": len(night.changed),
            "raised": night.raised.total(),
            "counts": json.dumps(night.raised, sort_keys=True),
        }
        audit.add_row(write, "night", tables.night, on.isoformat(), row)
    return night


def _write_down(
    database: Database, book: Rulebook, looked: Looked, night: Night, known: date, actor: str
) -> None:
    with writing(database, actor) as write:
        kept: dict[str, int] = {}
        for household_id in looked.changed:
            try:
                kept[household_id] = decisions.decide_and_keep(write, book, household_id, night.on, known).seq
            except (BadDocument, Erased) as wrong:
                night.unread[household_id] = str(wrong)
        rows = {
            household_id: [
                _row(household_id, night.on, looked.standings[household_id], kept.get(household_id))
            ]
            for household_id in (*looked.new, *looked.changed)
        }
        numbers = audit.numbers(write, tables.standing, len(rows))
        for some in rows.values():
            some[0]["seq"] = next(numbers)
        audit.add_many(write, "standing", tables.standing, rows)
        for one in raise_all(write, looked.raised, night.on):
            night.raised[f"{one.kind} {one.about}"] += 1
    night.households += looked.households
    night.changed += looked.changed
    night.unread |= looked.unread


def _row(household_id: str, on: date, standing: Standing, decision: int | None) -> dict[str, Any]:
    return {
        "household_id": household_id,
        "on": on,
        "score": standing.score,
        "content": standing.packed(),
        "digest": standing.digest,
        "decision": decision,
    }


# --- looking ------------------------------------------------------------------------------------------------


class Looking:
    """Looks at a batch of households; in a process of its own it has its own connection."""

    def __init__(self, database: Database, book: Rulebook, on: date, known: date, *, forked: bool) -> None:
        self.book, self.on, self.known = book, on, known
        self.kernel = Kernel(book, from_date(on), from_date(known))
        self.deciding = HouseholdsOn(book, on, known)
        self.watching = self.deciding if on <= known else HouseholdsOn(book, on, known, facts_on=known)
        self._database, self._forked = database, forked

    def __call__(self, ids: list[str]) -> Looked:
        if self._forked:  # what was connected before the copy is the parent's
            url = self._database.engine.url.render_as_string(hide_password=False)
            self._database, self._forked = connect(url, self._database.keys, self._database.zone), False
        unread: dict[str, str] = {}
        with reading(self._database) as read:
            found = dict(self._readable(self.deciding.read(read, ids), unread))
            before = last_digests(read, found)
            now = self._standings([one for _, one in found.values()])
            watched = found
            if self.watching is not self.deciding:  # what is watched is watched up to what is known
                watched = dict(self._readable(self.watching.read(read, ids), {}))
            ended = [one for one, (_, household) in watched.items() if may_have_ended(self.book, household)]
            whole = {one["household_id"]: one for one in documents(read, ended, self.on, self.known)}
        raised = [
            notice
            for household_id, (document, household) in watched.items()
            for notice in self.raised(household, document, now[household_id], whole.get(household_id))
        ]
        changed = tuple(one for one in now if one in before and before[one] != now[one].digest)
        new = tuple(one for one in now if one not in before)
        kept = {one: now[one] for one in (*changed, *new)}
        return Looked(len(now), kept, changed, new, tuple(raised), unread)

    @staticmethod
    def _readable(
        found: Iterable[OnDay], unread: dict[str, str]
    ) -> Iterator[tuple[str, tuple[Mapping[str, Any], Household]]]:
        for one in found:
            if isinstance(one.household, BadDocument):
                first = one.household.problems[0]
                unread[one.household_id] = f"{first.pointer} {first.code}"
            else:
                yield one.household_id, (one.document, one.household)

    def _standings(self, households: list[Household]) -> dict[str, Standing]:
        if not households:
            return {}
        on, known = from_date(self.on), from_date(self.known)
        inputs = [inputs_on(self.book, one, on, known) for one in households]
        found: dict[str, Standing] = {}
        for rows in table_of_households(self.book, households, inputs).combine_chunks().to_batches():
            found.update(standings(self.book, self.kernel.run(rows)))
        return found

    def raised(
        self,
        household: Household,
        document: Mapping[str, Any],
        now: Standing,
        whole: Mapping[str, Any] | None = None,
    ) -> Iterator[Raised]:
        """`whole`: the document with its facts, where an event may have ended something."""
        if whole is None:
            yield from proposals(self.book, household, now, self.on)
        else:
            yield from of_events(self.book, household, whole, now, self.on, self.known)
        if household.payments or household.events or household.statuses:
            watched = self._watched(household, now)
            yield from watched_notices(self.book, household, document, watched, self.known)

    def _watched(self, household: Household, now: Standing) -> Watched:
        last = from_date(self.on)
        year, month = divmod(self.on.year * 12 + self.on.month - 1 - LOOKING_BACK, 12)
        first = parse_date(f"{year:04d}-{month + 1:02d}-01")
        assert first is not None
        together = list(self._together(household, now, month_start(last)))
        return watch_household(self.book, household, first, last, from_date(self.known), together)

    def _together(self, household: Household, now: Standing, month: int) -> Iterator[Together]:
        """What is held at the same time and may not be, by the conflicts of this month."""
        held = {
            (one.policy, one.person or "household")
            for one in household.statuses or ()
            if covers_month(one, month)
        }
        rules = in_force(self.book, from_date(self.on), from_date(self.known), household.application_date)
        between = {one.id: one.between for one in rules.conflicts}
        for rule, stage, subject, effect, policy in now.conflicts:
            both = [name for name in between[rule] if (name, subject) in held or (name, "household") in held]
            if len(both) >= 2:
                yield Together(month, ConflictFound(rule, stage, subject, both, effect, policy))
