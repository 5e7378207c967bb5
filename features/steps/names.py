"""What a word in a step means: the label (in any language of the rulebook) or the id of something in it.

Every look-up fails loudly: an unknown word, or a label that several things share, is a LookupError that says
what was probably meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from engine.language.problems import nearest
from engine.language.types import Boolean, Number
from engine.rulebook.model import (
    Clause,
    Conflict,
    Fact,
    Field,
    Group,
    Label,
    Named,
    PolicyVersion,
    Rulebook,
    Scoring,
)
from engine.rulebook.production import EventKind

HOUSEHOLD_WORDS = ("家庭", "household")
BOOLEANS = {"是": True, "否": False, "yes": True, "no": False}
OUTCOMES = {
    "符合": "eligible",
    "不符合": "ineligible",
    "待定": "undetermined",
    "裁量": "discretionary",
    "程序终止": "closed",
    "未施行": "not-in-force",
    "不涉及": "not-concerned",
}
WARNINGS = {
    "暂定参数": "assumed",
    "待补地方文件": "local-text-needed",
    "参数缺口": "parameter-gap",
    "未再核实": "not-verified-since",
    "数据过旧": "stale",
    "来源不一致": "sources-disagree",
}


def find(word: str, what: str, labels: Iterable[tuple[str, Label]]) -> str:
    """The id that a word names: itself an id, or a label that only one thing has."""
    pairs = list(labels)
    ids = {one for one, _ in pairs}
    if word in ids:
        return word
    found = {one for one, label in pairs if word in label.values()}
    if len(found) == 1:
        return found.pop()
    if found:
        raise LookupError(
            f"“{word}”: several {what} have this label, write one of {', '.join(sorted(found))}"
        )
    known = [*ids, *(text for _, label in pairs for text in label.values())]
    raise LookupError(f"“{word}”: there is no such {what}. {nearest(word, known)}".rstrip())


def code(word: str, what: str, words: Mapping[str, str]) -> str:
    """One of a fixed list of words, Chinese or as in the decision document."""
    return find(word, what, ((value, {"zh": key}) for key, value in words.items()))


class Names:
    """The words of one rulebook."""

    def __init__(self, book: Rulebook) -> None:
        self.book = book

    def policy(self, word: str) -> str:
        titles = ((one.id, version.title) for one in self.book.policies.values() for version in one.versions)
        return find(word, "policy", titles)

    def fact(self, word: str, of: str) -> Fact:
        """A fact or list of the household or of a person (`of`)."""
        mine = [one for one in self.book.facts.values() if one.of == of]
        return self.book.facts[find(word, f"fact of a {of}", ((one.name, one.value.label) for one in mine))]

    def any_fact(self, word: str) -> str:
        """The id of a fact, of the household or of a person."""
        return find(word, "fact", ((one.name, one.value.label) for one in self.book.facts.values()))

    def parameter(self, word: str) -> str:
        return find(word, "parameter", ((one.name, one.label) for one in self.book.parameters.values()))

    def definition(self, word: str) -> str:
        titles = (
            (name, one.title) for name, found in self.book.definitions.items() for one in found.versions
        )
        return find(word, "definition", titles)

    def conflict(self, word: str) -> Conflict:
        name = find(word, "conflict", ((one.id, one.title) for one in self.book.conflicts))
        return next(one for one in self.book.conflicts if one.id == name)

    def watch(self, word: str) -> str:
        return find(word, "watch rule", ((one.id, one.title) for one in self.book.watches))

    def event(self, word: str) -> EventKind:
        events = self.book.events
        return events[find(word, "event", ((one.name, one.title) for one in events.values()))]

    def task(self, word: str) -> tuple[str, str]:
        """The event and the task."""
        tasks = [
            (f"{one.name}/{task.id}", task.title) for one in self.book.events.values() for task in one.tasks
        ]
        event, _, task = find(word, "task", tasks).partition("/")
        return event, task

    def office(self, word: str) -> str:
        """A department, or an area level that acts as one."""
        return find(word, "office", [*self.book.levels.items(), *self.book.departments.items()])

    def area(self, word: str) -> str:
        return find(word, "area", ((one.code, one.label) for one in self.book.areas.values()))


def listed(words: str) -> list[str]:
    """Several words in one: separated by 、 or by a comma and a space."""
    return [one.strip() for one in words.replace(", ", "、").split("、") if one.strip()]


def value_of(field: Field, word: str) -> Any:
    """A word as a value of a household document. A wrong one is kept, for the document check to refuse."""
    if field.choices:
        return find(word, f"value of {field.label.get('zh', field.name)}", field.choices.items())
    if isinstance(field.type, Boolean):
        return BOOLEANS.get(word, word)
    if isinstance(field.type, Number):
        return number(word)
    return word


def number(word: str) -> Any:
    """An exact number, or the word itself when it is none."""
    plain = word.replace(",", "").replace("，", "")
    try:
        exact = Decimal(plain)
    except ArithmeticError:
        return word
    return int(exact) if exact == exact.to_integral_value() and "." not in plain else exact


def item_of(fact: Fact, row: Mapping[str, str]) -> dict[str, Any]:
    """One entry of a list from a table row; an empty cell leaves the field out (unknown)."""
    made = {}
    for word, cell in row.items():
        name = find(
            word, f"field of {fact.value.label.get('zh', fact.name)}", ((f.name, f.label) for f in fact.items)
        )
        field = next(one for one in fact.items if one.name == name)
        if cell:
            made[name] = value_of(field, cell)
    return made


def clauses_of(version: PolicyVersion) -> list[Clause]:
    """Every clause of a version with the exceptions of clauses."""

    def within(members: Iterable[Clause | Group]) -> Iterable[Clause]:
        for member in members:
            if isinstance(member, Group):
                yield from within(member.members)
            else:
                yield member
                yield from within(member.unless)

    return list(within((*version.concerns, version.eligible, *version.closed, *version.discretion)))


def clause(version: PolicyVersion, word: str) -> Clause:
    known = clauses_of(version)
    name = find(word, "condition of this policy", ((one.id, one.label) for one in known))
    return next(one for one in known if one.id == name)


def part(version: PolicyVersion, word: str) -> Named:
    parts = version.amount.parts if version.amount else ()
    name = find(word, "part of this amount", ((one.id, one.label) for one in parts))
    return next(one for one in parts if one.id == name)


def term(scoring: Scoring, word: str) -> str:
    return find(word, "term of the score", ((one.value.id, one.value.label) for one in scoring.terms))
