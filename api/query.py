"""Query parameters: every one that is sent is read, or refused."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from starlette.requests import Request

from api.problems import bad_parameter
from engine.language.dates import from_date, parse_date
from engine.language.problems import nearest
from engine.rulebook import Rulebook

LAYERS = ("applicant", "caseworker", "auditor")


@dataclass(frozen=True, slots=True)
class Moment:
    """What is asked about a household: for a day, as known on a day, about which policies (none: all)."""

    on: int
    known: int
    policies: tuple[str, ...]
    advice: bool


def moment_of(request: Request, book: Rulebook, also: Collection[str] = ()) -> Moment:
    given = request.query_params
    only_known(request, ("on", "known", "policy", "advice", *also))
    today = from_date(date.today())
    on, known = (_day(name, given[name]) if name in given else today for name in ("on", "known"))
    policies = tuple(given.getlist("policy"))
    for name in policies:
        if name not in book.policies:
            raise bad_parameter("policy", f"there is no policy `{name[:80]}`", nearest(name, book.policies))
    return Moment(
        on, known, policies, _choice("advice", given.get("advice", "true"), ("true", "false")) == "true"
    )


def only_known(request: Request, known: Collection[str]) -> None:
    given = request.query_params
    for name in given:
        if name != "policy" and len(given.getlist(name)) > 1:
            raise bad_parameter(name[:80], f"`{name[:80]}` is said twice", "keep one of the two")
        if name not in known:
            hint = nearest(name, known) or f"one of {', '.join(known)}" if known else ""
            raise bad_parameter(name[:80], f"unknown query parameter `{name[:80]}`", hint)


def layer_of(request: Request) -> str:
    return _choice("layer", request.query_params.get("layer", "caseworker"), LAYERS)


def language_of(request: Request, book: Rulebook) -> str:
    """`lang`, or the best language of Accept-Language that the rulebook has, or its first."""
    asked = request.query_params.get("lang")
    if asked is not None:
        return _choice("lang", asked, book.languages)
    for tag in _accepted(request.headers.get("accept-language", "")):
        if tag in book.languages:
            return tag
    return book.languages[0]


def _accepted(header: str) -> list[str]:
    """The languages of an Accept-Language header without their regions, best first."""
    ranked: list[tuple[float, int, str]] = []
    for place, part in enumerate(header.split(",")[:20]):
        tag, _, rest = part.strip().partition(";")
        quality = rest.strip().removeprefix("q=").strip()
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        if weight > 0:
            ranked.append((-weight, place, tag.partition("-")[0].strip().lower()))
    return [tag for _, _, tag in sorted(ranked)]


def _day(name: str, text: str) -> int:
    day = parse_date(text)
    if day is None:
        raise bad_parameter(name, f'"{text[:80]}" is not a date', "write year-month-day: 2024-02-29")
    return day


def _choice(name: str, given: str, choices: Collection[Any]) -> str:
    if given not in choices:
        raise bad_parameter(
            name, f'"{given[:80]}" is not a value of `{name}`', f"one of {', '.join(choices)}"
        )
    return given
