"""Household documents from the record: for a legal date, of what was written down by the end of a day."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Row, select

from engine.decision import parse_json
from records import sealed, tables
from records.database import AT_ONCE, Reading, batched
from records.granted import award_key
from records.household_rows import OneAtATime, Rows, Until, rows_of
from records.households import EVENT, LISTS
from records.own_json import parse_own
from records.refused import no_household

Cleared = Callable[[str], bool]
"""Whether somebody may see the values of a fact."""


def everything(_: str) -> bool:
    return True


class Told(msgspec.Struct, frozen=True, gc=False):
    """A fact as it was told, open or not. `person` "": of the household."""

    fact: str
    person: str
    value: Any
    commitment: str
    valid_from: date | None
    valid_to: date | None
    as_of: date | None
    source: str
    recorded_on: date

    def plain(self, open_to: Cleared = everything) -> dict[str, Any]:
        """As a household document says it; for those who are not cleared for the fact with its commitment alone."""
        said = {"value": self.value} if open_to(self.fact) else {"commitment": self.commitment}
        if self.valid_from is not None:
            said["from"] = self.valid_from.isoformat()
        if self.valid_to is not None:
            said["to"] = self.valid_to.isoformat()
        if self.as_of is not None:
            said["as_of"] = self.as_of.isoformat()
        said["recorded"] = self.recorded_on.isoformat()
        said["source"] = self.source
        return said


def document(
    read: Reading,
    household_id: str,
    on: date,
    known: date,
    until: Until | None = None,
    open_to: Cleared = everything,
) -> dict[str, Any]:
    """Raises `Refused` when there is no such household, `Erased`, `Tampered`."""
    return document_with_rows(read, household_id, on, known, until, open_to)[0]


def document_with_rows(
    read: Reading,
    household_id: str,
    on: date,
    known: date,
    until: Until | None = None,
    open_to: Cleared = everything,
) -> tuple[dict[str, Any], Until]:
    """The document, and the last row of each table that it was made from.

    What a document is made from is written while its household is claimed, so none of its rows appears later with
    a number below these: with them the same document is made again, whatever was written since.
    """
    found = rows_of(read, household_id, known, until)
    if found is None:
        raise no_household(household_id)
    household, rows = found
    return made_of(rows, household, on, open_to), rows.last


def made_of(rows: Rows, found: Row[Any], on: date, open_to: Cleared = everything) -> dict[str, Any]:
    """The document of a household (its row `found`) from the rows that are known of it."""
    area = _area(rows, on)
    members = _members(rows, on)
    people: dict[str, dict[str, Any]] = {person: {"person_id": person} for person in members}
    made: dict[str, Any] = {"household_id": found.household_id, "area": area}
    if found.application_date is not None:
        made["application_date"] = found.application_date.isoformat()
    whole: set[str] = set()  # lists of which it was told that they are all there is
    for one in _told(rows, members):
        if one.fact in LISTS:
            whole.add(one.fact)
            continue
        owner = people[one.person] if one.person else made
        owner.setdefault(one.fact, []).append(one.plain(open_to))
    for name, read_rows in _LISTS.items():
        entries, told = read_rows(rows, members)
        if told or name in whole:
            made[name] = entries
    made["people"] = list(people.values())
    return made


def told(read: Reading, household_id: str, members: Sequence[str], known: date) -> list[Told]:
    """Every fact of the household and of these people that was written down by a day, in the order of writing."""
    return _told(OneAtATime(read, household_id, known, None), members)


def told_of(
    read: Reading, facts: Collection[str], people: Collection[str], households: Collection[str]
) -> dict[tuple[str, str], list[Told]]:
    """Some facts of many people and households: by owner and fact, in the order of writing."""
    assertion = tables.assertion.c
    found: dict[tuple[str, str], list[Told]] = {}
    own = (assertion.person_id, assertion.household_id)
    for column, owners, whose in (
        (own[0], people, assertion.person_id.is_not(None)),
        (own[1], households, assertion.person_id.is_(None)),
    ):
        for some in batched(sorted(owners), AT_ONCE):
            wanted = select(tables.assertion).where(column.in_(some), whose, assertion.fact.in_(facts))
            rows = read.connection.execute(wanted.order_by(assertion.seq)).all()
            subjects = {_subject(row.person_id, row.household_id) for row in rows}
            keys = sealed.data_keys(read, subjects)
            openers = {subject: opener_of_facts(keys, subject) for subject in keys}
            for row in rows:
                opener = openers.get(_subject(row.person_id, row.household_id))
                if opener is not None:  # what was erased is not there
                    owner = row.person_id or row.household_id
                    found.setdefault((owner, row.fact), []).append(_opened(row, opener))
    return found


def _told(rows: Rows, members: Sequence[str]) -> list[Told]:
    found = rows.of_people_too(tables.assertion, members)
    openers = _openers(rows.read, {row.person_id for row in found}, rows.household_id)
    return [_opened(row, openers[row.person_id]) for row in found]


def _openers(
    read: Reading, people: Collection[str | None], household_id: str
) -> dict[str | None, sealed.Opener]:
    """By person; None: of the household itself. Raises `Erased`."""
    subjects = {person: _subject(person, household_id) for person in people}
    keys = sealed.data_keys(read, subjects.values())
    return {person: opener_of_facts(keys, subject) for person, subject in subjects.items()}


def opener_of_facts(keys: Mapping[str, bytes], subject: str) -> sealed.Opener:
    """Raises `Erased`."""
    return sealed.Opener(sealed.key_of(keys, subject), subject, tables.assertion.name, "value")


def _opened(row: Row[Any], opener: sealed.Opener) -> Told:
    return Told(
        row.fact,
        row.person_id or "",
        parse_own(opener.opened(row.seq, row.fact, row.commitment, row.value)),
        row.commitment,
        row.valid_from,
        row.valid_to,
        row.as_of,
        row.source,
        row.recorded_on,
    )


def _subject(person_id: str | None, household_id: str) -> str:
    return sealed.of_person(person_id) if person_id else sealed.of_household(household_id)


def _area(rows: Rows, on: date) -> str:
    """Where the household lived: the last place that it had moved to; before the first one, the first one."""
    found = rows.of_household(tables.residence)
    if not found:  # nothing was known yet; a document needs an area all the same
        return _first_area(rows)
    moved = [row for row in found if row.valid_from <= on]
    last = max(moved, key=lambda row: (row.valid_from, row.seq)) if moved else found[0]
    area: str = last.area
    return area


def _first_area(rows: Rows) -> str:
    residence = tables.residence.c
    area: str = rows.read.connection.execute(
        select(residence.area)
        .where(residence.household_id == rows.household_id)
        .order_by(residence.seq)
        .limit(1)
    ).scalar_one()
    return area


def _members(rows: Rows, on: date) -> list[str]:
    latest: dict[tuple[str, date], Row[Any]] = {}
    for row in rows.of_household(tables.membership):
        latest[row.person_id, row.valid_from] = row
    inside = [
        row.person_id
        for row in latest.values()
        if row.valid_from <= on and (row.valid_to is None or on <= row.valid_to)
    ]
    return list(dict.fromkeys(inside))


# --- lists: what is held, was granted, was paid, has happened -------------------------------------------------

_Entries = tuple[list[dict[str, Any]], bool]
"""Entries as a document lists them, and whether anything was ever told of them."""


def _statuses(rows: Rows, members: Sequence[str]) -> _Entries:
    found = _latest(rows.of_people_too(tables.status, members), _held_key)
    reviews = rows.of_people_too(tables.status_review, members)
    entries = []
    for row in found:
        entry = _entry(row, row.valid_from, row.valid_to)
        last = max((one.reviewed_on for one in reviews if _is_of(one, row)), default=None)
        entries.append(entry if last is None else {**entry, "reviewed": last.isoformat()})
    return entries, bool(found)


def _is_of(review: Row[Any], status: Row[Any]) -> bool:
    """Whether a review was of a status, which then was held."""
    same = (review.policy, review.person_id) == (status.policy, status.person_id)
    day = review.reviewed_on
    return bool(same and status.valid_from <= day and (status.valid_to is None or day <= status.valid_to))


def _awards(rows: Rows, members: Sequence[str]) -> _Entries:
    found = _latest(rows.of_people_too(tables.award, members), award_key if rows.cases_apart else _held_key)
    entries = []
    for row in found:
        entry = {**_entry(row, row.valid_from, row.valid_to), "basis": row.basis}
        if row.period is not None:
            entry["period"] = row.period
        entries.append(entry)
    return entries, bool(found)


def _payments(rows: Rows, members: Sequence[str]) -> _Entries:
    """What was paid and has not come back."""
    found = rows.of_people_too(tables.payment, members)
    back = {row.takes_back for row in found}
    causes = {row.payment: row.cause for row in rows.of_people_too(tables.payment_cause, members)}
    again = {row.payment: row.again for row in rows.of_people_too(tables.payment_again, members)}
    entries = []
    for row in found:
        if row.takes_back is None and row.seq not in back:
            entry = {**_entry(row), "month": row.month}
            if row.paid_on is not None:
                entry["paid"] = row.paid_on.isoformat()
            if row.seq in causes:
                entry["cause"] = causes[row.seq]
            if row.seq in again:
                entry["again"] = again[row.seq]
            entries.append(entry)
    return entries, bool(found)


def _events(rows: Rows, members: Sequence[str]) -> _Entries:
    found = rows.of_people_too(tables.life_event, members)
    subjects = {_subject(row.person_id, rows.household_id) for row in found}
    keys = sealed.data_keys(rows.read, subjects)
    entries = []
    for row in found:
        subject = _subject(row.person_id, rows.household_id)
        content = sealed.content_of(sealed.key_of(keys, subject), subject, "life_event", EVENT, row)
        person = {} if row.person_id is None else {"person_id": row.person_id}
        recorded = row.recorded_on.isoformat()
        entries.append({**content, **person, "recorded": recorded, "source": row.source})
    return entries, bool(found)


_LISTS: Mapping[str, Callable[[Rows, Sequence[str]], _Entries]] = {
    "statuses": _statuses,
    "awards": _awards,
    "payments": _payments,
    "events": _events,
}


def _latest(found: Sequence[Row[Any]], key: Callable[[Row[Any]], tuple[Any, ...]]) -> list[Row[Any]]:
    """A later row of the same key takes an earlier one's place."""
    return list({key(row): row for row in found}.values())


def _held_key(row: Row[Any]) -> tuple[Any, ...]:
    return row.policy, row.person_id or "", row.valid_from


def _entry(row: Row[Any], first: date | None = None, last: date | None = None) -> dict[str, Any]:
    one: dict[str, Any] = {"policy": row.policy}
    if first is not None:
        one["from"] = first.isoformat()
    if row.person_id is not None:
        one["person_id"] = row.person_id
    if last is not None:
        one["to"] = last.isoformat()
    if row.amount is not None:
        one["amount"] = parse_json(row.amount)
    return {**one, "recorded": row.recorded_on.isoformat(), "source": row.source}
