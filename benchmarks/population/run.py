"""How fast every household is decided, and in how much memory.

`python -m benchmarks.population.run [--households 350000] [--rounds 9]`

1. The shared pack (24 policies of 8 clauses) in memory, from a table to all results, with clause truths and sums.
2. The same pack, the same table, in turns after one that is not counted, each engine in a process of its own: the
   kernel, OpenFisca-core with its entities built, and ZEN and durable_rules on a sample, extrapolated. The answers are
   compared first. Each way is shown on one core and on all: OpenFisca takes one, so that for all cores the households
   are dealt to processes, and what these would have to send back is not counted. durable_rules is given the truths of
   the clauses and only chains them.
3. Three of its policies beside the same three written by hand in Polars; the answers are compared first.
4. The county rulebook from Parquet to Parquet in a process of its own: people per second, peak memory of it and of
   its workers together.

Every process that is measured has the same memory settings (`keep_memory`).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pyarrow as pa

from benchmarks.one_household import zen_side
from benchmarks.one_household.households import random_households
from benchmarks.one_household.pack import PACK
from benchmarks.population import by_hand, data, durable_side, openfisca_side
from engine.population.kernel import Kernel
from engine.population.stream import decide_all
from engine.population.workers import in_processes, keep_memory
from tests.support.households import shipped

SAMPLE = 500  # households of those that take one at a time
OF_SAMPLE = ", extrapolated to all"
AT_ONCE_IN_MEMORY = 98_304  # households; threads need long steps, and nothing here has to be small
CORES = os.cpu_count() or 1


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--households", type=int, default=350_000)
    arguments.add_argument("--rounds", type=int, default=9)
    arguments.add_argument("--county", type=Path, help=argparse.SUPPRESS)
    asked = arguments.parse_args()
    if asked.county:
        return county_alone(asked.county)
    print(
        f"Python {platform.python_version()}, numpy {version('numpy')}, pyarrow {version('pyarrow')}, "
        f"polars {pl.__version__}, {CORES} cores, load {os.getloadavg()[0]:.1f}"
    )
    keep_memory()
    for households in sorted({100_000, asked.households}):
        pack(households, asked.rounds)
    beside_others(asked.households, asked.rounds)
    beside_polars(asked.households, asked.rounds)
    county(asked.households)
    return 0


def _table(households: int, table: pa.Table) -> pa.Table:
    parts: list[pa.Table] = []
    data.repeated(table, households, parts.append)
    return pa.concat_tables(parts).combine_chunks()


def people_in(table: pa.Table) -> int:
    return sum(len(chunk.values) for chunk in table.column("people").chunks)


def timed(work: Callable[[], object], rounds: int) -> str:
    """Median and least seconds, and the processor time of the least."""
    figures = []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        figures.append((time.perf_counter() - wall, time.process_time() - cpu))
    walls = [wall for wall, _ in figures]
    return f"median {statistics.median(walls):6.2f} s, least {min(walls):6.2f} s, processor {min(cpu for _, cpu in figures):6.2f} s"


def decided(kernel: Kernel, table: pa.Table, cores: int = CORES) -> pa.Table:
    """All results of a table, by so many threads, two batches each or more."""
    least = -(-len(table) // (2 * cores))
    with ThreadPoolExecutor(cores) as pool:
        return pa.Table.from_batches(pool.map(kernel.run, table.to_batches(min(least, AT_ONCE_IN_MEMORY))))


def by_openfisca(system: openfisca_side.System, table: pa.Table) -> None:
    """Everybody by OpenFisca-core on all cores, the results left where they are."""
    size = -(-len(table) // CORES)
    shares = iter([table.slice(first, size) for first in range(0, len(table), size)])

    def decide(share: pa.Table) -> None:
        system.decide(system.build(share))

    for _ in in_processes(decide, lambda _: next(shares, None), CORES):
        pass


def pack(households: int, rounds: int) -> None:
    book = data.pack_rules()
    table = _table(households, data.pack_table(book))
    kernel = Kernel(book, data.PACK_DAY, data.PACK_DAY)
    kernel.run(table.to_batches(100)[0])
    told = timed(lambda: decided(kernel, table), rounds)
    print(f"24 policies, {households:,} households, {people_in(table):,} people: {told}")


def beside_others(households: int, rounds: int) -> None:
    """In turns, so that what else runs on the machine disturbs all alike."""
    few = data.pack_table(book := data.pack_rules())
    _compare_with_openfisca(Kernel(book, data.PACK_DAY, data.PACK_DAY), openfisca_side.System(PACK), few)
    sides = [Side(ways, households) for ways in (of_kernel, of_openfisca, of_zen, of_production_rules)]
    walls: dict[str, list[float]] = {name: [] for side in sides for name in side.names}
    for turn in range(rounds + 1):
        for side in sides:
            for name in side.names:
                wall = side.timed(name)
                if turn:
                    walls[name].append(wall)
    for side in sides:
        side.end()
    scale = {name: households / SAMPLE if name.endswith(OF_SAMPLE) else 1 for name in walls}
    medians = {name: statistics.median(found) * scale[name] for name, found in walls.items()}
    ours = next(iter(medians.values()))
    print(f"24 policies, {households:,} households, in turns, a process for each engine, median of {rounds}:")
    for name, median in medians.items():
        least = min(walls[name]) * scale[name]
        print(f"  {name:32} {median:8.2f} s, {median / ours:7.1f} times the kernel; least {least:8.2f} s")


Ways = dict[str, Callable[[], object]]


class Side:
    """One engine in a process of its own, which does nothing while another has its turn.

    In one process they share what the first has done to the memory: the kernel's threads took 1.5 times as long there.
    """

    def __init__(self, ways: Callable[[int], Ways], households: int) -> None:
        spawning = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawning.Pipe()
        self._process = spawning.Process(target=_side, args=(ways, households, theirs))
        self._process.start()
        self.names: list[str] = self._pipe.recv()

    def timed(self, name: str) -> float:
        """Seconds by the clock of one run."""
        self._pipe.send(name)
        wall: float = self._pipe.recv()
        return wall

    def end(self) -> None:
        self._pipe.send("")
        self._process.join()


def _side(ways: Callable[[int], Ways], households: int, pipe: Connection) -> None:
    keep_memory()
    made = ways(households)
    pipe.send(list(made))
    while name := pipe.recv():
        began = time.perf_counter()
        made[name]()
        pipe.send(time.perf_counter() - began)


def of_kernel(households: int) -> Ways:
    book = data.pack_rules()
    kernel, table = Kernel(book, data.PACK_DAY, data.PACK_DAY), _table(households, data.pack_table(book))
    return {
        "kernel, unknowns, truths, sums": lambda: decided(kernel, table),
        "the same on one core": lambda: decided(kernel, table, 1),
    }


def of_openfisca(households: int) -> Ways:
    system, table = openfisca_side.System(PACK), _table(households, data.pack_table(data.pack_rules()))
    return {
        "OpenFisca-core, end to end": lambda: system.decide(system.build(table)),
        "OpenFisca dealt to all cores": lambda: by_openfisca(system, table),
    }


def of_zen(households: int) -> Ways:
    documents = [json.dumps(zen_side.context(one)).encode() for one in random_households(SAMPLE)]
    zen = zen_side.by_static_loader(zen_side.decision_content(PACK, "policy"))
    return {f"ZEN{OF_SAMPLE}": lambda: [zen(one, False) for one in documents]}


def of_production_rules(households: int) -> Ways:
    some = list(random_households(SAMPLE))
    production = durable_side.Rules(PACK)
    production.check(some)
    truths = production.facts(some)
    return {f"durable_rules{OF_SAMPLE}": lambda: production.decide(truths)}


def _compare_with_openfisca(kernel: Kernel, system: openfisca_side.System, table: pa.Table) -> None:
    """Equal outcomes and, up to 32-bit floating point, equal amounts, or the end of the benchmark."""
    ours = kernel.run(table.combine_chunks().to_batches()[0])
    for name, (eligible, amounts) in system.decide(system.build(table)).items():
        for row, one in enumerate(ours.column(name).to_pylist()):
            assert (one["outcome"] == "eligible") == eligible[row], (name, row, one)
            assert not eligible[row] or abs(float(one["amount"]) - amounts[row]) < 0.02, (name, row, one)


def beside_polars(households: int, rounds: int) -> None:
    book = data.pack_rules(by_hand.POLICIES)
    table = _table(households, data.pack_table(book))
    kernel = Kernel(book, data.PACK_DAY, data.PACK_DAY)
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    _compare(kernel, table.slice(0, data.DIFFERENT).combine_chunks(), frame.head(data.DIFFERENT))
    print(f"3 policies, {households:,} households, {people_in(table):,} people:")
    print(f"  the rules, unknowns, truths, sums: {timed(lambda: decided(kernel, table), rounds)}")
    print(f"  by hand in Polars, all known:      {timed(lambda: by_hand.decide(frame), rounds)}")


def _compare(kernel: Kernel, table: pa.Table, frame: pl.DataFrame) -> None:
    """Equal outcomes and amounts, or the end of the benchmark."""
    ours, theirs = kernel.run(table.to_batches()[0]), by_hand.decide(frame)
    for name in by_hand.POLICIES:
        found = ours.column(name).to_pylist()
        eligible, paid = theirs[name].to_list(), theirs[f"{name}.amount"].to_list()
        for row, (one, holds, cents) in enumerate(zip(found, eligible, paid, strict=True)):
            assert (one["outcome"] == "eligible") == holds, (name, row, one)
            assert not holds or one["amount"] * 100 == cents, (name, row, one, cents)


def county(households: int) -> None:
    with TemporaryDirectory() as directory:
        path = Path(directory) / "county.parquet"
        data.write(data.county_table(), households, path)
        subprocess.run([sys.executable, "-m", "benchmarks.population.run", "--county", str(path)], check=True)


class Peak:
    """The most memory that this process and its workers hold together while it is open, in kB.

    Pages that several share count once (`Pss`); what each has to itself is looked at every 50 ms.
    """

    def __init__(self) -> None:
        self.before = self.most = self._held()
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Peak:
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._over.wait(0.05):
            self.most = max(self.most, self._held())

    def _held(self) -> int:
        workers = (one.pid for one in multiprocessing.active_children())
        return sum(_share_of(pid) for pid in (os.getpid(), *workers) if pid is not None)


def _share_of(pid: int) -> int:
    try:
        told = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):  # it has just ended
        return 0
    return next((int(line.split()[1]) for line in told.splitlines() if line.startswith("Pss:")), 0)


def processor() -> float:
    """Seconds of processor time of this process and of the workers that have ended."""
    return sum(os.times()[:4])


def county_alone(path: Path) -> int:
    """In a process that does nothing else, so that its peak memory is the run's."""
    import pyarrow.parquet as pq

    book = shipped()
    out = path.parent / "out"
    wall, cpu = time.perf_counter(), processor()
    with Peak() as peak:
        summary = decide_all(book, path, out, data.COUNTY_DAY, data.COUNTY_DAY, workers=CORES)
    wall, cpu = time.perf_counter() - wall, processor() - cpu
    file = pq.ParquetFile(path)
    persons = sum(
        len(
            file.read_row_group(group, columns=["people.list.element.person_id"])
            .column(0)
            .combine_chunks()
            .flatten()
        )
        for group in range(file.num_row_groups)
    )
    size, written = path.stat().st_size, sum(one.stat().st_size for one in out.iterdir())
    print(
        f"county rulebook, {len(book.policies)} policies, Parquet {size / 1e6:.0f} MB to {written / 1e6:.0f} MB:"
    )
    print(
        f"  {summary.households:,} households, {persons:,} people in {wall:.1f} s ({cpu:.1f} s of processor time), "
        f"{persons / wall:,.0f} people a second, peak {peak.most / 1e3:.0f} MB (before the run {peak.before / 1e3:.0f} MB)"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
