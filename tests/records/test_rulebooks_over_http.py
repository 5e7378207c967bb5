"""Rulebooks over HTTP: handed in, checked, published by a second person, served by every process."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from threading import Thread
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.requests import Request

from api.app import make_app
from api.current import CurrentRulebook, InRecord
from engine.decision import encode_json, parse_json
from engine.rulebook import load_rulebook
from records import publishing, tables
from records.database import Database, Writing, writing
from records.intake import write_down
from records.refused import Refused
from records.rights import Grant, Role, Viewer
from records.rulebook_files import from_directory, from_zip
from tests.api.api_client import ISLAND, LEAST, Client, problem

STORM = "harbour/storm_help/2001-01-01.yaml"
NEXT = "harbour/storm_help/2024-01-01.yaml"
FILES = dict(from_directory(ISLAND).files)
DRAFT = {
    **FILES,
    NEXT: FILES[STORM].replace("from: 2001-01-01", "from: 2024-01-01").replace("then 120", "then 130"),
}


def _viewer(account: str, person: str, role: Role = Role.POLICY_OFFICER) -> Viewer:
    return Viewer(account, person, (Grant(role, "north"),))


VIEWERS = {
    one.account: one
    for one in (
        _viewer("li", "p-li"),
        _viewer("li.home", "p-li"),
        _viewer("wang", "p-wang"),
        _viewer("town", "p-town", Role.TOWNSHIP_OFFICER),
    )
}


class Office:
    """Asks as somebody."""

    def __init__(self, database: Database) -> None:
        current = CurrentRulebook(InRecord(database, ISLAND))
        self.client = Client(make_app(current, record=database, authenticate=self._who))

    @staticmethod
    def _who(request: Request) -> Viewer | None:
        return VIEWERS.get(request.headers.get("x-viewer", ""))

    def get(self, who: str, path: str, status: int = 200) -> Any:
        return self._said(self.client.get(path, headers={"x-viewer": who}), status)

    def post(self, who: str, path: str, body: Any = None, status: int = 200, media: str = "json") -> Any:
        content = body if isinstance(body, bytes) else encode_json({} if body is None else body)
        headers = {"x-viewer": who, "Content-Type": f"application/{media}"}
        return self._said(self.client.post(path, content, headers=headers), status)

    @staticmethod
    def _said(answer: httpx.Response, status: int) -> Any:
        if status >= 400:
            return problem(answer, status)
        assert answer.status_code == status, answer.text
        return parse_json(answer.content)


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


def zipped(files: dict[str, str], top: str = "") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path, text in files.items():
            archive.writestr(top + path, text)
    return content.getvalue()


def published(office: Office, files: dict[str, str]) -> str:
    draft = office.post("li", "/v1/rulebooks", files, 201)["fingerprint"]
    office.post("li", f"/v1/rulebooks/{draft}/check")
    office.post("wang", f"/v1/rulebooks/{draft}/publish", {"note": "公布"})
    return str(draft)


def test_from_draft_to_published(office: Office) -> None:
    first = office.get("town", "/v1/rulebooks")["served"]
    draft = office.post("li", "/v1/rulebooks?note=提高", DRAFT, 201)
    assert draft["problems"] == [] and draft["state"] == "draft"
    path = f"/v1/rulebooks/{draft['fingerprint']}"
    assert office.get("town", path)["files"] == sorted(DRAFT)
    assert office.get("town", f"{path}?path={NEXT}")["text"] == DRAFT[NEXT]
    told = office.get("town", f"{path}?path=harbour/storm_help/2024-01-02.yaml", 404)
    assert NEXT in told["detail"]
    lines = office.get("town", f"{path}/diff?from={first[:12]}")["lines"]
    assert lines == office.get("town", f"{path}/diff")["lines"] and any("then 130" in one for one in lines)
    office.post("wang", f"{path}/publish", status=409)
    assert office.post("li", f"{path}/check")["state"] == "checked"
    for who in ("li", "li.home"):
        told = office.post(who, f"{path}/publish", status=403)
        assert told["errors"][0]["code"] == "four-eyes"
    assert office.post("wang", f"{path}/publish")["edition"] == 2
    states = {one["fingerprint"]: one["state"] for one in office.get("town", "/v1/rulebooks")["rulebooks"]}
    assert states == {first: "superseded", draft["fingerprint"]: "published"}


def test_who_is_no_policy_officer_hands_nothing_in(office: Office) -> None:
    first = office.get("town", "/v1/rulebooks")["served"]
    for path in ("", f"/{first}/check", f"/{first}/publish", f"/{first}/withdraw", f"/{first}/dry-run"):
        office.post("town", f"/v1/rulebooks{path}", DRAFT if not path else None, 403)


def test_problems_are_told_with_their_places(office: Office) -> None:
    wrong = {**DRAFT, NEXT: DRAFT[NEXT].replace("savings <", "savigns <")}
    draft = office.post("li", "/v1/rulebooks", wrong, 201)
    (one,) = draft["problems"]
    assert (one["file"], one["code"]) == (NEXT, "unknown-name") and "savings" in one["hint"]
    path = f"/v1/rulebooks/{draft['fingerprint']}"
    for step in ("check", "dry-run"):
        told = office.post("li", f"{path}/{step}", status=422)
        assert told["errors"][0]["pointer"] == "/" + NEXT.replace("/", "~1")
    assert office.get("li", path)["problems"] == draft["problems"]
    assert office.post("li", f"{path}/withdraw")["state"] == "withdrawn"


def test_what_is_published_is_not_changed(office: Office) -> None:
    draft = office.post("li", "/v1/rulebooks", {**FILES, STORM: FILES[STORM].replace("120", "130")}, 201)
    assert [one["code"] for one in draft["problems"]] == ["published-changed"]


def test_a_zip_is_taken_with_what_lies_beside_left_out(office: Office) -> None:
    beside = {
        "features/storm.feature": "功能: 风暴\n",
        "README.md": "x",
        "features/households/a.yaml": "a: 1\n",
    }
    draft = office.post("li", "/v1/rulebooks", zipped({**DRAFT, **beside}, "island/"), 201, "zip")
    assert draft["problems"] == [] and draft["left_out"] == sorted(beside)
    assert set(office.get("li", f"/v1/rulebooks/{draft['fingerprint']}")["files"]) == set(DRAFT)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"[1, 2]", "no-files"),
        (b"{", "no-files"),
        (b"[" * 100_000, "no-files"),
        (b'{"rulebook.yaml": "a", "rulebook.yaml": "b"}', "no-files"),
        (b'{"rulebook.yaml": 1}', "no-files"),
        (b'{"facts.yaml": "a"}', "no-rulebook-here"),
        (b'{"rulebook.yaml": "", "../../etc/x.yaml": "a"}', "bad-path"),
        (b'{"rulebook.yaml": "", "/etc/x.yaml": "a"}', "bad-path"),
        (b'{"rulebook.yaml": "", "a\\\\b.yaml": "a"}', "bad-path"),
        (b'{"rulebook.yaml": "", "a/%s.yaml": "a"}' % (b"x" * 300), "bad-path"),
        (b'{"rulebook.yaml": "", "rulebook.yaml/a.yaml": "a"}', "bad-path"),
        (b'{"rulebook.yaml": "\\ud800"}', "not-utf8"),
    ],
)
def test_what_is_no_rulebook_is_refused(office: Office, body: bytes, code: str) -> None:
    assert office.post("li", "/v1/rulebooks", body, 422)["errors"][0]["code"] == code
    assert len(office.get("li", "/v1/rulebooks")["rulebooks"]) == 1


def test_bodies_of_other_kinds_are_refused(office: Office) -> None:
    office.post("li", "/v1/rulebooks", b"PK", 415, "octet-stream")
    assert office.post("li", "/v1/rulebooks", b"PK", 422, "zip")["errors"][0]["code"] == "bad-zip"


def test_a_zip_that_unpacks_to_too_much_is_not_unpacked() -> None:
    with pytest.raises(Refused, match="too large"):
        from_zip(zipped({"rulebook.yaml": "x", "a/b/c.yaml": "0" * (33 * 1024 * 1024)}))


def test_a_dry_run_over_the_record(office: Office, database: Database) -> None:
    with writing(database, "li") as write:
        _household(write, "H1", savings=10)
        _household(write, "H2", savings=5000)
        _household(write, "H3")
    draft = office.post("li", "/v1/rulebooks", DRAFT, 201)["fingerprint"]
    found = office.post("li", f"/v1/rulebooks/{draft}/dry-run?on=2024-06-01")
    assert (found["households"], found["decided"], found["unread"], found["empty"]) == (3, 3, 0, 0)
    assert found["changed"]["versions"] == [NEXT] and found["changed"]["policies"] == ["storm_help"]
    whole = found["impact"]["whole"]
    assert (whole["gain"], whole["lose"]) == (1, 0)
    assert (whole["before"]["once"], whole["after"]["once"]) == ("120.00", "130.00")
    assert found["impact"]["policies"]["storm_help"]["subjects_after"] == 1
    assert found["impact"]["examples"] == ["H1", "H3"]  # what H3 might get rises too
    one = office.post("li", f"/v1/rulebooks/{draft}/dry-run?on=2024-06-01&at_most=1")
    assert (one["households"], one["decided"]) == (3, 1)


def test_a_dry_run_of_rules_that_settle_what_was_open(office: Office, database: Database) -> None:
    """And of a household that the new rules cannot read any more, without what it said."""
    with writing(database, "li") as write:
        _household(write, "H3")
        _household(write, "H4", savings=10, boats=17)
    settled = {
        **FILES,
        "facts.yaml": FILES["facts.yaml"].replace("max: 20\n", "max: 9\n"),
        NEXT: DRAFT[NEXT].replace("savings < 1000.00 and boats", "boats"),
    }
    draft = office.post("li", "/v1/rulebooks", settled, 201)
    assert draft["problems"] == []
    found = office.post("li", f"/v1/rulebooks/{draft['fingerprint']}/dry-run?on=2024-06-01")
    assert (found["findings_settled"], found["findings_opened"]) == (1, 0)
    assert found["impact"]["examples"] == ["H3"]
    assert (found["households"], found["decided"], found["unread"]) == (2, 1, 1)
    assert found["unread_examples"][0]["household_id"] == "H4"
    assert "17" not in str(found["unread_examples"])


def _household(write: Writing, household: str, **facts: Any) -> None:
    """One that gets help after the storm when its savings are small."""
    document = {
        "household_id": household,
        "area": "north",
        "people": [{"person_id": f"{household}-1", "wage": 100}],
        "zone": "shore",
        "boats": 1,
        "roof": 20,
        "flooded": True,
        "flooded_on": "2024-01-05",
        "landing": "bay",
        "nets": [{"torn": True, "mesh": "fine", "worth": 50}],
        **facts,
    }
    write_down(write, load_rulebook(ISLAND), document, date(2020, 1, 1))


# --- every process follows ----------------------------------------------------------------------------------


@contextmanager
def served(database: Database) -> Iterator[httpx.Client]:
    """A server of its own on this record, as each worker process is one."""
    app = make_app(CurrentRulebook(InRecord(database, None)), look_every=0.05, record=database)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, loop="asyncio", log_config=None))
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()


def test_every_server_serves_what_is_published_within_seconds(office: Office, database: Database) -> None:
    with served(database) as one, served(database) as other:
        first = {client.get("/healthz").json()["rulebook"] for client in (one, other)}
        assert len(first) == 1
        new = published(office, DRAFT)
        give_up = time.monotonic() + 60
        while {client.get("/healthz").json()["rulebook"] for client in (one, other)} != {new}:
            assert time.monotonic() < give_up
            time.sleep(0.02)
        decided = one.post(
            "/v1/decisions?on=2024-03-01", content=LEAST, headers={"Content-Type": "application/json"}
        )
        assert decided.json()["rulebook"] == new


def test_a_published_text_that_was_bent_is_not_served(office: Office, database: Database) -> None:
    """What is served stays, and says why."""
    current = CurrentRulebook(InRecord(database, None))
    before = current.book
    new = published(office, DRAFT)
    with database.engine.begin() as connection:
        where = "" if database.is_sqlite else " ON rulebook"
        connection.exec_driver_sql(f"DROP TRIGGER rulebook_no_update{where}")
        connection.execute(
            tables.rulebook.update().where(tables.rulebook.c.fingerprint == new).values(files=b"bent")
        )
    assert not current.reload()
    assert current.book is before and current.pending_problems[0].code == "rulebook-changed"


def test_a_server_outlives_a_database_that_is_away(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    publishing_published, failures = publishing.published, []

    def away(read: Any) -> Any:
        failures.append(read)
        raise ConnectionError

    CurrentRulebook(InRecord(database, ISLAND))
    with served(database) as client:
        monkeypatch.setattr(publishing, "published", away)
        while len(failures) < 3:
            time.sleep(0.02)
        monkeypatch.setattr(publishing, "published", publishing_published)
        before = client.get("/healthz").json()["rulebook"]
        new = published(Office(database), DRAFT)
        give_up = time.monotonic() + 20
        while client.get("/healthz").json()["rulebook"] != new:
            assert time.monotonic() < give_up
            time.sleep(0.02)
        assert before != new
