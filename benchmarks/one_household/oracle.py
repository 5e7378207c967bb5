"""The pack decided by Python itself, with exact decimals: what both engines must say."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from types import CodeType, SimpleNamespace
from typing import Any, TypeAlias

from benchmarks.one_household.model import Fact, Pack
from benchmarks.one_household.pack import ON

Document: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """One policy for one household. None stands for what an engine left open: a truth, the outcome.

    `amount` is also None where the household is not eligible.
    """

    clauses: dict[str, bool | None]
    eligible: bool | None
    amount: Decimal | None


class _ExactNumbers(ast.NodeTransformer):
    """Turns `0.5` into Decimal("0.5")."""

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if not isinstance(node.value, float):
            return node
        return ast.Call(ast.Name("Decimal", ast.Load()), [ast.Constant(repr(node.value))], [])


def _compiled(formula: str) -> CodeType:
    tree = _ExactNumbers().visit(ast.parse(formula, mode="eval"))
    return compile(ast.fix_missing_locations(tree), formula, "eval")


class Oracle:
    """Decides households under a pack. Reads the same documents as the engines do."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self._code = {formula: _compiled(formula) for formula in pack.formulas()}

    def decide(self, household: Document) -> dict[str, Answer]:
        """Every policy's answer. Raises KeyError where a fact is missing: the oracle knows no unknowns."""
        names = {**_FUNCTIONS, **_values(self.pack.household_facts(), household)}
        names["people"] = [
            SimpleNamespace(**_values(self.pack.person_facts(), person)) for person in household["people"]
        ]
        names.update((parameter.name, parameter.value) for parameter in self.pack.parameters)
        names.update((table.name, table.amounts[names[table.by]]) for table in self.pack.tables)
        for definition in self.pack.definitions:
            if definition.of == "household":
                names[definition.name] = self._value(definition.formula, names)
                continue
            for person in names["people"]:
                setattr(person, definition.name, self._value(definition.formula, {**names, "p": person}))
        answers = {}
        for policy in self.pack.policies:
            clauses = {name: self._value(formula, names) for name, formula in policy.clauses.items()}
            eligible = all(clauses.values())
            amount = self._value(policy.amount, names) if eligible else None
            answers[policy.name] = Answer(clauses, eligible, amount)
        return answers

    def _value(self, formula: str, names: dict[str, Any]) -> Any:
        return eval(self._code[formula], names)  # noqa: S307 (the pack's own text, no other)


def _values(facts: Iterable[Fact], document: Document) -> dict[str, Any]:
    return {fact.name: _READ[fact.kind](document[fact.name]) for fact in facts}


_READ: dict[str, Callable[[Any], Any]] = {
    "boolean": bool,
    "enum": str,
    "date": date.fromisoformat,
    "number": lambda value: Decimal(str(value)),
    "money": lambda value: Decimal(str(value)),
}


def full_years(birth: date) -> int:
    """Completed years of life on the decision's date."""
    return ON.year - birth.year - ((ON.month, ON.day) < (birth.month, birth.day))


_FUNCTIONS: dict[str, Any] = {
    "Decimal": Decimal,
    "cents": lambda amount: amount.quantize(Decimal("0.01"), ROUND_HALF_UP),
    "count": lambda people: sum(1 for _ in people),
    "days_since": lambda day: (ON - day).days,
    "full_years": full_years,
}
