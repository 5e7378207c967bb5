"""Calls of functions and tables: the register of functions, their parameters by position or by name.

Names and meanings are FEEL's (DMN 1.5, clause 10.3.4) unless docs/language.md lists the function as an
extension.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.language import aggregates, calendar_functions, comparison, names, roundings
from engine.language.function import Function
from engine.language.problems import nearest
from engine.language.runtime import LARGEST_SIZE
from engine.language.scope import PERSON
from engine.language.syntax import Syntax
from engine.language.tree import Node
from engine.language.types import Number

if TYPE_CHECKING:
    from engine.language.check import Checker


def call(check: Checker, syntax: Syntax) -> Node:
    name = " ".join(syntax.value.split())
    symbol = check.scope.names.get(name)
    if symbol is not None and symbol.kind == "parameter":
        return _table(check, syntax, name)
    entry = FUNCTIONS.get(name)
    if entry is None:
        refused = names.not_readable(check, syntax, name)
        hint = nearest(name, FUNCTIONS) or "docs/language.md lists the functions"
        raise refused or check.fail(syntax, "unknown-function", f"there is no function `{name}`", hint)
    arguments = _arguments(check, syntax, name, entry.parameters)
    least, most = entry.least, entry.most
    if not least <= len(arguments) <= most:
        wanted = str(least) if least == most else f"{least} or more" if most > 9 else f"{least} to {most}"
        given = f"{len(arguments)} {'is' if len(arguments) == 1 else 'are'} given"
        expected = ", ".join(entry.parameters[: max(least, 1)])
        raise check.fail(
            syntax,
            "arguments",
            f"`{name}` takes {wanted} argument{'' if wanted == '1' else 's'}, and {given}",
            f"write `{name}({expected})`",
        )
    return entry.check(check, syntax, arguments)


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
                argument,
                "arguments",
                f"`{name}` has no `{argument.value}`",
                nearest(argument.value, parameters),
            )
        places[argument.value] = argument.children[0]
    return tuple(places[parameter] for parameter in parameters if parameter in places)


def _table(check: Checker, syntax: Syntax, name: str) -> Node:
    symbol = check.scope.names[name]
    keys = check.several(syntax.children)
    if symbol.table == "size":
        if len(keys) != 1 or not isinstance(keys[0].type, Number) or keys[0].type.decimals:
            raise check.fail(
                syntax, "arguments", f"`{name}` is read for one whole number: `{name}(count(people))`"
            )
        if keys[0].type.hi > LARGEST_SIZE:
            raise check.fail(
                syntax.children[0],
                "too-large",
                f"this can reach {keys[0].type.hi}; a size table is read up to {LARGEST_SIZE}",
                f"give the fact a smaller range, or write `min(…, {LARGEST_SIZE})`",
            )
        return check.node(syntax, "size_table", keys, names.unit_here(check, symbol.type), name)
    if len(keys) != len(symbol.by):
        raise check.fail(
            syntax,
            "arguments",
            f"`{name}` is read by {', '.join(symbol.by) or 'nothing'}: {len(symbol.by)} keys",
            f"write `{name}({', '.join(symbol.by)})`, a key of a table may also be a text"
            if symbol.by
            else f"write `{name}`",
        )
    expected = [_key(check, syntax, key) for key in symbol.by]
    matched = tuple(
        comparison.joined(check, syntax, want, key)[1] for want, key in zip(expected, keys, strict=True)
    )
    return check.node(syntax, "parameter", matched, names.unit_here(check, symbol.type), name)


def _key(check: Checker, at: Syntax, name: str) -> Node:
    """A stand-in of the type of a table key, whose fact need not be in reach where every key is written out."""
    symbol = check.scope.names.get(name) or check.scope.records.get(PERSON, {}).get(name)
    return check.node(at, "fact", (), symbol.type, name) if symbol else names.resolve(check, at, name)


FUNCTIONS: dict[str, Function] = {
    **aggregates.FUNCTIONS,
    **roundings.FUNCTIONS,
    **calendar_functions.FUNCTIONS,
}
