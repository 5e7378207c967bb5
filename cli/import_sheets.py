"""`relief import`: households from sheets, with a verdict for every row, and what is wrong in a file to correct and send again."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from cli.rulebooks import language_of, open_rulebook
from cli.sheets import read_sheets
from cli.stop import BAD_INPUT, PARTIAL
from cli.table_files import write_tables, write_workbook, writing

if TYPE_CHECKING:
    from engine.population.sheets import CellProblem, Imported

VERDICTS = {
    "zh": {
        "ok": "通过",
        "warned": "通过，请核实",
        "wrong": "有误",
        "held-back": "同户其他行有误，暂不收",
    },
    "en": {
        "ok": "taken",
        "warned": "taken, have a look",
        "wrong": "wrong",
        "held-back": "held back, another row of the household is wrong",
    },
}
HEADER = {"zh": "问题", "en": "problems"}
MOST_SHOWN = 40


def run(source: Path, out: Path, policies: Path | None, lang: str | None, output: str) -> None:
    from engine.decision.inputs import inputs_on
    from engine.population.documents import table_of_households
    from engine.population.sheet_households import import_sheets
    from engine.rulebook.model import FOREVER

    book = open_rulebook(policies)
    language = language_of(book, lang)
    found = import_sheets(book, read_sheets(source))
    clear(out)
    if found.households:
        inputs = [inputs_on(book, one, FOREVER, FOREVER) for one in found.households]
        write_tables(
            {"households": table_of_households(book, found.households, inputs)}, out / "households.parquet"
        )
    say(found, source, out, language, output)
    if found.problems or not found.households:
        raise typer.Exit(PARTIAL if found.households else BAD_INPUT)


def say(found: Imported, source: Path, out: Path, language: str, output: str) -> None:
    """Verdicts for every row and field, and what is wrong to correct and send again, into a directory."""
    taken = len(found.households)
    headline = {"zh": f"收下 {taken} 户", "en": f"{taken} households taken"}[language]
    say_rows(found, source, out, language, output, headline, {"households": taken})


def say_rows(
    found: Imported,
    source: Path,
    out: Path,
    language: str,
    output: str,
    headline: str,
    taken: Mapping[str, int],
) -> None:
    """The same for rows of any kind. `headline` and `taken`: how many of what were taken."""
    _write_verdicts(found, out / "verdicts.csv", language)
    if found.problems:
        _write_wrong(found, out, source.suffix.lower() == ".xlsx", language)
    _tell(found, source, language, output, headline, taken)


def clear(out: Path) -> None:
    """What an earlier import into the same directory left would be taken for the answer to this one."""
    for path in (out / "households.parquet", *out.glob("to-correct.xlsx"), *out.glob("to-correct/*.csv")):
        path.unlink(missing_ok=True)


def _write_verdicts(found: Imported, path: Path, language: str) -> None:
    told = _by_row([*found.problems, *found.warnings])
    rows: list[Sequence[Any]] = [("sheet", "row", "household_id", "verdict", "column", "problem")]
    for row in found.rows:
        verdict = VERDICTS[language][found.verdict(row)]
        place = (row.sheet.name, row.number)
        for column, problem in [(one.column, one.said(language)) for one in told.pop(place, [])] or [
            ("", "")
        ]:
            rows.append((*place, row.household, verdict, column, problem))
    for (sheet, number), problems in told.items():  # of headers, and of sheets that nobody knows
        rows += [
            (sheet, number, "", VERDICTS[language]["wrong"], one.column, one.said(language))
            for one in problems
        ]
    writing(path, lambda: _write_csv(path, rows))


def _write_wrong(found: Imported, out: Path, workbook: bool, language: str) -> None:
    """Every row of a household that was not taken, as it came, with a first column that says what is wrong with it."""
    told = _by_row(found.problems)
    sheets: dict[str, tuple[list[Any], list[list[Any]]]] = {}
    for row in found.rows:
        if found.verdict(row) in ("ok", "warned"):
            continue
        header, rows = sheets.setdefault(
            row.sheet.name, ([HEADER[language], *_without(row.sheet.header, row.sheet.header)], [])
        )
        problems = "；".join(
            f"{one.column}: {one.said(language)}" for one in told.get((row.sheet.name, row.number), [])
        )
        rows.append([problems, *_without(row.sheet.header, row.sheet.rows[row.number - row.sheet.first])])
    if not sheets:
        return
    if workbook:
        path = out / "to-correct.xlsx"
        writing(path, lambda: write_workbook(sheets, path))
        return
    for name, (header, rows) in sheets.items():
        path = out / "to-correct" / f"{name}.csv"
        writing(path, lambda path=path, header=header, rows=rows: _write_csv(path, [header, *rows]))  # type: ignore[misc]


def _without(header: Sequence[str], cells: Sequence[Any]) -> list[Any]:
    """Cells without the column in which an earlier import said what was wrong."""
    from engine.population.sheets import PROBLEMS_COLUMN

    return [
        cell
        for title, cell in zip(header, cells, strict=False)
        if str(title).strip().lower() not in PROBLEMS_COLUMN
    ]


def _write_csv(path: Path, rows: Sequence[Sequence[Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = io.StringIO()
    csv.writer(text).writerows(["" if cell is None else cell for cell in row] for row in rows)
    path.write_bytes(text.getvalue().encode("utf-8-sig"))


def _by_row(problems: Sequence[CellProblem]) -> dict[tuple[str, int], list[CellProblem]]:
    found: dict[tuple[str, int], list[CellProblem]] = {}
    for one in problems:
        found.setdefault((one.sheet, one.row), []).append(one)
    return found


def _tell(
    found: Imported, source: Path, language: str, output: str, headline: str, taken: Mapping[str, int]
) -> None:
    verdicts: Mapping[str, int] = Counter(found.verdict(row) for row in found.rows)
    if output == "json":
        told = [{"sheet": one.sheet, "row": one.row, "column": one.column, "code": one.code, "message": one.said(language)}
                for one in (*found.problems, *found.warnings)]  # fmt: skip
        typer.echo(json.dumps({**taken, "rows": verdicts, "problems": told}, ensure_ascii=False))
        return
    shown = [*found.problems, *found.warnings]
    for one in shown[:MOST_SHOWN]:
        place = f"{one.sheet} 第 {one.row} 行" if language == "zh" else f"{one.sheet} row {one.row}"
        typer.echo(f"{source}: {place} {one.column}: {one.said(language)}", err=True)
    if len(shown) > MOST_SHOWN:
        typer.echo(f"… {len(shown) - MOST_SHOWN} (verdicts.csv)", err=True)
    listed = "，".join(
        f"{VERDICTS[language][name]} {verdicts[name]}" for name in VERDICTS[language] if verdicts.get(name)
    )
    typer.echo(f"{headline}；逐行：{listed}" if language == "zh" else f"{headline}; by row: {listed}")
