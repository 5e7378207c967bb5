"""`relief serve`: the API on an address."""

from __future__ import annotations

from pathlib import Path

from cli.rulebooks import directory_if_any, directory_of, told
from cli.stop import stop
from engine.language.problems import Problems


def run(host: str, port: int, policies: Path | None, record: str, keys: Path, workers: int) -> None:
    from sqlalchemy.exc import DBAPIError

    from api.serve import Served, serve
    from api.settings import BadSettings
    from records.keys import BadKeys
    from records.place import BadPlace
    from records.refused import Refused

    directory = directory_if_any(policies) if record else directory_of(policies)
    try:
        serve(Served(directory, record, keys), host, port, workers)
    except Problems as problems:
        stop(told(problems, directory or Path()))
    except (BadKeys, BadPlace, BadSettings, Refused) as bad:
        stop(str(bad))
    except OSError as error:
        stop(f"{host}:{port}: 不能在此地址提供服务 · cannot serve on this address: {error.strerror or error}")
    except DBAPIError as error:
        stop(f"{record}: 数据库出错，请先 relief record init · the database refused: {error.orig}")
