"""POST /v1/decisions: the same decision as on the command line, and every mistake as a problem."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import httpx
import pytest
from api_client import DOCUMENTS, ISLAND, LEAST, ROOT, SAMPLE, Client, problem, run

from api.app import make_app
from api.current import CurrentRulebook
from engine.decision import decide, encode_json, parse_json
from engine.rulebook import load_rulebook


def test_the_answer_is_exactly_the_decision_document(shipped: Client) -> None:
    response = shipped.post("/v1/decisions?on=2025-10-15", SAMPLE)
    book = load_rulebook(ROOT / "policies")
    decision = decide(book, parse_json(SAMPLE), on=date(2025, 10, 15), known=date.today())
    assert response.status_code == 200
    assert response.content == encode_json(decision)
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-rulebook"] == book.fingerprint == decision.rulebook
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"


def test_on_and_known_are_today_unless_said(island: Client) -> None:
    assert island.post("/v1/decisions", LEAST).json()["on"] == date.today().isoformat()
    assert island.post("/v1/decisions?on=2020-05-01", LEAST).json()["known"] == date.today().isoformat()
    asked = island.post("/v1/decisions?on=2020-05-01&known=2021-06-01", LEAST).json()
    assert (asked["on"], asked["known"]) == ("2020-05-01", "2021-06-01")


def test_only_the_policies_asked_for(shipped: Client) -> None:
    asked = shipped.post("/v1/decisions?on=2025-10-15&policy=dibao&policy=tekun", SAMPLE).json()
    assert set(asked["policies"]) == {"dibao", "tekun"}


def test_advice_can_be_left_out(shipped: Client) -> None:
    document = parse_json(SAMPLE)
    del document["financial_assets"]
    content = encode_json(document)
    whole = shipped.post("/v1/decisions?on=2025-10-15", content).json()
    bare = shipped.post("/v1/decisions?on=2025-10-15&advice=false", content).json()
    assert whole["questions"] and not bare["questions"]
    assert whole["decision_id"] == bare["decision_id"]


@pytest.mark.parametrize("path", sorted((DOCUMENTS / "bad").glob("*.json")), ids=lambda path: path.stem)
def test_a_bad_document_is_answered_with_every_mistake(island: Client, path: Path) -> None:
    told = problem(island.post("/v1/decisions?on=2024-03-01", path.read_bytes()), 422)
    golden = path.with_suffix(".txt").read_text("utf-8")
    for error in told["errors"]:
        line = f"{error['pointer'] or 'document'}: {error['message']} [{error['code']}]"
        assert line in golden
        assert error["hint"] in golden
    assert len(told["errors"]) == sum(line.endswith("]") for line in golden.splitlines())


@pytest.mark.parametrize("path", sorted((DOCUMENTS / "good").glob("*.json")), ids=lambda path: path.stem)
def test_a_good_document_is_decided(island: Client, path: Path) -> None:
    assert island.post("/v1/decisions?on=2024-03-01", path.read_bytes()).status_code == 200


@pytest.mark.parametrize(
    "query, parameter",
    [
        ("on=2025-02-30", "on"),
        ("on=", "on"),
        ("known=yesterday", "known"),
        ("policy=storm_hlep", "policy"),
        ("advice=yes", "advice"),
        ("onn=2025-01-01", "onn"),
        ("lang=en", "lang"),
    ],
)
def test_a_wrong_query_is_answered(island: Client, query: str, parameter: str) -> None:
    told = problem(island.post(f"/v1/decisions?{query}", LEAST), 400)
    assert [error["parameter"] for error in told["errors"]] == [parameter]


def test_a_wrong_policy_names_the_nearest(island: Client) -> None:
    told = problem(island.post("/v1/decisions?policy=storm_hlep", LEAST), 400)
    assert told["errors"][0]["hint"] == "did you mean `storm_help`?"


def test_a_parameter_said_twice_is_not_taken_for_one(island: Client) -> None:
    problem(island.post("/v1/decisions?on=2020-01-01&on=2021-01-01", LEAST), 400)


@pytest.mark.parametrize("media", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data"])
def test_another_media_type_is_refused(island: Client, media: str) -> None:
    told = problem(island.post("/v1/decisions", LEAST, headers={"Content-Type": media}), 415)
    assert "application/json" in told["detail"]


@pytest.mark.parametrize("media", ["application/json; charset=utf-8", "application/relief+json", ""])
def test_json_may_be_declared_in_several_ways(island: Client, media: str) -> None:
    assert island.post("/v1/decisions", LEAST, headers={"Content-Type": media}).status_code == 200


def test_a_compressed_body_is_refused(island: Client) -> None:
    problem(island.post("/v1/decisions", LEAST, headers={"Content-Encoding": "gzip"}), 415)


def test_a_large_document_is_refused_by_its_declared_length(island: Client) -> None:
    told = problem(island.post("/v1/decisions", b"x" * 10_000_000), 413)
    assert told["errors"][0]["code"] == "too-large"


def test_a_large_document_is_refused_while_it_arrives() -> None:
    app = make_app(CurrentRulebook(ISLAND))
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 100_000
            yield b" " * 100_000

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://relief") as client:
            headers = {"Content-Type": "application/json"}
            return await client.post("/v1/decisions", content=endless(), headers=headers)

    problem(run(ask()), 413)
    assert sent < 3_000_000


def test_an_address_that_is_none_names_the_nearest(island: Client) -> None:
    told = problem(island.post("/v1/decision", LEAST), 404)
    assert "/v1/decisions" in told["detail"]


def test_another_method_is_answered(island: Client) -> None:
    response = island.get("/v1/decisions")
    problem(response, 405)
    assert response.headers["allow"] == "POST"


def test_a_failure_of_ours_tells_nothing_of_the_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(make_app(CurrentRulebook(ISLAND)))

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret inside")

    monkeypatch.setattr("api.households.decide", fail)
    response = client.post("/v1/decisions", LEAST)
    assert "secret" not in str(problem(response, 500))
    assert "Zero" not in response.text
