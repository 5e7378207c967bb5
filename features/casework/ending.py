"""迟报的死亡：核查建议、夜间核查、立案；追回。"""

from __future__ import annotations

from features.casework.county import County, id_number, money
from features.steps.names import find
from features.steps.wording import act, expect

Table = list[list[str]]
PURPOSES = {"停发": "stop", "减发": "reduce"}
ENTRIES = {"听取意见": "heard", "决定追回": "decided", "退还": "repaid", "抵扣": "offset", "申请减免": "waiver-asked", "减免": "waived"}  # fmt: skip
REPORTERS = {"家庭": "household", "村（社区）": "village", "乡镇（街道）": "township"}


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


# --- what is owed back --------------------------------------------------


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
