"""A directory of YAML files becomes a rulebook, or a list of every mistake in it.

yaml text -> trees (source) -> shape -> dictionary -> parameters -> rules in dependency order -> whole-book checks
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import msgspec

from engine.language.problems import Problems, Span
from engine.language.scope import PERSON, Scope, Symbol
from engine.language.types import TEXT
from engine.rulebook import whole
from engine.rulebook.calendar_files import read_calendars
from engine.rulebook.conflicts import conflict_of
from engine.rulebook.definitions import definition_of
from engine.rulebook.dictionary import Types, read_areas, read_children, read_facts, read_sources
from engine.rulebook.drafts import CORRECTABLE, CORRECTED, Draft, draft
from engine.rulebook.ending import Ending
from engine.rulebook.endings import EndingChecker
from engine.rulebook.feed import Feed
from engine.rulebook.feeds import FeedChecker
from engine.rulebook.files import BASE, Files, kind_of, read_files
from engine.rulebook.inspection import Inspection
from engine.rulebook.inspections import read_inspections
from engine.rulebook.letter_files import read_letters
from engine.rulebook.letters import Letters
from engine.rulebook.lock import check_lock
from engine.rulebook.model import Conflict, Definition, Fact, Label, Law, Parameter, Policy, Rulebook, Scoring
from engine.rulebook.parameters import ParameterReader
from engine.rulebook.policies import policy_of
from engine.rulebook.procedure_files import ProcedureChecker
from engine.rulebook.procedures import ProcedureVersion
from engine.rulebook.production import Comparison, EventKind, Watch
from engine.rulebook.reading import Report, get, mapping, number, text
from engine.rulebook.rules import MISTAKEN, RuleChecker
from engine.rulebook.scoring import scoring_of
from engine.rulebook.source import Mapping, Tree, plain
from engine.rulebook.watching import ProductionChecker
from engine.rulebook.working_days import Calendar

DRAFTED = (
    "definition",
    "policy",
    "conflict",
    "scoring",
    "watch",
    "event",
    "ending",
    "procedure",
    "feed",
    "inspection",
)


def load_rulebook(directory: Path) -> Rulebook:
    """The rulebook in a directory. Raises `Problems` with every mistake found, sorted."""
    report = Report()
    files = read_files(directory, report)
    if any(files.base(kind) is None for kind in BASE):
        for kind in BASE:
            if not (directory / f"{kind}.yaml").exists():
                report.add(
                    Span(f"{kind}.yaml", 1, 1),
                    "missing-file",
                    f"{kind}.yaml is missing",
                    "every rulebook has one",
                )
        raise Problems(report.problems, files.texts)
    book = _Builder(report, files).build()
    if report.problems:
        raise Problems([one for one in report.problems if not one.message.endswith(MISTAKEN)], files.texts)
    return book


class _Builder:
    def __init__(self, report: Report, files: Files) -> None:
        self.report, self.files = report, files

    def base(self, kind: str) -> Mapping:
        tree = self.files.base(kind)
        assert tree is not None
        return tree

    def build(self) -> Rulebook:
        report, head = self.report, self.base("rulebook")
        report.languages = tuple(text(one) for one in _items(head, "languages"))
        laws = read_sources(self.base("sources"), report)
        report.laws = laws
        currency = plain(head.entries["currency"])
        departments = {k: report.label(v) for k, v in mapping(head.entries["departments"]).entries.items()}
        units = get(head, "units")
        labels = {k: report.label(v) for k, v in mapping(units).entries.items()} if units else {}
        levels, areas = read_areas(self.base("areas"), report)
        types = Types(report, currency["unit"], currency["decimals"], mapping(units) if units else None)
        facts = read_facts(self.base("facts"), report, types, departments)
        reader = ParameterReader(report, types, facts, areas)
        for path, tree in self.files.of("parameter"):
            reader.read(path.split("/")[1], Path(path).stem, tree)
        parameters = reader.parameters()

        self._mistake_unread_files()
        at_most = int(number(get(head, "limits", "people")) or 100)
        drafts = {kind: self._drafts(kind) for kind in DRAFTED}
        whole.check_one_score(report, drafts)
        scope = self._scope(facts, levels, parameters, drafts, at_most, currency["decimals"])
        procedure = frozenset(name for name, fact in facts.items() if fact.privacy == "procedure")
        checker = RuleChecker(report, scope, procedure, (currency["unit"], currency["decimals"]), areas)
        order = self._order(drafts)
        definitions = self._definitions(order, drafts, checker)
        policies = self._policies(order, drafts, checker, departments)
        conflicts = tuple(conflict_of(checker, one) for group in drafts["conflict"].values() for one in group)
        scoring = tuple(scoring_of(checker, one) for group in drafts["scoring"].values() for one in group)
        production = ProductionChecker(checker, types, {**levels, **departments})
        watches, comparisons, events = production.check(
            [one for group in drafts["watch"].values() for one in group],
            [one for group in drafts["event"].values() for one in group],
            list(drafts["conflict"]),
        )
        procedures = ProcedureChecker(report, levels, policies, facts).check(drafts["procedure"])
        calendars = read_calendars(report, self.files.of("calendar"))
        feeds = FeedChecker(report, facts, events, list(policies), departments, levels).check(
            [one for group in drafts["feed"].values() for one in group]
        )
        endings = EndingChecker(report, facts, events, list(policies), (*levels, *departments)).check(
            [one for group in drafts["ending"].values() for one in group]
        )
        inspections = read_inspections(
            report, [one for group in drafts["inspection"].values() for one in group], list(drafts["watch"])
        )
        written = self.files.base("letters")
        letters = (
            None
            if written is None
            else read_letters(written, report, areas, levels, departments, facts, definitions)
        )
        whole.check_unread(report, checker.reads, self.files, facts, parameters, definitions)
        whole.check_locals(report, checker.reads, drafts)
        trees = {path: tree for group in self.files.trees.values() for path, tree in group}
        check_lock(report, self.files.lock, trees, self.files.unread)
        return self._rulebook(
            report, head, currency, labels, departments, at_most, facts, levels, areas, laws, parameters,
            definitions, policies, conflicts, scoring, watches, comparisons, events, endings, procedures, calendars,
            feeds, inspections, scope, letters,
        )  # fmt: skip

    def _rulebook(
        self, report: Report, head: Mapping, currency: Any, units: dict[str, Label], departments: dict[str, Label],
        at_most: int, facts: dict[str, Fact], levels: dict[str, Label], areas: Any, laws: dict[str, Law],
        parameters: dict[str, Parameter], definitions: dict[str, Definition], policies: dict[str, Policy],
        conflicts: tuple[Conflict, ...], scoring: tuple[Scoring, ...], watches: tuple[Watch, ...],
        comparisons: tuple[Comparison, ...], events: dict[str, EventKind], endings: dict[str, Ending],
        procedures: tuple[ProcedureVersion, ...], calendars: dict[int, tuple[Calendar, ...]],
        feeds: dict[str, Feed], inspections: dict[str, Inspection], scope: Scope, letters: Letters | None,
    ) -> Rulebook:  # fmt: skip
        return Rulebook(
            name=text(head.entries["rulebook"]),
            title=report.label(head.entries["title"]),
            languages=report.languages,
            currency=currency,
            units=units,
            departments=departments,
            people_at_most=at_most,
            facts=facts,
            levels=levels,
            areas=areas,
            laws=laws,
            parameters=parameters,
            definitions=definitions,
            policies=policies,
            conflicts=conflicts,
            scoring=scoring,
            watches=watches,
            comparisons=comparisons,
            events=events,
            endings=endings,
            procedures=procedures,
            calendars=calendars,
            children=read_children(report, head, facts),
            feeds=feeds,
            inspections=inspections,
            scope=scope,
            letters=letters,
            fingerprint=fingerprint(self._content()),
            sources=dict(self.files.texts),
        )

    def _content(self) -> dict[str, Any]:
        return {path: plain(tree) for group in self.files.trees.values() for path, tree in group}

    def _mistake_unread_files(self) -> None:
        """What an unread file would have declared is not judged where it is read."""
        for path in self.files.unread:
            kind = kind_of(path)
            if kind in ("definition", "policy"):
                self.report.mistaken.add(path.split("/")[1])
            elif kind in ("parameter", "event", "watch"):
                self.report.mistaken.add(CORRECTED.sub("", Path(path).stem))

    # --- rules ------------------------------------------------------------------------------------------

    def _drafts(self, kind: str) -> dict[str, list[Draft]]:
        made: dict[str, list[Draft]] = {}
        misplaced: set[str] = set()
        for path, tree in self.files.of(kind):
            one = draft(kind, path, tree, self.report)
            made.setdefault(one.name, []).append(one)
            whole.check_ids(self.report, tree)
            if not whole.check_place(self.report, kind, path, one):
                misplaced.add(path)
        for group in made.values():
            if kind in ("definition", "policy", "scoring", "procedure", *CORRECTABLE):
                group.sort(key=lambda one: (one.dated.start, one.dated.published))
                whole.check_versions(self.report, [one for one in group if one.dated.file not in misplaced])
        self.report.mistaken.update({Path(path).parent.name for path in misplaced} - made.keys())
        return made

    def _scope(
        self,
        facts: dict[str, Fact],
        levels: dict[str, Label],
        parameters: dict[str, Parameter],
        drafts: dict[str, dict[str, list[Draft]]],
        at_most: int,
        money_decimals: int,
    ) -> Scope:
        whole.check_names(self.report, self.files, drafts)
        names: dict[str, Symbol] = {level: Symbol(level, "fact", TEXT) for level in levels}
        person: dict[str, Symbol] = {"person_id": Symbol("person_id", "fact", TEXT)}
        records: dict[str, dict[str, Symbol]] = {PERSON: person}
        for name, fact in facts.items():
            (names if fact.of == "household" else person)[name] = Symbol(name, "fact", fact.value.type)
            if fact.items:
                records[name] = {one.name: Symbol(one.name, "fact", one.type) for one in fact.items}
        for name, parameter in parameters.items():
            names[name] = Symbol(
                name, "parameter", parameter.type, parameter.by, parameter.table, money_decimals
            )
        policies = {name: text(get(group[0].tree, "unit")) for name, group in drafts["policy"].items()}
        forbidden = dict.fromkeys(drafts["scoring"], "a score orders visits and never decides")
        forbidden["score"] = "a score orders visits and never decides"
        for name in self.report.mistaken:
            if name not in policies:
                forbidden[name] = MISTAKEN
            of, _, item_field = name.partition(".")
            for group in (names, person):
                group.pop(name, None)
            records.get(of, {}).pop(item_field, None)
        return Scope(names, records, policies, forbidden, people_at_most=at_most)

    def _definitions(
        self, order: list[str], drafts: dict[str, dict[str, list[Draft]]], checker: RuleChecker
    ) -> dict[str, Definition]:
        made: dict[str, Definition] = {}
        scope = checker.scope
        for name in self.report.mistaken & drafts["definition"].keys():
            scope.forbidden[name] = MISTAKEN  # type: ignore[index]
        for name in order:
            group = drafts["definition"].get(name)
            if group is None:
                continue
            definition = definition_of(checker, group)
            if definition is None or name in self.report.mistaken:
                scope.forbidden[name] = MISTAKEN  # type: ignore[index]
                continue
            made[name] = definition
            symbol = Symbol(name, "value", definition.type)
            target: Any = scope.records[PERSON] if definition.of == PERSON else scope.names
            target[name] = symbol
        return made

    def _order(self, drafts: dict[str, dict[str, list[Draft]]]) -> list[str]:
        """Definitions and policies in the order in which they need each other; a cycle names every step."""
        graph: dict[str, dict[str, None]] = {}  # not sets: their order would differ from run to run
        places: dict[tuple[str, str], Span] = {}
        for kind in ("definition", "policy"):
            for name, group in drafts[kind].items():
                needs = graph.setdefault(name, {})
                for one in group:
                    for used, at in one.names.items():
                        if used in drafts["definition"]:
                            needs[used] = None
                            places.setdefault((name, used), at)
                    for used, at in one.statuses.items():
                        if used in drafts["policy"]:
                            needs[used] = None
                            places.setdefault((name, used), at)
        while True:
            try:
                return _sorted(graph)
            except CycleError as error:
                circle: list[str] = list(reversed(error.args[1]))
                self._report_circle(circle, places, drafts)
                self.report.mistaken.update(name for name in circle if name in drafts["definition"])
                graph[circle[0]].pop(circle[1])  # goes on to the next circle

    def _report_circle(
        self,
        circle: list[str],
        places: dict[tuple[str, str], Span],
        drafts: dict[str, dict[str, list[Draft]]],
    ) -> None:
        steps = list(itertools.pairwise(circle))
        listed = "; ".join(f"`{a}` reads `{b}` ({places[a, b].file}:{places[a, b].line})" for a, b in steps)
        hint = "write one of them without the other"
        if any(name in drafts["policy"] for name in circle):
            hint = "break the circle: `.held` reads what is on record and needs no computation"
        first = min((places[step] for step in steps), key=lambda at: (at.file, at.line))
        what = "these need each other" if len(steps) > 1 else "this needs itself"
        self.report.add(first, "cycle", f"{what}: {listed}", hint)

    def _policies(
        self,
        order: list[str],
        drafts: dict[str, dict[str, list[Draft]]],
        checker: RuleChecker,
        departments: dict[str, Label],
    ) -> dict[str, Policy]:
        for path, tree in self.files.of("policy"):
            whole.check_department(self.report, path, tree, departments)
        made = {name: policy_of(checker, group) for name, group in drafts["policy"].items()}
        return {name: made[name] for name in order if name in made}


def _sorted(graph: dict[str, dict[str, None]]) -> list[str]:
    """What is needed before what needs it, the same order in every process. Raises `CycleError`."""
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    order: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order += ready
        sorter.done(*ready)
    return order


def _items(tree: Mapping, key: str) -> tuple[Tree, ...]:
    found = tree.entries.get(key)
    return getattr(found, "items", ()) if found is not None else ()


def fingerprint(content: Any) -> str:
    """SHA-256 over the canonical content: keys sorted, numbers as written, no comments, no layout."""
    encode: Callable[[Any], bytes] = msgspec.json.Encoder(order="sorted", decimal_format="string").encode
    return hashlib.sha256(encode(content)).hexdigest()
