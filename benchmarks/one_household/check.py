"""Do both engines say what the oracle says? Asked before anything is timed.

`python -m benchmarks.one_household.check` checks ZEN; `--ours` checks our engine too.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable

from benchmarks.one_household.households import random_households
from benchmarks.one_household.oracle import Answer, Document, Oracle
from benchmarks.one_household.pack import PACK
from benchmarks.one_household.zen_side import (
    LAYOUTS,
    Call,
    answers,
    by_static_loader,
    context,
    decision_content,
)

HOUSEHOLDS = 500

Decide = Callable[[Document], dict[str, Answer]]


def zen_answers(call: Call) -> Decide:
    """ZEN behind the same signature as the oracle."""
    return lambda household: answers(call(context(household), False)["result"])


def disagreements(decide: Decide, expected: Iterable[tuple[Document, dict[str, Answer]]]) -> list[str]:
    """One line for every policy of every household on which `decide` differs from the expected answers."""
    found = []
    for household, right in expected:
        given = decide(household)
        if given.keys() != right.keys():
            found.append(f"{household['household_id']}: other policies than the pack's")
        found += [
            f"{household['household_id']} {policy}: {given[policy]} instead of {answer}"
            for policy, answer in right.items()
            if policy in given and given[policy] != answer
        ]
    return found


def untested(expected: Iterable[tuple[Document, dict[str, Answer]]]) -> list[str]:
    """Clauses and policies that came out the same for every household: agreeing on them proves little."""
    seen: dict[str, set[bool | None]] = {}
    for _, right in expected:
        for policy, answer in right.items():
            seen.setdefault(policy, set()).add(answer.eligible)
            for clause, truth in answer.clauses.items():
                seen.setdefault(f"{policy}.{clause}", set()).add(truth)
    return [name for name, truths in seen.items() if len(truths) < 2]


def expected_answers(number: int = HOUSEHOLDS) -> list[tuple[Document, dict[str, Answer]]]:
    """Random households, each with the oracle's answers."""
    oracle = Oracle(PACK)
    return [(household, oracle.decide(household)) for household in random_households(number)]


def check(ours: Decide | None = None) -> list[str]:
    """Everything that speaks against comparing speeds; empty when both engines agree with the oracle."""
    expected = expected_answers()
    problems = [f"never both true and false: {name}" for name in untested(expected)]
    sides = {
        f"ZEN, {words}": zen_answers(by_static_loader(decision_content(PACK, layout)))
        for layout, words in LAYOUTS.items()
    }
    if ours is not None:
        sides["ours"] = ours
    for side, decide in sides.items():
        problems += [f"{side}: {line}" for line in disagreements(decide, expected)]
    return problems


def main() -> int:
    """Prints the problems; 0 when there are none."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--ours", action="store_true", help="check our engine too")
    ours = None
    if arguments.parse_args().ours:
        from benchmarks.one_household.ours import load

        ours = load(PACK).answers
    problems = check(ours)
    for problem in problems[:20]:
        print(problem)
    policies, clauses = len(PACK.policies), sum(len(policy.clauses) for policy in PACK.policies)
    print(f"{len(problems)} problems on {HOUSEHOLDS} households, {policies} policies, {clauses} clauses")
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
