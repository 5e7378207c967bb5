"""经办流程：申请、审核、公示、发放、夜间核查、停发、追回，全部经由接口。

Each step is a request, or what somebody reads in an answer. The vocabulary is of `features/casework` alone; the features
of the rules have their own.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import text

from features.casework.county import OUTCOMES, County, Opening, action_of, moment_of, money
from features.steps.names import find
from features.steps.wording import act, assume, expect
from records import passwords
from records.database import Database, connect
from records.keys import Keys
from tests.records.conftest import TEMPLATE, administering, keys, postgresql, sqlite  # noqa: F401

_numbers = count()


@pytest.fixture
def opening(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    keys: Keys,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Opening]:
    """An empty record of the database that is named; gone after the scenario."""
    cheap = PasswordHasher(
        time_cost=1, memory_cost=64, parallelism=1
    )  # what a password costs is proved elsewhere
    monkeypatch.setattr(passwords, "_hasher", cheap)
    with ExitStack() as stack:
        yield lambda name: stack.enter_context(_opened(request, tmp_path, keys, name))


@contextmanager
def _opened(request: pytest.FixtureRequest, place: Path, keys: Keys, name: str) -> Iterator[Database]:  # noqa: F811
    if name == "SQLite":
        shutil.copy(request.getfixturevalue("sqlite"), place / "county.db")
        made = connect(f"sqlite:///{place / 'county.db'}", keys)
        yield made
        made.engine.dispose()
        return
    assert name == "PostgreSQL", name
    server = request.getfixturevalue("postgresql")
    base = f"month_{next(_numbers)}"
    with administering(server) as connection:
        connection.execute(text(f"CREATE DATABASE {base} TEMPLATE {TEMPLATE}"))
    made = connect(server.set(database=base).render_as_string(hide_password=False), keys)
    yield made
    made.engine.dispose()
    with administering(server) as connection:
        connection.execute(text(f"DROP DATABASE {base} WITH (FORCE)"))


# --- the office -----------------------------------------------------------------------------------------------


@assume("一个使用{database}的县，今天是{day}", "a county that uses {database}, on {day}")
def _(opening: Opening, counties: list[County], database: str, day: str) -> None:
    counties.append(County(opening(database), moment_of(day)))
    counties[0].sets_up()


@pytest.fixture
def counties() -> list[County]:
    """The county of a scenario, once it is there."""
    return []


@pytest.fixture
def county(counties: list[County]) -> County:
    return counties[0]


@assume(
    "管理员为每个角色开立账号，审计员由第二管理员确认", "an administrator makes an account for every role"
)
def _(county: County) -> None:
    county.hires()


@act("今天是{day}", "it is {day}")
def _(county: County, day: str) -> None:
    county.day(day)


@expect("{who}看不到任何家庭", "{who} sees no household")
def _(county: County, who: str) -> None:
    assert county.ask(who, "GET", "/households") is None


@expect("{who}能读到现行的规则库", "{who} reads the rulebook in force")
def _(county: County, who: str) -> None:
    assert "rulebooks" in county.get(who, "/rulebooks")


# --- from the application to the decision ------------------------------------------------------------------------


@act("{who}登记家庭{case}，住在{area}", "{who} writes down the household {case} in {area}")
def _(county: County, who: str, case: str, area: str) -> None:
    county.registers(who, case, area)


@act("{who}受理{policies}的申请", "{who} takes in an application for {policies}")
def _(county: County, who: str, policies: str) -> None:
    county.applies(who, policies)


@act("{who}在{policy}案中办理{action}", "{who} takes the step {action} in the case of {policy}")
def _(county: County, who: str, policy: str, action: str) -> None:
    assert county.takes(who, policy, action) is not None, county.refusal


@act(
    "{who}在{policy}案中办理{action}，结果为{outcome}",
    "{who} takes the step {action} in the case of {policy} with {outcome}",
)
def _(county: County, who: str, policy: str, action: str, outcome: str) -> None:
    told = {"outcome": find(outcome, "outcome", ((value, {"zh": word}) for word, value in OUTCOMES.items()))}
    assert county.takes(who, policy, action, **told, who="p2") is not None, county.refusal


@act("{who}在{policy}案中登记{whom}的异议", "{who} takes down an objection of {whom} in the case of {policy}")
def _(county: County, who: str, policy: str, whom: str) -> None:
    assert county.takes(who, policy, "登记异议", who=whom) is not None, county.refusal


@expect(
    "{who}不能在{policy}案中办理{action}，因为{why}",
    "{who} cannot take the step {action} in the case of {policy}: {why}",
)
def _(county: County, who: str, policy: str, action: str, why: str) -> None:
    assert county.takes(who, policy, action, outcome="grant", who="p2") is None, "it was taken"
    assert why in county.refusal, county.refusal


@expect("{policy}案接下来应办{action}", "the case of {policy} waits for {action}")
def _(county: County, policy: str, action: str) -> None:
    awaited = [one["action"] for one in county.case(policy)["next"] if one["awaited"]]
    assert awaited and action_of(action) in awaited, awaited


@expect("{policy}案公示到{day}", "the case of {policy} is public until {day}")
def _(county: County, policy: str, day: str) -> None:
    assert county.case(policy)["public_until"] == day


@expect("公示栏上有{many}条，姓名只显示{name}", "{many} notices are public, of {name}")
def _(county: County, many: str, name: str) -> None:
    shown = county.get("", "/publicity?area=sample_county")["notices"]
    assert len(shown) == int(many) and {one["name"] for one in shown} <= {name}


@expect("公示栏上没有内容", "nothing is public")
def _(county: County) -> None:
    assert county.get("", "/publicity?area=sample_county")["notices"] == []


@expect("{policy}自{day}起每月{amount}元", "{policy} is {amount} a month from {day} on")
def _(county: County, policy: str, day: str, amount: str) -> None:
    name = county.names.policy(policy)
    awards = [
        one
        for one in county.get("审计员", f"/awards?household={county.household}")["awards"]
        if one["policy"] == name
    ]
    found = {one["from"]: one for one in awards}
    assert day in found, list(found)
    assert money(found[day]["amount"]) == money(amount) and found[day]["period"] == "month"


@expect("{policy}发到{day}为止", "{policy} ends on {day}")
def _(county: County, policy: str, day: str) -> None:
    name = county.names.policy(policy)
    awards = county.get("审计员", f"/awards?household={county.household}")["awards"]
    assert day in {one["to"] for one in awards if one["policy"] == name}
