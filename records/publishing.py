"""The life of a rulebook: draft, checked, published by a second person, superseded by the next edition; or withdrawn.

    with writing(database, actor="li") as write:
        draft = submit(write, from_directory(directory).files)      # kept as text, with its problems told
    with writing(database, actor="li") as write:
        check(write, draft.fingerprint)                             # clean, and nothing published is changed
    with writing(database, actor="wang") as write:
        publish(write, draft.fingerprint)                           # neither who submitted nor who checked

Each step takes the real person who takes it, where that is not whom the transaction names: somebody with two accounts is
still one pair of eyes. Exactly one rulebook is published: that of the last edition. Undecided work follows it from then on; decisions stay with
the rulebook that they were made under.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.exc import IntegrityError

from engine.language.problems import Problem, Problems
from engine.rulebook import Rulebook
from engine.rulebook.lock import content_of, entries
from records import audit, rulebooks, tables
from records.database import Reading, Writing
from records.refused import Refused
from records.rulebook_files import Files, fingerprint_of, loaded

DRAFT, CHECKED, PUBLISHED, SUPERSEDED, WITHDRAWN = "draft", "checked", "published", "superseded", "withdrawn"
ZH = {DRAFT: "草稿", CHECKED: "已复核", PUBLISHED: "已发布", SUPERSEDED: "已被取代", WITHDRAWN: "已撤回"}
SET_UP = "setup"
"""Who publishes the first rulebook of an empty record: nobody is there yet who could check it."""


@dataclass(frozen=True, slots=True)
class Step:
    """What was done to a rulebook. `edition`: which one it is, or was checked to become. `by`: the account."""

    state: str
    edition: int | None
    by: str
    person: str
    at: datetime
    on: date
    note: str


@dataclass(frozen=True, slots=True)
class Life:
    """A rulebook of the record with its steps, the first one first."""

    fingerprint: str
    state: str
    steps: tuple[Step, ...]

    @property
    def edition(self) -> int | None:
        """Of a rulebook that is or was published."""
        return self.steps[-1].edition if self.state in (PUBLISHED, SUPERSEDED) else None


@dataclass(frozen=True, slots=True)
class Draft:
    """`problems`: what keeps it from being checked, each with its place in the files."""

    fingerprint: str
    problems: tuple[Problem, ...]


# --- steps --------------------------------------------------------------------------------------------------


def submit(write: Writing, files: Files, note: str = "", person: str = "") -> Draft:
    """Keeps a rulebook as a draft, also when it has problems. Raises `Refused` for what is there already."""
    fingerprint = fingerprint_of(files)
    state = state_of(write, fingerprint)
    if state not in (None, WITHDRAWN):
        raise Refused(
            "rulebook-known",
            f"规则库 {fingerprint[:12]} 已提交（{ZH[state]}） · rulebook {fingerprint[:12]} was submitted before "
            f"and is {state}",
        )
    rulebooks.keep_files(write, fingerprint, files)
    _step(write, fingerprint, DRAFT, note, person)
    return Draft(fingerprint, problems_of(write, files))


def check(write: Writing, fingerprint: str, note: str = "", person: str = "") -> Rulebook:
    """A draft that loads clean and changes nothing that is published may become the next edition.

    Feature files are not run here. Raises `Problems`, and `Refused` for what is no draft.
    """
    _must_be(write, fingerprint, DRAFT, CHECKED)
    book = loaded(rulebooks.text_of(write, fingerprint), locked(write))
    now = published(write)
    _step(write, fingerprint, CHECKED, note, person, edition=1 if now is None else now.edition + 1)
    return book


def publish(write: Writing, fingerprint: str, note: str = "", person: str = "") -> Life:
    """Puts a checked rulebook in force. Raises `Refused`: four eyes, another edition since, a changed text."""
    life = _must_be(write, fingerprint, CHECKED)
    eyes = {one for step in life.steps if step.state in (DRAFT, CHECKED) for one in (step.by, step.person)}
    if eyes & {write.actor, person or write.actor}:
        raise Refused(
            "four-eyes",
            f"{person or write.actor} 提交或复核过此规则库，须由另一人发布 · {person or write.actor} submitted or "
            f"checked this rulebook; somebody else has to publish it",
        )
    now = published(write)
    edition = life.steps[-1].edition
    if edition != (1 if now is None else now.edition + 1):
        raise _another_edition(fingerprint)
    rulebooks.load(write, fingerprint)
    try:
        _step(write, fingerprint, PUBLISHED, note, person, edition)
    except IntegrityError:  # somebody else was faster
        raise _another_edition(fingerprint) from None
    return life_of(write, fingerprint)


def withdraw(write: Writing, fingerprint: str, note: str = "", person: str = "") -> None:
    """Takes back a draft or a checked rulebook; its text stays. Raises `Refused`."""
    _must_be(write, fingerprint, DRAFT, CHECKED)
    _step(write, fingerprint, WITHDRAWN, note, person)


def set_up(write: Writing, book: Rulebook) -> None:
    """The first rulebook of an empty record. Raises `IntegrityError` when another process was faster."""
    rulebooks.keep(write, book)
    _step(
        write, book.fingerprint, PUBLISHED, "初始规则库，未经二人复核 · the first rulebook, set up", edition=1
    )


def _step(
    write: Writing, fingerprint: str, state: str, note: str, person: str = "", edition: int | None = None
) -> None:
    row = {
        "fingerprint": fingerprint,
        "state": state,
        "edition": edition,
        "person": person or write.actor,
        "note": note,
    }
    audit.add_row(write, f"rulebook-{state}", tables.rulebook_state, fingerprint[:12], row)


def _must_be(read: Reading, fingerprint: str, *states: str) -> Life:
    life = life_of(read, fingerprint)
    if life.state not in states:
        raise Refused(
            "wrong-state",
            f"规则库 {fingerprint[:12]} 的状态是{ZH[life.state]}，须为{'或'.join(ZH[one] for one in states)} · "
            f"rulebook {fingerprint[:12]} is {life.state}, and has to be {' or '.join(states)}",
        )
    return life


def _another_edition(fingerprint: str) -> Refused:
    return Refused(
        "other-edition",
        f"规则库 {fingerprint[:12]} 复核后另有新版发布，请重新复核 · another edition was published since rulebook "
        f"{fingerprint[:12]} was checked; check it again",
    )


# --- what there is ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Published:
    fingerprint: str
    edition: int


def published(read: Reading) -> Published | None:
    """The rulebook that undecided work follows; none in a record that was never set up."""
    state = tables.rulebook_state.c
    row = read.connection.execute(
        select(state.fingerprint, state.edition)
        .where(state.state == PUBLISHED)
        .order_by(state.edition.desc())
        .limit(1)
    ).first()
    return None if row is None else Published(row.fingerprint, row.edition)


def locked(read: Reading) -> dict[str, str]:
    """What a new rulebook has to leave as it is: the entries of the published one, which holds all before it."""
    now = published(read)
    return {} if now is None else entries(content_of(rulebooks.text_of(read, now.fingerprint)))


def problems_of(read: Reading, files: Files) -> tuple[Problem, ...]:
    """Why a rulebook could not be checked now; nothing when it could."""
    try:
        loaded(files, locked(read))
    except Problems as found:
        return found.problems
    return ()


def lives(read: Reading) -> list[Life]:
    """Every rulebook that was submitted or set up, the one that moved last first."""
    rows = read.connection.execute(select(tables.rulebook_state).order_by(tables.rulebook_state.c.seq)).all()
    steps: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        steps[row.fingerprint].append(row)
    newest = max((row.edition for row in rows if row.state == PUBLISHED), default=None)
    ordered = sorted(steps.items(), key=lambda one: one[1][-1].seq, reverse=True)
    return [_life(fingerprint, many, newest) for fingerprint, many in ordered]


def life_of(read: Reading, fingerprint: str) -> Life:
    """Raises `Refused` when it was never submitted."""
    state = tables.rulebook_state.c
    rows = read.connection.execute(
        select(tables.rulebook_state).where(state.fingerprint == fingerprint).order_by(state.seq)
    ).all()
    if not rows:
        raise Refused(
            "no-rulebook",
            f"没有提交过规则库 {fingerprint[:12]} · rulebook {fingerprint[:12]} was never submitted",
        )
    now = published(read)
    return _life(fingerprint, rows, None if now is None else now.edition)


def state_of(read: Reading, fingerprint: str) -> str | None:
    try:
        return life_of(read, fingerprint).state
    except Refused:
        return None


def named(read: Reading, start: str) -> str:
    """The fingerprint that starts so. Raises `Refused` when there is none, or more than one."""
    column = tables.rulebook.c.fingerprint
    found = read.connection.execute(select(column).where(column.startswith(start, autoescape=True))).scalars()
    fingerprints: list[str] = list(found) if start else []
    if len(fingerprints) == 1:
        return fingerprints[0]
    if not fingerprints:
        raise Refused(
            "no-rulebook", f"记录里没有规则库 {start[:12]} · no rulebook {start[:12]} in the record"
        )
    raise Refused(
        "ambiguous",
        f"有 {len(fingerprints)} 个规则库以 {start} 开头 · {len(fingerprints)} rulebooks start with {start}",
    )


def _life(fingerprint: str, rows: Sequence[Row[Any]], newest: int | None) -> Life:
    steps = tuple(
        Step(row.state, row.edition, row.recorded_by, row.person, row.recorded_at, row.recorded_on, row.note)
        for row in rows
    )
    last = steps[-1]
    earlier = last.state == PUBLISHED and last.edition != newest
    return Life(fingerprint, SUPERSEDED if earlier else last.state, steps)


# --- one file through all of them ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Held:
    """One text of a file, and the rulebooks that hold it, in the order in which the record got to know them."""

    text: str
    rulebooks: tuple[str, ...]
    since: date


def held(read: Reading, name: str) -> Mapping[str, list[Held]]:
    """By path every text that a rule file has had. `name`: its path, or as much of its end as is unique to it
    (`dibao/2021-07-01`).
    """
    rulebook = tables.rulebook.c
    kept = read.connection.execute(
        select(rulebook.fingerprint, rulebook.recorded_on).order_by(
            rulebook.recorded_at, rulebook.fingerprint
        )
    ).all()
    ends = f"/{name.removesuffix('.yaml')}.yaml"
    found: dict[str, dict[str, tuple[list[str], date]]] = defaultdict(dict)
    for row in kept:
        for path, text in rulebooks.text_of(read, row.fingerprint).items():
            if f"/{path}".endswith(ends):
                found[path].setdefault(text, ([], row.recorded_on))[0].append(row.fingerprint)
    return {
        path: [Held(text, tuple(many), since) for text, (many, since) in texts.items()]
        for path, texts in sorted(found.items())
    }
