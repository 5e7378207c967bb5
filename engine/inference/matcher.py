"""Production rules over many facts at once: which groups of facts does each rule find?

    person = frozenset({"person_id"})
    rule = Rule(
        "paid_after_death",
        (Pattern("p", "payment"), Pattern("d", "death")),
        (Join("p", "person_id", "d", "person_id"),),
    )
    matcher = Matcher([rule], {"payment": person, "death": person})
    matcher.match([
        {"key": "payment-7", "kind": "payment", "person_id": "p1"},
        {"key": "death-1", "kind": "death", "person_id": "p1"},
    ])  # (Match("paid_after_death", ("payment-7", "death-1")),)

Facts hold ids only. Amounts, dates and all other tests belong to the rule language, on the groups found here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from engine.inference.network import MOST_FACTS, Network
from engine.inference.rule import RESERVED, Join, Match, Pattern, Rule, check_fields, check_rules, suggestion

__all__ = ["Join", "Match", "Matcher", "Pattern", "Rule"]

Fact = Mapping[str, str]
_Test = tuple[str, tuple[tuple[str, str], ...]]  # the kind and the sorted `where` of a pattern


@dataclass(frozen=True, slots=True)
class _Kind:
    """How a fact of one kind is checked, and the numbers of the tests it passes.

    A test is the kind and `where` of a pattern. `by_text`: what reads some fields, and the test of a text.
    """

    entries: frozenset[str]  # what a fact must hold: key, kind and its fields
    always: tuple[int, ...]  # the tests without `where`
    by_text: tuple[tuple[Callable[[Fact], Any], Mapping[Any, int]], ...]


@dataclass(frozen=True, slots=True)
class _Compiled:
    id: str
    network: Network
    patterns: int
    tests: frozenset[int]  # numbers of the tests of its patterns
    may_swap: bool  # two patterns look for the same kind, so the same facts can come in several orders


class Matcher:
    """A set of rules, ready for any number of sessions, from any number of threads."""

    def __init__(self, rules: Sequence[Rule], fields: Mapping[str, frozenset[str]]) -> None:
        """`fields`: for each kind of fact the names of its fields, all of them ids written as text.

        Raises ValueError naming the rule and the word when a rule uses an unknown kind, field or pattern.
        """
        check_fields(fields)
        check_rules(rules, fields)
        tests = _number_tests(rules)
        self._kinds = {kind: _compile_kind(kind, names, tests) for kind, names in fields.items()}
        self._rules: dict[int, list[_Compiled]] = {}  # by one of the tests of each: no such fact, no match
        for rule in rules:
            compiled = _compile_rule(rule, tests)
            self._rules.setdefault(min(compiled.tests), []).append(compiled)

    def match(self, facts: Sequence[Fact]) -> tuple[Match, ...]:
        """Every group of different facts that a rule finds, sorted by rule and facts; `()` if there is none.

        `facts`: each with a unique `key`, its `kind` and all fields of that kind, every value a text. A rule
        finds the same facts once, even if they can take each other's place: then the order with the smallest
        keys stands. Neither the order of `facts` nor that of the rules matters. Raises ValueError for a fact
        of another shape.
        """
        passed = self._sort(facts)
        found: list[Match] = []
        for test in passed:
            for rule in self._rules.get(test, ()):
                if passed.keys() >= rule.tests:
                    fitting = {number: facts[number] for test in rule.tests for number in passed[test]}
                    if len(fitting) >= rule.patterns:
                        found.extend(_matches(rule, fitting))
        found.sort(key=_order)
        return tuple(found)

    def _sort(self, facts: Sequence[Fact]) -> dict[int, list[int]]:
        """The numbers of the facts that pass each test, for the tests that any fact passes."""
        if len(facts) > MOST_FACTS:
            raise ValueError(f"{len(facts)} facts at once; at most {MOST_FACTS} work. Match them in parts.")
        passed: dict[int, list[int]] = {}
        keys: set[str] = set()
        for number, fact in enumerate(facts):
            kind = self._kind_of(fact)
            keys.add(fact["key"])
            for test in kind.always:
                passed.setdefault(test, []).append(number)
            for texts_of, tests in kind.by_text:
                test_by_text = tests.get(texts_of(fact))
                if test_by_text is not None:
                    passed.setdefault(test_by_text, []).append(number)
        if len(keys) < len(facts):
            raise ValueError(_repeated_key(facts))
        return passed

    def _kind_of(self, fact: Fact) -> _Kind:
        for name, value in fact.items():
            if not isinstance(value, str):
                raise ValueError(
                    f"fact {_name(fact)}: `{name}` is {value!r}, not a text. Rules over many facts compare "
                    "ids only; test numbers and dates in the rule language."
                )
        kind = self._kinds.get(fact.get("kind", ""))
        if kind is None or fact.keys() != kind.entries:
            raise ValueError(f"fact {_name(fact)}: {self._shape_problem(fact)}")
        return kind

    def _shape_problem(self, fact: Fact) -> str:
        if missing := sorted(RESERVED - fact.keys()):
            return f"no `{missing[0]}`. Every fact has a key and a kind."
        kind = self._kinds.get(fact["kind"])
        if kind is None:
            return f"unknown kind of fact `{fact['kind']}`; {suggestion(fact['kind'], self._kinds)}"
        if missing := sorted(kind.entries - fact.keys()):
            return f"no `{missing[0]}`. A rule could miss it: give every `{fact['kind']}` all its fields."
        extra = min(fact.keys() - kind.entries)
        return f"unknown field `{extra}` of `{fact['kind']}`; {suggestion(extra, kind.entries - RESERVED)}"


def _number_tests(rules: Iterable[Rule]) -> dict[_Test, int]:
    tests: dict[_Test, int] = {}
    for rule in rules:
        for pattern in rule.patterns:
            tests.setdefault(_test(pattern), len(tests))
    return tests


def _test(pattern: Pattern) -> _Test:
    return pattern.kind, tuple(sorted(pattern.where))


def _compile_kind(kind: str, fields: frozenset[str], tests: Mapping[_Test, int]) -> _Kind:
    always = []
    by_fields: dict[tuple[str, ...], dict[Any, int]] = {}
    for (kind_of_test, where), number in tests.items():
        if kind_of_test == kind and where:
            read = tuple(field for field, _ in where)
            by_fields.setdefault(read, {})[itemgetter(*read)(dict(where))] = number
        elif kind_of_test == kind:
            always.append(number)
    by_text = tuple((itemgetter(*read), numbers) for read, numbers in by_fields.items())
    return _Kind(fields | RESERVED, tuple(always), by_text)


def _compile_rule(rule: Rule, tests: Mapping[_Test, int]) -> _Compiled:
    return _Compiled(
        id=rule.id,
        network=Network(rule),
        patterns=len(rule.patterns),
        tests=frozenset(tests[_test(pattern)] for pattern in rule.patterns),
        may_swap=len({pattern.kind for pattern in rule.patterns}) < len(rule.patterns),
    )


def _matches(rule: _Compiled, facts: Mapping[int, Fact]) -> Iterable[Match]:
    groups = [tuple([facts[number]["key"] for number in group]) for group in rule.network.groups(facts)]
    if rule.may_swap:
        groups.sort(reverse=True)  # so that the smallest order of the same facts is the one that stays
        groups = list({frozenset(group): group for group in groups}.values())
    return [Match(rule.id, group) for group in groups]


def _order(match: Match) -> tuple[str, tuple[str, ...]]:
    return match.rule, match.facts


def _name(fact: Fact) -> str:
    return f"`{fact['key']}`" if isinstance(fact.get("key"), str) else f"{dict(fact)!r}"


def _repeated_key(facts: Iterable[Fact]) -> str:
    counts = Counter(fact["key"] for fact in facts)
    key = min(key for key, times in counts.items() if times > 1)
    return f"two facts have the key `{key}`. Give each fact its own key."
