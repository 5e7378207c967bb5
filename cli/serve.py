"""`relief serve`: the API on an address."""

from __future__ import annotations

from pathlib import Path

from cli.rulebooks import directory_of
from cli.stop import stop
from engine.language.problems import Problems


def run(host: str, port: int, policies: Path | None) -> None:
    from api.serve import serve

    try:
        serve(directory_of(policies), host, port)
    except Problems as problems:
        stop(str(problems))
