"""Letters printed: with the full name of whom they go to, for a purpose, and a row that says what was printed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from engine.decision import parse_json
from engine.decision.model import HOUSEHOLD
from engine.rulebook import Rulebook
from records import audit, people, tables
from records.children import is_child_in
from records.database import Reading, Writing
from records.decisions import Stored
from records.households import ever_members
from records.letters.decided import Sent, Wanted, decision_letter
from records.letters.letter import Letter
from records.letters.printed import as_html, as_pdf
from records.letters.slips import (
    Meeting,
    Proposed,
    Withheld,
    acceptance_slip,
    hearing_notice,
    missing_papers,
    publicity_sheet,
)
from records.refused import Refused


class Media(StrEnum):
    PDF = "application/pdf"
    HTML = "text/html"


@dataclass(frozen=True, slots=True)
class How:
    """`to`: the person that it goes to, none: whom the rulebook says. `on`: the day that stands on it."""

    language: str
    media: Media
    purpose: str
    to: str = ""
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Printed:
    letter: Letter
    media: Media
    content: bytes
    file_hash: str


def print_decision(write: Writing, book: Rulebook, stored: Stored, wanted: Wanted, how: How) -> Printed:
    """Raises `Refused` for what cannot be said yet, without a purpose, and under another rulebook."""
    document = parse_json(stored.content)
    sent = _sent(write, book, stored, document, wanted, how)
    letter = decision_letter(book, document, wanted, how.language, sent)
    return _printed(write, book, letter, how, stored.household_id, stored.seq, wanted)


def print_hearing(
    write: Writing, book: Rulebook, stored: Stored, wanted: Wanted, meeting: Meeting, how: How
) -> Printed:
    """Raises `Refused`."""
    document = parse_json(stored.content)
    sent = _sent(write, book, stored, document, wanted, how)
    letter = hearing_notice(book, document, wanted, meeting, how.language, sent)
    return _printed(write, book, letter, how, stored.household_id, stored.seq, wanted)


def print_missing(
    write: Writing,
    book: Rulebook,
    stored: Stored,
    papers: Sequence[str],
    how: How,
    policies: Sequence[str] = (),
) -> Printed:
    """Raises `Refused`."""
    document = parse_json(stored.content)
    sent = _sent(write, book, stored, document, None, how)
    letter = missing_papers(book, document, papers, how.language, sent, policies)
    return _printed(write, book, letter, how, stored.household_id, stored.seq, None)


def print_acceptance(
    write: Writing,
    book: Rulebook,
    household_id: str,
    area: str,
    policies: Sequence[str],
    papers: Mapping[str, int],
    number: str,
    how: How,
) -> Printed:
    """`how.to` says who applied. Raises `Refused`."""
    if how.to not in ever_members(write.connection, household_id):
        raise Refused("no-member", f"{how.to} 不是该户成员 · {how.to} is no member of this household")
    sent = Sent(how.on or write.day, number, _full_name(write, how.to, how.purpose), {})
    letter = acceptance_slip(book, area, policies, papers, how.language, sent)
    return _printed(write, book, letter, how, household_id, None, None)


def print_publicity(
    write: Writing,
    book: Rulebook,
    area: str,
    policy: str,
    cases: Sequence[tuple[Stored, str]],
    how: How,
) -> tuple[Printed, tuple[Withheld, ...]]:
    """Of decisions, each with the subject of its finding. Names are masked, so none is opened. Raises `Refused`."""
    documents = [(parse_json(stored.content), subject) for stored, subject in cases]
    named = [_named(book, document, subject) for document, subject in documents]
    masked = people.masked(write, named)
    proposed = [
        Proposed(document, person, masked[person].name or "*" if person in masked else "*", subject)
        for (document, subject), person in zip(documents, named, strict=True)
    ]
    letter, withheld = publicity_sheet(book, area, policy, proposed, how.on or write.day, how.language)
    made = _made(letter, how)
    audit.noted(write, "publish", "letter", area, f"{policy} {made.file_hash} {how.purpose}")
    return made, withheld


# --- names --------------------------------------------------------------------------------------------------


def _sent(
    write: Writing,
    book: Rulebook,
    stored: Stored,
    document: Mapping[str, Any],
    wanted: Wanted | None,
    how: How,
) -> Sent:
    """The one that it goes to is named in full, the others of the household as everybody sees them."""
    subject = HOUSEHOLD if wanted is None else wanted.subject
    to = how.to or _named(book, document, subject)
    if to not in document["people"]:
        raise Refused(
            "no-member", f"{to} 不在该裁定的成员之列 · {to} is not among the people of this decision"
        )
    name = _full_name(write, to, how.purpose)
    return Sent(
        how.on or stored.recorded_on,
        _number(stored, document, wanted),
        name,
        {**_masked(write, document["people"]), to: name},
    )


def _masked(read: Reading, members: Iterable[str]) -> dict[str, str]:
    """Masked names; where two are alike, with the person's id."""
    found = {one: who.name for one, who in people.masked(read, members).items() if who.name is not None}
    names = list(found.values())
    return {one: name if names.count(name) == 1 else f"{name}({one})" for one, name in found.items()}


def _full_name(write: Writing, person_id: str, purpose: str) -> str:
    name = people.unmasked(write, person_id, purpose).name
    if name is None:
        raise Refused(
            "no-name", f"{person_id} 没有登记姓名，不能写文书 · {person_id} has no name to write to"
        )
    return name


def _named(book: Rulebook, document: Mapping[str, Any], subject: str) -> str:
    """Who a letter goes to: the person that it is about when grown up, else the household's applicant."""
    if book.letters is None:
        raise Refused("no-letters", "规则库没有 letters.yaml · this rulebook has no letters.yaml")
    applicant = book.letters.applicant
    if subject != HOUSEHOLD and is_child_in(book, document, subject) is False:
        return subject
    for person in document["people"]:
        fact = document["facts"].get(f"people/{person}/{applicant.fact}")
        if fact is not None and fact["value"] == applicant.value:
            return str(person)
    raise Refused(
        "no-applicant",
        "不知道文书送给谁，请写明收件人 · nobody of this household is known as its applicant; say who it goes to",
    )


def _number(stored: Stored, document: Mapping[str, Any], wanted: Wanted | None) -> str:
    """The decision's number in the record and the finding's in the decision: the same whenever it is printed."""
    findings = [
        (policy, one["subject"])
        for policy, decided in document["policies"].items()
        for one in decided["findings"]
    ]
    if wanted is None or (wanted.policy, wanted.subject) not in findings:
        return str(stored.seq)
    return f"{stored.seq}-{findings.index((wanted.policy, wanted.subject)) + 1}"


# --- printed ------------------------------------------------------------------------------------------------


def _made(letter: Letter, how: How) -> Printed:
    content = as_pdf(letter) if how.media is Media.PDF else as_html(letter)
    return Printed(letter, how.media, content, hashlib.sha256(content).hexdigest())


def _printed(
    write: Writing,
    book: Rulebook,
    letter: Letter,
    how: How,
    household_id: str,
    decision: int | None,
    wanted: Wanted | None,
) -> Printed:
    made = _made(letter, how)
    row = {
        "household_id": household_id,
        "decision": decision,
        "kind": letter.kind.value,
        "policy": None if wanted is None else wanted.policy,
        "subject": None if wanted is None else wanted.subject,
        "number": letter.number,
        "day": letter.day,
        "language": letter.language,
        "rulebook": book.fingerprint,
        "media": how.media.value,
        "file_hash": made.file_hash,
        "purpose": how.purpose.strip(),
    }
    audit.add_row(write, "print", tables.letter, household_id, row)
    return made
