"""Writes a formula of the pack in our rule language and in ZEN's.

The pack's formulas are Python, so the oracle is Python itself. Both writers walk the same syntax tree and
refuse whatever they do not know, so a formula cannot mean something else on one side only.

    count(p for p in people if p.age_years < 18) >= 2
    ours  count(people[age_years < 18]) >= 2
    ZEN   count(people, #.age_years < 18) >= 2
"""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

_BINARY: dict[type[ast.operator], tuple[str, int]] = {
    ast.Add: ("+", 1),
    ast.Sub: ("-", 1),
    ast.Mult: ("*", 2),
}
_ORDER: dict[type[ast.cmpop], str] = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.NotEq: "!="}
_FUNCTIONS = {"any", "all", "count", "sum", "min", "max", "cents", "days_since", "full_years"}


def parse(formula: str) -> ast.expr:
    """The syntax tree of one formula. Raises SyntaxError."""
    return ast.parse(formula, mode="eval").body


@dataclass(frozen=True, slots=True)
class Selection:
    """A comprehension over people: what is taken of each person, and which persons (None: all)."""

    each: ast.expr
    where: ast.expr | None


def selection(argument: ast.expr) -> Selection:
    """Reads `EACH for p in people [if WHERE]`. Raises ValueError for any other shape."""
    match argument:
        case ast.GeneratorExp(
            elt=each, generators=[ast.comprehension(ast.Name("p"), ast.Name("people"), where)]
        ) if len(where) <= 1:
            return Selection(each, where[0] if where else None)
    raise ValueError(f"not a selection of people: {ast.unparse(argument)}")


class Writer(ABC):
    """What the two languages share: literals, arithmetic, comparisons, logic.

    `person` is the text that stands before a person's field.
    """

    equal: str

    def __init__(self, person: str) -> None:
        self.person = person

    def write(self, node: ast.expr) -> str:
        """The formula as text. Raises ValueError for anything the pack may not use."""
        match node:
            case ast.Constant(bool() as value):
                return "true" if value else "false"
            case ast.Constant(str() as value):
                return f'"{value}"'
            case ast.Constant(value):
                return str(value)
            case ast.Name(name):
                return name
            case ast.Attribute(ast.Name("p"), name):
                return f"{self.person}{name}"
            case ast.BinOp(left, op, right) if type(op) in _BINARY:
                sign, strength = _BINARY[type(op)]
                stronger = strength + isinstance(op, ast.Sub)
                return f"{self._operand(left, strength)} {sign} {self._operand(right, stronger)}"
            case ast.BoolOp(op, values):
                word = " and " if isinstance(op, ast.And) else " or "
                return word.join(
                    f"({self.write(value)})" if self.is_open(value) else self.write(value) for value in values
                )
            case ast.UnaryOp(ast.Not(), inner):
                return f"not({self.write(inner)})"
            case ast.Compare(low, [ast.LtE(), ast.LtE()], [middle, high]):
                return f"{self.write(middle)} in [{self.write(low)}..{self.write(high)}]"
            case ast.Compare(left, [ast.In()], [ast.Tuple(choices)]):
                return f"{self.write(left)} in {self.choices([self.write(choice) for choice in choices])}"
            case ast.Compare(left, [ast.Eq()], [right]):
                return self.compare(left, self.equal, right)
            case ast.Compare(left, [op], [right]) if type(op) in _ORDER:
                return self.compare(left, _ORDER[type(op)], right)
            case ast.IfExp(test, body, orelse):
                return self.choice(self.write(test), self.write(body), self.write(orelse))
            case ast.Call(ast.Name(function), arguments) if function in _FUNCTIONS:
                return self.call(function, arguments)
        raise ValueError(f"the pack may not use: {ast.unparse(node)}")

    def _operand(self, node: ast.expr, strength: int) -> str:
        written = self.write(node)
        weaker = isinstance(node, ast.BinOp) and _BINARY[type(node.op)][1] < strength
        return f"({written})" if weaker or self.is_open(node) else written

    def is_open(self, node: ast.expr) -> bool:
        """Would what follows be read as part of it, if it stood without brackets?"""
        return isinstance(node, ast.BoolOp | ast.IfExp)

    def compare(self, left: ast.expr, sign: str, right: ast.expr) -> str:
        return f"{self.write(left)} {sign} {self.write(right)}"

    @abstractmethod
    def choices(self, written: list[str]) -> str: ...

    @abstractmethod
    def choice(self, test: str, body: str, orelse: str) -> str: ...

    @abstractmethod
    def call(self, function: str, arguments: list[ast.expr]) -> str: ...


class RuleWriter(Writer):
    """Our rule language. Day counts are durations there, as in FEEL."""

    equal = "="

    def compare(self, left: ast.expr, sign: str, right: ast.expr) -> str:
        match left, right:
            case ast.Call(ast.Name("days_since")), ast.Constant(int() as days):
                return f'{self.write(left)} {sign} duration("P{days}D")'
        return super().compare(left, sign, right)

    def is_open(self, node: ast.expr) -> bool:
        match node:
            case ast.Call(ast.Name("any" | "all")):  # `some … satisfies …` runs on to the right
                return True
        return super().is_open(node)

    def choices(self, written: list[str]) -> str:
        return f"({', '.join(written)})"

    def choice(self, test: str, body: str, orelse: str) -> str:
        return f"if {test} then {body} else {orelse}"

    def call(self, function: str, arguments: list[ast.expr]) -> str:
        if function in ("any", "all"):
            chosen = selection(arguments[0])
            word = "some" if function == "any" else "every"
            return f"{word} p in {self._people(chosen)} satisfies {RuleWriter('p.').write(chosen.each)}"
        if function == "count":
            return f"count({self._people(selection(arguments[0]))})"
        if function == "sum":
            chosen = selection(arguments[0])
            if isinstance(chosen.each, ast.Attribute):
                return f"sum({self._people(chosen)}.{chosen.each.attr})"
            return f"sum(for p in {self._people(chosen)} return {RuleWriter('p.').write(chosen.each)})"
        written = [self.write(argument) for argument in arguments]
        return _RULE_CALLS[function](written)

    def _people(self, chosen: Selection) -> str:
        return f"people[{RuleWriter('').write(chosen.where)}]" if chosen.where else "people"


class ZenWriter(Writer):
    """ZEN's expression language. `names` says how a fact, parameter or definition is reached."""

    equal = "=="

    def __init__(self, person: str, names: Callable[[str], str]) -> None:
        super().__init__(person)
        self.names = names

    def write(self, node: ast.expr) -> str:
        match node:
            case ast.Name(name):
                return self.names(name)
            case ast.Call(ast.Name("days_since"), [ast.Name(name)]):
                return self.names(days_name(name))
            case ast.Call(ast.Name("days_since"), [ast.Attribute(ast.Name("p"), name)]):
                return f"{self.person}{days_name(name)}"
        return super().write(node)

    def choices(self, written: list[str]) -> str:
        return f"[{', '.join(written)}]"

    def choice(self, test: str, body: str, orelse: str) -> str:
        return f"({test}) ? {body} : {orelse}"

    def call(self, function: str, arguments: list[ast.expr]) -> str:
        if function in ("any", "all", "count", "sum"):
            return self._over_people(function, selection(arguments[0]))
        written = [self.write(argument) for argument in arguments]
        return _ZEN_CALLS[function](written)

    def _over_people(self, function: str, chosen: Selection) -> str:
        inner = ZenWriter("#.", self.names)
        where = inner.write(chosen.where) if chosen.where else None
        if function == "count":
            people = self.names("people")
            return f"count({people}, {where})" if where else f"len({people})"
        people = f"filter({self.names('people')}, {where})" if where else self.names("people")
        each = inner.write(chosen.each)
        if function == "sum":
            return f"sum(map({people}, {each}))"
        return f"{'some' if function == 'any' else 'all'}({people}, {each})"


def days_name(fact: str) -> str:
    """The name under which ZEN keeps the days since a date."""
    return f"days_since_{fact}"


_RULE_CALLS: dict[str, Callable[[list[str]], str]] = {
    "cents": lambda a: f"round half up({a[0]}, 2)",
    "days_since": lambda a: f"on - {a[0]}",
    "full_years": lambda a: f"age({a[0]})",
    "min": lambda a: f"min({', '.join(a)})",
    "max": lambda a: f"max({', '.join(a)})",
}

_ZEN_CALLS: dict[str, Callable[[list[str]], str]] = {
    "full_years": lambda a: f'$.today.diff(d({a[0]}), "year")',
    "cents": lambda a: f"round({a[0]}, 2)",
    "min": lambda a: f"min([{', '.join(a)}])",
    "max": lambda a: f"max([{', '.join(a)}])",
}
