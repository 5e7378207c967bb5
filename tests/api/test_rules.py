"""What is served about the rules, and the description of it all."""

import json

import pytest
from api_client import ISLAND, LEAST, ROOT, SAMPLE, Client, problem
from jsonschema import Draft202012Validator

from engine.rulebook import load_rulebook


def test_health(island: Client) -> None:
    assert island.get("/healthz").json()["status"] == "ok"


def test_all_policies(shipped: Client) -> None:
    told = {one["id"]: one for one in shipped.get("/v1/policies").json()["policies"]}
    assert told["dibao"]["title"]["zh"] == "最低生活保障"
    assert told["dibao"]["unit"] == "household"
    assert told["dibao"]["department"]["label"]["en"]
    assert [one["version"] for one in told["dibao"]["versions"]][:2] == ["2012-12-12", "2021-07-01"]
    assert set(told) == set(load_rulebook(ROOT / "policies").policies)


def test_one_policy(shipped: Client) -> None:
    assert shipped.get("/v1/policies/tekun").json()["id"] == "tekun"


def test_one_version_as_it_was_written(shipped: Client) -> None:
    told = shipped.get("/v1/policies/dibao/versions/2022-10-20").json()
    assert told["yaml"] == (ROOT / "policies" / told["file"]).read_text("utf-8")
    clauses = {one["id"]: one for one in told["clauses"]}
    assert clauses["income-below-standard"]["cite"] == "MF57 art 8"
    assert clauses["income-below-standard"]["label"]["zh"] == "人均收入低于低保标准"
    assert "低保标准" in clauses["income-below-standard"]["sentences"]["zh"]
    assert "counted_income" not in clauses["income-below-standard"]["sentences"]["en"]
    assert clauses["refused-checks"]["kind"] == "closed"
    assert told["amount"]["period"] == "month"


def test_every_version_of_every_policy_is_served(shipped: Client) -> None:
    for policy in shipped.get("/v1/policies").json()["policies"]:
        for version in policy["versions"]:
            path = f"/v1/policies/{policy['id']}/versions/{version['version']}"
            told = shipped.get(path).json()
            assert told["version"] == version["version"]
            assert told["yaml"]


@pytest.mark.parametrize(
    "path, nearest",
    [
        ("/v1/policies/dibo", "dibao"),
        ("/v1/policies/dibo/versions/2021-07-01", "dibao"),
        ("/v1/policies/dibao/versions/2021-07-02", "2021-07-01"),
        ("/v1/polices", "/v1/policies"),
    ],
)
def test_what_is_not_there_names_the_nearest(shipped: Client, path: str, nearest: str) -> None:
    assert nearest in problem(shipped.get(path), 404)["detail"]


def test_the_fact_dictionary(island: Client) -> None:
    told = island.get("/v1/facts").json()["facts"]
    assert told["boats"] == {
        "of": "household",
        "label": {"en": "boats"},
        "question": {"en": "How many boats does the household own?"},
        "answered_by": "harbour",
        "class": "ordinary",
        "changeable": False,
        "type": "number",
        "unit": "1",
        "decimals": 0,
        "min": 0,
        "max": 20,
    }
    assert told["roof"]["max"] == 500.5
    assert told["zone"]["values"]["shore"] == {"en": "shore"}
    assert set(told["nets"]["item"]) == {"mesh", "worth", "torn"}
    assert told["nets"]["at_most"] == 3


def test_the_rulebook(island: Client) -> None:
    told = island.get("/v1/rulebook").json()
    book = load_rulebook(ISLAND)
    assert told["fingerprint"] == book.fingerprint
    assert told["counts"]["policies"] == 2
    assert told["languages"] == ["en"]
    assert set(told["files"]) == set(book.sources)
    assert told["pending_problems"] == []


@pytest.mark.parametrize("path", ["/v1/policies", "/v1/facts", "/v1/policies/storm_help"])
def test_a_client_that_has_it_is_not_sent_it_again(island: Client, path: str) -> None:
    first = island.get(path)
    assert first.headers["etag"]
    again = island.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert island.get(path, headers={"If-None-Match": '"older"'}).status_code == 200


def test_a_query_nobody_reads_is_refused(island: Client) -> None:
    problem(island.get("/v1/policies?page=2"), 400)


# --- the description ----------------------------------------------------------------------------------------


def test_the_examples_are_real(shipped: Client) -> None:
    told = shipped.get("/openapi.json").json()
    post = told["paths"]["/v1/decisions"]["post"]
    content = post["requestBody"]["content"]["application/json"]
    example = content["examples"]["household"]["value"]
    assert example == json.loads(SAMPLE)
    answer = post["responses"]["200"]["content"]["application/json"]["example"]
    decided = shipped.post(f"/v1/decisions?on={answer['on']}", json.dumps(example).encode()).json()
    assert decided["policies"] == answer["policies"]
    for name, value in (("Household", example), ("Decision", answer)):
        schema = {"$ref": f"#/components/schemas/{name}", "components": told["components"]}
        assert not list(Draft202012Validator(schema).iter_errors(value))
    assert {"400", "413", "415", "422"} <= set(post["responses"])


def test_another_rulebook_has_another_example(island: Client) -> None:
    told = island.get("/openapi.json").json()
    content = told["paths"]["/v1/decisions"]["post"]["requestBody"]["content"]["application/json"]
    example = content["examples"]["household"]["value"]
    assert island.post("/v1/decisions", json.dumps(example).encode()).status_code == 200
    assert example == json.loads(LEAST)


def test_every_reference_leads_somewhere(shipped: Client) -> None:
    told = shipped.get("/openapi.json").json()

    def references(part: object) -> list[str]:
        if isinstance(part, dict):
            own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
            return own + [ref for value in part.values() for ref in references(value)]
        return [ref for one in part for ref in references(one)] if isinstance(part, list) else []

    found = set(references(told))
    assert len(found) > 50
    for reference in found:
        part = told
        for step in reference.removeprefix("#/").split("/"):
            part = part[step]


def test_every_address_is_described(shipped: Client) -> None:
    told = shipped.get("/openapi.json").json()
    assert set(told["paths"]) == {
        "/healthz",
        "/metrics",
        "/readyz",
        "/v1/decisions",
        "/v1/explanations",
        "/v1/facts",
        "/v1/policies",
        "/v1/policies/{policy_id}",
        "/v1/policies/{policy_id}/versions/{version}",
        "/v1/rulebook",
    }
    for methods in told["paths"].values():
        for operation in methods.values():
            assert operation["summary"]


def test_the_description_is_a_page_that_loads_nothing_from_elsewhere(shipped: Client) -> None:
    answer = shipped.get("/docs")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")
    assert "<script" not in answer.text and "http://" not in answer.text and "https://" not in answer.text
    for path in shipped.get("/openapi.json").json()["paths"]:
        assert path in answer.text
