"""Documents from a file or standard input: JSON or YAML, by what they hold."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NoReturn

from cli.stop import stop
from engine.decision.json_text import LARGEST, BadDocument, parse_json
from engine.language.phrases.problems_zh import PROBLEMS


def read_bytes(file: str) -> bytes:
    """What a file holds; `-` is standard input. One byte more than may be read is enough to refuse it."""
    try:
        if file == "-":
            return sys.stdin.buffer.read(LARGEST + 1)
        with Path(file).open("rb") as source:
            return source.read(LARGEST + 1)
    except OSError as error:
        stop(f"{file}: 无法读取 · cannot be read: {error.strerror or error}")


def read_document(file: str) -> Any:
    """Plain data. Ends the command when the document is neither JSON nor YAML."""
    content = read_bytes(file)
    start = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start in (b"{", b"[", b'"') or len(content) > LARGEST:
        try:
            return parse_json(content)
        except BadDocument as problems:
            refuse(file, problems)
    return _yaml(file, content)


def _yaml(file: str, content: bytes) -> Any:
    from engine.language.problems import Problems
    from engine.rulebook.source import plain, read_yaml_bytes

    text, tree, problems = read_yaml_bytes(content, _shown(file))
    if problems or tree is None:
        stop(str(Problems(problems, {_shown(file): text})))
    return plain(tree)


def refuse(file: str, bad: BadDocument) -> NoReturn:
    """Ends the command with every problem of a document, each at its JSON pointer."""
    lines = []
    for problem in bad.problems:
        lines.append(f"{_shown(file)}#{problem.pointer}: {problem.message} [{problem.code}]")
        if problem.code in PROBLEMS:
            lines.append(f"      = {PROBLEMS[problem.code]}")
        if problem.hint:
            lines.append(f"      = {problem.hint}")
    stop("\n".join(lines))


def _shown(file: str) -> str:
    return "<stdin>" if file == "-" else file
