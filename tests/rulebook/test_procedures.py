"""How cases are handled under the shipped rulebook: what each law says of steps, days and levels."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.rulebook import load_rulebook
from engine.rulebook.handling import Handling, handling, level_above
from engine.rulebook.procedures import GRANT, STOP

BOOK = load_rulebook(Path(__file__).parents[2] / "policies")


def of(policy: str, on: int, known: int = 20261231) -> Handling:
    found = handling(BOOK, policy, on, known)
    assert found is not None
    return found


def test_mf220_has_two_investigators_a_meeting_and_two_rounds() -> None:
    found = of("dibao", 20190304)
    assert (found.investigate.persons, found.investigate.days) == (2, 10)
    assert found.village_review is not None and found.village_review.held == "always"
    assert [(one.by, one.days) for one in found.rounds(GRANT)] == [("township", 7), ("county", 7)]
    assert found.limit is None and found.hearing is None


def test_mf57_has_one_round_and_a_meeting_only_when_somebody_objects() -> None:
    found = of("dibao", 20250304)
    assert found.village_review is not None and found.village_review.held == "if_objection"
    assert [(one.by, one.days) for one in found.rounds(GRANT)] == [("township", 7)]
    assert found.limit is not None and (found.limit.days, found.limit.at_most) == (30, 45)
    assert (found.investigate.start_days, found.decide.days) == (3, 10)
    assert found.notify is not None and (found.notify.days, found.notify.refusals) == (3, True)


@pytest.mark.parametrize("policy", ["dibao", "tekun", "temporary_relief", "medical_aid"])
def test_from_july_2026_people_are_heard_before_anything_is_cut(policy: str) -> None:
    assert of(policy, 20260630).hearing is None
    hearing = of(policy, 20260701).hearing
    assert hearing is not None and (hearing.before, hearing.cite) == (("reduce", "stop"), "LAW art 48")
    assert of(policy, 20260701, known=20260429).hearing is None  # before the law was made


def test_tekun_is_made_public_before_it_ends_as_well() -> None:
    found = of("tekun", 20250304)
    assert [one.id for one in found.rounds(GRANT)] == ["first-opinion"]
    assert [(one.id, one.cite) for one in found.rounds(STOP)] == [("before-the-end", "MF43 art 26")]


def test_children_are_not_made_public() -> None:
    for policy in ("defacto_child", "orphan_allowance"):
        found = of(policy, 20250304)
        assert found.publicity is not None and found.publicity.none and not found.rounds(GRANT)
    assert BOOK.children is not None and (BOOK.children.born, BOOK.children.under) == ("birth_date", 18)


def test_where_no_file_speaks_the_policy_does() -> None:
    found = of("elderly_80", 20250304)
    assert (found.procedure, found.accept.by, found.decide.by) == ("", "township", "county")
    school = of("edu_senior", 20250304)
    assert [(one.by, one.days) for one in school.rounds(GRANT)] == [("county", 5)]
    none = of("child_in_difficulty", 20250304)
    assert none.publicity is not None and none.rounds(GRANT) == ()


def test_who_decides_has_to_be_said() -> None:
    assert handling(BOOK, "edu_university", 20250304, 20250304) is None
    assert handling(BOOK, "dibao", 20100101, 20261231) is None  # not in force yet


def test_a_policy_that_has_ended_brings_its_cases_to_an_end() -> None:
    versions = BOOK.policies["disaster_relief"].versions
    assert of("disaster_relief", versions[-1].dated.start + 10_000).decide.by == "county"


def test_the_level_above() -> None:
    assert [level_above(BOOK, one) for one in ("village", "township", "county", "country")] == [
        "township",
        "county",
        "prefecture",
        "country",
    ]
