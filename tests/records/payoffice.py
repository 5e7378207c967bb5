"""An office that pays: households with awards and accounts, somebody who builds, somebody who releases, a bank."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from engine.rulebook import Rulebook
from records import granted, households, people, tables
from records.database import Database, Reading, Writing, reading, writing
from records.granted import Granted, Happened
from records.payments import batches, payees, releasing, results
from records.payments.bank_files import Exported, Format, Payer, export
from records.payments.payees import Relation
from records.payments.releasing import Released
from records.people import Identity
from records.rights import Right, Viewer
from tests.records.casework import BOOK, county
from tests.records.conftest import Clerk, at

BUILDER, RELEASER, THIRD = county("bo"), county("ru"), county("san")
PAYER = Payer("某县民政局", "62220000999", "102100099996", date(2026, 11, 10))
AREA = "sample_county"
DIBAO, OLD = "dibao", "elderly_80"
PURPOSE = "月度发放"


@dataclass
class PayOffice:
    """`day`: what day it is."""

    database: Database
    day: str = "2026-11-02"
    book: Rulebook = BOOK

    @contextmanager
    def writes(self, viewer: Viewer = BUILDER, day: str = "") -> Iterator[Writing]:
        with writing(self.database, viewer.account, at(day or self.day)) as write:
            yield write

    @contextmanager
    def reads(self) -> Iterator[Reading]:
        with reading(self.database) as read:
            yield read

    # --- before --------------------------------------------------------------------------------------------

    def couple(self, day: str = "2025-04-10", dibao: str = "972.00", old: str = "100.00") -> str:
        """Worked case 6: a man of 84 and his wife; 972 for the household, 100 for him, both to his account."""
        household = Clerk(self.database).writes_down("case_06", day)
        self.grants(household, Granted(DIBAO, date(2025, 4, 1), "case", amount=dibao, period="month"), day)
        old_one = Granted(OLD, date(2024, 10, 1), "case", "p1", amount=old, period="month")
        self.grants(household, old_one, day)
        self.account("p1", "6222000011112222", day)
        self.payee(household, "", "p1", day=day)
        self.payee(household, "p1", "p1", day=day)
        return household

    def simple(self, number: int, amount: str = "500.00", policy: str = DIBAO) -> str:
        """A household of one, with an award, a status and an account."""
        household, person = f"h{number}", f"q{number}"
        day = "2026-01-05"
        with self.writes(day=day) as write:
            households.register(write, household, AREA, None)
            people.register_person(write, Identity(f"户主{number}", account=f"62280000{number:08}"), person)
            households.join(write, household, person, date(2020, 1, 1))
            held = households.Held(policy, date(2026, 1, 1), "case", "")
            households.hold(write, household, [held])
            granted.grant(
                write,
                household,
                [Granted(policy, date(2026, 1, 1), "case", amount=amount, period="month")],
            )
        self.payee(household, "", person, day=day)
        return household

    def grants(self, household: str, one: Granted, day: str = "") -> None:
        with self.writes(day=day) as write:
            households.claim_as_it_is(write, household)
            granted.grant(write, household, [one])

    def account(self, person: str, number: str, day: str = "") -> None:
        with self.writes(day=day) as write:
            people.identify(write, person, Identity(account=number))

    def payee(
        self,
        household: str,
        person: str,
        holder: str,
        relation: Relation = Relation.SELF,
        by: Viewer = BUILDER,
        approved_by: Viewer | None = THIRD,
        day: str = "",
    ) -> int:
        with self.writes(by, day) as write:
            number = payees.enter(write, by, household, person, holder, relation, "本人申请")
        if approved_by is not None:
            with self.writes(approved_by, day) as write:
                payees.approve(write, approved_by, number)
        return number

    def happened(self, household: str, kind: str, day: str, person: str) -> None:
        with self.writes() as write:
            households.claim_as_it_is(write, household)
            event = Happened(kind, date.fromisoformat(day), "civil_affairs", person)
            granted.happened(write, household, [event])

    # --- a month -------------------------------------------------------------------------------------------

    def builds(self, month: str, *policies: str, viewer: Viewer = BUILDER, **more: Any) -> int:
        with self.writes(viewer) as write:
            return batches.build(write, self.book, viewer, month, AREA, policies or (DIBAO, OLD), **more)

    def seen(self, read: Reading, batch: int) -> batches.Batch:
        return batches.seen(read, self.book, BUILDER, Right.READ_PAYMENTS, batch)

    def releases(self, batch: int, viewer: Viewer = RELEASER, reason: str = "") -> Released:
        with self.writes(viewer) as write:
            return releasing.release(write, self.book, viewer, self.seen(write, batch), reason)

    def exports(self, batch: int, form: Format = Format.PAIN, viewer: Viewer = RELEASER) -> Exported:
        with self.writes(viewer) as write:
            return export(write, self.book, viewer, self.seen(write, batch), form, PAYER, PURPOSE)

    def takes(self, batch: int, content: bytes) -> results.Taken:
        with self.writes(BUILDER) as write:
            return results.take(write, BUILDER, self.seen(write, batch), content)

    def pays(self, month: str, *policies: str, day: str = "") -> int:
        """A month from the awards to the bank's answer: everything is paid."""
        self.day = day or self.day
        batch = self.builds(month, *policies)
        self.releases(batch)
        self.exports(batch)
        taken = self.takes(batch, self.answer(batch))
        assert not taken.problems and not taken.missing
        return batch

    def lines(self, batch: int, **more: str) -> list[Any]:
        with self.reads() as read:
            return list(read.connection.execute(batches.lines(batch, **more)).all())

    def blocked(self, batch: int) -> dict[tuple[str, str], list[str]]:
        """By subject and policy why it is not paid."""
        import json

        return {
            (row.subject, row.policy): json.loads(row.reasons)
            for row in self.lines(batch)
            if row.verdict == "blocked"
        }

    def references(self, batch: int) -> list[str]:
        one = tables.instruction.c
        with self.reads() as read:
            rows = read.connection.execute(select(one.reference).where(one.batch == batch).order_by(one.line))
            return list(rows.scalars())

    def answer(self, batch: int, returned: Sequence[str] = (), without: Sequence[str] = ()) -> bytes:
        rows = [
            (one, "退回" if one in returned else "成功", "账户已销户" if one in returned else "", self.day)
            for one in self.references(batch)
            if one not in without
        ]
        return bank_says(rows)

    def payments(self, household: str) -> list[Any]:
        with self.reads() as read:
            found = select(tables.payment).where(tables.payment.c.household_id == household)
            return list(read.connection.execute(found.order_by(tables.payment.c.seq)).all())


def bank_says(rows: Sequence[Sequence[str]], header: str = "业务参考号,结果,原因,日期") -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return f"{header}\n{text.getvalue()}".encode()
