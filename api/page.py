"""/docs: the OpenAPI description as one page, made here, without a script and without anything from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.guard import OPEN, api_routes, open_to_all, right_of
from records.rights import RIGHTS, ROLE_LABELS, Right

router = APIRouter()

_STYLE = """
body { font: 15px/1.6 "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; max-width: 62rem; margin: 2rem auto;
  padding: 0 1rem; color: #1b1f24; }
code, pre { font-family: ui-monospace, monospace; font-size: 13px; }
summary { cursor: pointer; padding: .3rem 0; border-bottom: 1px solid #e1e4e8; }
b.method { display: inline-block; width: 4.5rem; } .right { float: right; color: #57606a; font-size: 13px; }
pre { background: #f6f8fa; padding: .6rem; overflow-x: auto; } table { border-collapse: collapse; }
td, th { text-align: left; padding: .15rem .8rem .15rem 0; vertical-align: top; }
"""
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


@router.get("/docs", summary="This description as a page", include_in_schema=False)
@open_to_all
def page(request: Request) -> Response:
    described = request.app.openapi()
    rights = {
        (route.path, method): right_of(route)
        for route in api_routes(request.app.routes)
        for method in route.methods or ()
    }
    body = "".join(_operations(described, rights))
    info = described["info"]
    html = (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8">'
        f"<title>{escape(info['title'])} API</title><style>{_STYLE}</style>"
        f"<h1>智慧救助 API · {escape(info['title'])} {escape(info['version'])}</h1>"
        f"<p>机器可读的说明 · the same for programs: <a href='/openapi.json'>/openapi.json</a></p>"
        "<p>登录 · sign in: <code>POST /v1/sessions</code>，之后每次请求带 · then send "
        "<code>Authorization: Bearer …</code></p>"
        f"{body}</html>"
    )
    return Response(html, 200, _HEADERS, "text/html; charset=utf-8")


def _operations(described: Mapping[str, Any], rights: Mapping[tuple[str, str], Any]) -> Iterator[str]:
    for path, methods in sorted(described["paths"].items()):
        for method, operation in methods.items():
            right = rights.get((path, method.upper()))
            yield (
                f"<details><summary><b class=method>{method.upper()}</b><code>{escape(path)}</code> "
                f"{escape(operation.get('summary', ''))}<span class=right>{escape(_who(right))}</span></summary>"
                f"<p>{escape(operation.get('description', ''))}</p>"
                f"{_parameters(operation)}{_body(operation)}{_answers(operation)}</details>"
            )


def _who(right: Right | str | None) -> str:
    if not isinstance(right, Right):
        return "公开 · open" if right == OPEN else ""
    roles = [label["zh"] for role, label in ROLE_LABELS.items() if right in RIGHTS[role]]
    return f"{right.value}: {'、'.join(roles)}"


def _parameters(operation: Mapping[str, Any]) -> str:
    rows = [
        f"<tr><td><code>{escape(one['name'])}</code><td>{escape(one['in'])}"
        f"<td>{escape(_type(one.get('schema', {})))}<td>{escape(one.get('description', ''))}"
        for one in operation.get("parameters", ())
    ]
    return f"<h4>参数 · parameters</h4><table>{''.join(rows)}</table>" if rows else ""


def _body(operation: Mapping[str, Any]) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    rows = [
        f"<tr><td>{escape(kind)}<td>{escape(_type(one.get('schema', {})))}" for kind, one in content.items()
    ]
    return f"<h4>请求体 · body</h4><table>{''.join(rows)}</table>" if rows else ""


def _answers(operation: Mapping[str, Any]) -> str:
    rows = [
        f"<tr><td>{escape(status)}<td>{escape(one.get('description', ''))}"
        for status, one in sorted(operation["responses"].items())
    ]
    return f"<h4>回答 · answers</h4><table>{''.join(rows)}</table>"


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " | ".join(_type(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"][:12]))
    return str(schema.get("format") or schema.get("type", ""))
