"""Accounts and what they are granted: for administrators, who have no business data.

An administrator has to do with the accounts whose grants all lie inside his own areas, and grants nothing outside. Who
an account's owner is cannot be changed, a closed account stays closed, and nobody grants himself anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, Field

from api.bodies import Body, body_of, takes
from api.guard import guarded_router, needs
from api.recorded import Asked, Id, Limit, asked
from records import accounts, scope
from records.accounts import Account, Granted, Kind, NewAccount
from records.database import Reading, Writing
from records.refused import Refused
from records.rights import Grant, Right, Role

router: APIRouter = guarded_router()
GrantNumber = Annotated[int, Path(ge=1, lt=2**62)]


class Creating(Body):
    """`person`: the real person's id, the same in all of his or her accounts. `subject`: of the identity provider."""

    account: str = Field(max_length=40)
    person: str = Field(max_length=80)
    name: str = Field(max_length=80)
    kind: Kind = Kind.PASSWORD
    subject: str | None = Field(default=None, min_length=1, max_length=255)


class Granting(Body):
    role: Role
    area: str = Field(max_length=80)
    department: str = Field(default="", max_length=80)
    valid_from: date | None = None


class FirstPassword(BaseModel):
    """Shown this once; it opens nothing but its change, for a week. None: signs in elsewhere."""

    account: str
    first_password: str | None


class GrantShown(BaseModel):
    """`pending`: waits for another administrator's confirmation and does not count yet."""

    grant: int
    role: Role
    area: str
    department: str
    valid_from: date
    granted_by: str
    pending: bool


class AccountShown(BaseModel):
    account: str
    person: str
    name: str
    kind: Kind
    closed: bool
    grants: list[GrantShown]


class AccountsShown(BaseModel):
    total: int
    accounts: list[AccountShown]
    after: str | None


@router.get("/accounts", summary="Accounts within reach")
@needs(Right.MANAGE_ACCOUNTS)
def listed(request: Request, after: Id = "", limit: Limit = 50) -> AccountsShown:
    ask = asked(request)
    with ask.reading() as read:
        found = [one for one in accounts.listed(read) if _reaches(ask, one)]
    page = [one for one in found if one.account > after][:limit]
    return AccountsShown(
        total=len(found),
        accounts=[_shown(one) for one in page],
        after=page[-1].account if len(page) == limit else None,
    )


@router.post("/accounts", summary="A new account", status_code=201, **takes(Creating))
@needs(Right.MANAGE_ACCOUNTS)
def create(request: Request, told: Annotated[Creating, Depends(body_of(Creating))]) -> FirstPassword:
    new = NewAccount(told.account, told.person, told.name, told.kind, told.subject)
    with asked(request).writing() as write:
        accounts.create(write, new)
        given = accounts.give_first_password(write, new.account) if told.kind is Kind.PASSWORD else None
    return FirstPassword(account=new.account, first_password=given)


@router.get("/accounts/{account}", summary="One account")
@needs(Right.MANAGE_ACCOUNTS)
def one(request: Request, account: str) -> AccountShown:
    ask = asked(request)
    with ask.reading() as read:
        return _shown(_within_reach(ask, read, account))


@router.post("/accounts/{account}/password", summary="A new first password", status_code=201)
@needs(Right.MANAGE_ACCOUNTS)
def give_password(request: Request, account: str) -> FirstPassword:
    """Ends the account's sessions."""
    with _writing_to(request, account) as (ask, write, found):
        if found.person == ask.viewer.person:
            raise Refused(
                "own-account",
                "自己的密码请用 POST /v1/me/password 更改 · change your own password: POST /v1/me/password",
            )
        given = accounts.give_first_password(write, account)
    return FirstPassword(account=account, first_password=given)


@router.post("/accounts/{account}/close", summary="Close an account for good", status_code=204)
@needs(Right.MANAGE_ACCOUNTS)
def close(request: Request, account: str) -> None:
    with _writing_to(request, account) as (ask, write, _):
        accounts.close(write, account, ask.viewer.person)


@router.post("/accounts/{account}/grants", summary="Grant a role", status_code=201, **takes(Granting))
@needs(Right.MANAGE_ACCOUNTS)
def grant(
    request: Request, account: str, told: Annotated[Granting, Depends(body_of(Granting))]
) -> GrantShown:
    """Auditors and administrators need a second administrator's confirmation before it counts."""
    wanted = Grant(told.role, told.area, told.department)
    with _writing_to(request, account) as (ask, write, _):
        accounts.check_grant(ask.book, wanted)
        if told.area not in _areas(ask):
            raise Refused(
                "out-of-reach", f"您不管辖 {told.area} · {told.area} is outside of what you administer"
            )
        since = told.valid_from or ask.today
        return _grant_shown(accounts.grant_role(write, account, wanted, ask.viewer.person, since))


@router.post(
    "/accounts/{account}/grants/{number}/confirm", summary="Confirm a pending grant", status_code=204
)
@needs(Right.MANAGE_ACCOUNTS)
def confirm(request: Request, account: str, number: GrantNumber) -> None:
    with _writing_to(request, account) as (ask, write, _):
        accounts.confirm(write, account, number, ask.viewer.person)


@router.delete("/accounts/{account}/grants/{number}", summary="Withdraw a grant", status_code=204)
@needs(Right.MANAGE_ACCOUNTS)
def withdraw(request: Request, account: str, number: GrantNumber) -> None:
    with _writing_to(request, account) as (_, write, _found):
        accounts.withdraw(write, account, number)


# --- reach --------------------------------------------------------------------------------------------------


@contextmanager
def _writing_to(request: Request, account: str) -> Iterator[tuple[Asked, Writing, Account]]:
    """A transaction about an account within reach. Raises `Refused` no-account for any other."""
    ask = asked(request)
    with ask.writing() as write:
        yield ask, write, _within_reach(ask, write, account)


def _within_reach(ask: Asked, read: Reading, account: str) -> Account:
    found = accounts.one(read, account)
    if not _reaches(ask, found):
        raise accounts.no_account(account)
    return found


def _reaches(ask: Asked, account: Account) -> bool:
    return accounts.reached(account, _areas(ask))


def _areas(ask: Asked) -> frozenset[str]:
    return scope.areas_of(ask.viewer, Right.MANAGE_ACCOUNTS, ask.book)


def _shown(one: Account) -> AccountShown:
    return AccountShown(
        account=one.account,
        person=one.person,
        name=one.name,
        kind=one.kind,
        closed=one.closed,
        grants=[_grant_shown(granted) for granted in one.grants],
    )


def _grant_shown(granted: Granted) -> GrantShown:
    return GrantShown(
        grant=granted.number,
        role=granted.grant.role,
        area=granted.grant.area,
        department=granted.grant.department,
        valid_from=granted.valid_from,
        granted_by=granted.granted_by,
        pending=granted.pending,
    )
