"""`relief serve`: the API on an address."""

from __future__ import annotations

from pathlib import Path

from cli.rulebooks import directory_of, told
from cli.stop import stop
from engine.language.problems import Problems


def run(host: str, port: int, policies: Path | None, record: str, keys: Path, workers: int) -> None:
    from api.serve import Served, serve
    from records.keys import BadKeys
    from records.place import BadPlace

    directory = directory_of(policies)
    try:
        serve(Served(directory, record, keys), host, port, workers)
    except Problems as problems:
        stop(told(problems, directory))
    except (BadKeys, BadPlace) as bad:
        stop(str(bad))
