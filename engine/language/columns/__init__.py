"""The column reading: a program over many households at once, one numpy array per value.

`compile_columns(program)` prepares a program once; `Columns.read(tables, …)` reads it over one batch of households.
"""

from engine.language.columns.reading import Columns, Given, Reading, Tables, compile_columns
from engine.language.columns.values import Codes, Column, Frame, Lists, Numbers, Ratios, Truths

__all__ = [
    "Codes",
    "Column",
    "Columns",
    "Frame",
    "Given",
    "Lists",
    "Numbers",
    "Ratios",
    "Reading",
    "Tables",
    "Truths",
    "compile_columns",
]
