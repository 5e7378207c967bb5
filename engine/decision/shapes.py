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


class Asked:
    """Some facts among the inputs of a household or a person, and which of them are not known.

    What is told is shared by many findings: it is read, and never changed.
    """

    def __init__(self, names: Iterable[str], places: Mapping[str, int]) -> None:
        self._places = {name: places[name] for name in sorted(names)}
        self._those = sum(_BYTE << 8 * place for place in self._places.values())
        self._kept: dict[int, tuple[str, ...]] = {}

    def among(self, unknown: int) -> int:
        """Those of them that are not known. `unknown`: of the inputs, by `unknown_in`."""
        return unknown & self._those

    def names(self, those: int) -> tuple[str, ...]:
        """The names, in order, of what `among` gave."""
        if not those:
            return ()
        told = self._kept.get(those)
        if told is None:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            told = self._kept[those] = tuple(
                name for name, place in self._places.items() if those >> 8 * place & _BYTE
            )
        return told


MOST_KEPT = 4096  # of a policy: households share a few hundred
_BYTE = 1


def unknown_in(row: Sequence[Any]) -> int:
    """Which values of a row are not known: a byte for each, so that it is made at once."""
    return int.from_bytes([value is None for value in row], "little")


def taker(places: Sequence[int]) -> Taker:
    """What takes the values of these places from a row, in this order."""
    return itemgetter(*places) if len(places) > 1 else _AtMostOne(tuple(places))


@dataclass(frozen=True, slots=True)
class _AtMostOne:
    """`itemgetter` gives no tuple of one. A class, because it is kept with a rulebook between commands."""

    places: tuple[int, ...]

    def __call__(self, row: Sequence[Any]) -> tuple[Any, ...]:
        return tuple([row[place] for place in self.places])
