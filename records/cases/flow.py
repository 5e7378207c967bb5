"""Where a case stands and what may be done next: a pure function of its procedure, its steps and the day.

Every way into a case asks here: one case or many at once, a screen or an import. A step that is not possible now is
taken by nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from engine.rulebook.handling import Handling
from engine.rulebook.procedures import ALWAYS, GRANT, IF_OBJECTION, Round
from records.cases import words
from records.cases.words import DECIDED, OVER, TIER, Action, State, Tier


@dataclass(frozen=True, slots=True)
class Case:
    """One application for one programme. `person` "": for the household as a whole."""

    case_id: str
    application_id: str
    household_id: str
    person: str
    policy: str
    purpose: str
    urgent: bool
    appeals: str
    score: int | None
    opened_on: date

    @property
    def subject(self) -> str:
        """As findings name it."""
        return self.person or "household"


@dataclass(frozen=True, slots=True)
class Step:
    """One step as it was taken. `person`: the real one; `account`: what was used."""

    number: int
    action: Action
    before: str
    after: State
    tier: Tier
    level: str
    person: str
    account: str
    day: date
    outcome: str = ""
    reason: str = ""
    round: str = ""
    until: date | None = None
    amount: str | None = None
    decision: int | None = None


@dataclass(frozen=True, slots=True)
class Possible:
    """A step that may be taken now. `levels`: of whom, () for any. `days`: working days from `since`, if limited.

    `until`: a day that was set for it. `due`: it is what the case waits for.
    """

    action: Action
    tier: Tier
    levels: tuple[str, ...]
    since: date
    days: int | None = None
    until: date | None = None
    round: Round | None = None
    due: bool = True


@dataclass(frozen=True, slots=True)
class Position:
    """`public_until`: a round of publicity is running, and nothing is due before it is over."""

    state: State
    possible: tuple[Possible, ...]
    public_until: date | None = None

    def find(self, action: Action) -> Possible | None:
        return next((one for one in self.possible if one.action is action), None)

    @property
    def due(self) -> tuple[Possible, ...]:
        return tuple(one for one in self.possible if one.due)


def position(handled: Handling, case: Case, steps: Sequence[Step], today: date) -> Position:
    last = steps[-1]
    state = last.after
    if state in OVER:
        return Position(state, ())
    if state in DECIDED:
        return Position(state, (_notify(handled, last), _remark(last)))
    running = _running(handled, case, steps, today)
    due = tuple(_due(handled, case, steps, today, running))
    aside = tuple(_aside(handled, case, steps, due, running))
    return Position(state, due + aside, running)


def fresh(steps: Sequence[Step]) -> Sequence[Step]:
    """The steps that still count: those after the case was last accepted, or sent back to be investigated again."""
    for index in range(len(steps) - 1, -1, -1):
        one = steps[index]
        upheld = one.action is Action.SETTLE and one.outcome == words.UPHELD
        if upheld or one.action in (Action.ACCEPT, Action.SEND_BACK, Action.OPEN):
            return steps[index + 1 :]
    return steps


def of(steps: Sequence[Step], *actions: Action) -> list[Step]:
    return [one for one in steps if one.action in actions]


def is_relative(steps: Sequence[Step]) -> bool:
    """Of the staff: the case was declared to be."""
    return bool(of(steps, Action.DECLARE))


def open_objections(steps: Sequence[Step]) -> list[Step]:
    """Objections in the order in which they came, without as many as were settled."""
    return of(steps, Action.OBJECT)[len(of(steps, Action.SETTLE)) :]


# --- what is due --------------------------------------------------------------------------------------------


def _due(
    handled: Handling, case: Case, steps: Sequence[Step], today: date, running: date | None
) -> Iterator[Possible]:
    """What the case waits for: the first thing that its procedure asks for and that has not been done."""
    last = steps[-1]
    if last.after is State.APPLIED:
        relieved = of(steps, Action.RELIEVE)
        if case.urgent and handled.urgent is not None and not relieved:
            yield Possible(Action.RELIEVE, Tier.APPROVAL, (handled.urgent.by,), last.day)
        yield _stage(Action.ACCEPT, (handled.accept.by,), last.day, handled.accept.days)
        return
    if last.after in (State.RETURNED, State.RELIEVED):
        papers = of(steps, Action.RELIEVE, Action.RETURN)[-1]
        yield Possible(Action.SUPPLEMENT, Tier.ENTRY, (), papers.day, until=papers.until)
        return
    counted = fresh(steps)
    since = steps[len(steps) - len(counted) - 1].day
    signed = of(counted, Action.INVESTIGATE)
    if len({one.person for one in signed}) < handled.investigate.persons:
        stage = handled.investigate
        days = stage.start_days if not signed and stage.start_days is not None else stage.days
        yield _stage(Action.INVESTIGATE, (stage.by,), since, days)
        return
    since = signed[-1].day
    if is_relative(steps) and handled.visit is not None and not of(counted, Action.VISIT):
        yield _stage(Action.VISIT, (handled.visit.by,), since, handled.visit.days)
        return
    yield from _after_investigation(handled, case, steps, counted, today, running)


def _after_investigation(
    handled: Handling,
    case: Case,
    steps: Sequence[Step],
    counted: Sequence[Step],
    today: date,
    running: date | None,
) -> Iterator[Possible]:
    since = of(counted, Action.INVESTIGATE, Action.VISIT)[-1].day
    opinion = of(counted, Action.INVESTIGATE)[-1].outcome
    review = handled.village_review
    if review is not None and _reviewed_in_village(review.held, case, steps):
        done = of(counted, Action.REVIEW)
        if not done:
            yield _stage(Action.REVIEW, (review.by,), since, review.days)
            return
        since = done[-1].day
    if opinion == words.GRANT:
        left = open_objections(steps)
        if left:
            yield Possible(Action.SETTLE, Tier.REVIEW, (handled.investigate.by,), left[0].day)
        if left or running is not None:
            return
        for one in handled.rounds(case.purpose):
            opened = [step for step in of(counted, Action.PUBLICISE) if step.round == one.id]
            if not opened:
                yield Possible(Action.PUBLICISE, Tier.REVIEW, (one.by,), since, one.open_days, round=one)
                return
            since = opened[-1].until or opened[-1].day
    if handled.hearing is not None and case.purpose in handled.hearing.before and not of(steps, Action.HEAR):
        yield _hear(handled, since)
        return
    heard = of(steps, Action.HEAR)
    since = max(since, heard[-1].day) if heard else since
    actions = (Action.CONFIRM, Action.REFUSE) if opinion == words.GRANT else (Action.REFUSE,)
    for action in actions:
        yield _stage(action, (handled.decide.by,), since, handled.decide.days)


def _reviewed_in_village(held: str, case: Case, steps: Sequence[Step]) -> bool:
    if case.purpose != GRANT or case.appeals:
        return False
    upheld = any(one.outcome == words.UPHELD for one in of(steps, Action.SETTLE))
    return held == ALWAYS or (held == IF_OBJECTION and upheld)


def _running(handled: Handling, case: Case, steps: Sequence[Step], today: date) -> date | None:
    """Until when the case is public now. The last day counts as a whole."""
    rounds = of(fresh(steps), Action.PUBLICISE)
    until = rounds[-1].until if rounds else None
    return until if until is not None and today <= until else None


def _stage(action: Action, levels: tuple[str, ...], since: date, days: int | None) -> Possible:
    return Possible(action, TIER[action], levels, since, days)


def _hear(handled: Handling, since: date, due: bool = True) -> Possible:
    levels = tuple(dict.fromkeys((handled.accept.by, handled.decide.by)))
    return Possible(Action.HEAR, Tier.NONE, levels, since, due=due)


def _notify(handled: Handling, last: Step) -> Possible:
    limit = handled.notify
    days = limit.days if limit is not None and (last.after is State.REFUSED or not limit.refusals) else None
    levels = tuple(dict.fromkeys((handled.accept.by, handled.decide.by)))
    return Possible(Action.NOTIFY, Tier.NONE, levels, last.day, days)


def _remark(last: Step) -> Possible:
    return Possible(Action.REMARK, Tier.NONE, (), last.day, due=False)


# --- what may be done beside it -----------------------------------------------------------------------------


def _aside(
    handled: Handling, case: Case, steps: Sequence[Step], due: Sequence[Possible], running: date | None
) -> Iterator[Possible]:
    last = steps[-1]
    yield Possible(Action.WITHDRAW, Tier.NONE, (), last.day, due=False)
    yield Possible(Action.DECLARE, Tier.NONE, (), last.day, due=False)
    yield _remark(last)
    if last.after in (State.APPLIED, State.RETURNED, State.RELIEVED):
        if last.after is State.APPLIED:
            yield Possible(Action.RETURN, Tier.ENTRY, (handled.accept.by,), last.day, due=False)
        return
    waits_for = {one.action for one in due}
    if running is not None:
        yield Possible(Action.OBJECT, Tier.NONE, (), last.day, due=False)
    if Action.HEAR not in waits_for:
        yield _hear(handled, last.day, due=False)
    if Action.REFUSE in waits_for:
        yield Possible(Action.SEND_BACK, Tier.APPROVAL, (handled.decide.by,), last.day, due=False)
    elif of(fresh(steps), Action.INVESTIGATE):
        yield Possible(Action.SEND_BACK, Tier.REVIEW, (handled.investigate.by,), last.day, due=False)
    yield Possible(Action.CLOSE, Tier.APPROVAL, (handled.decide.by,), last.day, due=False)


# --- what a step makes of a case ----------------------------------------------------------------------------

BEGINS = {Action.APPLY: State.APPLIED, Action.APPEAL: State.APPLIED, Action.OPEN: State.ACCEPTED}
_AFTER = {
    Action.ACCEPT: State.ACCEPTED,
    Action.RETURN: State.RETURNED,
    Action.SUPPLEMENT: State.APPLIED,
    Action.RELIEVE: State.RELIEVED,
    Action.REVIEW: State.REVIEWED,
    Action.PUBLICISE: State.PUBLICISED,
    Action.CONFIRM: State.CONFIRMED,
    Action.REFUSE: State.REFUSED,
    Action.CLOSE: State.CLOSED,
    Action.NOTIFY: State.NOTIFIED,
    Action.WITHDRAW: State.WITHDRAWN,
    Action.SEND_BACK: State.ACCEPTED,
}


def after(handled: Handling, steps: Sequence[Step], action: Action, outcome: str, person: str) -> State:
    """The state in which a step leaves the case."""
    if action is Action.INVESTIGATE:
        signed = {one.person for one in of(fresh(steps), Action.INVESTIGATE)} | {person}
        return State.INVESTIGATED if len(signed) >= handled.investigate.persons else State.INVESTIGATING
    if action is Action.SETTLE:
        return State.ACCEPTED if outcome == words.UPHELD else steps[-1].after
    return _AFTER.get(action) or steps[-1].after


def last_day(first: date, days: int) -> date:
    """Of so many days of the calendar; the day on which it is put up is not counted."""
    return first + timedelta(days=days)
