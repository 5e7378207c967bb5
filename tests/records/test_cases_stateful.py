"""Whatever people try, in whatever order, with retries: no case takes a way that the law does not have.

A machine takes steps at random as anybody, in cases of several procedures, on days that pass. What came out is judged
from the rows alone, by rules that are written here once more and ask nothing of the program's own flow.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from itertools import count, pairwise
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from records import tables
from records.cases.publicity import public_on
from records.cases.words import Action
from records.database import Database
from records.refused import Refused
from records.rights import Role, Viewer
from tests.records.casework import CAI, CHEN, TAO, TIAN, VERA, WIN, Bureau, county, worker
from tests.support.at_once import at_once, won

SOAK = os.environ.get("RELIEF_SOAK") == "1"
PEOPLE: Sequence[Viewer] = (
    VERA,
    WIN,
    TAO,
    TIAN,
    CAI,
    CHEN,
    county("hao", "housing"),
    county("tao-county", person="tao"),  # the same person with a second account
    worker("win", Role.TOWNSHIP_OFFICER, person="wei"),  # a second person with the same account
)
ACTIONS = [one for one in Action if one not in (Action.APPLY, Action.OPEN, Action.APPEAL, Action.WITHDRAW)]
TIERS = {
    "entry": {"apply", "accept", "return", "supplement"},
    "review": {"investigate", "visit", "review", "publicise", "settle"},
    "approval": {"relieve", "confirm", "refuse", "close"},
}
PUBLIC = {"dibao", "tekun"}  # seven days each since 2021
_names = count()


class Casework(RuleBasedStateMachine):
    database: ClassVar[Database]
    taken: ClassVar[Counter[str]]
    cases: Bundle[str] = Bundle("cases")

    def __init__(self) -> None:
        super().__init__()
        self.bureau = Bureau(self.database, "2025-10-15")
        self.prefix = f"m{next(_names)}"
        self.households: list[str] = []
        self.girls: set[str] = set()
        self.mine: dict[str, str] = {}  # cases of this machine with their households

    @rule(
        target=cases,
        child=st.booleans(),
        policies=st.sampled_from((("dibao",), ("tekun",), ("orphan_allowance", "dibao"))),
    )
    @precondition(lambda self: len(self.households) < 2)
    def applies(self, child: bool, policies: tuple[str, ...]) -> Any:
        name = f"{self.prefix}-{len(self.households)}"
        household = self.bureau.another("case_04" if child else "case_01", name)
        self.households.append(household)
        if child:
            self.girls.add(f"{name}-p3")
        try:
            applied = self.bureau.applies(household, *policies)
        except Refused:
            return multiple()
        for one in applied.cases:
            self.mine[one.case_id] = household
        return multiple(*(one.case_id for one in applied.cases))

    @rule(
        case=cases,
        viewer=st.sampled_from(PEOPLE),
        action=st.sampled_from(ACTIONS),
        outcome=st.sampled_from(("grant", "grant", "refuse", "upheld", "rejected", "heard", "")),
        late=st.integers(0, 9).map(lambda n: n == 0),
    )
    def tries(self, case: str, viewer: Viewer, action: Action, outcome: str, late: bool) -> None:
        steps = self.bureau.steps(case)
        seen = max(1, len(steps) - late)  # sometimes from a page that is out of date
        self._take(viewer, case, action.value, seen, outcome)

    @rule(
        case=cases,
        viewer=st.sampled_from(PEOPLE),
        outcomes=st.lists(st.sampled_from(("grant", "grant", "grant", "refuse")), min_size=1, max_size=8),
    )
    def goes_on(self, case: str, viewer: Viewer, outcomes: list[str]) -> None:
        """What the case waits for, several times, so that cases come far."""
        for outcome in outcomes:
            due = self.bureau.at(case).due
            if not due:
                self.bureau.later(4)
                continue
            action = due[0].action.value
            if action == "settle":
                outcome = "upheld" if outcome == "refuse" else "rejected"
            for one in (viewer, *PEOPLE):  # whoever may
                if self._take(one, case, action, len(self.bureau.steps(case)), outcome):
                    break

    def _take(self, viewer: Viewer, case: str, action: str, seen: int, outcome: str) -> bool:
        told: dict[str, Any] = {"text": "理由", "who": "某人", "outcome": outcome}
        if action in ("confirm", "refuse"):
            told["decision_id"] = self.bureau.decision(self.mine[case])
        try:
            self.bureau.takes(viewer, case, action, seen=seen, **told)
        except Refused:
            return False
        self.taken[action] += 1
        with pytest.raises(Refused):  # the same click once more
            self.bureau.takes(viewer, case, action, seen=seen, **told)
        return True

    @rule(
        case=cases,
        first=st.sampled_from(PEOPLE),
        second=st.sampled_from(PEOPLE),
        outcome=st.sampled_from(("grant", "grant", "refuse")),
    )
    def two_click_at_once(self, case: str, first: Viewer, second: Viewer, outcome: str) -> None:
        """What the case waits for, by two connections at the same time: of one person, then of two."""
        due = self.bureau.at(case).due
        if not due:
            return
        action = due[0].action.value
        if action == "settle":
            outcome = "rejected"
        told: dict[str, Any] = {"text": "理由", "who": "某人", "outcome": outcome}
        if action in ("confirm", "refuse"):
            told["decision_id"] = self.bureau.decision(self.mine[case])
        steps = len(self.bureau.steps(case))
        for one, other in ((first, first), (first, second)):
            clicks = [
                partial(self.bureau.takes, each, case, action, seen=steps, **told) for each in (one, other)
            ]
            found = at_once(clicks)
            assert len(won(found)) <= 1, found
            assert len(self.bureau.steps(case)) == steps + len(won(found))
            if won(found):
                self.taken[action] += 1
                self.taken["at once"] += 1
                lost = next(each for each in found if isinstance(each, Refused))
                assert lost.code in ("case-moved", "four-eyes", "not-your-level"), lost
                break

    @rule(days=st.integers(1, 9))
    def days_pass(self, days: int) -> None:
        self.bureau.later(days)

    # --- what must hold, from the rows alone ------------------------------------------------------------------

    @invariant()
    def every_case_is_as_the_law_has_it(self) -> None:
        with self.bureau.reads() as read:
            for case in self.mine:
                rows = read.connection.execute(
                    select(tables.case_step)
                    .where(tables.case_step.c.case_id == case)
                    .order_by(tables.case_step.c.number)
                ).all()
                one = read.connection.execute(
                    select(tables.relief_case).where(tables.relief_case.c.case_id == case)
                ).one()
                assert_in_order(rows)
                assert_other_eyes(rows)
                assert_decided_after_what_comes_before(rows, one.policy, self._is_child(one.person_id))
            awards = read.connection.execute(select(tables.award.c.basis)).scalars().all()
            for case in self.mine:
                rows = read.connection.execute(
                    select(tables.case_step.c.action).where(tables.case_step.c.case_id == case)
                ).scalars()
                assert awards.count(f"case:{case}") == list(rows).count("confirm")

    @invariant()
    def no_child_is_public_and_nothing_for_long(self) -> None:
        with self.bureau.reads() as read:
            day = self.bureau.today
            shown = public_on(read, self.bureau.book, ["sample_county"], day)
            people = read.connection.execute(
                select(tables.publicity.c.person_id, tables.publicity.c.policy)
            ).all()
        assert not [
            one for one in people if self._is_child(one.person_id) or one.policy == "orphan_allowance"
        ]
        assert all(one.first_day <= day <= one.last_day <= one.first_day + timedelta(days=7) for one in shown)

    def _is_child(self, person: str | None) -> bool:
        """The girl of nine, of households like `case_04`."""
        return person is not None and person in self.girls


def assert_in_order(rows: Sequence[Any]) -> None:
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    assert rows[0].before == ""
    assert all(one.after == two.before for one, two in pairwise(rows))


def assert_other_eyes(rows: Sequence[Any]) -> None:
    tiers = {
        person: {_tier(row) for row in rows if row.person == person} - {None}
        for person in {r.person for r in rows}
    }
    assert all(len(found) <= 1 for found in tiers.values()), tiers
    decided = [row for row in rows if row.action in ("confirm", "refuse")]
    for row in decided:
        assert not [
            one
            for one in rows
            if one.number < row.number and one.person == row.person and _tier(one) not in (None, "approval")
        ]


def _tier(row: Any) -> str | None:
    return next((tier for tier, actions in TIERS.items() if row.action in actions), None)


def assert_decided_after_what_comes_before(rows: Sequence[Any], policy: str, child: bool) -> None:
    for row in rows:
        if row.action not in ("confirm", "refuse"):
            continue
        before = [one for one in rows if one.number < row.number]
        done = [one.action for one in before]
        assert {"apply", "accept", "investigate"} <= set(done)
        if row.action == "confirm":
            assert row.outcome == "eligible"
            reset = max(
                (one.number for one in before if one.action == "send_back" or one.outcome == "upheld"),
                default=0,
            )
            since = [one for one in before if one.number > reset]
            investigated = [one for one in since if one.action == "investigate"]
            assert investigated and investigated[-1].outcome == "grant"
            rounds = [one for one in since if one.action == "publicise"]
            if policy in PUBLIC and not child:
                assert rounds and rounds[-1].until is not None
                assert rounds[-1].until == rounds[-1].recorded_on + timedelta(days=7) < row.recorded_on
            assert done.count("object") == done.count("settle")
        later = [one.action for one in rows if one.number > row.number]
        assert set(later) <= {"notify", "remark"}


def test_no_way_leads_past_the_law(database: Database) -> None:
    class Here(Casework):
        pass

    Here.database, Here.taken = database, Counter()
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=150 if SOAK else 4,
            stateful_step_count=60 if SOAK else 30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert {"accept", "investigate", "publicise", "confirm", "at once"} <= Here.taken.keys(), Here.taken
