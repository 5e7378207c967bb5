"""`relief record`, `relief replay`, `relief audit`: done."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import typer
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from cli.cache import load_cached
from cli.documents import read_document, refuse
from cli.rulebooks import directory_if_any, told
from cli.stop import NEGATIVE, stop
from engine.decision import BadDocument
from engine.language.problems import Problems
from engine.rulebook.model import Rulebook
from records import audit, decisions, roles
from records.database import Database, connect, migrate, reading, writing
from records.decisions import Replayed
from records.intake import write_down
from records.keys import BadKeys, new_keys, read_keys, write_keys
from records.place import BadPlace, office_zone
from records.refused import Refused
from records.sealed import Erased, Tampered
from records.starting import rulebook_in_force
from records.verify import Broken, verify

_FOUND = {
    "chain": "与上一条不相连 · does not follow the entry before",
    "hash": "与哈希不符 · differs from its hash",
    "missing": "缺失 · is missing",
    "changed": "被改动 · was changed",
    "unknown": "没有审计条目 · has no entry in the audit trail",
    "cut": "已签名的链头不在链中：尾部被截断 · the chain was cut: a signed head is not in it",
    "rewritten": "与已签名的链头不符：链被重写 · the chain was written anew: it differs from a signed head",
    "area": "现居地与迁居记录不符 · lives elsewhere than its moves say",
    "signature": "签名不对 · its signature is wrong",
}
_RESULTS = {
    Replayed.SAME: "相同 · same",
    Replayed.SAME_CONTENT: "内容相同（引擎版本不同） · same content, other engine",
    Replayed.DIFFERS: "不同 · differs",
    Replayed.ERASED: "已依法删除，无法重算 · erased by law",
}


def zone_or_stop() -> ZoneInfo:
    try:
        return office_zone()
    except BadPlace as bad:
        stop(str(bad))


@contextmanager
def opened_record(record: str, keys: Path) -> Iterator[Database]:
    """The record, or the end of the command in words."""
    try:
        yield connect(record, read_keys(keys), office_zone())
    except (BadKeys, BadPlace) as bad:
        stop(str(bad))
    except (Refused, Erased, Tampered) as refused:
        stop(str(refused))
    except (ArgumentError, NoSuchModuleError) as error:
        stop(f"{record}: 不是数据库地址 · no address of a database: {error}")
    except DBAPIError as error:
        stop(f"{record}: 数据库出错，请先 relief record init · the database refused: {error.orig}")


def rulebook_of(database: Database, policies: Path | None) -> Rulebook:
    """The rulebook that is in force in the record, or the end of the command in words."""
    directory = directory_if_any(policies)
    try:
        return rulebook_in_force(database, directory, load_cached)
    except Problems as problems:
        stop(told(problems, directory or Path()))


def run_init(record: str, keys: Path) -> None:
    if not keys.exists() and not os.environ.get("RELIEF_KEYS"):
        write_keys(keys, new_keys())
        typer.echo(
            f"{keys}: 新密钥，请另行保管，切勿与数据库同存 · new keys; keep them apart from the database"
        )
    with opened_record(record, keys) as database:
        migrate(database)
    typer.echo(f"{record}: 已就绪 · ready")


def run_grant(role: str, record: str, keys: Path) -> None:
    """After `init`, `restore` and every new version of the program: as the owner of the tables."""
    with opened_record(record, keys) as database:
        if database.is_sqlite:
            stop(
                "SQLite 没有数据库角色，请用文件权限保护 · SQLite has no roles; the file's permissions protect it"
            )
        try:
            with database.engine.begin() as connection:
                roles.grant(connection, role)
        except ValueError as wrong:
            stop(str(wrong))
    typer.echo(f"{role}: 只能读和添加 · may only read and add")


def run_put(file: str, actor: str, since: date, record: str, keys: Path, policies: Path | None) -> None:
    document = read_document(file)
    with opened_record(record, keys) as database:
        book = rulebook_of(database, policies)
        try:
            with writing(database, actor) as write:
                household = write_down(write, book, document, since).household_id
        except BadDocument as bad:
            refuse(file, bad)
    typer.echo(f"{household}: 已登记 · written down")


def run_replay(decision: str, record: str, keys: Path) -> None:
    found: Counter[Replayed] = Counter()
    with opened_record(record, keys) as database, reading(database) as read:
        for one in decisions.replay_all(read, decision):
            found[one.result] += 1
            if one.result is Replayed.DIFFERS:
                typer.echo(f"{one.decision_id}  {one.problem}")
    if not found:
        stop("没有可重算的裁定 · there is no such decision", NEGATIVE)
    for result, said in _RESULTS.items():
        typer.echo(f"{said}: {found[result]}")
    if found[Replayed.DIFFERS]:
        raise typer.Exit(NEGATIVE)


def run_verify(record: str, keys: Path) -> None:
    with opened_record(record, keys) as database, reading(database) as read:
        broken = verify(read.connection, database.keys.signing.public_key())
        entries = audit.count(read.connection)
    tell_verified(broken, entries)


def tell_verified(broken: Broken | None, entries: int) -> None:
    """Says what `records.verify` found. Ends the command when something is wrong."""
    if broken is None:
        typer.echo(f"完整 · whole: {entries}")
        return
    place = "" if broken.seq is None else f"第 {broken.seq} 条 · entry {broken.seq}: "
    typer.echo(f"{place}{broken.entity} {broken.subject} {_FOUND[broken.problem]}")
    raise typer.Exit(NEGATIVE)


def run_anchor(actor: str, record: str, keys: Path) -> None:
    with opened_record(record, keys) as database, writing(database, actor) as write:
        head = audit.anchor(write)
        public = database.keys.signing.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    if head is None:
        stop("审计链还是空的 · the audit trail is still empty", NEGATIVE)
    typer.echo(f"{head[0]} {head[1]}\n公钥 · public key {public.hex()}")


def run_export(out: Path, record: str, keys: Path) -> None:
    with opened_record(record, keys) as database, reading(database) as read:
        public = database.keys.signing.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        with out.open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in audit.exported(read.connection, public))
    typer.echo(f"{out}\n公钥 · public key {public.hex()}")
