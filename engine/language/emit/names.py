"""Constants and names: facts, values, parameters, fields of people and items, results of policies."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.language.emit.code import Code, all_checks, any_none, row_of
from engine.language.outcomes import (
    CLOSED,
    DISCRETIONARY,
    ELIGIBLE,
    INELIGIBLE,
    NOT_CONCERNED,
    UNDETERMINED,
)
from engine.language.scope import PERSON, SUBJECT
from engine.language.tree import Node
from engine.language.types import Record

if TYPE_CHECKING:
    from engine.language.compile import Generator


def _const(make: Generator, node: Node) -> Code:
    if node.value is None:
        return Code("None", ("None",))
    text = repr(node.value)
    return Code(f"({text})" if text.startswith("-") else text)


def _on(make: Generator, node: Node) -> Code:
    return Code("ON")


def _people(make: Generator, node: Node) -> Code:
    return Code("(list(R), [])")


def _variable(make: Generator, node: Node) -> Code:
    block = next(block for block in reversed(make.blocks) if block.variable == node.name)
    nullable = not isinstance(node.type, Record)
    return Code(block.python, (block.python,) if nullable else ())


def _fact(make: Generator, node: Node) -> Code:
    return make.maybe(f"H[{make.household[node.name]}]")


def _value(make: Generator, node: Node) -> Code:
    if node.name in make.values:
        return make.values[node.name]
    return make.maybe(f"H[{make.household[node.name]}]")


def _field(make: Generator, node: Node) -> Code:
    record = make.code(node.args[0])
    of = node.args[0].type
    assert isinstance(of, Record)
    if of.name == PERSON:
        text = f"{row_of('P', record)}[{make.person[node.name]}]"
    else:
        text = f"{record.text}[{make.program.items[of.name].index(node.name)}]"
    return make.maybe(f"None if {any_none(record.checks)} else {text}" if record.checks else text)


def _computed(make: Generator, node: Node) -> Code:
    record = node.args[0]
    if record.op == "variable" and record.name == SUBJECT and node.name in make.in_loop:
        return make.in_loop[node.name]
    code = make.code(record)
    if node.name in make.places:
        text = f"{row_of('W', code)}[{make.places[node.name]}]"
    else:
        text = f"{row_of('P', code)}[{make.person[node.name]}]"
    return make.maybe(f"None if {any_none(code.checks)} else {text}" if code.checks else text)


def _parameter(make: Generator, node: Node) -> Code:
    table = make.maybe(f"A[{make.parameters[node.name]}]")
    if not node.args:
        return table
    keys = [make.code(arg) for arg in node.args]
    key = keys[0].text if len(keys) == 1 else f"({', '.join(key.text for key in keys)})"
    text = f"{table.text}.get({key})"
    return make.maybe(f"None if {any_none(all_checks([table, *keys]))} else {text}")


def _size_table(make: Generator, node: Node) -> Code:
    return _looked_up(make, node, "size_table")


def _marginal(make: Generator, node: Node) -> Code:
    return _looked_up(make, node, "marginal")


def _looked_up(make: Generator, node: Node, helper: str) -> Code:
    table = make.maybe(f"A[{make.parameters[node.name]}]")
    argument = make.code(node.args[0])
    checks = all_checks([table, argument])
    return make.maybe(f"None if {any_none(checks)} else {helper}({table.text}, {argument.text})")


def _outcome(make: Generator, node: Node) -> Code:
    """`engine.language.outcomes.outcome` written out, without the steps that cannot be taken."""
    parts = [make.value(arg).text for arg in node.args]
    concerns, closed, eligible, discretion = parts
    steps = (
        (NOT_CONCERNED, {concerns: "False"}),
        (UNDETERMINED, {concerns: "None", closed: "None"}),
        (CLOSED, {closed: "True"}),
        (INELIGIBLE, {eligible: "False"}),
        (UNDETERMINED, {eligible: "None", discretion: "None"}),
        (DISCRETIONARY, {discretion: "True"}),
    )
    text = ""
    for result, truths in steps:
        tests = [f"{part} is {truth}" for part, truth in truths.items() if part not in _SETTLED]
        if any(part == truth for part, truth in truths.items()):
            return Code(f"({text}{result})" if text else str(result))
        if tests:
            text += f"{result} if {' or '.join(tests)} else "
    return Code(f"({text}{ELIGIBLE})")


_SETTLED = frozenset({"True", "False", "None"})


def _is_eligible(make: Generator, node: Node) -> Code:
    return make.maybe(f"ELIGIBLE_BY_OUTCOME[{make.value(node.args[0]).text}]")


EMIT: dict[str, Callable[[Generator, Node], Code]] = {
    "const": _const,
    "on": _on,
    "people": _people,
    "variable": _variable,
    "fact": _fact,
    "value": _value,
    "field": _field,
    "computed": _computed,
    "parameter": _parameter,
    "size_table": _size_table,
    "marginal": _marginal,
    "outcome": _outcome,
    "is_eligible": _is_eligible,
}
