"""What a matcher finds, whatever the order and the words, and how it refuses what it cannot use."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.inference import Join, Match, Matcher, Pattern, Rule, network

FIELDS = {
    "finding": frozenset({"policy", "person", "account"}),
    "payment": frozenset({"person", "account"}),
    "death": frozenset({"person"}),
}
PAID_AFTER_DEATH = Rule(
    "paid_after_death",
    (Pattern("p", "payment"), Pattern("d", "death")),
    (Join("p", "person", "d", "person"),),
)
SAME_ACCOUNT = Rule(
    "same_account",
    (Pattern("a", "payment"), Pattern("b", "payment")),
    (Join("a", "account", "b", "account"),),
)


def finding(key: str, policy: str, person: str = "p1", account: str = "a1") -> dict[str, str]:
    return {"key": key, "kind": "finding", "policy": policy, "person": person, "account": account}


def payment(key: str, person: str = "p1", account: str = "a1") -> dict[str, str]:
    return {"key": key, "kind": "payment", "person": person, "account": account}


def death(key: str, person: str = "p1") -> dict[str, str]:
    return {"key": key, "kind": "death", "person": person}


def test_a_pair_is_found_where_the_join_holds() -> None:
    facts = [payment("pay-1"), payment("pay-2", "p2"), death("death-1"), payment("pay-3")]
    assert Matcher([PAID_AFTER_DEATH], FIELDS).match(facts) == (
        Match("paid_after_death", ("pay-1", "death-1")),
        Match("paid_after_death", ("pay-3", "death-1")),
    )


def test_facts_come_in_the_order_of_the_patterns_wherever_the_join_names_them() -> None:
    rule = Rule("r", PAID_AFTER_DEATH.patterns[::-1], (Join("p", "person", "d", "person"),))
    assert Matcher([rule], FIELDS).match([payment("pay"), death("death")]) == (Match("r", ("death", "pay")),)


def test_where_tests_every_field_it_names() -> None:
    rule = Rule("r", (Pattern("f", "finding", (("policy", "dibao"), ("person", "p2"))),))
    facts = [finding("1", "dibao"), finding("2", "tekun", "p2"), finding("3", "dibao", "p2")]
    assert Matcher([rule], FIELDS).match(facts) == (Match("r", ("3",)),)


def test_three_patterns_two_of_them_joined_to_the_first_on_the_same_field() -> None:
    policies = ("dibao", "tekun", "orphan")
    rule = Rule(
        "r",
        tuple(Pattern(policy, "finding", (("policy", policy),)) for policy in policies),
        (Join("dibao", "person", "tekun", "person"), Join("dibao", "person", "orphan", "person")),
    )
    facts = [finding(f"{policy}-{person}", policy, person) for policy in policies for person in ("p1", "p2")]
    assert Matcher([rule], FIELDS).match(facts) == (
        Match("r", ("dibao-p1", "tekun-p1", "orphan-p1")),
        Match("r", ("dibao-p2", "tekun-p2", "orphan-p2")),
    )


def test_without_joins_every_combination_is_found() -> None:
    rule = Rule("r", (Pattern("p", "payment"), Pattern("d", "death")))
    facts = [payment("pay-1"), payment("pay-2", "p2"), death("death-1", "p3"), death("death-2", "p4")]
    assert [match.facts for match in Matcher([rule], FIELDS).match(facts)] == [
        ("pay-1", "death-1"), ("pay-1", "death-2"), ("pay-2", "death-1"), ("pay-2", "death-2"),
    ]  # fmt: skip


def test_all_joins_between_two_patterns_must_hold() -> None:
    rule = Rule("r", SAME_ACCOUNT.patterns, (*SAME_ACCOUNT.joins, Join("b", "person", "a", "person")))
    facts = [
        payment("1", "p1", "a1"),
        payment("2", "p2", "a1"),
        payment("3", "p1", "a2"),
        payment("4", "p1", "a1"),
    ]
    assert Matcher([rule], FIELDS).match(facts) == (Match("r", ("1", "4")),)


def test_facts_that_can_take_each_others_place_are_found_once() -> None:
    facts = [payment("3"), payment("1"), payment("2"), payment("4", account="a2")]
    assert [match.facts for match in Matcher([SAME_ACCOUNT], FIELDS).match(facts)] == [
        ("1", "2"), ("1", "3"), ("2", "3"),
    ]  # fmt: skip


def test_a_fact_never_fills_two_patterns() -> None:
    assert Matcher([SAME_ACCOUNT], FIELDS).match([payment("1"), death("2")]) == ()


def test_one_fact_serves_every_rule_that_wants_it() -> None:
    rules = [Rule(name, (Pattern("d", "death"),)) for name in ("c", "a", "b")]
    assert [match.rule for match in Matcher(rules, FIELDS).match([death("1")])] == ["a", "b", "c"]


def test_nothing_found_is_an_empty_result() -> None:
    matcher = Matcher([PAID_AFTER_DEATH], FIELDS)
    assert matcher.match([]) == ()
    assert matcher.match([finding("1", "dibao")]) == ()
    assert matcher.match([payment("1"), death("2", "p2")]) == ()
    assert Matcher([], FIELDS).match([payment("1")]) == ()


def test_a_rule_that_contradicts_itself_finds_nothing() -> None:
    patterns = (Pattern("a", "payment", (("person", "p1"),)), Pattern("b", "death", (("person", "p2"),)))
    rule = Rule("r", patterns, (Join("a", "person", "b", "person"),))
    assert Matcher([rule], FIELDS).match([payment("1", "p1"), death("2", "p2")]) == ()


def test_the_same_join_said_twice_counts_once() -> None:
    rule = Rule("r", PAID_AFTER_DEATH.patterns, (*PAID_AFTER_DEATH.joins, Join("d", "person", "p", "person")))
    assert Matcher([rule], FIELDS).match([payment("1"), death("2")]) == (Match("r", ("1", "2")),)


def test_more_groups_than_one_batch_holds() -> None:
    facts = [payment(f"pay-{n:03}") for n in range(70)] + [death(f"death-{n:03}") for n in range(70)]
    found = Matcher([PAID_AFTER_DEATH], FIELDS).match(facts)
    assert len(set(found)) == len(found) == 4900 > network._BATCH


@pytest.mark.parametrize(
    "word",
    ["", "id", "sid", "$s", "m", "all", "once", "a0", "f0", "m$all", "$and", 'q"q', "q'q", "back\\slash",
     "%d", "{x}", "nul\0", "line\nend", "低保", "\U0001f600", "\ud800", "0", "1e3", "null", "x" * 70_000],
    ids=lambda word: ascii(word)[:20],
)  # fmt: skip
def test_no_word_means_anything_to_the_library(word: str) -> None:
    """Words of JSON, of the library and of this package as rule, pattern, kind, field, text and key."""
    rule = Rule(
        word,
        (Pattern(word, word, ((word, word),)), Pattern("other", word)),
        (Join(word, word, "other", word),),
    )
    facts = [
        {"key": key, "kind": word, word: value}
        for key, value in ((word, word), ("z", word), ("y", f"{word}!"))
    ]
    found = Matcher([rule], {word: frozenset({word})}).match(facts)
    assert found == (Match(word, tuple(sorted((word, "z")))),)


def test_rules_that_cannot_fire_open_no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    matcher = Matcher([PAID_AFTER_DEATH, SAME_ACCOUNT], FIELDS)
    monkeypatch.setattr(network, "durable", None)
    assert matcher.match([payment("1"), finding("2", "dibao")]) == ()
    with pytest.raises(AttributeError):
        matcher.match([payment("1"), death("2")])


def test_only_facts_that_fit_a_pattern_go_in(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = Rule(
        "r",
        (Pattern("a", "finding", (("policy", "dibao"),)), Pattern("d", "death")),
        (Join("a", "person", "d", "person"),),
    )
    matcher = Matcher([rule], FIELDS)
    seen: list[dict[int, Any]] = []
    groups = network.Network.groups

    def spy(self: network.Network, facts: dict[int, Any]) -> list[tuple[int, ...]]:
        seen.append(facts)
        return groups(self, facts)

    monkeypatch.setattr(network.Network, "groups", spy)
    facts = [finding("1", "tekun"), finding("2", "dibao"), payment("3"), death("4")]
    assert matcher.match(facts) == (Match("r", ("2", "4")),)
    assert seen == [{1: facts[1], 3: facts[3]}]


def test_a_hundred_rules_about_one_kind_of_fact() -> None:
    """In one ruleset the 65th rule about a kind makes the library refuse its facts."""
    rules = [Rule(f"r{n:03}", PAID_AFTER_DEATH.patterns, PAID_AFTER_DEATH.joins) for n in range(100)]
    assert [match.rule for match in Matcher(rules, FIELDS).match([payment("1"), death("2")])] == [
        r.id for r in rules
    ]


def test_threads_share_a_matcher() -> None:
    matcher = Matcher([PAID_AFTER_DEATH, SAME_ACCOUNT], FIELDS)

    def session(n: int) -> bool:
        facts = [
            payment(f"{n}-1", f"p{n}", f"a{n}"),
            payment(f"{n}-2", "x", f"a{n}"),
            death(f"{n}-d", f"p{n}"),
        ]
        return matcher.match(facts) == (
            Match("paid_after_death", (f"{n}-1", f"{n}-d")),
            Match("same_account", (f"{n}-1", f"{n}-2")),
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(session, range(4000), chunksize=50))


# --- every match, and nothing else: against nested loops ---

WORDS = st.sampled_from(["x", "y"])


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    patterns = []
    for place in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(sorted(FIELDS)))
        where = draw(st.dictionaries(st.sampled_from(sorted(FIELDS[kind])), WORDS, max_size=2))
        patterns.append(Pattern(f"n{place}", kind, tuple(where.items())))
    joins = []
    for _ in range(draw(st.integers(0, 4)) if len(patterns) > 1 else 0):
        left, right = draw(st.permutations(patterns))[:2]
        left_field, right_field = (draw(st.sampled_from(sorted(FIELDS[side.kind]))) for side in (left, right))
        joins.append(Join(left.name, left_field, right.name, right_field))
    return Rule(draw(st.text("rst", min_size=1, max_size=3)), tuple(patterns), tuple(joins))


@st.composite
def sessions(draw: st.DrawFn) -> list[dict[str, str]]:
    kinds = draw(st.lists(st.sampled_from(sorted(FIELDS)), max_size=7))
    facts = [{"kind": kind, **{field: draw(WORDS) for field in sorted(FIELDS[kind])}} for kind in kinds]
    return draw(st.permutations([{"key": f"k{n}", **fact} for n, fact in enumerate(facts)]))


def nested_loops(rule: Rule, facts: list[dict[str, str]]) -> set[tuple[str, ...]]:
    """Try every order of every choice of facts; of the same facts keep the smallest order."""
    smallest: dict[frozenset[str], tuple[str, ...]] = {}
    for chosen in permutations(facts, len(rule.patterns)):
        by_name = {pattern.name: fact for pattern, fact in zip(rule.patterns, chosen, strict=True)}
        fits = all(
            fact["kind"] == pattern.kind and all(fact[field] == text for field, text in pattern.where)
            for pattern, fact in zip(rule.patterns, chosen, strict=True)
        )
        if fits and all(by_name[j.left][j.left_field] == by_name[j.right][j.right_field] for j in rule.joins):
            group = tuple(fact["key"] for fact in chosen)
            smallest[frozenset(group)] = min(group, smallest.get(frozenset(group), group))
    return set(smallest.values())


@settings(max_examples=300, deadline=None)
@given(st.lists(rules(), max_size=3, unique_by=lambda rule: rule.id), sessions(), st.randoms())
def test_finds_what_nested_loops_find_in_any_order(
    drawn: list[Rule], facts: list[dict[str, str]], random: Any
) -> None:
    expected = sorted((rule.id, group) for rule in drawn for group in nested_loops(rule, facts))
    found = Matcher(drawn, FIELDS).match(facts)
    assert [(match.rule, match.facts) for match in found] == expected
    random.shuffle(facts)
    random.shuffle(drawn)
    assert Matcher(drawn, FIELDS).match(facts) == found
