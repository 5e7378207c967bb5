"""The county rulebook, one household of four: what a decision costs, and each thing around it apart.

`python -m benchmarks.one_household.county [--rounds 300]`

Printed: medians and minima in milliseconds of processor time, sizes, the share of the production rules, and the
wall-clock time of a cold `relief decide`. Nothing here passes or fails: figures are for people to read.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from engine.decision import decide_household, encode_json, parse_json, read_household
from engine.decision.conflicts import resolve
from engine.decision.decide import situate
from engine.decision.explain import as_text, explain
from engine.rulebook import load_rulebook
from engine.rulebook.source import plain, read_yaml_file

PROJECT = Path(__file__).resolve().parents[2]
HOUSEHOLD = PROJECT / "features/households/case_02.yaml"
ON = 20260515


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
    gc.collect()
    gc.freeze()

    print(
        f"Python {sys.version.split()[0]}, msgspec {version('msgspec')}, durable-rules {version('durable-rules')}"
    )
    print(
        f"{len(book.policies)} policies, {len(household.people)} people, {len(decision.policies)} with findings"
    )
    print(f"decision: {len(encode_json(decision)):,} bytes of JSON\n")
    print(f"{'':52}{'median':>9}{'min':>9}  ms")

    def line(title: str, work: Callable[[], Any]) -> float:
        median, least = measure(work, rounds)
        print(f"{title:52}{median:9.3f}{least:9.3f}")
        return median

    line("read and check the document (from JSON)", lambda: read_household(book, parse_json(content)))
    plain_decision = line(
        "decision with JSON, without advice",
        lambda: encode_json(decide_household(book, household, ON, ON, (), advice=False)),
    )
    whole = line(
        "decision with JSON and advice", lambda: encode_json(decide_household(book, household, ON, ON, ()))
    )
    print(f"{'  of it questions and would_change':52}{whole - plain_decision:9.3f}")
    rules = line(
        "  of it the production rules (durable-rules)", lambda: resolve(situation, decision.policies)
    )
    print(f"{'  their share of the decision':52}{rules / plain_decision:9.1%}")
    for layer in ("applicant", "caseworker", "auditor"):
        for language in book.languages:
            line(
                f"explanation as text: {layer}, {language}",
                lambda layer=layer, language=language: as_text(explain(book, decision, layer, language)),  # type: ignore[misc]
            )
    print(f"\ncold `relief decide`, wall clock: {cold():.2f} s (median of 5, rulebook cached)")
    return 0


def measure(work: Callable[[], Any], rounds: int) -> tuple[float, float]:
    """Median and minimum of processor time, in milliseconds."""
    work()
    times = []
    for _ in range(rounds):
        start = time.process_time_ns()
        work()
        times.append((time.process_time_ns() - start) / 1e6)
    return statistics.median(times), min(times)


def cold() -> float:
    """Seconds of a whole `relief decide` in a new process, after one that fills the cache."""
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
        subprocess.run(command, cwd=PROJECT, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


if __name__ == "__main__":
    sys.exit(main())
