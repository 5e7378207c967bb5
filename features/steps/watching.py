"""What happened, and what somebody then has to look into or do: events, alerts and tasks."""

from __future__ import annotations

from typing import Any

from engine.decision.model import HOUSEHOLD
from engine.inference.found import Alert, Task
from features.steps import names
from features.steps.months import compared
from features.steps.wording import assume, expect
from features.steps.world import World


@assume("{who}在{date}发生{event}", "{event} happens to {who} on {date}")
def _(world: World, who: str, date: str, event: str) -> None:
    happened(world, who, date, event)


@assume(
    "{who}在{date}发生{event}，{recorded}才得知",
    "{event} happens to {who} on {date}, which becomes known on {recorded}",
)
def _(world: World, who: str, date: str, event: str, recorded: str) -> None:
    happened(world, who, date, event)["recorded"] = recorded


@assume(
    "{who}在{date}发生{event}，其{field}为{value}",
    "{event} happens to {who} on {date}, and its {field} is {value}",
)
def _(world: World, who: str, date: str, event: str, field: str, value: str) -> None:
    made = happened(world, who, date, event)
    fields = {one.name: one for one in world.names.event(event).fields}
    name = names.find(field, "field of this event", ((key, one.label) for key, one in fields.items()))
    made[name] = names.value_of(fields[name], value)


def happened(world: World, who: str, date: str, event: str) -> dict[str, Any]:
    kind = world.names.event(event)
    subject = world.subject(who)
    assert (subject == HOUSEHOLD) == (kind.of == HOUSEHOLD), (
        f"“{event}” happens to a {kind.of}, not to “{who}”"
    )
    made: dict[str, Any] = {"kind": kind.name, "date": date}
    if subject != HOUSEHOLD:
        made["person_id"] = subject
    world.document.setdefault("events", []).append(made)
    return made


def alerts(world: World, word: str, who: str) -> list[Alert]:
    wanted = (world.names.watch(word), world.subject(who))
    return [one for one in compared(world).alerts if (one.rule, one.subject) == wanted]


@expect(
    "对{who}预警{watch}，涉及{months}发放的{policy}",
    "{who} is the subject of the alert {watch} about {policy} paid for {months}",
)
def _(world: World, who: str, watch: str, months: str, policy: str) -> None:
    found = alerts(world, watch, who)
    assert len(found) == 1, f"alerts: {[(one.rule, one.subject) for one in compared(world).alerts]}"
    name = world.names.policy(policy)
    seen = [one.at for one in found[0].evidence if (one.kind, one.policy) == ("payment", name)]
    assert seen == names.listed(months), f"months: {seen}"


@expect("对{who}没有预警{watch}", "{who} is not the subject of the alert {watch}")
def _(world: World, who: str, watch: str) -> None:
    found = alerts(world, watch, who)
    assert not found, f"{found}"


@expect(
    "对{who}预警{watch}，但尚不能断定", "{who} is the subject of the alert {watch}, and it cannot be told yet"
)
def _(world: World, who: str, watch: str) -> None:
    found = alerts(world, watch, who)
    assert len(found) == 1 and not found[0].evidence and found[0].unclear, f"{found}"


def task_of(world: World, word: str, who: str) -> Task:
    event, name = world.names.task(word)
    for one in compared(world).tasks:
        if (one.event, one.task, one.subject) == (event, name, world.subject(who)):
            return one
    raise AssertionError(
        f"no such task; there are {[(one.event, one.task) for one in compared(world).tasks]}"
    )


@expect(
    "因{who}须由{owner}在{until}前{task}，依据{cite}",
    "because of {who}, {owner} must {task} by {until} under {cite}",
)
def _(world: World, who: str, owner: str, until: str, task: str, cite: str) -> None:
    found = task_of(world, task, who)
    assert found.certain, "it cannot be told yet"
    assert (found.owner, found.term.until, found.cite) == (world.names.office(owner), until, cite), f"{found}"


@expect(
    "因{who}须{task}，自{since}起{days}个工作日内",
    "because of {who}, somebody must {task} within {days} working days of {since}",
)
def _(world: World, who: str, task: str, since: str, days: str) -> None:
    term = task_of(world, task, who).term
    assert (term.since, term.working_days) == (since, int(days)), f"{term}"


@expect(
    "因{who}办理{task}前，须先听取{people}的意见，依据{cite}",
    "because of {who}, {people} must be heard before {task} under {cite}",
)
def _(world: World, who: str, task: str, people: str, cite: str) -> None:
    found = task_of(world, task, who)
    heard = [world.subject(one) for one in names.listed(people)]
    assert (list(found.hear), found.hear_cite) == (heard, cite), f"{found.hear}, {found.hear_cite}"


@expect("因{who}办理{task}前，不须听取意见", "because of {who}, nobody need be heard before {task}")
def _(world: World, who: str, task: str) -> None:
    found = task_of(world, task, who)
    assert not found.hear, f"{found.hear}"


@expect("没有任何待办", "nothing has to be done")
def _(world: World) -> None:
    assert not compared(world).tasks, f"{compared(world).tasks}"
