"""The sentences of the features: wrong words fail loudly, and the documentation shows every sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.decision import BadDocument
from engine.rulebook import Rulebook, load_rulebook
from features.steps import given_when, months, names, then_finding, then_whole, watching
from features.steps.citations import chinese, in_words
from features.steps.wording import SENTENCES, pattern
from features.steps.world import World

STEP_MODULES = (given_when, months, then_finding, then_whole, watching)
OF_RULES = {module.__name__ for module in STEP_MODULES}
DOCUMENTATION = Path("docs/features.zh-CN.md")


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return load_rulebook(Path("policies"))


@pytest.fixture
def world(book: Rulebook) -> World:
    made = World(book)
    made.take("case_08")
    return made


def test_an_unknown_household_is_refused(book: Rulebook) -> None:
    with pytest.raises(LookupError, match="there is no household “case_99”; there are case_01"):
        World(book).take("case_99")


def test_an_unknown_person_is_refused(world: World) -> None:
    with pytest.raises(LookupError, match="nobody in this household is “p9”; there are p1, p2"):
        world.change("p9", "残疾等级", "一级")


def test_an_unknown_fact_names_the_nearest(world: World) -> None:
    with pytest.raises(LookupError, match=r"no such fact of a person\. did you mean `残疾等级`"):
        world.change("p2", "残疾级", "一级")


def test_a_fact_of_a_person_is_not_one_of_the_household(world: World) -> None:
    with pytest.raises(LookupError, match="no such fact of a household"):
        world.change("家庭", "残疾等级", "一级")


def test_an_unknown_value_is_refused(world: World) -> None:
    with pytest.raises(LookupError, match="no such value of 残疾等级"):
        world.change("p2", "残疾等级", "五级")


@pytest.mark.parametrize(
    ("who", "fact", "value"),
    [
        ("家庭", "家庭金融资产", "不少"),
        ("家庭", "家庭金融资产", "-1"),
        ("p1", "出生日期", "1944-02-30"),
        ("p2", "患当地认定的重特大疾病", "有"),
    ],
)
def test_a_wrong_value_is_refused_by_the_document_check(
    world: World, who: str, fact: str, value: str
) -> None:
    world.change(who, fact, value)
    with pytest.raises(BadDocument):
        world.decide("2026-06-15")


def test_a_change_that_changes_nothing_is_refused(world: World) -> None:
    with pytest.raises(AssertionError, match="already: this step changes nothing"):
        world.change("p2", "残疾等级", "二级")


def test_forgetting_what_is_not_known_is_refused(world: World) -> None:
    with pytest.raises(AssertionError, match="is not known anyway"):
        world.forget("家庭", "家庭金融资产")


def test_a_list_is_not_changed_like_a_fact(world: World) -> None:
    with pytest.raises(AssertionError, match="is a list: write its entries in a table"):
        world.change("p1", "收入项目", "900")


def test_an_unknown_column_of_a_list_is_refused(world: World) -> None:
    with pytest.raises(LookupError, match="no such field of 收入项目"):
        world.fill("p1", "收入项目", [["种类", "数额"], ["工资性收入", "1"]], keep=False)


def test_an_entry_that_is_not_there_is_refused(world: World) -> None:
    with pytest.raises(AssertionError, match="has no “工资性收入”"):
        world.correct("p1", "收入项目", "工资性收入", "金额", "1")


def test_an_unknown_policy_is_refused(world: World) -> None:
    world.decide("2026-06-15")
    with pytest.raises(LookupError, match=r"no such policy\. did you mean `最低生活保障`"):
        world.finding("最低生活保证", "家庭")


def test_a_policy_is_asked_for_its_own_subject(world: World) -> None:
    world.decide("2026-06-15")
    with pytest.raises(AssertionError, match="is decided for each household, not for “p1”"):
        world.finding("最低生活保障", "p1")


def test_an_unknown_condition_part_and_warning_are_refused(world: World) -> None:
    world.decide("2026-06-15")
    world.finding("最低生活保障", "家庭")
    with pytest.raises(LookupError, match="no such condition of this policy"):
        names.clause(world.version(), "人均收入低于标准线")
    with pytest.raises(LookupError, match="no such part of this amount"):
        names.part(world.version(), "差额")
    with pytest.raises(LookupError, match="no such warning"):
        names.code("暂定", "warning", names.WARNINGS)


def test_nothing_can_be_expected_before_a_decision(world: World) -> None:
    with pytest.raises(AssertionError, match="nothing has been decided yet"):
        world.finding("最低生活保障", "家庭")


def test_a_label_that_several_things_share_asks_for_the_id() -> None:
    with pytest.raises(LookupError, match="several things have this label, write one of a, b"):
        names.find("甲", "things", [("a", {"zh": "甲"}), ("b", {"zh": "甲"})])


def test_households_of_scenarios_do_not_touch_each_other(book: Rulebook) -> None:
    one, other = World(book), World(book)
    one.take("case_08")
    one.change("p2", "残疾等级", "一级")
    other.take("case_08")
    assert other.person("p2")["disability_grade"] == "grade_2"


def test_citations_in_words(book: Rulebook) -> None:
    found = in_words(book, "MF57 art 8(1); ZB18 item 11; local-text-needed")
    assert {
        "《最低生活保障审核确认办法》第八条第一项",
        "《关于改革完善社会救助制度的意见》第十一点",
        "待补地方文件",
        "MF57 art 8(1)",
    } <= found
    assert [chinese(n) for n in (1, 10, 11, 20, 29, 78)] == ["一", "十", "十一", "二十", "二十九", "七十八"]


def test_a_hole_takes_one_quoted_text() -> None:
    sentence = re.compile(pattern("把{who}的{fact}改为{value}", "“", "”"))
    assert sentence.fullmatch("把“p1”的“年龄”改为“1”")
    assert not sentence.fullmatch("把“p1”的“收入项目”中“工资”的“金额”改为“1”")
    nested = re.compile(pattern("原因是{why}", "“", "”")).fullmatch("原因是“只有“十四五”期间”")
    assert nested is not None and nested["why"] == "只有“十四五”期间"


def documented() -> list[str]:
    """The steps in the documentation's code blocks, without their keyword."""
    blocks = re.findall(r"```gherkin\n(.*?)```", DOCUMENTATION.read_text(encoding="utf-8"), re.DOTALL)
    lines = (line.strip() for block in blocks for line in block.splitlines())
    return [line.partition(" ")[2] for line in lines if line.startswith(("假如 ", "当 ", "那么 ", "而且 "))]


def of_rules() -> list[re.Pattern[str]]:
    """Without those of casework, whose words its own modules tell."""
    return [sentence for module, sentence in SENTENCES if module in OF_RULES]


def test_every_sentence_is_documented() -> None:
    sentences = of_rules()
    assert len(sentences) >= 50 and all(module.__doc__ for module in STEP_MODULES)
    steps = documented()
    missing = [
        sentence.pattern for sentence in sentences if not any(sentence.fullmatch(step) for step in steps)
    ]
    assert missing == []


@pytest.mark.parametrize("step", documented())
def test_every_documented_step_is_one_sentence(step: str) -> None:
    assert sum(1 for sentence in of_rules() if sentence.fullmatch(step)) == 1
