"""`relief eval`: one expression on plain JSON."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from cli.documents import read_document
from cli.stop import stop
from engine.decision.model import encode_json
from engine.language.expression import evaluate
from engine.language.problems import Problems


def run(expression: str, context: str | None) -> None:
    names = {} if context is None else read_document(context)
    if not isinstance(names, Mapping):
        stop("--context 必须是一个 JSON 对象 · the context must be a JSON object")
    try:
        value = evaluate(expression, names)
    except Problems as problems:
        stop(str(problems))
    except ValueError as error:
        stop(f"--context: {error}")
    sys.stdout.buffer.write(encode_json({"value": value}) + b"\n")
