"""A small rulebook and features for it that are complete: each scenario shows something that no other does."""

from __future__ import annotations

from pathlib import Path

ISLAND = Path(__file__).parent / "island"
HOUSEHOLD = """household_id: h1
area: isle
zone: shore
savings: 500
lost_boat: true
cost: 101
statuses: []
people:
- {person_id: p1, born: "1970-05-01"}
- {person_id: p2, born: "1971-05-01"}
- {person_id: p3, born: "1990-05-01"}
"""

# name: (given, then); every one begins with the household and is decided on the same day
DECIDED = 'When it is decided on "2008-05-01"'
ELIGIBLE = 'Then "Boat help" for "household" is "eligible"'
INELIGIBLE = 'Then "Boat help" for "household" is "ineligible"'
UNDETERMINED = 'Then "Boat help" for "household" is "undetermined"'
SAVINGS = 'the "savings" of "household" is changed to'
LOST = 'the "boat lost" of "household" is changed to "no"'
SCENARIOS: dict[str, tuple[list[str], list[str]]] = {
    "at the limit": ([f'{SAVINGS} "1000"'], [INELIGIBLE]),
    "a cent below": ([f'{SAVINGS} "999.99"'], [ELIGIBLE]),
    "a cent above": ([f'{SAVINGS} "1000.01"'], [INELIGIBLE]),
    "savings not known": (['the "savings" of "household" is not known'], [UNDETERMINED]),
    "half of the cost, rounded up": (
        ['the "cost" of "household" is changed to "100.20"'],
        [ELIGIBLE, 'the amount is "51" shells once'],
    ),
    "a fifth on the hill": (
        ['the "zone" of "household" is changed to "hill"'],
        [ELIGIBLE, 'the amount is "21" shells once'],
    ),
    "three are many, the third on the birthday": (
        [LOST],
        [ELIGIBLE, 'the amount is "10" shells once'],
    ),
    "two are not": ([LOST, 'the "date of birth" of "p3" is changed to "1990-05-02"'], [INELIGIBLE]),
    "four are": (
        [LOST, '"p4" joins the household:\n      | date of birth | 1989-05-01 |'],
        [ELIGIBLE],
    ),
    "nobody knows whether it was lost": (
        [
            'the "boat lost" of "household" is not known',
            'the "date of birth" of "p3" is not known',
        ],
        [UNDETERMINED],
    ),
    "lost and not many": (['"p2" leaves the household', '"p3" leaves the household'], [ELIGIBLE]),
}


def write_features(directory: Path, scenarios: dict[str, tuple[list[str], list[str]]] | None = None) -> Path:
    """The features as files. The steps speak of yuan, so the amounts are asserted by their numbers alone."""
    (directory / "households").mkdir(parents=True, exist_ok=True)
    (directory / "households" / "home.yaml").write_text(HOUSEHOLD, encoding="utf-8")
    lines = ["Feature: boat help"]
    for name, (given, then) in (SCENARIOS if scenarios is None else scenarios).items():
        lines += ["", f"  Scenario: {name}", '    Given the household "home"']
        lines += [f"    And {step}" for step in given]
        lines += [f"    {DECIDED}", f"    {then[0]}"] if then else [f"    {DECIDED}"]
        lines += [f"    And {step}".replace("shells", "yuan") for step in then[1:]]
    (directory / "boat_help.feature").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return directory


def without(*names: str) -> dict[str, tuple[list[str], list[str]]]:
    """The scenarios but for some."""
    assert set(names) <= SCENARIOS.keys()
    return {name: one for name, one in SCENARIOS.items() if name not in names}
