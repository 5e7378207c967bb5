"""The kernel under rules that the shipped ones do not have: conflicts of every stage between any two policies, versions
that ask for the application date, money with three decimals, statuses that end or were recorded late.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import pytest

from engine.decision.decide import decide_situation, situate
from engine.decision.document import read_household
from engine.decision.inputs import inputs_on
from engine.population.documents import table_of_households
from engine.population.kernel import Kernel
from engine.population.row import differences, row_of
from engine.rulebook import load_rulebook
from engine.rulebook.model import Conflict, Rulebook
from tests.conftest import SOAK
from tests.support.households import Families

VELLANA = Path(__file__).parents[1] / "rulebooks" / "vellana"
STAGES = ("exclusive", "higher_of", "offset", "cap")
ROUNDS = 400 if SOAK else 16
TOGETHER = 40
DAYS = (20220315, 20230701, 20240110, 20260302)


def quarrelsome(book: Rulebook, random: Random) -> Rulebook:
    """The same rules with conflicts between any two policies, some of which a later version ends."""
    ended = replace(book.conflicts[0].dated, version="2023-06-01.r2", start=20230601, published=20230601)
    ones = {one.id: one for one in book.conflicts}
    made = list(book.conflicts)
    for a, b in combinations(book.policies, 2):
        if random.random() < 0.5:
            continue
        stage, same = random.choice(STAGES), random.choice(("person", "household"))
        pair = (a, b) if random.random() < 0.5 else (b, a)
        if random.random() < 0.2:
            pair = (*pair, random.choice([name for name in book.policies if name not in pair]))
        chooses = stage == "exclusive" and random.random() < 0.3
        made.append(
            Conflict(
                f"{stage}_{a}_{b}",
                book.conflicts[0].dated,
                {},
                pair,
                "household" if chooses else same,
                stage,
                keep="" if chooses or stage != "exclusive" else random.choice(pair),
                choose_by="help_choice" if chooses else "",
                reduce=random.choice(pair) if stage == "offset" else "",
                limit=ones["housing_cap"].limit if stage == "cap" else None,
                when=ones["orphan_excludes_sea"].when
                if same == "person" and not chooses and random.random() < 0.5
                else None,
            )
        )
        if random.random() < 0.2:
            nothing = {"keep": "", "choose_by": "", "reduce": "", "limit": None, "when": None}
            made.append(replace(made[-1], dated=ended, stage="compatible", **nothing))
    return replace(book, conflicts=tuple(made), memo={})


def document(families: Families, random: Random, number: int, on: int) -> dict[str, Any]:
    book, facts = families.book, families.book.facts.values()
    lost = random.choice((0, 0, 0.05, 0.3))

    def owner(of: str) -> dict[str, Any]:
        return {
            fact.name: families.value(random, fact, on)
            for fact in facts
            if fact.of == of and random.random() >= lost
        }

    ids = random.sample(("zoe", "ana", "b10", "b9", "ÿve", "李"), random.randint(1, 5))
    people = [{"person_id": one, **owner("person")} for one in ids]
    found = {
        "household_id": f"h{number}",
        "area": random.choice(("sablon", "hautmont", "vellana")),
        **owner("household"),
        "people": people,
    }
    if random.random() < 0.7:
        found["application_date"] = random.choice(("2023-06-30", "2023-07-01", "2021-01-01", "2025-05-05"))
    if random.random() < 0.9:
        found["statuses"] = [_status(book, random, ids) for _ in range(random.choice((0, 1, 2, 6, 12)))]
    return found


def _status(book: Rulebook, random: Random, ids: list[str]) -> dict[str, Any]:
    policy = random.choice(list(book.policies.values()))
    start = date(2020, 1, 1) + timedelta(days=random.choice((0, 0, 900, 1500, 3000)))
    found: dict[str, Any] = {"policy": policy.id, "from": start.isoformat()}
    if policy.unit == "person":
        found["person_id"] = random.choice(ids)
    if random.random() < 0.3:
        found["to"] = (start + timedelta(days=random.choice((0, 500, 2000)))).isoformat()
    if random.random() < 0.3:
        found["recorded"] = (start + timedelta(days=random.choice((10, 1000, 5000)))).isoformat()
    if random.random() < 0.7:
        found["amount"] = random.choice((0, 5, Decimal("12.345"), Decimal("80.001"), 400))
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_the_kernel_agrees_under_invented_rules(seed: int) -> None:
    random, base = Random(seed), load_rulebook(VELLANA)
    effects, outcomes = Counter[tuple[str, str]](), Counter[str]()
    for _ in range(ROUNDS // 2):
        book, on = quarrelsome(base, random), random.choice(DAYS)
        known = random.choice((on, on, 20260501, 20230615))
        families = Families(book)
        documents = [document(families, random, number, on) for number in range(TOGETHER)]
        households = [read_household(book, one) for one in documents]
        table = table_of_households(book, households, [inputs_on(book, one, on, known) for one in households])
        rows = Kernel(book, on, known).run(table.combine_chunks().to_batches()[0]).to_pylist()
        for one, row in zip(households, rows, strict=True):
            at = situate(book, one, on, known)
            assert not differences(row_of(at, decide_situation(at, advice=False)), row)
            effects.update((note["stage"], note["effect"]) for note in row["conflicts"])
            outcomes.update(
                one["outcome"] for one in row.values() if isinstance(one, dict) and "outcome" in one
            )
    usual = {
        (stage, effect) for stage in ("exclusive", "higher_of") for effect in ("kept", "dropped", "pending")
    }
    usual |= {
        ("exclusive", "choice"),
        ("offset", "offset"),
        ("cap", "offset"),
        ("offset", "pending"),
        ("cap", "pending"),
    }
    assert min(effects[one] for one in usual) >= 3, effects
    assert outcomes["not-in-force"] + outcomes["undetermined"] > 100
