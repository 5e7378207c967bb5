"""A department's file compared with the record: what it says and the record does not becomes a proposal.

Nothing is changed here. People are found by the blind index of their identity number; a name with a day of birth is a hint
that somebody has to look at. Whom the record does not know is counted and not kept. What was proposed before and is open,
confirmed, or refuted to the same feed is not proposed again.
"""

from __future__ import annotations

import hmac
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select, text

from engine.decision import encode_json
from engine.decision.document import Reader
from engine.population.sheets import Sheet
from engine.rulebook import Rulebook
from engine.rulebook.feed import EVENT, FACT, STATUS, Feed, Tell
from records import audit, people, sealed, tables
from records.database import AT_ONCE, Reading, Writing, batched
from records.feed_rows import FeedRow, FeedRows, Told, read_rows
from records.held import Held
from records.sheets_in import anywhere
from records.where import Homes, homes_of

BORN = "birth_date"
PROPOSAL = "proposal"  # what a proposal's commitment is about
_LOCK = 11644  # the advisory lock of matching: two runs at once would propose twice
NEW, DIFFERS = "new", "differs"


@dataclass(slots=True)
class Matched:
    """How a file came out. `counts` by row: people that were found, not known, … and what was proposed."""

    run: int
    counts: Counter[str]
    silent: tuple[str, ...]
    unreadable: Mapping[int, tuple[str, str]]  # by row the column, and the code of what is wrong


@dataclass(frozen=True, slots=True)
class _Proposed:
    row: FeedRow
    told: Told
    person: str
    household: str
    kind: str
    weak: bool
    content: Mapping[str, Any]
    same: bytes


def match(
    write: Writing,
    book: Rulebook,
    feed: Feed,
    sheet: Sheet,
    as_of: date,
    hash_of_file: str,
    reaches: Callable[[str], bool] = anywhere,
) -> Matched:
    """Compares a file and writes its proposals down. `reaches`: whether households of an area may be looked at.

    Raises `Refused` for a file in which nothing could be found.
    """
    rows = read_rows(book, feed, sheet, as_of)
    if write.connection.dialect.name != "sqlite":  # SQLite lets one writer in by itself
        write.connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    matching = _Matching(write, book, feed, as_of, rows, reaches)
    proposed = matching.proposals()
    counts = matching.counts
    run = audit.add_row(
        write,
        "match",
        tables.feed_run,
        f"feed:{feed.id}",
        {
            "feed": feed.id,
            "source": feed.source,
            "file_hash": hash_of_file,
            "as_of": as_of,
            "rows": rows.all_rows,
            "counts": json.dumps(dict(sorted(counts.items()))),
            "rulebook": book.fingerprint,
        },
    )["seq"]
    _write(write, feed, run, proposed)
    unreadable = {number: (column, unfit.code) for number, (column, unfit) in rows.unreadable.items()}
    return Matched(run, counts, rows.silent, unreadable)


def _write(write: Writing, feed: Feed, run: int, proposed: Sequence[_Proposed]) -> None:
    keys = sealed.many_data_keys(write, (sealed.of_person(one.person) for one in proposed))
    numbers = audit.numbers(write, tables.proposal, len(proposed))
    rows: dict[str, list[dict[str, Any]]] = {}
    for one in proposed:
        subject = sealed.of_person(one.person)
        closed, commitment = sealed.sealed_content(
            keys[subject], subject, "proposal", PROPOSAL, encode_json(one.content)
        )
        rows.setdefault(one.household, []).append(
            {
                "seq": next(numbers),
                "feed_run": run,
                "feed": feed.id,
                "household_id": one.household,
                "person_id": one.person,
                "kind": one.kind,
                "about": one.told.tell.about,
                "answered_by": feed.answered_by,
                "weak": one.weak,
                "content": closed,
                "commitment": commitment,
                "row_number": one.row.number,
                "row_hash": _keyed(write, one.row.content),
                "same_as": one.same,
            }
        )
    audit.add_many(write, "propose", tables.proposal, rows)


def _keyed(read: Reading, content: bytes) -> bytes:
    return hmac.digest(read.keys.finding, b"feed\0" + content, "sha256")


@dataclass(slots=True)
class _Matching:
    write: Writing
    book: Rulebook
    feed: Feed
    as_of: date
    rows: FeedRows
    reaches: Callable[[str], bool]
    counts: Counter[str] = field(default_factory=Counter)
    used: Counter[tuple[str, str, bytes]] = field(default_factory=Counter)  # entries that were counted

    def proposals(self) -> list[_Proposed]:
        rows = self.rows
        self.counts.update(
            {
                "rows": rows.all_rows,
                "passed-over": rows.passed_over,
                "repeated": rows.repeated,
                "unreadable": len(rows.unreadable),
            }
        )
        owners = people.owners_of(self.write, {row.id_number for row in rows.rows if row.id_number})
        hints = self._hints(row for row in rows.rows if row.id_number not in owners)
        found = [(row, owners.get(row.id_number) or hints.get(row.number, "")) for row in rows.rows]
        homes = homes_of(self.write, {person for _, person in found if person}, self.as_of)
        proposed: list[_Proposed] = []
        for some in batched(found, AT_ONCE):
            proposed += self._some(some, owners, homes)
        return self._not_before(proposed)

    def _some(
        self, some: Sequence[tuple[FeedRow, str]], owners: Mapping[str, str], homes: Homes
    ) -> list[_Proposed]:
        met = [
            (row, person, homes.of(person))
            for row, person in some
            if person and homes.of(person) and self.reaches(homes.area(person))
        ]
        self.counts["not-known"] += len(some) - len(met)
        facts = {tell.about for tell in self.feed.tells if tell.kind == FACT}
        held = Held(
            self.write, self.book, facts, {person for _, person, _ in met}, {home for _, _, home in met}
        )
        proposed = []
        for row, person, home in met:
            weak = row.id_number not in owners
            self.counts["weak" if weak else "known"] += 1
            found = [(told, self._compared(held, row, told, person, home, weak)) for told in row.told]
            new = [one for _, one in found if one is not None]
            self.counts["unchanged"] += len(found) - len(new)
            proposed += self._each_thing_once(new)
        return proposed

    def _each_thing_once(self, new: Sequence[_Proposed]) -> list[_Proposed]:
        """A fact that an event of the same row and day means goes with the event: it is one thing to look at."""
        meant = {
            (name, str(value), one.told.since)
            for one in new
            if one.kind == EVENT and one.told.tell.about in self.book.endings
            for name, value in self.book.endings[one.told.tell.about].means.items()
        }
        left = [one for one in new if (one.told.tell.about, str(one.told.value), one.told.since) not in meant]
        self.counts["with-its-event"] += len(new) - len(left)
        return left

    def _hints(self, rows: Iterable[FeedRow]) -> dict[int, str]:
        """By row the one person of that name and day of birth; several are nobody."""
        named = [row for row in rows if row.name and row.birth_date is not None]
        by_name = people.called(self.write, {row.name for row in named})
        everyone = {person for some in by_name.values() for person in some}
        held = Held(self.write, self.book, (BORN,) if BORN in self.book.facts else (), everyone, ())
        found = {}
        for row in named:
            same = [
                person
                for person in by_name.get(row.name, ())
                if (known := held.fact(person, BORN, self.as_of, self.write.day).row) is not None
                and str(known.value) == str(row.birth_date)
            ]
            if len(same) == 1:
                found[row.number] = same[0]
        return found

    # --- one row --------------------------------------------------------------------------------------------

    def _compared(
        self, held: Held, row: FeedRow, told: Told, person: str, home: str, weak: bool
    ) -> _Proposed | None:
        tell = told.tell
        kind, before = {EVENT: self._event, STATUS: self._status, FACT: self._fact}[tell.kind](
            held, told, person, home
        )
        if not kind:
            return None
        content = {
            "value": told.value,
            "since": told.since.isoformat(),
            **({"until": told.until.isoformat()} if told.until is not None else {}),
            **({"valid_to": told.valid_to.isoformat()} if told.valid_to is not None else {}),
            **({"held": before} if before is not None else {}),
            **self._meaning(tell),
            "tell": tell.id,
        }
        return _Proposed(row, told, person, home, kind, weak, content, self._same(told, person))

    def _meaning(self, tell: Tell) -> dict[str, Any]:
        """What is written down with an event, for whoever confirms it to see."""
        ending = self.book.endings.get(tell.about) if tell.kind == EVENT else None
        return {"means": dict(ending.means)} if ending is not None and ending.means else {}

    def _event(self, held: Held, told: Told, person: str, _: str) -> tuple[str, Any]:
        known = held.events(person, told.tell.about)
        day = told.since.isoformat()
        return ("", None) if any(one["date"] == day for one in known) else (EVENT, known or None)

    def _status(self, held: Held, told: Told, person: str, home: str) -> tuple[str, Any]:
        policy = self.book.policies[told.tell.about]
        owner = person if policy.unit == "person" else home
        return ("", None) if held.has_status(owner, policy.id, told.since) else (STATUS, None)

    def _fact(self, held: Held, told: Told, person: str, home: str) -> tuple[str, Any]:
        fact = self.book.facts[told.tell.about]
        day = (
            max(self.as_of, told.since)
            if told.until is None
            else min(max(self.as_of, told.since), told.until)
        )
        known = held.fact(person if fact.of == "person" else home, fact.name, day, self.write.day)
        if known.row is None:
            return NEW, None
        if fact.items:
            return self._entry(told, known.row.value, person if fact.of == "person" else home)
        inside = Reader(self.book).content("", fact, told.value)
        ends_alike = told.until is None or known.row.end == int(f"{told.until:%Y%m%d}")
        return ("", None) if known.row.inside == inside and ends_alike else (DIFFERS, known.row.value)

    def _entry(self, told: Told, listed: Sequence[Mapping[str, Any]], owner: str) -> tuple[str, Any]:
        """Whether an entry stands in the list; without `by` each entry of the list answers for one row."""
        by = told.tell.by
        if by:
            same = [one for one in listed if one.get(by) == told.value.get(by)]
            if not same:
                return NEW, None
            return ("", None) if any(_says(one, told.value) for one in same) else (DIFFERS, same)
        key = (owner, told.tell.about, _plainly(told.value))
        self.used[key] += 1
        there = sum(_says(one, told.value) for one in listed)
        return (NEW, list(listed)) if self.used[key] > there else ("", None)

    def _same(self, told: Told, person: str) -> bytes:
        """Equal for what was proposed before. Of entries that are only counted, which of them it is."""
        place = 0
        if told.tell.kind == FACT and told.tell.entry and not told.tell.by:
            self.used[person, f"{told.tell.about} proposed", _plainly(told.value)] += 1
            place = self.used[person, f"{told.tell.about} proposed", _plainly(told.value)]
        said = [told.tell.kind, told.tell.about, person, place, told.until.isoformat() if told.until else ""]
        dated = bool(told.tell.since) or told.tell.kind != FACT
        day = told.since.isoformat() if dated else ""  # without a day of its own the same value is the same
        return _keyed(self.write, encode_json([*said, day, told.value]))

    def _not_before(self, proposed: Sequence[_Proposed]) -> list[_Proposed]:
        settled = _before(self.write, [one.same for one in proposed])
        found: dict[bytes, _Proposed] = {}
        for one in proposed:
            answers = settled.get(one.same, ())
            open_or_refused = any(
                answer is None or (answer != "confirmed" and feed == self.feed.id) for feed, answer in answers
            )
            if open_or_refused or one.same in found:
                self.counts["proposed-before"] += 1
            else:
                found[one.same] = one
                self.counts[f"proposed-{one.kind}"] += 1
        return list(found.values())


def _before(read: Reading, same: Sequence[bytes]) -> dict[bytes, list[tuple[str, str | None]]]:
    """Earlier proposals of the same, each with its feed and its last answer."""
    proposal, answer = tables.proposal.c, tables.proposal_answer.c
    found: dict[bytes, list[tuple[str, str | None]]] = {}
    for some in batched(dict.fromkeys(same), AT_ONCE):
        rows = read.connection.execute(
            select(proposal.seq, proposal.feed, proposal.same_as, answer.answer)
            .select_from(tables.proposal.outerjoin(tables.proposal_answer, answer.proposal == proposal.seq))
            .where(proposal.same_as.in_(some))
            .order_by(proposal.seq, answer.seq)
        )
        last = {row.seq: (row.same_as, row.feed, row.answer) for row in rows}
        for same_as, feed, said in last.values():
            found.setdefault(bytes(same_as), []).append((feed, said))
    return found


def _says(entry: Mapping[str, Any], told: Mapping[str, Any]) -> bool:
    """Whether an entry says all that a feed tells, numbers by their worth."""
    return all(name in entry and _plainly(entry[name]) == _plainly(value) for name, value in told.items())


def _plainly(value: Any) -> bytes:
    return encode_json(_worth(value))


def _worth(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _worth(one) for name, one in sorted(value.items())}
    if value is None or isinstance(value, bool | str):
        return value
    return format(Decimal(str(value)).normalize(), "f")
