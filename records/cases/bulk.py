"""Many cases at once, each by the same way as one alone; only where the outcome is one and the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.rulebook import Rulebook
from records import decisions
from records.cases import store
from records.cases.finding import DISCRETIONARY, found_in
from records.cases.steps import Told, take
from records.cases.words import Action, named
from records.database import Database, Reading, reading, writing
from records.refused import Refused
from records.rights import Right, Viewer

AT_ONCE = frozenset({Action.ACCEPT, Action.PUBLICISE, Action.CONFIRM, Action.REFUSE, Action.NOTIFY})
MOST = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """One of many. `decision_id`: the decision that was read, where the step asks for one."""

    case_id: str
    seen: int
    decision_id: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`number`: of the step that was taken, None when it was refused (`code`, `message`) or left with the others."""

    case_id: str
    number: int | None
    code: str = ""
    message: str = ""


def take_all(
    database: Database,
    book: Rulebook,
    viewer: Viewer,
    action: Action,
    asked: Sequence[Asked],
    text: str,
    each: bool,
) -> list[Verdict]:
    """One step in each of these cases. `each`: those that can be done are; otherwise all of them or none.

    Raises `Refused` unlike, when their outcomes are not one and the same.
    """
    with reading(database) as read:
        _check_alike(read, book, viewer, action, asked)
    done = _each if each else _all
    return done(database, book, viewer, action, asked, text)


def _each(
    database: Database, book: Rulebook, viewer: Viewer, action: Action, asked: Sequence[Asked], text: str
) -> list[Verdict]:
    verdicts = []
    for one in asked:
        try:
            with writing(database, viewer.account) as write:
                step = take(write, book, viewer, one.case_id, one.seen, action, _told(one, text))
            verdicts.append(Verdict(one.case_id, step.number))
        except Refused as refused:
            verdicts.append(Verdict(one.case_id, None, refused.code, str(refused)))
    return verdicts


def _all(
    database: Database, book: Rulebook, viewer: Viewer, action: Action, asked: Sequence[Asked], text: str
) -> list[Verdict]:
    verdicts: list[Verdict] = []
    failing = asked[0]
    try:
        with writing(database, viewer.account) as write:
            for failing in asked:
                step = take(write, book, viewer, failing.case_id, failing.seen, action, _told(failing, text))
                verdicts.append(Verdict(failing.case_id, step.number))
    except Refused as refused:
        left = "同批有案件不能办理，全部未办 · another case of the batch was refused, so none was done"
        return [
            Verdict(one.case_id, None, refused.code, str(refused))
            if one is failing
            else Verdict(one.case_id, None, "left", left)
            for one in asked
        ]
    return verdicts


def _told(one: Asked, text: str) -> Told:
    return Told(text=text, decision_id=one.decision_id)


def _check_alike(
    read: Reading, book: Rulebook, viewer: Viewer, action: Action, asked: Sequence[Asked]
) -> None:
    if action not in AT_ONCE:
        raise Refused("one-by-one", f"{named(action)}须逐件办理 · this step is taken for one case at a time")
    if not asked or len(asked) > MOST or len({one.case_id for one in asked}) != len(asked):
        raise Refused("no-batch", f"一批 1–{MOST} 件，不得重复 · a batch has 1 to {MOST} cases, each once")
    seen = set()
    for one in asked:
        case = store.case_seen(read, viewer, Right.READ_CASES, book, one.case_id)
        outcome = ""
        if one.decision_id:
            stored = decisions.get(read, one.decision_id)
            outcome = "" if stored is None else found_in(stored, case).outcome
        if action is not Action.NOTIFY and outcome == DISCRETIONARY:
            raise Refused("unlike", "酌情决定须逐件办理 · what is at discretion is decided one by one")
        seen.add((case.policy, case.purpose, case.urgent, outcome))
    if len(seen) > 1:
        raise Refused(
            "unlike", "同批案件的项目和结论须相同 · the cases of a batch have one programme and one outcome"
        )
