"""`relief decide`, `explain` and `eval`: documents in, decisions out, and every mistake told."""

import json
from datetime import date
from pathlib import Path

import pytest
from relief_runner import ISLAND, ROOT, Relief

from engine.decision import decide, encode_json, parse_json
from engine.rulebook import load_rulebook

SAMPLE = ROOT / "samples" / "household.json"
CASE = ROOT / "features" / "households" / "case_01.yaml"
DOCUMENTS = ROOT / "tests" / "decision" / "documents"
LEAST = '{"household_id": "h1", "area": "north", "people": [{"person_id": "p1"}]}'


def test_json_is_exactly_the_decision_document(relief: Relief) -> None:
    result = relief("decide", SAMPLE, "--on", "2025-10-15", "--format", "json")
    book = load_rulebook(ROOT / "policies")
    decision = decide(book, parse_json(SAMPLE.read_bytes()), on=date(2025, 10, 15), known=date.today())
    assert result.exit_code == 0
    assert result.stdout_bytes == encode_json(decision) + b"\n"


def test_yaml_and_json_give_the_same_decision(relief: Relief) -> None:
    from_json = json.loads(relief("decide", SAMPLE, "--on", "2025-10-15", "--format", "json").stdout)
    text = CASE.read_text("utf-8").replace("household_id: case_01", "household_id: sample")
    from_yaml = json.loads(relief("decide", "-", "--on", "2025-10-15", "--format", "json", stdin=text).stdout)
    assert from_yaml["decision_id"] == from_json["decision_id"]


def test_on_and_known_are_today_unless_said(relief: Relief) -> None:
    def told(*more: str) -> dict[str, str]:
        result = relief("decide", "-", "--policies", ISLAND, "--format", "json", *more, stdin=LEAST)
        decision: dict[str, str] = json.loads(result.stdout)
        return decision

    assert told()["on"] == told()["known"] == date.today().isoformat()
    assert told("--on", "2020-05-01")["known"] == date.today().isoformat()
    assert told("--known", "2020-05-01")["on"] == date.today().isoformat()
    assert told("--on", "2020-05-01", "--known", "2021-06-01")["known"] == "2021-06-01"


def test_only_the_policies_asked_for(relief: Relief) -> None:
    arguments = ("decide", "-", "--policies", ISLAND, "--format", "json", "--policy", "school_meal")
    assert list(json.loads(relief(*arguments, stdin=LEAST).stdout)["policies"]) == ["school_meal"]


def test_an_unknown_policy_names_the_nearest(relief: Relief) -> None:
    result = relief("decide", "-", "--policies", ISLAND, "--policy", "school_meals", stdin=LEAST)
    assert result.exit_code == 2
    assert "did you mean `school_meal`?" in result.stderr


@pytest.mark.parametrize("path", sorted((DOCUMENTS / "bad").glob("*.json")), ids=lambda path: path.stem)
def test_a_bad_document_is_bad_input_with_a_place(relief: Relief, path: Path) -> None:
    result = relief("decide", path, "--on", "2024-03-01", "--policies", ISLAND)
    assert result.exit_code == 2
    assert result.stdout == ""
    golden = path.with_suffix(".txt").read_text("utf-8")
    places = [line.split(": ")[0].removeprefix("document") for line in golden.splitlines() if line[:1] != " "]
    content = path.read_bytes().strip()
    if content[:1] in (b"{", b"["):
        for place in places:
            assert f"{path}#{place}: " in result.stderr
    else:
        assert str(path) in result.stderr


@pytest.mark.parametrize("path", sorted((DOCUMENTS / "good").glob("*.json")), ids=lambda path: path.stem)
def test_a_good_document_is_decided(relief: Relief, path: Path) -> None:
    result = relief("decide", path, "--on", "2024-03-01", "--policies", ISLAND, "--format", "json")
    assert result.exit_code == 0


def test_broken_yaml_is_told_with_line_and_caret(relief: Relief) -> None:
    text = "household_id: h1\narea: north\npeople:\n  - person_id: p1\n    pupil: yes\n"
    result = relief("decide", "-", "--policies", ISLAND, stdin=text)
    assert result.exit_code == 2
    assert "<stdin>:5:12:" in result.stderr
    assert "^^^" in result.stderr


def test_an_empty_document(relief: Relief) -> None:
    assert relief("decide", "-", "--policies", ISLAND, stdin="").exit_code == 2


def test_a_document_of_ten_megabytes(relief: Relief) -> None:
    result = relief("decide", "-", "--policies", ISLAND, stdin=b" " * 10_000_000 + LEAST.encode())
    assert result.exit_code == 2
    assert "[too-large]" in result.stderr


@pytest.mark.parametrize("file", ["nowhere.json", "."])
def test_a_file_that_cannot_be_read(relief: Relief, file: str) -> None:
    result = relief("decide", file)
    assert result.exit_code == 2
    assert f"{file}: " in result.stderr


@pytest.mark.parametrize("day", ["2025-02-30", "today", "20250101", "2025-1-1", "２０２５-０１-０１"])
def test_a_date_that_is_none(relief: Relief, day: str) -> None:
    for option in ("--on", "--known"):
        result = relief("decide", "-", option, day, stdin=LEAST)
        assert result.exit_code == 2
        assert day in result.stderr


def test_a_language_the_rulebook_does_not_speak(relief: Relief) -> None:
    result = relief("decide", "-", "--policies", ISLAND, "--lang", "zh", stdin=LEAST)
    assert result.exit_code == 2


def test_a_broken_rulebook_is_bad_input(relief: Relief, island: Path) -> None:
    (island / "facts.yaml").write_text("facts: [\n", "utf-8")
    result = relief("decide", "-", "--policies", island, stdin=LEAST)
    assert result.exit_code == 2
    assert "facts.yaml:" in result.stderr


@pytest.mark.parametrize("arguments", [(), ("decide",), ("nonsense",), ("decide", "-", "--layer", "x")])
def test_bad_usage(relief: Relief, arguments: tuple[str, ...]) -> None:
    assert relief(*arguments).exit_code == 2


@pytest.mark.parametrize(
    "expression, context, value",
    [
        ("1 + 2", None, "3"),
        ("1 / 3", None, "0.3333333333333333333333333333333333"),
        ("x * 2", '{"x": 1.10}', "2.2"),
        ("x > 1", '{"x": null}', "null"),
        ("false and x", '{"x": null}', "false"),
        ('"低" in names', '{"names": ["低", "保"]}', "true"),
        ("count(people[age >= 60])", '{"people": [{"age": 61}, {"age": 3}]}', "1"),
    ],
)
def test_eval(relief: Relief, expression: str, context: str | None, value: str) -> None:
    more = () if context is None else ("--context", "-")
    result = relief("eval", expression, *more, stdin=context)
    assert result.exit_code == 0
    assert result.stdout == f'{{"value":{value}}}\n'


@pytest.mark.parametrize(
    "expression, context", [("1 +", None), ("y", "{}"), ("1", "[1]"), ("1", "{"), ("x", '{"x": NaN}')]
)
def test_eval_of_what_is_wrong(relief: Relief, expression: str, context: str | None) -> None:
    more = () if context is None else ("--context", "-")
    result = relief("eval", expression, *more, stdin=context)
    assert result.exit_code == 2
    assert result.stderr
    assert result.stdout == ""


# --- explanations -------------------------------------------------------------------------------------------


def test_text_is_what_the_caseworker_is_told(relief: Relief) -> None:
    told = relief("decide", SAMPLE, "--on", "2025-10-15").stdout
    assert told == relief("explain", SAMPLE, "--on", "2025-10-15", "--layer", "caseworker").stdout
    assert "最低生活保障" in told
    assert "1,132 元" in told
    assert "1,132" in relief("decide", SAMPLE, "--on", "2025-10-15", "--lang", "en").stdout


@pytest.mark.parametrize("layer", ["applicant", "caseworker", "auditor"])
def test_a_printed_decision_is_explained_as_the_household_was(
    relief: Relief, layer: str, tmp_path: Path
) -> None:
    printed = relief("decide", SAMPLE, "--on", "2025-10-15", "--format", "json").stdout_bytes
    (tmp_path / "decision.json").write_bytes(printed)
    from_decision = relief("explain", tmp_path / "decision.json", "--layer", layer)
    from_household = relief("explain", SAMPLE, "--on", "2025-10-15", "--layer", layer)
    assert from_decision.exit_code == 0
    assert from_decision.stdout == from_household.stdout != ""


def test_an_explanation_as_json(relief: Relief) -> None:
    arguments = ("explain", SAMPLE, "--on", "2025-10-15", "--layer", "applicant", "--format", "json")
    told = json.loads(relief(*arguments, "--lang", "en").stdout)
    assert (told["layer"], told["language"]) == ("applicant", "en")
    assert told["sections"]


def test_a_decision_of_another_rulebook_is_not_explained(relief: Relief, tmp_path: Path) -> None:
    printed = relief("decide", "-", "--policies", ISLAND, "--format", "json", stdin=LEAST).stdout
    (tmp_path / "decision.json").write_text(printed, "utf-8")
    result = relief("explain", tmp_path / "decision.json")
    assert result.exit_code == 2
    assert "#/rulebook: " in result.stderr
