"""The outcome of a policy is written out in the compiled rules; it must be the one that `outcomes` says."""

from itertools import product

import pytest

from engine.language.compile import Computed, Program, compile_program
from engine.language.outcomes import is_eligible, outcome
from engine.language.tree import Node
from engine.language.types import BOOLEAN, OUTCOME

NAMES = ("concerns", "closed", "eligible", "discretion")
TRUTHS = (True, False, None)
FACTS = {name: Node("fact", (), BOOLEAN, name) for name in NAMES}


def value(parts: tuple[Node, ...], told: tuple[bool | None, ...]) -> tuple[int, bool | None]:
    """The outcome and `X.eligible` for facts with these truths."""
    of = Node("outcome", parts, OUTCOME)
    read = Node("is_eligible", (Node("value", (), OUTCOME, "X.outcome"),), BOOLEAN)
    computed = (Computed("X.outcome", "household", of), Computed("X.eligible", "household", read))
    compiled = compile_program(Program(NAMES, (), {}, (), computed))
    (found, eligible), _ = compiled.run(told, (), (), 20260101)
    return found, eligible


@pytest.mark.parametrize("fixed", [(), *product((0, 1, 2, 3), (True, False))], ids=str)
def test_it_is_the_same_for_all_truths_also_where_a_part_is_a_constant(fixed: tuple[int, bool]) -> None:
    for told in product(TRUTHS, repeat=4):
        parts = list(FACTS.values())
        truths = list(told)
        if fixed:
            place, truth = fixed
            parts[place], truths[place] = Node("const", (), BOOLEAN, value=truth), truth
        expected = outcome(*truths)
        assert value(tuple(parts), told) == (expected, is_eligible(expected)), truths


@pytest.mark.parametrize("op", ["and", "or"])
def test_constants_leave_the_truth_of_the_rest(op: str) -> None:
    fact = FACTS["eligible"]
    for constant, told in product((True, False), TRUTHS):
        node = Node(op, (fact, Node("const", (), BOOLEAN, value=constant)), BOOLEAN)
        (found,), _ = compile_program(Program(NAMES, (), {}, (), (Computed("v", "household", node),))).run(
            (None, None, told, None), (), (), 20260101
        )
        decisive = constant is (op == "or")
        assert found is (constant if decisive else told)
