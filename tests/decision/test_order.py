"""The same facts give the same decision, byte for byte, in whatever order they, the rules or files stand."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.decision.decide import decide
from engine.decision.model import Decision, encode_json
from engine.language.dates import from_date, to_date
from engine.rulebook.in_force import in_force, parameters_on
from engine.rulebook.model import Rulebook
from tests.conftest import SOAK
from tests.support.households import DAYS, Document, Families, completed, outermost, places, shipped, without
from tests.support.outcomes import decided, short

BOOK = shipped()
FAMILIES = Families(BOOK)
seeds = st.integers(0, 2**48)
fewer = settings(max_examples=5000 if SOAK else 40)


def some_document(random: Random, on: int) -> Document:
    """A household with many statuses, so that conflicts are found, and a few facts unknown."""
    whole = FAMILIES.document(random, on)
    people = [person["person_id"] for person in whole["people"]]
    whole["statuses"] = [
        one for _ in range(random.choice((0, 4, 10))) for one in FAMILIES.statuses(random, people)
    ]
    taken = outermost(place for place in places(whole) if random.random() < random.choice((0, 0, 0.02)))
    return without(whole, taken)


def shuffled(random: Random, value: Any) -> Any:
    """The same plain data with the keys of every object in another order."""
    if isinstance(value, dict):
        keys = random.sample(list(value), len(value))
        return {key: shuffled(random, value[key]) for key in keys}
    return [shuffled(random, one) for one in value] if isinstance(value, list) else value


@fewer
@given(seeds)
def test_the_order_of_keys_plays_no_part(seed: int) -> None:
    random = Random(seed)
    on = random.choice(DAYS)
    document = some_document(random, on)
    first = decide(BOOK, document, on=on)
    assert encode_json(decide(BOOK, document, on=on)) == encode_json(first)
    second = decide(BOOK, shuffled(random, document), on=on)
    assert second.decision_id == first.decision_id
    assert second == first


@fewer
@given(seeds)
def test_the_order_of_people_plays_no_part(seed: int) -> None:
    random = Random(seed)
    on = random.choice(DAYS)
    document = some_document(random, on)
    people = random.sample(document["people"], len(document["people"]))
    first = decide(BOOK, document, on=on, advice=False)
    second = decide(BOOK, {**document, "people": people}, on=on, advice=False)
    assert short(first) == short(second)
    assert conflicts(first) == conflicts(second)
    assert first.would_be_due == second.would_be_due
    assert first.score == second.score


def conflicts(decision: Decision) -> list[bytes]:
    return sorted(encode_json(one) for one in decision.conflicts)


def in_another_order(random: Random, book: Rulebook) -> Rulebook:
    """The same rules, as if their files had been read in another order."""
    rules = random.sample(book.conflicts, len(book.conflicts))
    parameters = dict(random.sample(list(book.parameters.items()), len(book.parameters)))
    return replace(book, conflicts=tuple(rules), parameters=parameters, memo={})


@pytest.mark.parametrize("seed", range(20 if SOAK else 3))
def test_the_order_of_conflicts_and_parameters_plays_no_part(seed: int) -> None:
    random = Random(seed)
    mixed = in_another_order(random, BOOK)
    on = DAYS[0]
    for _ in range(40):
        document = some_document(random, on)
        first, second = (decide(book, document, on=on, advice=False) for book in (BOOK, mixed))
        assert short(first) == short(second)
        assert encode_json(first.conflicts) == encode_json(second.conflicts)
        assert first.would_be_due == second.would_be_due
        assert first.decision_id == second.decision_id


_DECIDE = """
import sys
from random import Random
from tests.decision.test_order import BOOK, DAYS, encode_json, decide, some_document
for seed in range(12):
    on = DAYS[seed % len(DAYS)]
    sys.stdout.buffer.write(encode_json(decide(BOOK, some_document(Random(seed), on), on=on)) + b"\\n")
"""


def test_another_run_of_the_program_says_the_same_byte_for_byte() -> None:
    root = Path(__file__).parents[2]
    said = [
        subprocess.run(
            [sys.executable, "-c", _DECIDE],
            cwd=root,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert len(said[0].splitlines()) == 12
    assert said[0] == said[1]


# --- what was known -----------------------------------------------------------------------------------------


def test_no_version_and_no_row_is_seen_before_it_was_published() -> None:
    days = sorted(
        {row.start for one in BOOK.parameters.values() for rows in one.series.values() for row in rows}
    )
    published = sorted(
        {row.published for one in BOOK.parameters.values() for rows in one.series.values() for row in rows}
    )
    published += [version.dated.published for policy in BOOK.policies.values() for version in policy.versions]
    checked = 0
    for known in sorted(set(published)):
        before = from_date(to_date(known) - timedelta(days=1))
        for on in days:
            rules = in_force(BOOK, on, before, None)
            assert all(
                version.dated.published <= before
                for version in (*rules.policies.values(), *rules.definitions.values())
            )
            for area in ("linkou", "sample_county", "guangxi_sample"):
                rows = parameters_on(BOOK, area, on, before).rows
                assert all(row is None or row.published <= before for row in rows.values())
                checked += 1
    assert checked > 100


def test_a_back_dated_notice_counts_from_the_day_it_was_known() -> None:
    """Guangxi raised its subsidy for 2025 in August, back to January."""
    amounts = {
        known: parameters_on(BOOK, "guangxi_sample", 20250301, known).values[
            list(BOOK.parameters).index("disabled_care_standard")
        ]
        for known in (20250301, 20250820, 20250821)
    }
    assert amounts == {20250301: 80_00, 20250820: 80_00, 20250821: 90_00}


@fewer
@given(seeds)
def test_a_fact_recorded_later_is_invisible_before(seed: int) -> None:
    random = Random(seed)
    on = random.choice(DAYS)
    document = FAMILIES.document(random, on)
    facts = [
        place for place in places(document) if len(place) == 1 or (place[0] == "people" and len(place) == 3)
    ]
    place = random.choice([place for place in facts if place != ("statuses",)])
    value = FAMILIES.drawn(random, document, place, on)
    recorded = from_date(to_date(on) - timedelta(days=30))
    later = completed(document, {place: {"value": value, "recorded": to_date(recorded).isoformat()}})
    before = from_date(to_date(recorded) - timedelta(days=1))
    unseen = short(decide(BOOK, later, on=on, known=before, advice=False))
    assert unseen == short(decide(BOOK, without(document, [place]), on=on, known=before, advice=False))
    seen = short(decide(BOOK, later, on=on, known=recorded, advice=False))
    assert seen == short(
        decide(BOOK, completed(document, {place: value}), on=on, known=recorded, advice=False)
    )


@fewer
@given(seeds)
def test_a_status_recorded_later_or_past_changes_nothing(seed: int) -> None:
    random = Random(seed)
    on = random.choice(DAYS)
    document = some_document(random, on)
    if "statuses" not in document:
        document["statuses"] = []
    people = [person["person_id"] for person in document["people"]]
    others = [one for _ in range(5) for one in FAMILIES.statuses(random, people)]
    for one in others:
        one |= random.choice(({"to": "2019-06-30"}, {"from": "2030-01-01"}, {"recorded": "2030-01-01"}))
        one["amount"] = random.randint(1, 2000)
    added = random.sample([*document["statuses"], *others], len(document["statuses"]) + len(others))
    first = decide(BOOK, document, on=on, advice=False)
    second = decide(BOOK, {**document, "statuses": added}, on=on, advice=False)
    assert short(first) == short(second)
    assert conflicts(first) == conflicts(second)
    assert first.would_be_due == second.would_be_due
    assert decided(BOOK, document, on) == short(first)


def test_the_samples_hold_conflicts_with_every_effect() -> None:
    """Else their order would prove nothing."""
    seen = {
        one.effect
        for seed in range(150)
        for one in decide(BOOK, some_document(Random(seed), DAYS[0]), on=DAYS[0], advice=False).conflicts
    }
    assert seen == {"kept", "dropped", "offset", "choice", "pending"}
