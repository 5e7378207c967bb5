"""durable_rules beside the kernel: only the last step, from known clauses to policies.

It has no arithmetic over people, so the truths of the clauses are given to it (worked out before, by the oracle, and not
timed): 24 rules of 8 conditions over one fact for each household. What it takes is the least that it could take.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from durable.engine import MessageNotHandledException
from durable.lang import assert_fact, delete_state, m, ruleset, when_all

from benchmarks.one_household.model import Pack
from benchmarks.one_household.oracle import Document, Oracle

_RULES = "pack"


class Rules:
    """The pack's policies as rules over the truths of their clauses."""

    def __init__(self, pack: Pack) -> None:
        self.fired: set[str] = set()
        self._oracle = Oracle(pack)
        with ruleset(_RULES):
            for policy in pack.policies:
                self._rule(policy.name, [f"{policy.name}_{clause}" for clause in policy.clauses])

    def _rule(self, policy: str, clauses: Sequence[str]) -> None:
        first, *rest = [getattr(m, name) == 1 for name in clauses]
        for one in rest:
            first = first & one

        @when_all(first)
        def holds(_: Any) -> None:
            self.fired.add(policy)

    def facts(self, households: Sequence[Document]) -> list[dict[str, Any]]:
        return [
            {
                f"{policy}_{clause}": int(bool(truth))
                for policy, answer in self._oracle.decide(household).items()
                for clause, truth in answer.clauses.items()
            }
            for household in households
        ]

    def decide(self, facts: Sequence[dict[str, Any]]) -> list[frozenset[str]]:
        """The policies that hold for each household."""
        found = []
        for number, fact in enumerate(facts):
            self.fired.clear()
            sid = str(number)
            with suppress(MessageNotHandledException):  # so it says that no rule holds
                assert_fact(_RULES, {**fact, "sid": sid, "id": 1})
            delete_state(_RULES, sid)
            found.append(frozenset(self.fired))
        return found

    def check(self, households: Sequence[Document]) -> None:
        """What holds by the oracle holds here, or the end of the benchmark."""
        found = self.decide(self.facts(households))
        for household, policies in zip(households, found, strict=True):
            assert policies == {
                one for one, answer in self._oracle.decide(household).items() if answer.eligible
            }
