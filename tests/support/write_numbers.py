"""Arithmetic: sums, products, quotients behind guards, rounding, choices between numbers."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from tests.support import oracle, world
from tests.support.written import (
    LOOSE,
    OPERAND,
    POWER,
    PRODUCT,
    SUM,
    UNARY,
    Standpoint,
    Written,
    always,
    divided,
    fact,
    over,
    parameter,
)


class Arithmetic(Standpoint):
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
        return Written(text, OPERAND, always(Fraction(text)))

    def leaf(self, unit: str, plain: bool) -> Written:
        def fits(of: Any) -> bool:
            return isinstance(of, world.Number) and self.unit(str(of.unit)) == unit

        found = self.read(fits, f"plain:{unit}")
        if not plain:
            found += self.read(lambda of: False, f"number:{unit}")
        if unit == "1":
            found.append(parameter("factor"))
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
        return Written(f"max({other.text}, {real.text})", OPERAND, over(max, other.run, real.run))

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
            below = self.random.choice((fact("rooms"), fact("grants"), self.counted("1", depth - 1, True)))
            return self.guarded(above, below, self.number(unit, depth - 1))
        below = self.random.choice(
            (
                fact("share"),
                Written("12", OPERAND, always(12)),
                Written("0.7", OPERAND, always(Fraction("0.7"))),
            )
        )
        if self.random.random() < 0.2:
            below = self.number("1", depth - 1)
            below = Written(
                f"max({below.text}, 0.01)", OPERAND, over(max, below.run, always(Fraction("0.01")))
            )
        return divided(above, below)

    def guarded(self, above: Written, below: Written, other: Written) -> Written:
        part, n = divided(above, below), below.at(SUM)
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
        return Written(text, OPERAND, over(pick, *(part.run for part in parts)))

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
            self.random.choice((fact("share"), Written("7.5", OPERAND, always(Fraction("7.5"))))),
        )
        return Written(f"modulo({inner.text}, {by.text})", OPERAND, lambda env: inner.run(env) % by.run(env))

    def power(self, unit: str, depth: int, plain: bool) -> Written:
        inner, times = self.number("1", min(depth, 1), plain), self.random.choice((0, 1, 2, 2, 3))
        return Written(f"{inner.at(POWER)} ** {times}", POWER, lambda env: inner.run(env) ** times)
