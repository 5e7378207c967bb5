"""`relief mutate`: which small mistakes in the rules no feature would notice."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from cli.proving import (
    changed_files,
    explained_beside,
    of_policies,
    places,
    print_json,
    problem_as_plain,
    proving,
)
from cli.rulebooks import language_of, path_from_here, told
from cli.stop import NEGATIVE, stop
from engine.language.problems import Problem, Problems

if TYPE_CHECKING:
    from proving.mutation import Trial, Workshop

LOCK = "lock"  # --changed lock: what is not recorded as published
_SHOWN = 3  # cases named with a survivor
_WORDS = {
    "zh": {
        "none": "自 {ref} 以来没有改动，没有可试的改动",
        "cases": "    {n} 个案例适用；值有变化而无人断言的：{listed}",
        "silent": "    {n} 个案例适用；没有一个案例的值有变化",
        "nobody": "    没有一个案例适用",
        "drawn": "共 {of} 处可试，按名称抽取 {n} 处",
        "more": " 等 {n} 个",
        "sum": "试了 {tried} 处改动：发现 {killed}，未发现 {open}，另有 {explained} 处已说明（检查器本来就拒绝的 {refused} 处不算）",
        "doing": "试改动",
    },
    "en": {
        "none": "nothing has changed since {ref}, so there is nothing to try",
        "cases": "    {n} cases are decided by it; values change, and nothing is asserted of them, in {listed}",
        "silent": "    {n} cases are decided by it; in none does a value change",
        "nobody": "    no case is decided by it",
        "drawn": "{n} of {of} mutants are tried, drawn by their names",
        "more": " and {n} more",
        "sum": "{tried} mutants tried: {killed} noticed, {open} not noticed, {explained} explained ({refused} more are refused by the checker)",
        "doing": "mutants",
    },
}


@dataclass(frozen=True, slots=True)
class Answer:
    """`explained`: keys of survivors with a written reason. `problems`: reasons that hide nothing."""

    trials: list[Trial]
    explained: frozenset[str]
    problems: list[Problem]
    sources: dict[str, str]

    @property
    def survivors(self) -> list[Trial]:
        return [one for one in self.trials if one.end == "survived"]

    @property
    def open(self) -> list[Trial]:
        return [one for one in self.survivors if one.mutant.key not in self.explained]


def run(
    policies: Path | None,
    features: Path | None,
    asked: list[str],
    changed: str | None,
    at_most: int | None,
    processes: int | None,
    lang: str | None,
    output: str,
) -> None:
    directory, beside = places(policies, features)

    def prepare() -> Workshop:
        from engine.rulebook.load import load_rulebook
        from proving.mutation import Workshop

        return Workshop(load_rulebook(directory), beside)

    shop = proving(directory, prepare)
    language = language_of(shop.book, lang)
    words = _WORDS.get(language, _WORDS["en"])
    chosen = _chosen(shop, directory, beside, asked, changed)
    if not chosen and changed is None:
        stop("没有可试的改动 · there is nothing that could be changed")
    if not chosen and output == "text":
        typer.echo(words["none"].format(ref=changed))
    if at_most is not None and len(chosen) > at_most:
        typer.echo(words["drawn"].format(n=at_most, of=len(chosen)), err=True)
        chosen = _drawn(shop, chosen, at_most)
    if chosen:
        proving(directory, shop.prepare)
    with _progress(words["doing"], len(chosen)) as said:
        answer = _answer(shop, directory, beside, chosen, processes or os.cpu_count() or 1, said)
    if output == "json":
        _print_json(answer)
    else:
        _print_text(answer, directory, beside, words, language)
    if answer.open or answer.problems:
        raise typer.Exit(NEGATIVE)


def _chosen(
    shop: Workshop, directory: Path, features: Path, asked: list[str], changed: str | None
) -> list[int]:
    """The places of the mutants to try."""
    made_of = of_policies(shop.readers, asked) if asked else None
    files = None if changed is None else _files(shop, directory, features, changed)
    return [
        place
        for place, one in enumerate(shop.mutants)
        if (
            made_of is None
            or one.name in made_of
            or (one.what == "conflict" and _between(shop, one.name, asked))
        )
        and (files is None or one.span.file in files)
    ]


def _drawn(shop: Workshop, chosen: list[int], number: int) -> list[int]:
    """So many of them, the same ones every time, from all over the rules."""
    named = sorted(chosen, key=lambda place: sha256(shop.mutants[place].key.encode()).digest())
    return sorted(named[:number])


def _between(shop: Workshop, conflict: str, asked: list[str]) -> bool:
    return bool(shop.readers.directly("conflict", conflict) & set(asked))


def _files(shop: Workshop, directory: Path, features: Path, changed: str) -> frozenset[str]:
    """Rule files that changed, and those of the policies and definitions whose feature files changed."""
    if changed == LOCK:
        return _unlocked(shop, directory)
    book = shop.book
    versions = {name: [one.dated.file for one in policy.versions] for name, policy in book.policies.items()}
    versions |= {name: [one.dated.file for one in of.versions] for name, of in book.definitions.items()}
    stems = {Path(file).name.partition(".")[0] for file in changed_files(features, changed)}
    of_features = {file for stem in stems for file in versions.get(_spoken_of(stem, versions), ())}
    return changed_files(directory, changed) | of_features


def _spoken_of(stem: str, names: Collection[str]) -> str:
    """What a feature file is about, by its name: `dibao_edge_limits` is about `dibao_edge`, not about `dibao`."""
    return max((one for one in names if f"{stem}_".startswith(f"{one}_")), key=len, default="")


def _unlocked(shop: Workshop, directory: Path) -> frozenset[str]:
    from engine.rulebook.lock import content_of, entries, read_lock

    locked = read_lock(directory)
    now = entries(content_of(shop.book.sources))
    return frozenset(name.partition("#")[0] for name, digest in now.items() if locked.get(name) != digest)


def _answer(
    shop: Workshop,
    directory: Path,
    features: Path,
    chosen: list[int],
    processes: int,
    said: Callable[[Trial], None],
) -> Answer:
    from proving.explained import mistakes
    from proving.mutation import try_all

    explained = explained_beside(features, shop.book)
    trials = try_all(shop, directory, chosen, processes, said)
    refused = {one.mutant.key for one in trials if one.end == "refused"}
    known = {one.key for one in shop.mutants} - refused
    killed = {one.mutant.key for one in trials if one.end == "killed"}
    problems = mistakes(explained.survivors, known, killed, "is noticed by a case")
    return Answer(trials, frozenset(explained.survivors), problems, dict(explained.source))


@contextmanager
def _progress(words: str, total: int) -> Iterator[Callable[[Trial], None]]:
    """A bar on standard error. It draws itself only when something ends: a thread of its own would be in the way
    of the processes that are started meanwhile."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (
        TextColumn(words),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[open]}"),
    )
    with Progress(*columns, console=console, auto_refresh=False, disable=not console.is_terminal) as bar:
        task = bar.add_task(words, total=total, open="")
        counts: Counter[str] = Counter()

        def said(trial: Trial) -> None:
            counts[trial.end] += 1
            bar.update(task, advance=1, open=f"{counts['survived']} ?", refresh=True)

        yield said


def _print_text(
    answer: Answer, directory: Path, features: Path, words: dict[str, str], language: str
) -> None:
    for one in answer.open:
        mutant, at = one.mutant, one.mutant.span
        place = f"{path_from_here(directory, at.file)}:{at.line}:{at.column}"
        typer.echo(f"{place}: {mutant.kind}: {mutant.before} → {mutant.after}")
        typer.echo(f"    {mutant.key}")
        typer.echo(_tried(one, words))
    if answer.problems:
        typer.echo(told(Problems(answer.problems, answer.sources), features, language))
    ends = Counter(one.end for one in answer.trials)
    typer.echo(
        words["sum"].format(
            tried=ends["killed"] + ends["survived"],
            killed=ends["killed"],
            open=len(answer.open),
            explained=len(answer.survivors) - len(answer.open),
            refused=ends["refused"],
        )
    )


def _tried(one: Trial, words: dict[str, str]) -> str:
    if not one.cases:
        return words["nobody"]
    if not one.unheard:
        return words["silent"].format(n=one.cases)
    listed = "; ".join(one.unheard[:_SHOWN])
    if len(one.unheard) > _SHOWN:
        listed += words["more"].format(n=len(one.unheard) - _SHOWN)
    return words["cases"].format(n=one.cases, listed=listed)


def _print_json(answer: Answer) -> None:
    ends = Counter(one.end for one in answer.trials)
    print_json(
        {
            "tried": ends["killed"] + ends["survived"],
            "killed": ends["killed"],
            "refused": ends["refused"],
            "survivors": [_as_plain(one, one.mutant.key in answer.explained) for one in answer.survivors],
            "problems": [problem_as_plain(one) for one in answer.problems],
        }
    )


def _as_plain(one: Trial, explained: bool) -> dict[str, Any]:
    mutant = one.mutant
    return {
        "key": mutant.key,
        "kind": mutant.kind,
        "before": mutant.before,
        "after": mutant.after,
        "file": mutant.span.file,
        "line": mutant.span.line,
        "column": mutant.span.column,
        "cases": one.cases,
        "unheard": list(one.unheard),
        "explained": explained,
    }
