"""The same kernel on Spark: two worker processes give the local result, also when one of them is killed."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from cli.main import app
from engine.population import spark, stream
from engine.population.documents import table_of
from engine.population.problems import BadTable
from engine.rulebook.in_force import in_force
from tests.support.households import Families, places, shipped, without

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DAY = 20260915
DIFFERENT, HOUSEHOLDS = 300, 2_400
MASTER = "local-cluster[2,1,1024]"
LACKING = [
    name
    for name, there in (("pyspark", find_spec("pyspark")), ("java", shutil.which("java")))
    if there is None
]
REQUIRED = "RELIEF_REQUIRE_SPARK"

pytestmark = pytest.mark.skipif(
    bool(LACKING) and not os.environ.get(REQUIRED),
    reason=f"SPARK IS NOT TESTED: {' and '.join(LACKING)} missing; see docs/scale.md",
)


@pytest.fixture(scope="module")
def session() -> Iterator[SparkSession]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(
            "JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
        )  # starts in half the time
        with spark.session(MASTER) as session:
            yield session


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some households stand several times under other ids, with the same people: as in two registers."""
    random, families = Random(23), Families(shipped())
    documents: list[Any] = []
    for number in range(DIFFERENT):
        document = families.document(random, DAY) | {"household_id": f"h{number}"}
        lost = [place for place in places(document) if len(place) < 4 and random.random() < 0.02]
        documents.append(without(document, lost))
    unnamed = table_of(shipped(), documents, DAY, DAY).to_pylist()
    rows = [_named(row, number) for number, row in enumerate(unnamed)]
    everyone = [rows[number % DIFFERENT] | {"household_id": f"h{number}"} for number in range(HOUSEHOLDS)]
    table = table_of(shipped(), [], DAY, DAY)
    path = tmp_path_factory.mktemp("spark") / "data.parquet"
    pq.write_table(type(table).from_pylist(everyone, schema=table.schema), path, row_group_size=500)
    return path


def _named(row: Any, number: int) -> Any:
    """With ids of people that are theirs in the whole table."""
    for one in (*row["people"], *(row["statuses"] or ())):
        if one["person_id"] is not None:
            one["person_id"] = f"{number}-{one['person_id']}"
    return row


@pytest.fixture(scope="module")
def local(data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    out = tmp_path_factory.mktemp("local") / "out"
    stream.decide_all(shipped(), data, out, DAY, DAY, at_once=1000)
    return rows_of(sorted(out.glob("*.parquet")))


def rows_of(files: list[Path]) -> dict[str, Any]:
    return {row["household_id"]: row for file in files for row in pq.read_table(file).to_pylist()}


def decided(out: Path) -> dict[str, Any]:
    return rows_of(sorted((out / spark.HOUSEHOLDS).glob("*.parquet")))


def test_two_workers_give_the_local_result_row_for_row(
    session: SparkSession, data: Path, local: dict[str, Any], tmp_path: Path
) -> None:
    summary = spark.decide_all(session, shipped(), str(data), str(tmp_path), DAY, DAY)
    found = decided(tmp_path)
    assert len(found) == summary.households == HOUSEHOLDS
    assert found == local
    for name, counts in summary.outcomes.items():
        told = [row for one in local.values() for row in (one, *one["people"]) if name in row]
        assert counts == {outcome: sum(row[name]["outcome"] == outcome for row in told) for outcome in counts}
        assert counts.total() == len(told)
    rows = pq.read_table(data).to_pylist()
    twice = {row["person_id"]: row["households"] for row in _told(tmp_path, spark.SAME_PERSON)}
    assert twice == people_of(rows)
    assert summary.same_person == len(twice) > 0
    drawn = {tuple(row.values()) for row in _told(tmp_path, spark.EXCLUSIVE)}
    assert drawn == exclusive_of(rows)
    assert summary.exclusive == len(drawn) > 0


def _told(out: Path, name: str) -> list[dict[str, Any]]:
    return [row for file in (out / name).glob("*.parquet") for row in pq.read_table(file).to_pylist()]


def people_of(rows: list[Any]) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for row in rows:
        for person in row["people"]:
            found.setdefault(person["person_id"], set()).add(row["household_id"])
    return {person: sorted(many) for person, many in found.items() if len(many) > 1}


def exclusive_of(rows: list[Any]) -> set[tuple[str, ...]]:
    """Everything that one person draws, pair by pair."""
    day = date(2026, 9, 15)
    drawn: dict[str, set[tuple[str, str]]] = {}
    for row in rows:
        for one in row["statuses"] or ():
            if one["from"] <= day <= (one["to"] or day) and (one["recorded"] or day) <= day:
                for person in row["people"]:
                    if one["person_id"] in (None, person["person_id"]):
                        drawn.setdefault(person["person_id"], set()).add((one["policy"], row["household_id"]))
    rules = [one for one in in_force(shipped(), DAY, DAY, None).conflicts if one.stage == "exclusive"]
    return {
        (person, rule.id, *first, *second)
        for person, many in drawn.items()
        for rule in rules
        for a, b in combinations(rule.between, 2)
        for first in many
        for second in many
        if (first[0], second[0]) == (a, b)
    }


def test_a_killed_worker_changes_nothing(
    session: SparkSession, data: Path, local: dict[str, Any], tmp_path: Path
) -> None:
    households = session.read.parquet(str(data)).repartition(24)
    out = tmp_path / spark.HOUSEHOLDS
    with ThreadPoolExecutor(1) as pool:
        writing = spark.decided(session, shipped(), households, DAY, DAY).write
        running = pool.submit(writing.parquet, str(out))
        while not list(out.glob("_temporary/0/task_*")):
            assert not running.done(), "nothing was left to be killed"
            time.sleep(0.02)
        killed = workers(session)
        os.kill(killed[0], signal.SIGKILL)
        assert not running.done()
        running.result(timeout=120)
    assert len(killed) == 2
    assert decided(tmp_path) == local


def workers(session: SparkSession) -> list[int]:
    """The processes of the executors, which descend from this session's own Java process."""
    parents = {}
    for one in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(one.name)] = int((one / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:  # ended by now
            continue
    found = []
    for one in parents:
        above = one
        while above in parents and above != session.sparkContext._gateway.proc.pid:
            above = parents[above]
        if above in parents and b"CoarseGrainedExecutorBackend" in _command(one):
            found.append(one)
    return [one for one in found if parents[one] not in found]


def _command(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def test_what_the_dictionary_does_not_allow_stops_the_run(
    session: SparkSession, data: Path, tmp_path: Path
) -> None:
    table = pq.read_table(data)
    pq.write_table(table.append_column("incme", table.column("household_id")), tmp_path / "more.parquet")
    with pytest.raises(BadTable, match="incme: there is no such fact"):
        spark.decide_all(session, shipped(), str(tmp_path / "more.parquet"), str(tmp_path / "a"), DAY, DAY)
    nowhere = table.slice(0, 2).set_column(1, "area", pa.array(["sample_county", "atlantis"]))
    pq.write_table(nowhere, tmp_path / "nowhere.parquet")
    with pytest.raises(BadTable, match=r"there is no area .*atlantis"):
        spark.decide_all(session, shipped(), str(tmp_path / "nowhere.parquet"), str(tmp_path / "c"), DAY, DAY)
    twice = table.slice(0, 2).take([0, 1, 1])
    pq.write_table(twice, tmp_path / "twice.parquet")
    with pytest.raises(BadTable, match="household id `h1` stands 2 times"):
        spark.decide_all(session, shipped(), str(tmp_path / "twice.parquet"), str(tmp_path / "b"), DAY, DAY)
    with pytest.raises(stream.OtherRun, match="on"):
        spark.decide_all(
            session, shipped(), str(tmp_path / "twice.parquet"), str(tmp_path / "b"), 20260101, DAY
        )


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    asked = ["decide-all", "data.parquet", "--out", str(tmp_path), "--engine", "spark"]
    ended = CliRunner().invoke(app, asked)
    assert ended.exit_code == 2
    assert "openjdk-17-jre-headless" in ended.stderr
