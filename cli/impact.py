"""`relief impact`: who gains and who loses by other rules, how much, and where more income leaves a household with less."""

from __future__ import annotations

import json
import os
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from cli.county_words import WORDS
from cli.population import reading_tables
from cli.rulebooks import language_of, open_rulebook
from cli.run_lists import area_name, policy_name, print_rows
from cli.stop import stop
from cli.table_files import write_tables
from engine.language.dates import from_date

if TYPE_CHECKING:
    from engine.population.changes import Example
    from engine.population.impact import Impact, Tally
    from engine.rulebook.model import Rulebook

STEPS = 120
# the income that rises: one more entry of this list for the first person of the household
INCOME_LIST, INCOME_AMOUNT = "income_items", "amount"
INCOME_ENTRY = {"kind": "wage", "per": "month"}


def run(
    data: Path,
    other: Path,
    out: Path,
    on: date,
    known: date,
    household: str | None,
    up_to: int,
    chart: Path | None,
    policies: Path | None,
    lang: str | None,
    output: str,
) -> None:
    before, after = open_rulebook(policies), open_rulebook(other)
    language = language_of(before, lang)
    with reading_tables(data):
        from engine.population.impact import impact
        from engine.population.stream import OtherRun

        try:
            found = impact(
                before, after, data, out, from_date(on), from_date(known), workers=os.cpu_count() or 1
            )
        except OtherRun as differs:
            stop(
                f"{out}: 这里是另一次测算的结果（{differs} 不同），请换一个目录\n"
                f"this directory holds the results of another run ({differs} differ); name another one"
            )
        write_tables({"changes": found.changed}, out / "changes.csv")
        chosen = household or _most_aided(found.examples)
        climbs = (
            None
            if chosen is None
            else _climbs((before, after), data, chosen, up_to, from_date(on), from_date(known))
        )
    if climbs is not None:
        from cli.charts import cliffs_chart, write_chart

        names = {one: policy_name(book, one, language) for book in (before, after) for one in book.policies}
        write_chart(cliffs_chart(climbs, names, language), chart or out / "cliffs.svg")
    if output == "json":
        typer.echo(json.dumps(_plain(found, climbs, before), ensure_ascii=False))
    else:
        print_impact(found, (before, after), language)
        if climbs is not None:
            _print_cliffs(climbs, chosen, (before, after), language)


def _most_aided(examples: list[Example]) -> str | None:
    """Of the examples the one with most to lose as its income rises."""
    return max(examples, key=lambda one: one.after).household_id if examples else None


# --- the household whose income rises -----------------------------------------------------------------------


def _climbs(
    books: tuple[Rulebook, Rulebook], data: Path, household: str, up_to: int, on: int, known: int
) -> dict[str, Any] | None:
    """The same household under both rulebooks, with nothing on record, from no wage to the highest."""
    from engine.population.cliffs import climb
    from engine.population.documents import document_of
    from engine.population.stream import find_household

    if any(INCOME_LIST not in book.facts for book in books):
        typer.echo(
            f"规则库没有事实 {INCOME_LIST}，不画收入图 · no fact `{INCOME_LIST}`, so no chart", err=True
        )
        return None
    try:
        document = document_of(find_household(data, household)[1])
    except KeyError:
        stop(f"{data}: 没有这一户 “{household}” · there is no household `{household}`")
    document["statuses"] = []
    first, *others = document["people"]
    own = first.get(INCOME_LIST, [])

    def vary(income: int) -> Any:
        entries = [*own, {**INCOME_ENTRY, INCOME_AMOUNT: income}] if income else own
        return {**document, "people": [{**first, INCOME_LIST: entries}, *others]}

    incomes = list(range(0, up_to + 1, max(up_to // STEPS, 1)))
    return {
        name: climb(book, vary, incomes, on, known)
        for name, book in zip(("before", "after"), books, strict=True)
    }


# --- telling ------------------------------------------------------------------------------------------------


def _money(book: Rulebook, coins: int) -> Decimal:
    return Decimal(coins).scaleb(-book.currency["decimals"])


def print_impact(found: Impact, books: tuple[Rulebook, Rulebook], language: str) -> None:
    book, words, whole = books[0], WORDS[language], found.whole
    zh = language == "zh"
    typer.echo(
        f"{whole.households} 户：{whole.gain} 户增加，{whole.lose} 户减少，{whole.open} 户有未定金额"
        if zh
        else f"{whole.households} households: {whole.gain} gain, {whole.lose} lose, {whole.open} have something open"
    )
    print_rows(
        ["", "现行" if zh else "before", "新规则" if zh else "after", "增减" if zh else "change"],
        [
            [
                words[period],
                *(
                    _money(book, coins)
                    for coins in (whole.before[period], whole.after[period], whole.change(period))
                ),
            ]
            for period in ("month", "once", "year")
        ],
    )
    typer.echo("\n按乡镇（每月）" if zh else "\nby town (a month)")
    header = (
        ["乡镇", "户", "增加", "减少", "现行", "新规则", "增减"]
        if zh
        else ["town", "households", "gain", "lose", "before", "after", "change"]
    )
    print_rows(
        header, [_town(book, area_name(book, area, language), one) for area, one in found.towns.items()]
    )
    typer.echo(
        "\n按政策（冲突处理前，已剔除互斥未保留的）"
        if zh
        else "\nby policy (before offsets, without what a conflict has dropped)"
    )
    header = (
        ["政策", "", "现行人户", "新规则人户", "现行", "新规则", "增减"]
        if zh
        else ["policy", "", "before", "after", "before", "after", "change"]
    )
    rows = []
    for policy, one in found.policies.items():
        if one.before != one.after or one.paid_before != one.paid_after:
            title = policy_name(books[0] if policy in books[0].policies else books[1], policy, language)
            sums = [_money(book, coins) for coins in (one.before, one.after, one.after - one.before)]
            rows.append([title, words.get(one.period, ""), one.paid_before, one.paid_after, *sums])
    print_rows(header, rows)
    _print_clauses(found, books, language)
    typer.echo("\n最清楚的例子" if zh else "\nthe clearest examples")
    for example in found.examples:
        _print_example(example, books, language)


def _town(book: Rulebook, name: str, one: Tally) -> list[Any]:
    sums = [_money(book, coins) for coins in (one.before["month"], one.after["month"], one.change("month"))]
    return [name, one.households, one.gain, one.lose, *sums]


def _print_clauses(found: Impact, books: tuple[Rulebook, Rulebook], language: str) -> None:
    words = WORDS[language]
    typer.echo("\n按条款" if language == "zh" else "\nby clause")
    for policy, one in found.policies.items():
        if one.clauses:
            book = books[1] if policy in books[1].policies else books[0]
            typer.echo(f"  {policy_name(book, policy, language)}")
            for (clause, was, becomes), count in one.clauses.most_common():
                typer.echo(
                    f"    {_label(book, policy, clause, language)}: {words[was]} → {words[becomes]}  {count}"
                )


def _label(book: Rulebook, policy: str, clause: str, language: str) -> str:
    """What a clause is called where it is called anything."""
    versions = book.policies[policy].versions if policy in book.policies else ()
    for version in reversed(versions):
        for one in (*version.concerns, *version.eligible.clauses(), *version.closed, *version.discretion):
            if one.id == clause:
                return str(one.label.get(language, clause))
    return clause


def _print_example(example: Example, books: tuple[Rulebook, Rulebook], language: str) -> None:
    words, book = WORDS[language], books[0]
    month = words["month"]
    typer.echo(
        f"  {example.household_id}  {area_name(book, example.area, language)}  {month} {example.before} → {example.after}"
    )
    for one in example.changes:
        amounts = (
            ""
            if one.before == one.after
            else f"  {'–' if one.before is None else one.before} → {'–' if one.after is None else one.after}"
        )
        who = "" if one.person_id is None else f" {one.person_id}"
        clauses = "、".join(
            f"{_label(books[1], one.policy, clause, language)} {words[was]}→{words[becomes]}"
            for clause, was, becomes in one.clauses
        )
        typer.echo(
            f"    {policy_name(book, one.policy, language)}{who}: {words[one.was]} → {words[one.becomes]}{amounts}"
            + (f"  ({clauses})" if clauses else "")
        )


def _print_cliffs(
    climbs: dict[str, Any], household: str | None, books: tuple[Rulebook, Rulebook], language: str
) -> None:
    zh = language == "zh"
    typer.echo(
        f"\n{household}：工资增加反而减少到手的地方"
        if zh
        else f"\n{household}: where a higher wage leaves less"
    )
    names = {"before": "现行", "after": "新规则"} if zh else {"before": "before", "after": "after"}
    for name, climb in climbs.items():
        for cliff in climb.cliffs:
            fallen = "、".join(
                policy_name(books[0 if name == "before" else 1], one, language) for one in cliff.policies
            )
            typer.echo(f"  {names[name]}  {cliff.income}: −{cliff.loss}  {fallen}")
        if not climb.cliffs:
            typer.echo(f"  {names[name]}  " + ("没有" if zh else "none"))


def _plain(found: Impact, climbs: dict[str, Any] | None, book: Rulebook) -> dict[str, Any]:
    from engine.population.impact import plain

    return {
        **plain(found, book),
        "cliffs": None
        if climbs is None
        else {
            name: [
                {"income": one.income, "loss": str(one.loss), "policies": one.policies}
                for one in climb.cliffs
            ]
            for name, climb in climbs.items()
        },
    }
