"""The rulebook that is served, and how a changed one takes its place.

A request takes `current.book` once and keeps it to its end. When the files change, the new ones are loaded
beside, and swapped in only if they load clean. Otherwise the old rulebook keeps serving, and the problems
are told.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

from engine.decision import decide
from engine.language.problems import Problem, Problems
from engine.rulebook import Rulebook, load_rulebook

LOOK_EVERY = 1.0  # seconds

_log = logging.getLogger("relief.rulebook")

Seen = dict[str, tuple[int, int]]


class CurrentRulebook:
    """`pending_problems`: why what now stands in the directory is not served; empty when it is."""

    def __init__(self, directory: Path) -> None:
        """Loads the rulebook. Raises `Problems`."""
        self.directory = directory
        self._seen = seen_in(directory)
        self.book = _loaded(directory)
        _spare_the_collector()
        self.pending_problems: tuple[Problem, ...] = ()

    def reload(self) -> bool:
        """Loads what stands in the directory now; True when it is served from here on."""
        try:
            book = _loaded(self.directory)
        except Problems as problems:
            self.pending_problems = problems.problems
            _log.error(
                "the changed rulebook is not served; %d problems:\n%s", len(problems.problems), problems
            )
            return False
        self.pending_problems = ()
        if book.fingerprint == self.book.fingerprint:
            return False
        _log.info("rulebook %s replaces %s", book.fingerprint[:12], self.book.fingerprint[:12])
        self.book = book
        _spare_the_collector()
        return True

    async def watch(self, every: float = LOOK_EVERY) -> None:
        """Looks for changed files for ever. Two looks in a row must agree: half a save is no rulebook."""
        before = self._seen
        while True:
            await asyncio.sleep(every)
            now = await asyncio.to_thread(seen_in, self.directory)
            if now != self._seen and now == before and await self._tried():
                self._seen = now
            before = now

    async def _tried(self) -> bool:
        """Reloads beside the requests. False when that broke off; the next look tries again."""
        try:
            await asyncio.to_thread(self.reload)
        except Exception:  # a file went away while it was read, or worse: what is served stays
            _log.exception("the changed rulebook could not be loaded")
            return False
        return True

    @contextlib.asynccontextmanager
    async def watched(self, every: float = LOOK_EVERY) -> AsyncIterator[None]:
        """Watches while the block runs. SIGHUP looks at once."""
        tasks: set[asyncio.Task[Any]] = {asyncio.create_task(self.watch(every))}

        def reload_now() -> None:
            task = asyncio.create_task(self._tried())
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        with contextlib.suppress(ValueError, RuntimeError, NotImplementedError):  # not in the main thread
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload_now)
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _loaded(directory: Path) -> Rulebook:
    """A rulebook that has decided once, so that no request waits while its rules are compiled."""
    book = load_rulebook(directory)
    for area in list(book.areas)[:1]:
        nobody = {"household_id": "warm", "area": area, "people": [{"person_id": "warm"}]}
        decide(book, nobody, on=date.today())
    return book


def _spare_the_collector() -> None:
    """A rulebook is some hundred thousand objects that live long. Looking through them for garbage would stop
    the requests for tens of milliseconds again and again. A decision makes some thousand that go with it, in no
    cycles: to look through them every 700 costs up to a fifth of its time.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def seen_in(directory: Path) -> Seen:
    """When each file of a rulebook was last written, and how long it is."""
    seen: Seen = {}
    for folder, _, names in os.walk(directory):
        for name in names:
            if name.endswith((".yaml", ".lock")):
                path = os.path.join(folder, name)  # noqa: PTH118 plain strings: this runs every second
                with contextlib.suppress(FileNotFoundError):
                    status = os.stat(path)  # noqa: PTH116
                    seen[path] = (status.st_mtime_ns, status.st_size)
    return seen
