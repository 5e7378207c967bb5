"""A conflict that was published is corrected, changed from a day on, or ended, by a file beside it; what was decided stays."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine.decision import Decision, decide
from engine.decision.explain import as_text, explain
from engine.language.problems import Problems
from engine.rulebook import Rulebook, load_rulebook
from engine.rulebook.lock import content_of, write_lock
from records.rulebook_changes import changed

VELLANA = Path(__file__).parents[1] / "rulebooks" / "vellana"
NAME = "orphan_excludes_sea"
# as the law says it since 2020, then as a notice of April 2023 puts it right, then as a law lets both stand from 2024 on
CORRECTED = """\
# yaml-language-server: $schema=../../../../schemas/conflict.schema.json
conflict: orphan_excludes_sea
title: {fr: Le secours en mer exclut la pension d'orphelin, en: Sea relief excludes an orphan's pension}
effective: {from: 2020-01-01}
published: 2023-04-01
between: [orphan_pay, sea_relief]
same: person
stage: exclusive
keep: sea_relief
when: age < 16
cite: SEA3 art 5
"""
LATER = CORRECTED.replace("from: 2020-01-01", "from: 2024-01-01").replace("2023-04-01", "2023-11-01")
LATER = LATER.replace("stage: exclusive\nkeep: sea_relief\nwhen: age < 16", "stage: compatible")


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """Everything published, as it stands."""
    place = Path(shutil.copytree(VELLANA, tmp_path / "vellana"))
    write_lock(place, content_of(load_rulebook(place).sources))
    return place


def beside(rules: Path, ending: str, text: str) -> Rulebook:
    (rules / "conflicts" / f"{NAME}.{ending}.yaml").write_text(text, "utf-8")
    return load_rulebook(rules)


def orphan() -> dict[str, Any]:
    someone = {
        "person_id": "p1",
        "role": "head",
        "birth_date": "2009-01-01",
        "care_level": "none",
        "at_sea": True,
        "studies": False,
        "both_parents_dead": True,
        "earnings": [{"kind": "catch", "amount": 20, "yearly": False}],
    }
    facts = {"zone": "coast", "land": 0, "savings": 0, "rent": 0, "heated": False, "boats": []}
    facts |= {"resettled_on": "2015-01-01", "help_choice": "rent_help", "visit_refused": False}
    return {"household_id": "h", "area": "hautmont", "statuses": [], "people": [someone], **facts}


def dropped(decision: Decision) -> set[str]:
    return {one.policy for one in decision.conflicts if one.rule == NAME and one.effect == "dropped"}


def test_a_correction_counts_once_it_is_known(rules: Path) -> None:
    book = beside(rules, "r2", CORRECTED)
    on = date(2023, 5, 10)
    before, after = (
        decide(book, orphan(), on=on, known=date(2023, month, day)) for month, day in ((3, 31), (4, 1))
    )
    assert (dropped(before), dropped(after)) == ({"sea_relief"}, {"orphan_pay"})
    told = [as_text(explain(book, one, "caseworker", "en")) for one in (before, after)]
    assert "An orphan's pension excludes sea relief" in told[0]
    assert "Sea relief excludes an orphan's pension" in told[1]


def test_a_later_version_takes_over_from_its_day(rules: Path) -> None:
    beside(rules, "r2", CORRECTED)
    book = beside(rules, "r3", LATER)
    known = date(2024, 6, 1)
    at = {on: decide(book, orphan(), on=on, known=known) for on in (date(2023, 12, 31), date(2024, 1, 1))}
    assert [dropped(one) for one in at.values()] == [{"orphan_pay"}, set()]


@pytest.mark.parametrize("start", ["2020-01-01", "2023-06-01"], ids=["a correction", "a later version"])
def test_what_ends_stays_ended(rules: Path, start: str) -> None:
    """The first version has no end of its own, and does not come back when the one after it has ended."""
    until = CORRECTED.replace("{from: 2020-01-01}", f"{{from: {start}, until: 2023-12-31}}")
    book = beside(rules, "r2", until)
    known = date(2024, 6, 1)
    at = [decide(book, orphan(), on=on, known=known) for on in (date(2023, 12, 31), date(2024, 1, 1))]
    assert [dropped(one) for one in at] == [{"orphan_pay"}, set()]


def test_a_decision_of_before_is_made_again_as_it_was(rules: Path) -> None:
    on, known = date(2023, 5, 10), date(2023, 3, 31)
    first = decide(load_rulebook(rules), orphan(), on=on, known=known)
    again = decide(beside(rules, "r2", CORRECTED), orphan(), on=on, known=known)
    assert again.conflicts == first.conflicts and again.would_be_due == first.would_be_due


def test_whom_a_corrected_conflict_touches_is_told_before_it_is_published(rules: Path) -> None:
    before = load_rulebook(rules)
    found = changed(before, beside(rules, "r2", CORRECTED))
    assert found.added == (f"conflicts/{NAME}.r2.yaml",) and {"orphan_pay", "sea_relief"} <= set(
        found.policies
    )


@pytest.mark.parametrize(
    ("ending", "text", "code"),
    [
        ("r2", CORRECTED.replace("published: 2023-04-01\n", ""), "overlapping-versions"),
        ("r1", CORRECTED, "name-and-place"),
        ("r2", CORRECTED.replace("conflict: orphan_excludes_sea", "conflict: sea_first"), "name-and-place"),
    ],
    ids=["not published later", "no such ending", "another name"],
)
def test_what_is_wrong_with_it_is_told(rules: Path, ending: str, text: str, code: str) -> None:
    with pytest.raises(Problems) as refused:
        beside(rules, ending, text)
    assert [one.code for one in refused.value.problems] == [code]


def test_whoever_edits_what_was_published_is_told_how_to_correct_it(rules: Path) -> None:
    file = rules / "conflicts" / f"{NAME}.yaml"
    file.write_text(file.read_text("utf-8").replace("keep: orphan_pay", "keep: sea_relief"), "utf-8")
    with pytest.raises(Problems) as refused:
        load_rulebook(rules)
    [problem] = refused.value.problems
    assert problem.code == "published-changed"
    assert problem.hint == f"undo the change; a correction is a new file, {NAME}.r2.yaml"
