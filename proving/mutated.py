"""A rulebook with one mutant in it: only the changed file is checked again, only what hangs on it is recompiled."""

from __future__ import annotations

from dataclasses import replace

from engine.language.syntax import Syntax
from engine.language.tree import Node
from engine.language.types import BOOLEAN
from engine.rulebook.conflicts import conflict_of
from engine.rulebook.definitions import definition_of
from engine.rulebook.dictionary import Types, read_facts
from engine.rulebook.drafts import Draft
from engine.rulebook.model import (
    Clause,
    Definition,
    Group,
    Parameter,
    Policy,
    PolicyVersion,
    Row,
    Rulebook,
)
from engine.rulebook.parameters import ParameterReader
from engine.rulebook.policies import policy_of
from engine.rulebook.reading import Report, get, mapping
from engine.rulebook.rules import RuleChecker
from engine.rulebook.scoring import scoring_of
from engine.rulebook.source import Mapping, Scalar, Sequence, Tree, read_yaml
from proving.mutants import Files, Mutant

TRUE = Node("const", (), BOOLEAN, value=True)
FALSE = Node("const", (), BOOLEAN, value=False)


class Refused(Exception):
    """The checker refuses this change, so nobody could publish it: it is no mutant."""


def mutated(files: Files, mutant: Mutant) -> Rulebook:
    """The rulebook with the change, sharing all else. Raises `Refused`."""
    make = {"policy": _policy, "definition": _definition, "parameter": _parameter}.get(mutant.what, _whole)
    book = make(files, mutant)
    memo = {
        "parameters": {
            key: replace(one, memo={}) for key, one in files.book.memo.get("parameters", {}).items()
        }
    }
    return replace(book, memo=memo if mutant.what != "parameter" else {})


# --- rules ----------------------------------------------------------------------------------------------


def _checker(files: Files) -> tuple[RuleChecker, Report]:
    book, report = files.book, Report()
    report.languages, report.laws = book.languages, book.laws
    procedure = frozenset(name for name, fact in book.facts.items() if fact.privacy == "procedure")
    money = (book.currency["unit"], book.currency["decimals"])
    return RuleChecker(report, book.scope, procedure, money, book.areas), report


def _changed(one: Draft, mutant: Mutant) -> Draft:
    """The draft with another syntax tree at the mutant's place."""
    assert isinstance(mutant.new, Syntax)
    source, _ = one.parsed[mutant.at]
    return replace(one, parsed={**one.parsed, mutant.at: (source, mutant.new)})


def _policy(files: Files, mutant: Mutant) -> Rulebook:
    book = files.book
    policy = book.policies[mutant.name]
    if mutant.kind in ("dropped", "negated"):
        versions = [
            _with_clause(one, mutant) if one.dated.file == mutant.span.file else one
            for one in policy.versions
        ]
    else:
        checker, report = _checker(files)
        made = policy_of(checker, [_changed(files.drafts[mutant.span.file], mutant)])
        if report.problems:
            raise Refused
        (changed,) = made.versions
        versions = [changed if one.dated.file == mutant.span.file else one for one in policy.versions]
    made_policy: Policy = replace(policy, versions=tuple(versions))
    return replace(book, policies={**book.policies, policy.id: made_policy})


def _with_clause(version: PolicyVersion, mutant: Mutant) -> PolicyVersion:
    """The version with one clause negated, or without it: as if it did not matter to what it stands in."""

    def each(clauses: tuple[Clause, ...], without: Node) -> tuple[Clause, ...]:
        return tuple(one(clause, without) for clause in clauses)

    def one(clause: Clause, without: Node) -> Clause:
        if clause.id != mutant.clause:
            return replace(clause, unless=each(clause.unless, FALSE))
        if mutant.kind == "dropped":
            return replace(clause, when=without, unless=())
        return replace(clause, when=Node("not", (clause.when,), BOOLEAN))

    def group(of: Group) -> Group:
        without = TRUE if of.kind == "all" else FALSE
        members = (
            group(member) if isinstance(member, Group) else one(member, without) for member in of.members
        )
        return replace(of, members=tuple(members))

    return replace(
        version,
        concerns=each(version.concerns, TRUE),
        eligible=group(version.eligible),
        closed=each(version.closed, FALSE),
        discretion=each(version.discretion, FALSE),
        sooner=tuple(replace(of, clause=one(of.clause, FALSE)) for of in version.sooner),
    )


def _definition(files: Files, mutant: Mutant) -> Rulebook:
    book = files.book
    before = book.definitions[mutant.name]
    drafts = []
    for one in files.versions("definition", mutant.name):
        if one.dated.file == mutant.span.file:
            drafts.append(_with_exception(one, mutant) if mutant.clause else _changed(one, mutant))
        else:
            drafts.append(one)
    checker, report = _checker(files)
    made = definition_of(checker, drafts)
    if report.problems or made is None or _form(made) != _form(before):
        raise Refused
    return replace(book, definitions={**book.definitions, mutant.name: made})


def _form(of: Definition) -> tuple[str, int | None]:
    """How the values look inside; what reads the definition was made for it."""
    return type(of.type).__name__, getattr(of.type, "decimals", None)


def _with_exception(one: Draft, mutant: Mutant) -> Draft:
    """A definition's file without one exception, or with its condition negated."""
    source, syntax = one.parsed[mutant.at]
    if mutant.kind == "negated":
        negated = Syntax("not", (syntax,), "", syntax.start, syntax.end)
        return replace(one, parsed={**one.parsed, mutant.at: (source, negated)})
    listed = one.tree.entries["except"]
    assert isinstance(listed, Sequence)
    rest = tuple(item for item in listed.items if id(get(item, "when")) != mutant.at)
    tree = replace(one.tree, entries={**one.tree.entries, "except": replace(listed, items=rest)})
    return replace(one, tree=tree)


def _whole(files: Files, mutant: Mutant) -> Rulebook:
    """A version of a conflict or of a score."""
    book, one = files.book, _changed(files.drafts[mutant.span.file], mutant)
    checker, report = _checker(files)
    if mutant.what == "conflict":
        conflict = conflict_of(checker, one)
        conflicts = tuple(
            conflict if each.dated.file == mutant.span.file else each for each in book.conflicts
        )
        made = replace(book, conflicts=conflicts)
    else:
        scoring = scoring_of(checker, one)
        scores = tuple(scoring if each.dated.file == mutant.span.file else each for each in book.scoring)
        made = replace(book, scoring=scores)
    if report.problems:
        raise Refused
    return made


# --- parameters -----------------------------------------------------------------------------------------


def _parameter(files: Files, mutant: Mutant) -> Rulebook:
    assert isinstance(mutant.new, Scalar)
    area = mutant.span.file.split("/")[1]
    before = files.book.parameters[mutant.name]
    rows = _rows(
        files, area, mutant.name, _with_scalar(files.parameters[mutant.span.file], mutant.at, mutant.new)
    )
    parameter: Parameter = replace(before, series={**before.series, area: rows})
    return replace(files.book, parameters={**files.book.parameters, mutant.name: parameter})


def _rows(files: Files, area: str, name: str, tree: Mapping) -> tuple[Row, ...]:
    book, report = files.book, Report()
    report.languages, report.laws = book.languages, book.laws
    reader = ParameterReader(
        report, files.book.remember("types", 0, lambda: _types(book)), book.facts, book.areas
    )
    reader.read(area, name, tree)
    if report.problems:
        raise Refused
    return reader.series[name][area]


def _types(book: Rulebook) -> Types:
    """The choices and units of the rulebook, as the readers of parameters need them."""
    report = Report()
    report.languages, report.laws = book.languages, book.laws
    head, _ = read_yaml("rulebook.yaml", book.sources["rulebook.yaml"])
    facts, _ = read_yaml("facts.yaml", book.sources["facts.yaml"])
    assert head is not None and facts is not None
    units = get(head, "units")
    of_currency = (book.currency["unit"], book.currency["decimals"])
    types = Types(report, *of_currency, None if units is None else mapping(units))
    read_facts(facts, report, types, {name: {} for name in book.departments})
    return types


def _with_scalar(tree: Mapping, at: int, new: Scalar) -> Mapping:
    def copied(one: Tree) -> Tree:
        if id(one) == at:
            return new
        if isinstance(one, Mapping):
            return replace(one, entries={key: copied(value) for key, value in one.entries.items()})
        return (
            replace(one, items=tuple(copied(item) for item in one.items))
            if isinstance(one, Sequence)
            else one
        )

    return mapping(copied(tree))


def changed_rows(book: Rulebook, other: Rulebook, mutant: Mutant) -> list[Row]:
    """The rows of a parameter, as they are in `book`, that a mutant changes."""
    area = mutant.span.file.split("/")[1]
    before, after = (one.parameters[mutant.name].series[area] for one in (book, other))
    return [row for row, new in zip(before, after, strict=True) if row != new]
