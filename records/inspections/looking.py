"""The rules of an inspection look at its sample: what they find is suggested, and people say whether it is so.

Watch rules and proposals look as the night does, on the last day of the period or today; what nights have raised about
these households is taken as well, so that rules which look across households count too. Whether somebody has answered a
notice is said beside the finding, and hides nothing from an inspection.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from engine.rulebook import Rulebook
from engine.rulebook.inspection import Inspection as Rules
from records import audit, notices, rulebooks, tables
from records.cases.deciding import AGAINST
from records.cases.discretion import outliers
from records.database import AT_ONCE, Database, Reading, Writing, batched, reading
from records.inspections import reading as inspections
from records.inspections.reading import Inspection
from records.inspections.words import HOUSEHOLD, collided
from records.nightly import Looking
from records.notices import GRAVITY, Raised
from records.refused import Refused
from records.rights import Viewer

AGAINST_FINDING, DISCRETION = "against_finding", "discretion_outliers"
_IN_MONTHS = frozenset({"payment", "conflict"})  # records that are of one month
UNKNOWN = "nobody-known"
"""Why a household could not be looked at: nobody is known in it on that day, or it was erased."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Suggested:
    """Something that a rule found. `household_id` None: it is about an approver. `answered`: what was said to the notice."""

    about: str
    household_id: str | None
    subject: str
    same_as: str
    severity: str
    gravity: int
    evidence: Any
    policy: str = ""
    case_id: str | None = None
    notice: int | None = None
    decision: int | None = None
    certain: bool = True
    harm: str | None = None
    answered: str = ""


@dataclass(slots=True)
class Look:
    """What a look at a sample came to. `unread`: households that the rulebook cannot read, and why."""

    rulebook: str
    on: date
    known: date
    looked: int = 0
    found: dict[str, Suggested] = field(default_factory=dict)  # by what makes two findings the same
    unread: dict[str, str] = field(default_factory=dict)


def rules_of(read: Reading, one: Inspection) -> Rules:
    """The set of rules as it stood when the inspection was opened. Raises `Refused`."""
    return rulebooks.kept(read, one.rulebook).inspections[one.rules]


def look(
    database: Database, book: Rulebook, one: Inspection, today: date, progress: Progress = lambda _, __: None
) -> Look:
    """Looks and writes nothing. Raises `Refused` not-drawn."""
    made = Look(book.fingerprint, min(one.until, today), today)
    with reading(database) as read:
        rules = rules_of(read, one)
        sample = inspections.sampled_households(read, one.seq)
        if not sample:
            raise Refused("not-drawn", "尚未抽样 · no sample is drawn yet")
        for suggested in (*_against(read, one, rules, sample), *_outliers(read, book, one, rules)):
            made.found[suggested.same_as] = suggested
    if rules.watch or rules.proposals:
        looks = Looking(database, book, made.on, made.known, forked=False)
        for some in batched(sample, AT_ONCE):
            looked = looks(some)
            made.unread |= looked.unread
            made.unread |= {
                each: UNKNOWN for each in some if each not in looked.standings and each not in looked.unread
            }
            with reading(database) as read:
                for suggested in _of_rules(read, one, rules, some, looked.raised):
                    made.found[suggested.same_as] = suggested
            made.looked += len(looked.standings)
            progress(made.looked + len(made.unread), len(sample))
    else:
        made.looked = len(sample)
    return made


def keep(write: Writing, viewer: Viewer, one: Inspection, looked: Look) -> Counter[str]:
    """Writes down what is new, and that somebody looked; the new findings by what they are about. Raises `Refused`."""
    finding = tables.inspection_finding.c
    known = set(
        write.connection.execute(select(finding.same_as).where(finding.inspection == one.seq)).scalars()
    )
    new = [suggested for same_as, suggested in sorted(looked.found.items()) if same_as not in known]
    counts = Counter(each.about for each in new)
    run = {
        "inspection": one.seq,
        "rulebook": looked.rulebook,
        "on": looked.on,
        "known": looked.known,
        "looked": looked.looked,
        "found": len(new),
        "counts": json.dumps(counts, sort_keys=True),
        "unread": json.dumps(looked.unread, sort_keys=True),
        "person": viewer.person,
    }
    try:
        audit.add_row(write, "run-inspection", tables.inspection_run, f"inspection:{one.seq}", run)
        audit.add_rows(
            write,
            "suggest",
            tables.inspection_finding,
            f"inspection:{one.seq}",
            [_row(one, viewer, each) for each in new],
        )
    except DBAPIError as error:
        raise collided(error) from None
    return counts


def _row(one: Inspection, viewer: Viewer, found: Suggested) -> dict[str, Any]:
    evidence = {"found": found.evidence} | ({"answered": found.answered} if found.answered else {})
    return {
        "inspection": one.seq,
        "origin": "rule",
        "about": found.about,
        "household_id": found.household_id,
        "subject": found.subject,
        "policy": found.policy,
        "case_id": found.case_id,
        "notice": found.notice,
        "decision": found.decision,
        "severity": found.severity,
        "gravity": found.gravity,
        "certain": found.certain,
        "harm": found.harm,
        "evidence": json.dumps(evidence, ensure_ascii=False, sort_keys=True),
        "text": "",
        "same_as": found.same_as,
        "person": viewer.person,
    }


# --- watch rules and proposals ------------------------------------------------------------------------------


def _of_rules(
    read: Reading, one: Inspection, rules: Rules, some: Sequence[str], raised: Sequence[Raised]
) -> Iterator[Suggested]:
    wanted = {"alert": frozenset(rules.watch), "proposal": frozenset(rules.proposals)}
    told = {row.same_as: row for row in _notices(read, some, (*rules.watch, *rules.proposals))}
    fresh = [each for each in raised if each.about in wanted.get(each.kind, ())]
    for each in fresh:
        evidence = json.loads(json.dumps(each.evidence, default=str))
        if _concerns(one, each.kind, each.policy, evidence):
            yield _suggested(each.about, each.household_id, each.subject, each.policy, each.severity, each.gravity,
                             evidence, each.certain, each.harm, each.same_as, told.pop(each.same_as, None))  # fmt: skip
    for (
        same_as,
        row,
    ) in told.items():  # what nights raised, by rules that look at more than one household, or earlier
        evidence = json.loads(row.evidence)
        if row.kind == "alert" and _concerns(one, row.kind, row.policy, evidence):
            yield _suggested(row.about, row.household_id, row.subject, row.policy, row.severity, row.gravity,
                             evidence, row.certain, row.harm, same_as, row)  # fmt: skip


def _suggested(
    about: str, household: str, subject: str, policy: str, severity: str, gravity: int, evidence: Any,
    certain: bool, harm: str | None, same_as: str, row: Any,
) -> Suggested:  # fmt: skip
    return Suggested(
        about,
        household,
        subject,
        same_as,
        severity,
        gravity,
        evidence,
        policy=policy,
        notice=None if row is None else row.seq,
        certain=certain,
        harm=harm,
        answered="" if row is None else row.answer or "",
    )


def _notices(read: Reading, some: Sequence[str], about: Sequence[str]) -> list[Any]:
    notice, told = tables.notice, notices.last_answers()
    query = (
        select(notice, told.c.answer)
        .outerjoin(told, told.c.notice == notice.c.seq)
        .where(notice.c.household_id.in_(some), notice.c.about.in_(about))
        .order_by(notice.c.seq)
    )
    return list(read.connection.execute(query))


def _concerns(one: Inspection, kind: str, policy: str, evidence: Any) -> bool:
    """Whether it is about the programmes and, where records are named, about the period of an inspection."""
    records: list[Mapping[str, str]] = evidence if isinstance(evidence, list) else []
    about = {policy} if policy else {each["policy"] for each in records if each.get("policy")}
    if one.policies and about and not about & {*one.policies}:
        return False
    if kind != "alert":
        return True
    telling = [each for each in records if each["kind"] in _IN_MONTHS] or records
    return not telling or any(_in_period(one, each) for each in telling)


def _in_period(one: Inspection, record: Mapping[str, str]) -> bool:
    at = record.get("at", "")
    if not at or record["kind"] == "status":  # it begins on that day, and may last
        return not at or at <= one.until.isoformat()
    size = len(at)
    return one.since.isoformat()[:size] <= at <= one.until.isoformat()[:size]


# --- other looks --------------------------------------------------------------------------------------------


def _against(read: Reading, one: Inspection, rules: Rules, sample: Sequence[str]) -> Iterator[Suggested]:
    """Cases that were decided although the rules found otherwise."""
    if AGAINST_FINDING not in rules.looks:
        return
    of, step = tables.relief_case.c, tables.case_step.c
    for some in batched(sample, AT_ONCE):
        query = (
            select(
                of.case_id, of.household_id, of.person_id, of.policy, step.number, step.action, step.decision,
                step.recorded_on,
            )
            .join(tables.case_step, step.case_id == of.case_id)
            .where(of.household_id.in_(some), step.outcome == AGAINST)
            .where(step.recorded_on >= one.since, step.recorded_on <= one.until)
            .order_by(step.seq)
        )  # fmt: skip
        for row in read.connection.execute(query):
            if one.policies and row.policy not in one.policies:
                continue
            evidence = [
                {
                    "case": row.case_id,
                    "step": row.number,
                    "action": row.action,
                    "at": row.recorded_on.isoformat(),
                }
            ]
            yield Suggested(
                AGAINST_FINDING,
                row.household_id,
                row.person_id or HOUSEHOLD,
                _same(AGAINST_FINDING, row.case_id, row.number),
                "high",
                GRAVITY["high"],
                evidence,
                policy=row.policy,
                case_id=row.case_id,
                decision=row.decision,
            )


def _outliers(read: Reading, book: Rulebook, one: Inspection, rules: Rules) -> Iterator[Suggested]:
    """Approvers whose amounts lie apart, over all cases of the area and the period: a person is not in a sample."""
    if DISCRETION not in rules.looks:
        return
    within = inspections.cases_within(book, one)
    for policy in one.policies or sorted(book.policies):
        for found in outliers(read, policy, within):
            evidence = [{"cases": found.cases, "distance": str(found.distance)}]
            yield Suggested(
                DISCRETION,
                None,
                found.person,
                _same(DISCRETION, policy, found.person),
                "medium",
                GRAVITY["medium"],
                evidence,
                policy=policy,
            )


def _same(*parts: object) -> str:
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()
