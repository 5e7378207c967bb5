"""Feature files as scenarios that run without pytest, with the same step functions.

Needs pytest-bdd, which reads Gherkin. An outline becomes one scenario per row of its examples.
"""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from pytest_bdd.parser import FeatureParser, Step

from features import steps
from features.steps import then_finding
from features.steps.wording import STEPS
from features.steps.world import World

for _module in pkgutil.iter_modules(steps.__path__):
    import_module(f"{steps.__name__}.{_module.name}")  # where the sentences are declared

Act = Callable[[World], None]
CASEWORK = "casework"  # the folder of features about an office at work, which prove nothing about the rules


class BadFeature(Exception):
    """A feature cannot be read, or does not hold for the rulebook as it is."""


@dataclass(frozen=True, slots=True)
class Written:
    """One step: given, when or then; its sentence and line; what it does.

    whole: it speaks of more than one finding: values, conflicts, sums, score, months.
    """

    kind: str
    text: str
    line: int
    act: Act
    whole: bool


@dataclass(frozen=True, slots=True)
class Scenario:
    file: str
    line: int
    name: str
    steps: tuple[Written, ...]

    @property
    def title(self) -> str:
        return f"{self.file}:{self.line}: {self.name}"


def read_scenarios(directory: Path, part: int = 0, parts: int = 1) -> tuple[Scenario, ...]:
    """Every scenario under a directory, in the order of files and lines. Raises `BadFeature`.

    Of several `parts`, only the files of one.
    """
    files = [one for one in sorted(directory.rglob("*.feature")) if one.parent.name != CASEWORK]
    if not files:
        raise BadFeature(f"{directory}: 没有功能文件 · there is no feature file")
    return tuple(one for file in files[part::parts] for one in _scenarios(directory, file))


def _scenarios(directory: Path, file: Path) -> Iterator[Scenario]:
    shown = file.relative_to(directory).as_posix()
    try:
        feature = FeatureParser(str(file.parent), file.name).parse()
    except Exception as error:  # the parser's errors share no class of their own
        raise BadFeature(f"{shown}: {error}") from error
    for template in feature.scenarios.values():
        contexts: list[dict[str, str]] = [row for table in template.examples for row in table.as_contexts()]
        for context in contexts or [{}]:
            made = template.render(context)
            name = f"{made.name} [{'-'.join(context.values())}]" if context else made.name
            written = tuple(_written(shown, step) for step in made.steps)
            yield Scenario(shown, made.line_number, name, written)


def _written(file: str, step: Step) -> Written:
    found = _meaning(step.type, step.name)
    if found is None:
        raise BadFeature(
            f"{file}:{step.line_number}: 没有这样的句子 · no step is written like this: {step.name}"
        )
    function, words, takes_table = found
    arguments: dict[str, Any] = dict(words)
    if takes_table:
        arguments["datatable"] = [] if step.datatable is None else step.datatable.raw()

    def act(world: World) -> None:
        function(world=world, **arguments)

    return Written(step.type, step.name, step.line_number, act, function.__module__ != then_finding.__name__)


@cache
def _meaning(kind: str, text: str) -> tuple[Callable[..., None], tuple[tuple[str, str], ...], bool] | None:
    for declared, pattern, function in STEPS:
        found = pattern.fullmatch(text) if declared == kind else None
        if found:
            return (
                function,
                tuple(found.groupdict().items()),
                "datatable" in inspect.signature(function).parameters,
            )
    return None
