"""`relief explain-row`: one household of a run over all of them, decided again and explained."""

from __future__ import annotations

from pathlib import Path

import typer

from cli.documents import refuse
from cli.explain import print_explanation
from cli.population import reading_tables
from cli.rulebooks import language_of, open_rulebook
from cli.stop import NEGATIVE, stop
from engine.decision import BadDocument
from engine.decision.decide import decide_situation, situate
from engine.decision.document import read_household
from engine.decision.explain import explain
from engine.language.dates import parse_date


def run(
    data: Path,
    household_id: str,
    out: Path,
    layer: str,
    policies: Path | None,
    lang: str | None,
    output: str,
) -> None:
    book = open_rulebook(policies)
    language = language_of(book, lang)
    with reading_tables(data):
        from engine.population.documents import document_of
        from engine.population.row import differences, row_of
        from engine.population.stream import find_household, result_row, run_of

        try:
            ran = run_of(out)
        except FileNotFoundError:
            stop(
                f"{out}: 没有批量裁定的结果，请先运行 relief decide-all · no results here; run relief decide-all"
            )
        if ran["rulebook"] != book.fingerprint:
            stop(f"{out}: 结果出自另一版规则库 · these results were made with another rulebook")
        on, known = parse_date(ran["on"]), parse_date(ran["known"])
        assert on is not None and known is not None
        try:
            place, row = find_household(data, household_id)
        except KeyError:
            stop(f"{data}: 没有这一户 “{household_id}” · there is no household `{household_id}`")
        try:
            household = read_household(book, document_of(row))
        except BadDocument as bad:
            refuse(str(data), bad)
        at = situate(book, household, on, known)
        decision = decide_situation(at)
        unlike = differences(row_of(at, decision), result_row(data, out, place))
    print_explanation(explain(book, decision, layer, language), output)
    if unlike:
        typer.echo("批量结果与重新裁定不一致 · the results say otherwise:", err=True)
        stop("\n".join(f"  {one}" for one in unlike), NEGATIVE)
