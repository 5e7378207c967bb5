"""What open findings wait for, read without a decision, is what a whole decision names as missing."""

from __future__ import annotations

from random import Random
from typing import Any

import pyarrow.parquet as pq
import pytest

from engine.decision.decide import decide_situation, situate
from engine.decision.document import read_household
from engine.decision.model import HOUSEHOLD
from engine.population.documents import table_of
from engine.population.missed import gaps
from engine.population.one_fact import ONE, RULE, SEVERAL, STATUS, UNSEEN, WAITS_FOR, ask
from engine.population.pairs import Run, open_run
from engine.population.stream import decide_all
from tests.support.households import Families, places, shipped, without

DAY = 20260915
HOUSEHOLDS, AT_ONCE, GROUP = 160, 20, 70


@pytest.fixture(scope="module")
def documents() -> dict[str, Any]:
    random, families = Random(17), Families(shipped())
    found = {}
    for number in range(HOUSEHOLDS):
        document = families.document(random, DAY) | {"household_id": f"h{number}"}
        document.setdefault("statuses", [])
        lost = [
            place
            for place in places(document)
            if len(place) < 4 and place[0] != "statuses" and random.random() < 0.04
        ]
        found[document["household_id"]] = without(document, lost)
    found["h0"]["statuses"] = [  # somebody must hold a programme, or it is not looked at
        {"policy": policy, "from": "2020-01-01"} for policy in ("dibao", "dibao_edge", "temporary_relief")
    ]
    return found


@pytest.fixture(scope="module")
def run(documents: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Run:
    directory = tmp_path_factory.mktemp("open")
    path = directory / "data.parquet"
    pq.write_table(table_of(shipped(), list(documents.values()), DAY, DAY), path, row_group_size=GROUP)
    decide_all(shipped(), path, directory / "out", DAY, DAY, at_once=AT_ONCE)
    return open_run(shipped(), path, directory / "out")


def missing_of(document: Any, policy: str, person: str | None) -> list[Any]:
    """What the decision names as missing for the finding, by clauses of the policy."""
    at = situate(shipped(), read_household(shipped(), document), DAY, DAY)
    decision = decide_situation(at, (policy,), advice=False)
    (finding,) = (one for one in decision.policies[policy].findings if one.subject == (person or HOUSEHOLD))
    return [one for one in finding.missing if any(step.startswith(f"{policy}:") for step in one.path)]


def test_the_same_as_a_whole_decision(documents: dict[str, Any], run: Run) -> None:
    open_ = gaps(run).open
    asked = ask(run, open_)
    assert len(asked) == open_.num_rows > 100
    for one in asked:
        missing = missing_of(documents[one.household_id], one.policy, one.person_id)
        if not missing or any(each.parameter or each.definition for each in missing):
            assert one.waits_for == RULE, one
        elif any(each.status for each in missing):
            assert one.waits_for == STATUS, one
        elif len({(each.fact, each.subject) for each in missing}) > 1:
            assert one.waits_for == SEVERAL, one
        else:
            assert one.waits_for in (ONE, UNSEEN), one
            assert (one.fact, one.of) == (missing[0].fact, missing[0].subject)
    assert {one.waits_for for one in asked} >= {ONE, SEVERAL}
    assert {one.waits_for for one in asked} <= set(WAITS_FOR)


def test_more_processes_say_the_same(run: Run) -> None:
    open_ = gaps(run).open
    assert ask(run, open_, workers=2) == ask(run, open_)
