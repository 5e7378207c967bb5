"""POST /v1/explanations: a decision in words, for one reader, in a language of the rulebook."""

from copy import deepcopy
from random import Random
from typing import Any

import pytest
from api_client import LEAST, SAMPLE, Client, problem

from engine.decision import encode_json, parse_json

ON = "on=2025-10-15"


@pytest.fixture(scope="module")
def decision(shipped: Client) -> bytes:
    return shipped.post(f"/v1/decisions?{ON}", SAMPLE).content


@pytest.mark.parametrize("layer", ["applicant", "caseworker", "auditor"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_decision_is_told_as_the_household_is(
    shipped: Client, decision: bytes, layer: str, lang: str
) -> None:
    from_decision = shipped.post(f"/v1/explanations?layer={layer}&lang={lang}", decision)
    from_household = shipped.post(f"/v1/explanations?{ON}&layer={layer}&lang={lang}", SAMPLE)
    assert from_decision.status_code == 200
    assert from_decision.content == from_household.content
    assert from_decision.json()["layer"] == layer
    assert from_decision.json()["language"] == lang
    assert from_decision.headers["cache-control"] == "no-store"


def test_plain_text_for_who_accepts_that(shipped: Client) -> None:
    told = shipped.post(f"/v1/explanations?{ON}", SAMPLE, headers={"Accept": "text/plain"})
    assert told.headers["content-type"] == "text/plain; charset=utf-8"
    assert "最低生活保障" in told.text


@pytest.mark.parametrize(
    "accepted, language",
    [
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("fr, en;q=0.5, zh;q=0.4", "en"),
        ("en;q=0.1, zh-CN;q=0.8", "zh"),
        ("fr", "zh"),
        ("", "zh"),
        ("en;q=0, *", "zh"),
        ("en;q=much", "zh"),
    ],
)
def test_the_language_is_the_best_that_is_accepted(shipped: Client, accepted: str, language: str) -> None:
    told = shipped.post(f"/v1/explanations?{ON}", SAMPLE, headers={"Accept-Language": accepted})
    assert told.json()["language"] == language


@pytest.mark.parametrize("query", ["layer=judge", "lang=fr", "onn=2025-10-15"])
def test_a_wrong_query(shipped: Client, query: str) -> None:
    problem(shipped.post(f"/v1/explanations?{query}", SAMPLE), 400)


def test_a_decision_of_another_rulebook(shipped: Client, island: Client) -> None:
    elsewhere = island.post("/v1/decisions", LEAST).content
    (error,) = problem(shipped.post("/v1/explanations", elsewhere), 422)["errors"]
    assert (error["pointer"], error["code"]) == ("/rulebook", "other-rulebook")


def test_what_is_no_decision(shipped: Client) -> None:
    (error,) = problem(shipped.post("/v1/explanations", b'{"decision_id": 5}'), 422)["errors"]
    assert error["pointer"] == "/decision_id"


def _damaged(random: Random, part: Any) -> Any:
    """A copy with one value somewhere inside taken away, doubled or replaced."""
    root = deepcopy(part)
    holders: list[Any] = [root]
    for one in holders:
        inner = one.values() if isinstance(one, dict) else one
        holders += [value for value in inner if isinstance(value, dict | list) and value]
    holder = random.choice(holders)
    key = random.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
    odd = random.choice([None, True, -1, "nonsense", [], {}, "2025-13-45", [[]], {"a": {}}, 10**30])
    if random.random() < 0.3:
        del holder[key]
    elif random.random() < 0.3 and isinstance(holder, dict):
        holder["nonsense"] = holder.pop(key)
    else:
        holder[key] = odd
    return root


def test_a_damaged_decision_is_told_or_refused_and_nothing_breaks(shipped: Client, decision: bytes) -> None:
    whole = parse_json(decision)
    random = Random(7)
    refused = 0
    for _ in range(150):
        layer = random.choice(["applicant", "caseworker", "auditor"])
        damaged = encode_json(_damaged(random, whole))
        response = shipped.post(f"/v1/explanations?layer={layer}", damaged)
        if response.status_code != 200:
            problem(response, 422)
            refused += 1
    assert refused > 20
