"""A whole rulebook as texts by their paths, wherever it was handed in from: a directory, a zip, JSON.

Only rule files and versions.lock belong to it. What else lies beside them, feature files above all, is left out and named.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from engine.rulebook import Rulebook, load_rulebook
from engine.rulebook.load import fingerprint
from engine.rulebook.lock import LOCK, lock_text, read_lock
from engine.rulebook.source import plain, read_yaml
from records.refused import Refused

Files = Mapping[str, str]

AT_MOST = 5_000  # files
LONGEST = 200  # bytes of a name, which every file system takes
LARGEST = 32 * 1024 * 1024  # bytes of all of them
HEAD = "rulebook.yaml"
FEATURES = "features"


@dataclass(frozen=True, slots=True)
class Given:
    """A rulebook as it was handed in. `left_out`: what lay beside its files and is no part of it."""

    files: Files
    left_out: tuple[str, ...] = ()

    @property
    def features(self) -> tuple[str, ...]:
        """Feature files that came along. They are run where they are written, not here."""
        return tuple(one for one in self.left_out if one.endswith(".feature"))


def from_directory(directory: Path) -> Given:
    """Raises `Refused` for what is no rulebook at all."""
    if not (directory / HEAD).is_file():
        raise _no_rulebook(str(directory))
    found = sorted(path for path in directory.rglob("*") if path.is_file())
    sizes = {path.relative_to(directory).as_posix(): path.stat().st_size for path in found}
    belong = _within_limits(sizes)
    texts = {name: _text(name, (directory / name).read_bytes()) for name in belong}
    return Given(texts, tuple(name for name in sizes if name not in texts))


def from_zip(content: bytes) -> Given:
    """The files beside the outermost rulebook.yaml. Raises `Refused`."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = {one.filename: one for one in archive.infolist() if not one.is_dir()}
            heads = sorted(
                (name for name in entries if PurePosixPath(name).name == HEAD), key=lambda one: one.count("/")
            )
            if not heads:
                raise _no_rulebook("zip")
            top = heads[0].removesuffix(HEAD)
            inside = {name.removeprefix(top): one for name, one in entries.items() if name.startswith(top)}
            belong = _within_limits({name: one.file_size for name, one in inside.items()})
            texts = {name: _text(name, archive.read(inside[name])) for name in belong}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:  # encrypted: RuntimeError
        raise Refused("bad-zip", f"不是可读的 zip 文件 · no zip that can be read: {error}") from None
    return Given(dict(sorted(texts.items())), tuple(sorted(name for name in inside if name not in texts)))


def from_plain(told: Any) -> Given:
    """From {path: text}. Raises `Refused`."""
    if not isinstance(told, Mapping) or not all(
        isinstance(path, str) and isinstance(text, str) for path, text in told.items()
    ):
        raise Refused(
            "no-files",
            "规则库应写成 {路径: 文本} · a rulebook is written as an object of paths and their texts",
        )
    if HEAD not in told:
        raise _no_rulebook("JSON")
    try:
        sizes = {path: len(text.encode()) for path, text in told.items() if path.encode()}
    except UnicodeEncodeError:  # half a surrogate pair
        raise _not_text("JSON") from None
    belong = _within_limits(sizes)
    texts = {path: told[path] for path in sorted(belong)}
    return Given(texts, tuple(sorted(path for path in told if path not in texts)))


def _within_limits(sizes: Mapping[str, int]) -> Collection[str]:
    """Those that belong to the rulebook. Raises `Refused` for too many or too much, and for paths that leave it."""
    belong = [path for path in sizes if _belongs(path)]
    for path in belong:
        check_path(path)
        if any(parent.as_posix() in sizes for parent in PurePosixPath(path).parents):
            raise Refused("bad-path", f"{path}: 上级是文件 · what is above it is a file")
    if len(belong) > AT_MOST or sum(sizes[path] for path in belong) > LARGEST:
        raise Refused(
            "too-large",
            f"规则库过大，最多 {AT_MOST} 个文件、{LARGEST // 1024 // 1024} MB · the rulebook is too large; at most "
            f"{AT_MOST} files and {LARGEST // 1024 // 1024} MB",
        )
    return belong


def _belongs(path: str) -> bool:
    parts = PurePosixPath(path).parts
    hidden = any(one.startswith(".") and one != ".." for one in parts)
    return path == LOCK or (path.endswith((".yaml", ".yml")) and parts[0] != FEATURES and not hidden)


def check_path(path: str) -> None:
    """Raises `Refused` for a path that could leave its directory."""
    parts = path.split("/")
    strange = any(char in path for char in "\\\0") or any(len(part.encode()) > LONGEST for part in parts)
    if strange or any(part in ("", ".", "..") for part in parts):
        raise Refused("bad-path", f"规则文件路径越界 · a rule file leaves its directory: {path[:200]}")


def _text(name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _not_text(name) from None


def _not_text(where: str) -> Refused:
    message = f"{where}: 不是 UTF-8 文本，请另存为 UTF-8 · not UTF-8 text; save it again as UTF-8"
    return Refused("not-utf8", message)


def _no_rulebook(where: str) -> Refused:
    return Refused("no-rulebook-here", f"{where}: 没有 {HEAD}，不是规则库 · no {HEAD} here, so no rulebook")


# --- what the texts are -------------------------------------------------------------------------------------


def fingerprint_of(files: Files) -> str:
    """The rulebook's fingerprint when the texts load; one of their own when some cannot be read."""
    content: dict[str, Any] = {}
    for path, text in files.items():
        if path == LOCK:
            continue
        tree, _ = read_yaml(path, text)
        content[path] = text if tree is None else plain(tree)
    return fingerprint(content)


def loaded(files: Files, locked: Mapping[str, str] | None = None) -> Rulebook:
    """The rulebook of these texts. `locked`: entries that must be there unchanged, besides those of their own lock.

    Raises `Problems`, each with its place.
    """
    with written(files) as directory:
        if locked:  # what is published binds also a rulebook that came with another lock, or with none
            (directory / LOCK).write_text(lock_text({**read_lock(directory), **locked}), "utf-8")
        return load_rulebook(directory)


@contextmanager
def written(files: Files) -> Iterator[Path]:
    """The texts as files, for as long as the block runs. Raises `Refused` for a path that leaves the directory."""
    with TemporaryDirectory(prefix="rulebook-") as place:
        for path, text in files.items():
            check_path(path)
            target = Path(place, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode())
        yield Path(place)
