"""The nightly run: every household decided again by the population's kernel, and what has changed told to somebody.

Several processes look, one writes. A full decision is kept only where an outcome, an amount or a conflict is not what it
was; a household that was never looked at before gives the standing that later nights compare with. A run that is broken
off is run again: what was written down is found to be the same.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select

from engine.decision import BadDocument, read_household
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
from records import audit, decisions, tables
from records.comparing import compared
from records.database import Database, batched, connect, reading, writing
from records.giving import EACH, Given, give_out
from records.many_documents import documents
from records.notices import Raised, raise_all
from records.proposing import proposals, watched_notices
from records.sealed import Erased
from records.standing import Standing, last_standings, standings

AT_ONCE = 500  # households of one batch, and of one transaction
LOOKING_BACK = 24  # months of payments that watch rules are shown


@dataclass(frozen=True, slots=True)
class Looked:
    """What one batch came to. `unread`: households that the rulebook cannot read, and the first thing wrong there."""

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
    looking = _Looking(database, book, on, known, forked=workers > 1)
    night = Night(on)
    for looked in in_processes(looking, lambda _: next(batches, None), workers):
        _write_down(database, book, looked, night, known, actor)
        progress(len(looked.standings) + len(looked.unread))
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
    night.households += len(looked.standings)
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


class _Looking:
    """Looks at a batch of households; in a process of its own it has its own connection."""

    def __init__(self, database: Database, book: Rulebook, on: date, known: date, *, forked: bool) -> None:
        self.book, self.on, self.known = book, on, known
        self.kernel = Kernel(book, from_date(on), from_date(known))
        self._database, self._forked = database, forked

    def __call__(self, ids: list[str]) -> Looked:
        if self._forked:  # what was connected before the copy is the parent's
            url = self._database.engine.url.render_as_string(hide_password=False)
            self._database, self._forked = connect(url, self._database.keys, self._database.zone), False
        unread: dict[str, str] = {}
        with reading(self._database) as read:
            made = [one for one in documents(read, ids, self.on, self.known) if one["people"]]
            before = last_standings(read, ids)
        households = dict(self._readable(made, unread))
        now = self._standings(list(households.values()))
        by_id = {one["household_id"]: one for one in made}
        raised = [
            notice
            for household_id, household in households.items()
            for notice in self._raised(household, by_id[household_id], now[household_id])
        ]
        changed = tuple(one for one in now if one in before and before[one].digest != now[one].digest)
        new = tuple(one for one in now if one not in before)
        return Looked(now, changed, new, tuple(raised), unread)

    def _readable(
        self, made: Sequence[dict[str, Any]], unread: dict[str, str]
    ) -> Iterator[tuple[str, Household]]:
        for one in made:
            try:
                yield one["household_id"], read_household(self.book, one)
            except BadDocument as bad:
                unread[one["household_id"]] = f"{bad.problems[0].pointer} {bad.problems[0].code}"

    def _standings(self, households: list[Household]) -> dict[str, Standing]:
        if not households:
            return {}
        on, known = from_date(self.on), from_date(self.known)
        inputs = [inputs_on(self.book, one, on, known) for one in households]
        found: dict[str, Standing] = {}
        for rows in table_of_households(self.book, households, inputs).combine_chunks().to_batches():
            found.update(standings(self.book, self.kernel.run(rows)))
        return found

    def _raised(self, household: Household, document: dict[str, Any], now: Standing) -> Iterator[Raised]:
        yield from proposals(self.book, household, now, self.on)
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
        between = {one.id: one.between for one in self.book.conflicts}
        for rule, stage, subject, effect, policy in now.conflicts:
            both = [name for name in between[rule] if (name, subject) in held or (name, "household") in held]
            if len(both) >= 2:
                yield Together(month, ConflictFound(rule, stage, subject, both, effect, policy))
