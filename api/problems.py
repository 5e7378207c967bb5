"""Problems as RFC 9457 says them: `application/problem+json`, with one entry in `errors` for each mistake."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from engine.decision import BadDocument
from engine.language.problems import Problem
from records.refused import Refused

MEDIA_TYPE = "application/problem+json"
_TYPES = "https://smart-relief.example/problems/"

TITLES = {
    "bad-document": "资料有误 · The document is wrong",
    "bad-parameter": "查询参数有误 · A query parameter is wrong",
    "bad-request": "请求有误 · The request is wrong",
    "not-found": "没有所请求的内容 · There is no such thing here",
    "method-not-allowed": "此地址不接受这种方法 · This address does not take this method",
    "too-large": "资料过大 · The document is too large",
    "not-json": "请求体未声明为 JSON · The body is not declared as JSON",
    "bad-rulebook": "规则库有问题 · The rulebook has problems",
    "other-rulebook": "该裁定出自另一规则库 · The decision was made under another rulebook",
    "not-signed-in": "尚未登录 · Nobody is signed in",
    "wrong-password": "登录失败 · Signing in has failed",
    "must-change": "须先更改密码 · The password has to be changed first",
    "cross-site": "请求缺少防伪标记 · The request lacks its token against foreign pages",
    "too-many": "请求过多 · Too many requests",
    "too-long": "地址过长 · The address is too long",
    "large-headers": "请求头过大 · The headers are too large",
    "other-host": "主机名不对 · This server does not answer to that name",
    "too-slow": "请求体迟迟未到 · The body did not arrive in time",
    "unavailable": "暂时不可用 · Not available for the moment",
    "not-allowed": "没有权限 · This is not allowed to you",
    "refused": "记录不接受此项操作 · The record does not take this",
    "conflict": "与记录现状冲突 · This conflicts with what the record holds",
    "erased": "已依法删除 · This was erased by law",
    "tampered": "记录被改动 · The record was changed behind the program's back",
    "not-set-up": "服务器尚未配置此项功能 · This server is not set up for it",
    "internal": "服务器出错 · The server has failed",
}

_CONFLICTS = frozenset(
    {
        "stale",
        "rulebook-known",
        "wrong-state",
        "other-edition",
        "household-known",
        "person-known",
        "account-known",
        "closed",
        "answered",
        "not-waiting",
        "returned",
        "case-moved",
        "case-open",
        "wrong-step",
        "finding-changed",
        "appealed",
        "moved",
        "not-now",
        "changed-since",
        "paid-already",
        "claimed-already",
        "inspection-over",
        "not-drawn",
        "not-confirmed",
        "still-open",
        "not-abandoned",
        "not-closed-yet",
    }
)
_MISSING = frozenset(
    {
        "no-household",
        "no-person",
        "no-decision",
        "no-rulebook",
        "no-account",
        "no-grant",
        "no-session",
        "no-award",
        "no-payment",
        "no-proposal",
        "no-scan",
        "no-notice",
        "no-case",
        "no-application",
        "no-batch",
        "no-payee",
        "no-recovery",
        "no-inspection",
        "no-finding",
        "no-rectification",
    }
)
_FORBIDDEN = frozenset({"four-eyes", "not-your-level"})


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong: in the document (`pointer`) or in the query (`parameter`)."""

    code: str
    message: str
    hint: str = ""
    pointer: str | None = None
    parameter: str | None = None

    def plain(self) -> dict[str, str]:
        places = {"pointer": self.pointer, "parameter": self.parameter}
        where = {name: place for name, place in places.items() if place is not None}
        return where | {"code": self.code, "message": self.message, "hint": self.hint}


@dataclass
class ProblemError(Exception):
    """Raised anywhere in a request; answered as a problem. `code` is a key of TITLES."""

    status: int
    code: str
    detail: str = ""
    errors: tuple[Mistake, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


def problem_response(problem: ProblemError) -> Response:
    body: dict[str, Any] = {
        "type": f"{_TYPES}{problem.code}",
        "title": TITLES[problem.code],
        "status": problem.status,
    }
    if problem.detail:
        body["detail"] = problem.detail
    if problem.errors:
        body["errors"] = [one.plain() for one in problem.errors]
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", **problem.headers}
    return Response(msgspec.json.encode(body), problem.status, headers, MEDIA_TYPE)


def bad_document(bad: BadDocument) -> ProblemError:
    mistakes = tuple(Mistake(p.code, p.message, p.hint, pointer=p.pointer) for p in bad.problems)
    if any(p.code == "too-large" for p in bad.problems):
        return ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", errors=mistakes)
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "bad-document", errors=mistakes)


def bad_parameter(parameter: str, message: str, hint: str = "") -> ProblemError:
    mistake = Mistake("bad-parameter", message, hint, parameter=parameter)
    return ProblemError(HTTPStatus.BAD_REQUEST, "bad-parameter", errors=(mistake,))


def bad_request(error: RequestValidationError) -> ProblemError:
    """What FastAPI found wrong: in the query 400, in the body 422."""
    mistakes, status = [], HTTPStatus.BAD_REQUEST
    for one in error.errors():
        place, *path = one["loc"]
        message = str(one["msg"])
        if place == "body":
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            pointer = "".join(f"/{part}" for part in path)
            mistakes.append(Mistake(one["type"], message, _HINTS.get(one["type"], ""), pointer=pointer))
        else:
            name = str(path[-1])[:80] if path else ""
            mistakes.append(Mistake(one["type"], message, _HINTS.get(one["type"], ""), parameter=name))
    return ProblemError(status, "bad-request", errors=tuple(mistakes))


_HINTS = {
    "extra_forbidden": "没有这个字段，请删去或改正名称 · there is no such field; remove it or correct its name",
    "missing": "必填 · this is needed",
    "json_invalid": "请求体不是合法的 JSON · the body is no valid JSON",
}


def bad_rulebook(problems: Iterable[Problem]) -> ProblemError:
    """Each problem of a rulebook with the file that it is in, as a pointer into what was handed in."""
    return ProblemError(
        HTTPStatus.UNPROCESSABLE_ENTITY, "bad-rulebook", errors=tuple(map(_in_file, problems))
    )


def _in_file(problem: Problem) -> Mistake:
    at = problem.at
    pointer = "/" + at.file.replace("~", "~0").replace("/", "~1")
    return Mistake(problem.code, f"{at.file}:{at.line}:{at.column}: {problem.message}", problem.hint, pointer)


def refused_by_record(refused: Refused) -> ProblemError:
    mistake = Mistake(refused.code, str(refused))
    if refused.code in _FORBIDDEN:
        return ProblemError(HTTPStatus.FORBIDDEN, "not-allowed", errors=(mistake,))
    if refused.code in _MISSING:
        return ProblemError(HTTPStatus.NOT_FOUND, "not-found", errors=(mistake,))
    if refused.code in _CONFLICTS:
        return ProblemError(HTTPStatus.CONFLICT, "conflict", errors=(mistake,))
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "refused", errors=(mistake,))


def not_found(what: str, name: str, hint: str = "") -> ProblemError:
    return ProblemError(
        HTTPStatus.NOT_FOUND, "not-found", f"there is no {what} `{name[:80]}`" + (f"; {hint}" if hint else "")
    )


def plain_list(problems: Iterable[Any]) -> list[dict[str, Any]]:
    """Problems of a rulebook, each with its place in the files."""
    return [
        {
            "file": one.at.file,
            "line": one.at.line,
            "column": one.at.column,
            "code": one.code,
            "message": one.message,
            "hint": one.hint,
        }
        for one in problems
    ]
