"""Random households with every fact known, drawn so that each clause is often true and sometimes false.

A household is a plain document as both engines read it: dates are ISO texts, money is a number of at most two
decimals, a Python float whose shortest form is exactly those decimals.
"""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from benchmarks.one_household.oracle import Document
from benchmarks.one_household.pack import AREA, ON


def random_households(number: int, people: int | None = None, seed: int = 7) -> list[Document]:
    """So many households of one to seven people, or of exactly `people`; the same for the same seed."""
    random = Random(seed)
    sizes = random.choices(range(1, 8), (12, 22, 22, 20, 13, 7, 4), k=number)
    return [_household(random, f"h{index}", people or size) for index, size in enumerate(sizes)]


def _household(random: Random, household_id: str, size: int) -> Document:
    tenure = _one_of(random, owner=60, tenant=25, relative=12, shelter=3)
    damage = _one_of(random, none=45, minor=25, major=20, total=10)
    return {
        "household_id": household_id,
        "area": AREA,
        "residence": _one_of(random, rural=55, town=25, city=20),
        "tenure": tenure,
        "heating": _one_of(random, central=20, coal=40, gas=20, electric=20),
        "damage": damage,
        "rooms": random.randint(0, 10),
        "house_area": random.randint(12, 220),
        "insured_months": random.randint(0, 500),
        "land": random.choice((0, 0, random.randint(1, 1500) / 10)),
        "school_distance": random.randint(0, random.choice((60, 300, 750))) / 10,
        "savings": _money(random, 60_000, zero=0.2),
        "debts": _money(random, 90_000, zero=0.4),
        "vehicle_value": _money(random, 60_000, zero=0.6),
        "medical_costs": _money(random, 30_000, zero=0.2),
        "tuition": _money(random, 12_000, zero=0.3),
        "harvest_loss": _money(random, 20_000, zero=0.25),
        "rent": _money(random, 1_200, zero=0.1) if tenure == "tenant" else 0,
        "heating_costs": _money(random, 2_500, zero=0.05),
        "owns_second_home": _chance(random, 0.06),
        "runs_business": _chance(random, 0.1),
        "consents_to_checks": _chance(random, 0.93),
        "house_unsafe": _chance(random, 0.2),
        "guardian_named": _chance(random, 0.7),
        "refused_work": _chance(random, 0.08),
        "tap_water": _chance(random, 0.85),
        "in_public_housing": _chance(random, 0.08),
        "moved_in": _days_ago(random, 10, random.choice((400, 9_000))),
        "last_visit": _days_ago(random, 1, 800),
        "insured_since": _days_ago(random, 10, random.choice((300, 6_000))),
        "damaged_on": _days_ago(random, 1, 800),
        "people": [_person(random, place) for place in range(size)],
    }


def _person(random: Random, place: int) -> Document:
    relation = ("head", _one_of(random, spouse=70, child=15, parent=15))[place] if place < 2 else None
    relation = relation or _one_of(random, child=55, parent=15, grandchild=20, other=10)
    age_range = {"head": (17, 88), "spouse": (19, 85), "parent": (45, 95)}.get(relation, (0, 32))
    birth = ON - timedelta(days=random.randint(age_range[0] * 365, age_range[1] * 365))
    if _chance(random, 0.1):  # a birthday on the decision's date, the day before or the day after
        birth = min(ON, ON.replace(year=birth.year) + timedelta(days=random.choice((-1, 0, 1))))
    age = ON.year - birth.year
    grown = age >= 16
    work = _one_of(random, none=35, casual=25, employed=15, self_employed=10, retired=15) if grown else "none"
    earns = work in ("casual", "employed", "self_employed")
    return {
        "person_id": f"p{place + 1}",
        "relation": relation,
        "birth_date": birth.isoformat(),
        "registered_on": _days_ago(random, 5, random.choice((400, 3_000))),
        "monthly_income": _money(random, 2_400, zero=0.1) if earns else 0,
        "pension": _money(random, 1_500, zero=0.2) if age >= 60 else 0,
        "disability": _one_of(random, none=72, mild=8, moderate=10, severe=10),
        "school": _school(random, age),
        "work": work,
        "care_hours": random.choice((0, 0, 2, 4, 6, 8, 12)),
        "insured": _chance(random, 0.85),
        "chronic_illness": _chance(random, 0.3),
        "veteran": grown and _chance(random, 0.2),
        "lives_here": _chance(random, 0.93),
        "pregnant": 15 <= age <= 45 and _chance(random, 0.15),
    }


def _school(random: Random, age: int) -> str:
    if age < 6 or age > 35:
        return "none"
    if age < 16:
        return _one_of(random, none=5, primary=60, secondary=35)
    return _one_of(random, none=45, vocational=20, university=35)


def _one_of(random: Random, **weights: int) -> str:
    return random.choices(tuple(weights), tuple(weights.values()))[0]


def _money(random: Random, usual: int, zero: float) -> float:
    """Nothing with probability `zero`; else up to the usual most, now and then up to seven times that.

    Some amounts stand at a whole thousand or a cent beside it, where most thresholds of the pack lie.
    """
    if _chance(random, zero):
        return 0
    cents = random.randint(1, usual * (700 if _chance(random, 0.05) else 100))
    if cents > 100_000 and _chance(random, 0.15):
        cents = cents // 100_000 * 100_000 + random.choice((-1, 0, 1))
    return cents / 100


def _chance(random: Random, probability: float) -> bool:
    return random.random() < probability


def _days_ago(random: Random, least: int, most: int) -> str:
    return (ON - timedelta(days=random.randint(least, most))).isoformat()


def without(document: Document, fact: str) -> Document:
    """The household with one fact unknown: its own, or the first person's where a person carries it."""
    if fact in document:
        return {name: value for name, value in document.items() if name != fact}
    first, *others = document["people"]
    return {**document, "people": [_without(first, fact), *others]}


def _without(document: dict[str, Any], fact: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != fact}
