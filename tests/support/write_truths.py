"""Conditions."""

from __future__ import annotations

from fractions import Fraction

from tests.support import world
from tests.support.written import (
    AND,
    CHOICES,
    COMPARE,
    COMPARISON,
    LOOSE,
    OPERAND,
    OR,
    PEOPLE,
    SUM,
    Standpoint,
    Written,
    always,
    divided,
    fact,
    parameter,
    table_of,
)


class Truths(Standpoint):
    def truth(self, depth: int) -> Written:
        if depth <= 0:
            found = self.read(lambda of: of == world.BOOLEAN, "bool")
            return self.random.choice(
                [*found, *found, *found, parameter("pilot"), Written("true", OPERAND, always(True))]
            )
        makers = [
            self.comparison, self.comparison, self.comparison, self.between, self.in_range, self.in_numbers,
            self.of_choice, self.text, self.dates, self.both, self.both, self.both, self.negation,
            self.conditional_truth, self.quantified, self.quantified, self.any_of, self.count_limit,
            self.count_limit, self.contained,
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
            f"{one.at(SUM)} in open_kinds",
            COMPARISON,
            lambda env: one.run(env) in table_of(env, "open_kinds"),
        )

    def text(self, depth: int) -> Written:
        one, word = fact("note"), self.random.choice(world.NOTES)
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
        below = self.random.choice((fact("rooms"), fact("grants")))
        part = self.compared(divided(self.number("1", depth), below), self.number("1", depth))
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
            a, Written(text := self.random.choice(("0", "1", "2", "1.5")), OPERAND, always(Fraction(text)))
        )

    def contained(self, depth: int) -> Written:
        x = self.number("yuan", depth - 1, True)
        _, _, numbers = self.numbers("yuan", depth - 1)
        return Written(
            f"list contains({numbers.text}, {x.text})", OPERAND, lambda env: x.run(env) in numbers.run(env)
        )
