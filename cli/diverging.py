"""`relief divergence`: lines side by side, and how many households fall between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import typer
from sqlalchemy import true

from cli.record import opened_record, rulebook_of
from cli.rulebooks import open_rulebook
from cli.stop import stop
from engine.decision import encode_json, parse_json
from engine.decision.divergence import Between, Divergence, between, divergence
from engine.language.problems import nearest
from engine.rulebook import Rulebook
from records import decisions
from records.database import reading


def run(
    area: str,
    on: date,
    concept: str,
    count: bool,
    output: str,
    lang: str,
    record: str,
    keys: Path,
    policies: Path | None,
) -> None:
    counted: list[Between] = []
    if count:
        with opened_record(record, keys) as database:
            book = rulebook_of(database, policies)
            found = _found(book, area, on, concept, lang)
            with reading(database) as read:
                stored = decisions.latest(read, book.fingerprint, true())
                counted = between(found, (parse_json(one.content) for one in stored))
    else:
        found = _found(open_rulebook(policies), area, on, concept, lang)
    if output == "json":
        typer.echo(encode_json({"concepts": found.concepts, "several": found.several, "between": counted}))
        return
    for line in _told(found, counted):
        typer.echo(line)


def _found(book: Rulebook, area: str, on: date, concept: str, lang: str) -> Divergence:
    if area not in book.areas:
        stop(f"没有地区 {area} · there is no area {area} {nearest(area, book.areas)}")
    if lang and lang not in book.languages:
        stop(f"规则库没有语言 {lang} · this rulebook does not speak {lang}")
    found = divergence(book, on, area, lang or book.languages[0])
    return found.only(concept) if concept else found


def _told(found: Divergence, counted: list[Between]) -> Iterator[str]:
    for concept in found.concepts:
        yield f"{concept.label}（{concept.name}）"
        for one in concept.thresholds:
            who = "、".join(one.titles[:3]) + ("…" if len(one.titles) > 3 else "")
            yield f"  {who}：{one.text}{_figures(one.parameters)}"
            if one.article:
                yield f"      {one.article}"
        for pair in counted:
            if pair.concept == concept.name:
                yield (
                    f"  {pair.first} ≠ {pair.second}: 只符合前者 · only the first {pair.only_first}, "
                    f"只符合后者 · only the second {pair.only_second}, 尚不清楚 · open {pair.open}"
                )
        yield ""
    for several in found.several:
        yield f"{several.label}（{several.fact}）"
        for way in several.ways:
            yield f"  {way.title}（{way.definition}）：{'、'.join(way.policies)}"
        yield ""


def _figures(parameters: Mapping[str, Any]) -> str:
    said = "; ".join(f"{name} = {encode_json(value).decode()}" for name, value in parameters.items())
    return f"  [{said}]" if said else ""
