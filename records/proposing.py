"""From what a household holds and what its findings come to: what somebody should look at. Nothing is done by it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from engine.decision.document import Household
from engine.inference.found import Alert, Evidence, Task, Term, Watched
from engine.language.dates import from_date
from engine.rulebook import Rulebook
from engine.rulebook.working_days import working_days_after
from records.at_stake import at_stake
from records.endings import ended
from records.notices import Raised
from records.standing import HOUSEHOLD, Finding, Standing, is_open

STOP, CHANGE, OUTREACH, RECHECK = "stop", "change", "outreach", "recheck"
NOT_CONCERNED = (
    "not-concerned"  # held, though the policy has nothing to say of it any more, or is not in force
)


def proposals(book: Rulebook, household: Household, now: Standing, on: date) -> Iterator[Raised]:
    """What is held and no longer due, due otherwise, due and not held, or cannot be told any more.

    Without a list of what is held nothing is proposed: nobody knows then what there is to stop or to offer.
    """
    if household.statuses is None:
        return
    held = {
        (one.policy, one.person or HOUSEHOLD): one
        for one in household.statuses
        if one.start <= from_date(on) <= one.end
    }
    dropped = {(policy, subject) for _, _, subject, effect, policy in now.conflicts if effect == "dropped"}
    unsaid = {key: Finding(NOT_CONCERNED) for key in held if key not in now.findings}
    for key, finding in sorted({**now.findings, **unsaid}.items()):
        policy, subject = key
        status = held.get(key)
        what, severity = _proposed(finding, status, key in dropped)
        if what:
            yield Raised(
                "proposal",
                what,
                household.household_id,
                subject,
                book.policies[policy].department,
                severity,
                {"outcome": finding.outcome, "amount": finding.amount, "held": _amount(status)},
                policy=policy,
                harm=_amount(status) if what == STOP else None,
                state=f"{finding.outcome} {finding.amount} {_amount(status)}",
            )


def of_events(
    book: Rulebook, household: Household, document: Mapping[str, Any], now: Standing, on: date, known: date
) -> Iterator[Raised]:
    """What events have ended or made less, with every month that was paid since; then all other proposals.

    A benefit is proposed about once: where an event explains it, with the event.
    """
    found = ended(book, document, on, known)
    for one in found:
        finding = now.findings.get((one.policy, one.subject)) or Finding(NOT_CONCERNED)
        held = next(
            (
                s
                for s in household.statuses or ()
                if (s.policy, s.person or HOUSEHOLD) == (one.policy, one.subject)
            ),
            None,
        )
        yield Raised(
            "proposal",
            STOP if one.purpose == STOP else CHANGE,
            household.household_id,
            one.subject,
            book.policies[one.policy].department,
            "high",
            {"outcome": finding.outcome, "amount": finding.amount, "held": _amount(held), **one.plain()},
            policy=one.policy,
            due=one.due,
            harm=str(one.overpaid) if one.months else _amount(held),
            state=f"{one.event.kind} {one.event.person} {one.event.day}",
        )
    told = {(one.policy, one.subject) for one in found}
    for other in proposals(book, household, now, on):
        if (other.policy, other.subject) not in told:
            yield other


def _proposed(finding: Finding, status: Any, dropped: bool) -> tuple[str, str]:
    if status is None:
        return (OUTREACH, "medium") if finding.outcome == "eligible" and not dropped else ("", "")
    if finding.outcome == "ineligible":
        return STOP, "high"
    if is_open(finding.outcome) or finding.outcome == NOT_CONCERNED:
        return RECHECK, "low"
    if finding.outcome != "eligible" or finding.amount is None or status.amount is None:
        return "", ""
    return (CHANGE, "medium") if Decimal(finding.amount) != Decimal(str(status.amount)) else ("", "")


def _amount(status: Any) -> str | None:
    return None if status is None or status.amount is None else str(status.amount)


# --- what the rulebook's watch rules and events find ----------------------------------------------------------


def watched_notices(
    book: Rulebook, household: Household, document: Mapping[str, Any], watched: Watched, known: date
) -> Iterator[Raised]:
    for alert in watched.alerts:
        yield _alert(book, household.household_id, document, alert, known)
    for task in watched.tasks:
        yield _task(book, household.household_id, task, known)


def _alert(
    book: Rulebook, household_id: str, document: Mapping[str, Any], alert: Alert, known: date
) -> Raised:
    evidence = [*alert.evidence, *alert.unclear]
    rule = {one.id: one for one in book.watches}[alert.rule]  # of a corrected one the newest
    again = alert.term.until if rule.deadline.until is not None else ""  # due anew is another notice
    due, term = due_of(book, alert.term, known)
    return Raised(
        "alert",
        alert.rule,
        household_id,
        alert.subject,
        alert.owner,
        alert.severity,
        [_shown(one) for one in evidence],
        due=due,
        term=term,
        certain=bool(alert.evidence),
        harm=at_stake(book, document, alert),
        state=" ".join([*sorted(f"{one.kind} {one.policy} {one.at}" for one in evidence), again]).strip(),
    )


def _task(book: Rulebook, household_id: str, task: Task, known: date) -> Raised:
    due, term = due_of(book, task.term, known)
    heard = {"hear": list(task.hear), "hear_cite": task.hear_cite} if task.hear else {}
    return Raised(
        "task",
        f"{task.event}/{task.task}",
        household_id,
        task.subject,
        task.owner,
        "medium",
        [_shown(one) for one in task.evidence],
        due=due,
        term={**term, **heard},
        certain=task.certain,
        state=" ".join(sorted(f"{one.kind} {one.policy} {one.at}" for one in task.evidence)),
    )


def due_of(book: Rulebook, term: Term, known: date) -> tuple[date | None, dict[str, Any]]:
    """The last day. A year of which nobody has announced the holidays gives an estimate, and says so."""
    said: dict[str, Any] = {"since": term.since}
    if term.unreported_since:
        said["unreported_since"] = term.unreported_since
    if term.until:
        return date.fromisoformat(term.until), said
    if term.working_days is None:
        return None, said
    said["working_days"] = term.working_days
    due = working_days_after(book, date.fromisoformat(term.since), term.working_days, known)
    if due.day is None:
        said["estimate"] = due.estimate.isoformat()
    return due.day, said


def _shown(one: Evidence) -> dict[str, str]:
    said = {"ref": one.ref, "kind": one.kind, "subject": one.subject, "at": one.at, "policy": one.policy}
    return {key: value for key, value in said.items() if value}
