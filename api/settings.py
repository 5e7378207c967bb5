"""What is set by the environment for the door: sessions, the office's identity provider, hosts.

| variable | meaning |
|---|---|
| RELIEF_SESSION_IDLE_MINUTES | after so long without a request a session ends; 30 |
| RELIEF_SESSION_HOURS | at the latest it ends after so long; 12 |
| RELIEF_HOSTS | the names that the server answers to, with commas; unset: any |
| RELIEF_OIDC_ISSUER, RELIEF_OIDC_AUDIENCE, RELIEF_OIDC_JWKS | whose tokens are taken, meant for whom, and where the keys are (URL or file) |
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from records.sessions import Lasting


class BadSettings(Exception):
    """A variable of the environment is wrong; the message says which, in Chinese and English."""


@dataclass(frozen=True, slots=True)
class OidcSettings:
    issuer: str
    audience: str
    jwks: str  # a URL, or the path of a file


@dataclass(frozen=True, slots=True)
class Settings:
    """`hosts` (): any. `oidc` None: nobody signs in elsewhere."""

    lasting: Lasting = Lasting()  # noqa: RUF009 (frozen)
    hosts: tuple[str, ...] = ()
    oidc: OidcSettings | None = None


def settings_of(environment: Mapping[str, str] = os.environ) -> Settings:
    """Raises `BadSettings`."""
    lasting = Lasting(
        timedelta(minutes=_whole(environment, "RELIEF_SESSION_IDLE_MINUTES", 30)),
        timedelta(hours=_whole(environment, "RELIEF_SESSION_HOURS", 12)),
    )
    hosts = tuple(
        host.strip().lower() for host in environment.get("RELIEF_HOSTS", "").split(",") if host.strip()
    )
    return Settings(lasting, hosts, _oidc(environment))


def _whole(environment: Mapping[str, str], name: str, default: int) -> int:
    told = environment.get(name, "").strip()
    if not told:
        return default
    if not (told.isascii() and told.isdigit() and 0 < int(told) <= 10_000):
        raise BadSettings(f"{name}: 应为 1 至 10000 的整数 · a whole number from 1 to 10000 is needed")
    return int(told)


def _oidc(environment: Mapping[str, str]) -> OidcSettings | None:
    names = ("RELIEF_OIDC_ISSUER", "RELIEF_OIDC_AUDIENCE", "RELIEF_OIDC_JWKS")
    told = [environment.get(name, "").strip() for name in names]
    if not any(told):
        return None
    missing = [name for name, value in zip(names, told, strict=True) if not value]
    if missing:
        raise BadSettings(
            f"{', '.join(missing)}: 统一认证须同时设置 · signing in elsewhere needs these set as well"
        )
    return OidcSettings(*told)
