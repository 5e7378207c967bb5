"""What a finding is worth: the parts of its amount, for the month of the legal date.

A month's entitlement takes facts, ages and parameters on the first day of the month; statuses are those of the
decision. An amount that hangs on open conditions is a range; what hangs on an open number is not said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.decision.inputs import Inputs, inputs_on
from engine.decision.model import Amount, Part
from engine.decision.plan import PolicyPlan, Variant
from engine.decision.situation import Answer, Situation, run_variant
from engine.decision.variants import confirmed_amounts, statuses_held
from engine.language import outcomes
from engine.language.dates import month_start
from engine.language.interpret import Interpreter
from engine.language.reaches import Reaches
from engine.language.scope import SUBJECT
from engine.language.types import Number, plain_number, to_plain
from engine.language.unknowns import Missing, bounds, missing, turning
from engine.rulebook.in_force import parameters_on
from engine.rulebook.model import Named

Statuses = tuple[Sequence[Any], Sequence[Sequence[Any]]]  # of the household, and a row per person


class MonthlyAmounts:
    """Every amount of a household for one month, computed once for all findings."""

    def __init__(self, at: Situation, inputs: Inputs | None = None, statuses: Statuses | None = None) -> None:
        """`inputs`: the household on the first day, when it is known already. `statuses`: what amounts take from the
        decision (`Plan.amounts_given`), of the household and of each person, when `at` holds no computed values.
        """
        first = month_start(at.on)
        same_day = first == at.on
        if inputs is None:
            undated = same_day or not at.household.dated
            inputs = at.inputs if undated else inputs_on(at.book, at.household, first, at.known)
        self.at, self.on, self.inputs = at, first, inputs
        self.money = Number(at.book.currency["decimals"])
        self.parameters = (
            at.parameters if same_day else parameters_on(at.book, at.household.area, first, at.known)
        )
        given = at.plan.amounts_given
        self.statuses, self.status_rows = at.given(given) if statuses is None else statuses
        whole = Variant(at.plan.amounts, at.plan.run_amounts, given)
        self._answer = self._run(whole, self.statuses, self.status_rows)
        self._reaches: Reaches | None = None
        self._confirmed: Answer | None = None

    def _run(self, variant: Variant, own: Sequence[Any], rows: Sequence[Sequence[Any]]) -> Answer:
        return run_variant(variant, self.inputs, own, rows, self.parameters.values, self.on)

    def value(self, name: str, index: int) -> Any:
        return self._answer.value(name, index)

    def confirmed(self, name: str, index: int) -> Any:
        """A part of an amount where only statuses on record count; what no status can change is what it is."""
        if self._confirmed is None:
            at, held = self.at, statuses_held(self.at.book, self.at.plan)
            variant = confirmed_amounts(at.book, at.plan)
            settled, all_amounts = variant.given, self._answer
            own = [*held.own(at.inputs.household), *settled.take_own(all_amounts.own)]
            rows = [
                [*held.person(inputs), *settled.take_people(row)]
                for inputs, row in zip(at.inputs.people, all_amounts.rows, strict=True)
            ]
            self._confirmed = self._run(variant, own, rows)
        confirmed = self._confirmed
        places = confirmed.compiled.own_place if index < 0 else confirmed.compiled.person_place
        return confirmed.value(name, index) if name in places else self.value(name, index)

    def reading(self) -> Interpreter:
        """Any value of the month, one at a time."""
        return Interpreter(
            self.at.plan.amounts,
            [*self.inputs.household, *self.statuses],
            [[*row, *given] for row, given in zip(self.inputs.people, self.status_rows, strict=True)],
            self.parameters.values,
            self.on,
            self.value,
        )

    def reaches(self) -> Reaches:
        if self._reaches is None:
            self._reaches = Reaches(self.reading(), self.at.reaches().named)
        return self._reaches


def monthly(at: Situation) -> MonthlyAmounts:
    """The amounts of a situation, computed when the first finding asks."""
    if at.monthly is None:
        at.monthly = MonthlyAmounts(at)
    amounts: MonthlyAmounts = at.monthly
    return amounts


def rests_on(at: Situation, policy: PolicyPlan, index: int) -> frozenset[str]:
    """Policies whose computed status, not yet on record, raises or lowers the amount."""
    if not policy.amount_statuses or policy.version.amount is None:
        return frozenset()
    candidates = at.computed_only(policy.amount_statuses, index)
    if not candidates:
        return candidates
    month = monthly(at)
    parts = (part.name for part in policy.version.amount.parts)
    changed = any(month.value(part, index) != month.confirmed(part, index) for part in parts)
    return candidates if changed else frozenset()


def amount_of(
    at: Situation, policy: PolicyPlan, index: int, result: int
) -> tuple[Amount, tuple[Missing, ...]]:
    """The amount of a finding and what is missing for it."""
    amounts = monthly(at)
    rule = policy.version.amount
    assert rule is not None
    money = amounts.money
    conditional = result == outcomes.UNDETERMINED
    if rule.least is not None and rule.most is not None:
        low, high = (amounts.value(named.name, index) for named in (rule.least, rule.most))
        lacking = _missing_of(at, (rule.least, rule.most), index)
        because = "" if low is not None and high is not None else "missing"
        return Amount(
            rule.period,
            min=to_plain(low, money),
            max=to_plain(high, money),
            if_eligible=conditional,
            because=because,
        ), lacking
    values = [amounts.value(part.name, index) for part in rule.parts]
    if None not in values:
        decimals = money.decimals
        paid = [plain_number(value, decimals) for value in values]
        parts = [Part(part.id, value) for part, value in zip(rule.parts, paid, strict=True)]
        whole = paid[0] if len(paid) == 1 else plain_number(sum(values), decimals)
        return Amount(rule.period, whole, parts=parts, if_eligible=conditional), ()
    return _open_amount(at, rule.period, rule.parts, values, index, money, conditional)


def _open_amount(
    at: Situation,
    period: str,
    rules: Sequence[Named],
    values: Sequence[Any],
    index: int,
    money: Number,
    conditional: bool,
) -> tuple[Amount, tuple[Missing, ...]]:
    amounts = monthly(at)
    parts: list[Part] = []
    ranges: list[tuple[int, int] | None] = []
    bindings = {} if index < 0 else {SUBJECT: index}
    for rule, value in zip(rules, values, strict=True):
        pair = (value, value) if value is not None else bounds(amounts.reaches().reading, rule.node, bindings)
        ranges.append(pair)
        if value is not None:
            parts.append(Part(rule.id, to_plain(value, money)))
        elif pair is not None:
            parts.append(Part(rule.id, None, to_plain(pair[0], money), to_plain(pair[1], money)))
        else:
            parts.append(Part(rule.id))
    lacking = _missing_of(at, [r for r, v in zip(rules, values, strict=True) if v is None], index)
    known = [pair for pair in ranges if pair is not None]
    if len(known) < len(ranges):
        return Amount(period, parts=parts, if_eligible=conditional, because="missing"), lacking
    low, high = sum(pair[0] for pair in known), sum(pair[1] for pair in known)
    return Amount(
        period,
        min=to_plain(low, money),
        max=to_plain(high, money),
        parts=parts,
        if_eligible=conditional,
        because="missing",
    ), lacking


def _missing_of(at: Situation, rules: Sequence[Named], index: int) -> tuple[Missing, ...]:
    """What open parts lack. Nothing, where the part comes to the same in any case: a deduction from no income."""
    amounts = monthly(at)
    bindings = {} if index < 0 else {SUBJECT: index}
    found: dict[tuple[str, str, int], Missing] = {}
    for rule in rules:
        if amounts.value(rule.name, index) is None:
            for one in turning(amounts.reaches(), rule.node, bindings):
                for cause in _causes(at, one):
                    found.setdefault((cause.kind, cause.name, cause.person), cause)
    return tuple(found.values())


def _causes(at: Situation, one: Missing) -> tuple[Missing, ...]:
    """An open status of another policy is traced to what that policy lacks; nothing, if that is all the same."""
    reaches = at.reaches()
    policy, _, _ = one.name.rpartition(".")
    if policy in at.plan.policies and at.open().look(policy, one.person).whatever is not None:
        return ()
    if one.kind != "value" or one.name not in reaches.reading.computed:
        return (one,)
    node = reaches.reading.computed[one.name].node
    deeper = missing(reaches, node, {} if one.person < 0 else {SUBJECT: one.person})
    return tuple(
        Missing(each.kind, each.name, each.person, (*one.path, one.name, *each.path)) for each in deeper
    )
