"""Accounts and what they are granted.

An account belongs to a real person, who may have several; four eyes look at the person. The very first accounts are
made on the server (`relief account add`) by `SETUP`, who is nobody's person. From then on administrators make accounts
and grant roles, never to themselves, and to see what nobody else sees (`WATCHED`) takes two of them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, exists, select

from engine.rulebook import Rulebook
from records import attempts, audit, passwords, sessions, tables
from records.database import Database, Reading, Writing, writing
from records.refused import Refused
from records.rights import Grant, Role, Viewer

SETUP = "setup"
WATCHED = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
_RESERVED = frozenset({SETUP, "system", "sign-in"})
_ACCOUNT = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,38}[a-z0-9])?")
_PERSON = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,78}[A-Za-z0-9])?")


class Kind(StrEnum):
    PASSWORD = "password"  # noqa: S105
    OIDC = "oidc"  # the office's identity provider signs in, and calls the person `subject`


@dataclass(frozen=True, slots=True)
class NewAccount:
    account: str
    person: str
    name: str
    kind: Kind = Kind.PASSWORD
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Granted:
    """A grant as it stands. `pending`: it waits for somebody else's confirmation and does not count yet."""

    number: int
    grant: Grant
    valid_from: date
    granted_by: str
    pending: bool


@dataclass(frozen=True, slots=True)
class Account:
    account: str
    person: str
    name: str
    kind: Kind
    closed: bool
    grants: tuple[Granted, ...]


# --- making -------------------------------------------------------------------------------------------------


def create(write: Writing, new: NewAccount) -> None:
    """Raises `Refused` for a name that is taken or is none."""
    _check_new(new)
    row = {
        "account": new.account,
        "kind": new.kind.value,
        "person": new.person,
        "name": new.name,
        "subject": new.subject,
    }
    taken = select(tables.account.c.account).where(tables.account.c.account == new.account)
    if write.connection.execute(taken).first() is not None:
        raise Refused("account-known", f"已有账号 {new.account} · account {new.account} is there already")
    if new.subject is not None:
        taken = select(tables.account.c.account).where(tables.account.c.subject == new.subject)
        if write.connection.execute(taken).first() is not None:
            raise Refused(
                "account-known",
                "此 subject 已对应另一账号 · another account has this subject already",
            )
    audit.add_row(write, "create-account", tables.account, new.account, row)


def _check_new(new: NewAccount) -> None:
    if not _ACCOUNT.fullmatch(new.account) or new.account in _RESERVED:
        raise Refused(
            "account-name",
            "登录名用小写字母、数字和 . _ -，至多 40 个字符，且不得为保留名 · an account is named with small letters, "
            "digits and . _ -, 40 at most, and not by a reserved name",
        )
    if not _PERSON.fullmatch(new.person) or new.person in _RESERVED:
        raise Refused(
            "person-name",
            "人员编号用字母、数字和 . _ -，至多 80 个字符 · a person is named with letters, digits and . _ -, 80 at most",
        )
    if not new.name.strip() or len(new.name) > 80 or not new.name.isprintable():
        raise Refused("name", "姓名为 1 至 80 个字符 · the shown name has 1 to 80 characters")
    if (new.kind is Kind.OIDC) != bool(new.subject):
        raise Refused(
            "subject",
            "统一认证账号须有 subject，其他账号不得有 · an oidc account needs its subject, and no other has one",
        )


def give_first_password(write: Writing, account: str, *, must_change: bool = True) -> str:
    """A new password that must be changed, shown this once. Ends the account's sessions. Raises `Refused`."""
    found = one(write, account)
    if found.closed:
        raise _closed(account)
    if found.kind is not Kind.PASSWORD:
        raise Refused(
            "no-password",
            f"账号 {account} 由统一认证登录，没有密码 · account {account} has no password; it signs in elsewhere",
        )
    given = passwords.first_password()
    _keep(write, "give-password", account, given, must_change=must_change)
    attempts.forget(write, account)
    sessions.end_all(write, account, "password")
    return given


def change_password(
    database: Database, viewer: Viewer, old: str, new: str, session: str, address: str
) -> None:
    """A password that the account's owner has chosen; his other sessions end. Raises `Refused`, `Waits`."""
    account = viewer.account
    wrong = passwords.refused(new, account)
    if wrong is not None:
        raise wrong
    kept = sessions.proven(database, account, old, address)
    if passwords.fits(new, kept.hash):
        raise Refused("password-same", "新密码与旧密码相同 · the new password is the old one")
    with writing(database, account) as write:
        _keep(write, "change-password", account, new, must_change=False)
        sessions.end_all(write, account, "password", but=session)


def _keep(write: Writing, action: str, account: str, password: str, *, must_change: bool) -> None:
    row = {"account": account, "hash": passwords.hashed(password), "must_change": must_change}
    audit.add_row(write, action, tables.credential, account, row)


def close(write: Writing, account: str, by_person: str) -> None:
    """Closes an account for good; its sessions end. Raises `Refused`."""
    found = one(write, account)
    if found.closed:
        raise _closed(account)
    if found.person == by_person:
        raise Refused("own-account", "不得停用自己的账号 · nobody closes his own account")
    audit.add_row(write, "close-account", tables.closing, account, {"account": account})
    sessions.end_all(write, account, "closed")


# --- granting -----------------------------------------------------------------------------------------------


def check_grant(book: Rulebook, grant: Grant) -> None:
    """Raises `Refused` for an area or a department that the rulebook does not have."""
    if grant.area not in book.areas:
        raise Refused(
            "no-area", f"规则库没有地区 {grant.area[:80]} · the rulebook has no area {grant.area[:80]}"
        )
    if (grant.role is Role.DEPARTMENT_OFFICER) != bool(grant.department):
        raise Refused(
            "department",
            "部门经办人须指明部门，其他角色不指明 · a department officer needs a department, and no other role has one",
        )
    if grant.department and grant.department not in book.departments:
        raise Refused(
            "no-department",
            f"规则库没有部门 {grant.department[:80]} · the rulebook has no department {grant.department[:80]}",
        )


def grant_role(write: Writing, account: str, grant: Grant, by_person: str, since: date) -> Granted:
    """Raises `Refused`, for oneself as well."""
    found = one(write, account)
    if found.closed:
        raise _closed(account)
    if found.person == by_person:
        raise Refused("own-grant", "不得给自己授权 · nobody grants a role to himself")
    row = {
        "account": account,
        "person": found.person,
        "role": grant.role.value,
        "area": grant.area,
        "department": grant.department,
        "valid_from": since,
        "granted_by": by_person,
        "pending": grant.role in WATCHED and by_person != SETUP,
    }
    made = audit.add_row(write, "grant", tables.granted, account, row)
    return Granted(made["seq"], grant, since, by_person, made["pending"])


def confirm(write: Writing, account: str, number: int, by_person: str) -> None:
    """A second person confirms a grant that waits for it. Raises `Refused`."""
    found = _grant(write, account, number)
    if not found.pending:
        raise Refused("not-pending", "此项授权不需要确认 · this grant does not wait for a confirmation")
    person = one(write, account).person
    if by_person in (found.granted_by, person):
        raise Refused(
            "four-eyes",
            "须由授权人和被授权人以外的另一位管理员确认 · somebody else than who granted and who is granted confirms",
        )
    row = {
        "granted": number,
        "person": person,
        "granted_by": found.granted_by,
        "confirmed_by": by_person,
    }
    audit.add_row(write, "confirm-grant", tables.confirmation, account, row)


def withdraw(write: Writing, account: str, number: int) -> None:
    """Raises `Refused` for a grant that is not there."""
    _grant(write, account, number)
    audit.add_row(write, "withdraw-grant", tables.withdrawal, account, {"granted": number})


def _grant(write: Writing, account: str, number: int) -> Granted:
    found = {granted.number: granted for granted in one(write, account).grants}
    if number not in found:
        raise Refused("no-grant", "没有这项授权 · there is no such grant")
    return found[number]


def _closed(account: str) -> Refused:
    return Refused("closed", f"账号 {account} 已停用 · account {account} is closed")


# --- reading ------------------------------------------------------------------------------------------------


def one(read: Reading, account: str) -> Account:
    """Raises `Refused` when there is none."""
    for found in listed(read, tables.account.c.account == account):
        return found
    raise no_account(account)


def no_account(account: str) -> Refused:
    return Refused("no-account", f"没有账号 {account[:80]} · there is no account {account[:80]}")


def listed(read: Reading, which: ColumnElement[bool] | None = None) -> list[Account]:
    """By their names, each with the grants that were not withdrawn."""
    account, closing = tables.account.c, tables.closing.c
    conditions = () if which is None else (which,)
    rows = read.connection.execute(
        select(tables.account, closing.account.label("closed"))
        .outerjoin(tables.closing, closing.account == account.account)
        .where(*conditions)
        .order_by(account.account)
    ).all()
    grants: dict[str, list[Granted]] = {row.account: [] for row in rows}
    of_these = select(account.account).where(*conditions)
    for row in _standing(read, tables.granted.c.account.in_(of_these)):
        grants.setdefault(row.account, []).append(_granted(row))
    return [
        Account(
            row.account,
            row.person,
            row.name,
            Kind(row.kind),
            row.closed is not None,
            tuple(grants[row.account]),
        )
        for row in rows
    ]


def reached(account: Account, areas: Collection[str]) -> bool:
    """Whether an administrator of these areas has to do with an account: none of its grants reaches outside."""
    return all(granted.grant.area in areas for granted in account.grants)


def _standing(read: Reading, which: ColumnElement[bool]) -> Iterable[Row[Any]]:
    granted, confirmation = tables.granted.c, tables.confirmation.c
    withdrawn = exists().where(tables.withdrawal.c.granted == granted.seq)
    return read.connection.execute(
        select(tables.granted, confirmation.granted.label("confirmed"))
        .outerjoin(tables.confirmation, confirmation.granted == granted.seq)
        .where(which, ~withdrawn)
        .order_by(granted.seq)
    )


def _granted(row: Row[Any]) -> Granted:
    grant = Grant(Role(row.role), row.area, row.department)
    waits = bool(row.pending) and row.confirmed is None
    return Granted(row.seq, grant, row.valid_from, row.granted_by, waits)
