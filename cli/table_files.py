"""Tables for other programs: Parquet, CSV or XLSX, as the name of the file says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from cli.stop import stop

MOST_ROWS = 1_048_575  # of a sheet, below its header
KINDS = (".parquet", ".csv", ".xlsx")


def write_tables(tables: Mapping[str, pa.Table], path: Path) -> list[Path]:
    """Writes tables by name: sheets of one workbook, or a file each (`NAME` put in where there are several)."""
    kind = path.suffix.lower()
    if kind not in KINDS:
        stop(
            f"{path}: 只能写 {' '.join(KINDS)}，请改文件名 · name a file that ends in one of {' '.join(KINDS)}"
        )
    writing(path, lambda: path.parent.mkdir(parents=True, exist_ok=True))
    if kind == ".xlsx":
        writing(path, lambda: _write_workbook(tables, path))
        return [path]
    paths = []
    for name, table in tables.items():
        place = path if len(tables) == 1 else path.with_name(f"{path.stem}-{name}{path.suffix}")
        write = _write_parquet if kind == ".parquet" else _write_csv
        writing(place, lambda write=write, table=table, place=place: write(table, place))  # type: ignore[misc]
        paths.append(place)
    return paths


def writing(path: Path, write: Callable[[], None]) -> None:
    """Ends the command when a file cannot be written, and says why; half a file is not left behind."""
    try:
        write()
    except OSError as error:
        path.with_name(path.name + ".part").unlink(missing_ok=True)
        stop(f"{path}: 无法写入 · cannot be written: {error.strerror or error}")


def _beside(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def _write_parquet(table: pa.Table, path: Path) -> None:
    import pyarrow.parquet as pq

    pq.write_table(table, _beside(path), compression="zstd")
    _beside(path).replace(path)


def _write_csv(table: pa.Table, path: Path) -> None:
    """With a byte order mark, so that Excel takes it for UTF-8."""
    import pyarrow.csv

    flat = pa.table({name: _plain(table.column(name)) for name in table.column_names})
    with _beside(path).open("wb") as file:
        file.write(b"\xef\xbb\xbf")
        pyarrow.csv.write_csv(flat, file)
    _beside(path).replace(path)


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column


def _write_workbook(tables: Mapping[str, pa.Table], path: Path) -> None:
    for name, table in tables.items():
        if table.num_rows > MOST_ROWS:
            stop(
                f"{path}: “{name}”有 {table.num_rows} 行，一张工作表最多 {MOST_ROWS} 行，请写 .csv 或 .parquet · "
                f"`{name}` has {table.num_rows} rows, more than a sheet holds; write .csv or .parquet"
            )
    sheets = {name: (table.column_names, _rows(table)) for name, table in tables.items()}
    write_workbook(sheets, _beside(path))
    _beside(path).replace(path)


def _rows(table: pa.Table) -> Iterable[list[Any]]:
    for batch in table.to_batches(8192):
        yield from (list(row.values()) for row in batch.to_pylist())


def write_workbook(sheets: Mapping[str, tuple[Iterable[Any], Iterable[Iterable[Any]]]], path: Path) -> None:
    """Sheets by name, each a header and rows. A text stays a text, also when it begins like a formula."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    for name, (header, rows) in sheets.items():
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        for row in ([*header], *rows):
            cells = []
            for value in row:
                cell = WriteOnlyCell(sheet, value=value)
                if isinstance(value, str):
                    cell.data_type = "s"
                cells.append(cell)
            sheet.append(cells)
    book.save(path)
