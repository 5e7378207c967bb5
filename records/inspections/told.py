"""An inspection in one document, and in words to read: what an evidence pack says first."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from engine.rulebook import Rulebook
from records import tables
from records.inspections import reading
from records.inspections.evidence import Evidence
from records.inspections.findings import findings

_NAMES = {
    "opened": ("已立项", "opened"),
    "drawn": ("已抽样", "drawn"),
    "closed": ("已办结", "closed"),
    "abandoned": ("已撤销", "abandoned"),
    "confirmed": ("属实", "confirmed"),
    "refuted": ("不属实", "refuted"),
    "done": ("已整改，待验收", "done"),
    "returned": ("退回重改", "returned"),
    "verified": ("已验收", "verified"),
    "dropped": ("不再整改", "dropped"),
    "rule": ("规则提示", "by a rule"),
    "hand": ("人工发现", "by hand"),
}


def document(made: Evidence, book: Rulebook) -> dict[str, Any]:
    """`book`: the rulebook that the inspection was opened under. People and households by their ids alone."""
    one, read = made.one, made.read
    draw, end = made.rows["inspection_draw"][0], made.rows["inspection_end"][0]
    rules = book.inspections[one.rules]
    finding = tables.inspection_finding.c
    found = read.connection.execute(findings(finding.inspection == one.seq)).all()
    steps: dict[int, list[Any]] = {}
    for row in made.rows["rectification_step"]:
        steps.setdefault(row.rectification, []).append(row)
    ordered: dict[int, list[Any]] = {}
    for row in made.rows["rectification"]:
        ordered.setdefault(row.finding, []).append(_ordered(row, steps.get(row.seq, [])))
    return {
        "inspection": one.seq,
        "title": one.title,
        "state": one.state,
        "rules": {
            "id": rules.id,
            "title": dict(rules.title),
            "of": rules.of,
            "watch": list(rules.watch),
            "proposals": list(rules.proposals),
            "looks": list(rules.looks),
            "cite": rules.cite,
            "rulebook": one.rulebook,
        },
        "scope": {
            "area": one.area,
            "area_name": dict(book.areas[one.area].label),
            "department": one.department,
            "policies": list(one.policies),
            "since": one.since,
            "until": one.until,
        },
        "reason": one.reason,
        "opened": {"by": one.opened_by, "person": one.person, "on": one.opened_on},
        "draw": {
            "method": draw.method,
            "seed": one.seed,
            "stratify": one.stratify,
            "size": one.size,
            "share": one.share,
            "population": draw.population,
            "population_hash": draw.population_hash,
            "sampled": draw.sampled,
            "strata": json.loads(draw.strata),
            "by": draw.recorded_by,
            "on": draw.recorded_on,
        },
        "sample": [
            {"number": row.number, "stratum": row.stratum, "item": row.item}
            for row in made.rows["inspection_sample"]
        ],
        "runs": [
            {
                "on": row.on,
                "known": row.known,
                "rulebook": row.rulebook,
                "looked": row.looked,
                "counts": json.loads(row.counts),
                "unread": json.loads(row.unread),
                "by": row.recorded_by,
            }
            for row in made.rows["inspection_run"]
        ],
        "findings": [_found(row, ordered.get(row.seq, [])) for row in found],
        "counts": reading.counts(read, one.seq),
        "end": {
            "kind": end.kind,
            "report": end.report,
            "by": end.recorded_by,
            "person": end.person,
            "on": end.recorded_on,
        },
    }


def _found(row: Any, ordered: list[Any]) -> dict[str, Any]:
    names = (
        "origin", "about", "household_id", "subject", "policy", "case_id", "notice", "decision", "severity", "certain",
        "harm", "text",
    )  # fmt: skip
    answer = None
    if row.answer is not None:
        answer = {
            "answer": row.answer,
            "reason": row.reason,
            "person": row.answered_by,
            "on": row.answered_on,
        }
    return {
        "finding": row.seq,
        **{name: getattr(row, name) for name in names},
        "evidence": json.loads(row.evidence),
        "by": row.person,
        "answer": answer,
        "rectifications": ordered,
    }


def _ordered(row: Any, steps: list[Any]) -> dict[str, Any]:
    told = [{"state": one.state, "text": one.text, "day": one.day, "person": one.person} for one in steps]
    return {
        "rectification": row.seq,
        "area": row.area,
        "department": row.department,
        "task": row.task,
        "due": row.due,
        "by": row.person,
        "steps": told,
    }


def as_json(content: Any) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True, default=str) + "\n").encode()


# --- to read ------------------------------------------------------------------------------------------------


def report(told: dict[str, Any], head: tuple[int, str]) -> bytes:
    """A page that loads nothing from elsewhere."""
    scope, draw, end = told["scope"], told["draw"], told["end"]
    facts = [
        ("检查", "inspection", f"{told['inspection']} {told['title']}"),
        ("规则组", "rules", f"{told['rules']['id']} · {', '.join((*told['rules']['watch'], *told['rules']['proposals'], *told['rules']['looks']))}"),
        ("范围", "scope", f"{' · '.join(scope['area_name'].values())}；{', '.join(scope['policies']) or '全部项目 · all programmes'}"),
        ("期间", "period", f"{scope['since']} – {scope['until']}"),
        ("事由", "reason", told["reason"]),
        ("总体 / 样本", "population / sample", f"{draw['population']} / {draw['sampled']}"),
        ("随机种子", "seed", f"{draw['seed']} ({draw['method']})"),
        ("发现", "findings", _counted(told["counts"])),
        ("结论", "report", f"{_name(end['kind'])} {end['on']}：{end['report']}"),
        ("审计链头", "head of the trail", f"{head[0]} {head[1]}"),
    ]  # fmt: skip
    rows = "".join(
        f"<tr><th>{zh}<br><small>{en}</small></th><td>{escape(str(value))}</td></tr>"
        for zh, en, value in facts
    )
    found = "".join(map(_row, told["findings"])) or "<tr><td colspan=6>没有发现 · nothing was found</td></tr>"
    heads = (
        "编号 · no.",
        "问题 · what",
        "对象 · whom",
        "依据 · evidence",
        "核实 · answer",
        "整改 · put right",
    )
    return (
        "<!doctype html><html lang=zh><meta charset=utf-8><title>专项检查报告 · Inspection report</title>"
        "<style>body{font-family:sans-serif;max-width:70em;margin:2em auto}table{border-collapse:collapse;width:100%}"
        "td,th{border:1px solid #999;padding:.3em .5em;text-align:left;vertical-align:top;overflow-wrap:anywhere}</style>"
        f"<h1>专项检查报告 <small>Inspection report</small></h1><table>{rows}</table>"
        f"<h2>发现和整改 <small>Findings and what was put right</small></h2><table><tr>"
        f"{''.join(f'<th>{one}</th>' for one in heads)}</tr>{found}</table>"
        "<p>人员和家庭只写编号。本页不是证据本身：证据在各文件中，用 verify_pack.py 验证。 · "
        "People and households are told by their ids. This page is not the evidence: the files are, and verify_pack.py "
        "verifies them.</p></html>\n"
    ).encode()


def _counted(counts: dict[str, int]) -> str:
    return (
        f"{counts['findings']}（属实 {counts['confirmed']}，不属实 {counts['refuted']}；整改 {counts['rectifications']}） · "
        f"{counts['confirmed']} confirmed, {counts['refuted']} refuted, {counts['rectifications']} put right"
    )


def _name(word: str) -> str:
    return " ".join(_NAMES.get(word, (word,)))


def _row(one: dict[str, Any]) -> str:
    whom = f"{one['household_id'] or ''} {one['subject']} {one['policy']}"
    answer = one["answer"]
    said = (
        ""
        if answer is None
        else f"{_name(answer['answer'])}：{answer['reason']}（{answer['person']} {answer['on']}）"
    )
    right = "；".join(
        f"{each['task']}（{each['area']} {each['due']}）"
        + "".join(f"→ {_name(step['state'])} {step['day']}：{step['text']}" for step in each["steps"])
        for each in one["rectifications"]
    )
    evidence = one["text"] or json.dumps(one["evidence"], ensure_ascii=False, default=str)
    cells = (one["finding"], f"{one['about']}（{_name(one['origin'])}）", whom, evidence, said, right)
    return f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in cells)}</tr>"
