"""Signing in over HTTP: bearer tokens, cookies, one's own sessions, passwords."""

from __future__ import annotations

import pytest
from api_client import problem

from records.rights import Grant, Role
from tests.support.office import Office

TOWN = Grant(Role.TOWNSHIP_OFFICER, "north")
GOOD = "correct horse battery"


@pytest.fixture
def wang(office: Office) -> Office:
    office.hire("wang", TOWN)
    return office


def cookie_of(office: Office, base: str = "") -> tuple[dict[str, str], str]:
    """The header of a session in a cookie, and what to send against foreign pages."""
    answer = office.sign_in("wang", cookie=True)
    assert answer.status_code == 201 and "token" not in answer.json()
    return {"Cookie": answer.headers["set-cookie"].partition(";")[0]}, answer.json()["csrf_token"]


def test_a_bearer_token_says_who_asks(wang: Office) -> None:
    told = wang.ask("wang", "GET", "/v1/me").json()
    assert (told["account"], told["must_change"]) == ("wang", False)
    assert told["grants"][0]["role"] == "township_officer" and "households.read" in told["rights"]
    assert "csrf_token" not in told
    problem(wang.ask(None, "GET", "/v1/me"), 401)


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic d2FuZzp4",
        "Bearer a.b.c",
        "Bearer " + "x" * 9000,
        "bearer\tx",
        "é",
    ],
)
def test_other_headers_are_nobody(wang: Office, header: str) -> None:
    sent = {"Authorization": header.encode("latin-1")}
    told = problem(wang.client.get("/v1/me", headers=sent), 401)
    assert told["type"].endswith("not-signed-in")


def test_the_wrong_password_and_the_wrong_name_are_told_alike(wang: Office) -> None:
    answers = [problem(wang.sign_in(name, "not the right one"), 401) for name in ("wang", "nobody")]
    assert answers[0] == answers[1]


def test_after_five_failures_the_answer_says_how_long_to_wait(wang: Office) -> None:
    for _ in range(5):
        wang.sign_in("wang", "not the right one")
    answer = wang.sign_in("wang")
    problem(answer, 429)
    assert 1 <= int(answer.headers["retry-after"]) <= 30


def test_a_cookie_is_for_our_own_pages_alone(wang: Office) -> None:
    answer = wang.sign_in("wang", cookie=True)
    said = answer.headers["set-cookie"]
    assert said.startswith("relief=") and "HttpOnly" in said and "SameSite=strict" in said
    assert "Path=/" in said and "Secure" not in said and "Domain" not in said

    cookie, token = cookie_of(wang)
    assert wang.client.get("/v1/me", headers=cookie).json()["csrf_token"] == token
    for sent in ({}, {"X-CSRF-Token": "x"}, {"X-CSRF-Token": "é".encode("latin-1")}):
        told = problem(wang.client.request("DELETE", "/v1/sessions/current", headers=cookie | sent), 403)
        assert told["type"].endswith("cross-site")
    _, of_another = cookie_of(wang)
    sent = cookie | {"X-CSRF-Token": of_another}
    problem(wang.client.request("DELETE", "/v1/sessions/current", headers=sent), 403)
    answer = wang.client.request("DELETE", "/v1/sessions/current", headers=cookie | {"X-CSRF-Token": token})
    assert answer.status_code == 204 and 'relief=""' in answer.headers["set-cookie"]
    problem(wang.client.get("/v1/me", headers=cookie), 401)


def test_over_https_the_cookie_is_secure_and_of_this_host(wang: Office) -> None:
    answer = wang.client.request(
        "POST",
        "https://relief/v1/sessions",
        json={"account": "wang", "password": wang.passwords["wang"], "cookie": True},
    )
    said = answer.headers["set-cookie"]
    assert said.startswith("__Host-relief=") and "Secure" in said and "Path=/" in said
    assert "max-age" in answer.headers["strict-transport-security"]


def test_an_authorization_header_is_judged_by_itself(wang: Office) -> None:
    """A good cookie does not help a bad token."""
    cookie, _ = cookie_of(wang)
    problem(wang.client.get("/v1/me", headers=cookie | {"Authorization": "Bearer x"}), 401)


def test_one_sees_and_ends_ones_own_sessions(wang: Office) -> None:
    wang.hire("li", TOWN)
    for _ in range(2):
        wang.sign_in("wang")
    mine = wang.ask("wang", "GET", "/v1/sessions").json()["sessions"]
    assert len(mine) == 3 and [one["current"] for one in mine].count(True) == 1
    other = next(one["session"] for one in mine if not one["current"])
    problem(wang.ask("li", "DELETE", f"/v1/sessions/{other}"), 404)
    assert wang.ask("wang", "DELETE", f"/v1/sessions/{other}").status_code == 204
    problem(wang.ask("wang", "DELETE", f"/v1/sessions/{other}"), 404)
    assert len(wang.ask("wang", "GET", "/v1/sessions").json()["sessions"]) == 2
    assert wang.ask("wang", "DELETE", "/v1/sessions/current").status_code == 204
    problem(wang.ask("wang", "GET", "/v1/me"), 401)


def test_a_first_password_opens_nothing_but_its_change(office: Office) -> None:
    first = office.hire("wang", TOWN, must_change=True)
    assert office.sign_in("wang").json()["must_change"]
    told = problem(office.ask("wang", "GET", "/v1/households"), 403)
    assert told["type"].endswith("must-change")
    assert office.ask("wang", "GET", "/v1/me").json()["rights"] == ["session.own"]
    elsewhere = {"Authorization": f"Bearer {office.sign_in('wang').json()['token']}"}
    for new, code in (
        ("short", "password-short"),
        (first, "password-same"),
        ("my wang password", "password-name"),
    ):
        body = {"old": first, "new": new}
        assert problem(office.ask("wang", "POST", "/v1/me/password", body), 422)["errors"][0]["code"] == code
    body = {"old": "not the right one", "new": GOOD}
    problem(office.ask("wang", "POST", "/v1/me/password", body), 422)
    assert office.ask("wang", "POST", "/v1/me/password", {"old": first, "new": GOOD}).status_code == 204
    assert office.ask("wang", "GET", "/v1/households").status_code == 200
    problem(office.client.get("/v1/me", headers=elsewhere), 401)
    problem(office.sign_in("wang", first), 401)
    assert office.sign_in("wang", GOOD).status_code == 201


def test_a_password_is_taken_as_it_was_typed(office: Office) -> None:
    first = office.hire("wang", TOWN)
    spaced = "  spaces at both ends  "
    office.ask("wang", "POST", "/v1/me/password", {"old": first, "new": spaced})
    assert office.sign_in("wang", spaced).status_code == 201
    problem(office.sign_in("wang", spaced.strip()), 401)


def test_what_is_withdrawn_counts_from_the_next_request_on(office: Office) -> None:
    office.hire("admin", Grant(Role.ADMINISTRATOR, "north"))
    office.hire("wang", TOWN)
    assert office.ask("wang", "GET", "/v1/households").status_code == 200
    (grant,) = office.ask("admin", "GET", "/v1/accounts/wang").json()["grants"]
    assert office.ask("admin", "DELETE", f"/v1/accounts/wang/grants/{grant['grant']}").status_code == 204
    problem(office.ask("wang", "GET", "/v1/households"), 403)
    assert office.ask("admin", "POST", "/v1/accounts/wang/close").status_code == 204
    problem(office.ask("wang", "GET", "/v1/me"), 401)
