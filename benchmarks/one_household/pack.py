"""The pack that both engines are given: one structure, made into rule files, ZEN content and the oracle."""

from __future__ import annotations

from datetime import date

from benchmarks.one_household.facts import DEFINITIONS, FACTS, PARAMETERS, TABLES
from benchmarks.one_household.model import Pack
from benchmarks.one_household.policies_livelihood import LIVELIHOOD
from benchmarks.one_household.policies_services import SERVICES

PACK = Pack(FACTS, PARAMETERS, TABLES, DEFINITIONS, (*LIVELIHOOD, *SERVICES))

IN_FORCE_FROM = date(2024, 1, 1)
ON = date(2026, 6, 1)  # the first of a month: amounts and clauses then see the same ages
"""The legal date of every decision of the benchmark."""

AREA = "riverside"
"""The one area of the pack's rulebook."""
