"""Lists of which not every entry is known to belong: filters, bodies over the entries, aggregates."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine.language.interpret import Bindings
from engine.language.reach import (
    ANYTHING,
    OPEN_TRUTHS,
    SURE,
    Members,
    Reach,
    Span,
    hull,
    listed,
    of_type,
    over,
    plain,
    truths_of,
)
from engine.language.tree import Node
from engine.language.types import List, Record

if TYPE_CHECKING:
    from engine.language.reaches.reading import Reaches, Reader, Readers

_YES, _NO = SURE[True], SURE[False]
Body = Callable[["Reaches", Any, Bindings], Reach]  # of one entry


def bound(node: Node, entry: Any, bindings: Bindings) -> Bindings:
    """The bindings for the body of a quantifier, filter or `for`, for one entry of its list."""
    assert isinstance(node.args[0].type, List)
    if not isinstance(node.args[0].type.item, Record):
        entry = plain(entry)
    return {**bindings, node.value: entry}


def _body(make: Readers, node: Node) -> Body:
    reader = make.reader(node.args[1])
    return lambda at, entry, bindings: reader(at, bound(node, entry, bindings))


def _filter(make: Readers, node: Node) -> Reader:
    members, body = make.reader(node.args[0]), _body(make, node)

    def read(at: Reaches, bindings: Bindings) -> Reach:
        found = members(at, bindings)
        if not isinstance(found, Members):
            return ANYTHING
        sure, maybe, blank = [], [], found.blank
        for surely, entries in ((True, found.sure), (False, found.maybe)):
            for entry in entries:
                truths = truths_of(body(at, entry, bindings))
                blank = blank or None in truths
                if truths == _YES and surely:
                    sure.append(entry)
                elif truths != _NO:
                    maybe.append(entry)
        if found.more:
            truths = truths_of(body(at, found.further, bindings))
            blank = blank or None in truths
            if truths == _NO:
                return Members(sure, maybe, blank=blank)
        return Members(sure, maybe, found.more, found.further, blank)

    return read


def _map(make: Readers, node: Node) -> Reader:
    members, body = make.reader(node.args[0]), _body(make, node)

    def read(at: Reaches, bindings: Bindings) -> Reach:
        found = members(at, bindings)
        if not isinstance(found, Members):
            return ANYTHING
        sure, maybe = ([body(at, entry, bindings) for entry in part] for part in (found.sure, found.maybe))
        further = body(at, found.further, bindings) if found.more else ANYTHING
        return Members(sure, maybe, found.more, further, found.blank)

    return read


def _quantified(decisive: bool) -> Callable[[Readers, Node], Reader]:
    """`some` (True decides), `every`."""

    def maker(make: Readers, node: Node) -> Reader:
        bodies = _map(make, node)

        def read(at: Reaches, bindings: Bindings) -> Reach:
            found = bodies(at, bindings)
            return over(found, decisive) if isinstance(found, Members) else OPEN_TRUTHS

        return read

    return maker


def _over(decisive: bool) -> Callable[[Readers, Node], Reader]:
    """`any` (True decides), `all`."""

    def maker(make: Readers, node: Node) -> Reader:
        members = make.reader(node.args[0])

        def read(at: Reaches, bindings: Bindings) -> Reach:
            found = members(at, bindings)
            return over(found, decisive) if isinstance(found, Members) else OPEN_TRUTHS

        return read

    return maker


def _count(make: Readers, node: Node) -> Reader:
    members, anything = make.reader(node.args[0]), of_type(node.type, blank=True)

    def read(at: Reaches, bindings: Bindings) -> Reach:
        found = members(at, bindings)
        if not isinstance(found, Members):
            return anything
        least = len(found.sure)
        return Span(least, least + len(found.maybe) + found.more, found.blank)

    return read


def _sum(make: Readers, node: Node) -> Reader:
    members, anything = make.reader(node.args[0]), of_type(node.type, blank=True)

    def read(at: Reaches, bindings: Bindings) -> Reach:
        found = members(at, bindings)
        if not isinstance(found, Members):
            return anything
        if not all(isinstance(one, Span) for one in (*found.sure, *found.optional())):
            return anything
        lo, hi = (sum(getattr(one, end) for one in found.sure) for end in ("lo", "hi"))
        for one, times in (*((one, 1) for one in found.maybe), (found.further, found.more)):
            if times:
                lo, hi = lo + times * min(one.lo, 0), hi + times * max(one.hi, 0)
        return Span(lo, hi, found.blank or any(one.blank for one in (*found.sure, *found.optional())))

    return read


def _extreme(make: Readers, node: Node) -> Reader:
    """Of `min` and `max`: somewhere among the entries, or of none."""
    members, anything = make.reader(node.args[0]), of_type(node.type, blank=True)

    def read(at: Reaches, bindings: Bindings) -> Reach:
        found = members(at, bindings)
        if not isinstance(found, Members):
            return anything
        return hull([*found.sure, *found.optional()], found.blank or not found.sure)

    return read


def _list(make: Readers, node: Node) -> Reader:
    entries = [make.reader(arg) for arg in node.args]
    return lambda at, bindings: Members([entry(at, bindings) for entry in entries], ())


def _all_but(make: Readers, node: Node) -> Reader:
    def read(at: Reaches, bindings: Bindings) -> Reach:
        value = at.reading.value(node, bindings)
        return ANYTHING if value is None or value[1] else listed(value, node)

    return read


MAKERS: dict[str, Callable[[Readers, Node], Reader]] = {
    "filter": _filter,
    "map": _map,
    "some": _quantified(True),
    "every": _quantified(False),
    "any": _over(True),
    "all": _over(False),
    "count": _count,
    "sum": _sum,
    **dict.fromkeys(("min", "max"), _extreme),
    "list": _list,
    "all_but": _all_but,
}
