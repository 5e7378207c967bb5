"""The record with somebody at work in it: an account, whose rights and whose eyes count."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cli.record import opened_record, rulebook_of
from engine.rulebook.model import Rulebook
from records.accounts import no_account
from records.database import Database, Reading, Writing, reading, writing
from records.rights import Viewer
from records.sessions import of_name


@dataclass(frozen=True, slots=True)
class Work:
    database: Database
    book: Rulebook
    viewer: Viewer

    @property
    def today(self) -> date:
        """Of the office."""
        return self.database.today

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        with writing(self.database, self.viewer.account) as write:
            yield write

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        with reading(self.database) as read:
            yield read


@contextmanager
def at_work(actor: str, record: str, keys: Path, policies: Path | None) -> Iterator[Work]:
    """As an account of the record: four eyes need to know whose they are."""
    with opened_record(record, keys) as database:
        book = rulebook_of(database, policies)
        viewer = of_name(database, actor, database.clock())
        if viewer is None:
            raise no_account(actor)
        yield Work(database, book, viewer)
