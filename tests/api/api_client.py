"""A client that speaks to the application in this process, and where things are."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import httpx
from fastapi import FastAPI

ROOT = Path(__file__).parents[2]
ISLAND = ROOT / "tests" / "decision" / "rulebook"
DOCUMENTS = ROOT / "tests" / "decision" / "documents"
SAMPLE = (ROOT / "samples" / "household.json").read_bytes()
LEAST = b'{"household_id": "h1", "area": "north", "people": [{"person_id": "p1"}]}'

T = TypeVar("T")


class Client:
    """Requests to an application, one after the other."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.request("GET", path, **more)

    def post(self, path: str, content: bytes, **more: Any) -> httpx.Response:
        headers = {"Content-Type": "application/json"} | more.pop("headers", {})
        return self.request("POST", path, content=content, headers=headers, **more)

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://relief") as client:
                return await client.request(method, path, **more)

        return run(ask())


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    """The problem that an answer is, which must be well formed and tell nothing of the inside."""
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-content-type-options"] == "nosniff"
    told: dict[str, Any] = response.json()
    assert told["status"] == status
    assert told["type"].startswith("https://")
    assert told["title"]
    assert "Traceback" not in response.text
    assert ".py" not in response.text
    return told
