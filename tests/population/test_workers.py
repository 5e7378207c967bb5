"""Work given to several processes: every answer comes back once, what goes wrong is told, nobody outlives the work."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from multiprocessing import active_children
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.population.reader import Reader, Spans, parts_of
from engine.population.workers import WorkerLost, in_processes


def numbers(many: int) -> Iterator[int]:
    return iter(range(many))


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_every_task_is_answered_once(workers: int) -> None:
    left = numbers(20)
    answers = list(in_processes(lambda task: (task, task * task), lambda _: next(left, None), workers))
    assert sorted(answers) == [(number, number * number) for number in range(20)]
    assert not active_children()


def test_the_work_is_done_elsewhere() -> None:
    left = numbers(8)
    found = set(in_processes(lambda _: os.getpid(), lambda _: next(left, None), 2))
    assert os.getpid() not in found and 1 <= len(found) <= 2


def test_what_the_work_raises_is_raised_here() -> None:
    def work(task: int) -> int:
        if task == 3:
            raise OSError(28, "No space left on device")
        return task

    left = numbers(10)
    with pytest.raises(OSError, match="No space left") as raised:
        list(in_processes(work, lambda _: next(left, None), 2))
    assert raised.value.errno == 28
    assert "in a worker" in raised.value.__notes__[0]
    assert not active_children()


def test_a_worker_that_was_ended_is_told_of() -> None:
    def work(task: int) -> int:
        if task == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return task

    left = numbers(10)
    with pytest.raises(WorkerLost):
        list(in_processes(work, lambda _: next(left, None), 2))
    assert not active_children()


def test_workers_end_when_nobody_waits_for_them(tmp_path: Path) -> None:
    """As when the process that started them is killed: they see that their pipe is closed."""
    beats = tmp_path / "beats"

    def work(task: int) -> int:
        with beats.open("a") as file:
            file.write("x")
        time.sleep(0.02)
        return task

    child = os.fork()
    if not child:  # starts workers and is killed while they work
        left = numbers(10_000)
        for _ in in_processes(work, lambda _: next(left, None), 2):
            pass
        os._exit(0)
    while not beats.exists() or beats.stat().st_size < 4:
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    time.sleep(0.3)
    done = beats.stat().st_size
    time.sleep(0.3)
    assert beats.stat().st_size == done


def rows_of(path: Path, groups: list[int]) -> pa.Table:
    total = sum(groups)
    table = pa.table({"n": list(range(total)), "people": [[{"id": str(n)}] for n in range(total)]})
    with pq.ParquetWriter(path, table.schema) as file:
        first = 0
        for size in groups:
            file.write_table(table.slice(first, size))
            first += size
    return table


@pytest.mark.parametrize("groups", [[25], [10, 10, 3], [7, 40, 1, 1]])
def test_spans_hand_out_every_part_once_and_readers_find_them(tmp_path: Path, groups: list[int]) -> None:
    path = tmp_path / "data.parquet"
    table = rows_of(path, groups)
    parts = list(parts_of(pq.ParquetFile(path), 4))
    spans = Spans(parts)
    readers = [Reader(path, ["n", "people.list.element.id"], 4) for _ in range(3)]
    seen = {}
    turn = 0
    idle = 0
    while idle < 3:  # in turns, so that each helps with what another has begun
        part = spans.next_for(turn % 3)
        idle = idle + 1 if part is None else 0
        if part is not None:
            assert part.number not in seen
            seen[part.number] = readers[turn % 3].rows(part)
        turn += 1
    assert sorted(seen) == [part.number for part in parts]
    read = pa.Table.from_batches([seen[number] for number in sorted(seen)])
    assert read.to_pylist() == table.to_pylist()
