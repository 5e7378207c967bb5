"""Tokens of the office's identity provider (OpenID Connect): who they are about.

A token says only who somebody is. What he or she may do is written in the record. Only signatures with a pair of keys
are taken, each key with the one algorithm that is its own, so that nobody signs with what is public.
"""

from __future__ import annotations

import json
import logging
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt

from api.settings import BadSettings, OidcSettings

ALGORITHMS = ("RS256", "ES256", "EdDSA")
LEEWAY = 30  # seconds that two clocks may differ
FRESH = 600.0  # seconds after which the keys are asked for again
AGAIN = 30.0  # and at least between two askings, whatever unknown keys are named
OLDEST = 86_400.0  # keys that could not be asked for again count for a day
_SECONDS, _LARGEST = 5, 1_000_000
_log = logging.getLogger("relief.oidc")


class _Stays(urllib.request.HTTPRedirectHandler):
    """Keys come from the address that was told and from no other."""

    def redirect_request(self, *_: Any) -> None:
        return None


_opener = urllib.request.build_opener(_Stays)


class KeySet:
    """The provider's public keys by their ids, asked for when they grow old or one is not known."""

    def __init__(self, source: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Raises `BadSettings` for an address that anybody on the way could answer."""
        address = urlsplit(source)
        if address.scheme == "http" and address.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise BadSettings(f"RELIEF_OIDC_JWKS: {source}: 须用 https · needs https")
        self.source, self.clock = source, clock
        self.keys: Mapping[str, jwt.PyJWK] = {}
        self.asked = self.had = float("-inf")
        self.lock = threading.Lock()

    def get(self, key_id: str) -> jwt.PyJWK | None:
        age = self.clock() - self.asked
        if age > FRESH or (key_id not in self.keys and age > AGAIN):
            self._ask()
        return self.keys.get(key_id) if self.clock() - self.had < OLDEST else None

    def _ask(self) -> None:
        if not self.lock.acquire(blocking=not self.keys):  # others go on with the keys that there are
            return
        try:
            if self.clock() - self.asked <= AGAIN:
                return
            self.asked = self.clock()
            self.keys = _read_keys(self._content())
            self.had = self.asked
        except (OSError, ValueError, jwt.PyJWTError) as error:
            _log.warning("the keys of %s cannot be had: %s", self.source, error)
        finally:
            self.lock.release()

    def _content(self) -> bytes:
        if urlsplit(self.source).scheme not in ("http", "https"):
            return Path(self.source).read_bytes()
        with _opener.open(self.source, timeout=_SECONDS) as answer:
            content: bytes = answer.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise ValueError("more than a megabyte of keys")
        return content


def _read_keys(content: bytes) -> dict[str, jwt.PyJWK]:
    """Those that sign with an algorithm of ours; others of the provider's are left out."""
    found = {}
    for one in json.loads(content)["keys"]:
        try:
            key = jwt.PyJWK(one)
        except jwt.PyJWTError:
            continue
        if key.key_id and key.algorithm_name in ALGORITHMS and key.public_key_use in (None, "sig"):
            found[key.key_id] = key
    return found


class Oidc:
    def __init__(self, settings: OidcSettings, keys: KeySet | None = None) -> None:
        self.settings, self.keys = settings, keys or KeySet(settings.jwks)

    def subject(self, token: str) -> str | None:
        """Who a token is about; None when it is not a good one."""
        try:
            header = jwt.get_unverified_header(token)
            key = self.keys.get(header["kid"]) if isinstance(header.get("kid"), str) else None
            if key is None:
                return None
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                audience=self.settings.audience,
                issuer=self.settings.issuer,
                leeway=LEEWAY,
                options={
                    "require": ["exp", "iss", "aud", "sub"],
                    "enforce_minimum_key_length": True,
                },
            )
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            _log.info("a token was refused: %s", type(error).__name__)
            return None
        subject: str = claims["sub"]
        return subject or None
