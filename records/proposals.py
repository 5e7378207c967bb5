"""What feeds have proposed, and what people answered. A confirmed one is written down in the same transaction.

A proposal is settled once: by `confirmed` or `refuted`. `unclear` leaves it open. What is confirmed counts from its day on;
where another source has said something else for that day, its word is corrected as well, because sources that disagree
leave a fact unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select

from engine.decision.document import Reader
from engine.decision.json_text import BadDocument
from engine.rulebook import Rulebook
from engine.rulebook.feed import EVENT, STATUS, Tell
from records import audit, granted, households, sealed, tables
from records.database import Reading, Writing
from records.granted import Happened
from records.held import Held, Known
from records.households import Asserted
from records.households import Held as HeldStatus
from records.matching import PROPOSAL
from records.refused import Refused
from records.sealed import Erased

CONFIRMED, REFUTED, UNCLEAR = "confirmed", "refuted", "unclear"
ANSWERS = (CONFIRMED, REFUTED, UNCLEAR)


@dataclass(frozen=True, slots=True)
class Proposal:
    """As it is shown. `content` None: the person was erased. `answer` "": nobody has answered."""

    seq: int
    feed: str
    source: str
    as_of: date
    household_id: str
    person_id: str
    kind: str
    about: str
    answered_by: str
    weak: bool
    row_number: int
    row_hash: str
    file_hash: str
    recorded_on: date
    content: Mapping[str, Any] | None
    answer: str


def chosen(
    *, feed: str = "", household_id: str = "", answered_by: str = "", open_only: bool = True
) -> Select[Any]:
    """Proposals, the oldest first; a query to count, narrow or cut."""
    proposal, run = tables.proposal, tables.feed_run
    found = (
        select(proposal, run.c.source, run.c.as_of, run.c.file_hash, _last_answer().label("answer"))
        .join(run, run.c.seq == proposal.c.feed_run)
        .order_by(proposal.c.seq)
    )
    asked = {"feed": feed, "household_id": household_id, "answered_by": answered_by}
    for name, value in asked.items():
        if value:
            found = found.where(proposal.c[name] == value)
    if open_only:
        found = found.where(func.coalesce(_last_answer(), UNCLEAR) == UNCLEAR)
    return found


def number_is(number: int) -> ColumnElement[bool]:
    return tables.proposal.c.seq == number


def _last_answer() -> Any:
    answer = tables.proposal_answer
    return (
        select(answer.c.answer)
        .where(answer.c.proposal == tables.proposal.c.seq)
        .order_by(answer.c.seq.desc())
        .limit(1)
        .correlate(tables.proposal)
        .scalar_subquery()
    )


def listed(read: Reading, query: Select[Any]) -> list[Proposal]:
    rows = read.connection.execute(query).all()
    subjects = {sealed.of_person(row.person_id) for row in rows}
    keys = sealed.data_keys(read, subjects)
    return [_shown(row, keys) for row in rows]


def _shown(row: Row[Any], keys: Mapping[str, bytes]) -> Proposal:
    subject = sealed.of_person(row.person_id)
    content = None
    if subject in keys:
        content = sealed.content_of(keys[subject], subject, "proposal", PROPOSAL, row)
    return Proposal(
        row.seq,
        row.feed,
        row.source,
        row.as_of,
        row.household_id,
        row.person_id,
        row.kind,
        row.about,
        row.answered_by,
        row.weak,
        row.row_number,
        row.row_hash.hex(),
        row.file_hash,
        row.recorded_on,
        content,
        row.answer or "",
    )


# --- answers ------------------------------------------------------------------------------------------------


def answer(
    write: Writing,
    book: Rulebook,
    number: int,
    said: str,
    reason: str,
    *,
    value: Any = None,
    whole: bool = False,
) -> int:
    """Writes an answer down, and what it confirms; the number of the answer. The household must be claimed.

    value  what was found to be true, where it is not what the feed said
    whole  the list of which this is an entry was not known; it has this entry and no other

    Raises `Refused`, `Erased`.
    """
    found = write.connection.execute(chosen(open_only=False).where(number_is(number))).first()
    if found is None:
        raise Refused("no-proposal", f"没有第 {number} 条核查建议 · there is no proposal {number}")
    households.ours(write, found.household_id)
    [one] = listed(write, chosen(open_only=False).where(number_is(number)))
    if said not in ANSWERS:
        raise Refused("bad-answer", f"答复只能是 {'、'.join(ANSWERS)} · an answer is one of these")
    if one.answer in (CONFIRMED, REFUTED):
        raise Refused("answered", f"第 {number} 条核查建议已有结论 · proposal {number} is settled already")
    if not reason.strip():
        raise Refused("no-reason", "答复须说明理由 · an answer needs its reason")
    if said == CONFIRMED:
        _write_down(write, book, one, value, whole)
    row = {"proposal": number, "answer": said, "reason": reason.strip()}
    made: int = audit.add_row(write, "answer", tables.proposal_answer, f"proposal:{number}", row)["seq"]
    return made


def _write_down(write: Writing, book: Rulebook, one: Proposal, value: Any, whole: bool) -> None:
    if one.content is None:
        raise Erased(f"person:{one.person_id}: 资料已依法删除 · what was known was erased by law")
    told = one.content
    since = date.fromisoformat(told["since"])
    if one.kind == EVENT:
        fields = told["value"] if value is None else value
        event = Happened(one.about, since, one.source, one.person_id, fields)
        granted.happened(write, one.household_id, [event])
        for name, meant in told.get("means", {}).items():
            _tell(write, book, one, name, meant, since, whole)
    elif one.kind == STATUS:
        unit = book.policies[one.about].unit
        until = date.fromisoformat(told["until"]) if "until" in told else None
        person = one.person_id if unit == "person" else ""
        households.hold(write, one.household_id, [HeldStatus(one.about, since, one.source, person, until)])
    else:
        _tell(write, book, one, one.about, told["value"] if value is None else value, since, whole)


def _tell(
    write: Writing, book: Rulebook, one: Proposal, about: str, value: Any, since: date, whole: bool
) -> None:
    """Writes a fact down that a proposal tells, or that its event means; what stands already is not said again."""
    assert one.content is not None
    fact = book.facts[about]
    person = one.person_id if fact.of == "person" else ""
    owner = person or one.household_id
    held = Held(write, book, (about,), {person} - {""}, set() if person else {owner})
    known, now = (held.fact(owner, about, on, write.day) for on in (since, max(since, one.as_of)))
    if fact.items:
        value = _with_entry(_tell_of(book, one), value, known, whole)
    reader = Reader(book)
    inside = reader.content("/value", fact, value)
    if reader.problems:
        raise BadDocument(reader.problems)
    if about != one.about and known.row is not None and known.row.inside == inside:
        return
    until = one.content.get("valid_to")
    last = date.fromisoformat(until) if until is not None else None
    others = known.others(one.source, inside) | now.others(one.source, inside)
    sources = (one.source, *sorted(others))
    households.tell(
        write,
        one.household_id,
        [Asserted(about, value, source, person, since, last, one.as_of) for source in sources],
    )


def _tell_of(book: Rulebook, one: Proposal) -> Tell:
    assert one.content is not None
    feed = book.feeds.get(one.feed)
    found = next((tell for tell in feed.tells if tell.id == one.content["tell"]), None) if feed else None
    if found is None:
        raise Refused(
            "no-feed",
            f"规则库里已没有 {one.feed}/{one.content['tell']}，请重新比对 · the rulebook no longer has this; match anew",
        )
    return found


def _with_entry(tell: Tell, entry: Mapping[str, Any], known: Known, whole: bool) -> list[Any]:
    """The list with the entry in it, in the place of those that are the same one."""
    if known.row is None:
        if not whole:
            raise Refused(
                "list-unknown",
                "整份清单尚未登记；请先登记，或确认除此以外没有别的 · "
                "the list is not known; write it down first, or say that there is nothing besides",
            )
        return [dict(entry)]
    listed: Sequence[Mapping[str, Any]] = known.row.value
    by = tell.by
    return [*(one for one in listed if not by or one.get(by) != entry.get(by)), dict(entry)]


# --- how often a feed is right --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rate:
    """`hit_rate`: confirmed of answered, None when nothing was answered."""

    feed: str
    proposed: int
    confirmed: int
    refuted: int
    unclear: int

    @property
    def answered(self) -> int:
        return self.confirmed + self.refuted + self.unclear

    @property
    def hit_rate(self) -> Decimal | None:
        if not self.answered:
            return None
        return round(Decimal(self.confirmed) / self.answered, 3)


def rates(read: Reading, condition: Any = None) -> Iterator[Rate]:
    """By feed. `condition`: which proposals count, on the columns of `proposal`."""
    said = _last_answer().label("said")
    counted = select(tables.proposal.c.feed, said)
    if condition is not None:
        counted = counted.where(condition)
    inner = counted.subquery()
    rows = read.connection.execute(
        select(inner.c.feed, inner.c.said, func.count().label("many")).group_by(inner.c.feed, inner.c.said)
    )
    by_feed: dict[str, dict[str, int]] = {}
    for row in rows:
        by_feed.setdefault(row.feed, {})[row.said or ""] = row.many
    for feed, counts in sorted(by_feed.items()):
        yield Rate(feed, sum(counts.values()), *(counts.get(answer, 0) for answer in ANSWERS))
