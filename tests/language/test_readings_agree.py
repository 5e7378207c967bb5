"""The compiled and the lazy reading agree on every expression, with each other and with plain Python.

Random expressions are written as text, checked like an officer's, and run over random households. Where facts
are unknown, what is decided stays so when they come; every value lies in the range that its type claims.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.language.check import check_expression
from engine.language.compile import Computed, Program, compile_program
from engine.language.dates import to_date
from engine.language.interpret import Interpreter
from engine.language.reach import Members, Reach, Span, is_single
from engine.language.reaches import Reaches
from engine.language.scope import PERSON, Symbol
from engine.language.syntax import plain_source
from engine.language.tree import OPS, Node, walk
from engine.language.types import DATE, INT64_MAX, List, Number, Ratio, Record, Type
from engine.language.unknowns import bounds, missing
from tests.support import world
from tests.support.expressions import Defined, Run, Writer
from tests.support.oracle import NotSaidError
from tests.support.world import World

# what the checker may say about a well-typed expression: a proof that it cannot find
PROOFS = {"overflow", "unguarded-division", "unguarded-empty", "too-long", "too-deep", "too-large"}
refusals: Counter[str] = Counter()
# built by the planner only
NOT_WRITTEN = {"outcome", "is_eligible"}


class Rules:
    """Several values that are defined one after the other: of the household, of each person, and back."""

    def __init__(self, random: Random, most: int, depth: int) -> None:
        self.computed: list[Computed] = []
        self.meaning: list[tuple[str, Run]] = []  # (of, what it means)
        self.texts: list[str] = []
        self.names: dict[str, Symbol] = {}
        self.person_names: dict[str, Symbol] = {}
        defined: list[Defined] = []
        for number in range(random.randint(1, most)):
            of = random.choice(("household", "person"))
            wanted, written = Writer(random, of == PERSON, tuple(defined)).anything(random.randint(1, depth))
            name = f"{of[0]}{number}"
            scope = world.scope(self.names, self.person_names, of == PERSON)
            node, problems = check_expression(plain_source(written.text), scope)
            unexpected = [one for one in problems if one.code not in PROOFS]
            assert not unexpected, (written.text, unexpected)
            refusals.update([problems[0].code if problems else "accepted"])
            if node is None:
                continue
            self.computed.append(Computed(name, of, node))
            self.meaning.append((of, written.run))
            self.texts.append(f"{name} = {written.text}")
            (self.person_names if of == PERSON else self.names)[name] = Symbol(name, "value", node.type)
            defined.append(Defined(name, of, _as_wanted(wanted, node.type), written.run))
        self.program = Program(
            tuple(world.HOUSEHOLD),
            tuple(world.PERSONAL),
            {name: tuple(fields) for name, fields in world.ITEMS.items()},
            tuple(world.PARAMETERS),
            tuple(self.computed),
        )
        self.compiled = compile_program(self.program)

    def values(self, one: World) -> dict[tuple[str, int], Any]:
        """Every value by name and person (-1: of the household), from the compiled function."""
        household, people, parameters, on = world.inputs(one)
        own, rows = self.compiled.run(household, people, parameters, on)
        found = {(name, -1): value for name, value in zip(self.compiled.household, own, strict=True)}
        for i, row in enumerate(rows):
            found.update({(name, i): value for name, value in zip(self.compiled.person, row, strict=True)})
        return found

    def lazily(self, one: World) -> Watched:
        household, people, parameters, on = world.inputs(one)
        return Watched(self.program, household, people, parameters, on)

    def each(self, one: World) -> Iterator[tuple[Computed, Run, int, dict[str, Any]]]:
        """Every value to compute, with its meaning, whose it is and the oracle's surroundings."""
        for computed, (of, run) in zip(self.computed, self.meaning, strict=True):
            for i in range(len(one.people)) if of == PERSON else (-1,):
                yield computed, run, i, {"world": one, "subject": one.people[i] if i >= 0 else None}

    def __repr__(self) -> str:
        return "\n".join(self.texts)


class Watched(Interpreter):
    """The lazy reading, which holds every number on the way against the range that its type claims."""

    def value(self, node: Node, bindings: Any = {}) -> Any:  # noqa: B006 - never changed
        found = super().value(node, bindings)
        if found is not None:
            assert_in_range(found, node.type)
        return found


def _as_wanted(wanted: str, of: Type) -> str:
    if isinstance(of, Number):
        return f"plain:{wanted.partition(':')[2]}"
    return wanted


def assert_in_range(value: Any, of: Type) -> None:
    if isinstance(of, Number):
        assert of.lo <= value <= of.hi, (value, of)
        assert abs(value) <= INT64_MAX
    elif isinstance(of, Ratio) and isinstance(value, tuple):
        num, den = value
        assert of.num[0] <= num <= of.num[1], (value, of)
        assert of.den[0] <= den <= of.den[1], (value, of)
        assert max(abs(num), den) <= INT64_MAX
        assert of.lo <= Fraction(num, den) <= of.hi, (value, of)
    elif isinstance(of, Ratio):
        assert of.lo <= value <= of.hi, (value, of)
    elif isinstance(of, List):
        assert len(value[0]) + len(value[1]) <= of.at_most


def plain(value: Any, of: Type) -> Any:
    """A value of either reading in one form: quotients as fractions, lists as lists."""
    if value is None:
        return None
    if isinstance(of, Ratio):
        return Fraction(*value) if isinstance(value, tuple) else value
    if isinstance(of, List):
        return [list(part) for part in value]
    return value


def meant(value: Any, of: Type, one: World) -> Any:
    """What an engine's value says, as the oracle says it."""
    if isinstance(of, Number):
        return Fraction(value, 10 ** (of.decimals or 0))
    if isinstance(of, Ratio):
        return Fraction(*value)
    if of == DATE:
        return to_date(value)
    if isinstance(of, List) and of.item == Record(PERSON):
        assert not value[1]
        return list(value[0])
    if isinstance(of, List):
        return [tuple(item) for item in value[0]]
    return value


def oracle_says(run: Run, env: dict[str, Any], of: Type) -> Any:
    value = run(env)
    if isinstance(of, List) and of.item == Record(PERSON):
        people: Sequence[Any] = env["world"].people
        return [next(i for i, person in enumerate(people) if person is member) for member in value]
    if isinstance(of, List):
        assert isinstance(of.item, Record)
        fields = world.ITEMS[of.item.name]
        return [tuple(world.inside(item[name], kind) for name, kind in fields.items()) for item in value]
    return Fraction(value) if isinstance(of, Number | Ratio) else value


randoms = st.randoms(use_true_random=False)


@given(randoms)
def test_the_readings_agree_with_each_other_where_facts_are_unknown(random: Random) -> None:
    rules = Rules(random, 4, 4)
    one = world.random_world(random, random.choice((0, 0.1, 0.3, 0.6)))
    values, lazy = rules.values(one), rules.lazily(one)
    for computed, _, i, _ in rules.each(one):
        value, of = values[computed.name, i], computed.node.type
        assert plain(value, of) == plain(lazy.named(computed.name, i), of), rules
        if value is not None:
            assert_in_range(value, of)


@given(randoms)
def test_with_everything_known_the_compiled_reading_means_what_plain_python_says(random: Random) -> None:
    rules = Rules(random, 4, 4)
    one = world.random_world(random, 0)
    values = rules.values(one)
    for computed, run, i, env in rules.each(one):
        value, of = values[computed.name, i], computed.node.type
        try:
            expected = oracle_says(run, env, of)
        except NotSaidError:
            continue
        assert value is not None, (rules, computed.name)
        assert_in_range(value, of)
        assert meant(value, of, one) == expected, (rules, computed.name)


@given(randoms)
def test_what_is_decided_stays_so_when_more_becomes_known(random: Random) -> None:
    rules = Rules(random, 3, 4)
    before = world.random_world(random, random.choice((0.1, 0.3, 0.6)))
    after = world.completed(random, before)
    early, late, lazy = rules.values(before), rules.values(after), rules.lazily(before)
    reaches = Reaches(lazy)
    for computed, _, i, _ in rules.each(before):
        of = computed.node.type
        was, became = plain(early[computed.name, i], of), plain(late[computed.name, i], of)
        if isinstance(of, List):
            assert was is None or became is None or _may_become(was, became), (rules, computed.name)
            continue
        bindings = {} if i < 0 else {"subject": i}
        if was is not None:
            assert was == became, (rules, computed.name)
            continue
        assert all(_is_open(before, found) for found in missing(reaches, computed.node, bindings)), rules
        reach = bounds(lazy, computed.node, bindings)
        if reach is not None and isinstance(of, Number) and became is not None:
            assert reach[0] <= became <= reach[1], (rules, computed.name)


@given(randoms)
def test_whatever_comes_of_a_value_lies_in_its_reach(random: Random) -> None:
    rules = Rules(random, 4, 4)
    before = world.random_world(random, random.choice((0.1, 0.3, 0.6)))
    early, reaches = rules.values(before), Reaches(rules.lazily(before))
    for _ in range(3):
        late = rules.values(world.completed(random, before))
        for computed, _, i, _ in rules.each(before):
            of = computed.node.type
            reach = reaches.named(computed.name, i)
            for value in (early[computed.name, i], late[computed.name, i]):
                assert_reached(reach, plain(value, of), of, rules)
            if early[computed.name, i] is not None and not isinstance(of, List):
                assert is_single(reach), (rules, computed.name)


@given(randoms)
def test_a_fact_that_turns_a_value_alone_is_never_left_out(random: Random) -> None:
    rules = Rules(random, 3, 4)
    before = world.random_world(random, random.choice((0.1, 0.3, 0.6)))
    reaches = Reaches(rules.lazily(before))
    for _ in range(4):
        one = world.completed(random, before)
        other, (name, person) = world.with_another(random, before, one)
        early, late = rules.values(one), rules.values(other)
        for computed, _, i, _ in rules.each(before):
            if isinstance(computed.node.type, List) or early[computed.name, i] == late[computed.name, i]:
                continue
            found = missing(reaches, computed.node, {} if i < 0 else {"subject": i})
            assert (name, person) in {(each.name, each.person) for each in found}, (
                rules,
                name,
                computed.name,
            )


def assert_reached(reach: Reach, value: Any, of: Type, rules: Rules) -> None:
    if isinstance(reach, Members):
        if value is not None:
            least, most = len(reach.sure), len(reach.sure) + len(reach.maybe) + reach.more
            assert least <= len(value[0]) or value[1], (rules, reach, value)
            assert len(value[0]) <= most, (rules, reach, value)
    elif value is None:
        return
    elif isinstance(reach, Span):
        assert reach.lo <= value <= reach.hi, (rules, reach, value)
    elif isinstance(reach, frozenset):
        assert value in reach, (rules, reach, value)


def _may_become(was: Any, became: Any) -> bool:
    """People keep their places; of entries with fields that were unknown only the number is compared."""
    sure, maybe = was
    assert not became[1] or maybe
    return len(sure) <= len(became[0]) <= len(sure) + len(maybe)


def _is_open(one: World, found: Any) -> bool:
    """Is what is named as missing really unknown?"""
    if found.kind == "parameter":
        return True
    owner = one.facts if found.person < 0 else one.people[found.person]
    value = owner[found.name]
    return value is None or (isinstance(value, list) and any(None in item.values() for item in value))


def test_most_expressions_are_accepted_and_every_operation_is_written() -> None:
    """Else the tests above would prove little."""
    random = Random(7)
    refusals.clear()
    written: set[str] = set()
    for _ in range(300):
        rules = Rules(random, 3, 4)
        written.update(node.op for computed in rules.computed for node in walk(computed.node))
    assert refusals["accepted"] > 0.6 * refusals.total(), refusals
    assert OPS - written == NOT_WRITTEN
