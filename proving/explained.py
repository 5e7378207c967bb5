"""explained.yaml beside the features: what no feature can show, each with a reason that people can read.

    survivors:
      - mutant: civil_affairs/dibao/2021-07-01.yaml gap: round up -> round half up
        reason: {zh: …, en: …}
    uncovered:
      - element: civil_affairs/dibao/2021-07-01.yaml any-member: unknown
        reason: {zh: …, en: …}

An explanation of something that is not there, or that the features do show, is a mistake: it hides nothing any more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.language.problems import Problem, Problems, Span, nearest
from engine.rulebook.reading import get, items, text
from engine.rulebook.source import Mapping as Tree
from engine.rulebook.source import Scalar, read_yaml_file

FILE = "explained.yaml"
LISTS = {"survivors": "mutant", "uncovered": "element"}


@dataclass(frozen=True, slots=True)
class Explained:
    """Keys of mutants and of elements with where they are written and why (a text per language)."""

    survivors: Mapping[str, Span] = field(default_factory=dict)
    uncovered: Mapping[str, Span] = field(default_factory=dict)
    source: Mapping[str, str] = field(default_factory=dict)


def read_explained(features: Path, languages: Sequence[str]) -> Explained:
    """What is explained beside some features; nothing when there is no such file. Raises `Problems`."""
    path = features / FILE
    if not path.is_file():
        return Explained()
    written, tree, problems = read_yaml_file(path, FILE)
    sources = {FILE: written}
    if problems or not isinstance(tree, Tree):
        raise Problems(
            problems or [Problem(Span(FILE, 1, 1), "wrong-type", "two lists are wanted", _SHAPE)], sources
        )
    found: dict[str, dict[str, Span]] = {name: {} for name in LISTS}
    for name, value in tree.entries.items():
        if name not in LISTS:
            problems.append(Problem(tree.keys[name], "unknown-key", f"there is no list `{name}`", _SHAPE))
            continue
        for entry in items(value):
            problems += _entry(entry, LISTS[name], languages, found[name])
    if problems:
        raise Problems(problems, sources)
    return Explained(found["survivors"], found["uncovered"], sources)


_SHAPE = "survivors: [{mutant: …, reason: …}] and uncovered: [{element: …, reason: …}]"


def _entry(entry: object, key: str, languages: Sequence[str], found: dict[str, Span]) -> list[Problem]:
    if not isinstance(entry, Tree):
        return [
            Problem(getattr(entry, "at", Span(FILE, 1, 1)), "wrong-type", "an entry is wanted here", _SHAPE)
        ]
    named = entry.entries.get(key)
    if not isinstance(named, Scalar) or set(entry.entries) != {key, "reason"}:
        return [Problem(entry.at, "wrong-type", f"an entry has `{key}` and `reason`", _SHAPE)]
    missing = [one for one in languages if not text(get(entry, "reason", one)).strip()]
    if missing:
        return [
            Problem(entry.keys["reason"], "missing-translation", f"the reason in `{missing[0]}` is missing")
        ]
    if named.text in found:
        return [Problem(named.at, "duplicate", "this is explained twice", "keep one of the two")]
    found[named.text] = named.at
    return []


def mistakes(
    explained: Mapping[str, Span], known: Collection[str], shown: Collection[str], told: str
) -> list[Problem]:
    """Explanations of what does not exist (`known`: all that does) or needs none (`shown`: `told` says why)."""
    problems = []
    for key, at in explained.items():
        if key not in known:
            hint = nearest(key, known) or "删掉这一条 · take it out"
            problems.append(Problem(at, "explains-nothing", f"there is no `{key}`", hint))
        elif key in shown:
            problems.append(Problem(at, "explains-nothing", f"`{key}` {told}", "删掉这一条 · take it out"))
    return problems
