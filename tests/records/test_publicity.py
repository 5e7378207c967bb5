"""What is public: some days long, a masked name, how many, how much. Never a child, never more."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from records import households, tables
from records.cases.publicity import Notice, public_on
from records.database import Database, writing
from records.people import Identity, register_person
from tests.records.casework import CAI, TAO, VERA, WIN, Bureau
from tests.records.conftest import at
from tests.records.test_cases import refuses


@pytest.fixture
def bureau(database: Database) -> Bureau:
    return Bureau(database)


def notices(bureau: Bureau, day: str = "") -> list[Notice]:
    with bureau.reads() as read:
        return public_on(read, bureau.book, ["sample_county"], date.fromisoformat(day or bureau.day))


def test_a_notice_shows_a_masked_name_and_goes_by_itself(bureau: Bureau) -> None:
    household = bureau.household()
    case = bureau.case(household, "dibao", applicant="p2")
    bureau.until_public(case)
    (shown,) = notices(bureau)
    assert shown == Notice(
        "成***", 3, "dibao", "1132", "month", "sample_county", date(2025, 10, 15), date(2025, 10, 22)
    )
    assert notices(bureau, "2025-10-14") == []
    assert len(notices(bureau, "2025-10-22")) == 1
    assert notices(bureau, "2025-10-23") == []


def test_a_notice_has_room_for_nothing_else() -> None:
    """Whoever adds a field has to change this test, and the law first (MF57 art 24)."""
    assert [one.name for one in fields(Notice)] == [
        "name",
        "members",
        "policy",
        "amount",
        "period",
        "area",
        "first_day",
        "last_day",
    ]


@pytest.mark.parametrize(
    ("viewer", "action"), [(VERA, "withdraw"), (TAO, "send_back")], ids=["withdrawn", "sent back"]
)
def test_what_is_no_longer_meant_comes_down_at_once(bureau: Bureau, viewer: object, action: str) -> None:
    case = bureau.case(bureau.household(), "dibao")
    bureau.until_public(case)
    bureau.later(2)
    assert len(notices(bureau)) == 1
    bureau.takes(viewer, case, action, text="…")  # type: ignore[arg-type]
    assert notices(bureau) == []


def test_an_objection_that_is_upheld_takes_it_down(bureau: Bureau) -> None:
    case = bureau.case(bureau.household(), "dibao")
    bureau.until_public(case)
    bureau.takes(VERA, case, "object", who="村民", text="…")
    assert len(notices(bureau)) == 1
    bureau.takes(TAO, case, "settle", text="…", outcome="upheld")
    assert notices(bureau) == []


def test_a_procedure_without_publicity_shows_nobody(bureau: Bureau) -> None:
    """Orphans, as DEF62 has it for children whom nobody raises."""
    bureau.day = "2026-06-15"
    orphan = bureau.case(bureau.household("case_04"), "orphan_allowance")
    bureau.takes(WIN, orphan, "accept")
    bureau.takes(TAO, orphan, "investigate", text="…", outcome="grant")
    assert bureau.awaited(orphan) == {"confirm", "refuse"}
    assert notices(bureau) == []


def test_a_round_about_a_child_is_passed_over(bureau: Bureau) -> None:
    """MF43 knows seven days for everybody; a girl of nine is not put up all the same, and the step says so."""
    bureau.day = "2026-06-15"
    household = bureau.household("case_04")
    cases = bureau.applies(household, "tekun").cases
    case = next(one.case_id for one in cases if one.subject == "p3")
    bureau.takes(WIN, case, "accept")
    bureau.takes(TAO, case, "investigate", text="…", outcome="grant")
    assert bureau.awaited(case) == {"publicise"}
    step = bureau.takes(TAO, case, "publicise")
    assert (step.outcome, step.until) == ("waived", None)
    assert notices(bureau) == []
    assert bureau.awaited(case) == {"confirm", "refuse"}


def test_without_a_date_of_birth_nobody_is_shown(bureau: Bureau) -> None:
    with writing(bureau.database, "li", at(bureau.day)) as write:
        households.register(write, "h1", "sample_county")
        register_person(write, Identity("王小明"), "x1")
        households.join(write, "h1", "x1", date(2020, 1, 1))
    case = bureau.case("h1", "tekun")
    bureau.takes(WIN, case, "accept")
    bureau.takes(TAO, case, "investigate", text="…", outcome="grant")
    with refuses("age-unknown"):
        bureau.takes(TAO, case, "publicise")
    assert notices(bureau) == []
    bureau.tells("h1", "birth_date", (bureau.today - timedelta(days=20_000)).isoformat(), "x1")
    bureau.takes(TAO, case, "publicise")
    (shown,) = notices(bureau)
    assert (shown.name, shown.members, shown.amount) == ("王**", 1, None)


def test_a_family_is_never_called_by_a_child(bureau: Bureau) -> None:
    """The applicant is nine; a grown-up member's name stands for the family."""
    bureau.day = "2026-06-15"
    household = bureau.household("case_04")
    case = bureau.case(household, "dibao", applicant="p3")
    bureau.until_public(case)
    with bureau.reads() as read:
        shown = read.connection.execute(select(tables.publicity.c.person_id)).scalar_one()
    assert shown in ("p1", "p2")


def test_nothing_about_a_case_that_is_not_public(bureau: Bureau) -> None:
    case = bureau.case(bureau.household(), "dibao")
    bureau.takes(WIN, case, "accept")
    bureau.takes(TAO, case, "investigate", text="…", outcome="refuse")
    assert notices(bureau) == []
    with refuses("wrong-step"):
        bureau.takes(TAO, case, "publicise")
    with refuses("wrong-step"):
        bureau.takes(CAI, case, "object", who="x", text="…")
