"""`relief decide`: one household, as text for the caseworker or as the decision document."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Any

from cli.cache import keep_plans
from cli.documents import read_document, refuse
from cli.rulebooks import asked_policies, language_of, open_rulebook
from engine.decision import BadDocument, Decision, decide, encode_json
from engine.rulebook.model import Rulebook


def run(
    file: str,
    on: date,
    known: date,
    policies: Path | None,
    asked: list[str],
    lang: str | None,
    output: str,
) -> None:
    document = read_document(file)
    book = open_rulebook(policies)
    language = language_of(book, lang)
    decision = decided(book, file, document, on, known, asked)
    if output == "json":
        print_json(encode_json(decision))
    else:
        from cli.explain import print_explanation
        from engine.decision.explain import explain

        print_explanation(explain(book, decision, "caseworker", language), output)


def decided(book: Rulebook, file: str, document: Any, on: date, known: date, asked: list[str]) -> Decision:
    """The decision, or the end of the command with every problem of the document."""
    try:
        found = decide(book, document, on=on, known=known, policies=asked_policies(book, asked))
    except BadDocument as bad:
        refuse(file, bad)
    keep_plans(book)
    return found


def print_json(content: bytes) -> None:
    sys.stdout.buffer.write(content + b"\n")
    sys.stdout.buffer.flush()
