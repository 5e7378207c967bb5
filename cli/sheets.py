"""Sheets from a workbook, or from the CSV files of a directory, each by its name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cli.stop import stop
from records.refused import Refused

if TYPE_CHECKING:
    from engine.population.sheets import Sheet


def read_sheets(path: Path) -> list[Sheet]:
    """Ends the command when nothing can be read."""
    from records import workbooks

    if path.is_dir():
        files = sorted(path.glob("*.csv"))
        if not files:
            stop(f"{path}: 目录里没有 .csv 文件 · there is no .csv file in this directory")
    elif path.suffix.lower() in (".csv", ".xlsx"):
        files = [path]
    elif path.is_file():
        stop(f"{path}: 请给 .xlsx 文件，或装有 .csv 文件的目录 · give an .xlsx, or a directory of .csv files")
    else:
        stop(f"{path}: 没有这个文件或目录 · there is no such file or directory")
    found: list[Sheet] = []
    for file in files:
        try:
            if file.suffix.lower() == ".xlsx":
                found += workbooks.read_workbook(str(file), file.read_bytes())
            else:
                sheet = workbooks.read_csv(str(file), file.read_bytes())
                found.append(type(sheet)(file.stem, sheet.header, sheet.rows, sheet.first))
        except FileNotFoundError:
            stop(f"{path}: 没有这个文件或目录 · there is no such file or directory")
        except OSError as error:
            stop(f"{file}: 无法读取 · cannot be read: {error.strerror or error}")
        except Refused as refused:
            stop(str(refused))
    return found
