"""What a matcher cannot use is refused with a sentence that says where, what, and what to do."""

from __future__ import annotations

from typing import Any

import pytest

from engine.inference import Join, Matcher, Pattern, Rule, network

FIELDS = {"payment": frozenset({"person", "account"}), "death": frozenset({"person"})}
PAIR = (Pattern("p", "payment"), Pattern("d", "death"))
TWO_PAYMENTS = (Pattern("a", "payment"), Pattern("b", "payment"))
PAID_AFTER_DEATH = Rule("paid_after_death", PAIR, (Join("p", "person", "d", "person"),))
DEATH = {"key": "d", "kind": "death", "person": "p1"}
PAYMENT = {"key": "1", "kind": "payment", "person": "p1", "account": "a1"}


def one(kind: str, *where: tuple[Any, Any]) -> Rule:
    return Rule("r", (Pattern("p", kind, where),))


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (Rule("r", ()), "rule `r` has no pattern. Name at least one fact to be found."),
        (one("paiment"), "rule `r`: unknown kind of fact `paiment`; did you mean `payment`?"),
        (one("death", ("peson", "x")), "rule `r`: unknown field of `death` `peson`; did you mean `person`?"),
        (one("death", ("person", 5)), "rule `r` tests `p.person` for 5, not a text."),
        (one("death", ("person", "x"), ("person", "y")), "rule `r` tests `p.person` twice. Keep one test."),
        (
            Rule("r", (Pattern("p", "death"), Pattern("p", "payment"))),
            "rule `r` has two patterns `p`. Give each its own name.",
        ),
        (
            Rule("r", PAIR, (Join("p", "person", "q", "person"),)),
            "rule `r`: unknown pattern `q`; known: d, p",
        ),
        (
            Rule("r", PAIR, (Join("p", "person", "d", "account"),)),
            "rule `r`: unknown field of `death` `account`; known: person",
        ),
        (
            Rule("r", TWO_PAYMENTS, (Join("a", "person", "a", "account"),)),
            "rule `r` joins `a` with itself. Join two patterns.",
        ),
        (
            Rule("r", tuple(Pattern(f"p{n}", "death") for n in range(17))),
            "rule `r` has 17 patterns; at most 16 work. Split the rule.",
        ),
        (PAID_AFTER_DEATH, "rule `paid_after_death` is there twice. Give each rule its own id."),
    ],
)
def test_a_rule_by_its_id(rule: Rule, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        Matcher([PAID_AFTER_DEATH, rule], FIELDS)
    assert str(caught.value) == message


def test_limits_are_those_up_to_which_the_library_works() -> None:
    apart = tuple(Pattern(f"p{n}", "death", (("person", f"p{n}"),)) for n in range(16))
    deaths = [{"key": f"k{n:02}", "kind": "death", "person": f"p{n}"} for n in range(16)]
    assert len(Matcher([Rule("r", apart)], FIELDS).match(deaths)) == 1

    names = [f"x{n:03}" for n in range(201)]
    fields = {"wide": frozenset(names)}
    pair = (Pattern("a", "wide", tuple((name, "x") for name in names[:200])), Pattern("b", "wide"))
    joins = tuple(Join("a", name, "b", name) for name in names[:30])
    facts = [{"key": key, "kind": "wide", **dict.fromkeys(names, "x")} for key in "ab"]
    assert len(Matcher([Rule("r", pair, joins[:29])], fields).match(facts)) == 1
    assert (
        len(Matcher([Rule("r", pair, joins[:29])], fields).match([facts[0], {**facts[1], "x028": "y"}])) == 0
    )

    with pytest.raises(ValueError, match="rule `r` has 30 joins on one pattern; at most 29 work"):
        Matcher([Rule("r", pair, joins)], fields)
    with pytest.raises(ValueError, match="rule `r` has 201 fields of one kind; at most 200 work"):
        Matcher([Rule("r", (pair[0], Pattern("b", "wide", ((names[200], "x"),))))], fields)


def test_a_field_named_like_what_every_fact_has() -> None:
    with pytest.raises(ValueError, match="kind `death` cannot have a field `key`: every fact has one"):
        Matcher([], {"death": frozenset({"key"})})


@pytest.mark.parametrize(
    ("fact", "message"),
    [
        ({**DEATH, "person": 7}, "fact `d`: `person` is 7, not a text."),
        ({**DEATH, "person": None}, "fact `d`: `person` is None, not a text."),
        ({**DEATH, "kind": ["death"]}, "fact `d`: `kind` is ['death'], not a text."),
        ({**DEATH, "key": 1}, "`key` is 1, not a text."),
        ({"key": "d", "kind": "death"}, "fact `d`: no `person`."),
        ({"kind": "death", "person": "p1"}, "no `key`."),
        ({"key": "d", "person": "p1"}, "fact `d`: no `kind`."),
        ({**DEATH, "kind": "deaht"}, "fact `d`: unknown kind of fact `deaht`; did you mean `death`?"),
        ({**DEATH, "persn": "p1"}, "fact `d`: unknown field `persn` of `death`; did you mean `person`?"),
    ],
)
def test_a_fact_by_its_key(fact: Any, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        Matcher([PAID_AFTER_DEATH], FIELDS).match([PAYMENT, fact])
    assert message in str(caught.value)


def test_two_facts_with_one_key() -> None:
    with pytest.raises(ValueError, match="two facts have the key `1`"):
        Matcher([PAID_AFTER_DEATH], FIELDS).match([PAYMENT, {**DEATH, "key": "1"}])


def test_too_many_facts() -> None:
    with pytest.raises(ValueError, match="100001 facts at once; at most 100000 work"):
        Matcher([PAID_AFTER_DEATH], FIELDS).match([DEATH] * (network.MOST_FACTS + 1))
