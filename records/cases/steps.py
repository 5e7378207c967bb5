"""Taking a step: the one way into a case, whoever comes and by whatever screen.

    with writing(database, viewer.account) as write:
        take(write, book, viewer, case_id, seen, Action.ACCEPT, Told(text="…"))

`seen` is the number of the last step that was read: of two people who start from the same one, one is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select

from engine.rulebook import Rulebook
from engine.rulebook.handling import Handling
from engine.rulebook.working_days import working_days_after
from records import tables
from records.cases import deciding, flow, publicity, store, words
from records.cases.acting import check_other_eyes, level_for, right_for
from records.cases.days import days_of
from records.cases.discretion import checked_amount
from records.cases.finding import DISCRETIONARY, Found, as_read, found_today
from records.cases.flow import Case, Possible, Step, position
from records.cases.store import Written
from records.cases.words import EXPLAINED, OUTCOMES, Action, named
from records.database import Reading, Writing
from records.refused import Refused
from records.rights import Right, Viewer


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody says with a step. `decision_id`: the decision that he or she has read.

    `again`: why one cause is aided a second time. `who`: who objects, or was heard.
    """

    text: str = ""
    outcome: str = ""
    reason: str = ""
    amount: str | None = None
    until: date | None = None
    decision_id: str = ""
    again: str = ""
    who: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Taking:
    write: Writing
    book: Rulebook
    viewer: Viewer
    area: str
    case: Case
    steps: list[Step]
    handled: Handling
    possible: Possible
    level: str
    told: Told


@dataclass(slots=True)
class _Made:
    """What a step adds to what was told, and what is written with it."""

    outcome: str = ""
    amount: str | None = None
    until: date | None = None
    found: Found | None = None
    then: Callable[[Step], None] | None = None


def take(
    write: Writing, book: Rulebook, viewer: Viewer, case_id: str, seen: int, action: Action, told: Told
) -> Step:
    """Raises `Refused`: no-case, case-moved, wrong-step, not-your-level, four-eyes, and what each step has to say."""
    case = store.case_seen(write, viewer, Right.READ_CASES, book, case_id)
    steps = store.steps_of(write, [case_id])[case_id]
    if seen != steps[-1].number:
        raise store.moved(case)
    handled = store.handled(book, case, write.day)
    at = position(handled, case, steps, write.day)
    possible = at.find(action)
    if possible is None:
        raise _wrong_step(at, action)
    area = area_of(write, case)
    if not viewer.may(right_for(action, possible.tier)):
        raise Refused("not-your-level", "您的角色没有此项权限 · your role does not have this right")
    level = level_for(viewer, book, area, case, possible)
    check_other_eyes(viewer, possible.tier, level, steps, store.appealed_against(write, case))
    _check_told(action, told)
    one = _Taking(write, book, viewer, area, case, steps, handled, possible, level, told)
    made = _MAKERS.get(action, _plainly)(one)
    step = store.add_step(write, viewer, case, steps, _written(one, action, made))
    if made.then is not None:
        made.then(step)
    return step


def area_of(read: Reading, case: Case) -> str:
    household = tables.household.c
    area: str = read.connection.execute(
        select(household.area).where(household.household_id == case.household_id)
    ).scalar_one()
    return area


def _wrong_step(at: flow.Position, action: Action) -> Refused:
    if at.public_until is not None:
        wait = f"公示至 {at.public_until}，期满前不能办理下一步 · it is public until {at.public_until}"
    elif at.due:
        wait = f"现在应办：{'、'.join(named(one.action) for one in at.due)} · that is what comes next"
    else:
        wait = f"案件{named(at.state)} · nothing is left to be done"
    return Refused("wrong-step", f"现在不能办理{named(action)}；{wait}")


def _check_told(action: Action, told: Told) -> None:
    if action in EXPLAINED and not told.text.strip():
        raise Refused("no-text", f"{named(action)}须写明内容或理由 · this step says in words what or why")
    choices = OUTCOMES.get(action)
    if choices and told.outcome not in choices:
        raise Refused(
            "no-outcome",
            f"{named(action)}须写明结果：{'、'.join(choices)} · say what came out: {', '.join(choices)}",
        )
    if action in (Action.OBJECT, Action.HEAR) and not told.who.strip():
        raise Refused("no-text", "请写明是谁 · say who it was")


def _written(one: _Taking, action: Action, made: _Made) -> Written:
    told, found = one.told, made.found
    outcome = made.outcome or told.outcome
    said = {"text": told.text, "who": told.who, "again": told.again, **told.more}
    said = {key: value for key, value in said.items() if value}
    if found is not None:
        said |= {"found": found.in_words(), "procedure": one.handled.procedure}
    return Written(
        action,
        one.steps[-1].after.value,
        flow.after(one.handled, one.steps, action, outcome, one.viewer.person),
        one.possible.tier,
        one.level,
        outcome,
        told.reason,
        one.possible.round.id if one.possible.round is not None else "",
        made.until,
        made.amount,
        None if found is None else found.stored.seq,
        "" if found is None else deciding.cause_of(one.handled, found),
        None if found is None else found.members,
        said,
    )


# --- each step ----------------------------------------------------------------------------------------------


def _plainly(_: _Taking) -> _Made:
    return _Made()


def _declare(_: _Taking) -> _Made:
    return _Made(words.RELATIVE)


def _publicise(one: _Taking) -> _Made:
    """Opens a round; about a child nothing is put up, and the step says so."""
    assert one.possible.round is not None
    found = found_today(one.write, one.book, one.case)
    person = publicity.shown_person(one.write, one.book, one.case, _applicant(one), one.write.day)
    if not person:
        return _Made(words.WAIVED, found=found)
    amount = one.told.amount if found.outcome == DISCRETIONARY else None
    if amount is None and found.amount is not None:
        amount = str(found.amount)
    if found.outcome == DISCRETIONARY and found.least is not None:
        amount = str(checked_amount(one.handled, found, amount, one.told.reason, one.told.text))
    around = one.possible.round

    def put_up(step: Step) -> None:
        publicity.opened(one.write, one.case, one.area, person, step.number, around, found, amount)

    until = flow.last_day(one.write.day, around.days)
    return _Made(amount=amount, until=until, found=found, then=put_up)


def _applicant(one: _Taking) -> str:
    application = tables.application.c
    found: str | None = one.write.connection.execute(
        select(application.applicant).where(application.application_id == one.case.application_id)
    ).scalar()
    return found or ""


def _relieve(one: _Taking) -> _Made:
    found = found_today(one.write, one.book, one.case)
    deciding.check_relief(found)
    amount = checked_amount(one.handled, found, one.told.amount, one.told.reason, one.told.text)
    urgent = one.handled.urgent
    until = one.told.until
    if urgent is not None and urgent.papers_days is not None:
        until = working_days_after(one.book, one.write.day, urgent.papers_days, one.write.day).day or until
    if until is None or until <= one.write.day:
        raise Refused(
            "no-day",
            "请写明补齐手续的日期（今天以后） · say by which day, after today, the papers will be there",
        )

    def award(_: Step) -> None:
        deciding.grant(one.write, one.case, [], found, amount, None)

    return _Made(amount=None if amount is None else str(amount), until=until, found=found, then=award)


def _confirm(one: _Taking) -> _Made:
    found = as_read(one.write, one.book, one.case, one.told.decision_id)
    told = one.told
    amount = deciding.confirmed_amount(
        one.write,
        one.handled,
        one.case,
        found,
        one.write.day,
        told.amount,
        told.reason,
        told.text,
        told.again,
    )

    since, until = days_of(one.write, one.case, told.until)

    def award(_: Step) -> None:
        deciding.grant(one.write, one.case, one.steps, found, amount, until, since)

    return _Made(found.outcome, None if amount is None else str(amount), until, found, award)


def _refuse(one: _Taking) -> _Made:
    found = as_read(one.write, one.book, one.case, one.told.decision_id)
    return _Made(deciding.refused(found, one.told.text), found=found)


def _close(one: _Taking) -> _Made:
    found = found_today(one.write, one.book, one.case)
    deciding.check_closed(found)
    return _Made(found.outcome, found=found)


_MAKERS: Mapping[Action, Callable[[_Taking], _Made]] = {
    Action.DECLARE: _declare,
    Action.PUBLICISE: _publicise,
    Action.RELIEVE: _relieve,
    Action.CONFIRM: _confirm,
    Action.REFUSE: _refuse,
    Action.CLOSE: _close,
}


def begin(
    write: Writing, book: Rulebook, viewer: Viewer, case: Case, action: Action, said: Mapping[str, Any]
) -> Step:
    """The first step of a new case. Raises `Refused` no-procedure, not-your-level."""
    store.handled(book, case, write.day)
    possible = Possible(action, words.TIER[action], (), write.day)
    level = level_for(viewer, book, area_of(write, case), case, possible)
    store.add_case(write, case)
    first = Written(action, "", flow.BEGINS[action], possible.tier, level, said=said)
    return store.add_step(write, viewer, case, (), first)
