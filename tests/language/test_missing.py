"""What a value lacks, where a list is not told or one entry is picked from it."""

import pytest

from engine.language.check import check_expression
from engine.language.compile import Computed, Program
from engine.language.interpret import Interpreter
from engine.language.reaches import Reaches
from engine.language.syntax import plain_source
from engine.language.unknowns import missing
from tests.support import world
from tests.support.world import World

ON = 20260701
BILL = {"cost": 100, "weight": None, "paid": None, "due": None, "sort": "a"}


def lacking(text: str, **told: object) -> set[tuple[str, int]]:
    """Names and owners (-1: the household) of what the expression lacks, where only these facts are told."""
    node, problems = check_expression(plain_source(text), world.scope({}, {}, False))
    assert node is not None, problems
    facts = {name: told.get(name) for name in world.HOUSEHOLD}
    people = [dict.fromkeys(world.PERSONAL) | one for one in told.get("people", [])]  # type: ignore[attr-defined]
    parameters = dict.fromkeys(world.PARAMETERS)
    household, rows, values, _ = world.inputs(World(facts, people, parameters, world.date(2026, 7, 1)))
    program = Program(
        tuple(world.HOUSEHOLD),
        tuple(world.PERSONAL),
        {name: tuple(fields) for name, fields in world.ITEMS.items()},
        tuple(world.PARAMETERS),
        (Computed("v", "household", node),),
    )
    found = missing(Reaches(Interpreter(program, household, rows, values, ON)), node)
    return {(one.name, one.person) for one in found}


@pytest.mark.parametrize(
    ("text", "told", "names"),
    [
        ("bills[1].weight", {"bills": [BILL]}, {("bills", -1)}),
        ("bills[1].cost", {"bills": None}, {("bills", -1)}),
        ("sum(for bill in bills return rent)", {}, {("bills", -1), ("rent", -1)}),
        ("sum(for bill in bills return rent)", {"rent": 5}, {("bills", -1)}),
        ("sum(for bill in bills return bill.cost)", {"bills": [BILL]}, set()),
        ("some bill in (if flag then bills else bills) satisfies bill.paid", {"flag": True, "bills": [BILL]}, {("bills", -1)}),
        ("people[sick][1].points > 3", {"people": [{"sick": None, "points": 1}, {"sick": True}]}, {("sick", 0), ("points", 1)}),
    ],
)  # fmt: skip
def test_nothing_that_can_turn_a_value_is_left_out(
    text: str, told: dict[str, object], names: set[tuple[str, int]]
) -> None:
    assert lacking(text, **told) == names
