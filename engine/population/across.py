"""What only all households together can show, as joins and sums of Spark: one person in several households, and
programmes on record for one person that exclude each other, wherever they stand.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from engine.language.dates import to_date
from engine.rulebook.in_force import in_force
from engine.rulebook.model import Rulebook

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def same_person(households: DataFrame) -> DataFrame:
    """person_id, households: everyone whose id stands in more than one household."""
    from pyspark.sql import functions as f

    entries = households.select("household_id", f.explode("people.person_id").alias("person_id"))
    gathered = entries.groupBy("person_id").agg(
        f.array_sort(f.collect_set("household_id")).alias("households")
    )
    return gathered.where(f.size("households") > 1)


def exclusive(spark: SparkSession, book: Rulebook, households: DataFrame, on: int, known: int) -> DataFrame:
    """person_id, rule, and two policies with the households where they are on record for the person that day."""
    from pyspark.sql import functions as f

    rules = in_force(book, on, known, None).conflicts
    pairs = [
        (one.id, *pair) for one in rules if one.stage == "exclusive" for pair in combinations(one.between, 2)
    ]
    wanted = sorted({policy for _, *pair in pairs for policy in pair})
    drawn = _drawn(households, on, known).where(f.col("policy").isin(wanted))
    first = drawn.select(
        "person_id", f.col("policy").alias("first"), f.col("household_id").alias("first_household")
    )
    second = drawn.select(
        "person_id", f.col("policy").alias("second"), f.col("household_id").alias("second_household")
    )
    named = spark.createDataFrame(pairs, "rule string, first string, second string")
    return (
        first.join(second, "person_id")
        .join(f.broadcast(named), ["first", "second"])
        .select("person_id", "rule", "first", "first_household", "second", "second_household")
    )


def _drawn(households: DataFrame, on: int, known: int) -> DataFrame:
    """person_id, household_id, policy: what is on record that day for the person, or for the whole household."""
    from pyspark.sql import functions as f

    if "statuses" not in households.columns:
        return households.sparkSession.createDataFrame(
            [], "person_id string, household_id string, policy string"
        )
    entries = households.select("household_id", "statuses", f.explode("people.person_id").alias("person_id"))
    each = entries.select("household_id", "person_id", f.explode("statuses").alias("status"))
    fields = each.schema["status"].dataType.fieldNames()
    day, by = f.lit(to_date(on)), f.lit(to_date(known))
    covers = f.col("status.from") <= day
    for name, last in (
        ("to", f.coalesce(f.col("status.to"), day) >= day),
        ("recorded", f.coalesce(f.col("status.recorded"), by) <= by),
    ):
        covers = covers & last if name in fields else covers
    if "person_id" in fields:
        covers = covers & f.coalesce(f.col("status.person_id") == f.col("person_id"), f.lit(True))
    return each.where(covers).select("person_id", "household_id", "status.policy").distinct()
