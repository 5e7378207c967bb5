"""Functions over lists: count, sum, mean, smallest and largest, all and any, the one with the greatest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.language import arithmetic, comparison, lists, names, numbers
from engine.language.function import Function, Handler
from engine.language.scope import PERSON
from engine.language.syntax import Syntax
from engine.language.tree import Node
from engine.language.types import (
    BOOLEAN,
    DATE,
    LITERAL_UNIT,
    NO_UNIT,
    PERSON_UNIT,
    Boolean,
    Date,
    Duration,
    List,
    Number,
    Ratio,
    Record,
    Unknown,
)

if TYPE_CHECKING:
    from engine.language.check import Checker


def _count_of(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
    base = lists.list_of(check, args[0])
    assert isinstance(base.type, List)
    unit = PERSON_UNIT if base.type.item == Record(PERSON) else NO_UNIT
    of = names.unit_here(check, Number(0, unit, 0, base.type.at_most))
    return check.node(syntax, "count", (base,), of)


def _many(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
    """`sum(list)` or, as FEEL allows, `sum(a, b, c)`."""
    if len(args) == 1:
        return lists.list_of(check, args[0])
    return lists.list_literal(check, replace(syntax, children=args))


def _sum(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
    base = _many(check, syntax, args)
    of = _numbers_of(check, syntax, base)
    assert isinstance(base.type, List)
    lo, hi = min(of.lo, 0) * base.type.at_most, max(of.hi, 0) * base.type.at_most
    numbers.fits(lo, hi)
    return check.node(syntax, "sum", (base,), replace(of, lo=lo, hi=hi))


def _numbers_of(check: Checker, syntax: Syntax, base: Node) -> Number:
    assert isinstance(base.type, List)
    of = base.type.item
    if isinstance(of, Unknown):  # the empty list
        return Number(0, LITERAL_UNIT, 0, 0)
    if isinstance(of, Ratio):
        raise check.fail(
            syntax,
            "unrounded",
            "exact quotients cannot be added up over a list",
            "round each first, or add up before dividing",
        )
    if not isinstance(of, Number):
        raise check.fail(syntax, "type", f"a list of numbers is needed, and its entries are {of}")
    return of


def _mean(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
    base = _many(check, syntax, args)
    total = _sum(check, syntax, args)
    assert isinstance(base.type, List)
    count = _filled(check, syntax, base)
    return arithmetic.quotient(
        check, syntax, total, replace(count, type=Number(0, NO_UNIT, 1, base.type.at_most))
    )


def _filled(check: Checker, syntax: Syntax, base: Node) -> Node:
    """Proof that a list is not empty: a literal with entries, or `count(list) > 0` known from around."""
    assert isinstance(base.type, List)
    count = check.narrowed(check.node(syntax, "count", (base,), Number(0, NO_UNIT, 0, base.type.at_most)))
    assert isinstance(count.type, Number)
    if count.type.lo < 1 and not (base.op == "list" and base.args):
        counted = base
        while counted.op == "map":
            counted = counted.args[0]
        inner = check.narrowed(
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
        base = lists.list_of(check, args[0])
        _filled(check, syntax, base)
        assert isinstance(base.type, List)
        if not isinstance(base.type.item, Number | Date | Duration):
            raise check.fail(syntax, "type", f"`{op}` needs numbers or dates, and these are {base.type.item}")
        return check.node(syntax, op, (base,), base.type.item)

    return handler


def _of_several(check: Checker, syntax: Syntax, args: tuple[Syntax, ...], op: str) -> Node:
    nodes = list(check.several(args))
    kinds = [node.type for node in nodes]
    if all(isinstance(kind, Date) for kind in kinds):
        return check.node(syntax, op, tuple(nodes), DATE)
    if not all(isinstance(kind, Number | Ratio) for kind in kinds):
        raise check.fail(syntax, "type", "the smallest or largest of several needs numbers or dates")
    for other in nodes[1:]:
        comparison.same_unit(check, syntax, nodes[0], other)
    if all(isinstance(node.type, Number) for node in nodes):
        decimals = max(node.type.decimals for node in nodes if isinstance(node.type, Number))
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


def _with_extreme(op: str) -> Handler:
    def handler(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
        base = lists.list_of(check, args[0])
        assert isinstance(base.type, List)
        _filled(check, syntax, base)
        with check.body(base, "") as variable:
            key = check.check(args[1])
        if not isinstance(key.type, Number | Date):
            raise check.fail(args[1], "type", f"the key must be a number or a date, and this is {key.type}")
        return check.node(syntax, op, (base, key), base.type.item, value=variable.name)

    return handler


def _all_but(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
    base, item = lists.list_of(check, args[0]), check.check(args[1])
    assert isinstance(base.type, List)
    if not isinstance(base.type.item, Record) or item.type != base.type.item:
        raise check.fail(syntax, "type", "`all but` takes a list of people or entries and one of them")
    return check.node(syntax, "all_but", (base, item), base.type)


def _contains(check: Checker, syntax: Syntax, args: tuple[Syntax, ...]) -> Node:
    return lists.contains(check, syntax, lists.list_of(check, args[0]), check.check(args[1]))


FUNCTIONS = {
    "count": Function(1, 1, ("list",), _count_of),
    "sum": Function(1, 99, ("list",), _sum),
    "mean": Function(1, 99, ("list",), _mean),
    "min": Function(1, 99, ("list",), _extreme("min")),
    "max": Function(1, 99, ("list",), _extreme("max")),
    "all": Function(1, 99, ("list",), _quantifier("all")),
    "any": Function(1, 99, ("list",), _quantifier("any")),
    "list contains": Function(2, 2, ("list", "element"), _contains),
    "with greatest": Function(2, 2, ("list", "key"), _with_extreme("with_greatest")),
    "with least": Function(2, 2, ("list", "key"), _with_extreme("with_least")),
    "all but": Function(2, 2, ("list", "item"), _all_but),
}
