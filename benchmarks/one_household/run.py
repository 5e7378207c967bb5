"""Our engine beside ZEN: one household at a time, 24 policies of 8 clauses, everything both must answer.

`python -m benchmarks.one_household.run [--zen-only] [--rounds 15] [--households 200]`

Both engines get the same documents and answer every clause, every outcome and every amount, with their trace.
Both are timed to what their Python users receive, a decision and a dict; ours with its JSON bytes as well.
Nothing is timed while one of them disagrees with the oracle.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.one_household import missing
from benchmarks.one_household.check import HOUSEHOLDS, check, expected_answers, zen_answers
from benchmarks.one_household.households import random_households
from benchmarks.one_household.oracle import Document
from benchmarks.one_household.ours import Ours, load
from benchmarks.one_household.pack import PACK
from benchmarks.one_household.timing import Subject, Timing, interleaved
from benchmarks.one_household.zen_side import LAYOUTS, WAYS, Call, by_static_loader, context, decision_content

BASELINE = "ZEN with trace"
MISSING_HOUSEHOLDS = 100


def main() -> int:
    """Prints the comparison; 1 when an engine disagrees with the oracle."""
    arguments = argparse.ArgumentParser(description="Our engine beside ZEN, one household at a time.")
    arguments.add_argument("--zen-only", action="store_true", help="leave our engine out")
    arguments.add_argument("--rounds", type=int, default=15)
    arguments.add_argument("--households", type=int, default=200, help="households per round")
    chosen = arguments.parse_args()
    ours = None if chosen.zen_only else load(PACK)

    print_surroundings()
    problems = check(ours.answers if ours else None)
    for problem in problems[:20]:
        print(problem)
    print(f"\n{len(problems)} disagreements with the oracle on {HOUSEHOLDS} random households")
    if problems:
        return 1
    workloads = {
        f"{chosen.households} random households of 1 to 7 people": random_households(chosen.households),
        f"{chosen.households} households of 4 people": random_households(chosen.households, people=4),
    }
    for title, households in workloads.items():
        timings = interleaved(subjects(households, ours), chosen.rounds, len(households))
        print_timings(f"{title}, {chosen.rounds} rounds", timings)
    print_missing(ours)
    return 0


def subjects(households: list[Document], ours: Ours | None) -> list[Subject]:
    """Everything that is timed on these households. The baseline is ZEN called the fastest way found."""
    contexts = [context(household) for household in households]
    as_bytes = [json.dumps(given).encode() for given in contexts]
    content = decision_content(PACK, "policy")
    fastest = by_static_loader(content)
    found = [
        _zen(BASELINE, fastest, contexts, trace=True),
        _zen("ZEN without trace", fastest, contexts, trace=False),
        _zen("ZEN with trace, JSON bytes in", fastest, as_bytes, trace=True),
        _zen("ZEN without trace, JSON bytes in", fastest, as_bytes, trace=False),
    ]
    for layout, words in LAYOUTS.items():
        if layout != "policy":
            call = by_static_loader(decision_content(PACK, layout))
            found.append(_zen(f"ZEN with trace, {words}", call, contexts, trace=True))
            found.append(_zen(f"ZEN without trace, {words}", call, contexts, trace=False))
    for way, make in WAYS.items():
        if make is not by_static_loader:
            found.append(_zen(f"ZEN with trace, {way}", make(content), contexts, trace=True))
    if ours is not None:
        decide = ours.decide_ours
        size = len(decide(households[0]))
        found.insert(0, Subject("ours with trace, JSON bytes out", _each(decide, households), size))
        found.insert(0, Subject("ours with trace", _each(ours.decision, households), size))
    return found


def _zen(name: str, call: Call, given: list[Any], *, trace: bool) -> Subject:
    size = len(json.dumps(call(given[0], trace), separators=(",", ":")))
    return Subject(name, _each(lambda one: call(one, trace), given), size)


def _each(decide: Callable[[Any], object], given: Iterable[Any]) -> Callable[[], None]:
    def run() -> None:
        for one in given:
            decide(one)

    return run


def print_surroundings() -> None:
    """The machine and the versions, without which the figures mean nothing."""
    clauses = sum(len(policy.clauses) for policy in PACK.policies)
    print(f"pack     {len(PACK.policies)} policies, {clauses} clauses, {len(PACK.facts)} facts")
    print(f"versions Python {platform.python_version()}, zen-engine {version('zen-engine')}")
    print(f"system   {platform.system()} {platform.release()}, load {os.getloadavg()[0]:.2f} before the run")
    print(f"CPU      {_cpu_model()}, {os.cpu_count()} cores, governor {_governor()}")


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def _governor() -> str:
    file = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    return file.read_text(encoding="utf-8").strip() if file.exists() else "not shown"


def print_timings(title: str, timings: list[Timing]) -> None:
    """One line a subject; the ratios are to the baseline: round by round, and of the least times."""
    baseline = next(timing for timing in timings if timing.subject.name == BASELINE)
    print(f"\n{title}: microseconds per household")
    print(f"{'':58}{'median':>8}{'min':>8}{'max':>8}{'ratio':>7}{'of min':>7}{'bytes':>8}")
    for timing in timings:
        print(
            f"{timing.subject.name:58}{timing.median():8.0f}{min(timing.rounds):8.0f}{max(timing.rounds):8.0f}"
            f"{timing.ratio_to(baseline):7.2f}{timing.least_to(baseline):7.2f}{timing.subject.size:8}"
        )


def print_missing(ours: Ours | None) -> None:
    """What each engine returns when a needed fact is missing."""
    expected = expected_answers(MISSING_HOUSEHOLDS)
    sides = {"ZEN": zen_answers(by_static_loader(decision_content(PACK, "policy")))}
    if ours is not None:
        sides["ours"] = ours.answers
    print(
        f"\nwhat each returns when a needed fact is missing, {len(expected)} x {len(PACK.policies)} findings"
    )
    for fact, kind in missing.FACTS.items():
        for side, decide in sides.items():
            print(f"{fact + ' (' + kind + ')':40}{side:6}{missing.outcome(decide, fact, expected)}")


if __name__ == "__main__":
    raise SystemExit(main())
