"""When a decision is looked at again: the longest interval, classes that come sooner, areas that rule otherwise."""

from __future__ import annotations

import datetime
import shutil
from pathlib import Path
from typing import Any

import pytest

from engine.decision import decide
from engine.rulebook import Rulebook, load_rulebook

ISLAND = Path(__file__).parents[1] / "proving" / "island"
REVIEW = """
review:
  months: 12
  cite: ACT art 4
  sooner:
    - id: in-a-year-of-need
      months: 6
      when: lost_boat
      cite: ACT art 5
    - id: poorest
      months: 3
      when: savings < 100
      cite: ACT art 5
  in:
    reef:
      months: 9
      cite: ACT art 6
      sooner:
        - id: poorest-on-the-reef
          months: 1
          when: savings < 100
          cite: ACT art 6
"""
HOME = {"household_id": "h1", "area": "isle", "zone": "shore", "cost": 101, "statuses": []}
PEOPLE = [{"person_id": f"p{n}", "born": "1970-05-01"} for n in (1, 2, 3)]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Rulebook:
    copy = tmp_path_factory.mktemp("island") / "rules"
    shutil.copytree(ISLAND, copy)
    areas = copy / "areas.yaml"
    areas.write_text(areas.read_text() + "  reef: {level: isle, label: {en: the reef}}\n")
    policy = copy / "harbour/boat_help/2001-01-01.yaml"
    policy.write_text(policy.read_text() + REVIEW)
    return load_rulebook(copy)


def due(book: Rulebook, **facts: Any) -> str:
    document = {**HOME, "people": PEOPLE, **facts}
    made = decide(book, document, on=datetime.date(2008, 5, 1), advice=False)
    (finding,) = made.policies["boat_help"].findings
    return finding.review_due


@pytest.mark.parametrize(
    ("facts", "day"),
    [
        ({"savings": 500, "lost_boat": False}, "2009-05-01"),
        ({"savings": 500, "lost_boat": True}, "2008-11-01"),
        ({"savings": 99, "lost_boat": True}, "2008-08-01"),  # the shortest of those that hold
        ({"savings": 99, "lost_boat": False}, "2008-08-01"),
        ({"savings": 500}, "2008-11-01"),  # nobody knows: it is not put off
        ({"area": "reef", "savings": 500, "lost_boat": True}, "2009-02-01"),  # only the area's own classes
        ({"area": "reef", "savings": 99, "lost_boat": False}, "2008-06-01"),
        ({"savings": 1000, "lost_boat": True}, ""),  # nothing is granted
    ],
)
def test_the_shortest_interval_that_may_hold(book: Rulebook, facts: dict[str, Any], day: str) -> None:
    assert due(book, **facts) == day
