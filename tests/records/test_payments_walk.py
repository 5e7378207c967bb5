"""Whatever an office does in whatever order: nothing is paid without an award, twice, or by whoever built it."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, text
from sqlalchemy.engine import URL

from records import tables
from records.database import Database, connect
from records.granted import Granted
from records.keys import Keys
from records.payments import batches
from records.refused import Refused
from records.verify import verify
from tests.records.casework import county
from tests.records.conftest import TEMPLATE, administering
from tests.records.payoffice import DIBAO, PayOffice, bank_says
from tests.support.at_once import at_once, won

SOAK = bool(os.environ.get("RELIEF_SOAK"))
HOUSEHOLDS = 3
AID = "medical_aid"  # given once, to a person; two cases may give it in one month
MONTHS = ("2026-09", "2026-10", "2026-11", "2026-12")
PEOPLE = tuple(county(name, department="") for name in ("bo", "ru", "san", "vier"))  # of all departments
OUTSIDERS = (county("lu", department=""), county("ma", department=""))  # who have approved nothing here
_EXPECTED = {
    "no-awards", "four-eyes", "nothing-to-pay", "not-now", "changed-since", "paid-already", "moved", "no-batch",
}  # fmt: skip
_names = count()


class Place:
    """Where the databases of a walk are made: three households with an award, an account and a payee, copied each time."""

    def __init__(self, request: pytest.FixtureRequest, tmp_path: Path, keys: Keys, kind: str) -> None:
        self.tmp_path, self.keys, self.kind = tmp_path, keys, kind
        self.server: URL | None = None
        if kind == "postgresql":
            self.server = request.getfixturevalue("postgresql")
            self.template = f"walk_{next(_names)}"
            self._administer(f"CREATE DATABASE {self.template} TEMPLATE {TEMPLATE}")
        else:
            self.template = f"walk_{next(_names)}.db"
            shutil.copy(request.getfixturevalue("sqlite"), tmp_path / self.template)
        office = PayOffice(self._connected(self.template), "2026-01-05")
        for number in range(HOUSEHOLDS):
            office.simple(number)
            office.payee(f"h{number}", f"q{number}", f"q{number}", day="2026-01-05")
        office.database.engine.dispose()

    def _administer(self, statement: str) -> None:
        assert self.server is not None
        with administering(self.server) as connection:
            connection.execute(text(statement))

    def _connected(self, name: str) -> Database:
        if self.server is None:
            return connect(f"sqlite:///{self.tmp_path / name}", self.keys)
        return connect(self.server.set(database=name).render_as_string(hide_password=False), self.keys)

    def opened(self) -> Database:
        name = f"{self.template.removesuffix('.db')}_{next(_names)}"
        if self.server is None:
            shutil.copy(self.tmp_path / self.template, self.tmp_path / name)
        else:
            self._administer(f"CREATE DATABASE {name} TEMPLATE {self.template}")
        return self._connected(name)

    def closed(self, database: Database) -> None:
        database.engine.dispose()
        if self.server is not None:
            self._administer(f"DROP DATABASE {database.engine.url.database} WITH (FORCE)")


class Walk(RuleBasedStateMachine):
    place: ClassVar[Place]
    won: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.office = PayOffice(self.place.opened(), "2026-12-02")
        self.batches: list[int] = []
        self.number = 0
        self.aided = 0

    def teardown(self) -> None:
        with self.office.reads() as read:
            assert verify(read.connection, self.place.keys.signing.public_key()) is None
        self.place.closed(self.office.database)

    def tries(self, what: Any, *args: Any, **more: Any) -> Any:
        try:
            return what(*args, **more)
        except Refused as refused:
            assert refused.code in _EXPECTED, refused
            return None

    @rule(month=st.sampled_from(MONTHS), who=st.sampled_from(PEOPLE))
    def build(self, month: str, who: Any) -> None:
        made = self.tries(self.office.builds, month, DIBAO, AID, viewer=who)
        if made is not None:
            self.batches.append(made)

    @precondition(lambda self: self.batches)
    @rule(data=st.data(), who=st.sampled_from(PEOPLE))
    def release(self, data: Any, who: Any) -> None:
        self.tries(self.office.releases, data.draw(st.sampled_from(self.batches)), who)

    @precondition(lambda self: self.batches)
    @rule(data=st.data(), who=st.sampled_from(PEOPLE))
    def cancel(self, data: Any, who: Any) -> None:
        batch = data.draw(st.sampled_from(self.batches))

        def cancelled() -> None:
            with self.office.writes(who) as write:
                batches.cancel(write, who, self.office.seen(write, batch), "取消")

        self.tries(cancelled)

    @precondition(lambda self: self.batches)
    @rule(data=st.data())
    def export(self, data: Any) -> None:
        self.tries(self.office.exports, data.draw(st.sampled_from(self.batches)))

    @precondition(lambda self: self.batches)
    @rule(data=st.data())
    def bank(self, data: Any) -> None:
        """The bank answers some of it, some wrongly, some twice."""
        batch = data.draw(st.sampled_from(self.batches))
        known = [*self.office.references(batch), "unknown"]
        said = st.tuples(st.sampled_from(known), st.sampled_from(("成功", "退回", "?")))
        rows = [(one, outcome, "", "2026-12-03") for one, outcome in data.draw(st.lists(said, max_size=5))]
        taken = self.tries(self.office.takes, batch, bank_says(rows))
        for outcome in ("paid", "returned") if taken is not None else ():
            event(f"{outcome}: {min(taken.counts.get(outcome, 0), 1)}")

    # --- two connections at the same time -------------------------------------------------------------------

    def both(self, what: str, *clicks: Callable[[], Any]) -> list[Any]:
        """What both came to, one after the other or one of them refused."""
        found = at_once(clicks)
        assert all(not isinstance(one, Refused) or one.code in _EXPECTED for one in found), found
        self.won[what] += len(won(found))
        return found

    @precondition(lambda self: self.batches)
    @rule(data=st.data(), who=st.sampled_from(PEOPLE))
    def two_release_at_once(self, data: Any, who: Any) -> None:
        """One batch by one person who clicks twice, or two batches that may hold the same months: one wins each."""
        one, other = (data.draw(st.sampled_from(self.batches)) for _ in range(2))
        found = self.both(
            "release", partial(self.office.releases, one, who), partial(self.office.releases, other, who)
        )
        assert len(won(found)) <= len({one, other})

    @rule(month=st.sampled_from(MONTHS), who=st.sampled_from(PEOPLE))
    def build_and_release_at_once(self, month: str, who: Any) -> None:
        """A batch that nobody has released yet, by two people at the same time: exactly one of them releases it."""
        made = self.tries(self.office.builds, month, DIBAO, AID, viewer=who)
        if made is None:
            return
        self.batches.append(made)
        pays = self.office.lines(made, verdict="pay")
        found = self.both("fresh", *(partial(self.office.releases, made, one) for one in OUTSIDERS))
        assert len(won(found)) == (1 if pays else 0), found

    @precondition(lambda self: self.batches)
    @rule(data=st.data())
    def bank_answers_at_once(self, data: Any) -> None:
        """The same file by two people at the same time is read once."""
        batch = data.draw(st.sampled_from(self.batches))
        content = self.office.answer(batch)
        found = won(self.both("bank", *(partial(self.office.takes, batch, content) for _ in range(2))))
        assert sum(not one.again for one in found) <= 1, found

    @rule(household=st.integers(0, HOUSEHOLDS - 1))
    def new_account(self, household: int) -> None:
        self.number += 1
        self.office.account(f"q{household}", f"62299{self.number:010}")

    @rule(household=st.integers(0, HOUSEHOLDS - 1), month=st.integers(10, 12), case=st.integers(1, 3))
    def aid_once(self, household: int, month: int, case: int) -> None:
        """A case gives something once, beside another that did or in its own place with another amount."""
        self.aided += 1
        day, amount = date(2026, month, 1 + case // 3), f"{1000 + self.aided}.00"
        given = Granted(AID, day, "case", f"q{household}", None, amount, "once", f"case:M{case}")
        self.office.grants(f"h{household}", given)

    @rule(household=st.integers(0, HOUSEHOLDS - 1), by=st.sampled_from(PEOPLE), eyes=st.sampled_from(PEOPLE))
    def payee(self, household: int, by: Any, eyes: Any) -> None:
        person = f"q{household}"
        self.tries(self.office.payee, f"h{household}", "", person, by=by, approved_by=eyes)

    @rule(household=st.integers(0, HOUSEHOLDS - 1), month=st.integers(8, 12))
    def end_award(self, household: int, month: int) -> None:
        last = date(2026, month, 28)
        ended = Granted(DIBAO, date(2026, 1, 1), "case", valid_to=last, amount="500.00", period="month")
        self.office.grants(f"h{household}", ended)

    @rule(household=st.integers(0, HOUSEHOLDS - 1), amount=st.sampled_from(("540.00", "600.00")))
    def raise_award(self, household: int, amount: str) -> None:
        """A case grants more for the same time: the months that were paid are owed the difference."""
        raised = Granted(DIBAO, date(2026, 1, 1), "case", amount=amount, period="month", basis="case:C1")
        self.office.grants(f"h{household}", raised)

    # --- what holds whatever happened ----------------------------------------------------------------------

    @invariant()
    def nothing_is_paid_twice(self) -> None:
        paid, back = self._payments()
        most = self._most_granted()
        left: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
        for each in paid:
            if each.seq not in back and each.policy == DIBAO:
                left[each.household_id, each.policy, each.month] += Decimal(each.amount)
        assert all(sum_ <= most[key[0]] for key, sum_ in left.items()), left
        with self.office.reads() as read:
            one, result = tables.instruction, tables.instruction_result
            returned = select(result.c.instruction).where(result.c.outcome == "returned")
            unreturned = select(one).where(one.c.seq.not_in(returned), one.c.policy == DIBAO)
            open_now = read.connection.execute(unreturned).all()
        told: dict[tuple[str, str, str, str], Decimal] = defaultdict(Decimal)
        for each in open_now:
            told[each.household_id, each.subject, each.policy, each.month] += Decimal(each.amount)
        assert all(sum_ <= most[key[0]] for key, sum_ in told.items()), told

    @invariant()
    def what_a_case_gives_once_is_paid_once(self) -> None:
        """Whatever the rows of an award are called that a case gives from a day on."""
        paid, back = self._payments()
        with self.office.reads() as read:
            one, line, result = tables.instruction, tables.pay_line, tables.instruction_result
            returned = select(result.c.instruction).where(result.c.outcome == "returned")
            query = (
                select(line.c.award)
                .join(one, (one.c.batch == line.c.batch) & (one.c.line == line.c.number))
                .where(one.c.policy == AID, one.c.seq.not_in(returned))
            )
            told = list(read.connection.execute(query).scalars())
            aid = select(tables.award).where(tables.award.c.policy == AID)
            which = {
                row.seq: (row.household_id, row.valid_from, row.basis) for row in read.connection.execute(aid)
            }
        left = [each.award for each in paid if each.policy == AID and each.seq not in back]
        for awards in (left, told):
            often = Counter(which[award] for award in awards)
            assert all(count == 1 for count in often.values()), often
        here = Counter((which[award][0], which[award][1].month) for award in told)
        event(f"given once in a month: {max(here.values(), default=0)}")
        self.won["beside"] += max(here.values(), default=0) > 1

    @invariant()
    def nothing_is_paid_without_an_award(self) -> None:
        paid, _ = self._payments()
        with self.office.reads() as read:
            lines = read.connection.execute(select(tables.pay_line)).all()
            awards = {one.seq: one for one in read.connection.execute(select(tables.award))}
        allowed = {(one.household_id, one.month, one.award) for one in lines if one.verdict == "pay"}
        for one in paid:
            assert (one.household_id, one.month, one.award) in allowed
            award = awards[one.award]
            assert Decimal(one.amount) <= Decimal(award.amount)
            assert award.valid_to is None or one.month <= f"{award.valid_to:%Y-%m}"

    @invariant()
    def nobody_releases_his_own(self) -> None:
        with self.office.reads() as read:
            for batch in self.batches:
                built, *rest = batches.steps(read, batch)
                release = next((one for one in rest if one.state == "released"), None)
                if release is None:
                    assert self.office.references(batch) == []
                    continue
                payees_ = {one.pay_to for one in self.office.lines(batch) if one.verdict == "pay"}
                approval = tables.pay_to_approval.c
                eyes = read.connection.execute(select(approval.person).where(approval.pay_to.in_(payees_)))
                assert release.person not in {built.person, *eyes.scalars()}

    @invariant()
    def no_line_is_lost(self) -> None:
        for batch in self.batches:
            lines = self.office.lines(batch)
            assert all((row.verdict == "pay") == (json.loads(row.reasons) == []) for row in lines)
            with self.office.reads() as read:
                told = batches.sums(read, batches.lines(batch))
                assert self.office.seen(read, batch).lines == len(lines) == told.pays + told.blocked

    def _most_granted(self) -> dict[str, Decimal]:
        """By household the highest amount that was ever granted: no month brings more than that, in however many parts."""
        found: dict[str, Decimal] = {}
        with self.office.reads() as read:
            for row in read.connection.execute(select(tables.award).where(tables.award.c.policy == DIBAO)):
                found[row.household_id] = max(found.get(row.household_id, Decimal(0)), Decimal(row.amount))
        return found

    def _payments(self) -> tuple[list[Any], set[int]]:
        with self.office.reads() as read:
            rows = read.connection.execute(select(tables.payment)).all()
        return [one for one in rows if one.state == "paid"], {
            one.takes_back for one in rows if one.takes_back
        }


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_nothing_leads_to_a_payment_that_nobody_may_make(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, keys: Keys
) -> None:
    class Here(Walk):
        pass

    Here.place, Here.won = Place(request, tmp_path, keys, kind), Counter()
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=100 if SOAK else 4,
            stateful_step_count=40 if SOAK else 12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert Here.won["fresh"] > 0, Here.won
