"""Numbers out of lists, tables and dates."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from tests.support import oracle, world
from tests.support.written import (
    LOOSE,
    OPERAND,
    PEOPLE,
    POSTFIX,
    PRODUCT,
    SUM,
    Env,
    Standpoint,
    Written,
    fact,
    over,
    table_of,
)


class Lookups(Standpoint):
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
                    "line",
                    OPERAND,
                    lambda env: oracle.cell(table_of(env, "line"), env["world"].facts["kind"]),
                )
            return Written(
                f"line({by.text})", OPERAND, lambda env: oracle.cell(table_of(env, "line"), by.run(env))
            )
        if unit != "yuan":
            return self.leaf(unit, plain)
        if self.random.random() < 0.4:
            one, two = self.choice("kind", depth), self.choice("tier", depth)
            return Written(
                f"grid({one.text}, {two.text})",
                OPERAND,
                lambda env: oracle.cell(table_of(env, "grid"), (one.run(env), two.run(env))),
            )
        name = self.random.choice(("size_line", "size_cap"))
        size = self.random.choice((fact("rooms"), fact("grants"), self.counted("1", depth, True)))
        return Written(
            f"{name}({size.text})",
            OPERAND,
            lambda env: oracle.size_table(table_of(env, name), int(size.run(env))),
        )

    def marginal(self, unit: str, depth: int, plain: bool) -> Written:
        inner, digits = self.carrying(unit, depth, True), self.random.randint(0, 2)
        return Written(
            f"marginal(round up({inner.text}, {digits}), slices)",
            OPERAND,
            lambda env: oracle.marginal(
                table_of(env, "slices"), oracle.rounded("round up", Fraction(inner.run(env)), digits)
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
            return Written(f"age({a.text}, {b.text})", OPERAND, over(oracle.years, a.run, b.run))
        if unit == "month":
            return Written(f"months between({a.text}, {b.text})", OPERAND, over(oracle.months, a.run, b.run))
        if self.random.random() < 0.5:
            return Written(
                f"({b.at(SUM)} - {a.at(PRODUCT)}).days", POSTFIX, lambda env: (b.run(env) - a.run(env)).days
            )
        return Written(
            f"days between({a.text}, {b.text})", OPERAND, lambda env: (b.run(env) - a.run(env)).days
        )
