"""Rulebooks in the record: drafts handed in, checked, published by a second person, compared, tried out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.bodies import Body, body_of, takes
from api.guard import guarded_router, needs, up_to
from api.problems import ProblemError, bad_rulebook, not_found, plain_list
from api.recorded import answer, asked
from engine.language.problems import Problems, nearest
from engine.rulebook import Rulebook
from records import publishing, rulebooks
from records.database import Reading
from records.dry_run import AT_MOST, as_plain, dry_run
from records.publishing import Life
from records.refused import Refused
from records.rights import Right
from records.rulebook_changes import diff
from records.rulebook_files import LARGEST, Given, from_plain, from_zip, loaded

router = guarded_router()

_TAKES: dict[str, Any] = {
    "openapi_extra": {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"type": "object", "additionalProperties": {"type": "string"}},
                    "example": {"rulebook.yaml": "…", "civil_affairs/dibao/2021-07-01.yaml": "…"},
                },
                "application/zip": {"schema": {"type": "string", "format": "binary"}},
            },
        }
    }
}


class Noted(Body):
    note: str = Field("", max_length=2000)


Note = Annotated[Noted, Depends(body_of(Noted))]


async def given(request: Request) -> Given:
    """The files of a whole rulebook: JSON of paths and texts, or a zip. Raises `ProblemError`, `Refused`."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in ("application/json", "application/zip"):
        raise ProblemError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "not-json",
            "规则库以 JSON（路径和文本）或 zip 提交 · a rulebook is sent as application/json or application/zip",
        )
    content = await request.body()  # which the door has read, up to what the route takes
    if media == "application/zip":
        return await run_in_threadpool(from_zip, content)
    try:
        told = json.loads(content, object_pairs_hook=_each_once)
    except (ValueError, RecursionError):  # not UTF-8, not JSON, or a path said twice
        told = None
    return from_plain(told)


def _each_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


# --- reading ------------------------------------------------------------------------------------------------


@router.get("/rulebooks", summary="Rulebooks of the record, and where they stand")
@needs(Right.READ_RULEBOOKS)
def listed(request: Request) -> Response:
    """The one that moved last first."""
    ask = asked(request)
    with ask.reading() as read:
        return answer(
            {"served": ask.book.fingerprint, "rulebooks": [_shown(one) for one in publishing.lives(read)]}
        )


@router.get("/rulebooks/{fingerprint}", summary="The steps and files of one rulebook")
@needs(Right.READ_RULEBOOKS)
def one(
    request: Request,
    fingerprint: str,
    path: Annotated[str, Query(max_length=400, description="the text of this file")] = "",
) -> Response:
    """What keeps a draft from being checked is told with it."""
    ask = asked(request)
    with ask.reading() as read:
        whole = publishing.named(read, fingerprint)
        files = rulebooks.text_of(read, whole)
        if path:
            if path not in files:
                raise not_found("file", path, nearest(path, files))
            return answer({"fingerprint": whole, "path": path, "text": files[path]})
        life = publishing.life_of(read, whole)
        problems = publishing.problems_of(read, files) if life.state == publishing.DRAFT else ()
        return answer({**_shown(life), "files": list(files), "problems": plain_list(problems)})


@router.get("/rulebooks/{fingerprint}/diff", summary="Line by line against another one")
@needs(Right.READ_RULEBOOKS)
def compared(
    request: Request,
    fingerprint: str,
    before: Annotated[str, Query(alias="from", max_length=64, description="default: the published one")] = "",
    path: Annotated[str, Query(max_length=400, description="only this file")] = "",
) -> Response:
    ask = asked(request)
    with ask.reading() as read:
        after = publishing.named(read, fingerprint)
        start = publishing.named(read, before) if before else _published(read)
        texts = rulebooks.text_of(read, start), rulebooks.text_of(read, after)
    lines = list(diff(*texts, (start[:12], after[:12]), path))
    return answer({"from": start, "to": after, "lines": lines})


def _published(read: Reading) -> str:
    now = publishing.published(read)
    if now is None:
        raise Refused(
            "no-rulebook", "记录里还没有已发布的规则库 · no rulebook is published in this record yet"
        )
    return now.fingerprint


def _shown(life: Life) -> dict[str, Any]:
    return {
        "fingerprint": life.fingerprint,
        "state": life.state,
        "edition": life.edition,
        "steps": [
            {"state": step.state, "edition": step.edition, "by": step.by, "at": step.at, "note": step.note}
            for step in life.steps
        ],
    }


# --- steps --------------------------------------------------------------------------------------------------


@router.post("/rulebooks", status_code=201, summary="Hand in a draft", **_TAKES)
@needs(Right.DRAFT_RULEBOOKS)
@up_to(LARGEST)
def submit(
    request: Request,
    files: Annotated[Given, Depends(given)],
    note: Annotated[str, Query(max_length=2000)] = "",
) -> Response:
    """Kept also when it has problems, which are told. Feature files are left out and not run here."""
    ask = asked(request)
    with ask.writing() as write:
        draft = publishing.submit(write, files.files, note, ask.viewer.person)
    content = {
        "fingerprint": draft.fingerprint,
        "state": publishing.DRAFT,
        "problems": plain_list(draft.problems),
        "left_out": files.left_out,
    }
    return answer(content, HTTPStatus.CREATED)


@router.post("/rulebooks/{fingerprint}/check", summary="Check a draft", **takes(Noted))
@needs(Right.DRAFT_RULEBOOKS)
def check(request: Request, fingerprint: str, told: Note) -> Response:
    """It has to load clean and to leave everything that is published as it is."""
    ask = asked(request)
    with ask.writing() as write:
        whole = publishing.named(write, fingerprint)
        try:
            publishing.check(write, whole, told.note, ask.viewer.person)
        except Problems as problems:
            raise bad_rulebook(problems.problems) from None
        return answer(_shown(publishing.life_of(write, whole)))


@router.post("/rulebooks/{fingerprint}/publish", summary="Put a checked rulebook in force", **takes(Noted))
@needs(Right.PUBLISH_RULEBOOKS)
def publish(request: Request, fingerprint: str, told: Note) -> Response:
    """By somebody who neither submitted nor checked it. Every server process follows within seconds."""
    ask = asked(request)
    with ask.writing() as write:
        whole = publishing.named(write, fingerprint)
        return answer(_shown(publishing.publish(write, whole, told.note, ask.viewer.person)))


@router.post("/rulebooks/{fingerprint}/withdraw", summary="Take back a draft", **takes(Noted))
@needs(Right.DRAFT_RULEBOOKS)
def withdraw(request: Request, fingerprint: str, told: Note) -> Response:
    ask = asked(request)
    with ask.writing() as write:
        whole = publishing.named(write, fingerprint)
        publishing.withdraw(write, whole, told.note, ask.viewer.person)
        return answer(_shown(publishing.life_of(write, whole)))


@router.post("/rulebooks/{fingerprint}/dry-run", summary="What publishing it would change")
@needs(Right.DRAFT_RULEBOOKS)
def try_out(
    request: Request,
    fingerprint: str,
    on: date | None = None,
    known: date | None = None,
    at_most: Annotated[int, Query(ge=1, le=AT_MOST, description="households, drawn")] = AT_MOST,
) -> Response:
    """Files, parameters and policies; and who of the record's households would gain or lose, by their ids alone."""
    ask = asked(request)
    with ask.reading() as read:
        book = _clean(read, publishing.named(read, fingerprint))
        return answer(as_plain(dry_run(read, book, on or ask.today, known or ask.today, at_most)))


def _clean(read: Reading, fingerprint: str) -> Rulebook:
    try:
        return loaded(rulebooks.text_of(read, fingerprint), publishing.locked(read))
    except Problems as problems:
        raise bad_rulebook(problems.problems) from None
