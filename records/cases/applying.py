"""One window: an application becomes a case for each programme that it may fit, and nothing is asked twice.

What the record knows is not asked for again: the answer lists what is missing, and who can say it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from engine.decision import parse_json
from engine.rulebook import Rulebook
from engine.rulebook.model import Label
from engine.rulebook.procedures import GRANT, REDUCE, STOP
from engine.rulebook.working_days import Due, working_days_after
from records import audit, decisions, households, scope, tables
from records.cases import deciding, store
from records.cases.flow import Case, of
from records.cases.steps import begin
from records.cases.words import DECIDED, Action, State
from records.database import Reading, Writing
from records.decisions import Stored
from records.refused import Refused
from records.rights import Right, Viewer

CHANNELS = ("window", "village", "online", "found")  # found: by the office, nobody applied before
_SETTLED = frozenset({"ineligible", "not-in-force"})


@dataclass(frozen=True, slots=True)
class Missing:
    """What somebody still has to say or bring. `of`: the household or a person. `ask`: the department that knows."""

    fact: str
    of: str
    question: Label
    ask: str
    policies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """A figure of the rules that nobody has published; the applicant can do nothing about it."""

    parameter: str
    policies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """A case that an application has become. `limit`: the end of the procedure's own time, when it has one."""

    case_id: str
    policy: str
    subject: str
    outcome: str
    procedure: str
    limit: Due | None


@dataclass(frozen=True, slots=True)
class Passed:
    """Why a programme got no case: no-procedure, or the case that is open already."""

    policy: str
    subject: str
    why: str


@dataclass(frozen=True, slots=True)
class Applied:
    """What the acceptance slip says. `facts_known`: how many facts were not asked again."""

    application_id: str
    household_id: str
    applicant: str
    channel: str
    applied_on: date
    decision_id: str
    cases: tuple[Opened, ...]
    passed: tuple[Passed, ...]
    missing: tuple[Missing, ...]
    gaps: tuple[Gap, ...]
    facts_known: int


def apply(
    write: Writing,
    book: Rulebook,
    viewer: Viewer,
    household_id: str,
    applicant: str,
    channel: str,
    policies: Sequence[str] = (),
    urgent: Sequence[str] = (),
) -> Applied:
    """Takes an application in. `policies`: those that were named, none for all that may fit. `urgent`: of them.

    Raises `Refused`: no-person, no-policy, not-urgent, nothing-to-open.
    """
    households.claim_as_it_is(write, household_id)
    _check_asked(write, book, household_id, applicant, channel, policies, urgent)
    stored = decisions.decide_and_keep(write, book, household_id, write.day, write.day)
    document = parse_json(stored.content)
    application_id = f"A{secrets.token_hex(6)}"
    row = {
        "application_id": application_id,
        "household_id": household_id,
        "applicant": applicant or None,
        "channel": channel,
        "decision": stored.seq,
    }
    audit.add_row(write, "apply", tables.application, household_id, row)
    opened: list[Opened] = []
    passed: list[Passed] = []
    for policy, subject, outcome in _fitting(document, policies):
        case = _case(application_id, household_id, policy, subject, policy in urgent, document, write.day)
        why = _passed_over(write, book, case)
        if why:
            passed.append(Passed(policy, subject, why))
            continue
        begin(write, book, viewer, case, Action.APPLY, {"channel": channel, "found": outcome})
        opened.append(_opened(book, case, outcome))
    if not opened:
        raise Refused(
            "nothing-to-open",
            "没有可以立案的项目："
            + ("；".join(f"{one.policy} {one.why}" for one in passed) or "现有资料均不符合")
            + " · there is nothing to open a case for",
        )
    return _applied(book, stored, document, row, opened, passed, write.day)


def _check_asked(
    read: Reading, book: Rulebook, household_id: str, applicant: str, channel: str, policies: Sequence[str],
    urgent: Sequence[str],
) -> None:  # fmt: skip
    if channel not in CHANNELS:
        raise Refused(
            "no-channel", f"渠道只能是 {'、'.join(CHANNELS)} · a channel is one of {', '.join(CHANNELS)}"
        )
    if applicant and applicant not in households.ever_members(read.connection, household_id):
        raise Refused(
            "not-a-member", f"{applicant} 不是该家庭成员 · {applicant} does not belong to this household"
        )
    for policy in (*policies, *urgent):
        if policy not in book.policies:
            raise Refused("no-policy", f"没有政策 {policy} · there is no policy {policy}")
    strange = [one for one in urgent if policies and one not in policies]
    if strange:
        raise Refused("not-urgent", f"{strange[0]} 未在申请之列 · {strange[0]} is not applied for")


def _fitting(document: Mapping[str, Any], named: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Policy, subject and outcome of each finding that gets a case.

    What was named gets one whatever was found, because everybody may apply and is told why not in writing.
    """
    for policy, one in document["policies"].items():
        if named and policy not in named:
            continue
        for finding in one["findings"]:
            if named or finding["outcome"] not in _SETTLED:
                yield policy, finding["subject"], finding["outcome"]
    concerned = {policy for policy, one in document["policies"].items() if one["findings"]}
    for one in document["not_concerned"]:
        if one["policy"] in named and one["policy"] not in concerned:
            yield one["policy"], one["subject"], "not-concerned"


def _case(
    application_id: str, household_id: str, policy: str, subject: str, urgent: bool, document: Mapping[str, Any],
    day: date, purpose: str = GRANT, appeals: str = "",
) -> Case:  # fmt: skip
    person = "" if subject == "household" else subject
    case_id = f"C{secrets.token_hex(6)}"
    score = _score(document)
    return Case(case_id, application_id, household_id, person, policy, purpose, urgent, appeals, score, day)


def _score(document: Mapping[str, Any]) -> int | None:
    """The worst that the score can be, in hundredths: what is unknown does not put a household back."""
    found = document.get("score")
    return None if found is None else int(Decimal(str(found["worst"])) * 100)


def _passed_over(read: Reading, book: Rulebook, case: Case) -> str:
    try:
        handled = store.handled(book, case, case.opened_on)
    except Refused as refused:
        return refused.code
    if case.urgent and handled.urgent is None:
        raise Refused(
            "not-urgent",
            f"{case.policy} 没有先行救助的程序 · the rulebook has no urgent way for {case.policy}",
        )
    return open_case_of(read, case.household_id, case.policy, case.person)


def open_case_of(read: Reading, household_id: str, policy: str, person: str) -> str:
    """The undecided case of a household, policy and subject; "" when there is none."""
    one = tables.relief_case.c
    subject = one.person_id == person if person else one.person_id.is_(None)
    found = read.connection.execute(
        store.open_cases(one.household_id == household_id, one.policy == policy, subject, undecided=True)
    ).first()
    return "" if found is None else str(found.case_id)


def _opened(book: Rulebook, case: Case, outcome: str) -> Opened:
    handled = store.handled(book, case, case.opened_on)
    limit = handled.limit
    due = None if limit is None else working_days_after(book, case.opened_on, limit.days, case.opened_on)
    return Opened(case.case_id, case.policy, case.subject, outcome, handled.procedure, due)


def _applied(
    book: Rulebook, stored: Stored, document: Mapping[str, Any], row: Mapping[str, Any], opened: Sequence[Opened],
    passed: Sequence[Passed], day: date,
) -> Applied:  # fmt: skip
    wanted = {one.policy for one in opened}
    return Applied(
        row["application_id"],
        row["household_id"],
        row["applicant"] or "",
        row["channel"],
        day,
        stored.decision_id,
        tuple(opened),
        tuple(passed),
        tuple(missing_in(book, document, wanted)),
        tuple(_gaps(document, wanted)),
        len(document["facts"]),
    )


def applied(read: Reading, book: Rulebook, viewer: Viewer, application_id: str) -> Applied:
    """What the slip of an earlier application said. Raises `Refused` no-application, `Erased`."""
    application = tables.application.c
    within = scope.of_households_within(application.household_id, viewer, Right.READ_CASES, book)
    row = read.connection.execute(
        select(tables.application, tables.decision.c.decision_id)
        .join(tables.decision, tables.decision.c.seq == application.decision)
        .where(application.application_id == application_id, within)
    ).first()
    if row is None:
        raise Refused(
            "no-application", f"没有申请 {application_id} · there is no application {application_id}"
        )
    stored = decisions.get(read, row.decision_id)
    assert stored is not None
    document = parse_json(stored.content)
    found = read.connection.execute(store.cases(tables.relief_case.c.application_id == application_id))
    cases = {(one.policy, one.subject): one for one in map(store.case_of, found) if not one.appeals}
    opened = [
        _opened(book, cases[policy, subject], outcome)
        for policy, subject, outcome in _fitting(document, [policy for policy, _ in cases])
        if (policy, subject) in cases
    ]
    told = dict(row._mapping)
    return _applied(book, stored, document, told, opened, (), row.recorded_on)


def missing_in(book: Rulebook, document: Mapping[str, Any], policies: set[str]) -> Iterator[Missing]:
    """What these programmes still wait for, the most useful answers first."""
    ranked = {(one["fact"], one["subject"]): place for place, one in enumerate(document["questions"])}
    wanted: dict[tuple[str, str], dict[str, None]] = {}
    for policy, one in document["policies"].items():
        for finding in one["findings"] if policy in policies else ():
            for lacking in finding.get("missing") or ():
                if lacking.get("fact"):
                    subject = lacking.get("subject", "household")
                    wanted.setdefault((lacking["fact"], subject), {})[policy] = None
    last = len(ranked)
    for (name, subject), asking in sorted(
        wanted.items(), key=lambda pair: (ranked.get(pair[0], last), pair[0])
    ):
        fact = book.facts.get(name.partition(".")[0])
        if fact is not None:
            yield Missing(name, subject, fact.question, fact.answered_by, tuple(asking))


def _gaps(document: Mapping[str, Any], policies: set[str]) -> Iterator[Gap]:
    found: dict[str, dict[str, None]] = {}
    for policy, one in document["policies"].items():
        for finding in one["findings"] if policy in policies else ():
            for lacking in finding.get("missing") or ():
                if lacking.get("parameter"):
                    found.setdefault(lacking["parameter"], {})[policy] = None
    for parameter, asking in sorted(found.items()):
        yield Gap(parameter, tuple(asking))


# --- opened by the office, and appealed -----------------------------------------------------------------------


def open_case(
    write: Writing,
    book: Rulebook,
    viewer: Viewer,
    household_id: str,
    policy: str,
    person: str,
    purpose: str,
    why: str,
    more: Mapping[str, Any] | None = None,
) -> Case:
    """The office looks into reducing or stopping what is granted. It stops nothing. Raises `Refused`.

    `more`: what the case rests on, kept with its first step.
    """
    if purpose not in (REDUCE, STOP) and not more:  # to raise something there has to be a proposal
        raise Refused("no-purpose", "立案只用于减发或停发 · the office opens a case to reduce or to stop")
    if not why.strip():
        raise Refused("no-text", "立案须写明原因 · say why the case is opened")
    if policy not in book.policies:
        raise Refused("no-policy", f"没有政策 {policy} · there is no policy {policy}")
    households.claim_as_it_is(write, household_id)
    stored = decisions.decide_and_keep(write, book, household_id, write.day, write.day)
    document = parse_json(stored.content)
    case = _case("", household_id, policy, person or "household", False, document, write.day, purpose)
    if deciding.award_held(write, case) is None:
        raise Refused(
            "nothing-granted", "没有正在发放的待遇 · nothing is being granted that could be stopped"
        )
    same = open_case_of(write, household_id, policy, person)
    if same:
        raise Refused("case-open", f"已有在办案件 {same} · the case {same} is open already")
    begin(write, book, viewer, case, Action.OPEN, {"text": why, **(more or {})})
    return case


def appeal(write: Writing, book: Rulebook, viewer: Viewer, case_id: str, text: str) -> Case:
    """Looks at a decision again, at the level above, by people who had no part in it. Raises `Refused`."""
    if not text.strip():
        raise Refused("no-text", "请写明复议的请求和理由 · say what is asked for and why")
    before = store.case_seen(write, viewer, Right.READ_CASES, book, case_id)
    steps = store.steps_of(write, [case_id])[case_id]
    decided = of(steps, Action.CONFIRM, Action.REFUSE, Action.CLOSE)
    if not decided or steps[-1].after not in (*DECIDED, State.NOTIFIED):
        raise Refused(
            "not-decided", "尚未作出决定，不能申请复议 · there is no decision yet to appeal against"
        )
    handled = store.handled(book, before, write.day)
    if handled.appeal is None:
        raise Refused("no-appeal", "规则库没有写明复议程序 · the rulebook knows of no appeal here")
    told = of(steps, Action.NOTIFY)
    known = told[-1].day if told else None
    if known is not None and (write.day - known).days > handled.appeal.days:
        raise Refused(
            "too-late",
            f"自 {known} 告知起已超过 {handled.appeal.days} 日 · more than {handled.appeal.days} days since {known}",
        )
    row = write.connection.execute(store.cases(tables.relief_case.c.appeals == case_id)).first()
    if row is not None:
        raise Refused("appealed", f"已申请复议：{row.case_id} · it has been appealed already: {row.case_id}")
    households.claim_as_it_is(write, before.household_id)
    stored = decisions.decide_and_keep(write, book, before.household_id, write.day, write.day)
    document = parse_json(stored.content)
    case = _case(
        before.application_id, before.household_id, before.policy, before.subject, False, document, write.day,
        before.purpose, case_id,
    )  # fmt: skip
    begin(write, book, viewer, case, Action.APPEAL, {"text": text, "appeals": case_id})
    return case
