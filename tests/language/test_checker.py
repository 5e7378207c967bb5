"""What the checker proves of an expression, and the words it finds for what it cannot accept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lark import Lark
from lark.lexer import Lexer

from engine.language import syntax
from engine.language.check import Checker, Failed, check_expression
from engine.language.compile import EMIT
from engine.language.problems import render
from engine.language.scope import PERSON, Scope, Symbol
from engine.language.syntax import parse, plain_source
from engine.language.tree import OPS, Node
from engine.language.types import (
    BOOLEAN,
    DATE,
    NO_UNIT,
    TEXT,
    Enum,
    List,
    Number,
    Ratio,
    Record,
    parse_unit,
)

COINS, MONTHLY, PER_HEAD = parse_unit("coin"), parse_unit("coin/month"), parse_unit("coin/person/month")
ZONE = Enum("zone", ("coast", "hills"))
FAMILY = List(Record(PERSON), 20, undecided=True)


def fact(name: str, of: Any) -> tuple[str, Symbol]:
    return name, Symbol(name, "fact", of)


HOUSEHOLD = dict(
    [
        fact("savings", Number(2, COINS, 0, 10**9)),
        fact("income", Number(2, MONTHLY, 0, 10**9)),
        fact("rooms", Number(0, NO_UNIT, 0, 30)),
        fact("floors", Number(0, NO_UNIT, 1, 5)),
        fact("share", Number(2, NO_UNIT, 0, 100)),
        fact("zone", ZONE),
        fact("heated", BOOLEAN),
        fact("moved_on", DATE),
        fact("landing", TEXT),
        fact("boats", List(Record("boats"), 5)),
        fact("sizes", List(Number(0, NO_UNIT, 0, 9), 5)),
    ]
)
SCOPE = Scope(
    names={
        **HOUSEHOLD,
        "family": Symbol("family", "value", FAMILY),
        "minimum": Symbol("minimum", "parameter", Number(2, PER_HEAD, 0, 100_000), ("zone",)),
        "line": Symbol("line", "parameter", Number(2, MONTHLY, 0, 100_000), (), "size"),
        "slices": Symbol("slices", "parameter", Number(2, NO_UNIT, 0, 100), (), "brackets", 2),
    },
    records={
        PERSON: dict(
            [fact("age", Number(0, parse_unit("year"), 0, 130)), fact("earned", Number(2, MONTHLY, 0, 10**8))]
        ),
        "boats": dict([fact("length", Number(1, parse_unit("metre"), 0, 600)), fact("seized", BOOLEAN)]),
    },
    policies={"base": "household", "care": PERSON},
    forbidden={"score": "a score orders visits and never decides"},
)
OF_PERSON = replace(SCOPE, person=True)


def checked(text: str, scope: Scope = SCOPE) -> Node:
    node, problems = check_expression(plain_source(text), scope)
    assert node is not None, render(problems, {"expression": text})
    return node


def told(text: str, scope: Scope = SCOPE) -> str:
    """Everything that is said about a wrong expression."""
    node, problems = check_expression(plain_source(text), scope)
    assert node is None
    return render(problems, {"expression": text})


def codes(text: str, scope: Scope = SCOPE) -> list[str]:
    return [problem.code for problem in check_expression(plain_source(text), scope)[1]]


# --- ranges and 64 bits ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "lo", "hi"),
    [
        ("rooms + floors", 1, 35),
        ("rooms - floors", -5, 29),
        ("rooms * floors", 0, 150),
        ("-rooms", -30, 0),
        ("abs(rooms - 10)", 0, 20),
        ("min(rooms, 4)", 0, 4),
        ("max(rooms, 4)", 4, 30),
        ("min(max(rooms, 2), 9)", 2, 9),
        ("rooms ** 2", 0, 900),
        ("if heated then rooms else 50", 0, 50),
        ("if rooms > 3 then rooms else 7", 4, 30),
        ("if not(rooms > 3) then rooms else 3", 0, 3),
        ("if rooms between 2 and 4 then rooms else 3", 2, 4),
        ("if 3 < rooms and rooms <= 8 then rooms else 5", 4, 8),
        ("if rooms < 5 or heated then 1 else rooms", 1, 30),
        ("if rooms = 6 then rooms else 6", 6, 6),
        ("count(boats)", 0, 5),
        ("sum(sizes)", 0, 45),
        ("modulo(rooms, 7)", 0, 6),
        ("round up(share, 0)", 0, 1),
        ("moved_on.month", 1, 12),
    ],
)
def test_the_range_of_a_result(text: str, lo: int, hi: int) -> None:
    of = checked(text).type
    assert isinstance(of, Number)
    assert (of.lo, of.hi) == (lo, hi)


def test_decimals_are_kept_and_brought_together() -> None:
    of = checked("rooms * 0.5 + share").type
    assert isinstance(of, Number)
    assert (of.decimals, of.lo, of.hi) == (2, 0, 1600)


def test_a_quotient_is_an_exact_fraction_with_a_range() -> None:
    of = checked("rooms / floors").type
    assert isinstance(of, Ratio)
    assert (of.lo, of.hi) == (0, 30)


def test_overflow_says_how_far_it_reaches() -> None:
    assert told("savings * savings * rooms") == (
        "expression:1:1: this can reach 3e+19, more than 64 bits hold (9.2e18) [overflow]\n"
        "    1 | savings * savings * rooms\n"
        "      | ^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "      = give the facts in it smaller ranges, or round earlier to fewer decimals"
    )


@pytest.mark.parametrize(
    "text",
    ["savings ** 3 > 0", "99999999999999999999 > rooms", "savings / (1 + savings) < savings / (2 + savings)"],
)
def test_what_can_leave_64_bits_is_refused(text: str) -> None:
    assert codes(text) == ["overflow"]


def test_a_guard_can_prove_that_nothing_overflows() -> None:
    assert codes("savings ** 3 > 0") == ["overflow"]
    assert checked("if savings <= 1000 then savings ** 3 > 0 else false")


# --- guards ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "rooms > 0 and 12 / rooms > 3",
        "0 < rooms and 12 / rooms > 3",
        "rooms != 0 and 12 / rooms > 3",
        "rooms = 0 or 12 / rooms > 3",
        "rooms < 1 or heated or 12 / rooms > 3",
        "not(rooms = 0) and 12 / rooms > 3",
        "if rooms >= 1 then 12 / rooms > 3 else true",
        "if rooms = 0 then true else 12 / rooms > 3",
        "if rooms <= 0 or heated then true else 12 / rooms > 3",
        "12 / max(rooms, 1) > 3",
        "12 / floors > 3",
        "count(family) > 0 and income / count(family) < minimum",
        "if count(boats[not(seized)]) > 0 then max(boats[not(seized)].length) < 6 else true",
        "mean([1, 2, 3]) > 1",
        "some b in boats satisfies b.length > 0 and 12 / b.length > 3",
    ],
)
def test_a_guard_is_seen(text: str) -> None:
    assert checked(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("12 / rooms > 3", "unguarded-division"),
        ("rooms > 0 or 12 / rooms > 3", "unguarded-division"),
        ("rooms = 0 and 12 / rooms > 3", "unguarded-division"),
        ("12 / rooms > 3 and rooms > 0", "unguarded-division"),
        ("(rooms > 0 and heated) or 12 / rooms > 3", "unguarded-division"),
        ("if rooms > 0 then true else 12 / rooms > 3", "unguarded-division"),
        ("if heated or rooms > 0 then 12 / rooms > 3 else true", "unguarded-division"),
        ("floors > 0 and 12 / (rooms - floors) > 3", "unguarded-division"),
        ("modulo(12, rooms) > 3", "unguarded-division"),
        ("max(sizes) > 3", "unguarded-empty"),
        ("mean(sizes) > 3", "unguarded-empty"),
        ("count(sizes) > 0 and max(sizes[item > 2]) > 3", "unguarded-empty"),
        ("with least(family, age).age > 3", "unguarded-empty"),
    ],
)
def test_what_is_not_guarded_is_refused(text: str, code: str) -> None:
    assert codes(text) == [code]


def test_a_guard_ends_with_what_it_guards() -> None:
    assert codes("(rooms > 0 and 12 / rooms > 3) or 12 / rooms > 3") == ["unguarded-division"]


def test_a_guard_ends_where_a_mistake_was_found_under_it() -> None:
    assert codes("[rooms > 0 and nothing > 3, 12 / rooms > 3]") == ["unknown-name", "unguarded-division"]


def test_the_hint_says_how_to_guard() -> None:
    assert told("income / count(family) < minimum") == (
        "expression:1:10: `count(family)` can be zero or less here [unguarded-division]\n"
        "    1 | income / count(family) < minimum\n"
        "      |          ^^^^^^^^^^^^^\n"
        "      = guard the division: `if count(family) > 0 then … else …`"
    )


# --- units ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "savings < 24 * income",  # a literal factor may stand for a span of time
        "income < minimum * count(family)",
        "savings + 5 > 3",
        "income * rooms > income",
        "savings / floors < savings",
        "if heated then income else 0",
        "max(income, 100) > income",
    ],
)
def test_units_that_fit(text: str) -> None:
    assert checked(text)


@pytest.mark.parametrize(
    "text",
    [
        "savings < income",
        "income < minimum",
        "savings + income > 3",
        "income * income > income",
        "savings between 0 and income",
        "savings in [0..5, income]",
        "if heated then income else savings",
        "max(income, savings) > 3",
        "rooms + count(family) > 3",
    ],
)
def test_units_that_do_not_fit(text: str) -> None:
    assert set(codes(text)) <= {"unit", "syntax"}
    assert codes(text)


def test_units_are_named() -> None:
    assert told("savings < income") == (
        "expression:1:1: `savings` is in coin and `income` is in coin/month [unit]\n"
        "    1 | savings < income\n"
        "      | ^^^^^^^^^^^^^^^^\n"
        "      = `income` is for one month: multiply it by a number of months"
    )


def test_per_person_adds_nothing_where_one_person_is_spoken_of() -> None:
    assert checked("earned < minimum", OF_PERSON)
    assert checked("some p in people satisfies p.earned < minimum")
    assert codes("income < minimum") == ["unit"]


# --- names ----------------------------------------------------------------------------------------------


def test_a_name_of_the_entry_comes_first_then_the_person_then_the_household() -> None:
    assert checked("people[age > 60]").args[1].args[0].args[0].name == "v0"
    assert checked("age > 60", OF_PERSON).args[0].args[0].name == "subject"
    assert codes("age > 60") == ["unknown-name"]


def test_the_person_spoken_of_is_out_of_reach_inside_a_list_of_people() -> None:
    assert codes("some p in people satisfies p.age > age", OF_PERSON) == ["outer-person"]
    assert codes("some p in people satisfies p.age > 5", OF_PERSON) == []


def test_every_mistake_of_an_expression_is_found() -> None:
    assert codes("romos + flors > 3 and heated = 5") == ["unknown-name", "unknown-name", "type"]
    assert codes("[romos, flors, savings + income]") == ["unknown-name", "unknown-name", "unit"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("savngs > 5", "unknown name `savngs` [unknown-name]|did you mean `savings`?"),
        ("score > 5", "`score` may not be read here: a score orders visits and never decides [not-readable]"),
        ("base", "`base` is a policy; say which of its statuses is meant [policy-alone]|`base.held`"),
        ("base.amount > 5", "rules read statuses, not outcome texts, amounts or scores [not-readable]"),
        (
            "care.held",
            "`care` is decided for each person [policy-unit]|`some p in people satisfies p.care.held`",
        ),
        (
            "some p in people satisfies p.base.held",
            "`base` is decided for the household; write `base.held` [policy-unit]",
        ),
        (
            "age > 60",
            "`age` belongs to a person, and this file speaks of the household [unknown-name]|people[age",
        ),
        ("boats.lenght", "an entry of `boats` has no `lenght` [unknown-name]|did you mean `length`?"),
        ('zone = "coats"', '"coats" is not a value of `zone` [unknown-choice]|did you mean `coast`?'),
        ("line > 5", "`line` is a table [table]|read it as line(n)"),
        ("line(1, 2) > 5", "`line` is read for one whole number: `line(count(people))` [arguments]"),
        ("line(rooms * 100) > 5", "this can reach 3000; a size table is read up to 1000 [too-large]"),
        ("count() > 5", "`count` takes 1 argument, and 0 are given [arguments]|write `count(list)`"),
        ("cuont(boats) > 5", "there is no function `cuont` [unknown-function]|did you mean `count`?"),
        ("round up(x: rooms, scale: 0) > 5", "`round up` has no `x` [arguments]"),
        ("floor(n: share, 1) > 5", "named and unnamed arguments cannot be mixed [arguments]"),
        ("moved_on.yaer > 5", "a date has no `yaer` [unknown-name]|did you mean `year`?"),
        ('moved_on > "2024-01-01"', '[type]|write `date("…")`'),
        ('moved_on > date("2023-02-29")', '"2023-02-29" is not a date [no-such-date]|2024-02-29'),
        ("heated > 5", "[type]"),
        ("zone < zone", "have no order; only `=`, `!=` and `in` compare them [type]"),
        ("landing < landing", "have no order; only `=`, `!=` and `in` compare them [type]"),
        ("boats = boats", "a list cannot be compared as a whole [type]|compare its count"),
        ("boats[1] = boats[2]", "an entry of `boats` cannot be compared as a whole [type]"),
        (
            "savings = null",
            "rules may not write `null` or test for missing facts [null]|a missing fact is unknown",
        ),
        ("{a: 1}.a > 0", "rules do not build contexts [unsupported]"),
        (
            "for a in sizes, b in sizes return a * b",
            "`for` over several lists at once is not in the profile [unsupported]",
        ),
        ("some x in 1..3 satisfies x > 2", "rules run over lists, not over ranges of numbers [unsupported]"),
        ("[1..3]", "a range stands only after `in` [syntax]"),
        ("sizes[rooms]", "a position in a list is a number written out [type]|write `list[1]`"),
        ("rooms ** floors > 5", "an exponent is a whole number written out [type]"),
        ("round up(share, 12) > 5", "the number of decimals lies between 0 and 9 [type]"),
        (
            "sum([rooms / floors]) > 1",
            "an exact quotient cannot be put into a list [unrounded]|round it first",
        ),
        ("abs(rooms / floors) > 1", "`abs` needs a rounded number [unrounded]"),
        (
            "marginal(income, savings) > 1",
            "`savings` is not a parameter of type brackets [type]|`marginal(x, my_brackets)`",
        ),
        ("not(rooms)", "a condition is needed here (true or false), and this is a number [type]"),
        ("if rooms then 1 else 2", "a condition is needed here (true or false), and this is a number [type]"),
        ("heated + 1", "`+` does not take true or false and a number [type]"),
        ("all but(people, 5)", "`all but` takes a list of people or entries and one of them [type]"),
    ],
)
def test_what_is_said(text: str, message: str) -> None:
    said = told(text)
    for part in message.split("|"):
        assert part in said


# --- syntax ---------------------------------------------------------------------------------------------


class NoLexer(Lexer):
    """Leaves the text alone: only the grammar's tables are wanted."""

    def __init__(self, lexer_conf: Any) -> None:
        pass

    def lex(self, lexer_state: Any, parser_state: Any) -> Iterator[Any]:
        return iter(())


def test_the_grammar_can_be_read_in_one_way_only() -> None:
    grammar = Path(syntax.__file__).with_name("grammar.lark").read_text("utf-8")
    assert Lark(grammar, parser="lalr", strict=True, lexer=NoLexer)
    ambiguous = grammar.replace("?conjunction: comparison\n", "?conjunction: comparison | disjunction\n")
    with pytest.raises(Exception, match=r"onflict|ollision"):
        Lark(ambiguous, parser="lalr", strict=True, lexer=NoLexer)


def test_names_of_functions_are_the_same_in_the_grammar_and_in_the_list() -> None:
    grammar = Path(syntax.__file__).with_name("grammar.lark").read_text("utf-8")
    (line,) = [line for line in grammar.splitlines() if line.startswith("WORDS")]
    assert set(line[line.index("(") + 1 : line.index(")")].split("|")) == syntax.FUNCTION_WORDS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the expression is empty [syntax]"),
        ("rooms >", "the expression ends too early [syntax]"),
        ("(rooms > 1", "the expression ends too early [syntax]"),
        ("rooms == 1", "expression:1:7: unexpected `==` [syntax]|write `=`"),
        ("rooms => 1", "write `>=`"),
        ("rooms <> 1", "write `!=`"),
        ("heated && heated", "unexpected `&&` [syntax]|write `and`"),
        ("heated || heated", "write `or`"),
        ("!heated", "write `not(…)` or `!=`"),
        ("rooms % 2 = 0", "write `modulo(a, b)`"),
        ("zone = 'coast'", 'write text in double quotes: "…"'),
        ("zone = “coast”", 'write text in straight double quotes: "…"'),
        ("max（rooms, 1) > 0", "write an ASCII `(`"),
        ("max(rooms，1) > 0", "write an ASCII `,`"),
        ("rooms ＞ 1", "write an ASCII `>`"),
        ("rooms = then", "unexpected `then` [syntax]|`then` is a word of the language and cannot be a name"),
        ("1 < rooms < 5", "expression:1:11: unexpected `<` [syntax]"),
    ],
)
def test_what_is_said_of_syntax(text: str, message: str) -> None:
    said = told(text)
    for part in message.split("|"):
        assert part in said


def test_positions_are_those_of_the_line_in_the_text() -> None:
    node, (problem,) = check_expression(plain_source("rooms > 1\n  and savngs > 2"), SCOPE)
    assert node is None
    assert (problem.at.line, problem.at.column, problem.at.length) == (2, 7, 6)


@pytest.mark.parametrize(
    "text", ["and".join([" heated "] * 200), "(" * 61 + "rooms" + ")" * 61, "heated" + " " * 20_000]
)
def test_what_is_too_long_or_too_deep(text: str) -> None:
    assert codes(text) in (["too-deep"], ["too-long"])


def test_a_long_list_of_conditions_is_fine() -> None:
    assert checked(" and ".join(["heated"] * 100)).op == "and"


def test_a_checker_says_why_it_failed() -> None:
    source = plain_source("nothing + 1")
    checker = Checker(source, SCOPE)
    with pytest.raises(Failed):
        checker.check(parse(source))
    assert [problem.code for problem in checker.problems] == ["unknown-name"]


def test_every_kind_of_node_is_written_as_python() -> None:
    assert set(EMIT) == OPS
