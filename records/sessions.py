"""Sessions: signing in, who a token is, signing out.

A token is 256 bits of chance, of which only the hash is kept. A session ends by itself when nobody used it for a while
and at the latest after half a day. That it was used is written down in steps, so that most requests write nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    FromClause,
    Select,
    and_,
    bindparam,
    exists,
    false,
    or_,
    select,
    update,
)

from records import attempts, audit, passwords, tables
from records.database import Database, Reading, Writing, asking, reading, writing
from records.driver import Question
from records.refused import Refused
from records.rights import Grant, Role, Viewer
from records.tables.base import utc

FIRST_PASSWORD = timedelta(days=7)  # how long one that somebody else knows opens anything
STEP = timedelta(minutes=5)
_DOOR = "sign-in"  # who writes what nobody has signed in for


@dataclass(frozen=True, slots=True)
class Lasting:
    """How long sessions last: unused, and at most."""

    idle: timedelta = timedelta(minutes=30)
    longest: timedelta = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Begun:
    """A session that has begun. `token` opens it and is shown this once."""

    session: str
    token: str
    ends_at: datetime
    must_change: bool


@dataclass(frozen=True, slots=True)
class Session:
    session: str
    begun_at: datetime
    last_used: datetime
    ends_at: datetime
    address: str
    agent: str


class Waits(Exception):
    """Too many attempts failed; when the next one is looked at."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"{wait}")
        self.seconds = max(1, -(-wait // timedelta(seconds=1)))


# --- signing in ---------------------------------------------------------------------------------------------


def sign_in(
    database: Database, lasting: Lasting, account: str, password: str, address: str, agent: str
) -> Begun:
    """Raises `Waits`, `Refused`: the same, and as slowly, for an account that is not there as for a wrong password."""
    kept = proven(database, account, password, address)
    with writing(database, account) as write:
        newest = _kept(write, account)
        if newest is None or newest.seq != kept.seq:  # changed or closed meanwhile
            raise _wrong()
        if passwords.is_outdated(kept.hash):
            row = {"account": account, "hash": passwords.hashed(password), "must_change": kept.must_change}
            audit.add_row(write, "rehash-password", tables.credential, account, row)
        return _begin(write, lasting, account, address, agent, must_change=kept.must_change)


def proven(database: Database, account: str, password: str, address: str) -> Any:
    """The credential whose password this is. Raises `Waits`, `Refused`."""
    with writing(database, _DOOR) as write:
        wait, failed = attempts.admit(write, account, address)
        if wait > timedelta(0):
            raise Waits(wait)
    with reading(database) as read:
        kept = _kept(read, account)
    right = passwords.fits(password, None if kept is None else kept.hash)
    with writing(database, _DOOR) as write:
        if kept is not None and right and not _too_old(kept, write.at):
            attempts.forget(write, account)
            return kept
        if failed + 1 == attempts.FREE:
            audit.noted(write, "lock", "account", "unknown" if kept is None else account, address)
    raise _wrong()


def _wrong() -> Refused:
    return Refused("wrong-password", "登录名或密码不对 · the name or the password is wrong")


def _kept(read: Reading, account: str) -> Any:
    """The newest credential of an account that is open."""
    credential = tables.credential.c
    closed = exists().where(tables.closing.c.account == credential.account)
    return read.connection.execute(
        select(tables.credential)
        .where(credential.account == account, ~closed)
        .order_by(credential.seq.desc())
        .limit(1)
    ).first()


def _too_old(kept: Any, at: datetime) -> bool:
    return bool(kept.must_change) and at - utc(kept.recorded_at) > FIRST_PASSWORD


def _begin(
    write: Writing, lasting: Lasting, account: str, address: str, agent: str, *, must_change: bool
) -> Begun:
    token = secrets.token_urlsafe(32)
    ends_at = write.at + lasting.longest
    session = secrets.token_hex(12)
    row = {
        "session": session,
        "token": _hash(token),
        "account": account,
        "ends_at": ends_at,
        "last_used": write.at,
        "address": address[:64],
        "agent": agent[:120],
    }
    audit.add_row(write, "sign-in", tables.session, account, row)
    return Begun(session, token, ends_at, must_change)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def cross_site_token(token: str) -> str:
    """What a page sends along to show that it is ours, for a session whose token the page cannot read."""
    return hmac.new(token.encode(), b"cross-site", hashlib.sha256).hexdigest()


# --- who it is ----------------------------------------------------------------------------------------------


def _grants_that_count() -> ColumnElement[bool]:
    granted = tables.granted.c
    confirmed = exists().where(tables.confirmation.c.granted == granted.seq)
    withdrawn = exists().where(tables.withdrawal.c.granted == granted.seq)
    return and_(
        granted.account == tables.account.c.account,
        granted.valid_from <= bindparam("day", type_=Date),
        ~withdrawn,
        or_(granted.pending == false(), confirmed),
    )


def _with_grants(of: FromClause, *columns: Any) -> Select[Any]:
    """One row for each grant that counts; one row without any when there is none."""
    granted, account = tables.granted.c, tables.account.c
    credential = tables.credential.c
    must_change = (
        select(credential.must_change)
        .where(credential.account == account.account)
        .order_by(credential.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    closed = exists().where(tables.closing.c.account == account.account)
    return (
        select(
            account.account,
            account.person,
            must_change.label("must_change"),
            granted.role,
            granted.area,
            granted.department,
            *columns,
        )
        .select_from(of.outerjoin(tables.granted, _grants_that_count()))
        .where(~closed)
        .order_by(granted.seq)
    )


_session = tables.session.c
_BY_TOKEN = Question(
    _with_grants(
        tables.session.join(tables.account, tables.account.c.account == _session.account),
        _session.session,
        _session.last_used,
        _session.ends_at,
    ).where(
        _session.token == bindparam("token"),
        ~exists().where(tables.session_end.c.session == _session.session),
    )
)
_BY_NAME = _with_grants(tables.account).where(tables.account.c.account == bindparam("account"))
_BY_SUBJECT = _with_grants(tables.account).where(tables.account.c.subject == bindparam("subject"))


def of_token(database: Database, lasting: Lasting, token: str, at: datetime) -> tuple[Viewer, str] | None:
    """Who a token is and the session that it opens. Nobody: it is none, or its session has ended."""
    day = at.astimezone(database.zone).date()
    with asking(database) as read:
        rows = _BY_TOKEN.asked(read.connection, {"token": _hash(token), "day": day})
    if not rows:
        return None
    last_used, ends_at = utc(rows[0].last_used), utc(rows[0].ends_at)
    if at >= ends_at or at - last_used >= lasting.idle:
        return None
    if at - last_used >= min(STEP, lasting.idle / 2):
        _used(database, rows[0].session, at)
    return _viewer(rows), rows[0].session


def of_subject(database: Database, subject: str, at: datetime) -> Viewer | None:
    """Whom the office's identity provider means."""
    day = at.astimezone(database.zone).date()
    with asking(database) as read:
        rows = read.connection.execute(_BY_SUBJECT, {"subject": subject, "day": day}).all()
    return _viewer(rows) if rows else None


def of_name(database: Database, account: str, at: datetime) -> Viewer | None:
    """Whose account that is, for who works on the machine itself and signs in nowhere."""
    day = at.astimezone(database.zone).date()
    with asking(database) as read:
        rows = read.connection.execute(_BY_NAME, {"account": account, "day": day}).all()
    return _viewer(rows) if rows else None


def _viewer(rows: Any) -> Viewer:
    first = rows[0]
    if first.must_change:
        return Viewer(first.account, first.person, (), must_change=True)
    grants = tuple(Grant(Role(row.role), row.area, row.department) for row in rows if row.role is not None)
    return Viewer(first.account, first.person, grants)


def _used(database: Database, session: str, at: datetime) -> None:
    with database.engine.begin() as connection:
        connection.execute(
            update(tables.session)
            .where(_session.session == session, _session.last_used < at)
            .values(last_used=at)
        )


# --- one's own ----------------------------------------------------------------------------------------------


def of_account(read: Reading, lasting: Lasting, account: str, at: datetime) -> list[Session]:
    """The sessions of an account that have not ended, newest first."""
    rows = read.connection.execute(
        select(tables.session)
        .where(
            _session.account == account,
            _session.ends_at > at,
            _session.last_used > at - lasting.idle,
            ~exists().where(tables.session_end.c.session == _session.session),
        )
        .order_by(_session.recorded_at.desc(), _session.session)
    )
    return [
        Session(
            row.session, utc(row.recorded_at), utc(row.last_used), utc(row.ends_at), row.address, row.agent
        )
        for row in rows
    ]


def end(write: Writing, lasting: Lasting, account: str, session: str) -> None:
    """Raises `Refused` when it is none of the account's that goes on."""
    if session not in {one.session for one in of_account(write, lasting, account, write.at)}:
        raise Refused("no-session", "没有这个会话 · there is no such session")
    _end(write, account, [session], "signed-out")


def end_all(write: Writing, account: str, reason: str, but: str = "") -> None:
    rows = write.connection.execute(
        select(_session.session).where(
            _session.account == account,
            _session.ends_at > write.at,
            _session.session != but,
            ~exists().where(tables.session_end.c.session == _session.session),
        )
    )
    _end(write, account, [row.session for row in rows], reason)


def _end(write: Writing, account: str, ended: list[str], reason: str) -> None:
    rows = [{"session": session, "reason": reason} for session in ended]
    audit.add_rows(write, "end-session", tables.session_end, account, rows)
