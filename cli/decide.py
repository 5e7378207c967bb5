"""`relief decide` and `relief explain`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import typer

from cli.documents import read_document, refuse
from cli.rulebooks import asked_policies, language_of, open_rulebook
from engine.decision import BadDocument, Decision, decide, encode_json
from engine.rulebook.model import Rulebook


def run(
    file: str,
    on: date,
    known: date | None,
    policies: Path | None,
    asked: list[str],
    lang: str | None,
    output: str,
) -> None:
    document = read_document(file)
    book = open_rulebook(policies)
    language = language_of(book, lang)
    decision = _decided(book, file, document, on, known, asked)
    if output == "json":
        _print_json(encode_json(decision))
    else:
        _print_explained(book, decision, "caseworker", language, output)


def explain_file(
    file: str,
    layer: str,
    on: date | None,
    known: date | None,
    policies: Path | None,
    asked: list[str],
    lang: str | None,
    output: str,
) -> None:
    document = read_document(file)
    book = open_rulebook(policies)
    language = language_of(book, lang)
    if isinstance(document, Mapping) and "decision_id" in document:
        decision = _recorded(book, file, document)
    else:
        decision = _decided(book, file, document, on or date.today(), known, asked)
    _print_explained(book, decision, layer, language, output)


def _decided(
    book: Rulebook, file: str, document: Any, on: date, known: date | None, asked: list[str]
) -> Decision:
    try:
        return decide(book, document, on=on, known=known, policies=asked_policies(book, asked))
    except BadDocument as bad:
        refuse(file, bad)


def _recorded(book: Rulebook, file: str, document: Any) -> Decision:
    from engine.decision.record import read_decision

    try:
        return read_decision(book, document)
    except BadDocument as bad:
        refuse(file, bad)


def _print_explained(book: Rulebook, decision: Decision, layer: str, language: str, output: str) -> None:
    from engine.decision.explain import as_text, explain

    explanation = explain(book, decision, layer, language)
    if output == "json":
        _print_json(encode_json(explanation))
    else:
        typer.echo(as_text(explanation))


def _print_json(content: bytes) -> None:
    sys.stdout.buffer.write(content + b"\n")
    sys.stdout.buffer.flush()
