"""`Idempotency-Key`: what is asked again with the same key is not done again, and is answered as before.

A request with a key writes in one transaction that stays open until its answer is made; the answer is kept in it. So
either both are there after a crash, or neither, and the client may ask again until it hears something.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api.answers import PRIVATE
from api.problems import ProblemError
from records import idempotency
from records.database import Database, Writing, reading, writing
from records.idempotency import Answer

HEADER = "Idempotency-Key"
_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


class Once:
    """The transaction of one request, for whatever its route reads and writes. `write` None: nothing yet."""

    def __init__(self, record: Database, request: idempotency.Request) -> None:
        self.record, self.request = record, request
        self.write: Writing | None = None
        self._transaction = ExitStack()

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """Does not end the transaction: `finish` does, or `undo`."""
        if self.write is None:
            self.write = self._transaction.enter_context(writing(self.record, self.request.account))
        yield self.write

    def finish(self, response: Response) -> None:
        """A file that was printed is not kept: asked again, it is printed again, and comes out the same."""
        if self.write is None:
            return
        if response.media_type == "application/json":
            idempotency.keep(self.write, self.request, Answer(response.status_code, bytes(response.body)))
        self._transaction.close()

    def undo(self, error: BaseException) -> None:
        self._transaction.__exit__(type(error), error, error.__traceback__)

    def answered(self) -> Response | None:
        with reading(self.record) as read:
            found = idempotency.answered(read, self.request)
        if found is None:
            return None
        return Response(
            found.content, found.status, {**PRIVATE, "Idempotency-Replayed": "true"}, "application/json"
        )


def has_key(request: Request) -> bool:
    """Whether this request may come again, and is to be done once."""
    return request.method not in _READS and HEADER in request.headers


async def once(
    request: Request, account: str, body: bytes, answer: Callable[[Request], Awaitable[Response]]
) -> Response:
    """The answer of a route; the one from before when the request has come before.

    Raises what the route raises, `ProblemError` 400 for what is no key, `Refused` when another request had it.
    """
    record = request.app.state.record
    if record is None or not has_key(request):
        return await answer(request)
    key = request.headers[HEADER]
    if not _KEY.fullmatch(key):
        raise ProblemError(
            HTTPStatus.BAD_REQUEST,
            "bad-request",
            f"{HEADER}: 应为 8 至 64 个字母、数字、- 或 _，不含个人信息 · 8 to 64 letters, digits, - or _, best a random UUID",
        )
    asked = f"{request.method} {request.url.path}?{request.url.query}\n".encode() + body
    one = Once(record, idempotency.Request(account, key, asked))
    before = await run_in_threadpool(one.answered)
    if before is not None:
        return before
    request.state.once = one
    try:
        response = await answer(request)
        await run_in_threadpool(one.finish, response)
    except BaseException as error:
        one.undo(error)
        if isinstance(error, Exception):  # perhaps the same request, asked twice at once, was faster
            meanwhile = await run_in_threadpool(one.answered)
            if meanwhile is not None:
                return meanwhile
        raise
    return response
