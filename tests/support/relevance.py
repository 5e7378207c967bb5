"""Does a missing fact matter? Looks for two completions that differ in it alone and turn the finding.

The search fills in the other facts step by step and goes on only while the fact in question still stands
among what is missing; at the end it varies that fact alone. What the rulebook has no value for is filled in
too. It works on the inputs of the compiled rules, where a place is (person or -1, position) or, for a field
of an entry, (person or -1, position, entry, field). Needs a legal date on the first of a month.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import ceil, floor
from random import Random
from typing import Any

import msgspec

from engine.decision.amounts import amount_of
from engine.decision.decide import situate
from engine.decision.document import read_household
from engine.decision.inputs import Inputs
from engine.decision.model import HOUSEHOLD, STATUSES, MissingFact
from engine.decision.situation import Situation
from engine.language import outcomes
from engine.language.dates import parse_date
from engine.language.reach import Span
from engine.language.scope import PERSON
from engine.language.types import Boolean, Date, Number
from engine.language.unknowns import Missing
from engine.rulebook.in_force import ParametersOn
from engine.rulebook.model import Fact, Field, Parameter
from tests.support.households import Document, Families

Place = tuple[int, ...]
WIDE = 10**9
REDRAWN = 6
OPEN = frozenset({outcomes.ELIGIBLE, outcomes.DISCRETIONARY, outcomes.UNDETERMINED})


class Search:
    """Looks for completions of one household, for its findings."""

    def __init__(self, families: Families, part: Document, on: int) -> None:
        self.families, self.book, self.on, self.part = families, families.book, on, part
        self.start = situate(self.book, read_household(self.book, part), on, on)
        names = self.start.plan.decide
        self.own, self.personal = names.household, names.person
        self.taken = list(self._unknown())
        self.people = [person["person_id"] for person in part["people"]]
        values = zip(self.book.parameters, self.start.parameters.values, strict=True)
        self.gaps = {name for name, value in values if value is None}
        self._ranges: list[tuple[int, int]] | None = None

    def _unknown(self) -> Iterator[Place]:
        inputs = self.start.inputs
        for owner, row in enumerate([inputs.household, *inputs.people], -1):
            for slot, value in enumerate(row):
                if value is None:
                    yield owner, slot
                elif isinstance(value, tuple):
                    for i, entry in enumerate(value[0]):
                        yield from ((owner, slot, i, field) for field, one in enumerate(entry) if one is None)

    def ranges(self) -> list[tuple[int, int]]:
        """Where amounts that are still open may come to lie: a line that nobody has set may lie there too."""
        if self._ranges is None:
            reaches, decimals = self.start.reaches(), self.book.currency["decimals"]
            found = (reaches.named(one.name) for one in self.start.plan.decide.computed if one.of != PERSON)
            spans = [one for one in found if isinstance(one, Span) and one.lo < one.hi]
            self._ranges = [
                (floor(one.lo * 10**decimals), ceil(one.hi * 10**decimals))
                for one in spans
                if isinstance(one.lo, Fraction)
            ] + [(one.lo, one.hi) for one in spans if not isinstance(one.lo, Fraction)]
        return self._ranges

    def matters(self, random: Random, policy: str, subject: str, lacking: MissingFact, tries: int) -> bool:
        """Is there a completion in which this fact alone turns the finding?"""
        index = self._index(subject)
        owner = self._index(lacking.subject)
        places = [place for place in self.taken if self._is_of(place, lacking.fact, owner)]
        others = [place for place in self.taken if place not in places]
        for _ in range(tries):
            trial = _Trial(self, random, (policy, index), (lacking.fact, owner))
            random.shuffle(others)
            if trial.has_parameters() and trial.fill(others) and trial.turns_somewhere(places):
                return True
        return False

    def _is_of(self, place: Place, fact: str, owner: int) -> bool:
        """Statuses are one fact of the document and many inputs."""
        name = (self.own if place[0] < 0 else self.personal)[place[1]]
        return name.endswith(".held") if fact == STATUSES else (name, place[0]) == (fact, owner)

    def _index(self, subject: str) -> int:
        return -1 if subject == HOUSEHOLD else self.people.index(subject)


class _Trial:
    """One attempt: what has been filled in so far, under parameters without gaps."""

    def __init__(
        self, search: Search, random: Random, finding: tuple[str, int], wanted: tuple[str, int]
    ) -> None:
        self.search, self.random = search, random
        self.policy, self.index = finding
        self.wanted = wanted
        self.plan = search.start.plan.policies[self.policy]
        self.inputs = search.start.inputs
        self.parameters = _without_gaps(random, search)
        self.mood = random.random()

    def has_parameters(self) -> bool:
        """Draws what the rulebook has no value for, until the wanted fact is among what is missing."""
        for _ in range(20):
            self.parameters = _without_gaps(self.random, self.search)
            if self._still_open():
                return True
        return False

    def fill(self, places: Sequence[Place]) -> bool:
        """Fills these places so that the wanted fact stays missing: all at once, else half by half."""
        before = self.inputs
        if len(places) == 1:
            for value in self._candidates(places[0])[:20]:
                self.inputs = _with(before, {places[0]: value})
                if self._still_open():
                    return True
            self.inputs = before
            return False
        for _ in range(2):
            self.inputs = self.filled(places)
            if self._still_open():
                return True
        self.inputs = before
        half = len(places) // 2
        return not places or (self.fill(places[:half]) and self.fill(places[half:]))

    def _still_open(self) -> bool:
        at = self.situation()
        outcome = self.outcome(at)
        if outcome not in OPEN:
            return False
        lacking: tuple[Missing, ...] = ()
        if outcome == outcomes.UNDETERMINED:
            lacking = at.open().look(self.policy, self.index).missing
        if self.plan.version.amount is not None:
            lacking += amount_of(at, self.plan, self.index, outcome)[1]
        named = {(STATUSES if one.name.endswith(".held") else one.name, one.person) for one in lacking}
        fact, owner = self.wanted
        return any(name == fact and (person == owner or fact == STATUSES) for name, person in named)

    def turns_somewhere(self, places: Sequence[Place]) -> bool:
        """The same under several values of what the rulebook has no value for."""
        read = {name for _, name in self.plan.inputs | self.plan.amount_inputs}
        for _ in range(REDRAWN if self.search.gaps & read else 1):
            if self.turns(places):
                return True
            if not self.has_parameters():
                return False
        return False

    def turns(self, places: Sequence[Place]) -> bool:
        """Do two values of what is left give different answers?"""
        before, answers = self.inputs, set()
        for values in self._ways(places):
            self.inputs = _with(before, dict(zip(places, values, strict=True)))
            answers.add(self.answer())
            if len(answers) > 1:
                return True
        self.inputs = before
        return False

    def _ways(self, places: Sequence[Place]) -> Iterator[Sequence[Any]]:
        """Values for these places: each choice, ends of ranges; of statuses none, all and each one alone."""
        several = [self._candidates(place) for place in places]
        if len(places) == 1:
            yield from ([value] for value in several[0])
            return
        if self.wanted[0] == STATUSES:
            yield [False] * len(places)
            yield [True] * len(places)
            yield from ([other == one for other in places] for one in places)
        for _ in range(40):
            yield [self.random.choice(values) for values in several]

    # --- values -----------------------------------------------------------------------------------------

    def filled(self, places: Sequence[Place]) -> Inputs:
        """The inputs with these places drawn."""
        return _with(self.inputs, {place: self._drawn(place) for place in places})

    def _name(self, place: Place) -> str:
        return (self.search.own if place[0] < 0 else self.search.personal)[place[1]]

    def _field(self, place: Place) -> tuple[Field, str]:
        """The fact, or the field of an entry, that stands in a place, and its full name."""
        name = self._name(place)
        fact = self.search.book.facts[name]
        return (
            (fact.value, name)
            if len(place) == 2
            else (fact.items[place[3]], f"{name}.{fact.items[place[3]].name}")
        )

    def _drawn(self, place: Place) -> Any:
        """A value of an input: a fact, a field of an entry, or whether a status is held."""
        fact = self.search.book.facts.get(self._name(place))
        if fact is None:
            return self.random.random() < self.mood
        if fact.items and len(place) == 2:
            return self._entries(fact), ()
        return self._plain(*self._field(place))

    def _candidates(self, place: Place) -> list[Any]:
        """Different values for a place: every choice, both ends of a range, lists of none and of one entry."""
        fact = self.search.book.facts.get(self._name(place))
        if fact is None:
            return [False, True]
        draws = 40
        if fact.items and len(place) == 2:
            found = [([], ()), *(([entry], ()) for entry in self._single_entries(fact))]
        else:
            of = self._field(place)[0]
            found = [False, True] if isinstance(of.type, Boolean) else list(of.choices)
            draws = 0 if found else draws
            if isinstance(of.type, Number):
                found = [of.type.lo, of.type.hi]
            elif isinstance(of.type, Date):
                found = [19300101, self.search.on, 20991231]
        found += [self._drawn(place) for _ in range(draws)]
        self.random.shuffle(found)
        return found

    def _single_entries(self, fact: Fact) -> Iterator[tuple[Any, ...]]:
        """Entries in which one field takes every value of a choice, or an end of its range."""
        for at, one in enumerate(fact.items):
            values = [False, True] if isinstance(one.type, Boolean) else list(one.choices)
            if isinstance(one.type, Number):
                values = [one.type.lo, one.type.hi]
            for value in values:
                entry = list(self._entry(fact))
                entry[at] = value
                yield tuple(entry)

    def _entry(self, fact: Fact) -> tuple[Any, ...]:
        entry = self.search.families.entry(self.random, fact, self.search.on)
        return tuple(_inside(entry[one.name], one) for one in fact.items)

    def _entries(self, fact: Fact) -> list[tuple[Any, ...]]:
        entries = self.search.families.value(self.random, fact, self.search.on)
        if fact.name == "income_items" and self.random.random() < 0.7:
            entries = self.search.families.incomes(self.random, len(self.search.people))
        return [tuple(_inside(entry[one.name], one) for one in fact.items) for entry in entries]

    def _plain(self, of: Field, name: str) -> Any:
        choices = (False, True) if isinstance(of.type, Boolean) else tuple(of.choices)
        if choices and self.random.random() < 0.5:
            return self.random.choice(choices)
        if name == "hukou_county" and self.random.random() < 0.7:
            return self.search.part["area"]
        if name == "financial_assets" and self.random.random() < 0.7:
            return self.random.choice(
                (0, 100 * 12 * 832 * self.random.randint(1, 3) * len(self.search.people))
            )
        return _inside(self.search.families.plain(self.random, of, name, self.search.on), of)

    # --- what comes of it -------------------------------------------------------------------------------

    def situation(self) -> Situation:
        start, inputs = self.search.start, self.inputs
        run = start.plan.run_decide.run
        own, rows = run(inputs.household, inputs.people, self.parameters.values, start.on)
        return Situation(
            start.book,
            start.household,
            start.on,
            start.known,
            start.plan,
            self.parameters,
            inputs,
            own,
            rows,
        )

    def outcome(self, at: Situation) -> int:
        name, run = f"{self.policy}.outcome", at.plan.run_decide
        return int(
            at.own[run.household.index(name)]
            if self.index < 0
            else at.rows[self.index][run.person.index(name)]
        )

    def answer(self) -> tuple[Any, ...]:
        """Outcome and amount."""
        at = self.situation()
        outcome = self.outcome(at)
        if self.plan.version.amount is None or outcome not in OPEN:
            return (outcome,)
        amount = amount_of(at, self.plan, self.index, outcome)[0]
        return (outcome, amount.value, amount.min, amount.max)


def _with(inputs: Inputs, values: Mapping[Place, Any]) -> Inputs:
    own, people = list(inputs.household), [list(row) for row in inputs.people]
    for place, value in values.items():
        row = own if place[0] < 0 else people[place[0]]
        if len(place) == 2:
            row[place[1]] = value
        else:
            entries = [list(entry) for entry in row[place[1]][0]]
            entries[place[2]][place[3]] = value
            row[place[1]] = [tuple(entry) for entry in entries], ()
    return msgspec.structs.replace(inputs, household=own, people=people)


def _inside(value: Any, of: Field) -> Any:
    if isinstance(of.type, Number):
        return int(value * 10 ** (of.type.decimals or 0))
    return parse_date(value) if isinstance(of.type, Date) else value


def _without_gaps(random: Random, search: Search) -> ParametersOn:
    """The parameters of the day, where every gap is filled with a value of another day or area."""
    at, values = search.start.parameters, []
    for (name, one), value in zip(search.book.parameters.items(), at.values, strict=True):
        assert name in at.rows
        values.append(_any_value(random, one, search.ranges()) if value is None else value)
    return ParametersOn(tuple(values), at.rows)


def _any_value(random: Random, one: Parameter, ranges: Sequence[tuple[int, int]]) -> Any:
    """A value of another day or area, some times that, or one among the amounts that it is compared with."""
    if isinstance(one.type, Boolean):
        return random.choice((False, True))
    value = random.choice(
        [row.value for rows in one.series.values() for row in rows if row.value is not None]
    )
    times = random.choice((0, 1, 1, 5, 20))
    among = random.choice(ranges) if ranges and random.random() < 0.5 else None
    size = 10 ** random.uniform(0, 9)  # where amounts may come to lie anywhere, every size is as likely

    def drawn(cell: int) -> int:
        if among is None:
            return cell * times
        return random.randint(*among) if among[1] - among[0] < WIDE else int(size)

    if isinstance(value, dict):
        return {key: drawn(cell) for key, cell in value.items()}
    return drawn(value) if type(value) is int else value
