"""Slips and notices: what was accepted, what is still missing, what is shown in public, who is to be heard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from engine.decision.explain import Telling
from engine.decision.model import HOUSEHOLD, Finding, MissingFact, Money
from engine.language.dates import from_date
from engine.rulebook import Rulebook
from engine.rulebook.in_force import in_force
from engine.rulebook.labels import BookLabels
from engine.rulebook.model import PolicyVersion
from records.children import is_child_in
from records.letters.decided import Deciding, Sent, Wanted, told_of, told_whole
from records.letters.letter import Block, Heading, Item, Items, Kind, Letter, Table, Text
from records.letters.words import Paper, is_open, paper
from records.refused import Refused


def acceptance_slip(
    book: Rulebook,
    area: str,
    policies: Sequence[str],
    papers: Mapping[str, int],
    language: str,
    sent: Sent,
) -> Letter:
    """What was applied for and accepted, by when it is decided, which papers were handed in (label: how many).

    Raises `Refused` for a policy that is not in force on the day.
    """
    sheet = paper(book, language, area, sent.on)
    day = from_date(sent.on)
    rules = in_force(book, day, day, day)
    labels = BookLabels(book, rules, sheet.words)
    chosen: dict[str, PolicyVersion] = {}
    for policy in policies:
        if policy not in rules.policies:
            raise Refused(
                "not-in-force", f"{policy} 当日没有施行的版本 · {policy} is not in force on {sent.on}"
            )
        chosen[policy] = rules.policies[policy]
    head = tuple(
        sheet.say(f"acceptance.{key}") for key in ("programme", "decides", "days", "publicity", "basis")
    )
    rows = tuple(_accepted(sheet, labels.policy(name), name, version) for name, version in chosen.items())
    blocks: list[Block] = [
        Text(sheet.say("acceptance.opening", name=sent.addressee, date=sheet.date(sent.on))),
        Table(head, rows),
    ]
    if papers:
        said = (sheet.say("acceptance.paper", paper=one, count=str(n)) for one, n in papers.items())
        blocks += [Heading(sheet.say("acceptance.papers")), Items(tuple(map(Item, said)))]
    blocks.append(Text(sheet.say("acceptance.close")))
    wanting = any(is_open(book, str(one.procedure.get("cite", ""))) for one in chosen.values())
    basis = sheet.say("draft.text", heading=sheet.say("acceptance.basis"))
    return sheet.letter(
        Kind.ACCEPTANCE,
        _accepting(book, chosen),
        sheet.say("acceptance.title"),
        blocks,
        number=sheet.say("number", year=str(sent.on.year), serial=sent.number),
        drafts=[basis] if wanting else [],
    )


def _accepting(book: Rulebook, chosen: Mapping[str, PolicyVersion]) -> str:
    """Who accepts: the area level or department that all of them name, else the first one's department."""
    named = {str(one.procedure.get("accept", book.policies[name].department)) for name, one in chosen.items()}
    return named.pop() if len(named) == 1 else book.policies[next(iter(chosen))].department


def _accepted(sheet: Paper, title: str, policy: str, version: PolicyVersion) -> tuple[str, ...]:
    procedure, local = version.procedure, sheet.say("acceptance.days.local")
    decides = str(procedure.get("decide", sheet.book.policies[policy].department))
    days, public = procedure.get("limit_working_days"), procedure.get("publicity_days")
    return (
        title,
        sheet.office(decides)[0],
        local if days is None else sheet.say("acceptance.working_days", days=str(days)),
        local if public is None else _days(sheet, int(public)),
        sheet.cited(str(procedure.get("cite", ""))) or local,
    )


def _days(sheet: Paper, days: int) -> str:
    return sheet.say("acceptance.public_days", days=str(days)) if days else sheet.words["empty"]


# --- what is missing ----------------------------------------------------------------------------------------


def missing_papers(
    book: Rulebook,
    document: Mapping[str, Any],
    papers: Sequence[str],
    language: str,
    sent: Sent,
    policies: Sequence[str] = (),
) -> Letter:
    """What a decision waits for: each question once, by whom it is answered, for which programmes.

    policies  only for these; none: for all
    papers  kinds of papers to bring, by their labels
    Raises `Refused` nothing-missing.
    """
    sheet = paper(book, language, document["area"], sent.on)
    told = told_whole(book, document, policies, language, sent.names)
    rows = tuple(_missing(told))
    if not rows and not papers:
        raise Refused("nothing-missing", "没有缺少的材料 · nothing is missing")
    blocks: list[Block] = [
        Text(sheet.say("missing.opening", name=sent.addressee, date=sheet.date(sent.on))),
    ]
    if rows:
        keys = ("what", "whose", "question", "office", "programmes")
        blocks.append(Table(tuple(sheet.say(f"missing.{key}") for key in keys), rows))
    if papers:
        blocks += [Heading(sheet.say("missing.papers")), Items(tuple(map(Item, papers)))]
    blocks.append(Text(sheet.say("missing.close")))
    decision = told.decision
    first = next(iter(policies or decision.policies))
    return sheet.letter(
        Kind.MISSING,
        book.policies[first].department,
        sheet.say("missing.title"),
        blocks,
        record=sheet.say("record", decision=decision.decision_id[:16], rulebook=decision.rulebook[:12]),
    )


def _missing(told: Telling) -> Iterator[tuple[str, ...]]:
    """Facts that open findings wait for, each once."""
    waiting: dict[tuple[str, str], list[str]] = {}
    for policy, finding in told.findings:
        if finding.outcome in ("undetermined", "eligible", "discretionary"):
            for one in finding.missing:
                if _asked(told, one):
                    waiting.setdefault((one.fact, one.subject), []).append(told.title(policy))
    for (fact, subject), programmes in waiting.items():
        yield (
            told.values.label(fact),
            told.values.subject(subject),
            told.question(fact, subject),
            told.answered_by(fact),
            told.words.listed(dict.fromkeys(programmes)),
        )


def _asked(told: Telling, one: MissingFact) -> bool:
    return one.fact in told.book.facts


# --- publicity ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Proposed:
    """A case to be shown: a decision document, and the masked name of the person who is named for it.

    `amount`: what is proposed, when an officer sets it or a conflict takes something off.
    """

    document: Mapping[str, Any]
    named: str
    masked_name: str
    subject: str = HOUSEHOLD
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class Withheld:
    """A case that may not be shown, and why: minor, age-unknown, not-proposed."""

    household_id: str
    subject: str
    why: str


def publicity_sheet(
    book: Rulebook,
    area: str,
    policy: str,
    cases: Sequence[Proposed],
    first: date,
    language: str,
) -> tuple[Letter, tuple[Withheld, ...]]:
    """Masked name, number of members, amount; nothing else, and no child. Cases that may not be shown are told apart.

    Raises `Refused` no-publicity for a programme whose procedure has none, no-cases when nobody may be shown.
    """
    sheet = paper(book, language, area, first)
    day = from_date(first)
    rules = in_force(book, day, day, day)
    version = rules.policies.get(policy)
    days = int(version.procedure.get("publicity_days", 0)) if version is not None else 0
    if version is None or not days:
        raise Refused("no-publicity", f"{policy} 按规定不公示 · the procedure of {policy} has no publicity")
    title = BookLabels(book, rules, sheet.words).policy(policy)
    rows, withheld = [], []
    for one in cases:
        told, finding = told_of(book, one.document, Wanted(policy, one.subject), language, {})
        why = _withheld(book, finding, one)
        if why:
            withheld.append(Withheld(told.decision.household_id, one.subject, why))
        else:
            rows.append((one.masked_name, str(_members(sheet, told, one)), _proposed(told, finding, one)))
    if not rows:
        raise Refused("no-cases", "没有可以公示的 · there is nobody who may be shown")
    head = tuple(sheet.say(f"publicity.{key}") for key in ("number", "name", "members", "amount"))
    last = first + timedelta(days=days - 1)
    opening = sheet.say(
        "publicity.opening",
        programme=title,
        count=str(len(rows)),
        first=sheet.date(first),
        last=sheet.date(last),
        days=str(days),
    )
    cites = [str(version.procedure.get("cite", "")), sheet.letters.publicity.cite]
    blocks: list[Block] = [
        Text(opening),
        Table(head, tuple((str(n), *row) for n, row in enumerate(rows, 1)), (0, 2, 3)),
        Text(sheet.say("publicity.close")),
        *(Text(line) for cite in cites for line in sheet.article(cite)),
    ]
    letter = sheet.letter(
        Kind.PUBLICITY,
        book.policies[policy].department,
        sheet.say("publicity.title", programme=title),
        blocks,
    )
    return letter, tuple(withheld)


def _withheld(book: Rulebook, finding: Finding, one: Proposed) -> str:
    """Why a case is not shown, "" when it is. Whoever's age is not known is not taken for a grown-up."""
    people = {one.named} if one.subject == HOUSEHOLD else {one.named, one.subject}
    for person in people:
        child = is_child_in(book, one.document, person)
        if child is not False:
            return "age-unknown" if child is None else "minor"
    return "" if finding.outcome in ("eligible", "discretionary") else "not-proposed"


def _members(sheet: Paper, told: Telling, one: Proposed) -> int:
    if one.subject != HOUSEHOLD:
        return 1
    counted = told.values.known(sheet.letters.publicity.members)
    return len(counted) if isinstance(counted, list) else len(told.decision.people)


def _proposed(told: Telling, finding: Finding, one: Proposed) -> str:
    amount = finding.amount
    if amount is None:
        return told.words["empty"]
    if one.amount is not None:
        return told.say(f"amount.{amount.period}", n=told.values.money(one.amount))
    return told.amount(amount) or told.words["unknown.value"]


# --- a hearing ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Meeting:
    """When and where somebody is heard. `time`, `place`: as they stand on the notice."""

    on: date
    time: str
    place: str


def hearing_notice(
    book: Rulebook,
    document: Mapping[str, Any],
    wanted: Wanted,
    meeting: Meeting,
    language: str,
    sent: Sent,
) -> Letter:
    """Before something ends (the finding is ineligible) or is reduced (`before` to less).

    Raises `Refused` when the decision proposes neither, and when `since` or `before` is not said.
    """
    deciding = Deciding(book, document, wanted, language, sent)
    sheet = deciding.sheet
    notices = list(sheet.notices(sheet.letters.hearings, deciding.department))
    blocks: list[Block] = [
        Text(deciding.proposal()),
        Text(sheet.say("hearing.when", date=sheet.date(meeting.on), time=meeting.time, place=meeting.place)),
        Heading(sheet.say("heading.reasons")),
        Items(deciding.grounds.reasons),
        *sheet.section("heading.hearing", notices),
        Text(sheet.say("hearing.close")),
    ]
    return sheet.letter(
        Kind.HEARING,
        deciding.department,
        deciding.said("hearing.title"),
        blocks,
        addressee=sheet.say("addressee", name=sent.addressee),
        number=sheet.say("number", year=str(sent.on.year), serial=sent.number),
        drafts=deciding.drafts(),
        record=deciding.record(),
    )
