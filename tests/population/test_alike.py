"""Two entries for one person among strangers who happen to be alike."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from engine.population import alike as search
from engine.population.alike import alike
from engine.population.layout import register_schema

PEOPLE, NAMES, DAYS, ADDRESSES = 30_000, 120, 9_000, 600
PLANTED = 12


def register(planted: bool) -> pa.Table:
    """People of few names, so that many strangers share name and birthday; some have a second entry next door."""
    random = np.random.default_rng(3)
    name = random.integers(0, NAMES, PEOPLE)
    born = [date(1960, 1, 1) + timedelta(int(one)) for one in random.integers(0, DAYS, PEOPLE)]
    address = random.integers(0, ADDRESSES, PEOPLE)
    number = np.arange(PEOPLE)
    sex = np.where(name % 2 == 0, "male", "female")
    if planted:  # the last ones are the first ones once more, at the same address
        for place in range(PLANTED):
            other = PEOPLE - 1 - place
            name[other], born[other], address[other] = name[place], born[place], address[place]
            sex[other] = sex[place]
    columns = {
        "person_id": [f"p{one}" for one in number],
        "household_id": [f"h{one}" for one in number],
        "name": [f"name {one}" for one in name],
        "sound": [f"sound {one}" for one in name],
        "sex": sex.tolist(),
        "birth_date": born,
        "area": [f"town {one % 10}" for one in address],
        "address": [f"lane {one}" for one in address],
    }
    schema = register_schema()
    return pa.table([pa.array(columns[field.name]).cast(field.type) for field in schema], schema=schema)


def test_what_strangers_show_as_often_is_counted_and_not_shown() -> None:
    table = register(True)
    found = alike(table)
    pairs = {(one.first, one.second) for one in found.pairs}
    assert pairs >= {(place, PEOPLE - 1 - place) for place in range(PLANTED)}
    assert found.by_chance > 500  # the same name and birthday in some other town
    assert len(pairs) < 80
    assert all("same-address" in one.reasons or "same-area" in one.reasons for one in found.pairs)


def test_nobody_is_lost_between_shown_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    table = register(True)
    found = alike(table)
    monkeypatch.setattr(search, "MANY", PEOPLE)  # never enough strangers to say anything
    everyone = alike(table)
    assert everyone.by_chance == 0
    assert len(everyone.pairs) == len(found.pairs) + found.by_chance
    assert [one.points for one in everyone.pairs] == sorted(
        (one.points for one in everyone.pairs), reverse=True
    )


def test_strangers_alone_are_no_more_alike_than_chance() -> None:
    found = alike(register(False))
    assert found.by_chance > 0.9 * (len(found.pairs) + found.by_chance)


def test_the_same_register_gives_the_same_pairs() -> None:
    assert alike(register(True)) == alike(register(True))


def test_a_register_without_births_or_names_has_no_pairs() -> None:
    table = register(True).slice(0, 50)
    for name in ("name", "sound", "birth_date"):
        place = table.schema.get_field_index(name)
        field = table.schema.field(name)
        table = table.set_column(place, field, pa.nulls(50, field.type))
    assert alike(table) == search.Search([], 0, 0, 0)
