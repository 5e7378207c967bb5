"""What was due month by month: facts that change on a day, payments, and the comparison of the two."""

from __future__ import annotations

import datetime

from engine.decision.entitlement import Entitlement
from engine.decision.model import HOUSEHOLD, Sum
from engine.decision.month_lines import Changed, MonthLine
from engine.decision.payments import month_day
from engine.language.dates import from_date
from features.steps import names
from features.steps.wording import act, assume, expect
from features.steps.world import World


@assume(
    "{who}的{fact}自{since}起为{value}，{recorded}才得知",
    "the {fact} of {who} is {value} from {since} on, which becomes known on {recorded}",
)
def _(world: World, who: str, fact: str, since: str, value: str, recorded: str) -> None:
    holder, declared = world.place(who, fact)
    before = {"value": holder[declared.name]}
    made = names.value_of(declared.value, value)
    assert before["value"] != made, f"“{fact}” of “{who}” is “{value}” already: this step changes nothing"
    holder[declared.name] = [before, {"value": made, "from": since, "recorded": recorded}]


@assume(
    "{who}自{first}至{last}每月领取{policy}{amount}元",
    "{who} was paid {amount} yuan a month of {policy} from {first} to {last}",
)
def _(world: World, who: str, first: str, last: str, policy: str, amount: str) -> None:
    paid = world.document.setdefault("payments", [])
    for year, month in _months(first, last):
        payment = {
            "policy": world.names.policy(policy),
            "month": f"{year:04}-{month:02}",
            "amount": names.number(amount),
            "paid": f"{year:04}-{month:02}-10",
        }
        if world.subject(who) != HOUSEHOLD:
            payment["person_id"] = world.subject(who)
        paid.append(payment)


def _months(first: str, last: str) -> list[tuple[int, int]]:
    (y, m), (to_y, to_m) = ((int(text[:4]), int(text[5:])) for text in (first, last))
    assert (y, m) <= (to_y, to_m), f"{first} to {last}: no month"
    return [(n // 12, n % 12 + 1) for n in range(y * 12 + m - 1, to_y * 12 + to_m)]


@act("逐月核对{first}至{last}", "the months {first} to {last} are compared")
def _(world: World, first: str, last: str) -> None:
    compare(world, first, last, datetime.date.max.isoformat())


@act(
    "逐月核对{first}至{last}，只用{known}前已知的情况",
    "the months {first} to {last} are compared with what was known on {known}",
)
def _(world: World, first: str, last: str, known: str) -> None:
    compare(world, first, last, known)


def compare(world: World, first: str, last: str, known: str) -> None:
    months = [month_day(text) for text in (first, last)]
    assert months[0] and months[1], f"{first}, {last}: write months like 2025-01"
    day = from_date(datetime.date.fromisoformat(known))
    world.months = world.entitled(months[0], months[1], day)


def compared(world: World) -> Entitlement:
    assert world.months is not None, "no months have been compared yet: a “当” step is missing"
    return world.months


def line(world: World, policy: str, who: str, month: str) -> MonthLine:
    wanted = (world.names.policy(policy), world.subject(who), month)
    for one in compared(world).lines:
        if (one.policy, one.subject, one.month) == wanted:
            return one
    raise AssertionError(f"nothing is told of “{policy}” for “{who}” in {month}")


@expect("{policy}对{who}在{month}应发{amount}元", "{policy} owes {who} {amount} yuan for {month}")
def _(world: World, policy: str, who: str, month: str, amount: str) -> None:
    found = line(world, policy, who, month).due
    assert found == Sum(names.number(amount), names.number(amount)), f"due: {found}"


@expect("{policy}对{who}在{month}应发多少尚不能确定", "what {policy} owes {who} for {month} cannot be said")
def _(world: World, policy: str, who: str, month: str) -> None:
    found = line(world, policy, who, month)
    assert found.due.min != found.due.max and found.missing, f"due: {found.due}"


@expect("{policy}对{who}在{month}没有差额", "{policy} was paid to {who} as due for {month}")
def _(world: World, policy: str, who: str, month: str) -> None:
    found = line(world, policy, who, month)
    assert found.verdict == "as-due", f"{found.verdict}: {found.difference}"


@expect(
    "{policy}对{who}在{month}少发{amount}元",
    "{policy} was paid {amount} yuan too little to {who} for {month}",
)
def _(world: World, policy: str, who: str, month: str, amount: str) -> None:
    differs(line(world, policy, who, month), "arrears", names.number(amount))


@expect(
    "{policy}对{who}在{month}多发{amount}元", "{policy} was paid {amount} yuan too much to {who} for {month}"
)
def _(world: World, policy: str, who: str, month: str, amount: str) -> None:
    differs(line(world, policy, who, month), "overpaid", -names.number(amount))


def differs(found: MonthLine, verdict: str, difference: object) -> None:
    assert found.verdict == verdict, f"{found.verdict}: {found.difference}"
    assert found.difference is not None
    assert (found.difference.min, found.difference.max) == (difference, difference), f"{found.difference}"


@expect(
    "按当时已知的情况，{policy}对{who}在{month}应发{amount}元，当时发放无误",
    "by what was known then, {policy} owed {who} {amount} yuan for {month} and the payment was right",
)
def _(world: World, policy: str, who: str, month: str, amount: str) -> None:
    found = line(world, policy, who, month)
    assert found.then is not None, "nothing has become known since"
    wanted = names.number(amount)
    assert found.then.due == Sum(wanted, wanted) and found.paid == wanted, (
        f"{found.then.due}, paid {found.paid}"
    )


@expect(
    "{policy}对{who}在{month}的差额来自事实{fact}",
    "the difference of {policy} for {who} in {month} comes from the fact {fact}",
)
def _(world: World, policy: str, who: str, month: str, fact: str) -> None:
    since = known_since(line(world, policy, who, month)).facts
    assert world.names.any_fact(fact) in {ref.rpartition("/")[2] for ref in since}, f"facts: {since}"


@expect(
    "{policy}对{who}在{month}的差额来自参数{parameter}",
    "the difference of {policy} for {who} in {month} comes from the parameter {parameter}",
)
def _(world: World, policy: str, who: str, month: str, parameter: str) -> None:
    since = known_since(line(world, policy, who, month)).parameters
    assert world.names.parameter(parameter) in since, f"parameters: {since}"


def known_since(found: MonthLine) -> Changed:
    assert found.then is not None, "nothing has become known since"
    return found.then.changed


@expect(
    "{policy}对{who}在{month}如果沿用{parameter}的上一数值，结果是{outcome}，应发{amount}元",
    "if the last value of {parameter} still held, {policy} would be {outcome} for {who} in {month}, {amount} yuan",
)
def _(world: World, policy: str, who: str, month: str, parameter: str, outcome: str, amount: str) -> None:
    found = line(world, policy, who, month).last_known
    assert found is not None, "no gap is in the way"
    assert world.names.parameter(parameter) in found.parameters
    wanted = names.number(amount)
    assert (found.outcome, found.due) == (
        names.code(outcome, "outcome", names.OUTCOMES),
        Sum(wanted, wanted),
    ), f"{found}"


@expect("合计少发{amount}元", "in all {amount} yuan too little was paid")
def _(world: World, amount: str) -> None:
    found = compared(world).totals.arrears
    assert found == names.number(amount), f"it is {found}"


@expect("合计疑似多发{amount}元", "in all possibly {amount} yuan too much was paid")
def _(world: World, amount: str) -> None:
    found = compared(world).totals.overpaid
    assert found == names.number(amount), f"it is {found}"
