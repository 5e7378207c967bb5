"""Which rulebook a command means, and how it is loaded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cli.cache import load_cached
from cli.stop import stop
from engine.language.phrases.problems_zh import PROBLEMS
from engine.language.problems import Problems, nearest, render
from engine.rulebook.model import Rulebook

_PROJECT = Path(__file__).resolve().parents[1]


def directory_of(policies: Path | None) -> Path:
    """The directory asked for; or `policies` here; or the one beside the program."""
    found = directory_if_any(policies)
    if found is None:
        stop("找不到规则库，请用 --policies 指明目录 · no rulebook found; name its directory with --policies")
    return found


def directory_if_any(policies: Path | None) -> Path | None:
    """As `directory_of`; None where a record may have its rulebook from elsewhere."""
    if policies is not None:
        return policies
    places = (base / "policies" for base in (Path.cwd(), _PROJECT))
    return next((place for place in places if (place / "rulebook.yaml").is_file()), None)


def open_rulebook(policies: Path | None) -> Rulebook:
    """The rulebook, or the end of the command with every problem in it."""
    directory = directory_of(policies)
    try:
        return load_cached(directory)
    except Problems as problems:
        stop(told(problems, directory))


def told(problems: Problems, directory: Path, lang: str | None = None) -> str:
    """Problems of a rulebook, each file with the way to it from here, as editors and terminals open it.

    `lang`: "en" leaves out what each problem means in Chinese.
    """
    placed = [
        replace(one, at=replace(one.at, file=path_from_here(directory, one.at.file)))
        for one in problems.problems
    ]
    sources = {path_from_here(directory, file): text for file, text in problems.sources.items()}
    return render(placed, sources, PROBLEMS if lang in (None, "zh") else None)


def path_from_here(directory: Path, file: str) -> str:
    path = directory / file
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def language_of(book: Rulebook, asked: str | None) -> str:
    """The language asked for, if the rulebook has it; the rulebook's first one otherwise."""
    if asked is None:
        return book.languages[0]
    if asked not in book.languages:
        spoken = "、".join(book.languages)
        stop(f"规则库没有语言 “{asked}”，只有 {spoken} · the rulebook does not speak `{asked}`")
    return asked


def asked_policies(book: Rulebook, asked: list[str]) -> tuple[str, ...]:
    """The policies named with --policy, each of which must exist."""
    for name in asked:
        if name not in book.policies:
            hint = nearest(name, book.policies) or "relief policies 列出全部 · lists them all"
            stop(f"没有政策 “{name}” · there is no policy `{name}`\n      = {hint}")
    return tuple(asked)
