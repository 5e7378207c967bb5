"""What everybody with an account does for himself: signing in and out, who am I, a new password."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.authentication import address_of, cookie_name
from api.bodies import Body, body_of, takes
from api.guard import guarded_router, needs, open_to_all, viewer_of
from api.limits import take, too_many
from api.problems import ProblemError
from records import accounts, sessions
from records.database import Database, reading, writing
from records.refused import Refused
from records.rights import RIGHTS, Right
from records.sessions import Lasting, Waits

router: APIRouter = guarded_router()
Password = Annotated[str, Field(min_length=1, max_length=256)]


class _Secrets(Body):
    """A password is taken as it was typed, spaces at its ends included."""

    model_config = ConfigDict(str_strip_whitespace=False)


class SignIn(_Secrets):
    account: Annotated[str, Field(min_length=1, max_length=80)]
    password: Password
    cookie: bool = False


class SignedIn(BaseModel):
    """`token` for an Authorization header, or `csrf_token` beside a cookie. `must_change`: the password comes first."""

    session: str
    account: str
    ends_at: datetime
    must_change: bool
    token: str | None = None
    csrf_token: str | None = None


class NewPassword(_Secrets):
    old: Password
    new: Password


class OwnSession(BaseModel):
    session: str
    current: bool
    begun_at: datetime
    last_used: datetime
    ends_at: datetime
    address: str
    agent: str


class OwnSessions(BaseModel):
    sessions: list[OwnSession]


class OwnGrant(BaseModel):
    role: str
    area: str
    department: str
    rights: list[str]


class Me(BaseModel):
    """Who is signed in, and what he or she may do where. `csrf_token`: of a session in a cookie."""

    account: str
    person: str
    must_change: bool
    grants: list[OwnGrant]
    rights: list[str]
    csrf_token: str | None = None


@router.post(
    "/sessions",
    summary="Sign in",
    status_code=201,
    response_model_exclude_none=True,
    responses={401: {"description": "the name or the password is wrong"}},
    **takes(SignIn),
)
@open_to_all
def sign_in(
    request: Request, response: Response, told: Annotated[SignIn, Depends(body_of(SignIn))]
) -> SignedIn:
    """Answers a token for `Authorization: Bearer`, or with `cookie` sets a cookie and answers what to send in X-CSRF-Token."""
    address = address_of(request)
    take(request.app.state.buckets["sign-in"], address)
    database, lasting = _record(request)
    agent = request.headers.get("user-agent", "")
    try:
        begun = sessions.sign_in(database, lasting, told.account, told.password, address, agent)
    except Waits as waits:
        raise too_many(waits.seconds) from None
    except Refused as refused:
        raise _failed(refused) from None
    made: dict[str, Any] = {
        "session": begun.session,
        "account": told.account,
        "ends_at": begun.ends_at,
        "must_change": begun.must_change,
    }
    if not told.cookie:
        return SignedIn(**made, token=begun.token)
    _set_cookie(request, response, begun.token)
    return SignedIn(**made, csrf_token=sessions.cross_site_token(begun.token))


@router.get("/sessions", summary="One's own sessions")
@needs(Right.OWN_SESSION)
def own_sessions(request: Request) -> OwnSessions:
    database, lasting = _record(request)
    with reading(database) as read:
        found = sessions.of_account(read, lasting, viewer_of(request).account, database.clock())
    current = _session(request)
    return OwnSessions(
        sessions=[
            OwnSession(
                session=one.session,
                current=one.session == current,
                begun_at=one.begun_at,
                last_used=one.last_used,
                ends_at=one.ends_at,
                address=one.address,
                agent=one.agent,
            )
            for one in found
        ]
    )


@router.delete("/sessions/current", summary="Sign out", status_code=204)
@needs(Right.OWN_SESSION)
def sign_out(request: Request, response: Response) -> None:
    _end(request, _session(request))
    _set_cookie(request, response, None)


@router.delete("/sessions/{session}", summary="End one of one's sessions", status_code=204)
@needs(Right.OWN_SESSION)
def end_session(request: Request, session: str) -> None:
    _end(request, session)


@router.get("/me", summary="Who is signed in", response_model_exclude_none=True)
@needs(Right.OWN_SESSION)
def me(request: Request) -> Me:
    viewer = viewer_of(request)
    token = request.cookies.get(cookie_name(request)) if "authorization" not in request.headers else None
    return Me(
        account=viewer.account,
        person=viewer.person,
        must_change=viewer.must_change,
        grants=[
            OwnGrant(role=one.role, area=one.area, department=one.department, rights=sorted(RIGHTS[one.role]))
            for one in viewer.grants
        ],
        rights=sorted(right for right in Right if viewer.may(right)),
        csrf_token=sessions.cross_site_token(token) if token else None,
    )


@router.post("/me/password", summary="Change one's password", status_code=204, **takes(NewPassword))
@needs(Right.OWN_SESSION)
def change_password(request: Request, told: Annotated[NewPassword, Depends(body_of(NewPassword))]) -> None:
    """Ends one's other sessions."""
    database, _ = _record(request)
    address = address_of(request)
    take(request.app.state.buckets["sign-in"], address)
    try:
        accounts.change_password(database, viewer_of(request), told.old, told.new, _session(request), address)
    except Waits as waits:
        raise too_many(waits.seconds) from None


def _record(request: Request) -> tuple[Database, Lasting]:
    return request.app.state.record, request.app.state.settings.lasting


def _session(request: Request) -> str:
    """The one that this request came with; none with a token of the identity provider."""
    found: str = getattr(request.state, "session", "")
    return found


def _end(request: Request, session: str) -> None:
    database, lasting = _record(request)
    account = viewer_of(request).account
    with writing(database, account) as write:
        sessions.end(write, lasting, account, session)


def _failed(refused: Refused) -> ProblemError:
    return ProblemError(
        HTTPStatus.UNAUTHORIZED, "wrong-password", str(refused), headers={"WWW-Authenticate": "Bearer"}
    )


def _set_cookie(request: Request, response: Response, token: str | None) -> None:
    """None: takes it away."""
    response.set_cookie(
        cookie_name(request),
        token or "",
        max_age=None if token else 0,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
