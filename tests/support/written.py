"""The pieces of written expressions: a text, how tightly it binds, and what it means; and where it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random
from typing import Any

from tests.support import world

Env = dict[str, Any]  # world, subject, and one entry for each variable
Run = Callable[[Env], Any]

# how tightly a text binds: a part that binds less than its place asks for is put in brackets
LOOSE, OR, AND, COMPARISON, SUM, PRODUCT, POWER, UNARY, POSTFIX, OPERAND = range(10)
PEOPLE = "person"


@dataclass(frozen=True, slots=True)
class Written:
    text: str
    level: int
    run: Run

    def at(self, level: int) -> str:
        return self.text if self.level >= level else f"({self.text})"


@dataclass(frozen=True, slots=True)
class Defined:
    """A value defined before, to be read by its name. `wanted`: as `Writer.write` takes it."""

    name: str
    of: str
    wanted: str
    run: Run


@dataclass(frozen=True, slots=True)
class Frame:
    record: str  # person, the name of a list, or "" for a list of numbers
    alias: str
    key: str


@dataclass(slots=True)
class Standpoint:
    """Where an expression is written: of the household or of one `person`, and the bodies around it."""

    random: Random
    person: bool = False
    defined: Sequence[Defined] = ()
    frames: list[Frame] = field(default_factory=list)

    @property
    def personal(self) -> bool:
        return self.person or any(frame.record == PEOPLE for frame in self.frames)

    def unit(self, unit: str) -> str:
        """A unit as it is here: of one person, "per person" says nothing."""
        return {"yuan/person": "yuan", "person": "1"}.get(unit, unit) if self.personal else unit

    @contextmanager
    def body(self, record: str, alias: str) -> Iterator[str]:
        key = f"v{len(self.frames)}"
        self.frames.append(Frame(record, alias, key))
        yield key
        self.frames.pop()

    def records(self, record: str) -> list[tuple[str, Run]]:
        """Ways to name a part of a person or entry: the text before the field's name, and the owner."""
        ways: list[tuple[str, Run]] = []
        hidden = False
        bare = [frame for frame in self.frames if not frame.alias]
        for frame in reversed(self.frames):
            if frame.record != record:
                continue
            if frame.alias:
                ways.append((f"{frame.alias}.", variable(frame.key)))
            elif not hidden:
                ways.append(("", variable(frame.key)))
                hidden = True
            if not frame.alias and frame is bare[-1]:
                ways.append(("item.", variable(frame.key)))
        if record == PEOPLE and self.person and not any(frame.record == PEOPLE for frame in self.frames):
            ways.append(("", lambda env: env["subject"]))
        return ways

    def read(self, fits: Callable[[Any], bool], wanted: str) -> list[Written]:
        """Every fact, field and defined value in reach with a fitting type."""
        found = [fact(name) for name, of in world.HOUSEHOLD.items() if fits(of)]
        for record, fields in (
            ("bills", world.ITEMS["bills"]),
            ("jobs", world.ITEMS["jobs"]),
            (PEOPLE, world.PERSONAL),
        ):
            for before, owner in self.records(record):
                found += [field_of(before, owner, name) for name, of in fields.items() if fits(of)]
        for one in self.defined:
            if one.wanted != wanted:
                continue
            if one.of == "household":
                found.append(Written(one.name, OPERAND, of_household(one.run)))
            else:
                found += [
                    Written(before + one.name, OPERAND, of_person(one.run, owner))
                    for before, owner in self.records(PEOPLE)
                ]
        return found


CHOICES = {"kind": world.KIND, "tier": world.TIER, "role": world.ROLE}
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def always(value: Any) -> Run:
    return lambda env: value


def over(function: Callable[..., Any], *runs: Run) -> Run:
    return lambda env: function(*[run(env) for run in runs])


def variable(key: str) -> Run:
    return lambda env: env[key]


def fact(name: str) -> Written:
    return Written(name, OPERAND, lambda env: env["world"].facts[name])


def field_of(before: str, owner: Run, name: str) -> Written:
    return Written(before + name, OPERAND, lambda env: owner(env)[name])


def table_of(env: Env, name: str) -> Any:
    return env["world"].parameters[name]


def parameter(name: str) -> Written:
    return Written(name, OPERAND, lambda env: table_of(env, name))


def of_household(run: Run) -> Run:
    return lambda env: run({"world": env["world"], "subject": None})


def of_person(run: Run, owner: Run) -> Run:
    return lambda env: run({"world": env["world"], "subject": owner(env)})


def divided(above: Written, below: Written) -> Written:
    return Written(
        f"{above.at(PRODUCT)} / {below.at(POWER)}",
        PRODUCT,
        lambda env: Fraction(above.run(env)) / below.run(env),
    )
