"""Problems as RFC 9457 says them: `application/problem+json`, with one entry in `errors` for each mistake."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.responses import Response

from engine.decision import BadDocument

MEDIA_TYPE = "application/problem+json"
_TYPES = "https://smart-relief.example/problems/"

TITLES = {
    "bad-document": "The document is wrong",
    "bad-parameter": "A query parameter is wrong",
    "not-found": "There is no such thing here",
    "method-not-allowed": "This address does not take this method",
    "too-large": "The document is too large",
    "not-json": "The body is not declared as JSON",
    "other-rulebook": "The decision was made under another rulebook",
    "internal": "The server has failed",
}


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
