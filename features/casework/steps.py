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
from xml.etree import ElementTree

import pytest
from sqlalchemy import text

from features.casework.county import OUTCOMES, County, Opening, action_of, id_number, moment_of, money
from features.steps.names import find
from features.steps.wording import act, assume, expect
from records.database import Database, connect
from records.keys import Keys
from tests.records.conftest import TEMPLATE, administering, keys, postgresql, sqlite  # noqa: F401

Table = list[list[str]]
_numbers = count()
RELATIVES = {"赡养": "agent", "监护": "guardian", "本人": "self"}
PURPOSES = {"停发": "stop", "减发": "reduce"}
ENTRIES = {"听取意见": "heard", "决定追回": "decided", "退还": "repaid", "抵扣": "offset", "申请减免": "waiver-asked", "减免": "waived"}  # fmt: skip
REPORTERS = {"家庭": "household", "村（社区）": "village", "乡镇（街道）": "township"}


@pytest.fixture
def opening(request: pytest.FixtureRequest, tmp_path: Path, keys: Keys) -> Iterator[Opening]:  # noqa: F811
    """An empty record of the database that is named; gone after the scenario."""
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


# --- money ----------------------------------------------------------------------------------------------------


@act(
    "{who}把{whose}的待遇登记到{holder}的账户，因为{why}",
    "{who} says that what {whose} gets goes to {holder}: {why}",
)
def _(county: County, who: str, whose: str, holder: str, why: str) -> None:
    person = "" if whose == "家庭" else whose
    body = {
        "household_id": county.household,
        "person_id": person,
        "holder": holder,
        "relation": "self",
        "reason": why,
    }
    county.post(who, "/payees", body)


@act("{who}审核通过待审的收款账户", "{who} approves the payees that wait")
def _(county: County, who: str) -> None:
    waiting = county.get(who, f"/payees?household={county.household}&waiting=true")["payees"]
    assert waiting, "no payee waits"
    for one in waiting:
        county.post(who, f"/payees/{one['payee']}/approve")


@expect("{who}不能审核自己登记的收款账户", "{who} cannot approve a payee of his own")
def _(county: County, who: str) -> None:
    waiting = county.get(who, f"/payees?household={county.household}&waiting=true")["payees"]
    assert waiting and county.ask(who, "POST", f"/payees/{waiting[0]['payee']}/approve") is None


@act(
    "{who}登记{person}的新账号{account}，因为{why}",
    "{who} writes down a new account {account} of {person}: {why}",
)
def _(county: County, who: str, person: str, account: str, why: str) -> None:
    county.post(who, f"/people/{person}/identity", {"account": account, "reason": why})


@act("{who}编制{month}的发放批次，包括{policies}", "{who} builds the batch of {month} with {policies}")
def _(county: County, who: str, month: str, policies: str) -> None:
    county.builds(who, month, policies)


@expect("批次里{policy}的{month}发放{amount}元", "the batch pays {amount} of {policy} for {month}")
def _(county: County, policy: str, month: str, amount: str) -> None:
    found = [one for one in county.lines(policy) if one["month"] == month and one["verdict"] == "pay"]
    assert [money(one["amount"]) for one in found] == [money(amount)], county.lines(policy)


@expect("批次里{policy}的{month}不发，原因是{reason}", "the batch holds {policy} of {month} back: {reason}")
def _(county: County, policy: str, month: str, reason: str) -> None:
    found = [one for one in county.lines(policy) if one["month"] == month]
    assert [one["verdict"] for one in found] == ["blocked"], found
    assert reason in found[0]["reasons"], found[0]["reasons"]


@expect("批次里没有{policy}", "nothing of {policy} is in the batch")
def _(county: County, policy: str) -> None:
    assert county.lines(policy) == []


@expect("{who}不能放行，因为{why}", "{who} cannot release: {why}")
def _(county: County, who: str, why: str) -> None:
    assert county.releases(who) is None, "it was released"
    assert why in county.refusal, county.refusal


@act("{who}放行批次", "{who} releases the batch")
def _(county: County, who: str) -> None:
    assert county.releases(who) is not None, county.refusal


@act("{who}取消批次，因为{why}", "{who} cancels the batch: {why}")
def _(county: County, who: str, why: str) -> None:
    county.post(who, f"/payment-batches/{county.batch}/cancel", {"reason": why})


@act("{who}导出银行文件{form}", "{who} exports the bank file {form}")
def _(county: County, who: str, form: str) -> None:
    county.exports(who, form)


@expect(
    "两种银行文件都是{many}笔、合计{amount}元", "both bank files have {many} transfers of {amount} in all"
)
def _(county: County, many: str, amount: str) -> None:
    document = ElementTree.fromstring(county.files["pain.001"])  # noqa: S314 (made here)
    group = document.find(".//{*}GrpHdr")
    assert group is not None
    assert group.findtext("{*}NbOfTxs") == many and money(group.findtext("{*}CtrlSum")) == money(amount)
    _, *rows, whole = county.files["csv"].decode("utf-8-sig").strip().splitlines()
    assert len(rows) == int(many) and money(whole.split(",")[3]) == money(amount), whole


@act(
    "{who}导入银行回盘，{policy}被退回，原因是{why}",
    "{who} reads the bank's answer in; {policy} came back: {why}",
)
def _(county: County, who: str, policy: str, why: str) -> None:
    name = county.names.policy(policy)
    said = county.bank_says(who, lambda line: line["policy"] == name, why)
    assert said["counts"]["returned"] == 1 and not said["problems"] and not said["silent"], said


@act("{who}导入银行回盘，全部成功", "{who} reads the bank's answer in; all was paid")
def _(county: County, who: str) -> None:
    said = county.bank_says(who, lambda _: False, "")
    assert set(said["counts"]) == {"paid"} and not said["problems"] and not said["silent"], said


@act(
    "{month}的{policies}由制单员编制、放行员放行，银行全部付清",
    "{policies} of {month} are built, released and paid",
)
def _(county: County, month: str, policies: str) -> None:
    county.day(f"{month}-02")
    county.builds("制单员", month, policies)
    assert county.releases("放行员") is not None, county.refusal
    county.exports("放行员", "csv")
    said = county.bank_says("制单员", lambda _: False, "")
    assert set(said["counts"]) == {"paid"}, said


@expect("退回清单上有{many}笔，原因是{why}", "{many} came back: {why}")
def _(county: County, many: str, why: str) -> None:
    found = county.get("审计员", "/payments-returned")
    assert found["total"] == int(many) and {one["reason"] for one in found["returned"]} == {why}


@expect("退回清单上没有内容", "nothing has come back")
def _(county: County) -> None:
    assert county.get("审计员", "/payments-returned")["total"] == 0


@expect("共发放{many}笔，合计{amount}元", "{many} payments of {amount} in all were made")
def _(county: County, many: str, amount: str) -> None:
    found = county.get("审计员", f"/payments?household={county.household}&limit=200")["payments"]
    back = {one["takes_back"] for one in found if one["takes_back"]}
    left = [one for one in found if one["state"] == "paid" and one["payment"] not in back]
    assert (len(left), sum(money(one["amount"]) for one in left)) == (int(many), money(amount))


# --- a death that is told late -----------------------------------------------------------------------------------


@act(
    "{who}比对{feed}数据，其中{person}于{day}死亡",
    "{who} compares the file {feed}, in which {person} died on {day}",
)
def _(county: County, who: str, feed: str, person: str, day: str) -> None:
    feeds = county.names.book.feeds
    name = find(feed, "feed", ((one.id, one.title) for one in feeds.values()))
    born = next(
        iter(county.get(who, f"/households/{county.household}")["document"]["people"][0]["birth_date"])
    )
    number = id_number(born["value"], 1)
    content = f"公民身份号码,姓名,死亡日期\n{number},赵{person},{day}\n"
    county.post(who, f"/feeds/{name}?as_of={county.today}", content.encode(), "text/csv")


@expect("{who}的核查建议只有{many}条，是{event}", "{who} has {many} proposal, of {event}")
def _(county: County, who: str, many: str, event: str) -> None:
    county.proposals = county.get(who, f"/proposals?household={county.household}")["proposals"]
    assert len(county.proposals) == int(many), county.proposals
    assert {one["about"] for one in county.proposals} == {county.names.event(event).name}


@act("{who}答复核查建议属实，因为{why}", "{who} confirms the proposals: {why}")
def _(county: County, who: str, why: str) -> None:
    for one in county.proposals:
        county.post(who, f"/proposals/{one['proposal']}/answer", {"answer": "confirmed", "reason": why})


@act("夜间核查运行", "the night has run")
def _(county: County) -> None:
    county.night()


@expect(
    "夜间建议{purpose}{policy}，自{first}起，疑似多发{amount}元",
    "the night proposes to {purpose} {policy} from {first} on, {amount} overpaid",
)
def _(county: County, purpose: str, policy: str, first: str, amount: str) -> None:
    told = county.proposal(policy)["evidence"]
    wanted = find(purpose, "purpose", ((value, {"zh": word}) for word, value in PURPOSES.items()))
    assert (told["purpose"], told["first"]) == (wanted, first), told
    assert money(told["overpaid"]) == money(amount)


@expect("{policy}的建议逐月列明:", "the proposal about {policy} says month by month:")
def _(county: County, policy: str, datatable: Table) -> None:
    header, *rows = datatable
    assert header == ["月份", "已发", "应发", "多发", "版本"]
    told = [
        [one["month"], *(str(money(one[name]).normalize().quantize(money(1))) for name in ("paid", "due", "over")), one["version"]]
        for one in county.proposal(policy)["evidence"]["months"]
    ]  # fmt: skip
    assert told == rows


@expect(
    "{policy}决定前须先听取{person}的意见，依据{cite}",
    "{person} is heard before {policy} is decided ({cite})",
)
def _(county: County, policy: str, person: str, cite: str) -> None:
    told = county.proposal(policy)["evidence"]
    assert (told["hear"], told["hear_cite"]) == ([person], cite)


@expect("应由{by}在{day}前报告，依据{cite}", "{by} should have reported it by {day} ({cite})")
def _(county: County, by: str, day: str, cite: str) -> None:
    _check_report(county, by, day, cite)


@expect("应由{by}报告，期限待补地方文件", "{by} should have reported it; no text says by when")
def _(county: County, by: str) -> None:
    _check_report(county, by, None, "local-text-needed")


def _check_report(county: County, by: str, day: str | None, cite: str) -> None:
    who = find(by, "reporter", ((value, {"zh": word}) for word, value in REPORTERS.items()))
    for one in county.notices:
        if one["kind"] == "proposal" and "report" in one["evidence"]:
            assert {"by": who, "until": day, "cite": cite} in one["evidence"]["report"]


@expect("{title}须在{day}前完成", "{title} has to be done by {day}")
def _(county: County, title: str, day: str) -> None:
    assert county_task(county, title)["due"] == day


@act("{who}答复{title}已办结，因为{why}", "{who} has done {title}: {why}")
def _(county: County, who: str, title: str, why: str) -> None:
    number = county_task(county, title)["seq"]
    county.post(who, f"/notices/{number}/answers", {"answer": "done", "reason": why})


def county_task(county: County, title: str) -> dict[str, str]:
    events = county.names.book.events
    tasks = ((f"{name}/{task.id}", task.title) for name, kind in events.items() for task in kind.tasks)
    about = find(title, "task", tasks)
    return next(one for one in county.notices if one["kind"] == "task" and one["about"] == about)


@expect(
    "夜间没有停发、没有立案、没有追回", "the night has stopped nothing, opened nothing and asked nothing back"
)
def _(county: County) -> None:
    document = county.get("审计员", f"/households/{county.household}")["document"]
    assert all("to" not in one for one in document["statuses"]), document["statuses"]
    assert county.get("审计员", f"/recoveries?household={county.household}")["total"] == 0
    cases = county.get("审计员", f"/cases?household={county.household}")["cases"]
    assert {one["purpose"] for one in cases} == {"grant"}


@expect("{who}不能按夜间建议立案", "{who} cannot open the case that the night proposes")
def _(county: County, who: str) -> None:
    number = county.proposal("dibao")["seq"]
    assert county.ask(who, "POST", f"/notices/{number}/case", {"reason": "已核实"}) is None


@act(
    "{who}按夜间建议对{policy}立案，因为{why}", "{who} opens the case that is proposed about {policy}: {why}"
)
def _(county: County, who: str, policy: str, why: str) -> None:
    told = county.post(who, f"/notices/{county.proposal(policy)['seq']}/case", {"reason": why})
    county.cases[county.names.policy(policy)] = told["case_id"]


@expect("{policy}案的卷宗载明疑似多发{amount}元", "the case of {policy} says that {amount} was overpaid")
def _(county: County, policy: str, amount: str) -> None:
    first = county.case(policy)["steps"][0]
    assert money(first["said"]["ending"]["overpaid"]) == money(amount)


# --- what is owed back -----------------------------------------------------------------------------------------


@expect("{who}不能从{policy}案立案追回，因为{why}", "{who} cannot ask back from the case of {policy}: {why}")
def _(county: County, who: str, policy: str, why: str) -> None:
    path = f"/cases/{county.case_id(policy)}/recovery"
    assert county.ask(who, "POST", path, {"reason": "死亡后多发"}) is None
    assert why in county.refusal, county.refusal


@act("{who}从{policy}案立案追回", "{who} opens a recovery from the case of {policy}")
def _(county: County, who: str, policy: str) -> None:
    name = county.names.policy(policy)
    made = county.post(who, f"/cases/{county.cases[name]}/recovery", {"reason": "死亡后多发"})
    county.recoveries[name] = made["recovery"]


@act(
    "{who}对{policy}的追回登记{kind}，记录为{reference}",
    "{who} enters {kind} for the recovery of {policy}: {reference}",
)
def _(county: County, who: str, policy: str, kind: str, reference: str) -> None:
    assert _enters(county, who, policy, kind, reference=reference) is not None, county.refusal


@act(
    "{who}对{policy}的追回登记{kind}{amount}元",
    "{who} enters {kind} of {amount} for the recovery of {policy}",
)
def _(county: County, who: str, policy: str, kind: str, amount: str) -> None:
    assert _enters(county, who, policy, kind, amount=amount) is not None, county.refusal


@expect(
    "{who}不能对{policy}的追回登记{kind}{amount}元，因为{why}",
    "{who} cannot enter {kind} of {amount} for the recovery of {policy}: {why}",
)
def _(county: County, who: str, policy: str, kind: str, amount: str, why: str) -> None:
    assert _enters(county, who, policy, kind, amount=amount) is None, "it was entered"
    assert why in county.refusal, county.refusal


def _enters(county: County, who: str, policy: str, kind: str, **more: str) -> object:
    number = county.recoveries[county.names.policy(policy)]
    entry = find(kind, "entry", ((value, {"zh": word}) for word, value in ENTRIES.items()))
    body = {"kind": entry, "day": county.today.isoformat(), "reason": "核对发放记录", **more}
    return county.ask(who, "POST", f"/recoveries/{number}/entries", body)


@expect("{policy}查出多发{amount}元，未还{left}元", "of {policy} {amount} was found overpaid, {left} is left")
def _(county: County, policy: str, amount: str, left: str) -> None:
    told = county.get("审计员", f"/recoveries/{county.recoveries[county.names.policy(policy)]}")
    assert (money(told["found"]), money(told["balance"])) == (money(amount), money(left))


@expect("两项追回共{amount}元", "both recoveries are {amount} in all")
def _(county: County, amount: str) -> None:
    told = county.get("审计员", f"/recoveries?household={county.household}")["recoveries"]
    assert sum(money(one["found"]) for one in told) == money(amount)


# --- what stays ------------------------------------------------------------------------------------------------


@expect("{who}验证审计链完整", "{who} finds the audit trail whole")
def _(county: County, who: str) -> None:
    told = county.get(who, "/audit/verification")
    assert told["whole"], told


@expect(
    "{who}重算本户最近{many}次裁定，结果一字不差",
    "{who} makes the last {many} decisions again, to the letter",
)
def _(county: County, who: str, many: str) -> None:
    listed = county.get(who, f"/decisions?household={county.household}&limit={many}")["decisions"]
    assert len(listed) == int(many)
    for one in listed:
        replays = county.get(who, f"/decisions/{one['decision_id']}/replay")["replays"]
        assert {again["result"] for again in replays} == {"same"}, replays
