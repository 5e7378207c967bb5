"""A small made-up dictionary for the language tests: facts of every type, lists, tables, and random values.

Values stand in two forms: plain (numbers are `Fraction`s, days are `date`s, people and entries are dicts),
which the oracle reads, and inside (as the engine takes them). Unknown is None in both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from random import Random
from typing import Any

from engine.language.dates import from_date
from engine.language.scope import PERSON, Scope, Symbol
from engine.language.types import BOOLEAN, DATE, TEXT, Enum, List, Number, Record, Type, parse_unit

PEOPLE_AT_MOST = 6
KIND, TIER, ROLE = Enum("kind", ("a", "b", "c")), Enum("tier", ("x", "y")), Enum("role", ("head", "child"))
NOTES = ("", "north", "south")


def number(decimals: int, unit: str, lo: int, hi: int) -> Number:
    """A number type whose range is given in whole units."""
    power = 10**decimals
    return Number(decimals, parse_unit(unit), lo * power, hi * power)


HOUSEHOLD: dict[str, Type] = {
    "rent": number(2, "yuan", 0, 1_000_000),
    "debt": number(2, "yuan", -50_000, 90_000_000),
    "per_head": number(2, "yuan/person", 0, 5000),
    "rate": number(3, "1", -2, 5),
    "share": Number(2, parse_unit("1"), 1, 100),
    "grants": number(0, "1", -50, 100),
    "rooms": number(0, "1", 0, 40),
    "huge": number(0, "1", -(10**9), 10**9),
    "rural": BOOLEAN,
    "flag": BOOLEAN,
    "kind": KIND,
    "tier": TIER,
    "since": DATE,
    "note": TEXT,
    "bills": List(Record("bills"), 4),
}
PERSONAL: dict[str, Type] = {
    "wage": number(2, "yuan/person", 0, 100_000),
    "points": number(1, "1", -9, 9),
    "sick": BOOLEAN,
    "born": DATE,
    "role": ROLE,
    "jobs": List(Record("jobs"), 3),
}
ITEMS: dict[str, dict[str, Type]] = {
    "bills": {
        "cost": number(2, "yuan", 0, 50_000),
        "weight": number(1, "1", 0, 30),
        "paid": BOOLEAN,
        "due": DATE,
        "sort": KIND,
    },
    "jobs": {"pay": number(2, "yuan", 0, 20_000), "hours": number(0, "1", 0, 80), "formal": BOOLEAN},
}
# name -> (type, keys, table)
PARAMETERS: dict[str, tuple[Type, tuple[str, ...], str]] = {
    "line": (number(2, "yuan/person", 0, 900), ("kind",), ""),
    "grid": (number(2, "yuan", 0, 900), ("kind", "tier"), ""),
    "factor": (number(2, "1", 0, 3), (), ""),
    "start_day": (DATE, (), ""),
    "pilot": (BOOLEAN, (), ""),
    "open_kinds": (List(KIND), (), ""),
    "size_line": (number(2, "yuan", 0, 1_010_000), (), "size"),
    "size_cap": (number(2, "yuan", 0, 1_000), (), "size"),
    "slices": (Number(2, parse_unit("1"), 0, 5_000_00), (), "brackets"),
}
SLICES = ((0, 5), (1_000_00, 10), (5_000_00, 25))  # thresholds in cents, rates in hundredths


def scope(extra: dict[str, Symbol], extra_person: dict[str, Symbol], person: bool) -> Scope:
    names = {name: Symbol(name, "fact", of) for name, of in HOUSEHOLD.items()}
    names |= {
        name: Symbol(name, "parameter", of, by, table, 2) for name, (of, by, table) in PARAMETERS.items()
    }
    records = {
        name: {field: Symbol(field, "fact", of) for field, of in fields.items()}
        for name, fields in ITEMS.items()
    }
    records[PERSON] = {name: Symbol(name, "fact", of) for name, of in PERSONAL.items()} | extra_person
    return Scope(names | extra, records, person=person, people_at_most=PEOPLE_AT_MOST)


@dataclass(frozen=True, slots=True)
class World:
    """One household with its parameters, plain."""

    facts: dict[str, Any]
    people: list[dict[str, Any]]
    parameters: dict[str, Any]
    on: date


def random_world(random: Random, unknown: float) -> World:
    """`unknown`: how likely each fact, field and parameter is not known."""
    facts = {name: _maybe(random, unknown, of) for name, of in HOUSEHOLD.items()}
    people = [
        {name: _maybe(random, unknown, of) for name, of in PERSONAL.items()}
        for _ in range(random.choice((0, 1, 2, 3, PEOPLE_AT_MOST)))
    ]
    return World(
        facts, people, _parameters(random, unknown), random.choice((date(2024, 2, 29), date(2026, 7, 1)))
    )


def completed(random: Random, world: World) -> World:
    """The same household with everything known: what was unknown is drawn."""
    full = random_world(random, 0)
    facts = {name: _filled(random, value, HOUSEHOLD[name]) for name, value in world.facts.items()}
    people = [
        {name: _filled(random, value, PERSONAL[name]) for name, value in person.items()}
        for person in world.people
    ]
    parameters = {
        name: full.parameters[name] if value is None else value for name, value in world.parameters.items()
    }
    for name in ("line", "grid"):
        parameters[name] = {**full.parameters[name], **(world.parameters[name] or {})}
    return World(facts, people, parameters, world.on)


def with_another(random: Random, before: World, full: World) -> tuple[World, tuple[str, int]]:
    """A completion of `before` with one of the facts drawn again that `before` does not know: its name and owner
    (-1: the household). The same completion when everything is known.
    """
    owners = [(-1, before.facts, HOUSEHOLD), *((i, one, PERSONAL) for i, one in enumerate(before.people))]
    unknown = [
        (i, name)
        for i, facts, _ in owners
        for name, value in facts.items()
        if value is None or (isinstance(value, list) and any(None in entry.values() for entry in value))
    ]
    if not unknown:
        return full, ("", -1)
    owner, name = random.choice(unknown)
    facts, kinds = (before.facts, HOUSEHOLD) if owner < 0 else (before.people[owner], PERSONAL)
    value = _filled(random, facts[name], kinds[name])
    if owner < 0:
        return World({**full.facts, name: value}, full.people, full.parameters, full.on), (name, owner)
    people = [{**one, name: value} if i == owner else one for i, one in enumerate(full.people)]
    return World(full.facts, people, full.parameters, full.on), (name, owner)


def _maybe(random: Random, unknown: float, of: Type) -> Any:
    return None if random.random() < unknown else random_value(random, of, unknown)


def _filled(random: Random, value: Any, of: Type) -> Any:
    if value is None:
        return random_value(random, of, 0)
    if isinstance(of, List):
        assert isinstance(of.item, Record)
        fields = ITEMS[of.item.name]
        return [{name: _filled(random, one, fields[name]) for name, one in item.items()} for item in value]
    return value


def random_value(random: Random, of: Type, unknown: float) -> Any:
    if of == BOOLEAN:
        return random.choice((False, True))
    if isinstance(of, Number):
        near = [v for v in (0, 1, -1, of.lo + 1, of.hi - 1) if of.lo <= v <= of.hi]
        inside = random.choice(
            (of.lo, of.hi, *near, random.randint(of.lo, of.hi), random.randint(of.lo, of.hi))
        )
        return Fraction(inside, 10 ** (of.decimals or 0))
    if isinstance(of, Enum):
        return random.choice(of.values)
    if of == DATE:
        return random.choice(
            (date(1, 1, 1), date(2008, 2, 29), date(1966, 7, 1), date(9999, 12, 31))
            + (date(1900, 1, 1) + timedelta(days=random.randint(0, 60_000)),) * 4
        )
    if isinstance(of, List):
        assert isinstance(of.item, Record)
        fields = ITEMS[of.item.name]
        size = random.choice((0, 1, 2, of.at_most))
        return [{name: _maybe(random, unknown, kind) for name, kind in fields.items()} for _ in range(size)]
    return random.choice(NOTES)


def _parameters(random: Random, unknown: float) -> dict[str, Any]:
    def cents() -> Fraction:
        return Fraction(random.randint(0, 900_00), 100)

    values: dict[str, Any] = {
        "line": {kind: cents() for kind in KIND.values},
        "grid": {(kind, tier): cents() for kind in KIND.values for tier in TIER.values},
        "factor": Fraction(random.randint(0, 300), 100),
        "start_day": date(2020, 1, 31),
        "pilot": random.choice((False, True)),
        "open_kinds": random.sample(KIND.values, random.randint(0, 3)),
        "size_line": ({n: cents() for n in range(4)}, Fraction(random.randint(0, 1000), 1)),
        "size_cap": ({n: cents() for n in range(1, 4)}, "clamp"),
        "slices": SLICES,
    }
    for name in ("line", "grid"):
        if random.random() < unknown:
            values[name].pop(random.choice(tuple(values[name])))
    return {name: None if random.random() < unknown else value for name, value in values.items()}


# --- as the engine takes it ---------------------------------------------------------------------------------


def inside(value: Any, of: Type) -> Any:
    """A plain value as the engine computes with it."""
    if value is None:
        return None
    if isinstance(of, Number):
        return int(value * 10 ** (of.decimals or 0))
    if of == DATE:
        return from_date(value)
    if isinstance(of, List) and isinstance(of.item, Record):
        fields = ITEMS[of.item.name]
        return [tuple(inside(item[name], kind) for name, kind in fields.items()) for item in value], ()
    return value


def inputs(world: World) -> tuple[list[Any], list[list[Any]], list[Any], int]:
    """What compiled programs and the lazy reading take: household, people, parameters, on."""
    household = [inside(world.facts[name], of) for name, of in HOUSEHOLD.items()]
    people = [[inside(person[name], of) for name, of in PERSONAL.items()] for person in world.people]
    parameters = [_table(name, world.parameters[name]) for name in PARAMETERS]
    return household, people, parameters, from_date(world.on)


def _table(name: str, value: Any) -> Any:
    of, by, table = PARAMETERS[name]
    if value is None or table == "brackets":
        return value
    if by:
        return {key: inside(cell, of) for key, cell in value.items()}
    if table == "size":
        cells, beyond = value
        return {n: inside(cell, of) for n, cell in cells.items()}, "clamp" if beyond == "clamp" else inside(
            beyond, of
        )
    if isinstance(of, List):
        return tuple(value), ()
    return inside(value, of)
