"""What the commands over tables share: how they end when a table is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cli.stop import stop

if TYPE_CHECKING:
    from engine.population.problems import TableProblem


@contextmanager
def reading_tables(data: Path) -> Iterator[None]:
    """Ends the command with a message when the table cannot be read."""
    import pyarrow

    from engine.population.problems import BadTable

    if not data.is_file():
        stop(f"{data}: 没有这个文件 · there is no such file")
    try:
        yield
    except BadTable as bad:
        stop("\n".join(said(data, problem) for problem in bad.problems))
    except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError) as bad:
        stop(said(data, _unreadable(bad)))


def said(data: Path, problem: TableProblem) -> str:
    """A problem in both languages, with the file that it is in."""
    return f"{data}: {problem.said('zh')}\n      = {problem.said('en')}"


def _unreadable(error: Exception) -> TableProblem:
    from engine.population.problems import TableProblem

    return TableProblem("unreadable", told={"why": str(error).splitlines()[0]})
