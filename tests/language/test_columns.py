"""The column reading says of every household what the compiled function says of it alone."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.language.columns import compile_columns
from engine.language.scope import PERSON
from tests.language.test_readings_agree import Rules
from tests.support import columns, world
from tests.support.world import World, random_world


def worlds(random: Random) -> list[World]:
    """Several households on one day, of whom more or less is known; of all of them everything in one of three times."""
    lost = random.choice(((0,), (0, 0, 0, 0.1), (0, 0.1, 0.3, 0.6)))
    found = [random_world(random, random.choice(lost)) for _ in range(random.randint(1, 6))]
    return [replace(one, on=found[0].on) for one in found]


def entry_of(many: list[World]) -> Any:
    """The entries of a list by their number among all households."""
    flat: dict[str, list[Any]] = {name: [] for name in world.ITEMS}
    for of, owners in (
        (world.HOUSEHOLD, [world.inputs(one)[0] for one in many]),
        (world.PERSONAL, [row for one in many for row in world.inputs(one)[1]]),
    ):
        for place, (_, kind) in enumerate(of.items()):
            name = getattr(getattr(kind, "item", None), "name", "")
            if name in flat:
                for owner in owners:
                    flat[name] += owner[place][0] if owner[place] is not None else []
    return lambda name, row: flat[name][row]


@given(st.randoms(use_true_random=False))
def test_columns_agree_with_the_compiled_function(random: Random) -> None:
    rules, many = Rules(random, 4, 4), worlds(random)
    texts = columns.codes()
    tables, parameters = columns.tables(many, texts)
    reading = compile_columns(rules.program).read(tables, parameters, world.inputs(many[0])[3], texts)
    back = columns.Back(tables, texts, entry_of(many))
    expected_of = [rules.values(one) for one in many]
    for computed in rules.computed:
        of, column = computed.node.type, reading.named(computed.name)
        for h, one in enumerate(many):
            alone = expected_of[h]
            rows = range(len(one.people)) if computed.of == PERSON else (-1,)
            for i in rows:
                row = h if i < 0 else int(tables.people.offsets[h]) + i
                size = len(many) if i < 0 else tables.people.size
                found = back.value(column, row, of, size)
                expected = columns.in_one_form(alone[computed.name, i], of)
                assert columns.in_one_form(found, of) == expected, (rules, computed.name, h, i)
