"""What the commands over a finished run share: opening it, and showing tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from cli.county_words import WORDS
from cli.population import reading_tables
from cli.rulebooks import open_rulebook
from cli.stop import stop

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.population.pairs import Run
    from engine.rulebook.model import Rulebook

UNLIKE = {
    "run.json": ("没有批量裁定的结果", "there are no results here"),
    "households": ("结果出自另一份资料", "these are results of other households"),
    "rulebook": ("结果出自另一版规则库", "these results were made with another rulebook"),
}


@contextmanager
def finished_run(data: Path, out: Path, policies: Path | None) -> Iterator[Run]:
    """The run over these data, or the end of the command."""
    book = open_rulebook(policies)
    with reading_tables(data):
        from engine.population.pairs import NoResults, open_run

        try:
            run = open_run(book, data, out)
        except NoResults as no:
            zh, en = UNLIKE.get(
                str(no), (f"结果不全，缺 {no}", f"the results are not whole, {no} is missing")
            )
            stop(f"{out}: {zh}，请先运行 relief decide-all · {en}; run relief decide-all")
        yield run


def area_name(book: Rulebook, code: str, language: str) -> str:
    area = book.areas.get(code)
    return code if area is None else area.label.get(language, code)


def policy_name(book: Rulebook, policy: str, language: str) -> str:
    return str(book.policies[policy].versions[-1].title.get(language, policy))


def shown(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, Decimal | int) and not isinstance(value, bool) else str(value)


def print_rows(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Columns side by side, Chinese characters counted as two wide."""
    table = [[str(one) for one in header], *([shown(one) for one in row] for row in rows)]
    widths = [max(map(_width, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        typer.echo("  " + "  ".join(cells).rstrip())


def _width(text: str) -> int:
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)


def in_words(language: str, names: Sequence[str]) -> list[str]:
    return [WORDS[language].get(name, name) for name in names]


def plain_rows(table: pa.Table) -> list[dict[str, Any]]:
    """Rows that JSON can hold: money as the numbers they are."""
    return [
        {key: str(value) if isinstance(value, Decimal) else value for key, value in row.items()}
        for row in table.to_pylist()
    ]
