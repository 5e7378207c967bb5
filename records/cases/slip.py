"""The acceptance slip: what was applied for, what is still missing and whom to ask, as a page to print."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from engine.rulebook import Rulebook
from engine.rulebook.model import Label
from records.cases.applying import Applied, Opened

_OUTCOMES = {
    "eligible": "现有资料符合",
    "ineligible": "现有资料不符合",
    "undetermined": "尚缺材料",
    "discretionary": "须酌情决定",
    "closed": "程序已终止",
    "not-in-force": "政策未施行",
    "not-concerned": "不涉及",
}
_STYLE = (
    "body{font-family:serif;max-width:48em;margin:2em auto;line-height:1.6}"
    "h1{text-align:center;font-size:1.4em}table{border-collapse:collapse;width:100%}"
    "td,th{border:1px solid #000;padding:.3em .5em;text-align:left}"
)


def slip_page(book: Rulebook, applied: Applied, applicant: str) -> str:
    """A page of HTML in Chinese. `applicant`: the name as it may be shown, "" when nobody was named."""
    return (
        "<!doctype html><html lang='zh-CN'><head><meta charset='utf-8'>"
        f"<title>受理单 {escape(applied.application_id)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>社会救助申请受理单</h1>{''.join(_parts(book, applied, applicant))}</body></html>"
    )


def _parts(book: Rulebook, applied: Applied, applicant: str) -> Iterator[str]:
    who = f"申请人：{escape(applicant)}　" if applicant else ""
    yield f"<p>编号：{escape(applied.application_id)}　日期：{applied.applied_on:%Y年%m月%d日}</p>"
    yield f"<p>{who}家庭编号：{escape(applied.household_id)}</p>"
    yield "<h2>申请项目</h2><table><tr><th>案件</th><th>项目</th><th>现有结论</th><th>办结期限</th></tr>"
    for one in applied.cases:
        yield _row(one.case_id, _title(book, one.policy), _OUTCOMES[one.outcome], _limit(one))
    yield "</table>"
    if applied.missing:
        yield "<h2>还需说明或提供</h2><table><tr><th>事项</th><th>可向谁核实</th></tr>"
        for missing in applied.missing:
            yield _row(_zh(missing.question), _zh(book.departments[missing.ask]))
        yield "</table>"
    if applied.gaps:
        yield "<p>另有标准尚未公布，由经办机关补齐，申请人无须提供。</p>"
    yield f"<p>已掌握的 {applied.facts_known} 项情况不再要求提供证明。</p>"


def _row(*cells: str) -> str:
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"


def _title(book: Rulebook, policy: str) -> str:
    return _zh(book.policies[policy].versions[-1].title)


def _limit(one: Opened) -> str:
    if one.limit is None:
        return "未规定"
    if one.limit.day is not None:
        return one.limit.day.isoformat()
    years = "、".join(str(year) for year in one.limit.unknown_years)
    return f"待{years}年放假安排公布（估计 {one.limit.estimate}）"


def _zh(label: Label) -> str:
    return label.get("zh") or next(iter(label.values()), "")
