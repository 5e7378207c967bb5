"""Times several subjects in turns, so that whatever slows the machine meets all of them alike."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter_ns


@dataclass(frozen=True, slots=True)
class Subject:
    """Something timed. `run` does the whole workload once; `size` is its first answer's bytes as JSON."""

    name: str
    run: Callable[[], None]
    size: int


@dataclass(frozen=True, slots=True)
class Timing:
    """A subject's microseconds per household in every round."""

    subject: Subject
    rounds: tuple[float, ...]

    def median(self) -> float:
        return median(self.rounds)

    def ratio_to(self, other: Timing) -> float:
        """The median over the rounds of this time by the other's in the same round."""
        return median(mine / theirs for mine, theirs in zip(self.rounds, other.rounds, strict=True))

    def least_to(self, other: Timing) -> float:
        """The least time by the other's least: what is left when a busy machine disturbs most rounds."""
        return min(self.rounds) / min(other.rounds)


def interleaved(subjects: list[Subject], rounds: int, households: int) -> list[Timing]:
    """Every subject once a round, each round beginning with another one. An unrecorded round warms up."""
    taken: list[list[float]] = [[] for _ in subjects]
    gc.collect()
    gc.freeze()  # what is here already is not looked at again before every subject
    for turn in range(rounds + 1):
        for step in range(len(subjects)):
            place = (turn + step) % len(subjects)
            gc.collect()
            start = perf_counter_ns()
            subjects[place].run()
            spent = perf_counter_ns() - start
            if turn:
                taken[place].append(spent / 1000 / households)
    return [Timing(subject, tuple(times)) for subject, times in zip(subjects, taken, strict=True)]
