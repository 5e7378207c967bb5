"""The kernel says of every household what the evaluator for one household says of it, to the last unit."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

from engine.decision.decide import decide_situation, situate
from engine.decision.document import read_household
from engine.decision.inputs import inputs_on
from engine.population.documents import table_of_households
from engine.population.kernel import Kernel
from engine.population.row import differences, row_of, row_without_reasons
from tests.conftest import SOAK
from tests.support.households import DAYS, Families, Place, places, shipped, without

COMPARED = 1_000_000 if SOAK else 60_000  # policies of households
AT_ONCE = 64
LOST = (0,) * 12 + (0.01,) * 6 + (0.03, 0.1, 0.5)  # the share of facts that nobody knows


def _documents(random: Random, families: Families, day: int) -> list[Any]:
    """Households of whom everything is known, or a little or much is missing; at times of all of them everything."""
    found = []
    every = random.random() < 0.3
    for _ in range(AT_ONCE):
        document = families.document(random, day)
        lost = 0 if every else random.choice(LOST)
        taken: list[Place] = [place for place in places(document) if random.random() < lost]
        found.append(without(document, _outermost(taken)) if taken else document)
    return found


def _outermost(taken: list[Place]) -> list[Place]:
    every = set(taken)
    return [place for place in taken if not any(place[:n] in every for n in range(1, len(place)))]


def test_the_kernel_agrees_with_the_evaluator_for_one_household() -> None:
    book = shipped()
    families, random = Families(book), Random(2026)
    compared, outcomes, effects, amounts = 0, Counter[str](), Counter[str](), Counter[str]()
    kernels = {day: Kernel(book, day, day) for day in DAYS}
    while compared < COMPARED:
        for day in DAYS:
            documents = _documents(random, families, day)
            households = [read_household(book, document) for document in documents]
            table = table_of_households(
                book, households, [inputs_on(book, one, day, day) for one in households]
            )
            rows = kernels[day].run(table.combine_chunks().to_batches()[0]).to_pylist()
            for household_no, (household, row, document) in enumerate(
                zip(households, rows, documents, strict=True)
            ):
                at = situate(book, household, day, day)
                assert not differences(row_without_reasons(at), row), document
                if not household_no % 20:
                    assert not differences(row_of(at, decide_situation(at, advice=False)), row), document
                findings = [one for owner in (row, *row["people"]) for one in _findings(owner)]
                outcomes.update(one["outcome"] for one in findings)
                amounts.update(
                    "sure" if one["amount"] is not None else "open" if one["max"] is not None else "none"
                    for one in findings
                )
                effects.update(one["effect"] for one in row["conflicts"])
                compared += len(findings)
    assert min(outcomes[name] for name in ("ineligible", "undetermined", "discretionary", "eligible")) > 500
    assert min(amounts[name] for name in ("sure", "open", "none")) > 20, amounts
    assert min(effects[name] for name in ("pending", "choice", "kept", "dropped", "offset")) > 5, effects


def _findings(owner: dict[str, Any]) -> list[dict[str, Any]]:
    return [value for value in owner.values() if isinstance(value, dict) and "outcome" in value]
