"""One expression over plain values, read straight from its syntax."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

from engine.language.feel import functions, operators
from engine.language.feel.values import (
    UNKNOWN,
    Items,
    Range,
    Truth,
    Value,
    as_items,
    compare,
    conjunction,
    contains,
    disjunction,
    equal,
    is_unknown,
    opposite,
)
from engine.language.problems import Problem, Problems, nearest
from engine.language.syntax import Source, Syntax, unquote

MOST_ENTRIES = 10_000  # that `for` makes
EXTENSIONS = ("with greatest", "with least")  # their second argument is read for each entry


class Evaluator:
    """Evaluates one expression in a context. Raises `Problems` for an unknown name or function."""

    def __init__(self, source: Source, context: Mapping[str, Value]) -> None:
        self.source = source
        self.names: list[Mapping[str, Value]] = [context]  # innermost last

    def value(self, syntax: Syntax) -> Value:
        return _HANDLERS[syntax.kind](self, syntax)

    def values(self, syntaxes: Sequence[Syntax]) -> list[Value]:
        return [self.value(syntax) for syntax in syntaxes]

    def problem(self, at: Syntax, code: str, message: str, hint: str = "") -> Problems:
        found = Problem(self.source.span(at.start, at.end), code, message, hint)
        return Problems([found], {found.at.file: self.source.text})

    @contextmanager
    def given(self, names: Mapping[str, Value]) -> Iterator[None]:
        self.names.append(names)
        try:
            yield
        finally:
            self.names.pop()

    def lookup(self, at: Syntax) -> Value:
        for names in reversed(self.names):
            if at.value in names:
                return names[at.value]
        known = {name for names in self.names for name in names}
        raise self.problem(at, "unknown-name", f"unknown name `{at.value}`", nearest(at.value, known))

    # --- lists ------------------------------------------------------------------------------------------

    def of_each(self, items: Sequence[Value], body: Syntax) -> list[Value]:
        """The body for each entry: the entry is `item`, and the names of a context are in reach."""
        fields = {name for one in items if isinstance(one, dict) for name in one}
        outside = {name for names in self.names for name in names}
        results = []
        for one in items:
            absent = dict.fromkeys(fields - outside, UNKNOWN if is_unknown(one) else None)
            entries = one if isinstance(one, dict) else {}
            with self.given({"item": one, **absent, **entries}):
                results.append(self.value(body))
        return results

    def filtered(self, syntax: Syntax) -> Value:
        base, condition = as_items(self.value(syntax.children[0])), syntax.children[1]
        if base is UNKNOWN:
            return UNKNOWN
        everything = (*base.sure, *base.maybe)
        truths = self.of_each(everything, condition)
        place = truths[0] if truths else _written_number(condition)
        if isinstance(place, Fraction):
            return _entry(base, place)
        sure = [one for one, truth in zip(base.sure, truths, strict=False) if truth is True]
        maybe = [one for one, truth in zip(base.sure, truths, strict=False) if is_unknown(truth)]
        rest = truths[len(base.sure) :]
        maybe += [
            one for one, truth in zip(base.maybe, rest, strict=True) if truth is True or is_unknown(truth)
        ]
        return Items(tuple(sure), tuple(maybe))

    def domain(self, iterator: Syntax) -> Items | None:
        """What an iterator runs over: a list, a range of whole numbers, a single value; None when null."""
        ends = self.values(iterator.children)
        if len(ends) == 1 and not isinstance(ends[0], Range):
            return None if ends[0] is None or is_unknown(ends[0]) else as_items(ends[0])  # type: ignore[return-value]
        first, last = ends if len(ends) == 2 else _whole_ends(ends[0])
        if not _is_whole(first) or not _is_whole(last) or abs(last - first) > MOST_ENTRIES:
            return None
        step = 1 if first <= last else -1
        return Items(tuple(Fraction(n) for n in range(int(first), int(last) + step, step)))

    def loop(self, syntax: Syntax, iterators: Sequence[Syntax], results: list[Value]) -> bool:
        """Appends the body's value for every combination; False when an iterator has nothing to run over."""
        body = syntax.children[1]
        if not iterators:
            if len(results) >= MOST_ENTRIES:
                raise self.problem(
                    syntax, "too-long", f"this makes more than {MOST_ENTRIES} entries", "run over less"
                )
            with self.given({"partial": Items(tuple(results))} if _reads(body, "partial") else {}):
                results.append(self.value(body))
            return True
        items = self.domain(iterators[0])
        if items is None or items.maybe:
            return False
        for one in items.sure:
            with self.given({iterators[0].value: one}):
                if not self.loop(syntax, iterators[1:], results):
                    return False
        return True

    def mapped(self, syntax: Syntax) -> Value:
        iterators = syntax.children[0].children
        results: list[Value] = []
        if self.loop(syntax, iterators, results):
            return Items(tuple(results))
        return UNKNOWN if self.rests_on_unknown(iterators) else None

    def rests_on_unknown(self, iterators: Sequence[Syntax]) -> bool:
        values = [value for iterator in iterators[:1] for value in self.values(iterator.children)]
        return any(is_unknown(value) or (isinstance(value, Items) and value.maybe) for value in values)

    def quantified(self, body: Syntax, iterators: Sequence[Syntax], every: bool) -> Truth:
        if not iterators:
            truth = self.value(body)
            return truth if isinstance(truth, bool) or is_unknown(truth) else None
        items = self.domain(iterators[0])
        if items is None:
            return UNKNOWN if self.rests_on_unknown(iterators) else None
        truths: list[Truth] = []
        for place, one in enumerate((*items.sure, *items.maybe)):
            with self.given({iterators[0].value: one}):
                truth = self.quantified(body, iterators[1:], every)
            settled = place < len(items.sure) or truth is every
            truths.append(truth if settled else UNKNOWN)
        return conjunction(truths) if every else disjunction(truths)

    def path(self, syntax: Syntax) -> Value:
        return _path(self.value(syntax.children[0]), syntax.value)

    # --- tests ------------------------------------------------------------------------------------------

    def passes(self, value: Value, test: Syntax) -> Truth:
        """One of the tests after `in`."""
        if test.kind == "unary_test":
            return compare(test.value, value, self.value(test.children[0]))
        if test.kind == "list" and not isinstance(value, Items):
            return functions.any_of([self.passes(value, one) for one in test.children])
        other = self.value(test)
        if isinstance(other, Range):
            return contains(other, value)
        if isinstance(other, Items):
            return disjunction([functions.is_in_list(other, value), equal(value, other) is True])
        return equal(value, other)

    # --- calls ------------------------------------------------------------------------------------------

    def call(self, syntax: Syntax) -> Value:
        name = " ".join(syntax.value.split())
        if name in EXTENSIONS:
            return self.with_extreme(syntax, name)
        builtin = functions.FUNCTIONS.get(name)
        if builtin is None:
            hint = nearest(name, [*functions.FUNCTIONS, *EXTENSIONS])
            raise self.problem(syntax, "unknown-function", f"there is no function `{name}`", hint)
        arguments = _in_order(syntax.children, builtin)
        return None if arguments is None else functions.apply(builtin, self.values(arguments))

    def with_extreme(self, syntax: Syntax, name: str) -> Value:
        """The first entry whose key is the greatest (or least)."""
        if len(syntax.children) != 2:
            return None
        items = as_items(self.value(syntax.children[0]))
        if items is UNKNOWN or items.maybe:
            return UNKNOWN
        keys = self.of_each(items.sure, syntax.children[1])
        best = functions.apply(
            functions.FUNCTIONS["max" if name == "with greatest" else "min"], [Items(tuple(keys))]
        )
        return items.sure[keys.index(best)] if best is not None and not is_unknown(best) else best


def _path(base: Value, word: str) -> Value:
    if isinstance(base, dict):
        return base.get(word)
    if isinstance(base, Items):
        return Items(*(tuple(_path(one, word) for one in part) for part in (base.sure, base.maybe)))
    return operators.part(base, word)


def _entry(items: Items, place: Fraction) -> Value:
    if items.maybe:
        return UNKNOWN
    if place.denominator != 1 or place == 0 or abs(place) > len(items.sure):
        return None
    return items.sure[int(place) - 1 if place > 0 else int(place)]


def _written_number(syntax: Syntax) -> Value:
    """The number that a filter of an empty list has written out, if it is one: then it is a position."""
    while syntax.kind in ("negative", "group"):
        syntax = syntax.children[0]
    return Fraction(syntax.value) if syntax.kind == "number" else None


def _reads(syntax: Syntax, name: str) -> bool:
    return (syntax.kind, syntax.value) == ("name", name) or any(
        _reads(child, name) for child in syntax.children
    )


def _is_whole(value: Value) -> bool:
    return isinstance(value, Fraction) and value.denominator == 1


def _whole_ends(within: Range) -> tuple[Value, Value]:
    low, high = within.low, within.high
    if not _is_whole(low) or not _is_whole(high):
        return None, None
    return low if within.low_included else low + 1, high if within.high_included else high - 1


def _in_order(given: Sequence[Syntax], builtin: functions.Builtin) -> list[Syntax] | None:
    """The arguments in order; named ones in their places, None when they fit no form of the function."""
    if not any(argument.kind == "named" for argument in given):
        return list(given)
    places = {argument.value: argument.children[0] for argument in given if argument.kind == "named"}
    if len(places) != len(given) or not places.keys() <= set(builtin.parameters):
        return None
    return [places[name] for name in builtin.parameters if name in places]


def _range(low: bool, high: bool) -> Callable[[Evaluator, Syntax], Value]:
    def read(at: Evaluator, syntax: Syntax) -> Value:
        first, last = at.values(syntax.children)
        return UNKNOWN if is_unknown(first) or is_unknown(last) else Range(first, last, low, high)

    return read


def _if(at: Evaluator, syntax: Syntax) -> Value:
    condition = at.value(syntax.children[0])
    if is_unknown(condition):
        yes, no = at.values(syntax.children[1:])
        return yes if equal(yes, no) is True else UNKNOWN
    return at.value(syntax.children[1 if condition is True else 2])


def _between(at: Evaluator, syntax: Syntax) -> Truth:
    value, low, high = at.values(syntax.children)
    return conjunction([compare(">=", value, low), compare("<=", value, high)])


def _in(at: Evaluator, syntax: Syntax) -> Truth:
    value, target = at.value(syntax.children[0]), syntax.children[1]
    tests = target.children if target.kind == "tests" else (target,)
    return disjunction([at.passes(value, test) for test in tests])


def _record(at: Evaluator, syntax: Syntax) -> dict[str, Value]:
    """Entries may read the entries before them."""
    entries: dict[str, Value] = {}
    for entry in syntax.children:
        name = unquote(entry.value) if entry.value.startswith('"') else entry.value
        with at.given(entries):
            entries[name] = at.value(entry.children[0])
    return entries


def _misplaced(at: Evaluator, syntax: Syntax) -> Value:
    raise at.problem(syntax, "syntax", "this stands only after `in` or inside a function's brackets")


_HANDLERS: dict[str, Callable[[Evaluator, Syntax], Any]] = {
    "number": lambda at, syntax: Fraction(syntax.value),
    "text": lambda at, syntax: unquote(syntax.value),
    "true": lambda at, syntax: True,
    "false": lambda at, syntax: False,
    "null": lambda at, syntax: None,
    "at_literal": lambda at, syntax: functions.dated(unquote(syntax.value)),
    "name": Evaluator.lookup,
    "path": Evaluator.path,
    "group": lambda at, syntax: at.value(syntax.children[0]),
    "and": lambda at, syntax: conjunction(at.values(syntax.children)),
    "or": lambda at, syntax: disjunction(at.values(syntax.children)),
    "not": lambda at, syntax: opposite(at.value(syntax.children[0])),
    "if": _if,
    "compare": lambda at, syntax: compare(syntax.value, *at.values(syntax.children)),
    "between": _between,
    "in": _in,
    "binary": lambda at, syntax: operators.binary(syntax.value, *at.values(syntax.children)),
    "negative": lambda at, syntax: operators.negative(at.value(syntax.children[0])),
    "filter": Evaluator.filtered,
    "some": lambda at, syntax: at.quantified(syntax.children[1], syntax.children[0].children, every=False),
    "every": lambda at, syntax: at.quantified(syntax.children[1], syntax.children[0].children, every=True),
    "for": Evaluator.mapped,
    "list": lambda at, syntax: Items(tuple(at.values(syntax.children))),
    "record": _record,
    "call": Evaluator.call,
    "closed_closed": _range(True, True),
    "closed_open": _range(True, False),
    "open_closed": _range(False, True),
    "open_open": _range(False, False),
    "unary_test": _misplaced,
    "named": _misplaced,
}
