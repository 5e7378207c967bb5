"""那么, the whole decision: computed values, parameters, conflicts, sums, score and questions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from features.steps import names
from features.steps.citations import cited
from features.steps.names import listed
from features.steps.wording import expect
from features.steps.world import World


@expect("{definition}是{value}", "the {definition} is {value}")
def _(world: World, definition: str, value: str) -> None:
    same(world.value(definition), value)


@expect("{who}的{definition}是{value}", "the {definition} of {who} is {value}")
def _(world: World, who: str, definition: str, value: str) -> None:
    same(world.value(definition, who), value)


def same(found: Any, value: str) -> None:
    shown = "、".join(found) if isinstance(found, list) else found
    wanted = (
        names.BOOLEANS.get(value, names.number(value))
        if not isinstance(found, list)
        else "、".join(listed(value))
    )
    assert shown == wanted, f"it is {shown}"


@expect("人均月收入是{value}元", "the income per head is {value} yuan a month")
def _(world: World, value: str) -> None:
    assert world.income_per_head() == Decimal(value), f"it is {world.income_per_head()}"


@expect("参数{parameter}当日是{value}", "the parameter {parameter} is {value} on the day")
def _(world: World, parameter: str, value: str) -> None:
    found = world.parameter(parameter).value
    assert found == names.number(value), f"it is {found}"


@expect("参数{parameter}当日无值，原因是{why}", "the parameter {parameter} has no value because {why}")
def _(world: World, parameter: str, why: str) -> None:
    found = world.parameter(parameter)
    assert found.gap == why, f"the gap is “{found.gap}”"


@expect(
    "冲突规则{conflict}的处理是保留{kept}、取消{dropped}，依据{law}",
    "the conflict {conflict} keeps {kept} and drops {dropped} under {law}",
)
def _(world: World, conflict: str, kept: str, dropped: str, law: str) -> None:
    rule = world.names.conflict(conflict)
    effects = world.effects(rule)
    assert ("kept", world.names.policy(kept), None) in effects, f"effects: {effects}"
    assert ("dropped", world.names.policy(dropped), None) in effects, f"effects: {effects}"
    cited(world.book, rule.cite, law)


@expect(
    "冲突规则{conflict}的处理是从{policy}中扣减{amount}元，依据{law}",
    "the conflict {conflict} takes {amount} yuan from {policy} under {law}",
)
def _(world: World, conflict: str, policy: str, amount: str, law: str) -> None:
    rule = world.names.conflict(conflict)
    effects = world.effects(rule)
    assert ("offset", world.names.policy(policy), names.number(amount)) in effects, f"effects: {effects}"
    cited(world.book, rule.cite, law)


@expect("冲突规则{conflict}等待{reason}", "the conflict {conflict} waits for {reason}")
def _(world: World, conflict: str, reason: str) -> None:
    wanted = names.code(reason, "reason to wait", {"查明": "pending", "选择": "choice"})
    effects = world.effects(world.names.conflict(conflict))
    assert [effect for effect, _, _ in effects] == [wanted], f"effects: {effects}"


@expect("冲突规则{conflict}没有触发", "the conflict {conflict} does not arise")
def _(world: World, conflict: str) -> None:
    assert not world.effects(world.names.conflict(conflict))


@expect(
    "规则库允许同时享受{one}和{other}，依据{law}",
    "the rulebook lets {one} and {other} stand together under {law}",
)
def _(world: World, one: str, other: str, law: str) -> None:
    pair = {world.names.policy(one), world.names.policy(other)}
    rule = next(
        each for each in world.book.conflicts if each.stage == "compatible" and set(each.between) == pair
    )
    cited(world.book, rule.cite, law)


@expect("{who}每月合计{amount}元", "{who} is due {amount} yuan a month")
def _(world: World, who: str, amount: str) -> None:
    due(world, who, "month", amount, amount)


@expect("{who}每月合计{least}至{most}元", "{who} is due {least} to {most} yuan a month")
def _(world: World, who: str, least: str, most: str) -> None:
    due(world, who, "month", least, most)


@expect("{who}一次性合计{amount}元", "{who} is due {amount} yuan once")
def _(world: World, who: str, amount: str) -> None:
    due(world, who, "once", amount, amount)


@expect(
    "{who}每月合计至少{least}元，最多多少尚不知道",
    "{who} is due at least {least} yuan a month and nobody knows how much more",
)
def _(world: World, who: str, least: str) -> None:
    due(world, who, "month", least, "")


def due(world: World, who: str, period: str, least: str, most: str) -> None:
    """`全部`: everything in the household together; `家庭`: what belongs to the household as such."""
    sums = world.made.would_be_due
    found = sums.total if who in ("全部", "everyone") else sums.subjects[world.subject(who)]
    total = getattr(found, period)
    assert (total.min, total.max) == (names.number(least), names.number(most) if most else None)


@expect("困难程度得分是{points}", "the hardship score is {points}")
def _(world: World, points: str) -> None:
    scored(world, points, points)


@expect("困难程度得分在{worst}与{best}之间", "the hardship score is between {worst} and {best}")
def _(world: World, worst: str, best: str) -> None:
    scored(world, worst, best)


def scored(world: World, worst: str, best: str) -> None:
    score = world.made.score
    assert score is not None
    found = (Decimal(score.worst), Decimal(score.best))
    assert found == (Decimal(worst), Decimal(best)), f"the score is {found}"


@expect("得分项{term}得{points}分", "the term {term} gives {points} points")
def _(world: World, term: str, points: str) -> None:
    score = world.made.score
    assert score is not None
    name = names.term(world.book.scoring[0], term)
    found = next(one for one in score.terms if one.id == name)
    assert (found.worst, found.best) == (names.number(points), names.number(points)), (
        f"{found.worst} to {found.best}"
    )


@expect("最先要查明的是{fact}", "the first question is {fact}")
def _(world: World, fact: str) -> None:
    world.advised()
    assert world.made.questions[0].fact == world.names.any_fact(fact)
