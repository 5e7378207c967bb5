"""What the commands over tables share: how they end when a table is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cli.stop import PARTIAL, stop

if TYPE_CHECKING:
    from engine.population.problems import TableProblem


@contextmanager
def reading_tables(data: Path) -> Iterator[None]:
    """Ends the command with a message when the table cannot be read, or a process at work has been ended."""
    import pyarrow

    from engine.population.problems import BadTable
    from engine.population.workers import WorkerLost

    if not data.is_file():
        stop(f"{data}: 没有这个文件 · there is no such file")
    try:
        yield
    except BadTable as bad:
        stop("\n".join(said(data, problem) for problem in bad.problems))
    except WorkerLost:
        stop(
            f"{data}: 一个工作进程被系统终止，多因内存不足；已完成的批次保留，腾出内存后重新运行即可接着做\n"
            "      = the system has ended one of the processes at work, most often for want of memory; finished batches "
            "stay, make room and run the same again to go on",
            PARTIAL,
        )
    except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError) as bad:
        stop(said(data, _unreadable(bad)))


def said(data: Path, problem: TableProblem) -> str:
    """A problem in both languages, with the file that it is in."""
    return f"{data}: {problem.said('zh')}\n      = {problem.said('en')}"


def _unreadable(error: Exception) -> TableProblem:
    from engine.population.problems import TableProblem

    return TableProblem("unreadable", told={"why": str(error).splitlines()[0]})
