"""Random well-typed expressions: the text, and beside it what the text means in plain Python.

The text goes through the parser and the checker like an officer's; `run` is put together from Python closures
while the text is written, so the oracle shares no parser, no tree and no arithmetic with the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from random import Random
from typing import Any

from tests.support import oracle, world

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
class Writer:
    """Writes one expression of the household's or (`person`) one person's."""

    random: Random
    person: bool = False
    defined: Sequence[Defined] = ()
    frames: list[Frame] = field(default_factory=list)

    # --- what may be asked for --------------------------------------------------------------------------

    def write(self, wanted: str, depth: int) -> Written:
        """`wanted`: number:<unit>, plain:<unit> (no open quotient), bool, date, people, bills, kind, tier."""
        kind, _, unit = wanted.partition(":")
        if kind in ("number", "plain"):
            return self.number(unit, depth, plain=kind == "plain")
        if kind == "bool":
            return self.truth(depth)
        if kind == "date":
            return self.date(depth)
        if kind in (PEOPLE, "bills", "jobs"):
            return self.list_of(kind, depth)
        return self.choice(kind, depth)

    def anything(self, depth: int) -> tuple[str, Written]:
        units = (
            ("1", "yuan", "year", "month", "day")
            if self.person
            else ("1", "yuan", "yuan/person", "person", "year")
        )
        wanted = self.random.choice(
            ("bool", "bool", "date", PEOPLE, "bills", "kind", "tier")
            + tuple(f"{kind}:{unit}" for kind in ("number", "plain") for unit in units)
        )
        return wanted, self.write(wanted, depth)

    # --- where the expression stands --------------------------------------------------------------------

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
        """Ways to write a part of a person or entry in reach: the text before the field's name, and the owner."""
        ways: list[tuple[str, Run]] = []
        hidden = False
        bare = [frame for frame in self.frames if not frame.alias]
        for frame in reversed(self.frames):
            if frame.record != record:
                continue
            if frame.alias:
                ways.append((f"{frame.alias}.", _variable(frame.key)))
            elif not hidden:
                ways.append(("", _variable(frame.key)))
                hidden = True
            if not frame.alias and frame is bare[-1]:
                ways.append(("item.", _variable(frame.key)))
        if record == PEOPLE and self.person and not any(frame.record == PEOPLE for frame in self.frames):
            ways.append(("", lambda env: env["subject"]))
        return ways

    def read(self, fits: Callable[[Any], bool], wanted: str) -> list[Written]:
        """Every fact, field and defined value in reach with a fitting type."""
        found = [_fact(name) for name, of in world.HOUSEHOLD.items() if fits(of)]
        for record, fields in (
            ("bills", world.ITEMS["bills"]),
            ("jobs", world.ITEMS["jobs"]),
            (PEOPLE, world.PERSONAL),
        ):
            for before, owner in self.records(record):
                found += [_field(before, owner, name) for name, of in fields.items() if fits(of)]
        for one in self.defined:
            if one.wanted != wanted:
                continue
            if one.of == "household":
                found.append(Written(one.name, OPERAND, _of_household(one.run)))
            else:
                found += [
                    Written(before + one.name, OPERAND, _of(one.run, owner))
                    for before, owner in self.records(PEOPLE)
                ]
        return found

    # --- numbers ----------------------------------------------------------------------------------------

    def number(self, unit: str, depth: int, plain: bool = False) -> Written:
        unit = self.unit(unit)
        if depth <= 0 or self.random.random() < 0.15:
            return self.leaf(unit, plain)
        makers = [
            self.sum, self.sum, self.product, self.rounding, self.of_several, self.conditional, self.negative,
            self.absolute, self.modulo, self.total, self.extreme, self.chosen_field, self.table,
        ]  # fmt: skip
        if not plain:
            makers += [self.quotient] * 5
        if unit == "1":
            makers += [self.power, self.counted]
        if unit in ("yuan", "yuan/person"):
            makers.append(self.marginal)
        if unit == "person":
            makers = [self.counted, self.sum, self.of_several, self.conditional]
        if unit in ("year", "month", "day"):
            makers = [self.time, self.time, self.sum, self.conditional, self.of_several]
        return self.random.choice(makers)(unit, depth - 1, plain)

    def literal(self) -> Written:
        text = self.random.choice(
            (
                "0",
                "1",
                "2",
                "3",
                "12",
                "0.5",
                "1.50",
                "0.125",
                "100",
                "632.10",
                str(self.random.randint(0, 9999)),
            )
        )
        return Written(text, OPERAND, _always(Fraction(text)))

    def leaf(self, unit: str, plain: bool) -> Written:
        def fits(of: Any) -> bool:
            return isinstance(of, world.Number) and self.unit(str(of.unit)) == unit

        found = self.read(fits, f"plain:{unit}")
        if not plain:
            found += self.read(lambda of: False, f"number:{unit}")
        if unit == "1":
            found.append(_parameter("factor"))
        return self.random.choice([*found, *found, self.literal()])

    def sum(self, unit: str, depth: int, plain: bool) -> Written:
        a, b = self.number(unit, depth, plain), self.number(unit, depth, plain)
        if self.random.random() < 0.5:
            return Written(f"{a.at(SUM)} + {b.at(PRODUCT)}", SUM, lambda env: a.run(env) + b.run(env))
        return Written(f"{a.at(SUM)} - {b.at(PRODUCT)}", SUM, lambda env: a.run(env) - b.run(env))

    def carrying(self, unit: str, depth: int, plain: bool) -> Written:
        """A number that surely has the unit: literals take any, so a product of literals alone has none."""
        if unit == "1":
            return self.number(unit, depth, plain)
        real = self.random.choice(
            self.read(lambda of: isinstance(of, world.Number) and self.unit(str(of.unit)) == unit, "")
        )
        if depth <= 0 or self.random.random() < 0.4:
            return real
        other = self.number(unit, depth - 1, plain)
        if self.random.random() < 0.5:
            return Written(
                f"{real.text} + {other.at(PRODUCT)}", SUM, lambda env: real.run(env) + other.run(env)
            )
        return Written(f"max({other.text}, {real.text})", OPERAND, _over(max, other.run, real.run))

    def product(self, unit: str, depth: int, plain: bool) -> Written:
        a, b = self.carrying(unit, depth, plain), self.number("1", depth - 1, plain)
        if unit == "yuan" and not self.personal and self.random.random() < 0.5:
            a, b = self.carrying("yuan/person", depth, plain), self.counted("person", depth - 1, plain)
        if self.random.random() < 0.3:
            a, b = b, a
        return Written(f"{a.at(PRODUCT)} * {b.at(POWER)}", PRODUCT, lambda env: a.run(env) * b.run(env))

    def quotient(self, unit: str, depth: int, plain: bool) -> Written:
        """A division by what cannot be zero: a literal, a fact whose range says so, or behind a guard."""
        above = self.carrying(unit, depth, False)
        if unit == "yuan/person" and self.random.random() < 0.7:
            above, below = self.carrying("yuan", depth, False), self.counted("person", depth - 1, True)
            return self.guarded(above, below, self.number(unit, depth - 1))
        if self.random.random() < 0.4:
            below = self.random.choice((_fact("rooms"), _fact("grants"), self.counted("1", depth - 1, True)))
            return self.guarded(above, below, self.number(unit, depth - 1))
        below = self.random.choice(
            (
                _fact("share"),
                Written("12", OPERAND, _always(12)),
                Written("0.7", OPERAND, _always(Fraction("0.7"))),
            )
        )
        if self.random.random() < 0.2:
            below = self.number("1", depth - 1)
            below = Written(
                f"max({below.text}, 0.01)", OPERAND, _over(max, below.run, _always(Fraction("0.01")))
            )
        return _divided(above, below)

    def guarded(self, above: Written, below: Written, other: Written) -> Written:
        part, n = _divided(above, below), below.at(SUM)
        guard, holds = self.random.choice(
            (
                (f"{n} > 0", lambda v: v > 0),
                (f"not({n} <= 0)", lambda v: v > 0),
                (f"0 < {n} and flag = flag", lambda v: v > 0),
                (f"{n} >= 2", lambda v: v >= 2),
                (f"{n} between 1 and 3", lambda v: 1 <= v <= 3),
                (f"{n} = 2", lambda v: v == 2),
            )
        )
        return Written(
            f"if {guard} then {part.text} else {other.text}",
            LOOSE,
            lambda env: part.run(env) if holds(below.run(env)) else other.run(env),
        )

    def rounding(self, unit: str, depth: int, plain: bool) -> Written:
        mode, digits = self.random.choice(tuple(oracle.ROUND)), self.random.choice((0, 0, 1, 2, 3))
        inner = self.number(unit, depth)
        bare = digits == 0 and mode in ("floor", "ceiling") and self.random.random() < 0.5
        text = f"{mode}({inner.text})" if bare else f"{mode}({inner.text}, {digits})"
        return Written(text, OPERAND, lambda env: oracle.rounded(mode, Fraction(inner.run(env)), digits))

    def of_several(self, unit: str, depth: int, plain: bool) -> Written:
        name, pick = self.random.choice((("min", min), ("max", max)))
        parts = [self.number(unit, depth, plain) for _ in range(self.random.choice((2, 2, 3)))]
        text = f"{name}({', '.join(part.text for part in parts)})"
        return Written(text, OPERAND, _over(pick, *(part.run for part in parts)))

    def conditional(self, unit: str, depth: int, plain: bool) -> Written:
        return self.either(lambda: self.number(unit, depth, plain), depth)

    def either(self, branch: Callable[[], Written], depth: int) -> Written:
        test, yes, no = self.truth(depth), branch(), branch()
        return Written(
            f"if {test.text} then {yes.text} else {no.text}",
            LOOSE,
            lambda env: yes.run(env) if test.run(env) else no.run(env),
        )

    def negative(self, unit: str, depth: int, plain: bool) -> Written:
        inner = self.number(unit, depth, plain)
        return Written(f"-{inner.at(UNARY)}", UNARY, lambda env: -inner.run(env))

    def absolute(self, unit: str, depth: int, plain: bool) -> Written:
        inner = self.number(unit, depth, True)
        return Written(f"abs({inner.text})", OPERAND, lambda env: abs(inner.run(env)))

    def modulo(self, unit: str, depth: int, plain: bool) -> Written:
        inner, by = (
            self.number(unit, depth, True),
            self.random.choice((_fact("share"), Written("7.5", OPERAND, _always(Fraction("7.5"))))),
        )
        return Written(f"modulo({inner.text}, {by.text})", OPERAND, lambda env: inner.run(env) % by.run(env))

    def power(self, unit: str, depth: int, plain: bool) -> Written:
        inner, times = self.number("1", min(depth, 1), plain), self.random.choice((0, 1, 2, 2, 3))
        return Written(f"{inner.at(POWER)} ** {times}", POWER, lambda env: inner.run(env) ** times)

    def numbers(self, unit: str, depth: int) -> tuple[str, Written, Written]:
        """A list of plain numbers, with the list it runs over: ("", over, numbers)."""
        record = self.random.choice(
            [one for one in self.lists() if one != PEOPLE or self.personal or "person" not in unit]
        )
        over = self.list_of(record, depth - 1)
        alias = f"i{len(self.frames)}"
        with self.body(record, alias) as key:
            item = self.carrying(self.unit(unit), depth, True)
        text = f"for {alias} in {over.text} return {item.text}"

        def run(env: Env) -> list[Any]:
            return [item.run({**env, key: one}) for one in over.run(env)]

        whole = Written(text, LOOSE, run)
        if self.random.random() < 0.2:
            limit = self.literal()
            return (
                "filtered",
                over,
                Written(
                    f"({text})[item >= {limit.text}]",
                    POSTFIX,
                    lambda env: [x for x in run(env) if x >= limit.run(env)],
                ),
            )
        return "", over, whole

    def total(self, unit: str, depth: int, plain: bool) -> Written:
        _, _, numbers = self.numbers(unit, depth)
        return Written(f"sum({numbers.text})", OPERAND, lambda env: sum(numbers.run(env), Fraction(0)))

    def extreme(self, unit: str, depth: int, plain: bool) -> Written:
        """Least, greatest or mean of a list, behind a guard against the empty list."""
        kind, over, numbers = self.numbers(unit, depth)
        name = self.random.choice(("min", "max") if plain else ("min", "max", "mean"))
        pick = {"min": min, "max": max, "mean": lambda many: sum(many, Fraction(0)) / len(many)}[name]
        other = self.leaf(unit, plain)
        guard = numbers.text if kind else over.text
        return Written(
            f"if count({guard}) > 0 then {name}({numbers.text}) else {other.text}",
            LOOSE,
            lambda env: pick(many) if (many := numbers.run(env)) else other.run(env),
        )

    def counted(self, unit: str, depth: int, plain: bool) -> Written:
        record = (
            PEOPLE
            if unit == "person"
            else self.random.choice([r for r in self.lists() if self.personal or r != PEOPLE])
        )
        over = self.list_of(record, depth)
        return Written(f"count({over.text})", OPERAND, lambda env: len(over.run(env)))

    def chosen_field(self, unit: str, depth: int, plain: bool) -> Written:
        """A number of the one person or entry with the greatest or least key, or of the one in a place."""
        record = self.random.choice(self.lists())
        fields = {
            name: of for name, of in (world.PERSONAL if record == PEOPLE else world.ITEMS[record]).items()
            if isinstance(of, world.Number) and self.unit(str(of.unit)) == unit
        }  # fmt: skip
        if not fields:
            return self.leaf(unit, plain)
        name = self.random.choice(tuple(fields))
        over, other = self.list_of(record, depth), self.leaf(unit, plain)
        if self.random.random() < 0.4:
            place = self.random.choice((1, 1, 2, -1))
            return Written(
                f"{over.at(OPERAND)}[{place}].{name}"
                if over.level == OPERAND
                else f"(({over.text})[{place}]).{name}",
                OPERAND if over.level == OPERAND else POSTFIX,
                lambda env: oracle.element(over.run(env), place)[name],
            )
        chosen = self.best(record, over, depth)
        return Written(
            f"if count({over.text}) > 0 then {chosen.text}.{name} else {other.text}",
            LOOSE,
            lambda env: chosen.run(env)[name] if over.run(env) else other.run(env),
        )

    def best(self, record: str, over: Written, depth: int) -> Written:
        name, pick = self.random.choice((("with greatest", max), ("with least", min)))
        with self.body(record, "") as key:
            by = (
                self.date(depth - 1)
                if self.random.random() < 0.2
                else self.number(self.unit("yuan"), depth - 1, True)
            )

        def run(env: Env) -> Any:
            items = over.run(env)
            return oracle.first_best(items, [by.run({**env, key: one}) for one in items], pick)

        return Written(f"{name}({over.text}, {by.text})", OPERAND, run)

    def table(self, unit: str, depth: int, plain: bool) -> Written:
        if unit == self.unit("yuan/person") and self.random.random() < 0.5:
            by = self.choice("kind", depth)
            if self.random.random() < 0.3:
                return Written(
                    "line", OPERAND, lambda env: oracle.cell(_table(env, "line"), env["world"].facts["kind"])
                )
            return Written(
                f"line({by.text})", OPERAND, lambda env: oracle.cell(_table(env, "line"), by.run(env))
            )
        if unit != "yuan":
            return self.leaf(unit, plain)
        if self.random.random() < 0.4:
            one, two = self.choice("kind", depth), self.choice("tier", depth)
            return Written(
                f"grid({one.text}, {two.text})",
                OPERAND,
                lambda env: oracle.cell(_table(env, "grid"), (one.run(env), two.run(env))),
            )
        name = self.random.choice(("size_line", "size_cap"))
        size = self.random.choice((_fact("rooms"), _fact("grants"), self.counted("1", depth, True)))
        return Written(
            f"{name}({size.text})",
            OPERAND,
            lambda env: oracle.size_table(_table(env, name), int(size.run(env))),
        )

    def marginal(self, unit: str, depth: int, plain: bool) -> Written:
        inner, digits = self.carrying(unit, depth, True), self.random.randint(0, 2)
        return Written(
            f"marginal(round up({inner.text}, {digits}), slices)",
            OPERAND,
            lambda env: oracle.marginal(
                _table(env, "slices"), oracle.rounded("round up", Fraction(inner.run(env)), digits)
            ),
        )

    def time(self, unit: str, depth: int, plain: bool) -> Written:
        a, b = self.date(depth), self.date(depth)
        if unit == "year":
            if self.random.random() < 0.3:
                return Written(f"{a.at(OPERAND)}.year", OPERAND, lambda env: a.run(env).year)
            if self.random.random() < 0.5:
                return Written(
                    f"age({a.text})", OPERAND, lambda env: oracle.years(a.run(env), env["world"].on)
                )
            return Written(f"age({a.text}, {b.text})", OPERAND, _over(oracle.years, a.run, b.run))
        if unit == "month":
            return Written(f"months between({a.text}, {b.text})", OPERAND, _over(oracle.months, a.run, b.run))
        if self.random.random() < 0.5:
            return Written(
                f"({b.at(SUM)} - {a.at(PRODUCT)}).days", POSTFIX, lambda env: (b.run(env) - a.run(env)).days
            )
        return Written(
            f"days between({a.text}, {b.text})", OPERAND, lambda env: (b.run(env) - a.run(env)).days
        )

    # --- dates, choices, lists --------------------------------------------------------------------------

    def date(self, depth: int) -> Written:
        if depth <= 0 or self.random.random() < 0.4:
            day = date(
                self.random.randint(1940, 2030), self.random.randint(1, 12), self.random.randint(1, 28)
            )
            literal = self.random.choice(
                (f'date("{day}")', f'@"{day}"', f"date({day.year}, {day.month}, {day.day})")
            )
            found = self.read(lambda of: of == world.DATE, "date")
            on = Written("on", OPERAND, lambda env: env["world"].on)
            return self.random.choice(
                [*found, *found, on, _parameter("start_day"), Written(literal, OPERAND, _always(day))]
            )
        inner, n = self.date(depth - 1), self.random.randint(-30, 30)
        step = self.random.randrange(7)
        if step == 0:
            return Written(
                f"add years({inner.text}, {n})",
                OPERAND,
                lambda env: oracle.plus_months(inner.run(env), 12 * n),
            )
        if step == 1:
            rooms = _fact("rooms")
            return Written(
                f"add months({inner.text}, rooms)",
                OPERAND,
                lambda env: oracle.plus_months(inner.run(env), int(rooms.run(env))),
            )
        if step == 2:
            return Written(
                f"add days({inner.text}, {n})", OPERAND, lambda env: oracle.plus_days(inner.run(env), n)
            )
        if step == 3:
            return Written(f"month start({inner.text})", OPERAND, lambda env: inner.run(env).replace(day=1))
        if step == 4:
            return Written(
                f'{inner.at(SUM)} - duration("P{abs(n)}M")',
                SUM,
                lambda env: oracle.plus_months(inner.run(env), -abs(n)),
            )
        if step == 5:
            other = self.date(depth - 1)
            return Written(f"max({inner.text}, {other.text})", OPERAND, _over(max, inner.run, other.run))
        return self.either(lambda: self.date(depth - 1), depth - 1)

    def choice(self, name: str, depth: int) -> Written:
        of = CHOICES[name]
        one = self.random.choice(
            self.read(lambda kind: isinstance(kind, world.Enum) and kind.values == of.values, name)
        )
        if depth <= 0 or self.random.random() < 0.7:
            return one
        test, value = self.truth(depth - 1), self.random.choice(of.values)
        return Written(
            f'if {test.text} then {one.text} else "{value}"',
            LOOSE,
            lambda env: one.run(env) if test.run(env) else value,
        )

    def lists(self) -> list[str]:
        return [PEOPLE, "bills", *(["jobs"] if self.records(PEOPLE) else [])]

    def list_of(self, record: str, depth: int) -> Written:
        base: list[Written] = []
        if record == PEOPLE:
            base.append(Written("people", OPERAND, lambda env: env["world"].people))
        elif record == "bills":
            base.append(_fact("bills"))
        else:
            base += [_field(before, owner, "jobs") for before, owner in self.records(PEOPLE)]
        base += self.read(lambda of: False, record)
        one = self.random.choice(base)
        if depth <= 0 or self.random.random() < 0.4:
            return one
        step = self.random.randrange(6)
        if step == 0:
            return self.either(lambda: self.list_of(record, depth - 1), depth - 1)
        if step == 1:
            return self.without_best(record, depth)
        over = self.list_of(record, depth - 1)
        with self.body(record, "") as key:
            test = self.truth(depth - 1)
        before = over.text if over.level == OPERAND else f"({over.text})"
        return Written(
            f"{before}[{test.text}]",
            OPERAND if over.level == OPERAND else POSTFIX,
            lambda env: [one for one in over.run(env) if test.run({**env, key: one})],
        )

    def without_best(self, record: str, depth: int) -> Written:
        """`all but(list, with greatest(list, key))`, behind a guard."""
        over = self.list_of(record, depth - 2)
        best = self.best(record, over, depth - 1)
        return Written(
            f"if count({over.text}) > 0 then all but({over.text}, {best.text}) else {over.text}",
            LOOSE,
            lambda env: oracle.all_but(items, best.run(env)) if (items := over.run(env)) else items,
        )

    # --- truth ------------------------------------------------------------------------------------------

    def truth(self, depth: int) -> Written:
        if depth <= 0:
            found = self.read(lambda of: of == world.BOOLEAN, "bool")
            return self.random.choice(
                [*found, *found, *found, _parameter("pilot"), Written("true", OPERAND, _always(True))]
            )
        makers = [
            self.comparison, self.comparison, self.comparison, self.between, self.in_range, self.in_numbers, self.of_choice,
            self.text, self.dates, self.both, self.both, self.both, self.negation, self.conditional_truth,
            self.quantified, self.quantified, self.any_of, self.count_limit, self.count_limit, self.contained,
        ]  # fmt: skip
        return self.random.choice(makers)(depth - 1)

    def _unit(self) -> str:
        return self.random.choice(
            ("1", "yuan", "year") if self.personal else ("1", "yuan", "yuan/person", "person", "year")
        )

    def comparison(self, depth: int) -> Written:
        unit = self._unit()
        return self.compared(self.number(unit, depth), self.number(unit, depth))

    def compared(self, a: Written, b: Written) -> Written:
        sign = self.random.choice(tuple(COMPARE))
        test = COMPARE[sign]
        return Written(
            f"{a.at(SUM)} {sign} {b.at(SUM)}", COMPARISON, lambda env: test(a.run(env), b.run(env))
        )

    def between(self, depth: int) -> Written:
        unit = self._unit()
        x, low, high = (self.number(unit, depth - 1) for _ in range(3))
        return Written(
            f"{x.at(SUM)} between {low.at(SUM)} and {high.at(SUM)}",
            COMPARISON,
            lambda env: low.run(env) <= x.run(env) <= high.run(env),
        )

    def in_range(self, depth: int) -> Written:
        x, low, high = self.number(self._unit(), depth), self.literal(), self.literal()
        opening, closing = self.random.choice("[(]"), self.random.choice("])[")
        over, under = COMPARE[">=" if opening == "[" else ">"], COMPARE["<=" if closing == "]" else "<"]
        return Written(
            f"{x.at(SUM)} in {opening}{low.text}..{high.text}{closing}",
            COMPARISON,
            lambda env: over(x.run(env), low.run(env)) and under(x.run(env), high.run(env)),
        )

    def in_numbers(self, depth: int) -> Written:
        unit = self._unit()
        x, y, z = (self.number(unit, depth) for _ in range(3))
        return Written(
            f"{x.at(SUM)} in ({y.text}, < {z.at(SUM)}, [1..3])",
            COMPARISON,
            lambda env: (v := x.run(env)) == y.run(env) or v < z.run(env) or 1 <= v <= 3,
        )

    def of_choice(self, depth: int) -> Written:
        name = self.random.choice(("kind", "tier", *(["role"] if self.records(PEOPLE) else [])))
        one, values = self.choice(name, depth), self.random.sample(CHOICES[name].values, 2)
        form = self.random.randrange(4)
        if form == 0:
            return Written(
                f'{one.at(SUM)} = "{values[0]}"', COMPARISON, lambda env: one.run(env) == values[0]
            )
        if form == 1:
            return Written(
                f'"{values[0]}" != {one.at(SUM)}', COMPARISON, lambda env: one.run(env) != values[0]
            )
        if form == 2:
            listed = self.random.choice(('("{}", "{}")', '["{}", "{}"]')).format(*values)
            return Written(f"{one.at(SUM)} in {listed}", COMPARISON, lambda env: one.run(env) in values)
        one = self.choice("kind", depth)
        return Written(
            f"{one.at(SUM)} in open_kinds", COMPARISON, lambda env: one.run(env) in _table(env, "open_kinds")
        )

    def text(self, depth: int) -> Written:
        one, word = _fact("note"), self.random.choice(world.NOTES)
        return Written(f'{one.text} = "{word}"', COMPARISON, lambda env: one.run(env) == word)

    def dates(self, depth: int) -> Written:
        return self.compared(self.date(depth), self.date(depth))

    def both(self, depth: int) -> Written:
        a, b = self.truth(depth), self.truth(depth)
        if self.random.random() < 0.15:
            return self.guarding(depth)
        if self.random.random() < 0.5:
            return Written(f"{a.at(AND)} and {b.at(COMPARISON)}", AND, lambda env: a.run(env) and b.run(env))
        return Written(f"{a.at(OR)} or {b.at(AND)}", OR, lambda env: a.run(env) or b.run(env))

    def guarding(self, depth: int) -> Written:
        """`n > 0 and x / n …`, `n <= 0 or x / n …`."""
        below = self.random.choice((_fact("rooms"), _fact("grants")))
        part = self.compared(_divided(self.number("1", depth), below), self.number("1", depth))
        if self.random.random() < 0.5:
            return Written(
                f"{below.text} > 0 and {part.text}", AND, lambda env: below.run(env) > 0 and part.run(env)
            )
        return Written(
            f"{below.text} <= 0 or {part.text}", OR, lambda env: below.run(env) <= 0 or part.run(env)
        )

    def negation(self, depth: int) -> Written:
        inner = self.truth(depth)
        return Written(f"not({inner.text})", OPERAND, lambda env: not inner.run(env))

    def conditional_truth(self, depth: int) -> Written:
        return self.either(lambda: self.truth(depth), depth)

    def quantified(self, depth: int) -> Written:
        word, pick = self.random.choice((("some", any), ("every", all)))
        record, alias = self.random.choice(self.lists()), f"i{len(self.frames)}"
        over = self.list_of(record, depth - 1)
        with self.body(record, alias) as key:
            test = self.truth(depth)
        return Written(
            f"{word} {alias} in {over.text} satisfies {test.text}",
            LOOSE,
            lambda env: pick([test.run({**env, key: one}) for one in over.run(env)]),
        )

    def any_of(self, depth: int) -> Written:
        word, pick = self.random.choice((("any", any), ("all", all)))
        parts = [self.truth(depth) for _ in range(2)]
        return Written(
            f"{word}({parts[0].text}, {parts[1].text})",
            OPERAND,
            lambda env: pick([part.run(env) for part in parts]),
        )

    def count_limit(self, depth: int) -> Written:
        a = self.counted("person" if self.random.random() < 0.6 else "1", depth, True)
        if a.text.startswith("count(people") and self.random.random() < 0.3:
            return self.compared(a, self.counted("person", depth, True))
        return self.compared(
            a, Written(text := self.random.choice(("0", "1", "2", "1.5")), OPERAND, _always(Fraction(text)))
        )

    def contained(self, depth: int) -> Written:
        x = self.number("yuan", depth - 1, True)
        _, _, numbers = self.numbers("yuan", depth - 1)
        return Written(
            f"list contains({numbers.text}, {x.text})", OPERAND, lambda env: x.run(env) in numbers.run(env)
        )


CHOICES = {"kind": world.KIND, "tier": world.TIER, "role": world.ROLE}
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _always(value: Any) -> Run:
    return lambda env: value


def _over(function: Callable[..., Any], *runs: Run) -> Run:
    return lambda env: function(*[run(env) for run in runs])


def _variable(key: str) -> Run:
    return lambda env: env[key]


def _fact(name: str) -> Written:
    return Written(name, OPERAND, lambda env: env["world"].facts[name])


def _field(before: str, owner: Run, name: str) -> Written:
    return Written(before + name, OPERAND, lambda env: owner(env)[name])


def _table(env: Env, name: str) -> Any:
    return env["world"].parameters[name]


def _parameter(name: str) -> Written:
    return Written(name, OPERAND, lambda env: _table(env, name))


def _of_household(run: Run) -> Run:
    return lambda env: run({"world": env["world"], "subject": None})


def _of(run: Run, owner: Run) -> Run:
    return lambda env: run({"world": env["world"], "subject": owner(env)})


def _divided(above: Written, below: Written) -> Written:
    return Written(
        f"{above.at(PRODUCT)} / {below.at(POWER)}",
        PRODUCT,
        lambda env: Fraction(above.run(env)) / below.run(env),
    )
