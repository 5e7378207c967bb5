"""The rulebook that is served, and how a changed one takes its place.

A request takes `current.book` once and keeps it to its end. When the files change, the new ones are loaded
beside, and swapped in only if they load clean. Otherwise the old rulebook keeps serving, and the problems
are told.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

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
        self.book: Rulebook = load_rulebook(directory)
        self.pending_problems: tuple[Problem, ...] = ()

    def reload(self) -> bool:
        """Loads what stands in the directory now; True when it is served from here on."""
        try:
            book = load_rulebook(self.directory)
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
        return True

    async def watch(self, every: float = LOOK_EVERY) -> None:
        """Looks for changed files for ever. Two looks in a row must agree: half a save is no rulebook."""
        before = self._seen
        while True:
            await asyncio.sleep(every)
            now = await asyncio.to_thread(seen_in, self.directory)
            if now != self._seen and now == before:
                try:
                    await asyncio.to_thread(self.reload)
                except (
                    Exception
                ):  # a file went away while it was read, or worse: what is served stays, look again
                    _log.exception("the changed rulebook could not be loaded")
                else:
                    self._seen = now
            before = now

    @contextlib.asynccontextmanager
    async def watched(self, every: float = LOOK_EVERY) -> AsyncIterator[None]:
        """Watches while the block runs. SIGHUP looks at once."""
        task = asyncio.create_task(self.watch(every))
        loop = asyncio.get_running_loop()
        reloads: set[asyncio.Task[bool]] = set()

        def reload_now() -> None:
            reload = asyncio.create_task(asyncio.to_thread(self.reload))
            reloads.add(reload)
            reload.add_done_callback(reloads.discard)

        with contextlib.suppress(ValueError, RuntimeError, NotImplementedError):  # not in the main thread
            loop.add_signal_handler(signal.SIGHUP, reload_now)
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


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
