"""假如 and 当: what is given about a household, and when it is decided."""

from __future__ import annotations

from features.steps.wording import act, assume
from features.steps.world import World

Table = list[list[str]]


@assume("家庭{case}", "the household {case}")
def _(world: World, case: str) -> None:
    world.take(case)


@assume("把{who}的{fact}改为{value}", "the {fact} of {who} is changed to {value}")
def _(world: World, who: str, fact: str, value: str) -> None:
    world.change(who, fact, value)


@assume("{who}的{fact}尚未查清", "the {fact} of {who} is not known")
def _(world: World, who: str, fact: str) -> None:
    world.forget(who, fact)


@assume("{who}没有{fact}", "{who} has no {fact}")
def _(world: World, who: str, fact: str) -> None:
    world.fill(who, fact, [], keep=False)


@assume("{who}的{fact}为:", "the {fact} of {who} are:")
def _(world: World, who: str, fact: str, datatable: Table) -> None:
    world.fill(who, fact, datatable, keep=False)


@assume("{who}增加{fact}:", "{who} also has {fact}:")
def _(world: World, who: str, fact: str, datatable: Table) -> None:
    world.fill(who, fact, datatable, keep=True)


@assume(
    "把{who}的{fact}中{kind}的{column}改为{value}",
    "the {column} of {kind} in the {fact} of {who} is changed to {value}",
)
def _(world: World, who: str, fact: str, kind: str, column: str, value: str) -> None:
    world.correct(who, fact, kind, column, value)


@assume("家庭增加成员{who}:", "{who} joins the household:")
def _(world: World, who: str, datatable: Table) -> None:
    world.add_person(who, datatable)


@assume("家庭减少成员{who}", "{who} leaves the household")
def _(world: World, who: str) -> None:
    world.remove_person(who)


@assume("{who}自{since}起享受{policy}", "{who} has held {policy} since {since}")
def _(world: World, who: str, since: str, policy: str) -> None:
    world.hold(who, policy, since)


@assume(
    "{who}自{since}起享受{policy}，每月{amount}元",
    "{who} has held {policy} since {since}, {amount} yuan a month",
)
def _(world: World, who: str, since: str, policy: str, amount: str) -> None:
    world.hold(who, policy, since, amount)


@assume("家庭没有任何待遇记录", "the household holds nothing")
def _(world: World) -> None:
    assert world.document["statuses"], "the household holds nothing anyway: this step changes nothing"
    world.document["statuses"] = []


@assume("家庭的待遇记录尚未查清", "it is not known what the household holds")
def _(world: World) -> None:
    assert "statuses" in world.document, "nothing is known of it anyway: this step changes nothing"
    del world.document["statuses"]


@assume("家庭所在地区是{area}", "the household lives in {area}")
def _(world: World, area: str) -> None:
    world.document["area"] = code = world.names.area(area)
    for person in world.document["people"]:
        person["hukou_county"] = code


@act("在{on}按规则评估", "it is decided on {on}")
def _(world: World, on: str) -> None:
    world.decide(on)


@act("在{on}按规则评估，只用{known}前已知的情况", "it is decided on {on} with what was known on {known}")
def _(world: World, on: str, known: str) -> None:
    world.decide(on, known)
