"""Explanations: the golden texts, and what must hold of every one of them.

RELIEF_UPDATE_GOLDENS=1 writes the golden texts anew; read them before committing, as a caseworker would.
"""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from engine.decision import decide, encode_json, parse_json
from engine.decision.explain import LAYERS, CannotExplain, Explanation, Line, as_text, explain
from engine.decision.explain.words import WORDS
from engine.decision.model import Decision, Trace
from engine.rulebook import Rulebook, load_rulebook

ROOT = Path(__file__).parents[2]
HOUSEHOLDS = ROOT / "features" / "households"
GOLDEN = Path(__file__).parent / "golden"
UPDATE = os.environ.get("RELIEF_UPDATE_GOLDENS") == "1"
CASES = [("case_01", 20251015), ("case_08", 20260615)]
ALL_CASES = [
    *CASES,
    ("case_02", 20260515),
    ("case_04", 20260615),
    ("case_07", 20260915),
    ("case_10", 20260715),
    ("case_13", 20260315),
]


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return load_rulebook(ROOT / "policies")


def household(case: str) -> Any:
    return yaml.safe_load((HOUSEHOLDS / f"{case}.yaml").read_text("utf-8"))


def texts(lines: Any) -> Iterator[str]:
    for line in lines:
        yield line.text
        yield from texts(line.of)


def marks(lines: Any) -> Iterator[tuple[str, str]]:
    for line in lines:
        yield line.mark, line.text
        yield from marks(line.of)


def all_text(explanation: Explanation) -> str:
    return "\n".join(
        text for section in explanation.sections for text in (section.title, *texts(section.lines))
    )


def section(explanation: Explanation, key: str) -> list[Line]:
    return next(list(one.lines) for one in explanation.sections if one.key == key)


# --- golden texts ---------------------------------------------------------------------------------


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("case", "on"), CASES)
def test_golden_texts(book: Rulebook, case: str, on: int, language: str, layer: str) -> None:
    decision = decide(book, household(case), on=on)
    text = as_text(explain(book, decision, layer, language))
    text = text.replace(decision.rulebook, "<fingerprint>").replace(decision.decision_id, "<decision>")
    golden = GOLDEN / f"{case}.{layer}.{language}.txt"
    if UPDATE:
        golden.write_text(text, "utf-8")
    assert golden.exists(), f"{golden.name} is missing: run the tests once with RELIEF_UPDATE_GOLDENS=1"
    assert text == golden.read_text("utf-8")


# --- what holds of every explanation --------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("case", "on"), ALL_CASES)
def test_every_layer_is_told_in_full(book: Rulebook, case: str, on: int, language: str) -> None:
    decision = decide(book, household(case), on=on)
    for layer in LAYERS:
        explanation = explain(book, decision, layer, language)
        text = all_text(explanation)
        assert "{" not in text
        assert "None" not in text
        assert "UNSET" not in text
        written = msgspec.json.encode(explanation)
        assert as_text(msgspec.json.decode(written, type=Explanation)) == as_text(explanation)


@pytest.mark.parametrize(("case", "on"), ALL_CASES)
def test_a_decision_from_json_is_told_in_the_same_words(book: Rulebook, case: str, on: int) -> None:
    decision = decide(book, household(case), on=on)
    plain = parse_json(encode_json(decision))
    again = msgspec.convert(plain, Decision)
    for layer in LAYERS:
        told = explain(book, decision, layer, "zh")
        assert explain(book, again, layer, "zh") == told
        assert explain(book, plain, layer, "zh") == told


@pytest.mark.parametrize(("case", "on"), ALL_CASES)
def test_the_applicant_reads_at_most_three_lines_for_each_finding(book: Rulebook, case: str, on: int) -> None:
    decision = decide(book, household(case), on=on)
    explanation = explain(book, decision, "applicant", "zh")
    found = {
        f"{policy}/{one.subject}"
        for policy, decided in decision.policies.items()
        for one in decided.findings
        if one.outcome != "not-in-force"
    }
    assert {one.key for one in explanation.sections} - {"due"} == found
    for one in explanation.sections:
        assert 1 <= len(one.lines) <= 3
        assert not any(line.of for line in one.lines)


def test_the_applicant_reads_nothing_of_people_outside_the_household(book: Rulebook) -> None:
    document = household("case_01")
    document["people"][0]["supporters"][0]["annual_income"] = 98765
    decision = decide(book, document, on=20251015)
    assert "98,765" in all_text(explain(book, decision, "auditor", "zh"))
    assert "98,765" not in all_text(explain(book, decision, "applicant", "zh"))


@pytest.mark.parametrize(("case", "on"), ALL_CASES)
def test_the_auditor_sees_every_clause_with_its_truth(book: Rulebook, case: str, on: int) -> None:
    decision = decide(book, household(case), on=on)
    explanation = explain(book, decision, "auditor", "zh")

    def clauses(trace: Trace) -> Iterator[bool | None]:
        for one in trace.of or ():
            yield one.truth
            yield from clauses(one)

    found = [one for decided in decision.policies.values() for one in decided.findings]
    lines = section(explanation, "findings")
    assert len(lines) == len(found)
    for finding, line in zip(found, lines, strict=True):
        if finding.outcome == "not-in-force":
            assert not any(mark for mark, _ in marks(line.of))
            continue
        assert finding.trace is not None
        names = {True: "met", False: "unmet", None: "open"}
        wanted = sorted(names[truth] for truth in clauses(finding.trace))
        assert sorted(mark for mark, _ in marks(line.of) if mark) == wanted


def test_every_fact_definition_and_parameter_is_shown_to_the_auditor(book: Rulebook) -> None:
    decision = decide(book, household("case_02"), on=20260515)
    explanation = explain(book, decision, "auditor", "en")
    assert len(section(explanation, "parameters")) == len(decision.parameters)
    facts = section(explanation, "facts")
    assert len([line for line in facts if not line.of]) + sum(len(line.of) for line in facts) == len(
        decision.facts
    )
    whole = all_text(explanation)
    for name in book.definitions:
        if any(ref.endswith(name) for ref in decision.definitions):
            assert book.definitions[name].versions[-1].title["en"] in whole


def test_words_are_the_same_in_every_language() -> None:
    english = WORDS["en"]
    for language, table in WORDS.items():
        assert table.keys() == english.keys(), language
        for key, phrase in table.items():
            if key != "month.said":
                assert set(re.findall(r"{(\w+)}", phrase)) == set(re.findall(r"{(\w+)}", english[key])), (
                    language,
                    key,
                )


# --- the right words in the right place -----------------------------------------------------------


def with_income(case: str, amount: float) -> Any:
    """The household of a case, with one income of the first person."""
    document = household(case)
    document["people"][0]["income_items"] = [{"kind": "farming", "amount": amount, "per": "month"}]
    for person in document["people"][1:]:
        person["income_items"] = []
    return document


@pytest.mark.parametrize(
    ("amount", "chinese", "english"),
    [
        (1797.17, "家庭月计入收入超出 42.17 元", "counted income per month: 42.17 yuan over the limit"),
        (
            1755,
            "家庭月计入收入恰好达到界线，须低于界线",
            "counted income per month: exactly at the limit, and it has to be below",
        ),
    ],
)
def test_a_refusal_says_by_how_much(book: Rulebook, amount: float, chinese: str, english: str) -> None:
    decision = decide(book, with_income("case_01", amount), on=20251015)
    for language, words in (("zh", chinese), ("en", english)):
        for layer in LAYERS:
            assert words in all_text(explain(book, decision, layer, language)), (layer, language)


def test_what_would_change_a_refusal_is_said_with_its_direction(book: Rulebook) -> None:
    document = {**household("case_01"), "financial_assets": 50000}
    decision = decide(book, document, on=20251015)
    assert "如果家庭金融资产降到 42,120 元，结果会变为“可享受”" in all_text(
        explain(book, decision, "applicant", "zh")
    )
    caseworker = all_text(explain(book, decision, "caseworker", "en"))
    assert "Would change it: financial assets falls to 42,120 yuan → eligible" in caseworker
    assert "financial assets: 7,880 yuan over the limit" in caseworker


def test_amounts_are_shown_with_the_figures_of_the_first_day_of_the_month(book: Rulebook) -> None:
    """The pupil turns 18 on the tenth; the top-up of September still counts two members."""
    decision = decide(book, household("case_07"), on=20260915)
    assert (
        "分类施保增发 208 元 = 分类施保增发标准 104 元 × 计入的家庭成员中符合（分类施保对象）的人数 2 人"
        in all_text(explain(book, decision, "caseworker", "zh"))
    )


def test_figures_that_do_not_give_the_amount_are_not_shown(book: Rulebook) -> None:
    document = household("case_01")
    old, new = ([{"kind": "farming", "amount": amount, "per": "year"}] for amount in (6000, 9000))
    document["people"][0]["income_items"] = [
        {"value": old, "to": "2025-10-09"},
        {"value": new, "from": "2025-10-10"},
    ]
    decision = decide(book, document, on=20251015)
    gap = next(
        text
        for text in all_text(explain(book, decision, "caseworker", "zh")).split("\n")
        if text.startswith("差额补助")
    )
    assert gap == "差额补助 1,235 元 = （低保标准 × 计入的家庭成员人数 − 家庭月计入收入）按进一法取整"


def test_a_source_and_its_day_stand_beside_the_value(book: Rulebook) -> None:
    document = household("case_01")
    document["financial_assets"] = {"value": 8000, "source": "civil_affairs", "as_of": "2025-09-30"}
    decision = decide(book, document, on=20251015)
    whole = all_text(explain(book, decision, "auditor", "zh"))
    assert "家庭金融资产 8,000 元（民政部门、截至 2025年9月30日）" in whole


def test_an_unknown_fact_is_asked_for_and_never_called_no(book: Rulebook) -> None:
    decision = decide(book, household("case_08"), on=20260615)
    asked = section(explain(book, decision, "applicant", "zh"), "dibao/household")
    assert [line.text[:8] for line in asked] == ["还不能确定；如果", "原因：还缺 1 ", "请补充：全体成员"]
    tree = section(explain(book, decision, "auditor", "zh"), "findings")
    assert ("open", "金融资产不超过上限") in list(marks(tree))
    assert any("家庭金融资产 未知" in text for text in texts(tree))


def test_people_can_be_called_by_name(book: Rulebook) -> None:
    decision = decide(book, household("case_01"), on=20251015)
    explanation = explain(book, decision, "caseworker", "zh", names={"p3": "张*明"})
    assert "重度残疾人护理补贴（张*明）" in all_text(explanation)
    assert "成员 p3" not in all_text(explanation)


def test_findings_can_be_chosen(book: Rulebook) -> None:
    decision = decide(book, household("case_01"), on=20251015)
    one = explain(book, decision, "caseworker", "zh", policies=["disabled_care"])
    assert [section.key for section in one.sections] == ["eligible"]
    own = explain(book, decision, "applicant", "zh", subjects=["p3"])
    assert {section.key.rpartition("/")[2] for section in own.sections} == {"p3"}


def told_of(
    book: Rulebook, document: Any, on: int, policy: str, language: str = "zh"
) -> tuple[list[str], str]:
    """The applicant's lines on the household's finding and the caseworker's page."""
    decision = decide(book, document, on=on)
    applicant = explain(book, decision, "applicant", language, policies=[policy])
    lines = [line.text for one in applicant.sections for line in one.lines]
    return lines, all_text(explain(book, decision, "caseworker", language, policies=[policy]))


def test_a_closed_procedure_says_why(book: Rulebook) -> None:
    lines, page = told_of(book, {**household("case_01"), "consent_refused": True}, 20251015, "dibao")
    assert lines[:2] == [
        "本次办理已终止。",
        "理由：拒绝签署核查授权或拒不配合调查（《最低生活保障审核确认办法》第二十九条）。",
    ]
    assert (
        "终止原因：拒绝签署核查授权或拒不配合调查（《最低生活保障审核确认办法》（民发〔2021〕57号）第二十九条）"
        in page
    )


def test_a_band_is_left_to_an_officer(book: Rulebook) -> None:
    facts = {"basic_living_in_difficulty": True, "hard_after_other_aid": True, "aided_for_same_cause": False}
    document = {**household("case_01"), "sudden_event": "fire", **facts}
    lines, page = told_of(book, document, 20251015, "temporary_relief")
    assert lines[0] == "由经办人员研究决定，一次性 1,755 元至 10,530 元。"
    assert (
        "最低 1,755 元 = （临时救助下限（低保标准的月数） 1 个月 × 低保标准 585 元 × 家庭人员人数 3 人）按进一法取整"
        in page
    )


def test_what_an_officer_has_to_judge_is_said(book: Rulebook) -> None:
    document = household("case_01")
    document["people"][0].update(birth_date="1980-01-01", refused_job_offers=3)
    lines, page = told_of(book, document, 20251015, "dibao")
    assert lines[0].startswith("由经办人员研究决定，每月")
    assert "由经办人员决定：有劳动能力成员连续三次拒绝适当工作" in page


def test_a_policy_of_another_time_is_named(book: Rulebook) -> None:
    lines, page = told_of(book, household("case_01"), 20100101, "dibao")
    assert lines == []
    assert page == "未施行\n最低生活保障"


def test_a_status_on_which_nothing_is_said_is_asked_for(book: Rulebook) -> None:
    document = household("case_01")
    del document["statuses"]
    lines, page = told_of(book, document, 20251015, "dibao")
    assert lines[0].startswith("还不能确定")
    assert "家庭及成员目前已在享受哪些救助？" in lines[2]
    assert "缺已享受救助的记录：" in page


def test_a_question_about_a_person_says_about_whom(book: Rulebook) -> None:
    document = household("case_01")
    del document["people"][2]["disability_grade"]
    decision = decide(book, document, on=20251015)
    lines = section(explain(book, decision, "applicant", "zh"), "disabled_care/p3")
    assert lines[2].text.startswith("请补充：成员 p3：有效残疾人证上的等级")


def test_a_parameter_without_a_value_is_named_with_the_reason(book: Rulebook) -> None:
    lines, page = told_of(book, household("case_13"), 20260315, "dibao")
    assert "原因：低保标准当天没有公布的数值。" in lines
    assert "缺标准数值：低保标准（未查到2026年1月至3月的低保标准文件）" in page


# --- what cannot be told --------------------------------------------------------------------------


def test_another_rulebook_is_refused_with_both_fingerprints(book: Rulebook) -> None:
    decision = msgspec.structs.replace(decide(book, household("case_01"), on=20251015), rulebook="0" * 64)
    with pytest.raises(CannotExplain) as raised:
        explain(book, decision, "auditor", "zh")
    assert "0" * 64 in str(raised.value)
    assert book.fingerprint in str(raised.value)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"layer": "auditr"}, "auditr"),
        ({"language": "fr"}, "fr"),
        ({"policies": ["diabo"]}, "diabo"),
        ({"subjects": ["p9"]}, "p9"),
    ],
)
def test_what_is_not_there_is_named(book: Rulebook, asked: dict[str, Any], told: str) -> None:
    decision = decide(book, household("case_01"), on=20251015)
    with pytest.raises(CannotExplain, match=told):
        explain(book, decision, **{"layer": "applicant", "language": "zh", **asked})


# --- another country ------------------------------------------------------------------------------

ABROAD = {
    "rulebook.yaml": """
        rulebook: abroad
        title: {fr: Aides}
        languages: [fr]
        currency:
          unit: euro
          decimals: 2
          label: {fr: euros}
        units:
          person: {fr: personne}
        departments:
          town: {fr: la mairie}
        limits:
          people: 20
        """,
    "facts.yaml": """
        facts:
          income:
            of: household
            type: money
            min: 0
            max: 100000
            label: {fr: revenu mensuel}
            question: {fr: Quel est le revenu ?}
            answered_by: town
            class: personal
            changeable: true
        """,
    "sources.yaml": """
        sources:
          CODE:
            title: Code de l'action sociale
            issued: 2020-01-01
            seen: text
        """,
    "areas.yaml": """
        levels:
          country: {fr: pays}
        areas:
          france: {level: country, label: {fr: France}}
        """,
    "town/rent/2020-01-01.yaml": """
        policy: rent
        title: {fr: Aide au loyer}
        department: town
        unit: household
        effective: {from: 2020-01-01}
        eligible:
          all:
            - id: poor
              when: income < 1000
              cite: CODE art 2
        amount:
          period: month
          parts:
            - id: half
              label: {fr: Moitié manquante}
              value: round down((1000 - income) / 2, 2)
              cite: CODE art 3
        pays: {from: month_after_decision, cite: CODE art 3}
        procedure: {accept: town, decide: town, cite: CODE art 4}
        """,
    "town/food/2020-01-01.yaml": """
        policy: food
        title: {fr: Aide alimentaire}
        department: town
        unit: household
        effective: {from: 2020-01-01}
        eligible:
          all:
            - id: poor
              when: income < 500
              cite: CODE art 5
        amount:
          period: month
          parts:
            - id: flat
              label: {fr: Forfait}
              value: 60 + 0 * income
              cite: CODE art 5
        pays: {from: at_once, cite: CODE art 5}
        procedure: {accept: town, decide: town, cite: CODE art 4}
        """,
    "conflicts/one_of_two.yaml": """
        conflict: one_of_two
        title: {fr: Une seule aide}
        effective: {from: 2020-01-01}
        between: [rent, food]
        same: household
        stage: exclusive
        keep: rent
        cite: CODE art 6
        """,
}


@pytest.fixture
def abroad(tmp_path: Path) -> Rulebook:
    for name, content in ABROAD.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = content.strip("\n").splitlines()
        path.write_text("\n".join(line.removeprefix(" " * 8) for line in lines) + "\n", "utf-8")
    return load_rulebook(tmp_path)


def test_a_rulebook_in_another_language_is_told_with_its_own_labels(abroad: Rulebook) -> None:
    document = {
        "household_id": "h1",
        "area": "france",
        "income": 301.25,
        "statuses": [],
        "people": [{"person_id": "a"}],
    }
    decision = decide(abroad, document, on=20260115)
    caseworker = all_text(explain(abroad, decision, "caseworker", "fr"))
    assert (
        "Moitié manquante 349.37 euros = "
        "((1,000 − revenu mensuel 301.25 euros) ÷ 2) rounded down to 2 decimals" in caseworker
    )
    assert "revenu mensuel is below 1,000 euros (698.75 euros below the limit)" in caseworker
    with pytest.raises(CannotExplain, match="zh"):
        explain(abroad, decision, "caseworker", "zh")


def test_what_a_conflict_takes_away_is_not_promised(abroad: Rulebook) -> None:
    document = {
        "household_id": "h1",
        "area": "france",
        "income": 300,
        "statuses": [],
        "people": [{"person_id": "a"}],
    }
    decision = decide(abroad, document, on=20260115)
    assert [one.effect for one in decision.conflicts] == ["kept", "dropped"]
    explanation = explain(abroad, decision, "applicant", "fr")
    (first, *_) = section(explanation, "food/household")
    assert "does not go with “Aide au loyer”" in first.text
    assert "60" not in first.text
    assert "350 euros a month" in all_text(explanation)


def test_an_area_that_is_too_wide_is_said_to_be(book: Rulebook) -> None:
    """It has no county, which policies ask for: neither a fact of the dictionary nor a status."""
    decision = decide(
        book, {"household_id": "h", "area": "china", "people": [{"person_id": "p"}]}, on=20251015
    )
    told = {layer: as_text(explain(book, decision, layer, "zh")) for layer in LAYERS}
    assert "缺县（市、区）：所填地区不属于任何县（市、区），请填写更具体的地区" in told["caseworker"]
    assert "缺县（市、区）" in told["auditor"]


def test_the_words_follow_the_rule_files(tmp_path: Path, book: Rulebook) -> None:
    """Nothing is kept: a clause with another label is told with that label."""
    shutil.copytree(ROOT / "policies", tmp_path / "policies", ignore=shutil.ignore_patterns("versions.lock"))
    path = tmp_path / "policies" / "civil_affairs" / "dibao" / "2022-10-20.yaml"
    path.write_text(path.read_text("utf-8").replace("人均收入低于低保标准", "人均收入在低保线以下"), "utf-8")
    changed = load_rulebook(tmp_path / "policies")
    decision = decide(changed, household("case_01"), on=20251015)
    assert "人均收入在低保线以下" in all_text(explain(changed, decision, "caseworker", "zh"))
    with pytest.raises(CannotExplain):
        explain(book, decision, "caseworker", "zh")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_held_already_is_asked_for_although_no_office_answers_it(
    book: Rulebook, language: str
) -> None:
    document = household("case_02")
    del document["statuses"]
    decision = decide(book, document, on=20260915)
    assert decision.questions[0].fact == "statuses"
    told = as_text(explain(book, decision, "caseworker", language))
    asked = {
        "zh": "家庭及成员目前已在享受哪些救助",
        "en": "Which programmes do the household and its members receive",
    }
    (line,) = [line for line in told.splitlines() if line.strip().startswith(asked[language])]
    assert {"zh": "由", "en": "answered by"}[language] not in line


def test_lines_that_households_share_are_told_alike_in_any_order(book: Rulebook) -> None:
    """What was kept from one household does not show in another one's explanation."""
    first, second = (decide(book, household(case), on=20260615) for case in ("case_08", "case_04"))
    fresh = {
        one.household_id: as_text(explain(load_rulebook(ROOT / "policies"), one, "auditor", "zh"))
        for one in (first, second)
    }
    for one in (second, first, second):
        assert as_text(explain(book, one, "auditor", "zh")) == fresh[one.household_id]
