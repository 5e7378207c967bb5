"""Past one machine: the kernel inside Spark's `mapInArrow`, and what only all households together can show.

Spark reads, shares out, starts again what was lost, and writes; nothing of a decision is computed twice over here.

    RESULTS/households   a row for each household as `engine.population.results` has it, in Spark's types
    RESULTS/same_person  people who stand in more than one household
    RESULTS/run          which households, rulebook and days they answer
    RESULTS/exclusive    people who draw two programmes that exclude each other, in one household or in several
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from engine.decision.model import ENGINE
from engine.language.dates import day_text
from engine.language.scope import PERSON
from engine.population.across import exclusive, same_person
from engine.population.kernel import Kernel
from engine.population.layout import check_schema
from engine.population.problems import BadTable, bad
from engine.population.stream import HOUSEHOLDS_AT_ONCE, OtherRun
from engine.rulebook.model import Rulebook

if TYPE_CHECKING:
    from pyspark.broadcast import Broadcast
    from pyspark.sql import DataFrame, SparkSession

HOUSEHOLDS, SAME_PERSON, EXCLUSIVE, RUN = "households", "same_person", "exclusive", "run"
NOT_OF_PEOPLE = "size(households) > 20"  # an id that more households share does not name a person
ALONE = re.compile(r"local(-cluster)?(\[.*\])?")  # masters that stay on this machine
_REFUSED = re.compile(r"<refused>(\[.*\])</refused>")
_COUNTED = pa.schema([("policy", pa.string()), ("outcome", pa.string()), ("count", pa.int64())])


class NoSpark(Exception):
    """What is missing to run Spark: `pyspark` or `java`."""


@dataclass(frozen=True, slots=True)
class SparkSummary:
    """households; per policy how often each outcome; how many people stand twice, and draw what excludes each other."""

    households: int
    outcomes: dict[str, Counter[str]]
    same_person: int
    exclusive: int


@contextmanager
def session(master: str) -> Iterator[SparkSession]:
    """A Spark session. On this machine alone it listens on 127.0.0.1 and serves no pages. Raises `NoSpark`."""
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise NoSpark("pyspark") from None
    if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
        raise NoSpark("java")
    settings = {
        "spark.sql.execution.arrow.maxRecordsPerBatch": HOUSEHOLDS_AT_ONCE,
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    if ALONE.fullmatch(master):
        os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
        os.environ["PYSPARK_PYTHON"] = sys.executable
        settings |= {
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.executorEnv.SPARK_LOCAL_IP": "127.0.0.1",
            "spark.executorEnv.PYTHONPATH": os.pathsep.join(one for one in sys.path if one),
        }
    builder = SparkSession.builder.master(master).appName("smart-relief")
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    try:
        yield spark
    finally:
        spark.stop()


def decide_all(
    spark: SparkSession, book: Rulebook, source: str, out: str, on: int, known: int
) -> SparkSummary:
    """Decides every household of a Parquet file or directory that all workers can read.

    Run again it decides everybody again; what Spark has lost on the way it computes again by itself. Raises `BadTable`
    when the households do not fit the dictionary, then the whole run is off; `OtherRun` when `out` belongs to another.
    """
    from pyspark.errors import PythonException

    _claim(spark, book, source, out, on, known)
    households = _shared_out(spark, _read(spark, book, source))
    try:
        decided(spark, book, households, on, known).write.mode("overwrite").parquet(f"{out}/{HOUSEHOLDS}")
    except PythonException as error:
        told = _REFUSED.search(str(error))
        if told is None:
            raise
        raise BadTable.from_text(told.group(1)) from None
    counted = _counted(spark, book, f"{out}/{HOUSEHOLDS}")
    rows = counted.pop(HOUSEHOLDS)[""]
    in_two = _written(same_person(households), f"{out}/{SAME_PERSON}")
    wrong = spark.read.parquet(f"{out}/{SAME_PERSON}").where(NOT_OF_PEOPLE).head()
    if wrong is not None:
        raise bad(
            "ids-not-of-people",
            "people.person_id",
            value=wrong["person_id"],
            count=len(wrong["households"]),
        )
    twice = _written(exclusive(spark, book, households, on, known), f"{out}/{EXCLUSIVE}")
    return SparkSummary(rows, counted, in_two, twice)


def _written(frame: DataFrame, path: str) -> int:
    """Writes a few rows, and says how many."""
    from pyspark.sql import Observation
    from pyspark.sql import functions as f

    rows = Observation()
    counted = frame.coalesce(1).observe(rows, f.count(f.lit(1)).alias("rows"))
    counted.write.mode("overwrite").parquet(path)
    return int(rows.get["rows"])


# --- the kernel on every worker -----------------------------------------------------------------------------


def decided(spark: SparkSession, book: Rulebook, households: DataFrame, on: int, known: int) -> DataFrame:
    """The results of all households. The rulebook travels to each worker once, and each worker prepares it once."""
    from pyspark.sql.pandas.types import from_arrow_schema

    shipped = spark.sparkContext.broadcast(replace(book, memo={}))
    schema = plain_schema(Kernel(book, on, known).schema)

    def decide(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        kernel = _kernel_of(shipped, on, known)
        for rows in batches:
            try:
                found = kernel.run(rows)
            except BadTable as wrong:  # only a text comes back from a worker
                raise ValueError(f"<refused>{wrong.as_text()}</refused>") from None
            yield plain(found, schema)

    return households.mapInArrow(decide, from_arrow_schema(schema))


_kernels: dict[tuple[str, int, int], Kernel] = {}  # of this worker


def _kernel_of(shipped: Broadcast[Rulebook], on: int, known: int) -> Kernel:
    book = shipped.value
    key = book.fingerprint, on, known
    if key not in _kernels:
        _kernels[key] = Kernel(book, on, known)
    return _kernels[key]


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """A schema in types that Spark has: texts that are no dictionaries; 64 bits that are a signed number."""
    return pa.schema([_plain_field(field) for field in schema])


def _plain_field(field: pa.Field) -> pa.Field:
    return field.with_type(_plain_type(field.type))


def _plain_type(of: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(of):
        return of.value_type
    if pa.types.is_struct(of):
        return pa.struct([_plain_field(field) for field in of])
    if pa.types.is_list(of):
        return pa.list_(pa.field("element", _plain_type(of.value_type)))
    return pa.int64() if of == pa.uint64() else of


def plain(rows: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    columns = [
        column.cast(field.type, safe=False) for column, field in zip(rows.columns, schema, strict=True)
    ]
    return pa.record_batch(columns, schema=schema)


# --- reading ------------------------------------------------------------------------------------------------


def _claim(spark: SparkSession, book: Rulebook, source: str, out: str, on: int, known: int) -> None:
    """Writes down what this run answers, or makes sure that it is what was written down."""
    from pyspark.errors import AnalysisException

    run = {
        "households": source,
        "rulebook": book.fingerprint,
        "engine": ENGINE,
        "on": day_text(on),
        "known": day_text(known),
    }
    schema = ", ".join(f"`{name}` string" for name in run)
    if (Path(out) / "run.json").exists():
        raise OtherRun("run.json")
    try:
        before = spark.read.schema(schema).json(f"{out}/{RUN}").head()
    except AnalysisException:  # there is none
        before = None
    if before is None:
        spark.createDataFrame([tuple(run.values())], schema).coalesce(1).write.json(f"{out}/{RUN}")
    elif before.asDict() != run:
        raise OtherRun(", ".join(name for name, value in run.items() if before[name] != value))


def _read(spark: SparkSession, book: Rulebook, source: str) -> DataFrame:
    from pyspark.sql.pandas.types import to_arrow_schema

    households = spark.read.parquet(source)
    check_schema(book, to_arrow_schema(households.schema))
    again = households.groupBy("household_id").count().where("count > 1").head()
    if again is not None:
        raise bad("household-again", "household_id", value=again["household_id"], count=again["count"])
    return households


def _shared_out(spark: SparkSession, households: DataFrame) -> DataFrame:
    """At least as many pieces as there are cores, also of a file that is one piece."""
    cores = spark.sparkContext.defaultParallelism
    return households if households.rdd.getNumPartitions() >= cores else households.repartition(cores * 4)


def _counted(spark: SparkSession, book: Rulebook, results: str) -> dict[str, Counter[str]]:
    """How often each policy gave each outcome, and under `HOUSEHOLDS` how many rows there are."""

    def count(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for rows in batches:
            people = rows.column("people").flatten()
            told = [(HOUSEHOLDS, "", rows.num_rows)]
            for name, policy in book_units.items():
                found = people.field(name) if policy == PERSON else rows.column(name)
                counted = pc.value_counts(found.field("outcome")).to_pylist()
                told += [(name, one["values"], one["counts"]) for one in counted]
            yield pa.RecordBatch.from_pylist(
                [{"policy": a, "outcome": b, "count": c} for a, b, c in told], schema=_COUNTED
            )

    book_units = {name: policy.unit for name, policy in book.policies.items()}
    pieces = spark.read.parquet(results).mapInArrow(count, "policy string, outcome string, count long")
    total: dict[str, Counter[str]] = {}
    for row in pieces.groupBy("policy", "outcome").sum("count").collect():
        total.setdefault(row[0], Counter())[row[1]] = row[2]
    return {name: total.get(name, Counter()) for name in (HOUSEHOLDS, *book_units)}
