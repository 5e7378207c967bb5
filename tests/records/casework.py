"""An office with people at three levels, who take cases through their steps on days that a test says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from engine.decision import parse_json
from engine.rulebook import Rulebook, load_rulebook
from engine.rulebook.source import plain, read_yaml_file
from records import decisions, households
from records.cases import applying, flow, store
from records.cases.applying import Applied
from records.cases.finding import found_in
from records.cases.flow import Case, Position, Step
from records.cases.steps import Told, take
from records.cases.words import Action
from records.database import Database, Reading, Writing, reading, writing
from records.households import Asserted
from records.intake import write_down
from records.people import Identity
from records.rights import Grant, Role, Viewer
from tests.records.conftest import Clerk, at

ROOT = Path(__file__).parents[2]
BOOK: Rulebook = load_rulebook(ROOT / "policies")
COUNTY = "sample_county"


def worker(name: str, role: Role, area: str = COUNTY, department: str = "", person: str = "") -> Viewer:
    return Viewer(name, person or name, (Grant(role, area, department),))


def county(name: str, department: str = "civil_affairs", area: str = COUNTY, person: str = "") -> Viewer:
    return worker(name, Role.DEPARTMENT_OFFICER, area, department, person)


VERA = worker("vera", Role.VILLAGE_WORKER)
WIN = worker("win", Role.TOWNSHIP_OFFICER)  # at the window
TAO = worker("tao", Role.TOWNSHIP_OFFICER)  # investigates
TIAN = worker("tian", Role.TOWNSHIP_OFFICER)
CAI = county("cai")  # decides
CHEN = county("chen")
PEI = county("pei", area="mudanjiang")  # of the prefecture
PAN = county("pan", area="mudanjiang")
AUDITOR = worker("shen", Role.AUDITOR)


@dataclass
class Bureau:
    """A record with an office around it. `day`: what day it is."""

    database: Database
    day: str = "2025-10-15"
    book: Rulebook = field(default=BOOK)

    @contextmanager
    def writes(self, viewer: Viewer, day: str = "") -> Iterator[Writing]:
        with writing(self.database, viewer.account, at(day or self.day)) as write:
            yield write

    @contextmanager
    def reads(self) -> Iterator[Reading]:
        with reading(self.database) as read:
            yield read

    @property
    def today(self) -> date:
        return date.fromisoformat(self.day)

    def later(self, days: int) -> None:
        self.day = (self.today + timedelta(days=days)).isoformat()

    def household(self, case: str = "case_01", day: str = "") -> str:
        household = Clerk(self.database).writes_down(case, day or self.day)
        self.tells(household, "statuses", [])  # what is written down is all that is held
        return household

    def another(self, case: str, name: str) -> str:
        """A household like one of `features/households`, of people of its own."""
        _, tree, _ = read_yaml_file(ROOT / "features" / "households" / f"{case}.yaml", case)
        assert tree is not None
        told: dict[str, Any] = plain(tree)
        told |= {"household_id": name, "statuses": []}
        for person in told["people"]:
            person["person_id"] = f"{name}-{person['person_id']}"
        names = {one["person_id"]: Identity(f"成员{one['person_id']}") for one in told["people"]}
        with self.writes(WIN) as write:
            write_down(write, self.book, told, date(2000, 1, 1), identities=names)
        return name

    def applies(
        self,
        household: str,
        *policies: str,
        viewer: Viewer = WIN,
        applicant: str = "",
        urgent: tuple[str, ...] = (),
    ) -> Applied:
        with self.writes(viewer) as write:
            return applying.apply(write, self.book, viewer, household, applicant, "window", policies, urgent)

    def case(self, household: str, policy: str, **more: Any) -> str:
        found = self.applies(household, policy, **more)
        return found.cases[0].case_id

    def takes(self, viewer: Viewer, case: str, action: str, seen: int | None = None, **told: Any) -> Step:
        with self.writes(viewer) as write:
            number = self.seen(write, case) if seen is None else seen
            return take(write, self.book, viewer, case, number, Action(action), Told(**told))

    def seen(self, read: Reading, case: str) -> int:
        return store.steps_of(read, [case])[case][-1].number

    def steps(self, case: str) -> list[Step]:
        with self.reads() as read:
            return store.steps_of(read, [case])[case]

    def at(self, case: str) -> Position:
        with self.reads() as read:
            one = self.row(read, case)
            return flow.position(store.handled(self.book, one, self.today), one, self.steps(case), self.today)

    def row(self, read: Reading, case: str) -> Case:
        from records import tables

        found = read.connection.execute(store.cases(tables.relief_case.c.case_id == case)).one()
        return store.case_of(found)

    def awaited(self, case: str) -> set[str]:
        return {one.action.value for one in self.at(case).due}

    def decision(self, household: str, viewer: Viewer = TIAN) -> str:
        """Decided and read, as an officer does before confirming."""
        with self.writes(viewer) as write:
            return decisions.decide_and_keep(write, self.book, household, write.day, write.day).decision_id

    def outcome(self, household: str, case: str) -> str:
        with self.writes(TIAN) as write:
            stored = decisions.decide_and_keep(write, self.book, household, write.day, write.day)
            return found_in(stored, self.row(write, case)).outcome

    def document(self, household: str) -> Any:
        with self.writes(TIAN) as write:
            stored = decisions.decide_and_keep(write, self.book, household, write.day, write.day)
        return parse_json(stored.content)

    def tells(self, household: str, fact: str, value: Any, person: str = "") -> None:
        with self.writes(TAO) as write:
            households.claim_as_it_is(write, household)
            households.tell(write, household, [Asserted(fact, value, "civil_affairs", person)])

    def until_public(self, case: str) -> None:
        """From the application to its publicity, as MF57 has it."""
        self.takes(WIN, case, "accept")
        self.takes(TAO, case, "investigate", text="入户核实，情况属实", outcome="grant")
        self.takes(TAO, case, "publicise")

    def confirmed(self, household: str, case: str, viewer: Viewer = CAI, **told: Any) -> Step:
        self.until_public(case)
        self.later(8)
        return self.takes(viewer, case, "confirm", decision_id=self.decision(household), **told)
