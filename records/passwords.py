"""Passwords: what is kept of them, and which are taken.

Hashes are argon2id with the parameters that OWASP asks for at least. The rules are those of NIST SP 800-63B: long
enough, not one that everybody tries first, not the account's own name; nothing about capitals and signs.
"""

from __future__ import annotations

import secrets
import unicodedata
from functools import cache
from itertools import pairwise
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from records.refused import Refused

SHORTEST, LONGEST = 12, 128
_FEWEST_SIGNS = 5
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_at_once = BoundedSemaphore(4)  # 19 MB each: a flood of attempts must not take the memory of everybody else
_SPEAKABLE = "abcdefghjkmnpqrstuvwxyz23456789"  # what is read aloud and typed: no 0 o 1 i l

# Those of the leaked lists that are long enough to pass otherwise, and their kind in offices that write Chinese.
_COMMONEST = frozenset(
    [
        "123456789012",
        "1234567890123",
        "12345678901234",
        "123456789123",
        "123456789012345",
        "1234567891234",
        "123123123123",
        "147258369147",
        "qwertyuiop12",
        "qwertyuiop123",
        "qwertyuiopas",
        "qwertyuiopasdf",
        "qwertyuiop[]",
        "1q2w3e4r5t6y",
        "1qaz2wsx3edc",
        "1qaz2wsx3edc4rfv",
        "q1w2e3r4t5y6",
        "qazwsxedcrfv",
        "qazwsxedc123",
        "asdfghjkl123",
        "asdfghjkl;'\\",
        "zxcvbnm12345",
        "zaq12wsxcde3",
        "qwe123qwe123",
        "abcdefghijkl",
        "abcdefghijklm",
        "abc123abc123",
        "abcd12345678",
        "a1b2c3d4e5f6",
        "aa123456789012",
        "abc123456789",
        "a12345678901",
        "password1234",
        "password12345",
        "password123456",
        "passwordpassword",
        "password@123",
        "p@ssw0rd1234",
        "p@ssword1234",
        "passw0rd1234",
        "administrator",
        "admin1234567",
        "admin12345678",
        "admin@123456",
        "admin123456789",
        "adminadmin12",
        "admin888888!",
        "root12345678",
        "iloveyou1234",
        "iloveyouforever",
        "woaini1314520",
        "woaini521521",
        "woaini5201314",
        "5201314520131",
        "520131452013",
        "521521521521",
        "welcome12345",
        "welcome@1234",
        "changeme1234",
        "letmein12345",
        "letmein123456",
        "trustno112345",
        "sunshine1234",
        "football1234",
        "test12345678",
        "test123456789",
        "guest1234567",
        "user12345678",
        "china1234567",
        "zhongguo1234",
        "zhongguo1949",
        "mima12345678",
        "mimamima1234",
        "minzheng1234",
        "minzhengju123",
        "shehuijiuzhu",
        "shehuijiuzhu123",
        "dibao1234567",
        "dibao12345678",
    ]
)


def refused(password: str, account: str) -> Refused | None:
    """Why a password is not taken for an account, if it is not."""
    plain = _normal(password)
    folded = plain.casefold()
    if len(plain) < SHORTEST:
        return Refused(
            "password-short",
            f"密码至少 {SHORTEST} 个字符，可用几个词连成一句 · a password has {SHORTEST} characters or more; "
            "several words make a good one",
        )
    if len(plain) > LONGEST:
        return Refused(
            "password-long",
            f"密码至多 {LONGEST} 个字符 · a password has {LONGEST} characters or fewer",
        )
    if folded in _COMMONEST or len(set(folded)) < _FEWEST_SIGNS or _runs_on(folded):
        return Refused(
            "password-common",
            "这个密码太常见，别人会先试它 · this password is among the first that others try; choose another",
        )
    if len(account) >= 3 and account.casefold() in folded:
        return Refused(
            "password-name",
            "密码不得包含登录名 · a password must not contain the name that you sign in with",
        )
    return None


def hashed(password: str) -> str:
    with _at_once:
        return _hasher.hash(_normal(password))


def fits(password: str, kept: str | None) -> bool:
    """Whether a password is the one that was kept. None: of nobody, which takes as long to find out."""
    against = kept or _of_nobody()
    with _at_once:
        try:
            found = _hasher.verify(against, _normal(password))
        except (VerificationError, InvalidHashError):
            return False
    return found and kept is not None


def is_outdated(kept: str) -> bool:
    """Whether it was made with other parameters than are asked for now."""
    return _hasher.check_needs_rehash(kept)


def first_password() -> str:
    """One that somebody else is told, 80 bits of chance: `k7mp-x3qd-…`."""
    signs = [secrets.choice(_SPEAKABLE) for _ in range(16)]
    return "-".join("".join(signs[place : place + 4]) for place in range(0, 16, 4))


@cache
def _of_nobody() -> str:
    return hashed(secrets.token_hex(16))


def _normal(password: str) -> str:
    """One that is typed on another keyboard or system is the same."""
    return unicodedata.normalize("NFKC", password)


def _runs_on(folded: str) -> bool:
    """`abcdefghijklm`, `987654321098`: each sign follows the one before."""
    steps = {(ord(later) - ord(earlier)) % 10 for earlier, later in pairwise(folded)}
    return len(steps) == 1
