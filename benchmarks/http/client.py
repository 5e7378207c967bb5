"""A small HTTP/1.1 client for an open-loop load: requests leave on time, whether or not answers have come.

A request takes its time from when it should have left, so a server that stalls cannot hide it by slowing the
client.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Request:
    """`content`: the bytes on the wire. `begins`: how the body of the right answer begins."""

    content: bytes
    begins: bytes


@dataclass(slots=True)
class Outcome:
    """`latencies` in seconds, one per right answer. `most_waiting`: requests without a free connection."""

    latencies: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    most_waiting: int = 0
    seconds: float = 0.0


def post(host: str, path: str, body: bytes, token: str = "") -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\n{_signed(token)}Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def get(host: str, path: str, token: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{_signed(token)}\r\n".encode()


def _signed(token: str) -> str:
    return f"Authorization: Bearer {token}\r\n" if token else ""


class _Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request under way."""

    def __init__(self, load: _Load) -> None:
        self.load = load
        self.buffer = bytearray()
        self.request: Request | None = None
        self.due = 0.0
        self.transport: Any = None  # uvloop's are not asyncio's

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def send(self, request: Request, due: float) -> None:
        self.request, self.due = request, due
        self.transport.write(request.content)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head_end = self.buffer.find(HEAD_END)
        if head_end < 0:
            return
        head = bytes(self.buffer[:head_end])
        start = head.lower().find(b"content-length:")
        length = int(head[start + 15 :].split(b"\r\n", 1)[0])
        body_at = head_end + len(HEAD_END)
        if len(self.buffer) < body_at + length:
            return
        request = self.request
        assert request is not None
        right = head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")) and self.buffer.startswith(
            request.begins, body_at
        )
        error = "" if right else bytes(self.buffer[: body_at + 200]).decode("utf-8", "replace")
        self.buffer.clear()
        self.load.answered(self, error)

    def connection_lost(self, error: Exception | None) -> None:
        self.load.outcome.errors.append(f"connection lost: {error}")


class _Load:
    def __init__(self) -> None:
        self.outcome = Outcome()
        self.idle: deque[_Connection] = deque()
        self.waiting: deque[tuple[Request, float]] = deque()

    def due(self, request: Request, at: float) -> None:
        if self.idle:
            self.idle.popleft().send(request, at)
        else:
            self.waiting.append((request, at))
            self.outcome.most_waiting = max(self.outcome.most_waiting, len(self.waiting))

    def answered(self, connection: _Connection, error: str) -> None:
        if error:
            self.outcome.errors.append(error)
        else:
            self.outcome.latencies.append(time.perf_counter() - connection.due)
        if self.waiting:
            connection.send(*self.waiting.popleft())
        else:
            self.idle.append(connection)

    @property
    def done(self) -> int:
        return len(self.outcome.latencies) + len(self.outcome.errors)


async def hold(
    host: str, port: int, requests: Sequence[Request], rate: float, seconds: float, connections: int
) -> Outcome:
    """Sends `rate` requests a second for so many seconds, in turn, and waits for the last answers."""
    loop = asyncio.get_running_loop()
    load = _Load()
    for _ in range(connections):
        _, connection = await loop.create_connection(lambda: _Connection(load), host, port)
        load.idle.append(connection)
        await asyncio.sleep(0.05)  # clients come one by one; of a burst one worker process would take all
    total = int(rate * seconds)
    began = time.perf_counter()
    sent = 0
    while sent < total:
        now = time.perf_counter()
        while sent < total and began + sent / rate <= now:
            load.due(requests[sent % len(requests)], began + sent / rate)
            sent += 1
        await asyncio.sleep(max(began + sent / rate - time.perf_counter(), 0))
    give_up = time.perf_counter() + 10
    while load.done < total and time.perf_counter() < give_up:
        await asyncio.sleep(0.005)
    load.outcome.seconds = time.perf_counter() - began
    load.outcome.errors += ["no answer"] * (total - load.done)
    return load.outcome
