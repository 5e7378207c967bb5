"""The functions of the language: their parameters and what the checker proves of each call.

One small function per family; `FUNCTIONS` is the register. Names and meanings are FEEL's (DMN 1.5, clause 10.3.4)
unless docs/language.md lists the function as an extension.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from engine.language import numbers
from engine.language.dates import parse_date, parse_duration
from engine.language.problems import nearest
from engine.language.scope import PERSON
from engine.language.syntax import Syntax
from engine.language.tree import Node
from engine.language.types import (
    BOOLEAN,
    DATE,
    DAYS,
    EXACT,
    LITERAL_UNIT,
    MONTHS,
    NO_UNIT,
    TEXT,
    UNKNOWN,
    Boolean,
    Date,
    Duration,
    List,
    Number,
    Ratio,
    Record,
    Text,
    Type,
    Unknown,
    Unit,
)

if TYPE_CHECKING:
    from engine.language.check import Checker

Handler = Callable[["Checker", Syntax, tuple[Syntax, ...]], Node]

ROUNDINGS = {
    "round up": "up",
    "round down": "down",
    "round half up": "half_up",
    "round half down": "half_down",
    "decimal": "half_even",
    "floor": "floor",
    "ceiling": "ceiling",
}
YEARS, MONTH_COUNT, DAY_COUNT = Unit((("year", 1),)), Unit((("month", 1),)), Unit((("day", 1),))
PERSON_UNIT = Unit((("person", 1),))
MAX_YEARS = 9999
LARGEST_SIZE = 1000  # how far a size table is read; the range of its values is proved up to here
MAX_MONTHS = 12 * MAX_YEARS
MAX_DAYS = 4_000_000


def unquote(text: str) -> str:
    """The text of a string literal."""
    value: str = json.loads(text.replace("\n", "\\n").replace("\t", "\\t"))
    return value


# --- literals and operators that the checker hands over ---------------------------------------------------


def at_literal(check: Checker, syntax: Syntax) -> Node:
    return _dated(check, syntax, unquote(syntax.children[0].value if syntax.children else syntax.value))


def _dated(check: Checker, syntax: Syntax, text: str) -> Node:
    """`@"…"`: a date or a duration, by its form."""
    if text.lstrip("-").startswith("P"):
        return _duration_literal(check, syntax, text)
    return _date_literal(check, syntax, text)


def _date_literal(check: Checker, syntax: Syntax, text: str) -> Node:
    value = parse_date(text)
    if value is None:
        if check.scope.exact:
            return check.node(syntax, "const", (), DATE, value=None)
        raise check.fail(syntax, "no-such-date", f'"{text}" is not a date', "write year-month-day: 2024-02-29")
    return check.node(syntax, "const", (), DATE, value=value)


def _duration_literal(check: Checker, syntax: Syntax, text: str) -> Node:
    parsed = parse_duration(text)
    if parsed is None:
        if check.scope.exact:
            return check.node(syntax, "const", (), UNKNOWN, value=None)
        raise check.fail(syntax, "no-such-duration", f'"{text}" is not a duration', 'write "P1Y6M" or "P30D"')
    kind, value = parsed
    most = MAX_MONTHS if kind == "months" else MAX_DAYS * 86400
    if abs(value) > most and not check.scope.exact:
        raise check.fail(syntax, "overflow", f'"{text}" is longer than the calendar', "write a shorter duration")
    return check.node(syntax, "const", (), MONTHS if kind == "months" else DAYS, value=value)


def list_literal(check: Checker, syntax: Syntax) -> Node:
    items = list(check.several(syntax.children))
    of: Type = UNKNOWN
    for item in items:
        if isinstance(of, Unknown):
            of = item.type
        elif isinstance(of, Record) and isinstance(item.type, Record) and check.scope.exact:
            of = _merged(of, item.type)
        else:
            _, _, of = check.joined(syntax, Node("const", (), of), item)
    if isinstance(of, Ratio):
        raise check.fail(syntax, "unrounded", "an exact quotient cannot be put into a list", "round it first")
    if isinstance(of, Number) and of.decimals is not None:
        items = [numbers.scaled(item, of.decimals) for item in items]
    if isinstance(of, Record) and of.fields:
        items = [replace(_reshaped(item, of), type=of) for item in items]
    return check.node(syntax, "list", tuple(items), List(of, max(len(items), 1)))


def _merged(a: Record, b: Record) -> Record:
    names = dict(a.fields)
    for name, of in b.fields:
        if isinstance(names.get(name, UNKNOWN), Unknown):
            names[name] = of
    return Record(a.name, tuple(names.items()))


def _reshaped(item: Node, of: Record) -> Node:
    """A record literal with every field of its list, unknown where it has none."""
    if item.op != "record":
        return item
    assert isinstance(item.type, Record)
    given = dict(zip((name for name, _ in item.type.fields), item.args, strict=True))
    missing = Node("const", (), UNKNOWN)
    return replace(item, args=tuple(given.get(name, missing) for name, _ in of.fields))


def record_literal(check: Checker, syntax: Syntax) -> Node:
    if not check.scope.exact:
        raise check.fail(syntax, "unsupported", "rules do not build contexts", "declare a list in facts.yaml")
    names = [unquote(e.value) if e.value.startswith('"') else e.value for e in syntax.children]
    values = check.several(tuple(entry.children[0] for entry in syntax.children))
    fields = tuple(zip(names, (value.type for value in values), strict=True))
    return check.node(syntax, "record", values, Record("context", fields))


def index(check: Checker, syntax: Syntax, base: Node, at: Node) -> Node:
    assert isinstance(base.type, List)
    if not isinstance(at.type, Number) or at.type.decimals:
        raise check.fail(syntax, "type", "a position in a list is a whole number")
    if not check.scope.exact and at.op != "const":
        raise check.fail(syntax, "type", "a position in a list is a number written out", "write `list[1]`")
    return check.node(syntax, "index", (base, at), base.type.item)


def contains(check: Checker, syntax: Syntax, base: Node, value: Node) -> Node:
    assert isinstance(base.type, List)
    sample = replace(base, type=base.type.item, op="const", args=())
    if isinstance(base.type.item, Number) and isinstance(value.type, Number):
        check.same_unit(syntax, sample, value)
        if base.type.item.decimals is not None and value.type.decimals is not None:
            decimals = max(base.type.item.decimals, value.type.decimals)
            value, base = numbers.scaled(value, decimals), _with_decimals(check, base, decimals)
    else:
        _, value, _ = check.joined(syntax, sample, value)
    return check.node(syntax, "contains", (base, value), BOOLEAN)


def _with_decimals(check: Checker, base: Node, decimals: int) -> Node:
    """A list of numbers with so many decimals each."""
    assert isinstance(base.type, List) and isinstance(base.type.item, Number)
    if base.type.item.decimals == decimals:
        return base
    with check.body(base, "") as variable:
        scaled = numbers.scaled(variable, decimals)
    of = replace(base.type, item=scaled.type)
    return Node("map", (base, scaled), of, value=variable.name, start=base.start, end=base.end)


def power(check: Checker, syntax: Syntax, base: Node, exponent: Node) -> Node:
    assert isinstance(base.type, Number | Ratio)
    written = _whole(exponent)
    if written is None or abs(written) > 1000:
        raise check.fail(syntax, "type", "an exponent is a whole number written out", "write `x ** 2`")
    times = abs(written)
    of: Type = EXACT if check.scope.exact else Number(0, LITERAL_UNIT, 1, 1)
    result = check.node(syntax, "const", (), of, value=Fraction(1) if check.scope.exact else 1)
    for turn in range(times):
        result = check.product(syntax, result, base) if turn else base
    if written < 0:
        one = check.node(syntax, "const", (), of, value=Fraction(1) if check.scope.exact else 1)
        return check.quotient(syntax, one, result)
    return result


def _whole(node: Node) -> int | None:
    """A whole number that is written out (`2`, `-1`, `2.0`), or None for anything else."""
    if node.op != "const" or not isinstance(node.type, Number):
        return None
    value = Fraction(node.value, 10 ** (node.type.decimals or 0))
    return value.numerator if value.denominator == 1 else None


def part_of(check: Checker, syntax: Syntax, base: Node, word: str) -> Node:
    """`d.year`, `duration.months` and the like."""
    parts: dict[str, tuple[int, int, Unit]] = {}
    op = "date_part"
    if isinstance(base.type, Date):
        parts = {"year": (1, MAX_YEARS, YEARS), "month": (1, 12, NO_UNIT), "day": (1, 31, NO_UNIT)}
        parts["weekday"] = (1, 7, NO_UNIT)
    elif isinstance(base.type, Duration):
        op = "duration_part"
        if base.type.kind == "months":
            parts = {"years": (-MAX_YEARS, MAX_YEARS, YEARS), "months": (-MAX_MONTHS, MAX_MONTHS, MONTH_COUNT)}
        else:
            parts = {"days": (-MAX_DAYS, MAX_DAYS, DAY_COUNT)}
            parts |= {word: (-60, 60, NO_UNIT) for word in ("hours", "minutes", "seconds")}
    if isinstance(base.type, List):
        raise check.fail(syntax, "type", f"the entries of this list have no `{word}`")
    if word not in parts:
        hint = nearest(word, parts) or (f"it has {', '.join(parts)}" if parts else "")
        raise check.fail(syntax, "unknown-name", f"{base.type} has no `{word}`", hint)
    lo, hi, unit = parts[word]
    return check.node(syntax, op, (base,), _count(check, unit, lo, hi), word)


def _count(check: Checker, unit: Unit, lo: int, hi: int) -> Number:
    return EXACT if check.scope.exact else Number(0, unit, lo, hi)


def date_arithmetic(check: Checker, syntax: Syntax, left: Node, right: Node) -> Node:
    """date - date, date ± duration, duration ± duration, number * duration, duration / number."""
    a, b, op = left.type, right.type, syntax.value
    if isinstance(a, Date) and isinstance(b, Date) and op == "-":
        return check.node(syntax, "seconds_between", (right, left), DAYS)
    if isinstance(a, Date) and isinstance(b, Duration) and op in "+-":
        step = right if op == "+" else check.node(syntax, "negate", (right,), b)
        return _step(check, syntax, left, step)
    if isinstance(b, Date) and isinstance(a, Duration) and op == "+":
        return _step(check, syntax, right, left)
    if check.scope.exact and isinstance(a, Duration) and a == b and op in "+-":
        return check.node(syntax, "add" if op == "+" else "subtract", (left, right), a)
    if check.scope.exact and op == "*" and isinstance(a, Duration) and isinstance(b, Number):
        return check.node(syntax, "multiply", (left, right), a)
    if check.scope.exact and op == "*" and isinstance(b, Duration) and isinstance(a, Number):
        return check.node(syntax, "multiply", (right, left), b)
    if check.scope.exact and op == "/" and isinstance(a, Duration):
        if a == b:
            return check.node(syntax, "divide", (left, right), EXACT)
        if isinstance(b, Number):
            return check.node(syntax, "divide", (left, right), a)
    if isinstance(a, Unknown) or isinstance(b, Unknown):
        return check.node(syntax, "const", (), UNKNOWN)
    hint = "add one after the other to a date" if isinstance(a, Duration) and a == b else ""
    raise check.fail(syntax, "type", f"`{op}` does not take {a} and {b}", hint)


def _step(check: Checker, syntax: Syntax, date: Node, step: Node) -> Node:
    assert isinstance(step.type, Duration)
    op = "add_months" if step.type.kind == "months" else "add_seconds"
    return check.node(syntax, op, (date, step), DATE)


# --- calls --------------------------------------------------------------------------------------------------


def call(check: Checker, syntax: Syntax) -> Node:
    name = " ".join(syntax.value.split())
    symbol = check.scope.names.get(name)
    if symbol is not None and symbol.kind == "parameter":
        return _table(check, syntax, name)
    entry = FUNCTIONS.get(name)
    if entry is None:
        raise check.fail(
            syntax, "unknown-function", f"there is no function `{name}`", nearest(name, FUNCTIONS)
        )
    least, most, parameters, handler = entry
    arguments = _arguments(check, syntax, name, parameters)
    if not least <= len(arguments) <= most:
        wanted = str(least) if least == most else f"{least} or more" if most > 9 else f"{least} to {most}"
        raise check.fail(
            syntax, "arguments", f"`{name}` takes {wanted} arguments, and {len(arguments)} are given"
        )
    return handler(check, syntax, arguments)


def _arguments(check: Checker, syntax: Syntax, name: str, parameters: tuple[str, ...]) -> tuple[Syntax, ...]:
    """The arguments in order; named ones are put in their places."""
    given = syntax.children
    if not any(argument.kind == "named" for argument in given):
        return given
    places: dict[str, Syntax] = {}
    for argument in given:
        if argument.kind != "named":
            raise check.fail(argument, "arguments", "named and unnamed arguments cannot be mixed")
        if argument.value not in parameters:
            raise check.fail(
                argument, "arguments", f"`{name}` has no `{argument.value}`", nearest(argument.value, parameters)
            )
        places[argument.value] = argument.children[0]
    return tuple(places[parameter] for parameter in parameters if parameter in places)


def _table(check: Checker, syntax: Syntax, name: str) -> Node:
    symbol = check.scope.names[name]
    keys = check.several(syntax.children)
    if symbol.table == "size":
        if len(keys) != 1 or not isinstance(keys[0].type, Number) or keys[0].type.decimals:
            raise check.fail(syntax, "arguments", f"`{name}` is read for one whole number: `{name}(count(people))`")
        if keys[0].type.hi > LARGEST_SIZE:
            raise check.fail(
                syntax.children[0],
                "too-large",
                f"this can reach {keys[0].type.hi}; a size table is read up to {LARGEST_SIZE}",
                f"give the fact a smaller range, or write `min(…, {LARGEST_SIZE})`",
            )
        return check.node(syntax, "size_table", keys, check.unit_here(symbol.type), name)
    if len(keys) != len(symbol.by):
        raise check.fail(
            syntax, "arguments", f"`{name}` is read by {', '.join(symbol.by) or 'nothing'}: {len(symbol.by)} keys"
        )
    expected = [check.resolve(syntax, key) for key in symbol.by]
    matched = tuple(check.joined(syntax, want, key)[1] for want, key in zip(expected, keys, strict=True))
    return check.node(syntax, "parameter", matched, check.unit_here(symbol.type), name)


def _count_of(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
    base = check.list_of(args[0])
    assert isinstance(base.type, List)
    unit = PERSON_UNIT if base.type.item == Record(PERSON) else NO_UNIT
    of = check.unit_here(_count(check, unit, 0, base.type.at_most))
    return check.node(syntax, "count", (base,), of)


def _many(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
    """`sum(list)` or, as FEEL allows, `sum(a, b, c)`."""
    if len(args) == 1:
        return check.list_of(args[0])
    return list_literal(check, replace(syntax, children=args))


def _sum(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
    base = _many(check, syntax, args)
    of = _numbers_of(check, syntax, base)
    assert isinstance(base.type, List)
    if of.decimals is None:
        return check.node(syntax, "sum", (base,), EXACT)
    lo, hi = min(of.lo, 0) * base.type.at_most, max(of.hi, 0) * base.type.at_most
    numbers.fits(lo, hi)
    return check.node(syntax, "sum", (base,), replace(of, lo=lo, hi=hi))


def _numbers_of(check: Checker, syntax: Syntax, base: Node) -> Number:
    assert isinstance(base.type, List)
    of = base.type.item
    if isinstance(of, Unknown):
        return EXACT
    if isinstance(of, Ratio):
        raise check.fail(
            syntax, "unrounded", "exact quotients cannot be added up over a list", "round each first, or add "
            "up before dividing"
        )
    if not isinstance(of, Number):
        raise check.fail(syntax, "type", f"a list of numbers is needed, and its entries are {of}")
    return of


def _mean(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
    base = _many(check, syntax, args)
    if check.scope.exact:
        _numbers_of(check, syntax, base)
        return check.node(syntax, "mean", (base,), EXACT)
    total = _sum(check, syntax, args)
    assert isinstance(base.type, List)
    count = _filled(check, syntax, base)
    return check.quotient(syntax, total, replace(count, type=Number(0, NO_UNIT, 1, base.type.at_most)))


def _filled(check: Checker, syntax: Syntax, base: Node) -> Node:
    """Proof that a list is not empty: a literal with entries, or `count(list) > 0` known from around."""
    assert isinstance(base.type, List)
    count = check._narrowed(check.node(syntax, "count", (base,), Number(0, NO_UNIT, 0, base.type.at_most)))
    assert isinstance(count.type, Number)
    if not check.scope.exact and count.type.lo < 1 and not (base.op == "list" and base.args):
        counted = base
        while counted.op == "map":
            counted = counted.args[0]
        inner = check._narrowed(
            check.node(syntax, "count", (counted,), Number(0, NO_UNIT, 0, base.type.at_most))
        )
        assert isinstance(inner.type, Number)
        if inner.type.lo < 1:
            written = " ".join(check.source.text[counted.start : counted.end].split())
            raise check.fail(
                syntax,
                "unguarded-empty",
                f"`{written}` can be empty here, and nothing has no smallest, largest or mean",
                f"guard it: `if count({written}) > 0 then … else …`",
            )
    return count


def _extreme(op: str) -> Handler:
    def handler(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
        if len(args) > 1:
            return _of_several(check, syntax, args, "least" if op == "min" else "greatest")
        base = check.list_of(args[0])
        _filled(check, syntax, base)
        assert isinstance(base.type, List)
        if not isinstance(base.type.item, Number | Date | Unknown | Duration | Text):
            raise check.fail(syntax, "type", f"`{op}` needs numbers or dates, and these are {base.type.item}")
        return check.node(syntax, op, (base,), base.type.item)

    return handler


def _of_several(check: Checker, syntax: Syntax, args: tuple[Syntax, ...], op: str) -> Node:
    nodes = list(check.several(args))
    kinds = [node.type for node in nodes]
    if all(isinstance(kind, Date) for kind in kinds):
        return check.node(syntax, op, tuple(nodes), DATE)
    if not all(isinstance(kind, Number | Ratio | Unknown) for kind in kinds):
        if check.scope.exact:
            literal = list_literal(check, replace(syntax, children=args))
            assert isinstance(literal.type, List)
            return check.node(syntax, "min" if op == "least" else "max", (literal,), literal.type.item)
        raise check.fail(syntax, "type", "the smallest or largest of several needs numbers or dates")
    nodes = [replace(node, type=EXACT) if isinstance(node.type, Unknown) else node for node in nodes]
    for other in nodes[1:]:
        check.same_unit(syntax, nodes[0], other)
    if all(isinstance(node.type, Number) for node in nodes) and not check.scope.exact:
        decimals = max(node.type.decimals or 0 for node in nodes if isinstance(node.type, Number))
        nodes = [numbers.scaled(node, decimals) for node in nodes]
    of = numbers.hull(op, [node.type for node in nodes if isinstance(node.type, Number | Ratio)])
    return check.node(syntax, op, tuple(nodes), of)


def _quantifier(op: str) -> Handler:
    def handler(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
        base = _many(check, syntax, args)
        assert isinstance(base.type, List)
        if not isinstance(base.type.item, Boolean | Unknown):
            raise check.fail(syntax, "type", f"`{op}` needs conditions, and these are {base.type.item}")
        return check.node(syntax, op, (base,), BOOLEAN)

    return handler


def _rounding(name: str) -> Handler:
    def handler(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
        value = check.number(args[0])
        digits = 0
        if len(args) > 1:
            written = _whole(check.check(args[1]))
            if written is None:
                raise check.fail(args[1], "type", "the number of decimals is a whole number written out")
            digits = written
        if not check.scope.exact and not 0 <= digits <= 9:
            raise check.fail(args[1], "type", "the number of decimals lies between 0 and 9")
        assert isinstance(value.type, Number | Ratio)
        of = numbers.rounded_type(value.type, digits)
        return check.node(syntax, "round", (value,), of, ROUNDINGS[name], digits)

    return handler


def _absolute(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
    value = check.check(args[0])
    if isinstance(value.type, Duration):
        return check.node(syntax, "absolute", (value,), value.type)
    value = check.number(args[0])
    if isinstance(value.type, Ratio):
        raise check.fail(syntax, "unrounded", "`abs` needs a rounded number", "round it first")
    assert isinstance(value.type, Number)
    lo, hi = value.type.lo, value.type.hi
    least = 0 if lo <= 0 <= hi else min(abs(lo), abs(hi))
    return check.node(syntax, "absolute", (value,), replace(value.type, lo=least, hi=max(abs(lo), abs(hi))))


def _modulo(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
    dividend, divisor = check.number(args[0]), check.number(args[1])
    if isinstance(dividend.type, Ratio) or isinstance(divisor.type, Ratio):
        raise check.fail(syntax, "unrounded", "`modulo` needs rounded numbers", "round first")
    dividend, divisor = numbers.aligned(dividend, divisor)
    assert isinstance(dividend.type, Number) and isinstance(divisor.type, Number)
    if not check.scope.exact and divisor.type.lo <= 0:
        raise check.fail(args[1], "unguarded-division", "the divisor can be zero or less here", "guard it with `if`")
    of = replace(dividend.type, lo=0, hi=max(divisor.type.hi - 1, 0))
    return check.node(syntax, "modulo", (dividend, divisor), of)


def date_of(check: Checker, syntax: Syntax) -> Node:
    node = check.check(syntax)
    if isinstance(node.type, Unknown):
        return replace(node, type=DATE)
    if not isinstance(node.type, Date):
        raise check.fail(syntax, "type", f"a date is needed here, and this is {node.type}")
    return node


def _date(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
    if len(args) == 3:
        parts = tuple(check.number(arg) for arg in args)
        if not check.scope.exact:
            return _date_written(check, syntax, parts)
        return check.node(syntax, "date", parts, DATE)
    node = check.check(args[0])
    if isinstance(node.type, Date):
        return node
    if node.op == "const" and isinstance(node.type, Text):
        return _date_literal(check, syntax, node.value)
    if check.scope.exact and isinstance(node.type, Text):
        return check.node(syntax, "parse_date", (node,), DATE)
    if isinstance(node.type, Unknown):
        return replace(node, type=DATE)
    raise check.fail(syntax, "type", f'a date is written `date("2024-02-29")`, and this is {node.type}')


def _date_written(check: Checker, syntax: Syntax, parts: tuple[Node, ...]) -> Node:
    year, month, day = (_whole(part) for part in parts)
    if year is None or month is None or day is None:
        raise check.fail(syntax, "type", "a date is built from whole numbers written out", "use `add years(d, n)`")
    return _date_literal(check, syntax, f"{year:04d}-{month:02d}-{day:02d}")


def _duration(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
    node = check.check(args[0])
    if node.op == "const" and isinstance(node.type, Text):
        return _duration_literal(check, syntax, node.value)
    if isinstance(node.type, Unknown):
        return node
    raise check.fail(syntax, "type", 'a duration is written `duration("P1Y6M")` or `duration("P30D")`')


def _months_duration(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
    return check.node(syntax, "months_between", tuple(date_of(check, arg) for arg in args), MONTHS)


def _between(op: str, unit: Unit, most: int) -> Handler:
    def handler(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
        dates = tuple(date_of(check, arg) for arg in args)
        return check.node(syntax, op, dates, _count(check, unit, -most, most))

    return handler


def _age(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
    birth = date_of(check, args[0])
    day = date_of(check, args[1]) if len(args) > 1 else check.node(syntax, "on", (), DATE)
    return check.node(syntax, "years_between", (birth, day), _count(check, YEARS, -MAX_YEARS, MAX_YEARS))


def _moved(op: str, factor: int, unit: str) -> Handler:
    def handler(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
        date, steps = date_of(check, args[0]), check.number(args[1])
        if not isinstance(steps.type, Number) or steps.type.decimals:
            raise check.fail(args[1], "type", f"a whole number of {unit} is needed here")
        if not check.scope.exact:
            numbers.fits(steps.type.lo * factor, steps.type.hi * factor)
        times = check.node(syntax, "const", (), Number(0, LITERAL_UNIT, factor, factor), value=factor)
        return check.node(syntax, op, (date, check.product(syntax, times, steps)), DATE)

    return handler


def _month_start(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
    return check.node(syntax, "month_start", (date_of(check, args[0]),), DATE)


def _with_extreme(op: str) -> Handler:
    def handler(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
        base = check.list_of(args[0])
        assert isinstance(base.type, List)
        _filled(check, syntax, base)
        with check.body(base, "") as variable:
            key = check.check(args[1])
        if not isinstance(key.type, Number | Date):
            raise check.fail(args[1], "type", f"the key must be a number or a date, and this is {key.type}")
        return check.node(syntax, op, (base, key), base.type.item, value=variable.name)

    return handler


def _all_but(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
    base, item = check.list_of(args[0]), check.check(args[1])
    assert isinstance(base.type, List)
    if not isinstance(base.type.item, Record) or item.type != base.type.item:
        raise check.fail(syntax, "type", "`all but` takes a list of people or entries and one of them")
    return check.node(syntax, "all_but", (base, item), base.type)


def _contains(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
    return contains(check, syntax, check.list_of(args[0]), check.check(args[1]))


def _marginal(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
    value = check.number(args[0])
    symbol = check.scope.names.get(args[1].value) if args[1].kind == "name" else None
    if symbol is None or symbol.table != "brackets":
        raise check.fail(args[1], "type", "the second argument is the name of a parameter of type brackets")
    assert isinstance(symbol.type, Number) and symbol.type.decimals is not None
    if not isinstance(value.type, Number) or (value.type.decimals or 0) > symbol.decimals:
        hint = f"round it to the {symbol.decimals} decimals of the thresholds first"
        raise check.fail(args[0], "unrounded", "`marginal` needs a rounded number", hint)
    value = numbers.scaled(value, symbol.decimals)
    assert isinstance(value.type, Number)
    of = numbers.product_type(value.type, symbol.type)
    assert isinstance(of, Number)
    return check.node(syntax, "marginal", (value,), replace(of, lo=min(of.lo, 0), hi=max(of.hi, 0)), symbol.name)


# name: (least arguments, most arguments, parameter names, handler)
FUNCTIONS: dict[str, tuple[int, int, tuple[str, ...], Handler]] = {
    "count": (1, 1, ("list",), _count_of),
    "sum": (1, 99, ("list",), _sum),
    "mean": (1, 99, ("list",), _mean),
    "min": (1, 99, ("list",), _extreme("min")),
    "max": (1, 99, ("list",), _extreme("max")),
    "all": (1, 99, ("list",), _quantifier("all")),
    "any": (1, 99, ("list",), _quantifier("any")),
    "list contains": (2, 2, ("list", "element"), _contains),
    **{name: (2, 2, ("n", "scale"), _rounding(name)) for name in ROUNDINGS if name.startswith(("round", "dec"))},
    "floor": (1, 2, ("n", "scale"), _rounding("floor")),
    "ceiling": (1, 2, ("n", "scale"), _rounding("ceiling")),
    "abs": (1, 1, ("n",), _absolute),
    "modulo": (2, 2, ("dividend", "divisor"), _modulo),
    "date": (1, 3, ("from", "year", "month", "day"), _date),
    "duration": (1, 1, ("from",), _duration),
    "years and months duration": (2, 2, ("from", "to"), _months_duration),
    "months between": (2, 2, ("from", "to"), _between("months_between", MONTH_COUNT, MAX_MONTHS)),
    "days between": (2, 2, ("from", "to"), _between("days_between", DAY_COUNT, MAX_DAYS)),
    "age": (1, 2, ("from", "to"), _age),
    "add years": (2, 2, ("date", "years"), _moved("add_months", 12, "years")),
    "add months": (2, 2, ("date", "months"), _moved("add_months", 1, "months")),
    "add days": (2, 2, ("date", "days"), _moved("add_seconds", 86400, "days")),
    "month start": (1, 1, ("date",), _month_start),
    "with greatest": (2, 2, ("list", "key"), _with_extreme("with_greatest")),
    "with least": (2, 2, ("list", "key"), _with_extreme("with_least")),
    "all but": (2, 2, ("list", "item"), _all_but),
    "marginal": (2, 2, ("amount", "brackets"), _marginal),
}

