"""One expression on plain JSON: `relief eval`, and the door for an outside FEEL conformance kit.

Types are inferred from the JSON; `null` is unknown; numbers are exact fractions, shown with 34 significant
digits, as FEEL's are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from engine.language.check import check_expression
from engine.language.compile import Computed, Program, compile_program
from engine.language.problems import Problems
from engine.language.scope import Scope, Symbol
from engine.language.syntax import plain_source
from engine.language.types import BOOLEAN, EXACT, TEXT, UNKNOWN, List, Record, Type, Unknown, to_plain


class MixedList(ValueError):
    """A list whose entries have different types."""


def evaluate(expression: str, context: Mapping[str, Any]) -> Any:
    """The value of an expression as plain JSON (numbers int or Decimal), None when unknown.

    Raises `Problems` when the expression is wrong, ValueError when the context is not plain JSON.
    """
    types = {name: infer(value, name) for name, value in context.items()}
    names = {name: Symbol(name, "fact", of) for name, of in types.items()}
    source = plain_source(expression)
    node, problems = check_expression(source, Scope(names, exact=True))
    if node is None:
        raise Problems(problems, {"expression": expression})
    program = Program(tuple(names), (), {}, (), (Computed("value", "household", node),))
    inputs = [inside(value, types[name]) for name, value in context.items()]
    values, _ = compile_program(program).run(inputs, [], [], 0)
    return to_plain(values[0], node.type)


def infer(value: Any, where: str) -> Type:
    """The type of a JSON value. Raises `MixedList` for a list of several types."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, int | Decimal | float):
        if isinstance(value, float | Decimal) and not Decimal(value).is_finite():
            raise ValueError(f"`{where}` is not a number")
        return EXACT
    if isinstance(value, str):
        return TEXT
    if isinstance(value, Mapping):
        return Record("context", tuple((name, infer(v, f"{where}.{name}")) for name, v in value.items()))
    if isinstance(value, Sequence):
        item: Type = UNKNOWN
        for position, one in enumerate(value, 1):
            item = _common(item, infer(one, f"{where}[{position}]"), where)
        return List(item, max(len(value), 1))
    raise ValueError(f"`{where}` is not plain JSON")


def _common(a: Type, b: Type, where: str) -> Type:
    if isinstance(a, Unknown) or a == b:
        return b
    if isinstance(b, Unknown):
        return a
    if isinstance(a, Record) and isinstance(b, Record):
        fields = dict(a.fields)
        for name, of in b.fields:
            fields[name] = _common(fields.get(name, UNKNOWN), of, f"{where}.{name}")
        return Record(a.name, tuple(fields.items()))
    if isinstance(a, List) and isinstance(b, List):
        return List(_common(a.item, b.item, where), max(a.at_most, b.at_most))
    raise MixedList(f"the entries of `{where}` have different types")


def inside(value: Any, of: Type) -> Any:
    """A JSON value as compiled expressions take it."""
    if value is None:
        return None
    if isinstance(of, Record):
        return tuple(inside(value.get(name), kind) for name, kind in of.fields)
    if isinstance(of, List):
        return [inside(one, of.item) for one in value], ()
    if of == EXACT:
        return Fraction(str(value)) if isinstance(value, float) else Fraction(value)
    return value
