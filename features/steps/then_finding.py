"""那么, one finding: outcome and amount, conditions and articles, what is missing, when it is paid."""

from __future__ import annotations

from engine.decision.model import Part
from engine.rulebook.model import Named
from features.steps import names
from features.steps.citations import cited
from features.steps.names import listed
from features.steps.wording import expect
from features.steps.world import World


@expect("{policy}对{who}的结果是{outcome}", "{policy} for {who} is {outcome}")
def _(world: World, policy: str, who: str, outcome: str) -> None:
    wanted = names.code(outcome, "outcome", names.OUTCOMES)
    found = world.outcome(policy, who)
    assert found == wanted, f"the outcome is {found}"


@expect("金额每月{amount}元", "the amount is {amount} yuan a month")
def _(world: World, amount: str) -> None:
    paid(world, "month", amount, amount, conditional=False)


@expect("金额一次性{amount}元", "the amount is {amount} yuan once")
def _(world: World, amount: str) -> None:
    paid(world, "once", amount, amount, conditional=False)


@expect("金额每年{amount}元", "the amount is {amount} yuan a year")
def _(world: World, amount: str) -> None:
    paid(world, "year", amount, amount, conditional=False)


@expect("查明后如符合，金额每月{amount}元", "if it is granted, the amount is {amount} yuan a month")
def _(world: World, amount: str) -> None:
    paid(world, "month", amount, amount, conditional=True)


@expect("金额每月{least}至{most}元", "the amount is {least} to {most} yuan a month")
def _(world: World, least: str, most: str) -> None:
    paid(world, "month", least, most, conditional=False)


@expect("金额一次性{least}至{most}元", "the amount is {least} to {most} yuan once")
def _(world: World, least: str, most: str) -> None:
    paid(world, "once", least, most, conditional=False)


@expect("金额尚不能确定", "the amount is not known yet")
def _(world: World) -> None:
    amount = world.spoken_of().amount
    assert amount is not None
    assert (amount.value, amount.min, amount.max, amount.because) == (None, None, None, "missing")


@expect("没有金额", "there is no amount")
def _(world: World) -> None:
    assert world.spoken_of().amount is None


def paid(world: World, period: str, least: str, most: str, conditional: bool) -> None:
    amount = world.spoken_of().amount
    assert amount is not None, "there is no amount"
    assert (amount.period, amount.if_eligible) == (period, conditional)
    found = (amount.min, amount.max) if amount.value is None else (amount.value, amount.value)
    assert found == (names.number(least), names.number(most)), f"the amount is {found}"


@expect("其中{part}是{amount}元，依据{law}", "of it {part} is {amount} yuan under {law}")
def _(world: World, part: str, amount: str, law: str) -> None:
    rule, found = part_of(world, part)
    assert found.value == names.number(amount), f"“{part}” is {found.value}"
    cited(world.book, rule.cite, law)


@expect(
    "其中{part}在{least}与{most}元之间，依据{law}",
    "of it {part} is between {least} and {most} yuan under {law}",
)
def _(world: World, part: str, least: str, most: str, law: str) -> None:
    rule, found = part_of(world, part)
    assert (found.min, found.max) == (names.number(least), names.number(most)), f"{found.min} to {found.max}"
    cited(world.book, rule.cite, law)


def part_of(world: World, word: str) -> tuple[Named, Part]:
    """A part of the amount: the rule it comes from, and what it is."""
    rule, amount = names.part(world.version(), word), world.spoken_of().amount
    assert amount is not None, "there is no amount"
    return rule, next(one for one in amount.parts if one.id == rule.id)


@expect("条件{clause}成立，依据{law}", "the condition {clause} holds under {law}")
def _(world: World, clause: str, law: str) -> None:
    is_true(world, clause, True, law)


@expect("条件{clause}不成立，依据{law}", "the condition {clause} fails under {law}")
def _(world: World, clause: str, law: str) -> None:
    is_true(world, clause, False, law)


@expect("条件{clause}尚不清楚，依据{law}", "the condition {clause} is open under {law}")
def _(world: World, clause: str, law: str) -> None:
    is_true(world, clause, None, law)


def is_true(world: World, clause: str, truth: bool | None, law: str) -> None:
    rule = names.clause(world.version(), clause)
    found = world.traced(rule.id).truth
    assert found is truth, f"the truth of “{clause}” is {found}"
    cited(world.book, rule.cite, law)


@expect("条件{clause}距界线{margin}元", "the condition {clause} is {margin} yuan from its limit")
def _(world: World, clause: str, margin: str) -> None:
    found = world.traced(names.clause(world.version(), clause).id).margin
    assert found == names.number(margin), f"the margin is {found}"


@expect("未满足的条件只有{clauses}", "the only conditions not met are {clauses}")
def _(world: World, clauses: str) -> None:
    wanted = {names.clause(world.version(), one).id for one in listed(clauses)}
    assert set(world.spoken_of().failed) == wanted, f"not met: {', '.join(world.spoken_of().failed)}"


@expect("起决定作用的是{clauses}", "it is settled by {clauses}")
def _(world: World, clauses: str) -> None:
    wanted = {names.clause(world.version(), one).id for one in listed(clauses)}
    assert set(world.spoken_of().reasons) == wanted, f"settled by: {', '.join(world.spoken_of().reasons)}"


@expect("只缺事实{fact}", "the only thing missing is the fact {fact}")
def _(world: World, fact: str) -> None:
    """What waits for a rule and not for the household (a parameter that is not set) is another matter."""
    missing = [one for one in world.spoken_of().missing if not one.parameter]
    found = [one.fact or f"{one.definition}{one.status}" for one in missing]
    assert found == [world.names.any_fact(fact)], f"missing: {found}"


@expect("只缺参数{parameters}", "the only things missing are the parameters {parameters}")
def _(world: World, parameters: str) -> None:
    found = {one.parameter or f"{one.fact}{one.definition}{one.status}" for one in world.spoken_of().missing}
    assert found == {world.names.parameter(one) for one in listed(parameters)}, f"missing: {found}"


@expect("不论缺什么，结果都是{outcome}", "whatever is missing, the outcome is {outcome}")
def _(world: World, outcome: str) -> None:
    wanted, found = names.code(outcome, "outcome", names.OUTCOMES), world.spoken_of()
    assert (found.outcome, found.whatever) == ("undetermined", wanted), (
        f"in any case: {found.whatever or '-'}"
    )


@expect("没有缺少的事实", "nothing is missing")
def _(world: World) -> None:
    assert not world.spoken_of().missing


@expect("须先确认{policies}", "it rests on {policies}")
def _(world: World, policies: str) -> None:
    found = {one.policy for one in world.spoken_of().depends_on}
    assert found == {world.names.policy(one) for one in listed(policies)}, f"rests on: {found}"


@expect("不须先确认其他待遇", "it rests on nothing else")
def _(world: World) -> None:
    assert not world.spoken_of().depends_on


@expect("附提示{warning}", "there is the warning {warning}")
def _(world: World, warning: str) -> None:
    found = world.spoken_of().warnings
    assert names.code(warning, "warning", names.WARNINGS) in found, f"warnings: {', '.join(found)}"


@expect("适用{version}起施行的版本", "the version of {version} applies")
def _(world: World, version: str) -> None:
    assert world.finding_now is not None
    found = world.made.policies[world.finding_now[0]].version
    assert found == version, f"the version is {found}"


@expect("自{day}起发放，依据{law}", "it is paid from {day} under {law}")
def _(world: World, day: str, law: str) -> None:
    assert world.spoken_of().pays_from == day, f"paid from {world.spoken_of().pays_from}"
    cited(world.book, world.ruled(world.version().pays)["cite"], law)


@expect("应在{day}前复核，依据{law}", "it is reviewed by {day} under {law}")
def _(world: World, day: str, law: str) -> None:
    assert world.spoken_of().review_due == day, f"reviewed by {world.spoken_of().review_due}"
    cited(world.book, world.reviewed(world.version()), law)


@expect("公示{days}天，依据{law}", "it is published for {days} days under {law}")
def _(world: World, days: str, law: str) -> None:
    procedure = world.version().procedure
    assert str(procedure["publicity_days"]) == days, f"published for {procedure['publicity_days']} days"
    cited(world.book, procedure["cite"], law)


@expect("若{fact}改为{value}则结果变为{outcome}", "with the {fact} at {value} it would be {outcome}")
def _(world: World, fact: str, value: str, outcome: str) -> None:
    world.advised()
    wanted = (
        world.names.any_fact(fact),
        str(names.number(value)),
        names.code(outcome, "outcome", names.OUTCOMES),
    )
    found = {
        (one.fact.rpartition("/")[2], str(one.to), one.outcome) for one in world.spoken_of().would_change
    }
    assert wanted in found, f"would change: {found}"
