"""The life of a rulebook in the record: who may take which step, what is in force, what starting refuses."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError, IntegrityError

from engine.decision import parse_json
from engine.language.problems import Problems
from engine.rulebook import Rulebook
from records import decisions, publishing, rulebooks, tables
from records.database import Database, reading, writing
from records.decisions import Replayed
from records.publishing import CHECKED, DRAFT, PUBLISHED, SUPERSEDED, WITHDRAWN, Draft
from records.refused import Refused
from records.rulebook_changes import changed
from records.rulebook_files import fingerprint_of, from_directory
from records.starting import Drift, rulebook_in_force
from records.verify import verify
from tests.records.conftest import Clerk, at
from tests.support.households import POLICIES, shipped

STANDARD = "parameters/linkou/dibao_standard.yaml"
NEXT = "  - {from: 2027-01-01, value: {rural: 700, urban: 900}, published: 2026-12-01, cite: local-text-needed}\n"
ON = date(2025, 5, 15)


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """A copy of the shipped rulebook, to be changed."""
    return Path(shutil.copytree(POLICIES, tmp_path / "policies"))


@pytest.fixture
def first(database: Database) -> Rulebook:
    """What the record was set up with."""
    return rulebook_in_force(database, POLICIES, lambda _: shipped())


def raised(policies: Path, row: str = NEXT) -> Path:
    """The directory with a standard raised from 2027 on, as an officer does it."""
    file = policies / STANDARD
    file.write_text(file.read_text("utf-8") + row, "utf-8")
    return policies


def submitted(database: Database, policies: Path, by: str = "li") -> Draft:
    with writing(database, by) as write:
        return publishing.submit(write, from_directory(policies).files)


def checked(database: Database, fingerprint: str, by: str = "li") -> Rulebook:
    with writing(database, by) as write:
        return publishing.check(write, fingerprint)


def published(database: Database, fingerprint: str, by: str = "wang") -> None:
    with writing(database, by) as write:
        publishing.publish(write, fingerprint)


def states(database: Database) -> dict[str, str]:
    with reading(database) as read:
        return {life.fingerprint: life.state for life in publishing.lives(read)}


def edition(database: Database) -> publishing.Published | None:
    with reading(database) as read:
        return publishing.published(read)


# --- the way to publication ---------------------------------------------------------------------------------


def test_from_draft_to_published_by_a_second_person(
    database: Database, first: Rulebook, policies: Path
) -> None:
    draft = submitted(database, raised(policies))
    assert not draft.problems and states(database)[draft.fingerprint] == DRAFT
    assert rulebook_in_force(database, None).fingerprint == first.fingerprint  # a draft changes nothing
    book = checked(database, draft.fingerprint)
    assert book.fingerprint == draft.fingerprint and states(database)[draft.fingerprint] == CHECKED
    published(database, draft.fingerprint)
    assert states(database) == {draft.fingerprint: PUBLISHED, first.fingerprint: SUPERSEDED}
    assert edition(database) == publishing.Published(draft.fingerprint, 2)
    assert rulebook_in_force(database, None).fingerprint == draft.fingerprint
    with reading(database) as read:
        life = publishing.life_of(read, draft.fingerprint)
        assert [(step.state, step.by) for step in life.steps] == [
            (DRAFT, "li"),
            (CHECKED, "li"),
            (PUBLISHED, "wang"),
        ]
        assert verify(read.connection, database.keys.signing.public_key()) is None


@pytest.mark.parametrize("who", ["li", "zhao"], ids=["who submitted", "who checked"])
def test_nobody_publishes_what_he_or_she_submitted_or_checked(
    database: Database, first: Rulebook, policies: Path, who: str
) -> None:
    draft = submitted(database, raised(policies), "li")
    checked(database, draft.fingerprint, "zhao")
    with pytest.raises(Refused, match="somebody else has to publish") as refused:
        published(database, draft.fingerprint, who)
    assert refused.value.code == "four-eyes"
    assert edition(database) == publishing.Published(first.fingerprint, 1)


def test_two_accounts_of_one_person_are_one_pair_of_eyes(
    database: Database, first: Rulebook, policies: Path
) -> None:
    with writing(database, "li") as write:
        draft = publishing.submit(write, from_directory(raised(policies)).files, person="p-li")
    checked(database, draft.fingerprint, "zhao")
    with pytest.raises(Refused, match="somebody else"), writing(database, "li.admin") as write:
        publishing.publish(write, draft.fingerprint, person="p-li")


def test_a_draft_with_problems_is_kept_and_cannot_be_checked(
    database: Database, first: Rulebook, policies: Path
) -> None:
    draft = submitted(database, raised(policies, NEXT.replace("2027-01-01", "2027-04-01")))
    assert [(one.at.file, one.code) for one in draft.problems] == [(STANDARD, "undeclared-hole")]
    with pytest.raises(Problems):
        checked(database, draft.fingerprint)
    with pytest.raises(Refused, match="is draft, and has to be checked"):
        published(database, draft.fingerprint)
    with reading(database) as read:
        assert "2027-04-01" in rulebooks.text_of(read, draft.fingerprint)[STANDARD]


def test_a_draft_that_is_no_yaml_is_kept_too(database: Database, first: Rulebook, policies: Path) -> None:
    draft = submitted(database, raised(policies, "  - {from: 2027-01-01, value: [}\n"))
    assert draft.problems and states(database)[draft.fingerprint] == DRAFT


def test_what_is_published_stays_in_every_later_rulebook(
    database: Database, first: Rulebook, policies: Path
) -> None:
    """Whatever lock the draft came with: what the record has published counts."""
    (policies / "versions.lock").unlink()
    file = policies / STANDARD
    file.write_text(file.read_text("utf-8").replace("rural: 632", "rural: 640"), "utf-8")
    draft = submitted(database, policies)
    assert [one.code for one in draft.problems] == ["published-changed"]
    with pytest.raises(Problems):
        checked(database, draft.fingerprint)


def test_a_draft_is_withdrawn_and_may_come_again(database: Database, first: Rulebook, policies: Path) -> None:
    draft = submitted(database, raised(policies))
    with pytest.raises(Refused, match="was submitted before"):
        submitted(database, policies, "zhao")
    with writing(database, "li") as write:
        publishing.withdraw(write, draft.fingerprint, "数额有误")
    assert states(database)[draft.fingerprint] == WITHDRAWN
    with pytest.raises(Refused, match="is withdrawn"):
        checked(database, draft.fingerprint)
    assert submitted(database, policies).fingerprint == draft.fingerprint
    with pytest.raises(Refused, match="is published"), writing(database, "li") as write:
        publishing.withdraw(write, first.fingerprint)


def test_another_edition_in_between_has_to_be_looked_at_first(
    database: Database, first: Rulebook, policies: Path
) -> None:
    """The draft knows nothing of what was published meanwhile, and would take it back."""
    stale = submitted(database, raised(policies))
    checked(database, stale.fingerprint)
    other = submitted(database, raised(policies, NEXT.replace("2027", "2028")), "zhao")
    assert other.problems == ()
    checked(database, other.fingerprint, "zhao")
    published(database, other.fingerprint)
    with pytest.raises(Refused, match="check it again") as refused:
        published(database, stale.fingerprint)
    assert refused.value.code == "other-edition"
    with pytest.raises(Problems, match="was published and is gone"):
        checked(database, stale.fingerprint)


# --- the database itself ------------------------------------------------------------------------------------


def step(
    state: str, fingerprint: str, by: str, edition: int | None = None, person: str = ""
) -> dict[str, object]:
    moment = at("2026-05-01")
    return {
        "fingerprint": fingerprint,
        "state": state,
        "edition": edition,
        "person": person or by,
        "note": "",
        "recorded_on": moment.date(),
        "recorded_at": moment,
        "recorded_by": by,
        "entry": "0" * 24,
    }


def test_the_database_refuses_every_wrong_step(database: Database, first: Rulebook, policies: Path) -> None:
    """Whoever writes it, with whatever program."""
    draft = submitted(database, raised(policies), "li").fingerprint
    old = first.fingerprint
    wrong = [
        (step(PUBLISHED, draft, "wang", 2), "only what was checked"),
        (step(CHECKED, old, "wang", 2), "only a draft is checked"),
        (step(DRAFT, draft, "wang"), "submitted once"),
        (step(WITHDRAWN, old, "wang"), "only a draft is checked or withdrawn"),
        (step(PUBLISHED, old, "wang", 1), "editions follow each other"),
        (step(PUBLISHED, old, publishing.SET_UP, 2), "only what was checked"),
        (step("superseded", old, "wang"), "ck_rulebook_state_state|CHECK constraint"),
        (step(CHECKED, draft, "li"), "ck_rulebook_state_edition|CHECK constraint"),
    ]
    for row, message in wrong:
        refused(database, row, message)
    checked(database, draft, "zhao")
    refused(database, step(PUBLISHED, draft, "li", 2), "does not publish it")
    refused(database, step(PUBLISHED, draft, "zhao", 2), "does not publish it")
    refused(database, step(PUBLISHED, draft, "li_at_home", 2, "li"), "does not publish it")
    refused(database, step(PUBLISHED, draft, "wang", 3), "editions follow each other")
    with database.engine.begin() as connection:
        connection.execute(insert(tables.rulebook_state), step(PUBLISHED, draft, "wang", 2))
    refused(database, step(PUBLISHED, draft, "chen", 2), "editions follow each other")
    refused(database, step(PUBLISHED, draft, "chen", 3), "only what was checked")


def refused(database: Database, row: dict[str, object], message: str) -> None:
    with pytest.raises(DBAPIError, match=message), database.engine.begin() as connection:
        connection.execute(insert(tables.rulebook_state), row)


def test_one_edition_is_one_rulebook_even_without_the_triggers(database: Database, first: Rulebook) -> None:
    with database.engine.begin() as connection:
        where = "" if database.is_sqlite else " ON rulebook_state"
        connection.exec_driver_sql(f"DROP TRIGGER rulebook_state_steps{where}")
    refused(database, step(PUBLISHED, first.fingerprint, "chen", 1), "(?i)unique")


def test_of_two_who_publish_at_once_one_is_told_to_look_again(
    database: Database, first: Rulebook, policies: Path
) -> None:
    drafts = [
        submitted(database, raised(policies)),
        submitted(database, raised(policies, NEXT.replace("2027", "2028"))),
    ]
    for one in drafts:
        checked(database, one.fingerprint)
    found = at_once(partial(published, database, one.fingerprint) for one in drafts)
    codes = [one.code for one in found if isinstance(one, Refused)]
    assert codes == ["other-edition"] and found.count(None) == 1
    now = edition(database)
    assert now is not None and now.edition == 2
    assert sorted(states(database).values()) == [CHECKED, PUBLISHED, SUPERSEDED]


def test_several_processes_that_start_at_once_set_up_one_rulebook(database: Database) -> None:
    def start() -> str:
        return rulebook_in_force(database, POLICIES, lambda _: shipped()).fingerprint

    assert at_once([start] * 4) == [shipped().fingerprint] * 4
    with reading(database) as read:
        assert len(publishing.lives(read)) == 1
        assert verify(read.connection, database.keys.signing.public_key()) is None


def at_once(work: Iterable[Callable[[], Any]]) -> list[Any]:
    """What each gives, or what it raises, all of them begun together."""
    tasks = list(work)
    ready = Barrier(len(tasks))

    def run(one: Callable[[], Any]) -> Any:
        ready.wait()
        try:
            return one()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


# --- starting -----------------------------------------------------------------------------------------------


def test_an_empty_record_is_set_up_once(database: Database, first: Rulebook) -> None:
    assert rulebook_in_force(database, POLICIES, lambda _: shipped()).fingerprint == first.fingerprint
    with reading(database) as read:
        (life,) = publishing.lives(read)
    assert [(one.state, one.edition, one.by) for one in life.steps] == [(PUBLISHED, 1, "setup")]


def test_a_record_that_cannot_be_set_up_says_why(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not tried for ever, as if another process had been quicker."""

    def refused(*_: object) -> None:
        raise IntegrityError("INSERT", {}, Exception("it is kept already"))

    monkeypatch.setattr(publishing, "set_up", refused)
    with pytest.raises(IntegrityError, match="it is kept already"):
        rulebook_in_force(database, POLICIES, lambda _: shipped())


def test_nothing_to_start_with(database: Database) -> None:
    with pytest.raises(Refused, match="the record has no rulebook yet"):
        rulebook_in_force(database, None)


def test_a_published_file_that_says_something_else_keeps_it_from_starting(
    database: Database, first: Rulebook, policies: Path
) -> None:
    file = policies / STANDARD
    file.write_text(file.read_text("utf-8").replace("rural: 632", "rural: 640"), "utf-8")
    with pytest.raises(Drift) as drift:
        rulebook_in_force(database, policies)
    (one,) = drift.value.files
    lines = file.read_text("utf-8").splitlines()
    assert one.path == STANDARD and "rural: 640" in lines[one.line - 1]
    assert any(line.startswith("-") and "rural: 632" in line for line in one.diff)
    assert f"{STANDARD}:{one.line}: 被改动" in str(drift.value)


def test_a_published_file_that_is_gone_keeps_it_from_starting(
    database: Database, first: Rulebook, policies: Path
) -> None:
    (policies / "civil_affairs" / "dibao" / "2021-07-01.yaml").unlink()
    with pytest.raises(Drift, match=r"dibao/2021-07-01\.yaml: 不见了 · is gone"):
        rulebook_in_force(database, policies)


@pytest.mark.parametrize(
    "text",
    ["values: 3\n", "- not\n- a parameter\n", "values: [\n", ""],
    ids=["shape", "list", "no yaml", "empty"],
)
def test_a_published_file_that_cannot_be_read_any_more_keeps_it_from_starting(
    database: Database, first: Rulebook, policies: Path, text: str
) -> None:
    (policies / STANDARD).write_text(text, "utf-8")
    with pytest.raises(Drift):
        rulebook_in_force(database, policies)


def test_what_is_only_added_waits_and_the_published_text_serves(
    database: Database, first: Rulebook, policies: Path, caplog: pytest.LogCaptureFixture
) -> None:
    raised(policies)
    other = policies / "civil_affairs" / "dibao" / "2021-07-01.yaml"
    other.write_text(other.read_text("utf-8") + "# 一句注释\n", "utf-8")
    assert rulebook_in_force(database, policies).fingerprint == first.fingerprint
    assert STANDARD in caplog.text


# --- decisions across a publication -------------------------------------------------------------------------


def test_decisions_stay_pinned_and_undecided_work_follows(
    database: Database, clerk: Clerk, first: Rulebook, policies: Path
) -> None:
    household = clerk.writes_down("case_10", "2023-03-06")
    before = _decided(database, household)
    draft = submitted(database, raised(policies))
    checked(database, draft.fingerprint)
    assert _decided(database, household).rulebook == first.fingerprint
    published(database, draft.fingerprint)
    after = _decided(database, household)
    assert after.rulebook == draft.fingerprint != before.rulebook == first.fingerprint
    assert parse_json(after.content)["rulebook"] == draft.fingerprint
    with reading(database) as read:
        assert {one.result for one in decisions.replay_all(read)} == {Replayed.SAME}
        again = decisions.get(read, before.decision_id)
    assert again is not None and again.content == before.content


def _decided(database: Database, household: str) -> decisions.Stored:
    book = rulebook_in_force(database, None)
    with writing(database, "wang", at("2025-05-31")) as write:
        return decisions.decide_and_keep(write, book, household, ON, write.day)


# --- what is different --------------------------------------------------------------------------------------


def test_what_a_raised_standard_touches(database: Database, first: Rulebook, policies: Path) -> None:
    draft = submitted(database, raised(policies))
    found = changed(first, checked(database, draft.fingerprint))
    assert (found.added, found.removed, found.edited, found.versions) == ((), (), (STANDARD,), ())
    assert [row["value"] for row in found.rows[STANDARD]] == [{"rural": 700, "urban": 900}]
    assert "dibao" in found.policies and "veteran_pension" not in found.policies


def test_a_rule_file_is_found_in_all_rulebooks_that_hold_it(
    database: Database, first: Rulebook, policies: Path
) -> None:
    draft = submitted(database, raised(policies))
    with reading(database) as read:
        (texts,) = publishing.held(read, "civil_affairs/dibao/2021-07-01").values()
        assert [one.rulebooks for one in texts] == [(first.fingerprint, draft.fingerprint)]
        standards = publishing.held(read, STANDARD)[STANDARD]
        assert [one.rulebooks for one in standards] == [(first.fingerprint,), (draft.fingerprint,)]
        assert publishing.held(read, "ibao/2021-07-01") == {}


def test_the_fingerprint_of_texts_is_that_of_their_rulebook() -> None:
    assert fingerprint_of(from_directory(POLICIES).files) == shipped().fingerprint
