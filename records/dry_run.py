"""What publishing a rulebook would change, before anybody publishes it: its files, and the households of the record.

Every household is decided by the published rules and by the new ones, by the population's kernel. Of a record that is too
large for a wait, the same share is drawn each time, and the answer says how many were left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq
from sqlalchemy import select

from engine.decision import BadDocument, read_household
from engine.decision.document import Household
from engine.decision.inputs import inputs_on
from engine.language.dates import from_date
from engine.population.documents import table_of_households
from engine.population.impact import AFTER, BEFORE, Impact, compare, plain
from engine.population.pairs import open_run
from engine.population.stream import decide_all
from engine.rulebook import Rulebook
from records import publishing, rulebooks, tables
from records.database import Reading
from records.many_documents import documents
from records.refused import Refused
from records.rulebook_changes import Changed, changed

AT_MOST = 2_000  # households: some ten milliseconds each
SHOWN = 20
_AT_ONCE = 2_000
_OPEN = frozenset({"undetermined", "discretionary"})


@dataclass(frozen=True, slots=True)
class Unread:
    """A household that the new rules cannot read: a fact or a value that they do not know any more."""

    household_id: str
    pointer: str
    code: str  # what is wrong there; the message could hold the value, which is nobody's business here


@dataclass(frozen=True, slots=True)
class DryRun:
    """`households`: how many the record has; `decided`: how many were decided twice; None for `impact` when none was.

    settled, opened: findings that were open and would be settled, and the other way round
    """

    before: Rulebook
    after: Rulebook
    changed: Changed
    households: int
    decided: int
    missing: int  # erased by law, or not written down yet by the day of knowledge
    empty: int  # nobody was a member on that day
    unread: tuple[Unread, ...]
    impact: Impact | None

    @property
    def settled(self) -> int:
        return self._moves(lambda was, becomes: was in _OPEN and becomes not in _OPEN)

    @property
    def opened(self) -> int:
        return self._moves(lambda was, becomes: was not in _OPEN and becomes in _OPEN)

    def _moves(self, of: Callable[[str, str], bool]) -> int:
        policies = self.impact.policies.values() if self.impact is not None else ()
        return sum(count for one in policies for move, count in one.moves.items() if of(*move))


def dry_run(
    read: Reading, after: Rulebook, on: date, known: date, at_most: int = AT_MOST, workers: int = 1
) -> DryRun:
    """What publishing `after` would change. Raises `Refused` when nothing is published yet."""
    now = publishing.published(read)
    if now is None:
        raise Refused(
            "no-rulebook", "记录里还没有已发布的规则库 · no rulebook is published in this record yet"
        )
    before = rulebooks.load(read, now.fingerprint)
    ids = read.connection.execute(select(tables.household.c.household_id)).scalars().all()
    drawn = sorted(ids, key=_drawn)[:at_most]
    with TemporaryDirectory(prefix="dry-run-") as place:
        both = _Documents(read, (before, after), on, known)
        found = _decided_twice(both, drawn, Path(place), workers)
    return DryRun(
        before,
        after,
        changed(before, after),
        len(ids),
        both.written,
        len(drawn) - both.there,
        both.empty,
        tuple(both.unread),
        found,
    )


def _drawn(household_id: str) -> bytes:
    """An order that has nothing to do with where people live or when they came."""
    return hashlib.sha256(household_id.encode()).digest()


def _decided_twice(both: _Documents, drawn: Sequence[str], place: Path, workers: int) -> Impact | None:
    on, known = from_date(both.on), from_date(both.known)
    tables_of_both = [place / f"{name}.parquet" for name in (BEFORE, AFTER)]
    both.write(drawn, tables_of_both)
    if not both.written:
        return None
    runs = []
    for book, table, name in zip(both.books, tables_of_both, (BEFORE, AFTER), strict=True):
        decide_all(book, table, place / name, on, known, workers=workers)
        runs.append(open_run(book, table, place / name))
    return compare(*runs)


class _Documents:
    """Writes the households of the record as a table for each rulebook, the same households in the same order."""

    def __init__(self, read: Reading, books: tuple[Rulebook, Rulebook], on: date, known: date) -> None:
        self.read, self.books, self.on, self.known = read, books, on, known
        self.written = self.there = self.empty = 0
        self.unread: list[Unread] = []

    def write(self, household_ids: Sequence[str], paths: Sequence[Path]) -> None:
        writers: list[pq.ParquetWriter] = []
        on, known = from_date(self.on), from_date(self.known)
        try:
            for start in range(0, len(household_ids), _AT_ONCE):
                batch = list(self._readable(household_ids[start : start + _AT_ONCE]))
                if not batch:
                    continue
                made = [
                    table_of_households(book, same, [inputs_on(book, one, on, known) for one in same])
                    for book, same in zip(self.books, zip(*batch, strict=True), strict=True)
                ]
                writers = writers or [
                    pq.ParquetWriter(path, one.schema) for path, one in zip(paths, made, strict=True)
                ]
                for writer, one in zip(writers, made, strict=True):
                    writer.write_table(one)
                self.written += len(batch)
        finally:
            for writer in writers:
                writer.close()

    def _readable(self, household_ids: Sequence[str]) -> Iterator[tuple[Household, ...]]:
        """Each household as each of the rulebooks reads it."""
        for made in documents(self.read, household_ids, self.on, self.known):
            self.there += 1
            if not made["people"]:
                self.empty += 1
                continue
            try:
                yield tuple(read_household(book, made) for book in self.books)
            except BadDocument as bad:
                first = bad.problems[0]
                self.unread.append(Unread(made["household_id"], first.pointer, first.code))


# --- as plain data ------------------------------------------------------------------------------------------


def as_plain(found: DryRun) -> dict[str, Any]:
    """What `encode_json` takes: sums as decimal texts, households by their ids alone."""
    return {
        "before": found.before.fingerprint,
        "after": found.after.fingerprint,
        "changed": asdict(found.changed),
        "households": found.households,
        "decided": found.decided,
        "missing": found.missing,
        "empty": found.empty,
        "unread": len(found.unread),
        "unread_examples": [asdict(one) for one in found.unread[:SHOWN]],
        "findings_settled": found.settled,
        "findings_opened": found.opened,
        "impact": None if found.impact is None else plain(found.impact, found.after),
    }
