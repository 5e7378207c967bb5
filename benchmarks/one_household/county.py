"""The county rulebook, one household of four: what a decision costs, and each thing around it apart.

`python -m benchmarks.one_household.county [--rounds 300]`

Printed: medians and minima in milliseconds of processor time, sizes, the share of the production rules, and the
wall-clock time of a cold `relief decide`. Nothing here passes or fails: figures are for people to read.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from api.current import spare_the_collector
from engine.decision import decide_household, encode_json, parse_json, read_household
from engine.decision.conflicts import resolve
from engine.decision.decide import situate
from engine.decision.explain import as_text, explain
from engine.decision.model import Decision
from engine.rulebook import load_rulebook
from engine.rulebook.model import Rulebook
from engine.rulebook.source import plain, read_yaml_file

PROJECT = Path(__file__).resolve().parents[2]
HOUSEHOLD = PROJECT / "features/households/case_02.yaml"
ON = 20260515
RUNS = 5  # in a row
READING = "read and check the document (from JSON)"
WITHOUT_ADVICE = "decision with JSON, without advice"
WITH_ADVICE = "decision with JSON and advice"
RULES = "production rules alone (durable-rules)"


def main() -> int:
    arguments = argparse.ArgumentParser(description="What a decision costs on the county rulebook.")
    arguments.add_argument("--rounds", type=int, default=300)
    rounds = arguments.parse_args().rounds
    book = load_rulebook(PROJECT / "policies")
    _, tree, problems = read_yaml_file(HOUSEHOLD, HOUSEHOLD.name)
    assert tree is not None and not problems
    document = plain(tree)
    content = json.dumps(document, default=str).encode()
    household = read_household(book, document)
    decision = decide_household(book, household, ON, ON, ())
    situation = situate(book, household, ON, ON)
    spare_the_collector()  # as a server does that has taken the rulebook

    print(
        f"Python {sys.version.split()[0]}, msgspec {version('msgspec')}, durable-rules {version('durable-rules')}"
    )
    print(
        f"{len(book.policies)} policies, {len(household.people)} people, {len(decision.policies)} with findings"
    )
    print(f"decision: {len(encode_json(decision)):,} bytes of JSON\n")
    print(f"{'':52}{'median':>9}{'min':>9}  ms")
    works: dict[str, Callable[[], Any]] = {
        READING: lambda: read_household(book, parse_json(content)),
        WITHOUT_ADVICE: lambda: encode_json(decide_household(book, household, ON, ON, (), advice=False)),
        WITH_ADVICE: lambda: encode_json(decide_household(book, household, ON, ON, ())),
        RULES: lambda: resolve(situation, decision.policies),
    }
    for layer in ("applicant", "caseworker", "auditor"):
        for language in book.languages:
            works[f"explanation as text: {layer}, {language}"] = partial(
                told, book, decision, layer, language
            )
    times = in_turns(works, rounds)
    for title, taken in times.items():
        print(f"{title:52}{statistics.median(taken):9.3f}{min(taken):9.3f}")
    advice = [whole - plain for whole, plain in zip(times[WITH_ADVICE], times[WITHOUT_ADVICE], strict=True)]
    print(f"{'questions and would_change: difference of the two':52}{statistics.median(advice):9.3f}")
    shares = [rules / plain for rules, plain in zip(times[RULES], times[WITHOUT_ADVICE], strict=True)]
    print(f"{'share of the production rules in the decision':52}{statistics.median(shares):9.1%}")
    print(f"\ncold `relief decide`, wall clock: {cold():.2f} s (median of 5, rulebook cached)")
    return 0


def told(book: Rulebook, decision: Decision, layer: str, language: str) -> str:
    return as_text(explain(book, decision, layer, language))


def in_turns(works: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Milliseconds of processor time, of every round the runs of each work one after the other.

    Whatever slows the machine meets all alike, so a difference between two of them means something; and a
    decision is not timed with what an explanation has left in the processor's caches.
    """
    names = list(works)
    times: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds + 1):  # the first warms up
        for step in range(len(names)):
            name = names[(turn + step) % len(names)]
            for _ in range(RUNS):
                start = time.process_time_ns()
                works[name]()
                spent = (time.process_time_ns() - start) / 1e6
                if turn:
                    times[name].append(spent)
    return times


def cold() -> float:
    """Seconds of a whole `relief decide` in a new process, after one that fills the caches: rulebook and bytecode."""
    surroundings = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [
        sys.executable,
        "-m",
        "cli",
        "decide",
        str(HOUSEHOLD),
        "--on",
        "2026-05-15",
        "--format",
        "json",
    ]
    times = []
    for _ in range(6):
        start = time.perf_counter()
        subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, env=surroundings)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


if __name__ == "__main__":
    sys.exit(main())
