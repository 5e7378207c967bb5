"""An office that is inspected: households that are paid, one of them after a death, and people who look into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from records.database import Database, Reading, Writing, reading, writing
from records.granted import Paid, pay
from records.households import claim_as_it_is
from records.inspections import drawing, ending, findings, looking, opening, pack, rectifying
from records.inspections import reading as inspections
from records.inspections.opening import Asked
from records.inspections.pack import Packed
from records.inspections.reading import Inspection
from records.inspections.words import Answer, State, Step
from records.rights import Right, Role, Viewer
from tests.records.casework import BOOK, county, worker
from tests.records.conftest import at
from tests.records.payoffice import AREA, PayOffice

LEAD, SECOND = county("lin"), county("sun")  # of the department
AUDIT = worker("shen", Role.AUDITOR)
TOWN = worker("tao", Role.TOWNSHIP_OFFICER)
TODAY = "2026-11-20"
DEATHS = Asked(
    "deaths", AREA, date(2026, 1, 1), date(2026, 10, 31), "群众举报", size=3, seed="2026-11-20 福彩 3 7 9"
)


@dataclass
class Inspectorate:
    database: Database
    day: str = TODAY

    @property
    def today(self) -> date:
        return date.fromisoformat(self.day)

    @contextmanager
    def writes(self, viewer: Viewer = LEAD) -> Iterator[Writing]:
        with writing(self.database, viewer.account, at(self.day)) as write:
            yield write

    @contextmanager
    def reads(self) -> Iterator[Reading]:
        with reading(self.database) as read:
            yield read

    def opens(self, asked: Asked = DEATHS, viewer: Viewer = LEAD) -> int:
        with self.writes(viewer) as write:
            return opening.open_inspection(write, BOOK, viewer, asked)

    def one(self, number: int, viewer: Viewer = LEAD) -> Inspection:
        with self.reads() as read:
            return inspections.seen(read, viewer, Right.READ_INSPECTIONS, BOOK, number)

    def draws(self, number: int, viewer: Viewer = LEAD) -> list[str]:
        with self.writes(viewer) as write:
            drawing.draw(write, BOOK, viewer, self.one(number, viewer))
        return self.sample(number)

    def sample(self, number: int) -> list[str]:
        with self.reads() as read:
            return [row.item for row in read.connection.execute(inspections.sample(number))]

    def runs(self, number: int, viewer: Viewer = LEAD) -> dict[str, int]:
        one = self.one(number, viewer)
        looked = looking.look(self.database, BOOK, one, self.today)
        with self.writes(viewer) as write:
            return dict(looking.keep(write, viewer, one, looked))

    def found(self, number: int, answer: str = "") -> list[Any]:
        with self.reads() as read:
            return list(read.connection.execute(findings.of_inspection(number, answer)).all())

    def writes_down(self, number: int, household: str, viewer: Viewer = LEAD, **more: Any) -> int:
        told = {"about": "人户分离", "text": "入户时无人居住，邻居称已外出两年"} | more
        with self.writes(viewer) as write:
            return findings.write_down(write, BOOK, viewer, self.one(number, viewer), household, **told)

    def answers(
        self,
        finding: int,
        answer: Answer = Answer.CONFIRMED,
        viewer: Viewer = LEAD,
        reason: str = "与火化记录一致",
    ) -> None:
        with self.writes(viewer) as write:
            findings.answer(write, viewer, finding, answer, reason)

    def orders(self, finding: int, viewer: Viewer = LEAD, due: date = date(2026, 12, 10), **more: str) -> int:
        told = {"area": "sample_hedong", "department": "", "task": "停发并办理追回"} | more
        with self.writes(viewer) as write:
            return rectifying.order(
                write, BOOK, viewer, finding, told["area"], told["department"], told["task"], due
            )

    def steps(self, number: int, state: Step, viewer: Viewer, text: str = "已停发，已通知退回") -> None:
        with self.writes(viewer) as write:
            rectifying.step(write, viewer, number, state, text)

    def ends(
        self,
        number: int,
        kind: State = State.CLOSED,
        viewer: Viewer = LEAD,
        report: str = "抽查完毕，问题已整改",
    ) -> None:
        with self.writes(viewer) as write:
            ending.end(write, viewer, self.one(number), kind, report)

    def packs(self, number: int, place: Path, viewer: Viewer = AUDIT) -> Packed:
        with self.writes(viewer) as write:
            one = inspections.seen(write, viewer, Right.PACK_INSPECTIONS, BOOK, number)
            head = pack.sign_head(write, one)
        with self.reads() as read:
            made = pack.write_pack(read, viewer, one, head, self.today, place)
        with self.writes(viewer) as write:
            pack.note(write, one, made)
        return made

    def walked(self) -> int:
        """An inspection from its opening to its end, with one finding put right."""
        number = self.opens()
        self.draws(number)
        self.runs(number)
        for row in self.found(number):
            self.answers(row.seq)
            ordered = self.orders(row.seq)
            self.steps(ordered, Step.DONE, TOWN)
            self.steps(ordered, Step.VERIFIED, LEAD, "已查看停发记录和退款凭证")
        self.ends(number)
        return number


def paid_after_a_death(database: Database, households: int = 3) -> Inspectorate:
    """Households h1, h2, … that are paid; of h2 the only member died in August and was paid in September."""
    office = PayOffice(database)
    for number in range(1, households + 1):
        office.simple(number)
    office.happened("h2", "death", "2026-08-05", "q2")
    for household in ("h1", "h2"):
        with office.writes(day="2026-09-10") as write:
            claim_as_it_is(write, household)
            pay(
                write,
                household,
                [Paid("dibao", "2026-09", "500.00", "civil_affairs", paid_on=date(2026, 9, 10))],
            )
    return Inspectorate(database)
