"""Several processes at work on one thing: a task goes to each, its answer comes back, until there are no tasks left.

Processes and not threads: a step over a batch takes microseconds, and threads that hand Python's lock to each other
after every step run no faster than one. A worker is a copy of this process (fork), so that rules that have been
prepared, and tables in memory, are there without being sent. Where a process cannot be copied, this one does the work.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import signal
import traceback
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

Task = TypeVar("Task")
Answer = TypeVar("Answer")

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt
_KEPT, _LARGEST = 1 << 30, 1 << 25  # bytes; the second is the most that glibc takes


class WorkerLost(Exception):
    """A worker ended without an answer: something outside has ended it, most often for want of memory."""


def in_processes(
    work: Callable[[Task], Answer], give: Callable[[int], Task | None], workers: int
) -> Iterator[Answer]:
    """Answers as they come. `give(worker)`: the next task for a worker, None when there is none for it any more.

    What `work` changes stays in its worker. What it raises is raised here, once all workers have ended.
    """
    if workers < 2 or "fork" not in multiprocessing.get_all_start_methods():
        while (task := give(0)) is not None:
            yield work(task)
        return
    fork = multiprocessing.get_context("fork")
    pipes: list[Connection] = []
    processes = []
    try:
        for _ in range(workers):
            here, there = fork.Pipe()
            pipes.append(here)
            process = fork.Process(target=_serve, args=(work, there, list(pipes)), daemon=True)
            process.start()
            processes.append(process)
            there.close()
        busy = {pipe for number, pipe in enumerate(pipes) if _sent(pipe, give(number))}
        while busy:
            for pipe in wait(list(busy)):
                assert isinstance(pipe, Connection)
                answer = _received(pipe)
                if not _sent(pipe, give(pipes.index(pipe))):
                    busy.discard(pipe)
                yield answer
    finally:
        for pipe in pipes:
            pipe.close()  # a worker ends when nothing more can come
        for process in processes:
            process.join()


def _sent(pipe: Connection, task: object) -> bool:
    if task is None:
        return False
    pipe.send(task)
    return True


def _received(pipe: Connection) -> Any:
    try:
        answer, error = pipe.recv()
    except (EOFError, ConnectionResetError):
        raise WorkerLost from None
    if error is not None:
        raise error
    return answer


def _serve(work: Callable[[Any], Any], pipe: Connection, others: list[Connection]) -> None:
    """A worker's life. When this process ends its pipe closes, and the worker ends after the task in hand."""
    for other in others:
        other.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_memory()
    while True:
        try:
            task = pipe.recv()
        except (EOFError, ConnectionResetError):
            return
        answer, raised = None, None
        try:
            answer = work(task)
        except Exception as error:
            error.add_note(f"in a worker:\n{traceback.format_exc()}")
            raised = error
        try:
            pipe.send((answer, raised))
        except (BrokenPipeError, ConnectionResetError):
            return


def keep_memory() -> None:
    """Has glibc keep what a batch has freed for the next one, which needs as much; asking the system for the same pages
    again and again is a quarter of the time. Elsewhere nothing is changed.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_TRIM_THRESHOLD, _KEPT)
        mallopt(_MMAP_THRESHOLD, _LARGEST)
