"""What names mean: facts, parameters, fields of people and items, statuses of policies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.language.problems import nearest
from engine.language.scope import PERSON, SUBJECT, Symbol
from engine.language.syntax import Syntax
from engine.language.tree import Node
from engine.language.types import (
    BOOLEAN,
    DATE,
    DAY_COUNT,
    MAX_DAYS,
    MAX_MONTHS,
    MAX_YEARS,
    MONTH_COUNT,
    NO_UNIT,
    YEARS,
    Date,
    Duration,
    Enum,
    List,
    Number,
    Ratio,
    Record,
    Type,
    Unit,
)

if TYPE_CHECKING:
    from engine.language.check import Checker, Failed

STATUS_WORDS = ("held", "eligible", "status")


def name(check: Checker, syntax: Syntax) -> Node:
    return resolve(check, syntax, syntax.value)


def resolve(check: Checker, at: Syntax, name: str) -> Node:
    """What a bare name means here: innermost body first, then the person, then the household."""
    for frame in reversed(check.frames):
        variable = replace(frame.variable, start=at.start, end=at.end)
        if frame.alias == name or (not frame.alias and name == "item"):
            return variable
        if not frame.alias and isinstance(variable.type, Record):
            found = field_of(check, at, variable, name)
            if found is not None:
                return found
    if check.scope.person:
        found = of_subject(check, at, name)
        if found is not None:
            return found
    if name == "on":
        return check.node(at, "on", (), DATE)
    if name == "people":
        return check.node(at, "people", (), List(Record(PERSON), check.scope.people_at_most))
    symbol = check.scope.names.get(name)
    if symbol is not None:
        return symbol_read(check, at, symbol)
    raise unknown_name(check, at, name)


def of_subject(check: Checker, at: Syntax, name: str) -> Node | None:
    if name not in check.scope.records.get(PERSON, {}):
        return None
    if any(frame.variable.type == Record(PERSON) for frame in check.frames):
        raise check.fail(
            at,
            "outer-person",
            f"inside this list of people, `{name}` of the person whom the file speaks of is out of reach",
            "make a household definition of it, or name the variable: `some p in people satisfies p."
            f"{name} …`",
        )
    subject = check.node(at, "variable", (), Record(PERSON), name=SUBJECT)
    return field_of(check, at, subject, name)


def of_one_person(check: Checker) -> bool:
    """Is this said of one person? There, "per person" adds nothing to a unit."""
    return check.scope.person or any(frame.variable.type == Record(PERSON) for frame in check.frames)


def unit_here(check: Checker, of: Type) -> Type:
    """The type with the unit it has here: without `person` where one person is spoken of."""
    if not isinstance(of, Number | Ratio) or not of_one_person(check):
        return of
    rest = tuple((name, n) for name, n in of.unit.dimensions if name != PERSON)
    return of if rest == of.unit.dimensions else replace(of, unit=replace(of.unit, dimensions=rest))


def symbol_read(check: Checker, at: Syntax, symbol: Symbol) -> Node:
    if symbol.kind != "parameter":
        return check.node(at, symbol.kind, (), unit_here(check, symbol.type), symbol.name)
    if symbol.table:
        call = "name(n)" if symbol.table == "size" else "marginal(x, name)"
        raise check.fail(
            at, "table", f"`{symbol.name}` is a table", f"read it as {call.replace('name', symbol.name)}"
        )
    keys = tuple(_table_key(check, at, symbol, key) for key in symbol.by)
    return check.node(at, "parameter", keys, unit_here(check, symbol.type), symbol.name)


def _table_key(check: Checker, at: Syntax, symbol: Symbol, key: str) -> Node:
    person = check.scope.records.get(PERSON, {})
    if key in person and not of_one_person(check):
        raise check.fail(
            at,
            "table",
            f"`{symbol.name}` is a table by `{key}`, which belongs to a person, and this file speaks of the household",
            f"name the cell, `{symbol.name}({', '.join(symbol.by)})`, or read it for a person: "
            f"`some p in people satisfies …`",
        )
    return resolve(check, at, key)


def field_of(check: Checker, at: Syntax, record: Node, name: str) -> Node | None:
    """Fact, item field or computed value `name` of a record, or None when it has no such thing."""
    assert isinstance(record.type, Record)
    symbol = check.scope.records.get(record.type.name, {}).get(name)
    if symbol is None:
        return None
    op = "field" if symbol.kind == "fact" else "computed"
    return check.node(at, op, (record,), unit_here(check, symbol.type), symbol.name)


def unknown_name(check: Checker, at: Syntax, name: str) -> Failed:
    refused = not_readable(check, at, name)
    if refused:
        return refused
    for frame in check.frames:
        if isinstance(frame.variable.type, Record):
            refused = refused or not_readable(check, at, f"{frame.variable.type.name}.{name}")
    if refused:
        return refused
    if name in check.scope.policies:
        return check.fail(
            at,
            "policy-alone",
            f"`{name}` is a policy; say which of its statuses is meant",
            _status_hint(name),
        )
    if name in check.scope.records.get(PERSON, {}):
        return check.fail(
            at,
            "unknown-name",
            f"`{name}` belongs to a person, and this file speaks of the household",
            f"write `some p in people satisfies p.{name} …` or filter a list: `people[{name} …]`",
        )
    hint = next((f'text is written in quotes: "{name}"' for of in _choices(check) if name in of.values), "")
    return check.fail(
        at, "unknown-name", f"unknown name `{name}`", hint or nearest(name, names_in_reach(check))
    )


def not_readable(check: Checker, at: Syntax, name: str) -> Failed | None:
    """The problem with reading a name that exists but is forbidden here, or None when it is not."""
    why = check.scope.forbidden.get(name)
    return check.fail(at, "not-readable", f"`{name}` may not be read here: {why}") if why else None


def _choices(check: Checker) -> Iterator[Enum]:
    for names in (check.scope.names, *check.scope.records.values()):
        yield from (symbol.type for symbol in names.values() if isinstance(symbol.type, Enum))


def names_in_reach(check: Checker) -> set[str]:
    names = set(check.scope.names) | {"on", "people"}
    names.update(*(check.scope.records.get(PERSON, {}) for _ in range(check.scope.person)))
    for frame in check.frames:
        if isinstance(frame.variable.type, Record):
            names.update(check.scope.records.get(frame.variable.type.name, {}))
        if frame.alias:
            names.add(frame.alias)
    return names


def path(check: Checker, syntax: Syntax) -> Node:
    (inner,) = syntax.children
    word = syntax.value
    policy = policy_named(check, inner)
    if policy is not None:
        return status(check, syntax, *policy)
    base = check.check(inner)
    if isinstance(base.type, Record):
        found = field_of(check, syntax, base, word)
        if found is None:
            raise no_field(check, syntax, base.type, word)
        return found
    if isinstance(base.type, List) and isinstance(base.type.item, Record):
        with check.body(base, "") as variable:
            found = field_of(check, syntax, variable, word)
        if found is None:
            raise no_field(check, syntax, base.type.item, word)
        of = List(found.type, base.type.at_most, base.type.undecided)
        return check.node(syntax, "map", (base, found), of, value=variable.name)
    return part_of(check, syntax, base, word)


def no_field(check: Checker, at: Syntax, of: Record, word: str) -> Failed:
    refused = not_readable(check, at, word if of.name == PERSON else f"{of.name}.{word}")
    if refused:
        return refused
    known = set(check.scope.records.get(of.name, {}))
    return check.fail(at, "unknown-name", f"{of} has no `{word}`", nearest(word, known))


def policy_named(check: Checker, inner: Syntax) -> tuple[str, Node | None] | None:
    """A policy's name, with the person whose status is meant (`p.some_policy`), when `inner` is one."""
    if inner.kind == "name" and inner.value in check.scope.policies and not is_alias(check, inner.value):
        return inner.value, None
    if inner.kind == "path" and inner.value in check.scope.policies:
        owner = check.check(inner.children[0])
        if owner.type == Record(PERSON):
            return inner.value, owner
    return None


def is_alias(check: Checker, name: str) -> bool:
    return any(frame.alias == name for frame in check.frames)


def status(check: Checker, at: Syntax, policy: str, person: Node | None) -> Node:
    word = at.value
    if word not in STATUS_WORDS:
        raise check.fail(
            at,
            "not-readable",
            f"`{policy}.{word}` may not be read: rules read statuses, not outcome texts, amounts or scores",
            nearest(word, STATUS_WORDS) or _status_hint(policy),
        )
    name = f"{policy}.{word}"
    refused = not_readable(check, at, name)
    if refused:
        raise refused
    op, op_of_person = ("fact", "field") if word == "held" else ("value", "computed")
    if check.scope.policies[policy] == "household":
        if person is not None:
            raise check.fail(at, "policy-unit", f"`{policy}` is decided for the household; write `{name}`")
        return check.node(at, op, (), BOOLEAN, name)
    if person is None:
        person = nearest_person(check, at)
    if person is None:
        raise check.fail(
            at,
            "policy-unit",
            f"`{policy}` is decided for each person",
            f"write `some p in people satisfies p.{name}`",
        )
    return check.node(at, op_of_person, (person,), BOOLEAN, name)


def nearest_person(check: Checker, at: Syntax) -> Node | None:
    for frame in reversed(check.frames):
        if frame.variable.type == Record(PERSON) and not frame.alias:
            return replace(frame.variable, start=at.start, end=at.end)
    if check.scope.person and not any(frame.variable.type == Record(PERSON) for frame in check.frames):
        return check.node(at, "variable", (), Record(PERSON), name=SUBJECT)
    return None


def part_of(check: Checker, syntax: Syntax, base: Node, word: str) -> Node:
    """`d.year`, `duration.months` and the like."""
    parts: dict[str, tuple[int, int, Unit]] = {}
    op = "date_part"
    if isinstance(base.type, Date):
        parts = {"year": (1, MAX_YEARS, YEARS), "month": (1, 12, NO_UNIT), "day": (1, 31, NO_UNIT)}
        parts["weekday"] = (1, 7, NO_UNIT)
    elif isinstance(base.type, Duration):
        op = "duration_part"
        if base.type.kind == "months":
            parts = {
                "years": (-MAX_YEARS, MAX_YEARS, YEARS),
                "months": (-MAX_MONTHS, MAX_MONTHS, MONTH_COUNT),
            }
        else:
            parts = {"days": (-MAX_DAYS, MAX_DAYS, DAY_COUNT)}
            parts |= dict.fromkeys(("hours", "minutes", "seconds"), (-60, 60, NO_UNIT))
    if isinstance(base.type, List):
        raise check.fail(syntax, "type", f"the entries of this list have no `{word}`")
    if word not in parts:
        hint = nearest(word, parts) or (f"it has {', '.join(parts)}" if parts else "")
        raise check.fail(syntax, "unknown-name", f"{base.type} has no `{word}`", hint)
    lo, hi, unit = parts[word]
    return check.node(syntax, op, (base,), Number(0, unit, lo, hi), word)


def _status_hint(policy: str) -> str:
    return (
        f"`{policy}.held` (a status is on record), `{policy}.eligible` (what this decision computes) "
        f"or `{policy}.status` (either)"
    )
