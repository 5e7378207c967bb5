"""Three policies of the pack written by hand in Polars, as an analyst would for households of whom all is known.

One expression for each clause, one group_by over the people. No unknowns, versions or areas: the law's figures of the
day stand in the code.
"""

from __future__ import annotations

import polars as pl

from benchmarks.one_household.pack import ON

POLICIES = ("living_allowance", "low_income_edge", "extreme_hardship")
LIVING_LINE = {"rural": 63_200, "town": 70_050, "city": 83_200}  # cents
ASSET_LINE = 1_516_800


def _cents(name: str) -> pl.Expr:
    return (pl.col(name) * 100).cast(pl.Int64)


def _days_since(name: str) -> pl.Expr:
    return (pl.lit(ON) - pl.col(name)).dt.total_days()


def _age() -> pl.Expr:
    birth = pl.col("birth_date")
    had_birthday = (birth.dt.month() < ON.month) | (
        (birth.dt.month() == ON.month) & (birth.dt.day() <= ON.day)
    )
    return pl.lit(ON.year) - birth.dt.year() - 1 + had_birthday.cast(pl.Int32)


def _people(households: pl.LazyFrame) -> pl.LazyFrame:
    read = [
        "relation",
        "birth_date",
        "monthly_income",
        "pension",
        "disability",
        "work",
        "lives_here",
        "insured",
    ]
    here, grown = pl.col("lives_here"), pl.col("age") >= 18
    earned = _cents("monthly_income") + _cents("pension")
    vulnerable = (
        (pl.col("age") < 18).sum() + (pl.col("age") >= 60).sum() + (pl.col("disability") == "severe").sum()
    )
    return (
        households.select("row", "people")
        .explode("people")
        .select("row", *(pl.col("people").struct.field(name) for name in read))
        .with_columns(_age().alias("age"))
        .group_by("row", maintain_order=True)
        .agg(
            here.sum().cast(pl.Int64).alias("members"),
            pl.when(here).then(earned).otherwise(0).sum().alias("total_income"),
            vulnerable.cast(pl.Int64).alias("vulnerable"),
            (pl.col("age") >= 60).sum().cast(pl.Int64).alias("elders"),
            ((pl.col("relation") == "head") & here).any().alias("head_lives_here"),
            (pl.col("insured") & grown).any().alias("somebody_insured"),
            pl.col("work").is_in(["employed", "self_employed"]).sum().alias("earners"),
            (_cents("monthly_income") <= 250_000).all().alias("nobody_rich"),
        )
    )


def decide(table: pl.DataFrame) -> pl.DataFrame:
    """eligible and amount (cents) of each policy, a row for each household."""
    households = table.lazy().with_row_index("row")
    residence = pl.col("residence").cast(pl.String)
    frame = (
        households.drop("people")
        .join(_people(households), on="row", maintain_order="left")
        .with_columns(residence.replace_strict(LIVING_LINE, return_dtype=pl.Int64).alias("living_line"))
    )
    line = pl.col("living_line") * pl.col("members")
    income, members, savings = pl.col("total_income"), pl.col("members"), _cents("savings")
    clauses = {
        "living_allowance": [
            _days_since("moved_in") >= 180,
            pl.col("consents_to_checks"),
            income < line,
            savings <= ASSET_LINE * members,
            ~pl.col("owns_second_home"),
            _cents("vehicle_value") <= 2_000_000,
            ~pl.col("refused_work") | (pl.col("elders") == members),
            pl.col("head_lives_here"),
        ],
        "low_income_edge": [
            _days_since("moved_in") >= 365,
            pl.col("consents_to_checks"),
            100 * income < 150 * line,
            savings <= 2 * ASSET_LINE * members,
            _days_since("last_visit") <= 400,
            _cents("debts") <= 20_000_000,
            pl.col("tenure").cast(pl.String) != "shelter",
            pl.col("somebody_insured"),
        ],
        "extreme_hardship": [
            pl.col("earners") <= 1,
            pl.col("vulnerable") >= 1,
            income <= line,
            ~pl.col("runs_business"),
            (pl.col("land") * 10).cast(pl.Int64) <= 400,
            savings < 6_000_000,
            _days_since("last_visit") <= 540,
            pl.col("nobody_rich"),
        ],
    }
    amounts = {
        "living_allowance": line - income,
        "low_income_edge": (15 * line + 50) // 100,
        "extreme_hardship": pl.col("living_line") * pl.col("vulnerable"),
    }
    packed = [
        pl.sum_horizontal(
            clause.cast(pl.UInt64) * (1 << bit) for bit, clause in enumerate(clauses[name])
        ).alias(f"{name}.clauses")
        for name in POLICIES
    ]
    eligible = [pl.all_horizontal(*clauses[name]).alias(name) for name in POLICIES]
    paid = [amounts[name].alias(f"{name}.amount") for name in POLICIES]
    return frame.select(*eligible, *paid, *packed).collect()
