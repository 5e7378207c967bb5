"""What is said to lift a refusal lifts it, and nothing nearer does; both readings of the rules agree."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.decision.amounts import MonthlyAmounts
from engine.decision.decide import decide, situate
from engine.decision.document import read_household
from engine.decision.model import Finding
from engine.language.compile import Compiled, Program
from engine.language.interpret import Interpreter
from engine.language.scope import PERSON
from engine.language.types import INT64_MAX, Number, Ratio, Type
from tests.conftest import SOAK
from tests.support.households import (
    DAYS,
    Document,
    Families,
    Place,
    completed,
    outermost,
    places,
    shipped,
    value_at,
    without,
)
from tests.support.outcomes import decided

BOOK = shipped()
FAMILIES = Families(BOOK)
LIFTED = ("eligible", "discretionary")
seeds = st.integers(0, 2**48)


def advised(seeds: range) -> Iterator[tuple[Document, int, str, Finding]]:
    """Refusals that name what would change them."""
    for seed in seeds:
        random = Random(seed)
        on = random.choice(DAYS)
        document = FAMILIES.document(random, on)
        if random.random() < 0.7:
            document["financial_assets"] = random.choice((60_000, 90_000.50, 200_000, 99_999_999.99))
        for person in document["people"]:
            person["care_needed_months"] = random.choice((0, 5, 5, 7))
        for policy, one in decide(BOOK, document, on=on).policies.items():
            for finding in one.findings:
                if finding.would_change:
                    yield document, on, policy, finding


def place_of(document: Document, ref: str) -> Place:
    parts = ref.split("/")
    if len(parts) == 1:
        return (ref,)
    return (
        "people",
        next(i for i, one in enumerate(document["people"]) if one["person_id"] == parts[1]),
        parts[2],
    )


def outcome_with(document: Document, on: int, key: tuple[str, str], place: Place, value: Any) -> str:
    return decided(BOOK, completed(document, {place: value}), on, key[0])[key].outcome


def test_what_would_change_a_refusal_is_seen_to_change_it_and_is_the_nearest() -> None:
    numbers = 0
    for document, on, policy, finding in advised(range(3000 if SOAK else 100)):
        key = (policy, finding.subject)
        for change in finding.would_change:
            place = place_of(document, change.fact)
            assert change.verified
            assert outcome_with(document, on, key, place, change.to) == change.outcome in LIFTED
            of = BOOK.facts[place[-1]].value.type
            if isinstance(of, Number):
                step = Decimal(1).scaleb(-(of.decimals or 0))
                nearer = change.to - step if change.to > value_at(document, place) else change.to + step
                assert outcome_with(document, on, key, place, nearer) not in LIFTED, (policy, change, nearer)
                numbers += 1
    assert numbers > 10


def test_a_refusal_with_two_failed_clauses_promises_nothing() -> None:
    seen = 0
    for seed in range(40):
        random = Random(seed)
        decision = decide(BOOK, FAMILIES.document(random, DAYS[0]), on=DAYS[0])
        for one in decision.policies.values():
            for finding in one.findings:
                if len(finding.failed) > 1:
                    assert not finding.would_change
                    seen += 1
                if finding.outcome != "ineligible":
                    assert not finding.would_change
    assert seen > 20


# --- the compiled rules and the lazy reading ----------------------------------------------------------------


@settings(max_examples=20_000 if SOAK else 120)
@given(seeds)
def test_both_readings_agree_on_every_value_of_the_shipped_rules(seed: int) -> None:
    random = Random(seed)
    on = random.choice(DAYS)
    whole = FAMILIES.document(random, on)
    share = random.choice((0, 0.02, 0.1, 0.4))
    document = without(whole, outermost(place for place in places(whole) if random.random() < share))
    at = situate(BOOK, read_household(BOOK, document), on, on)
    agree(at.plan.decide, at.plan.run_decide, at.inputs.household, at.inputs.people, at.parameters.values, on)
    month = MonthlyAmounts(at)
    agree(
        at.plan.amounts,
        at.plan.run_amounts,
        month.reaches().reading.household,
        month.reaches().reading.people,
        month.parameters.values,
        month.on,
    )


def agree(
    program: Program, compiled: Compiled, household: Any, people: Any, parameters: Any, on: int
) -> None:
    own, rows = compiled.run(household, people, parameters, on)
    lazy = Interpreter(program, household, people, parameters, on)
    types = {one.name: one.node.type for one in program.computed}
    assert set(types) == {*compiled.household, *compiled.person}
    for name, value in zip(compiled.household, own, strict=True):
        assert same(value, lazy.named(name), types[name]), name
    for i, row in enumerate(rows):
        for name, value in zip(compiled.person, row, strict=True):
            assert same(value, lazy.named(name, i), types[name]), (name, i)
    assert {one.name for one in program.computed if one.of == PERSON} == set(compiled.person)


def same(compiled: Any, lazy: Any, of: Type) -> bool:
    if compiled is None or lazy is None:
        return compiled is lazy
    if isinstance(of, Ratio):
        num, den = compiled
        assert of.num[0] <= num <= of.num[1] and of.den[0] <= den <= of.den[1] and of.lo <= lazy <= of.hi
        return Fraction(num, den) == lazy
    if isinstance(of, Number):
        assert of.lo <= compiled <= of.hi and abs(compiled) <= INT64_MAX
        return bool(compiled == lazy)
    if isinstance(compiled, tuple):
        return [list(part) for part in compiled] == [list(part) for part in lazy]
    return type(compiled) is type(lazy) and bool(compiled == lazy)
