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


Taker = Callable[[Sequence[Any]], tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Asked:
    """Some facts by their names in order, and what takes their values from a row of inputs."""

    names: tuple[str, ...]
    values: Taker


def asked(names: Iterable[str], places: Mapping[str, int]) -> Asked | None:
    """None when there are none."""
    ordered = tuple(sorted(names))
    return Asked(ordered, taker([places[name] for name in ordered])) if ordered else None


def taker(places: Sequence[int]) -> Taker:
    """What takes the values of these places from a row, in this order."""
    return itemgetter(*places) if len(places) > 1 else _AtMostOne(tuple(places))


@dataclass(frozen=True, slots=True)
class _AtMostOne:
    """`itemgetter` gives no tuple of one. A class, because it is kept with a rulebook between commands."""

    places: tuple[int, ...]

    def __call__(self, row: Sequence[Any]) -> tuple[Any, ...]:
        return tuple([row[place] for place in self.places])
