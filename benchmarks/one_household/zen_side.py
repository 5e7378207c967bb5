"""The pack for ZEN: decision content in three layouts, and the ways to call it from Python.

ZEN's only input is the household plus the legal date (`on`). A first expression node computes what several
policies share (ages, day counts, tables, definitions), as an author would to compute it once; a second node
computes the truth of every clause, every policy's outcome and its amount:

    {"clauses": {policy: {clause: truth}}, "eligible": {policy: truth}, "amount": {policy: number or null}}

Plain parameters stand in the expressions as numbers, which spares ZEN a look-up each.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Literal

import zen

from benchmarks.one_household.formula import ZenWriter, days_name, parse
from benchmarks.one_household.model import Pack, Policy, Table
from benchmarks.one_household.oracle import Answer, Document
from benchmarks.one_household.pack import ON

Layout = Literal["clause", "policy", "whole"]
Expressions = list[tuple[str, str]]

LAYOUTS: dict[Layout, str] = {
    "clause": "one expression per clause",
    "policy": "one object of clauses per policy",
    "whole": "three expressions for the whole pack",
}
"""`clause` is how the editor lays it out; `policy` is the fastest that an author would still write; `whole`
shows what is left to gain by writing every clause of every policy into one expression of 9,000 characters."""

KEY = "pack"


def decision_content(pack: Pack, layout: Layout) -> dict[str, Any]:
    """The pack as a JDM graph: input, shared values, policies."""
    return {
        "contentType": "application/vnd.gorules.decision",
        "nodes": [
            {"id": "household", "name": "household", "type": "inputNode", "position": {"x": 0, "y": 0}},
            _expression_node("shared", _shared(pack), pass_through=True),
            _expression_node("policies", _policies(pack, layout), pass_through=False),
        ],
        "edges": [
            {"id": "to-shared", "type": "edge", "sourceId": "household", "targetId": "shared"},
            {"id": "to-policies", "type": "edge", "sourceId": "shared", "targetId": "policies"},
        ],
    }


def _expression_node(name: str, expressions: Expressions, *, pass_through: bool) -> dict[str, Any]:
    written = [
        {"id": f"{name}-{n}", "key": key, "value": value} for n, (key, value) in enumerate(expressions)
    ]
    return {
        "id": name,
        "name": name,
        "type": "expressionNode",
        "position": {"x": 0, "y": 0},
        "content": {"expressions": written, "passThrough": pass_through},
    }


def _shared(pack: Pack) -> Expressions:
    """What several clauses read; in this node an earlier value is reached through `$`."""
    plain = _plain_parameters(pack)
    computed = {"people"}

    def names(name: str) -> str:
        return plain.get(name) or (f"$.{name}" if name in computed else name)

    people = f"map(people, merge([#, {_person_values(pack)}]))"
    expressions: Expressions = [("today", "d(on)"), ("people", people)]
    for fact in pack.household_facts():
        if fact.kind == "date":
            expressions.append((days_name(fact.name), f'$.today.diff(d({fact.name}), "day")'))
    expressions += [(table.name, _choice(table)) for table in pack.tables]
    computed.update(key for key, _ in expressions)
    for definition in pack.definitions:
        if definition.of == "household":
            expressions.append((definition.name, ZenWriter("", names).write(parse(definition.formula))))
            computed.add(definition.name)
    return expressions


def _person_values(pack: Pack) -> str:
    """What is computed once for each person: the definitions of a person, and days since the dates in use."""
    writer = ZenWriter("#.", lambda name: name)
    values = {
        definition.name: writer.write(parse(definition.formula))
        for definition in pack.definitions
        if definition.of == "person"
    }
    formulas = " ".join(pack.formulas())
    for fact in pack.person_facts():
        if fact.kind == "date" and f"days_since(p.{fact.name})" in formulas:
            values[days_name(fact.name)] = f'$.today.diff(d(#.{fact.name}), "day")'
    return "{" + ", ".join(f"{name}: {value}" for name, value in values.items()) + "}"


def _plain_parameters(pack: Pack) -> dict[str, str]:
    return {parameter.name: str(parameter.value) for parameter in pack.parameters}


def _choice(table: Table) -> str:
    return (
        "".join(f'{table.by} == "{value}" ? {amount} : ' for value, amount in table.amounts.items()) + "null"
    )


def _policies(pack: Pack, layout: Layout) -> Expressions:
    plain = _plain_parameters(pack)
    writer = ZenWriter("", lambda name: plain.get(name, name))

    def clauses(policy: Policy) -> dict[str, str]:
        return {name: writer.write(parse(formula)) for name, formula in policy.clauses.items()}

    def outcome(policy: Policy) -> str:
        return f"all(values($.clauses.{policy.name}), #)"

    def amount(policy: Policy) -> str:
        return f"$.eligible.{policy.name} ? ({writer.write(parse(policy.amount))}) : null"

    if layout == "whole":
        return [
            ("clauses", _object({policy.name: _object(clauses(policy)) for policy in pack.policies})),
            ("eligible", _object({policy.name: outcome(policy) for policy in pack.policies})),
            ("amount", _object({policy.name: amount(policy) for policy in pack.policies})),
        ]
    expressions: Expressions = []
    for policy in pack.policies:
        if layout == "policy":
            expressions.append((f"clauses.{policy.name}", _object(clauses(policy))))
        else:
            expressions += [(f"clauses.{policy.name}.{name}", text) for name, text in clauses(policy).items()]
        expressions.append((f"eligible.{policy.name}", outcome(policy)))
        expressions.append((f"amount.{policy.name}", amount(policy)))
    return expressions


def _object(fields: dict[str, str]) -> str:
    return "{" + ", ".join(f"{name}: {text}" for name, text in fields.items()) + "}"


def context(household: Document) -> Document:
    """What ZEN is given for one household."""
    return {**household, "on": ON.isoformat()}


Call = Callable[[Any, bool], Mapping[str, Any]]
"""(context as dict or JSON bytes, with trace?) -> ZEN's response"""


def by_static_loader(content: dict[str, Any]) -> Call:
    """`engine.evaluate` on content that the engine itself holds: no Python callback. The fastest found."""
    engine = zen.ZenEngine({"loader": {"type": "static", "content": {KEY: content}}})
    return lambda given, trace: engine.evaluate(KEY, given, {"trace": trace})


def by_created_decision(content: dict[str, Any]) -> Call:
    """`engine.create_decision(...).evaluate`, as in ZEN's own quick start."""
    decision = zen.ZenEngine().create_decision(json.dumps(content))
    return lambda given, trace: decision.evaluate(given, {"trace": trace})


def by_created_decision_content(content: dict[str, Any]) -> Call:
    """The same with the content parsed beforehand."""
    decision = zen.ZenEngine().create_decision(zen.ZenDecisionContent(json.dumps(content)))
    return lambda given, trace: decision.evaluate(given, {"trace": trace})


def by_callback_loader(content: dict[str, Any]) -> Call:
    """`engine.evaluate` with a Python loader, as in ZEN's own benchmark."""
    text = json.dumps(content)
    engine = zen.ZenEngine({"loader": lambda _: text})
    return lambda given, trace: engine.evaluate(KEY, given, {"trace": trace})


WAYS: dict[str, Callable[[dict[str, Any]], Call]] = {
    "static loader": by_static_loader,
    "create_decision(text)": by_created_decision,
    "create_decision(content)": by_created_decision_content,
    "Python loader": by_callback_loader,
}


def answers(result: Mapping[str, Any]) -> dict[str, Answer]:
    """ZEN's result in the oracle's form; the shortest form of a float amount is the decimal it computed."""
    return {
        policy: Answer(clauses, result["eligible"][policy], _exact(result["amount"][policy]))
        for policy, clauses in result["clauses"].items()
    }


def _exact(amount: float | None) -> Decimal | None:
    return None if amount is None else Decimal(repr(amount))
