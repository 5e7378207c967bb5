"""Expressions as sentences: every operation, in every language, and never two meanings in the same words."""

import itertools
import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.language.check import check_expression
from engine.language.labels import PlainLabels
from engine.language.phrases import TABLES
from engine.language.scope import PERSON, Scope, Symbol
from engine.language.sentence import sentence
from engine.language.syntax import plain_source
from engine.language.tree import OPS, Node, walk
from engine.language.types import (
    BOOLEAN,
    DATE,
    OUTCOME,
    TEXT,
    Enum,
    List,
    Number,
    Record,
    Unit,
    parse_unit,
)
from engine.language.wording import Wording

LANGUAGES = sorted(TABLES)
YUAN = Unit((("yuan", 1),))
GRADE = Enum("grade", ("none", "first", "second"))


def number(unit: str = "1", decimals: int = 0, most: int = 10**6) -> Number:
    return Number(decimals, parse_unit(unit), 0, most * 10**decimals)


def symbols(kind: str, /, **types: object) -> dict[str, Symbol]:
    return {name: Symbol(name, kind, of) for name, of in types.items()}


ITEMS = List(Record("items"), 20)
NAMES = {
    **symbols(
        "fact", a=number("yuan", 2), b=number("yuan", 2), c=number("yuan"), n=number(), day=DATE, grade=GRADE
    ),
    **symbols("fact", x=number(most=1000), y=number(most=1000)),
    **symbols("fact", yes=BOOLEAN, no=BOOLEAN, note=TEXT, items=ITEMS, **{"relief.held": BOOLEAN}),
    **symbols("value", poor=BOOLEAN, adults=List(Record(PERSON), 60), **{"relief.eligible": BOOLEAN}),
    "standard": Symbol("standard", "parameter", number("yuan", 2), ("grade",)),
    "rent": Symbol("rent", "parameter", number("yuan", 2), (), "size"),
    "tax": Symbol("tax", "parameter", Number(2, parse_unit("1"), 0, 100), (), "brackets"),
    "kinds": Symbol("kinds", "parameter", List(GRADE)),
}
PERSONAL = {
    **symbols(
        "fact", age=number("year", most=130), wage=number("yuan", 2), grade_of=GRADE, ill=BOOLEAN, jobs=ITEMS
    ),
    **symbols("fact", born=DATE, **{"care.held": BOOLEAN}),
    **symbols("value", able=BOOLEAN, **{"care.eligible": BOOLEAN, "care.status": BOOLEAN}),
}
ENTRY = symbols("fact", amount=number("yuan", 2), kind=GRADE, fine=BOOLEAN)
RECORDS = {PERSON: PERSONAL, "items": ENTRY}
POLICIES = {"relief": "household", "care": "person"}
HOUSEHOLD = Scope(NAMES, RECORDS, POLICIES)
OF_PERSON = Scope(NAMES, RECORDS, POLICIES, person=True)


def tree(text: str, scope: Scope = HOUSEHOLD) -> Node:
    node, problems = check_expression(plain_source(text), scope)
    assert node is not None, f"{text}: {[problem.message for problem in problems]}"
    return node


def said(text: str, language: str = "en", scope: Scope = HOUSEHOLD) -> str:
    return sentence(tree(text, scope), PlainLabels(), Wording(language))


# --- the tables -----------------------------------------------------------------------------------


def test_every_language_has_the_same_phrases_with_the_same_parts() -> None:
    english = TABLES["en"]
    for language, table in TABLES.items():
        assert table.keys() == english.keys(), language
        for key, phrase in table.items():
            if key not in (
                "date",
                "unit.other",
            ):  # a month by its name or number; a count with or without its unit
                assert set(re.findall(r"{(\w+)}", phrase)) == set(re.findall(r"{(\w+)}", english[key])), (
                    language,
                    key,
                )


def test_a_language_without_phrases_speaks_with_the_english_ones() -> None:
    assert said("a < b", "fr") == said("a < b", "en")


# --- every operation ------------------------------------------------------------------------------

WRITTEN = [
    *(
        (text, HOUSEHOLD)
        for text in (
            "a + b - c * n / 3 < 12.50",
            "-a >= b and not(yes) or no",
            "modulo(n, 7) = 1",
            "abs(a - b) > 1",
            "round half up(a / 3, 2) <= b",
            "min(a, b) = max(a, c)",
            "rent(min(n, 9)) < marginal(c, tax)",
            "standard != a",
            "if yes then a else b",
            "a between 1 and 2",
            "a in [1..2]",
            'grade in ("first", "second")',
            "grade in kinds",
            "list contains(kinds, grade)",
            "[1, 2, 3][1] = 1",
            "count(people[age > 18]) > 1",
            "sum(for i in items return i.amount) > 3",
            "some p in adults satisfies p.ill",
            "every i in items satisfies i.fine",
            "if count(people) > 0 then mean(people.age) > min(people.age) else max([1, 2]) > 3",
            "all(items.fine) and any(items.fine)",
            "count(all but(people, if count(people) > 0 then with greatest(people, age) else people[1])) > 0",
            "if count(people) > 0 then with least(people, age).ill else no",
            "day = date(2024, 2, 29)",
            "day.year > 2020",
            "years and months duration(day, on).months > 3",
            "months between(day, on) > 3 and days between(day, on) > 3 and age(day) > 3",
            'on - day > duration("P3D")',
            "add months(day, 3) < add days(day, 4) and month start(day) < on",
            "relief.held or relief.eligible or poor",
        )
    ),
    ("some p in people satisfies p.able", HOUSEHOLD),
]
MADE = [
    Node("outcome", (Node("const", (), BOOLEAN, value=True),) * 4, OUTCOME),
    Node("is_eligible", (Node("value", (), OUTCOME, "relief.outcome"),), BOOLEAN),
]


def examples() -> Iterator[Node]:
    yield from MADE
    yield from (tree(text, scope) for text, scope in WRITTEN)


def test_every_operation_is_among_the_examples() -> None:
    said_of = {node.op for example in examples() for node in walk(example)}
    assert not OPS - said_of


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_operation_has_a_sentence(language: str) -> None:
    for example in examples():
        text = sentence(example, PlainLabels(), Wording(language))
        assert text.strip()
        assert "{" not in text
        assert text.count("(") == text.count(")")
        assert text.count("（") == text.count("）")


# --- how it reads ---------------------------------------------------------------------------------

READS = [
    ("a < b * n", "a 低于（b × n）", "a is below b × n"),
    ("a >= 1200.50", "a 不低于 1,200.5", "a is at least 1,200.5"),
    ("c < a", "c 低于 a", "c is below a"),  # the hidden change of decimals does not show
    ("a - (b - c)", "a − （b − c）", "a − (b − c)"),
    ("(a - b) - c", "a − b − c", "a − b − c"),
    ("(a + b) * n", "（a + b） × n", "(a + b) × n"),
    ("a - round up(b - c, 0)", "a − （（b − c）按进一法取整）", "a − ((b − c) rounded up to a whole number)"),
    ('day <= date("2024-02-29")', "day 不晚于 2024年2月29日", "day is not after 29 February 2024"),
    ('grade = "first"', "grade 为“first”", "grade is “first”"),
    (
        'not(grade in ("first", "second"))',
        "grade 不属于“first”、“second”中任何一项",
        "grade is none of “first”, “second”",
    ),
    ("yes and (no or poor)", "“yes”，且（“no”，或“poor”）", "“yes”, and (“no”, or “poor”)"),
    ("yes", "yes", "yes"),
    (
        "not(relief.eligible)",
        "经测算不符合“relief”条件",
        "the conditions of “relief” are found not to be met",
    ),
    (
        "some p in people satisfies p.care.held",
        "家庭人员中有人符合（已在享受“care”）",
        "someone in people of the household satisfies (“care” is already received)",
    ),
    (
        "some p in people satisfies (some i in p.jobs satisfies i.amount > p.wage)",
        "家庭人员〔甲〕中有人符合（甲的 jobs 中有一项符合（amount 超过甲的 wage））",
        "someone in people of the household [A] satisfies "
        "(some entry of jobs of A satisfies (amount is above wage of A))",
    ),
    (
        "count(people[age >= 60])",
        "家庭人员中符合（age 不低于 60）的人数",
        "number of people of the household where (age is at least 60)",
    ),
    (
        "if yes then a else if no then b else c",
        "若“yes”，则 a，否则若“no”，则 b，否则 c",
        "if “yes”, then a, otherwise if “no”, then b, otherwise c",
    ),
    (
        "a in (1..5]",
        "a 属于下列情形之一（在 1 至 5 的范围内（不含 1，含 5））",
        "a is one of these (from 1, not included, to 5, included)",
    ),
    (
        'day + duration("P1Y6M") > on',
        "（day 后推 1 年 6 个月）晚于认定日期",
        "day plus 1 year 6 months is after the date of the decision",
    ),
]


@pytest.mark.parametrize(("text", "chinese", "english"), READS, ids=[text for text, _, _ in READS])
def test_expressions_read_as_people_say_them(text: str, chinese: str, english: str) -> None:
    assert (said(text, "zh"), said(text, "en")) == (chinese, english)


def test_inside_a_list_the_person_of_the_file_is_told_apart() -> None:
    text = "some i in jobs satisfies i.amount > wage"
    assert said(text, "zh", OF_PERSON) == "jobs 中有一项符合（amount 超过本人的 wage）"
    assert said(text, "en", OF_PERSON) == "some entry of jobs satisfies (amount is above wage of this person)"


def test_laws_are_numbered_as_laws_are() -> None:
    chinese = Wording("zh")
    numbers = {
        1: "一",
        8: "八",
        10: "十",
        14: "十四",
        20: "二十",
        34: "三十四",
        100: "一百",
        105: "一百零五",
        112: "一百一十二",
    }
    assert {n: chinese.ordinal(n).replace("〇", "零") for n in numbers} == numbers
    assert Wording("en").ordinal(34) == "34"


# --- no two meanings in the same words ------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("left", "right"), [("a", "b"), ("day", "on"), ("a", "12"), ("count(people)", "3"), ("a / 3", "b")]
)
def test_no_two_comparisons_share_a_sentence(language: str, left: str, right: str) -> None:
    texts = [f"{left} {op} {right}" for op in ("<", "<=", ">", ">=", "=", "!=")]
    texts += [f"{left} in ({op} {right})" for op in ("<", "<=", ">", ">=")] if left == "a" else []
    assert len({said(text, language) for text in texts}) == len(texts)


def arithmetic(depth: int) -> list[str]:
    if depth == 0:
        return ["x", "y"]
    inner = arithmetic(depth - 1)
    pairs = [f"({a}) {op} ({b})" for a, b in itertools.product(inner, inner) for op in "+-*"]
    return [*inner, *pairs, *(f"({a}) / {n}" for a in inner for n in (3, 7))]


def value(node: Node, x: float, y: float) -> float:
    """An independent reading of the four operations."""
    if node.op == "const":
        return float(node.value)
    if node.op == "fact":
        return {"x": x, "y": y}[node.name]
    a, b = (value(arg, x, y) for arg in node.args)
    return {"add": a + b, "subtract": a - b, "multiply": a * b, "divide": a / b if b else float("nan")}[
        node.op
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_calculations_that_read_the_same_give_the_same(language: str) -> None:
    """All calculations with up to three operations: brackets stand wherever they change the result."""
    seen: dict[str, tuple[str, list[float]]] = {}
    for text in arithmetic(2):
        node = tree(text, HOUSEHOLD)
        results = [value(node, x, y) for x, y in ((2.0, 7.0), (3.5, -1.25), (-11.0, 0.5))]
        found = seen.setdefault(sentence(node, PlainLabels(), Wording(language)), (text, results))
        assert found[1] == pytest.approx(results, nan_ok=True), (text, found[0])
    assert len(seen) > 250


def logic(depth: int) -> list[str]:
    if depth == 0:
        return ["yes", "no", "poor"]
    inner = logic(depth - 1)
    pairs = [f"({a}) {op} ({b})" for a, b in itertools.product(inner, inner) for op in ("and", "or")]
    return inner + pairs + [f"not({a})" for a in inner]


def holds(node: Node, given: dict[str, bool]) -> bool:
    if node.op in ("fact", "value"):
        return given[node.name]
    truths = [holds(arg, given) for arg in node.args]
    return {"and": all(truths), "or": any(truths), "not": not truths[0]}[node.op]


@pytest.mark.parametrize("language", LANGUAGES)
def test_conditions_that_read_the_same_mean_the_same(language: str) -> None:
    words = Wording(language)
    cases = [
        dict(zip(("yes", "no", "poor"), truths, strict=True))
        for truths in itertools.product((False, True), repeat=3)
    ]
    seen: dict[str, list[bool]] = {}
    for text in logic(2):
        node = tree(text)
        truths = [holds(node, case) for case in cases]
        assert seen.setdefault(sentence(node, PlainLabels(), words), truths) == truths, text
    assert len(seen) > 500


# --- whatever is accepted can be said -------------------------------------------------------------

MONEY = st.recursive(
    st.sampled_from(["a", "b", "c", "standard", "12", "0.5", "sum(items.amount)", "rent(n)"]),
    lambda inner: st.one_of(
        st.builds("({} + {})".format, inner, inner),
        st.builds("({} - {})".format, inner, inner),
        st.builds("min({}, {})".format, inner, inner),
        st.builds("round up({}, 0)".format, inner),
        st.builds("(if yes then {} else {})".format, inner, inner),
        st.builds("sum(for p in people return if p.ill then p.wage else {})".format, inner),
    ),
    max_leaves=4,
)
TRUTH = st.recursive(
    st.one_of(
        st.sampled_from(
            ["yes", "poor", "relief.held", 'grade = "none"', "grade in kinds", "count(adults) > 2"]
        ),
        st.builds("{} {} {}".format, MONEY, st.sampled_from(["<", "<=", ">", ">=", "=", "!="]), MONEY),
        st.builds("{} between {} and {}".format, MONEY, MONEY, MONEY),
        st.builds("{} in ({}..20]".format, MONEY, st.sampled_from(["1", "2"])),
        st.builds(
            "day {} add months(on, {})".format, st.sampled_from(["<", ">="]), st.sampled_from(["3", "n"])
        ),
    ),
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("not({})".format, inner),
        st.builds("(some p in people satisfies p.age > 18 and {})".format, inner),
        st.builds(
            "(every p in adults satisfies (some i in p.jobs satisfies i.amount > p.wage or {}))".format, inner
        ),
        st.builds("count(people[ill or {}]) >= 1".format, inner),
        st.builds("(if {} then {} else {})".format, inner, inner, inner),
    ),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None)
@given(TRUTH)
def test_whatever_is_accepted_can_be_said(text: str) -> None:
    node, _ = check_expression(plain_source(text), HOUSEHOLD)
    if node is None:  # literals of several units, or a range that cannot hold
        return
    for language in LANGUAGES:
        written = sentence(node, PlainLabels(), Wording(language))
        assert written
        assert written == sentence(node, PlainLabels(), Wording(language))
        assert not re.search(r"[{}]", written)
