"""The rulebook that is served, and how a changed one takes its place.

A request takes `current.book` once and keeps it to its end. When the files of a directory change, or another rulebook is
published in the record, the new one is loaded beside, and swapped in only if it loads clean. Otherwise the old rulebook
keeps serving, and the problems are told. Every process looks for itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from engine.decision import decide
from engine.language.problems import Problem, Problems, Span
from engine.rulebook import Rulebook, load_rulebook
from records import publishing
from records.database import Database, reading
from records.refused import Refused
from records.starting import rulebook_in_force

LOOK_EVERY = 1.0  # seconds

_log = logging.getLogger("relief.rulebook")

Seen = dict[str, tuple[int, int]]


class Source(Protocol):
    """Where a rulebook comes from. What is `seen` differs when there is another one to load."""

    def seen(self) -> Any: ...

    def start(self) -> Rulebook: ...

    def load(self) -> Rulebook: ...


@dataclass(frozen=True, slots=True)
class InDirectory:
    """What stands in a directory now."""

    directory: Path

    def seen(self) -> Seen:
        return seen_in(self.directory)

    def load(self) -> Rulebook:
        return load_rulebook(self.directory)

    start = load


@dataclass(frozen=True, slots=True)
class InRecord:
    """What is published in a record. `directory`: where its first rulebook comes from, and drafts are written."""

    record: Database
    directory: Path | None

    def seen(self) -> publishing.Published | None:
        with reading(self.record) as read:
            return publishing.published(read)

    def start(self) -> Rulebook:
        """Sets an empty record up, and refuses a directory in which something published was changed."""
        return rulebook_in_force(self.record, self.directory)

    def load(self) -> Rulebook:
        return rulebook_in_force(self.record, None)


class CurrentRulebook:
    """`pending_problems`: why the newest rulebook is not served; empty when it is."""

    def __init__(self, source: Path | Source) -> None:
        """Loads the rulebook; a path is a directory. Raises `Problems`, and `Refused` as `rulebook_in_force` does."""
        self.source: Source = InDirectory(source) if isinstance(source, Path) else source
        before = self.source.seen()
        self.book = _warmed(self.source.start())
        self._seen = before
        spare_the_collector()
        self.pending_problems: tuple[Problem, ...] = ()

    def reload(self) -> bool:
        """Loads what is there now; True when it is served from here on."""
        try:
            book = _warmed(self.source.load())
        except Problems as problems:
            return self._stays(problems.problems, str(problems))
        except Refused as refused:
            return self._stays((Problem(Span("record", 1, 1), refused.code, str(refused)),), str(refused))
        self.pending_problems = ()
        if book.fingerprint == self.book.fingerprint:
            return False
        _log.info("rulebook %s replaces %s", book.fingerprint[:12], self.book.fingerprint[:12])
        self.book = book
        spare_the_collector()
        return True

    def _stays(self, problems: tuple[Problem, ...], told: str) -> bool:
        self.pending_problems = problems
        _log.error("the changed rulebook is not served; %d problems:\n%s", len(problems), told)
        return False

    async def watch(self, every: float = LOOK_EVERY) -> None:
        """Looks for another rulebook for ever. Two looks in a row must agree: half a save is no rulebook."""
        before = self._seen
        while True:
            await asyncio.sleep(every)
            try:
                now = await asyncio.to_thread(self.source.seen)
            except (
                Exception
            ):  # the database is away for a while: what is served stays, and the next look tells
                _log.exception("nobody could look for another rulebook")
                continue
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


def _warmed(book: Rulebook) -> Rulebook:
    """A rulebook that has decided once, so that no request waits while its rules are compiled."""
    for area in list(book.areas)[:1]:
        nobody = {"household_id": "warm", "area": area, "people": [{"person_id": "warm"}]}
        decide(book, nobody, on=date.today())
    return book


def spare_the_collector() -> None:
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
