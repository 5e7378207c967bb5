"""A checked rulebook kept between runs, so that a cold command need not check it again.

The name of a cached rulebook is a hash of everything it was made from: every file in the directory, the
schemas, the engine's code, the version of Python. A change in any of them is another name, so nothing can be
stale. A cached rulebook is a pickle, which runs code when it is read; so it is only read from a directory
that belongs to the same user and that nobody else may write to. RELIEF_CACHE names the directory; empty: no
cache.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from engine.rulebook.model import Rulebook

_PROJECT = Path(__file__).resolve().parents[1]
_KEPT = 8  # rulebooks
_PLANS_KEPT = 4  # of each


def load_cached(directory: Path) -> Rulebook:
    """As `load_rulebook`, which it asks when the cache has nothing. Raises `Problems`."""
    place = _cache_directory()
    kept = place / _name(directory) if place is not None else None
    if kept is not None:
        found = _read(kept)
        if found is not None:
            _kept_at[found.fingerprint] = kept, len(found.memo.get(_PLANS, ()))
            return found
    from engine.rulebook.load import load_rulebook

    book = load_rulebook(directory)
    if kept is not None:
        _write(kept, book)
        _kept_at[book.fingerprint] = kept, 0
    return book


def keep_plans(book: Rulebook) -> None:
    """Keeps what was compiled for the days asked about, so that the next command need not compile it."""
    place, known = _kept_at.get(book.fingerprint, (None, 0))
    plans = book.memo.get(_PLANS, {})
    if place is not None and len(plans) > known:
        _write(place, replace(book, memo={_PLANS: dict(list(plans.items())[-_PLANS_KEPT:])}))


_PLANS = "plan"
_kept_at: dict[str, tuple[Path, int]] = {}  # by fingerprint: the file, and how many plans it holds


def _cache_directory() -> Path | None:
    """A directory of our own, or nothing when there cannot be one."""
    named = os.environ.get("RELIEF_CACHE")
    if named == "":
        return None
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    try:
        place = Path(named or base).expanduser() / "smart-relief"
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = place.stat()
    except (OSError, RuntimeError):
        return None
    return place if status.st_uid == os.getuid() and not status.st_mode & 0o022 else None


def _name(directory: Path) -> str:
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted(directory.rglob("*.yaml")) + sorted(directory.glob("versions.lock")):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(directory).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    for path in sorted((_PROJECT / "engine").rglob("*")) + sorted((_PROJECT / "schemas").glob("*.json")):
        if path.suffix in (".py", ".lark", ".json"):
            status = path.stat()
            digest.update(f"{path}\0{status.st_mtime_ns}\0{status.st_size}\0".encode())
    return f"{digest.hexdigest()}.rulebook"


def _read(path: Path) -> Rulebook | None:
    try:
        content = path.read_bytes()
    except OSError:
        return None
    try:
        found = pickle.loads(content)  # noqa: S301 the directory is ours alone
    except Exception:  # a torn or foreign file is as good as none: the rulebook is read afresh
        return None
    return found if isinstance(found, Rulebook) else None


def _write(path: Path, book: Rulebook) -> None:
    """Writes beside and renames, so that nobody reads half; keeps the last few. A full disk is no failure."""
    with contextlib.suppress(OSError, pickle.PicklingError, RecursionError):
        content = pickle.dumps(book, pickle.HIGHEST_PROTOCOL)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
        old = sorted(path.parent.glob("*.rulebook"), key=lambda one: one.stat().st_mtime, reverse=True)[
            _KEPT:
        ]
        for one in old:
            one.unlink(missing_ok=True)
