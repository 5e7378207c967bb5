"""Where a clause, and what it hangs on, stand among the values of a household."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from engine.language.types import Type


@dataclass(frozen=True, slots=True)
class ClauseShape:
    id: str
    truth: int
    margin: int  # -1: none
    margin_type: Type | None
    reads: tuple[str, ...]  # references; those of a person without the person's prefix
    own: tuple[str, ...]  # names of the subject, to be prefixed
    members: tuple[ClauseShape, ...] = ()
    is_group: bool = False

    def places(self) -> Iterator[int]:
        """Of its truth, and of those inside a group."""
        yield self.truth
        if self.is_group:
            for member in self.members:
                yield from member.places()


@dataclass(frozen=True, slots=True)
class Asked:
    """Some facts by their names in order, and what takes their values from a row of inputs."""

    names: tuple[str, ...]
    values: Callable[[Sequence[Any]], tuple[Any, ...]]


def asked(names: Iterable[str], places: Mapping[str, int]) -> Asked | None:
    """None when there are none."""
    ordered = tuple(sorted(names))
    if not ordered:
        return None
    first = places[ordered[0]]
    if len(ordered) == 1:
        return Asked(ordered, lambda row: (row[first],))
    return Asked(ordered, itemgetter(*(places[name] for name in ordered)))
