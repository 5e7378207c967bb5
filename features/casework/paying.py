"""发放：收款账户、批次、放行、银行文件、回盘、退回。"""

from __future__ import annotations

from xml.etree import ElementTree

from features.casework.county import County, money
from features.steps.wording import act, expect


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
