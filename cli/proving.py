"""What `relief coverage` and `relief mutate` share: where rulebook and features are, and what stops both."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import typer

from cli.rulebooks import directory_of, told
from cli.stop import stop
from engine.language.problems import Problem, Problems, nearest

if TYPE_CHECKING:
    from engine.rulebook.model import Rulebook
    from proving.explained import Explained
    from proving.reading import Readers

_PROJECT = Path(__file__).resolve().parents[1]
Made = TypeVar("Made")


def places(policies: Path | None, features: Path | None) -> tuple[Path, Path]:
    """The directory of the rulebook and that of the features: those asked for, those here, those of the program."""
    directory = directory_of(policies)
    if not directory.is_dir():
        stop(f"{directory}: 没有这个目录 · there is no such directory")
    if features is None:
        found = next(
            (one / "features" for one in (Path.cwd(), _PROJECT) if (one / "features").is_dir()), None
        )
        if found is None:
            stop(
                "找不到功能文件，请用 --features 指明目录 · no features found; name their directory with --features"
            )
        features = found
    if not features.is_dir():
        stop(f"{features}: 没有这个目录 · there is no such directory")
    return directory, features


def proving(directory: Path, make: Callable[[], Made]) -> Made:
    """What is made of a rulebook and its features; or the end of the command, with what is wrong in either."""
    try:
        from proving.scenarios import BadFeature
    except ModuleNotFoundError as missing:
        if missing.name is not None and missing.name.partition(".")[0] in (
            "pytest_bdd",
            "gherkin",
            "pytest",
            "features",
        ):
            stop(
                f"缺 {missing.name}，请先 make setup · {missing.name} is missing; run `make setup` in a checkout"
            )
        raise
    try:
        return make()
    except Problems as problems:
        stop(told(problems, directory))
    except BadFeature as wrong:
        stop(str(wrong))


def explained_beside(features: Path, book: Rulebook) -> Explained:
    from proving.explained import read_explained

    try:
        return read_explained(features, book.languages)
    except Problems as problems:
        stop(told(problems, features))


def of_policies(readers: Readers, asked: Collection[str]) -> frozenset[str]:
    """What some policies are made of: themselves, the definitions and the parameters they read."""
    for name in asked:
        if name not in readers.book.policies:
            hint = nearest(name, readers.book.policies) or "relief policies 列出全部 · lists them all"
            stop(f"没有政策 “{name}” · there is no policy `{name}`\n      = {hint}")
    return frozenset(one for name in asked for one in readers.made_of(name))


def changed_files(directory: Path, ref: str) -> frozenset[str]:
    """Files under a directory, named from it, that differ from where this work left `ref`, or that git does not know."""
    base = _git(directory, "merge-base", ref, "HEAD")
    if base is None:
        stop(f"git 不认识 “{ref}” · git knows no `{ref}`")
    differ = _git(directory, "diff", "--name-only", "--relative", "-z", base.strip(), "--", ".") or ""
    new = _git(directory, "ls-files", "--others", "--exclude-standard", "-z", "--", ".") or ""
    return frozenset(one for one in (differ + new).split("\0") if one)


def _git(directory: Path, *arguments: str) -> str | None:
    try:
        made = subprocess.run(  # noqa: S603 the arguments are ours, and `ref` follows a command that takes commits
            ["git", "-C", str(directory), *arguments],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        stop("没有 git · there is no git here")
    return made.stdout if made.returncode == 0 else None


def print_json(answer: Any) -> None:
    typer.echo(msgspec.json.encode(answer).decode())


def problem_as_plain(problem: Problem) -> dict[str, Any]:
    at = problem.at
    return {
        "file": at.file,
        "line": at.line,
        "code": problem.code,
        "message": problem.message,
        "hint": problem.hint,
    }
