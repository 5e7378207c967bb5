"""Random household documents for the shipped rulebook, made from its fact dictionary.

Every fact of the dictionary is filled by its type, numbers near the limits that the rules compare them
with; a few facts are weighted so that most households look like the ones an office sees. A place in a
document is a path of keys, `("people", 0, "birth_date")`; what is taken out of a document stays unknown to
the engine.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from engine.language.tree import Node, walk
from engine.language.types import Boolean, Date, Enum, List, Number
from engine.rulebook import Rulebook, load_rulebook
from engine.rulebook.model import Fact, Field

Place = tuple[Any, ...]
Document = dict[str, Any]

POLICIES = Path(__file__).parents[2] / "policies"
DAYS = (20260915, 20260915, 20260915, 20260410, 20260210, 20250620, 20220301, 20191105)
AREAS = ("sample_county", "sample_county", "sample_county", "linkou", "guangxi_sample")
AGES = (0, 5, 15, 16, 17, 18, 19, 30, 45, 59, 60, 69, 70, 79, 80, 89, 90, 100)
STANDARDS = (632, 832, 500, 750, 585)  # of the shipped areas, per head and month
ORDERED = frozenset({"less", "at_most", "more", "at_least", "equal", "unequal"})

# how likely a truth is, where a fair coin would make most households odd
LIKELY: Mapping[str, float] = {
    "consent_refused": 0.03,
    "residence_permit_pilot": 0.1,
    "support_duty": 0.9,
    "co_resident": 0.9,
    "lives_independently": 0.4,
    "severe_illness": 0.25,
    "aided_for_same_cause": 0.1,
    "work_injury_nursing": 0.05,
    "anti_poverty_watch": 0.15,
    "illness_poverty": 0.15,
    "operating": 0.5,
    "property_within_rule": 0.8,
    "identity_unknown": 0.1,
    "school_approved": 0.9,
    "demobbed_soldier": 0.1,
}
USUAL: Mapping[str, tuple[str, ...]] = {
    "whereabouts": ("ordinary",) * 12,
    "disability_grade": ("none",) * 4,
    "school_level": ("none",) * 6,
    "father_situation": ("ordinary",) * 6 + ("dead",) * 4,
    "mother_situation": ("ordinary",) * 6 + ("dead",) * 4,
    "sudden_event": ("none",) * 4,
    "elder_ability": ("able",) * 2,
    "rehab_category": ("none",) * 8,
    "medical_insurance": ("resident",) * 3,
    "children_now": ("other",) * 4,
    "student_hardship": ("none",) * 2,
    "vehicles.use": ("motorbike",) * 6,
    "houses.use": ("dwelling",) * 6,
    "businesses.kind": ("self_employed",) * 2,
    "supporters.rung": ("tekun",) * 2,
}
SIZES: Mapping[str, tuple[int, ...]] = {
    "houses": (0, 1, 1, 1, 2),
    "vehicles": (0, 0, 0, 1),
    "businesses": (0, 0, 0, 1),
    "supporters": (0, 0, 1, 2),
}
RELATIONS = (
    "spouse",
    "child",
    "child",
    "child",
    "parent",
    "parent",
    "sibling",
    "grandchild",
    "grandparent",
    "other",
)


@cache
def shipped() -> Rulebook:
    return load_rulebook(POLICIES)


class Families:
    """Draws documents for one rulebook."""

    def __init__(self, book: Rulebook) -> None:
        self.book = book
        self.limits = _limits(book)

    def document(self, random: Random, on: int) -> Document:
        """A household of whom everything is known, 1 to 7 people."""
        area = random.choice(AREAS)
        people = []
        for i in range(random.choice((1, 1, 2, 2, 3, 3, 4, 5, 6, 7))):
            person: Document = {"person_id": f"p{i}"}
            for name, fact in self._facts("person"):
                person[name] = self.value(random, fact, on)
            person["relation"] = "head" if i == 0 else random.choice(RELATIONS)
            person["hukou_county"] = area if random.random() < 0.9 else "elsewhere"
            people.append(person)
        found: Document = {"household_id": f"h{random.randrange(1000)}", "area": area, "people": people}
        for name, fact in self._facts("household"):
            found[name] = self.value(random, fact, on)
        if random.random() < 0.7:
            self._poor(random, found)
        found["statuses"] = self.statuses(random, [person["person_id"] for person in people])
        return found

    def _facts(self, of: str) -> Iterator[tuple[str, Fact]]:
        return ((name, fact) for name, fact in self.book.facts.items() if fact.of == of)

    def _poor(self, random: Random, found: Document) -> None:
        """Incomes and assets around the lines: a share of the standard for each head, a cent off at times."""
        people = found["people"]
        for person in people:
            person["income_items"] = person["income_items"][:1] if random.random() < 0.1 else []
        random.choice(people)["income_items"] += self.incomes(random, len(people))
        standard = random.choice(STANDARDS)
        months = random.choice((0, 12, 24, 36))
        found["financial_assets"] = _plain(
            max(100 * months * standard * len(people) + random.choice((-1, 0, 1)), 0), 2
        )

    def incomes(self, random: Random, heads: int) -> list[Document]:
        """One income of the year, so many shares of the standard for each head."""
        share = random.choice((0, Fraction(1, 2), Fraction(9, 10), 1, 1, Fraction(5, 4), Fraction(3, 2), 2))
        cents = int(1200 * random.choice(STANDARDS) * heads * share) + random.choice((-1, 0, 1, -50, 50))
        kind = random.choice(("other", "wage", "farming", "pension"))
        return [{"kind": kind, "amount": _plain(max(cents, 0), 2), "per": "year"}]

    # --- single values ----------------------------------------------------------------------------------

    def value(self, random: Random, fact: Fact, on: int) -> Any:
        if isinstance(fact.value.type, List):
            size = random.choice(SIZES.get(fact.name, (0, 0, 1, 2)))
            return [self.entry(random, fact, on) for _ in range(size)]
        return self.plain(random, fact.value, fact.name, on)

    def entry(self, random: Random, fact: Fact, on: int) -> Document:
        return {one.name: self.plain(random, one, f"{fact.name}.{one.name}", on) for one in fact.items}

    def plain(self, random: Random, of: Field, name: str, on: int) -> Any:
        kind = of.type
        if isinstance(kind, Boolean):
            return random.random() < LIKELY.get(name.rpartition(".")[2], 0.5)
        if isinstance(kind, Enum):
            return random.choice((*kind.values, *USUAL.get(name, ())))
        if isinstance(kind, Number):
            return self._number(random, kind, name)
        if isinstance(kind, Date):
            return _day(random, name, on).isoformat()
        return random.choice(("sample_county", "linkou", "guangxi_sample", "elsewhere"))

    def _number(self, random: Random, of: Number, name: str) -> Any:
        decimals = of.decimals or 0
        power = 10**decimals
        near = [int(limit * power) + step for limit in self.limits.get(name, ()) for step in (-1, 0, 1)]
        few = [of.lo, of.lo, random.randint(0, 20) * power, random.randint(0, 5000) * power]
        inside = random.choice((*near[:12], *few)) if random.random() < 0.97 else random.randint(of.lo, of.hi)
        return _plain(min(max(inside, of.lo), of.hi), decimals)

    def statuses(self, random: Random, people: Iterable[str]) -> list[Document]:
        """What is held: little, and seldom."""
        found: list[Document] = []
        for policy in self.book.policies.values():
            for owner in ({},) if policy.unit == "household" else [{"person_id": one} for one in people]:
                if random.random() < 0.04:
                    amount = {"amount": random.randint(50, 900)} if random.random() < 0.7 else {}
                    found.append({"policy": policy.id, "from": "2019-01-01", **owner, **amount})
        return found

    # --- places -----------------------------------------------------------------------------------------

    def drawn(self, random: Random, document: Document, place: Place, on: int) -> Any:
        """A value that may stand in this place."""
        if place == ("statuses",):
            return self.statuses(random, [person["person_id"] for person in document["people"]])
        keys = [key for key in place if isinstance(key, str) and key != "people"]
        if keys[-1] == "hukou_county":
            return random.choice((document["area"], document["area"], "elsewhere"))
        fact = self.book.facts[keys[0]]
        if len(keys) == 1:
            return self.value(random, fact, on)
        field = next(one for one in fact.items if one.name == keys[1])
        return self.plain(random, field, ".".join(keys), on)

    def candidates(self, random: Random, document: Document, place: Place, on: int) -> list[Any]:
        """Different values for a place: every value of a choice, of anything else several and the ends of its range."""
        fact = self.book.facts.get(place[-1])
        if fact is not None and isinstance(fact.value.type, Boolean):
            return [False, True]
        if fact is not None and isinstance(fact.value.type, Enum):
            return list(fact.value.type.values)
        found: list[Any] = []
        if fact is not None and not fact.items and isinstance(of := fact.value.type, Number):
            found += [_plain(end, of.decimals or 0) for end in (of.lo, of.hi)]
        for _ in range(24):
            value = self.drawn(random, document, place, on)
            if value not in found:
                found.append(value)
        if fact is not None and fact.items:
            found += self._entries(random, fact, on)
        return found

    def _entries(self, random: Random, fact: Fact, on: int) -> Iterator[list[Document]]:
        """Lists of one entry with every value of every choice, and with large amounts."""
        for one in fact.items:
            of = one.type
            values = one.choices or ((False, True) if isinstance(of, Boolean) else ())
            for value in values or ([_plain(of.hi, of.decimals or 0)] if isinstance(of, Number) else []):
                yield [{**self.entry(random, fact, on), one.name: value}]


def places(document: Document) -> list[Place]:
    """Every fact, field of an entry and the statuses of a document."""
    found: list[Place] = [("statuses",)] if "statuses" in document else []
    owners = [((), document), *((("people", i), person) for i, person in enumerate(document["people"]))]
    for before, owner in owners:
        for key, value in owner.items():
            if key in ("household_id", "area", "people", "person_id", "statuses"):
                continue
            found.append((*before, key))
            if isinstance(value, list):
                found += [(*before, key, i, field) for i, entry in enumerate(value) for field in entry]
    return found


def without(document: Document, taken: Iterable[Place]) -> Document:
    """A copy with these places unknown."""
    made = copy.deepcopy(document)
    for place in sorted(taken, key=len, reverse=True):
        owner = _owner(made, place)
        del owner[place[-1]]
    return made


def completed(document: Document, values: Mapping[Place, Any]) -> Document:
    """A copy with these places filled: lists before what stands in their entries."""
    made = copy.deepcopy(document)
    for place in sorted(values, key=len):
        _owner(made, place)[place[-1]] = copy.deepcopy(values[place])
    return made


def outermost(taken: Iterable[Place]) -> list[Place]:
    """Without the places that lie inside a list which is taken too."""
    every = set(taken)
    return [
        place for place in sorted(every, key=str) if not any(place[:n] in every for n in range(1, len(place)))
    ]


def value_at(document: Document, place: Place) -> Any:
    return _owner(document, place)[place[-1]]


def _owner(document: Document, place: Place) -> Any:
    owner: Any = document
    for key in place[:-1]:
        owner = owner[key]
    return owner


def _plain(inside: int, decimals: int) -> int | Decimal:
    whole, rest = divmod(inside, 10**decimals)
    return whole if rest == 0 else Decimal(inside).scaleb(-decimals)


def _day(random: Random, name: str, on: int) -> date:
    today = date(on // 10000, on // 100 % 100, on % 100)
    if name == "birth_date":
        whole = today.replace(year=today.year - random.choice(AGES), day=min(today.day, 28))
        return whole + timedelta(days=random.choice((-1, 0, 1, -200)))
    return today - timedelta(days=random.choice((0, 20, 90, 180, 190, 1000, 1095, 1096, 1100, 2000)))


def _limits(book: Rulebook) -> dict[str, tuple[Fraction, ...]]:
    """For every fact and field (`list.field`) the limits that some rule compares it with directly."""
    found: dict[str, set[Fraction]] = {}
    for node in (one for tree in _trees(book) for one in walk(tree)):
        if node.op not in ORDERED:
            continue
        left, right = (_unscaled(arg) for arg in node.args)
        for one, limit in ((left, right), (right, left)):
            if one.op in ("fact", "field") and isinstance(one.type, Number):
                found.setdefault(_full_name(one), set()).update(_values(book, limit))
    return {name: tuple(sorted(limits)) for name, limits in found.items()}


def _trees(book: Rulebook) -> Iterator[Node]:
    for definition in book.definitions.values():
        for version in definition.versions:
            yield version.node
    for policy in book.policies.values():
        for one in policy.versions:
            yield from (named.node for named in one.defines)
            yield from (clause.truth for clause in one.all_clauses())


def _unscaled(node: Node) -> Node:
    return _unscaled(node.args[0]) if node.op == "scale" else node


def _full_name(node: Node) -> str:
    if node.op == "fact" or getattr(node.args[0].type, "name", "") == "person":
        return node.name
    return f"{getattr(node.args[0].type, 'name', '')}.{node.name}"


def _values(book: Rulebook, node: Node) -> Iterator[Fraction]:
    if node.op == "const" and isinstance(node.type, Number):
        yield Fraction(node.value, 10 ** (node.type.decimals or 0))
    elif node.op == "parameter" and isinstance(node.type, Number):
        power = 10 ** (node.type.decimals or 0)
        for rows in book.parameters[node.name].series.values():
            for row in rows:
                cells = row.value.values() if isinstance(row.value, dict) else (row.value,)
                yield from (Fraction(cell, power) for cell in cells if cell is not None)
