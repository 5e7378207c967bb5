"""What the commands over tables share: how they end when a table is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.stop import stop


@contextmanager
def reading_tables(data: Path) -> Iterator[None]:
    """Ends the command with a message when the table cannot be read."""
    import pyarrow

    from engine.population.layout import BadTable

    if not data.is_file():
        stop(f"{data}: 没有这个文件 · there is no such file")
    try:
        yield
    except BadTable as bad:
        stop("\n".join(f"{data}: {line}" for line in str(bad).splitlines()))
    except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError) as bad:
        stop(f"{data}: 不是可读的 Parquet 文件 · this Parquet file cannot be read: {bad}")
