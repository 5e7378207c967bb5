"""Cases and their steps in the record: read, and one step more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import Row, Select, and_, exists, select
from sqlalchemy.exc import IntegrityError

from engine.decision import encode_json
from engine.language.dates import from_date
from engine.rulebook import Rulebook
from engine.rulebook.handling import Handling, handling, level_above
from engine.rulebook.procedures import Publicity, Stage
from records import audit, decisions, scope, sealed, tables
from records.cases.finding import Found, found_in, no_decision
from records.cases.flow import Case, Step
from records.cases.words import DECIDED, OVER, Action, State, Tier
from records.database import Reading, Writing
from records.refused import Refused
from records.rights import Right, Viewer

_ABOUT = "case_step"
_AT_ONCE = 1000
_case, _step = tables.relief_case.c, tables.case_step.c


@dataclass(frozen=True, slots=True)
class Written:
    """A step that is about to be written. `said`: what stays sealed."""

    action: Action
    before: str
    after: State
    tier: Tier
    level: str
    outcome: str = ""
    reason: str = ""
    round: str = ""
    until: date | None = None
    amount: str | None = None
    decision: int | None = None
    cause: str = ""
    members: int | None = None
    said: Mapping[str, Any] = field(default_factory=dict)


# --- reading ------------------------------------------------------------------------------------------------


def case_seen(read: Reading, viewer: Viewer, right: Right, book: Rulebook, case_id: str) -> Case:
    """Raises `Refused` no-case, also for one that is out of reach."""
    within = scope.of_households_within(_case.household_id, viewer, right, book)
    found = read.connection.execute(cases(_case.case_id == case_id, within)).first()
    if found is None:
        raise no_case(case_id)
    return case_of(found)


def no_case(case_id: str) -> Refused:
    return Refused("no-case", f"没有案件 {case_id} · there is no case {case_id}")


def cases(*conditions: Any) -> Select[Any]:
    """A query of cases, to count, narrow or cut."""
    return select(tables.relief_case).where(*conditions).order_by(_case.recorded_at, _case.case_id)


def open_cases(*conditions: Any, undecided: bool = False) -> Select[Any]:
    """Those whose last step leaves something to be done, if only to tell people what was decided."""
    over = OVER | DECIDED if undecided else OVER
    later = tables.case_step.alias()
    follows = exists().where(and_(later.c.case_id == _step.case_id, later.c.number > _step.number))
    last = select(_step.case_id).where(~follows, _step.after.not_in([one.value for one in over]))
    return cases(_case.case_id.in_(last), *conditions)


def case_of(row: Row[Any]) -> Case:
    return Case(
        row.case_id,
        row.application_id or "",
        row.household_id,
        row.person_id or "",
        row.policy,
        row.purpose,
        row.urgent,
        row.appeals or "",
        row.score,
        row.recorded_on,
    )


def steps_of(read: Reading, case_ids: Iterable[str]) -> dict[str, list[Step]]:
    """The steps of each case, the first one first."""
    found: dict[str, list[Step]] = {one: [] for one in case_ids}
    wanted = list(found)
    for start in range(0, len(wanted), _AT_ONCE):
        part = _step.case_id.in_(wanted[start : start + _AT_ONCE])
        for row in read.connection.execute(
            select(tables.case_step).where(part).order_by(_step.case_id, _step.number)
        ):
            found[row.case_id].append(step_of(row))
    return found


def step_of(row: Row[Any]) -> Step:
    return Step(
        row.number,
        Action(row.action),
        row.before,
        State(row.after),
        Tier(row.tier),
        row.level,
        row.person,
        row.recorded_by,
        row.recorded_on,
        row.outcome,
        row.reason,
        row.round,
        row.until,
        row.amount,
        row.decision,
    )


def said_in(read: Reading, case: Case) -> dict[int, Mapping[str, Any]]:
    """What was said in each step, opened. Raises `Erased`, `Tampered`."""
    subject = sealed.of_household(case.household_id)
    key = sealed.key_of(sealed.data_keys(read, [subject]), subject)
    rows = read.connection.execute(select(tables.case_step).where(_step.case_id == case.case_id))
    return {row.number: said_in_step(key, subject, row) for row in rows}


def said_in_step(key: bytes, subject: str, row: Row[Any]) -> Mapping[str, Any]:
    """Of a row with the content of a step. Raises `Tampered`."""
    said: Mapping[str, Any] = sealed.content_of(key, subject, "case_step", _ABOUT, row)
    return said


def found_of(read: Reading, case: Case, decision_id: str) -> Found:
    """The finding of a case in a stored decision. Raises `Refused` no-decision, `Erased`."""
    stored = decisions.get(read, decision_id)
    if stored is None or stored.household_id != case.household_id:
        raise no_decision(decision_id)
    return found_in(stored, case)


def appealed(read: Reading, case: Case) -> list[str]:
    """The case that it appeals against, the one that that appeals against, and so on."""
    found: list[str] = []
    before = case.appeals
    while before:
        found.append(before)
        wanted = select(tables.relief_case.c.appeals).where(tables.relief_case.c.case_id == before)
        before = read.connection.execute(wanted).scalar() or ""
    return found


def appealed_against(read: Reading, case: Case) -> list[Step]:
    """The steps of the case whose decision this one looks at again; none when it is no appeal."""
    return steps_of(read, [case.appeals])[case.appeals] if case.appeals else []


def handled(book: Rulebook, case: Case, on: date) -> Handling:
    """How the case is handled on a day: undecided work follows the rules of the day. Raises `Refused` no-procedure."""
    if case.policy not in book.policies:
        found = None
    else:
        found = handling(book, case.policy, from_date(on), from_date(on))
    if found is None:
        raise Refused(
            "no-procedure",
            f"规则库没有写明 {case.policy} 由哪一级确认 · the rulebook does not say who decides {case.policy}",
        )
    return _for_this_case(book, case, found)


def _for_this_case(book: Rulebook, case: Case, found: Handling) -> Handling:
    """An appeal is looked at by the level above; what is urgent may go without publicity."""
    publicity = found.publicity
    if case.urgent and found.urgent is not None and found.urgent.skip_publicity:
        publicity = Publicity((), {}, found.urgent.cite)
    if not case.appeals:
        return replace(found, publicity=publicity)
    by = appeal_level(book, found)
    above = Stage(by, cite=found.appeal.cite if found.appeal else "")
    if publicity is not None:
        publicity = replace(publicity, rounds=tuple(replace(one, by=by) for one in publicity.rounds))
    return replace(found, accept=above, investigate=above, decide=above, publicity=publicity)


def appeal_level(book: Rulebook, found: Handling) -> str:
    return (found.appeal.to if found.appeal else "") or level_above(book, found.decide.by)


# --- writing ------------------------------------------------------------------------------------------------


def add_case(write: Writing, case: Case) -> None:
    row = {
        "case_id": case.case_id,
        "application_id": case.application_id or None,
        "household_id": case.household_id,
        "person_id": case.person or None,
        "policy": case.policy,
        "purpose": case.purpose,
        "urgent": case.urgent,
        "appeals": case.appeals or None,
        "score": case.score,
    }
    audit.add_row(write, "open-case", tables.relief_case, case.household_id, row)


def add_step(write: Writing, viewer: Viewer, case: Case, before: Sequence[Step], step: Written) -> Step:
    """Writes a step down. Raises `Refused` case-moved when somebody else took one at the same time."""
    subject = sealed.of_household(case.household_id)
    key = sealed.data_key(write, subject)
    content, commitment = sealed.sealed_content(
        key, subject, "case_step", _ABOUT, encode_json(dict(step.said))
    )
    row = {
        "case_id": case.case_id,
        "number": before[-1].number + 1 if before else 1,
        "action": step.action.value,
        "before": step.before,
        "after": step.after.value,
        "tier": step.tier.value,
        "level": step.level,
        "person": viewer.person,
        "outcome": step.outcome,
        "reason": step.reason,
        "round": step.round,
        "until": step.until,
        "amount": step.amount,
        "decision": step.decision,
        "cause": step.cause,
        "members": step.members,
        "content": content,
        "commitment": commitment,
    }
    try:
        kept = audit.add_row(write, f"case-{step.action}", tables.case_step, case.household_id, row)
    except IntegrityError as error:
        raise _collided(case, error) from None
    return Step(
        kept["number"],
        step.action,
        step.before,
        step.after,
        step.tier,
        step.level,
        viewer.person,
        write.actor,
        kept["recorded_on"],
        step.outcome,
        step.reason,
        step.round,
        step.until,
        step.amount,
        step.decision,
    )


def _collided(case: Case, error: IntegrityError) -> Exception:
    """What a refusal of the database means: it looks at everything that a trigger can see once more."""
    said = str(error.orig).splitlines()[0]
    if any(words in said for words in ("one person takes", "one account takes", "its appeal")):
        return Refused("four-eyes", f"同一人不得办理同一案件的两个环节 · {said}")
    if any(words in said.lower() for words in ("unique", "follow each other", "begins where")):
        return moved(case)
    return error


def moved(case: Case) -> Refused:
    return Refused(
        "case-moved",
        f"案件 {case.case_id} 已被他人办理，请重新读取 · "
        f"somebody else has taken a step in case {case.case_id} meanwhile; read it again",
    )
