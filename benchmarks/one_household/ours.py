"""Our engine behind the benchmark: all that it knows of the interface and of a decision's form is here."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.one_household.model import Pack
from benchmarks.one_household.oracle import Answer, Document
from benchmarks.one_household.pack import ON
from benchmarks.one_household.rulebook_files import write_rulebook

_OUTCOMES = {"eligible": True, "ineligible": False}


@dataclass(frozen=True, slots=True)
class Ours:
    """`decision(household)` is one whole decision, trace included; `decide_ours` encodes it as JSON as well."""

    decision: Callable[[Document], object]
    decide_ours: Callable[[Document], bytes]

    def answers(self, household: Document) -> dict[str, Answer]:
        """The decision in the oracle's form."""
        decision = json.loads(self.decide_ours(household), parse_float=Decimal)
        return {policy: _answer(found["findings"][0]) for policy, found in decision["policies"].items()}


def load(pack: Pack) -> Ours:
    """Writes the pack as YAML and loads it. Raises whatever the engine says against the rulebook."""
    from engine.decision import decide, encode_json
    from engine.rulebook import load_rulebook

    with TemporaryDirectory() as directory:
        write_rulebook(pack, Path(directory))
        rulebook = load_rulebook(Path(directory))
    return Ours(
        lambda household: decide(rulebook, household, on=ON, advice=False),
        lambda household: encode_json(decide(rulebook, household, on=ON, advice=False)),
    )


def _answer(finding: dict[str, Any]) -> Answer:
    eligible = _OUTCOMES.get(finding["outcome"])
    clauses = dict(_truths(finding["trace"]))
    amount = finding["amount"].get("value") if eligible else None
    if eligible and amount is None:  # entitled, but the amount hangs on what is missing
        return Answer(clauses, None, None)
    return Answer(clauses, eligible, Decimal(amount) if amount is not None else None)


def _truths(node: dict[str, Any]) -> Iterator[tuple[str, bool | None]]:
    """(clause, truth) of every leaf of a trace, with the pack's spelling of clause names."""
    for inner in node.get("of", ()):
        yield from _truths(inner)
    if "clause" in node and "of" not in node:
        truth = node["truth"]
        yield node["clause"].replace("-", "_"), truth if isinstance(truth, bool) else None
