"""`relief serve`: the API on an address."""

from __future__ import annotations

from pathlib import Path

from cli.rulebooks import directory_of, told
from cli.stop import stop
from engine.language.problems import Problems


def run(host: str, port: int, policies: Path | None) -> None:
    from api.serve import serve

    directory = directory_of(policies)
    try:
        serve(directory, host, port)
    except Problems as problems:
        stop(told(problems, directory))
