"""`relief rulebook`: done."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from cli.record import opened_record
from cli.rulebooks import language_of, told
from cli.stop import NEGATIVE, stop
from engine.decision import encode_json
from engine.language.problems import Problems
from records import publishing, rulebooks
from records.database import Database, Reading, reading, writing
from records.publishing import ZH, Life, Step
from records.refused import Refused
from records.rulebook_changes import Changed, diff
from records.rulebook_files import Given, from_directory, from_zip, loaded

if TYPE_CHECKING:
    from records.dry_run import DryRun

SHORT = 12  # of a fingerprint, as everywhere
_TITLES = {
    "added": "新增文件 · added",
    "edited": "改动文件 · changed",
    "removed": "删去文件 · removed",
    "reworded": "只改注释或版式 · only comments or layout",
    "versions": "新的政策版本 · new policy versions",
    "policies": "受影响的政策 · policies that rest on it",
}


def _given(source: Path) -> Given:
    if source.is_dir():
        return from_directory(source)
    try:
        return from_zip(source.read_bytes())
    except OSError as error:
        stop(f"{source}: 读不到（{error.strerror}） · cannot be read ({error.strerror})")


@contextmanager
def _problems_told(directory: Path) -> Iterator[None]:
    try:
        yield
    except Problems as problems:
        typer.echo(told(problems, directory))
        raise typer.Exit(NEGATIVE) from None


def run_submit(source: Path, actor: str, note: str, record: str, keys: Path) -> None:
    with opened_record(record, keys) as database:
        given = _given(source)
        with writing(database, actor) as write:
            draft = publishing.submit(write, given.files, note)
    typer.echo(f"{draft.fingerprint[:SHORT]}: 草稿已留存 · kept as a draft")
    if given.features:
        typer.echo(
            f"{len(given.features)} 个功能文件未在此运行，请先 make test · feature files are not run here; run them "
            f"where they are written"
        )
    if draft.problems:
        with _problems_told(source if source.is_dir() else Path()):
            raise Problems(draft.problems, dict(given.files))


def run_check(fingerprint: str, actor: str, note: str, record: str, keys: Path) -> None:
    with opened_record(record, keys) as database, _problems_told(Path()), writing(database, actor) as write:
        whole = publishing.named(write, fingerprint)
        publishing.check(write, whole, note)
    typer.echo(
        f"{whole[:SHORT]}: 已复核（功能文件不在此运行），须由另一人发布 · checked (feature files are not run here); "
        f"somebody else publishes it"
    )


def run_publish(fingerprint: str, actor: str, note: str, record: str, keys: Path) -> None:
    with opened_record(record, keys) as database, writing(database, actor) as write:
        life = publishing.publish(write, publishing.named(write, fingerprint), note)
    typer.echo(
        f"{life.fingerprint[:SHORT]}: 已发布，第 {life.edition} 版 · published, edition {life.edition}"
    )


def run_withdraw(fingerprint: str, actor: str, note: str, record: str, keys: Path) -> None:
    with opened_record(record, keys) as database, writing(database, actor) as write:
        whole = publishing.named(write, fingerprint)
        publishing.withdraw(write, whole, note)
    typer.echo(f"{whole[:SHORT]}: 已撤回 · withdrawn")


# --- looking ------------------------------------------------------------------------------------------------


def run_list(record: str, keys: Path) -> None:
    with opened_record(record, keys) as database, reading(database) as read:
        for life in publishing.lives(read):
            typer.echo(_line(life))


def run_show(fingerprint: str, path: str, record: str, keys: Path) -> None:
    with opened_record(record, keys) as database, reading(database) as read:
        whole = publishing.named(read, fingerprint)
        files = rulebooks.text_of(read, whole)
        if path:
            if path not in files:
                stop(f"{whole[:SHORT]}: 没有文件 {path} · there is no file {path}")
            typer.echo(files[path], nl=not files[path].endswith("\n"))
            return
        typer.echo(whole)
        for step in _steps(read, whole):
            typer.echo(
                f"{step.at:%Y-%m-%d %H:%M} {_state(step.state, step.edition)}  {step.by}  {step.note}".rstrip()
            )
        for one in files:
            typer.echo(f"  {one}")


def _steps(read: Reading, fingerprint: str) -> tuple[Step, ...]:
    """None for a rulebook that only decisions were made under, before the record was set up with one."""
    try:
        return publishing.life_of(read, fingerprint).steps
    except Refused:
        return ()


def run_diff(before: str, after: str, path: str, record: str, keys: Path) -> None:
    with opened_record(record, keys) as database, reading(database) as read:
        both = [publishing.named(read, one) for one in (before, after)]
        old, new = (rulebooks.text_of(read, one) for one in both)
        lines = list(diff(old, new, (both[0][:SHORT], both[1][:SHORT]), path))
    for line in lines:
        typer.echo(line)
    if lines:
        raise typer.Exit(NEGATIVE)


def run_find(name: str, record: str, keys: Path) -> None:
    with opened_record(record, keys) as database, reading(database) as read:
        found = publishing.held(read, name)
        lives = {life.fingerprint: life for life in publishing.lives(read)}
    if not found:
        stop(f"没有规则库有文件 {name} · no rulebook holds {name}", NEGATIVE)
    for path, texts in found.items():
        typer.echo(path)
        for number, text in enumerate(texts, 1):
            typer.echo(f"  {number}  {text.since}")
            for one in text.rulebooks:
                typer.echo(f"     {_line(lives[one]) if one in lives else one[:SHORT]}")


def _line(life: Life) -> str:
    last = life.steps[-1]
    note = next((step.note for step in reversed(life.steps) if step.note), "")
    return f"{life.fingerprint[:SHORT]}  {_state(life.state, life.edition)}  {last.on}  {last.by}  {note}".rstrip()


def _state(state: str, edition: int | None) -> str:
    numbered = edition is not None and state != publishing.CHECKED
    return f"{ZH[state]} · {state}" + (f" {edition}" if numbered else "")


# --- what it would change -----------------------------------------------------------------------------------


def run_dry_run(
    source: str, on: date, known: date, at_most: int, record: str, keys: Path, lang: str | None, output: str
) -> None:
    from records.dry_run import as_plain, dry_run

    with opened_record(record, keys) as database:
        book = _book_of(database, source)
        with reading(database) as read:
            found = dry_run(read, book, on, known, at_most, workers=os.cpu_count() or 1)
    if output == "json":
        typer.echo(encode_json(as_plain(found)).decode())
    else:
        _print(found, language_of(book, lang))


def _book_of(database: Database, source: str) -> Any:
    """Of a directory, a zip, or what was submitted; clean, and with all that is published as it is."""
    place = Path(source)
    with reading(database) as read:
        given = (
            _given(place).files if place.exists() else rulebooks.text_of(read, publishing.named(read, source))
        )
        with _problems_told(place if place.is_dir() else Path()):
            return loaded(given, publishing.locked(read))


def _print(found: DryRun, language: str) -> None:
    print_changed(found.changed)
    apart = found.decided + found.missing + found.empty + len(found.unread)
    typer.echo(
        f"\n{found.decided} 户试算（共 {found.households} 户，未抽中 {found.households - apart}，已删除或当时未登记 {found.missing}，"
        f"当日无成员 {found.empty}，新规则读不了 {len(found.unread)}） · {found.decided} households decided of "
        f"{found.households}; {found.households - apart} not drawn, {found.missing} erased or not written down then, {found.empty} without members "
        f"on that day, {len(found.unread)} that the new rules cannot read"
    )
    for one in found.unread[:5]:
        typer.echo(f"  {one.household_id}  {one.pointer} [{one.code}]")
    typer.echo(
        f"未定转已定 {found.settled}，已定转未定 {found.opened} · {found.settled} findings settled, {found.opened} opened"
    )
    if found.impact is not None:
        from cli.impact import print_impact

        print_impact(found.impact, (found.before, found.after), language)


def print_changed(changed: Changed) -> None:
    if changed.nothing:
        typer.echo("规则没有变化 · no rule is changed")
    for name, title in _TITLES.items():
        for count, one in enumerate(getattr(changed, name)):
            if not count:
                typer.echo(title)
            typer.echo(f"  {one}")
            for row in changed.rows.get(one, ()) if name in ("added", "edited") else ():
                typer.echo(f"    + {row['from']}: {encode_json(row.get('value', row.get('gap'))).decode()}")
