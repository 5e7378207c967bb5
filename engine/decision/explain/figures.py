"""Amounts with their figures: `gap 820 yuan = standard 585 yuan × members 3 − income 935 yuan`.

The figures are those of the month's first day, as the amount was computed. They are not kept in the decision,
so its facts are computed with once more; where they do not give the recorded amount again (a fact has changed
since the first day of the month), no figures are shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.decision.amounts import MonthlyAmounts
from engine.decision.document import Household, Person, Reader
from engine.decision.explain.rules import RuleTexts
from engine.decision.explain.values import PEOPLE, Values
from engine.decision.inputs import Inputs, levels_of
from engine.decision.model import HOUSEHOLD, Decision, Money
from engine.decision.planning import plan_for
from engine.decision.situation import Situation
from engine.decision.values import NOTHING, shelf
from engine.decision.variants import amount_statuses
from engine.language.dates import parse_date
from engine.language.interpret import Interpreter
from engine.language.scope import PERSON, SUBJECT
from engine.language.sentence import NAMES, sentence
from engine.language.tree import Node, free_variables
from engine.language.types import Number, Ratio, to_plain
from engine.rulebook.in_force import parameters_on
from engine.rulebook.model import Named

FIGURED = NAMES | {"count", "sum"}
PLACE = re.compile("\0(\\d+)\0")  # stands in a formula where the figure of a node comes


@dataclass(frozen=True, slots=True)
class Formula:
    """A sentence cut where figures come: the text before the first, then each node with the text after it."""

    start: str
    figures: tuple[tuple[Node, str], ...]


class Figures:
    """The figures of one decision; nothing is computed before the first formula asks."""

    def __init__(self, values: Values) -> None:
        self.values, self.decision, self.words = values, values.decision, values.words
        self._amounts: MonthlyAmounts | None = None
        self._reading: Interpreter | None = None

    def formula(self, rule: Named, value: Money | None, subject: str) -> str:
        """The formula of an amount with its figures, "" when they cannot be shown."""
        if value is None:
            return ""
        if self._amounts is None:
            self._amounts = _again(self.values.texts, self.decision)
        index = -1 if subject == HOUSEHOLD else list(self.decision.people).index(subject)
        again = self._amounts.value(rule.name, index)
        money = Number(self.values.book.currency["decimals"])
        if again is None or to_plain(again, money) != value:
            return ""
        if self._reading is None:
            self._reading = self._amounts.reading()
        return self._filled(_formula(self.values.texts, rule), self._reading, index)

    def _filled(self, formula: Formula, reading: Interpreter, index: int) -> str:
        bindings: Mapping[str, Any] = {} if index < 0 else {SUBJECT: index}
        text = formula.start
        for node, rest in formula.figures:
            value = reading.value(node, bindings)
            if value is None:
                text = text[:-1] + rest
                continue
            exact = value if isinstance(node.type, Ratio) else to_plain(value, node.type)
            text = self.words.beside(text + self.values.plain(exact, node.type), rest)
        return text


def _formula(texts: RuleTexts, rule: Named) -> Formula:
    """The formula of a part; made once and kept with the texts."""
    found = texts.formulas.get(rule.name)
    if found is None:
        nodes: list[Node] = []

        def place(node: Node) -> str:
            numeric = node.op in FIGURED and isinstance(node.type, Number | Ratio)
            if not numeric or free_variables(node) - {SUBJECT}:
                return ""
            nodes.append(node)
            return f"\0{len(nodes) - 1}\0"

        said = sentence(rule.node, texts.labels.with_figures(place), texts.words)
        start, *rest = PLACE.split(said)
        pairs = zip(rest[::2], rest[1::2], strict=True)
        found = texts.formulas[rule.name] = Formula(
            start, tuple((nodes[int(place)], after) for place, after in pairs)
        )
    assert isinstance(found, Formula)
    return found


def _again(texts: RuleTexts, decision: Decision) -> MonthlyAmounts:
    """The month's amounts, from the facts and statuses of the decision."""
    book, on, known = texts.book, parse_date(decision.on), parse_date(decision.known)
    assert on is not None and known is not None
    plan, parameters = plan_for(book, texts.rules), parameters_on(book, decision.area, on, known)
    inputs = _inputs(texts, decision)
    statuses, given = amount_statuses(book, plan)
    own, rows = statuses.run(inputs.household, inputs.people, parameters.values, on)
    people = tuple(Person(person, NOTHING) for person in decision.people)
    household = Household(
        decision.household_id, decision.area, None, NOTHING, people, None, b"", None, None, False
    )
    at = Situation(book, household, on, known, plan, parameters, inputs, (), ())  # nothing else is asked for
    return MonthlyAmounts(at, inputs, (given.take_own(own), [given.take_people(row) for row in rows]))


def _inputs(texts: RuleTexts, decision: Decision) -> Inputs:
    """The inputs of compiled programs, from the values that the decision shows."""
    book, reader = texts.book, Reader(texts.book)
    own, people = shelf(book, HOUSEHOLD), shelf(book, PERSON)
    household: list[Any] = [None] * len(own.names)
    rows: dict[str, list[Any]] = {person: [None] * len(people.names) for person in decision.people}
    for ref, shown in decision.facts.items():
        if ref.startswith(PEOPLE):
            _, person, name = ref.split("/", 2)
            row, of = rows[person], people
        else:
            row, of, name = household, own, ref
        place, fact, _ = of.entries[name]
        row[place] = reader.content(ref, fact, shown.value)
    held = None if decision.held is None else set(decision.held)

    def statuses(prefix: str, policies: Sequence[str]) -> list[bool | None]:
        return [None if held is None else prefix + name in held for name in policies]

    return Inputs(
        [*household, *levels_of(book, decision.area), *statuses("", own.policies)],
        [[person, *row, *statuses(f"{PEOPLE}{person}/", people.policies)] for person, row in rows.items()],
        {},
    )
