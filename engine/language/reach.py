"""What a value can still become, as data: the range of a number, the choices of a truth, the entries of a list.

A reach never claims too much: whatever the missing facts turn out to be, the value lies in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from engine.language.dates import MAX_DAY, MIN_DAY
from engine.language.tree import Node
from engine.language.types import (
    INT64_MAX,
    MAX_DAYS,
    MAX_MONTHS,
    Boolean,
    Date,
    Duration,
    Enum,
    List,
    Number,
    Outcome,
    Ratio,
    Record,
    Type,
)


class Span(msgspec.Struct, frozen=True, gc=False):
    """A number, a date or a duration from `lo` to `hi`, as the lazy reading holds it.

    `blank`: it may also stay unknown, whatever facts come (a table without that cell, a division by zero).
    """

    lo: Any
    hi: Any
    blank: bool = False


# of truths, texts, outcomes: every value that it may take; None: it may stay unknown
Choices = frozenset[Any]


class Members(msgspec.Struct, frozen=True, gc=False):
    """A list: what surely belongs to it, what may, and how many more entries may come of which nothing is known.

    Entries are items (an index, or the values of the fields) in a list of records, reaches in any other.
    """

    sure: Sequence[Any]
    maybe: Sequence[Any]
    more: int = 0
    further: Any = None  # one of those more entries
    blank: bool = False

    def optional(self) -> Iterator[Any]:
        yield from self.maybe
        if self.more:
            yield self.further


class Anything(msgspec.Struct, frozen=True, gc=False):
    """Nothing is said about the value but whether it may stay unknown."""

    blank: bool = True


ANYTHING = Anything()
Reach = Span | Choices | Members | Anything

SURE: Mapping[bool, Choices] = {truth: frozenset({truth}) for truth in (False, True)}
TRUTHS: Choices = frozenset({False, True})
OPEN_TRUTHS: Choices = frozenset({False, True, None})

_RANGED = (Number, Ratio, Date, Duration)


def is_single(reach: Reach) -> bool:
    """Can the value not change any more?"""
    if isinstance(reach, frozenset):
        return len(reach) == 1
    if isinstance(reach, Span):
        return bool(reach.lo == reach.hi) and not reach.blank
    if isinstance(reach, Members):
        entries = (entry for entry in reach.sure if isinstance(entry, Span | frozenset | Anything))
        return not (reach.maybe or reach.more or reach.blank) and all(is_single(entry) for entry in entries)
    return False


def of_type(of: Type, blank: bool = False) -> Reach:
    """Everything that a value of this type can be."""
    stays: Choices = frozenset({None}) if blank else frozenset()
    if isinstance(of, Number | Ratio):
        return Span(of.lo, of.hi, blank)
    if isinstance(of, Date):
        return Span(MIN_DAY, MAX_DAY, blank)
    if isinstance(of, Duration):
        most = MAX_MONTHS if of.kind == "months" else MAX_DAYS * 86400
        return Span(-most, most, blank)
    if isinstance(of, Boolean):
        return TRUTHS | stays
    if isinstance(of, Enum):
        return frozenset(of.values) | stays
    return frozenset(range(6)) if isinstance(of, Outcome) else Anything(blank)


def exactly(value: Any, of: Type) -> Reach:
    """The reach of a value that is known."""
    if isinstance(of, _RANGED):
        return Span(value, value)
    return SURE[value] if value is True or value is False else frozenset({value})


def same(a: Choices, b: Choices, equal: bool) -> Choices:
    """Can two choices be the same, and can they differ? `equal`: the truth that says they are the same."""
    known_a, known_b = a - {None}, b - {None}
    truths: set[bool | None] = {equal} if known_a & known_b else set()
    if known_a and known_b and len(known_a | known_b) > 1:
        truths.add(not equal)
    return frozenset(truths | {None} if None in a or None in b else truths)


def ends(reach: Reach) -> tuple[Any, ...]:
    if not isinstance(reach, Span):
        return (None,)
    return (reach.lo,) if reach.lo == reach.hi else (reach.lo, reach.hi)


def may_stay(reach: Reach) -> bool:
    """May the value stay unknown?"""
    return None in reach if isinstance(reach, frozenset) else reach.blank


def not_set(of: Type) -> Reach:
    """Of what the rulebook has yet to set: it keeps the sign of what it has set, and no other range."""
    if isinstance(of, Number | Ratio):
        return Span(0 if of.lo >= 0 else -INT64_MAX, 0 if of.hi <= 0 else INT64_MAX)
    return of_type(of)


def truths_of(reach: Reach) -> Choices:
    return reach if isinstance(reach, frozenset) else OPEN_TRUTHS


def kleene(reaches: Iterable[Reach], decisive: bool) -> Reach:
    """`and` (False decides), `or` (True decides): every truth that some combination of the parts gives."""
    neutral = not decisive
    decided = unsure = False
    all_neutral = True
    for reach in reaches:
        if isinstance(reach, frozenset):
            if decisive in reach:
                if len(reach) == 1:
                    return reach
                decided = True
            if neutral not in reach:
                all_neutral = False
            if None in reach:
                unsure = True
        else:
            decided = unsure = True
    return _COMBINED[decisive][decided, all_neutral, unsure]


_COMBINED: Mapping[bool, Mapping[tuple[bool, bool, bool], Choices]] = {
    decisive: {
        (decided, neutral, unsure): frozenset(
            [decisive] * decided + [not decisive] * neutral + [None] * unsure
        )
        for decided in (False, True)
        for neutral in (False, True)
        for unsure in (False, True)
    }
    for decisive in (False, True)
}


def over(of: Members, decisive: bool) -> Reach:
    """`some` and `any` (True decides), `every` and `all`: what may belong to the list may also not."""
    absent = frozenset({not decisive})
    optional = (truths_of(one) | absent for one in of.optional())
    stays = [OPEN_TRUTHS] if of.blank else []
    return kleene((*of.sure, *optional, *stays), decisive)


def hull(reaches: Iterable[Reach], blank: bool = False) -> Reach:
    """One of these."""
    every = list(reaches)
    choices = [one for one in every if isinstance(one, frozenset)]
    if choices:
        if len(choices) < len(every):
            return ANYTHING
        all_of_them: Choices = choices[0].union(*choices[1:]) if len(choices) > 1 else choices[0]
        return all_of_them | {None} if blank else all_of_them
    spans = [one for one in every if isinstance(one, Span)]
    if not spans or len(spans) < len(every):
        return ANYTHING
    if len(spans) == 1 and not blank:
        return spans[0]
    return Span(
        min([one.lo for one in spans]),
        max([one.hi for one in spans]),
        blank or any(one.blank for one in spans),
    )


def one_of(cells: Sequence[Reach | None], of: Type) -> Reach:
    """One cell of a table; None: that cell is not set."""
    return not_set(of) if None in cells else hull(cell for cell in cells if cell is not None)


def mapped(span: Span, rising: Callable[[Any], Any]) -> Span:
    return Span(rising(span.lo), rising(span.hi), span.blank)


def listed(value: Any, node: Node) -> Members:
    """A list whose entries are known to belong to it or not."""
    assert isinstance(node.type, List)
    of = node.type.item
    if isinstance(of, Record):
        return Members(value[0], value[1])
    sure, maybe = ([of_type(of) if one is None else exactly(one, of) for one in part] for part in value)
    return Members(sure, maybe)


def plain(reach: Reach) -> Any:
    """The value that a reach of one value holds, else None: unknown."""
    if not is_single(reach):
        return None
    return (
        reach.lo if isinstance(reach, Span) else next(iter(reach)) if isinstance(reach, frozenset) else None
    )
