"""`relief explain`: a decision in words for one reader."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import typer

from cli.decide import decided, print_json
from cli.documents import read_document, refuse
from cli.rulebooks import language_of, open_rulebook
from engine.decision import BadDocument, encode_json
from engine.decision.explain import Explanation, as_text, explain
from engine.decision.record import explain_recorded
from engine.rulebook.model import Rulebook


def run(
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
        explanation = _recorded(book, file, document, layer, language)
    else:
        decision = decided(book, file, document, on or date.today(), known or date.today(), asked)
        explanation = explain(book, decision, layer, language)
    print_explanation(explanation, output)


def _recorded(book: Rulebook, file: str, document: Any, layer: str, language: str) -> Explanation:
    try:
        return explain_recorded(book, document, layer, language)
    except BadDocument as bad:
        refuse(file, bad)


def print_explanation(explanation: Explanation, output: str) -> None:
    if output == "json":
        print_json(encode_json(explanation))
    else:
        typer.echo(as_text(explanation), nl=False)
