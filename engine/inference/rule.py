"""What a production rule is: patterns of facts, joined by equality, and the group of facts it found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from engine.language.problems import nearest

# What one rule may hold. durable-rules has room for 16 facts in a group and 29 joins on a fact; a fact with
# more than 254 properties it would drop without a word.
MOST_PATTERNS = 16
MOST_JOINS_OF_A_PATTERN = 29
MOST_FIELDS_OF_A_KIND = 200

# Names that every fact has; a kind cannot use them for its fields.
RESERVED = frozenset({"key", "kind"})


@dataclass(frozen=True, slots=True)
class Pattern:
    """One fact to be found: of this kind, with these fields equal to these texts."""

    name: str
    kind: str
    where: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Join:
    """A field of one pattern's fact equals a field of another pattern's fact."""

    left: str
    left_field: str
    right: str
    right_field: str


@dataclass(frozen=True, slots=True)
class Rule:
    """Different facts, one for each pattern, for which all joins hold. Without joins: every combination."""

    id: str
    patterns: tuple[Pattern, ...]
    joins: tuple[Join, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """One group that a rule found: the keys of its facts, in the order of the rule's patterns."""

    rule: str
    facts: tuple[str, ...]


def check_fields(fields: Mapping[str, frozenset[str]]) -> None:
    """Raise ValueError when a kind gives a field a name that every fact already has."""
    for kind, names in fields.items():
        for name in sorted(names & RESERVED):
            raise ValueError(f"kind `{kind}` cannot have a field `{name}`: every fact has one. Rename it.")


def check_rules(rules: Iterable[Rule], fields: Mapping[str, frozenset[str]]) -> None:
    """Raise ValueError for the first rule that cannot be used, naming the rule and the word that is wrong."""
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            raise ValueError(f"rule `{rule.id}` is there twice. Give each rule its own id.")
        seen.add(rule.id)
        _check_patterns(rule, fields)
        _check_joins(rule, fields)
        _check_size(rule)


def fields_read(rule: Rule) -> dict[str, tuple[str, ...]]:
    """For each kind of fact in the rule, the fields that its tests and joins read, sorted."""
    kind_of = {pattern.name: pattern.kind for pattern in rule.patterns}
    read: dict[str, set[str]] = {pattern.kind: set() for pattern in rule.patterns}
    for pattern in rule.patterns:
        read[pattern.kind].update(field for field, _ in pattern.where)
    for join in rule.joins:
        read[kind_of[join.left]].add(join.left_field)
        read[kind_of[join.right]].add(join.right_field)
    return {kind: tuple(sorted(names)) for kind, names in read.items()}


def suggestion(word: str, known: Iterable[str]) -> str:
    """What was probably meant instead of an unknown word, or else all that is known."""
    words = sorted(known)
    return nearest(word, words) or f"known: {', '.join(words) or 'none'}"


def _check_patterns(rule: Rule, fields: Mapping[str, frozenset[str]]) -> None:
    if not rule.patterns:
        raise ValueError(f"rule `{rule.id}` has no pattern. Name at least one fact to be found.")
    names: set[str] = set()
    for pattern in rule.patterns:
        if pattern.name in names:
            raise ValueError(f"rule `{rule.id}` has two patterns `{pattern.name}`. Give each its own name.")
        names.add(pattern.name)
        _must_be_known(rule, "kind of fact", pattern.kind, fields)
        tested: set[str] = set()
        for field, text in pattern.where:
            _must_be_known(rule, f"field of `{pattern.kind}`", field, fields[pattern.kind])
            if field in tested:
                raise ValueError(f"rule `{rule.id}` tests `{pattern.name}.{field}` twice. Keep one test.")
            tested.add(field)
            if not isinstance(text, str):
                raise ValueError(f"rule `{rule.id}` tests `{pattern.name}.{field}` for {text!r}, not a text.")


def _check_joins(rule: Rule, fields: Mapping[str, frozenset[str]]) -> None:
    kind_of = {pattern.name: pattern.kind for pattern in rule.patterns}
    for join in rule.joins:
        for name, field in ((join.left, join.left_field), (join.right, join.right_field)):
            _must_be_known(rule, "pattern", name, kind_of)
            _must_be_known(rule, f"field of `{kind_of[name]}`", field, fields[kind_of[name]])
        if join.left == join.right:
            raise ValueError(f"rule `{rule.id}` joins `{join.left}` with itself. Join two patterns.")


def _check_size(rule: Rule) -> None:
    joins = max(sum(p.name in (join.left, join.right) for join in rule.joins) for p in rule.patterns)
    read = max(map(len, fields_read(rule).values()))
    for what, size, most in (
        ("patterns", len(rule.patterns), MOST_PATTERNS),
        ("joins on one pattern", joins, MOST_JOINS_OF_A_PATTERN),
        ("fields of one kind", read, MOST_FIELDS_OF_A_KIND),
    ):
        if size > most:
            raise ValueError(f"rule `{rule.id}` has {size} {what}; at most {most} work. Split the rule.")


def _must_be_known(rule: Rule, what: str, word: str, known: Iterable[str]) -> None:
    words = sorted(known)
    if word not in words:
        raise ValueError(f"rule `{rule.id}`: unknown {what} `{word}`; {suggestion(word, words)}")
