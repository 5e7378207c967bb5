"""Dates, choices and lists."""

from __future__ import annotations

from datetime import date

from tests.support import oracle, world
from tests.support.written import (
    CHOICES,
    LOOSE,
    OPERAND,
    PEOPLE,
    POSTFIX,
    SUM,
    Standpoint,
    Written,
    always,
    fact,
    field_of,
    over,
    parameter,
)


class Lists(Standpoint):
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
                [*found, *found, on, parameter("start_day"), Written(literal, OPERAND, always(day))]
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
            rooms = fact("rooms")
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
            return Written(f"max({inner.text}, {other.text})", OPERAND, over(max, inner.run, other.run))
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
            base.append(fact("bills"))
        else:
            base += [field_of(before, owner, "jobs") for before, owner in self.records(PEOPLE)]
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
