"""The auditor's layer: the whole tree, with every value read, its source and its rule."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from engine.decision.explain.caseworker import band_lines, part_line
from engine.decision.explain.model import Line, Section, mark_of
from engine.decision.explain.rules import PolicyText
from engine.decision.explain.telling import Telling, members
from engine.decision.explain.values import PEOPLE, own_name, same_for_all
from engine.decision.model import Finding, ParameterValue, Trace

GROUPS = frozenset({"concerns", "closed", "discretion"})


def sections(told: Telling) -> Iterator[Section]:
    words = told.words
    yield Section("record", words["section.record"], tuple(_record(told)))
    yield Section("findings", words["section.findings"], [_finding(told, *one) for one in told.findings])
    if told.decision.conflicts and told.whole:
        effects = [_conflict(told, place) for place in range(len(told.decision.conflicts))]
        yield Section("conflicts", words["section.conflicts"], effects)
    yield Section("definitions", words["section.definitions"], tuple(_definitions(told)))
    yield Section("parameters", words["section.parameters"], _parameters(told))
    yield Section("facts", words["section.facts"], tuple(_facts(told)))
    yield Section("held", words["section.held"], tuple(_held(told)))


def _record(told: Telling) -> Iterator[Line]:
    decision, values, say = told.decision, told.values, told.say
    book = told.book
    yield Line(say("r.decision", id=decision.decision_id))
    yield Line(say("r.rulebook", name=book.name, fingerprint=decision.rulebook))
    yield Line(say("r.engine", engine=decision.engine))
    yield Line(say("r.dates", on=values.day(decision.on), known=values.day(decision.known)))
    if decision.application_date is not None:
        yield Line(say("r.application", date=values.day(decision.application_date)))
    yield Line(say("r.area", area=values.area(decision.area)))


# --- findings -------------------------------------------------------------------------------------


def _finding(told: Telling, policy: str, finding: Finding) -> Line:
    text = told.policy(policy)
    outcome = told.words[f"outcome.{finding.outcome}"]
    head = told.say("t.finding", what=told.about(policy, finding.subject), outcome=outcome)
    of = [text.version_line] if text else []
    if text is not None and finding.trace is not None:
        of += [_group(told, text, one) for one in members(finding.trace)]
    of += _amount(told, text, finding)
    of += [Line(told.missing(one)) for one in finding.missing]
    of += [Line(told.whatever(finding))] if finding.whatever else []
    if finding.depends_on:
        of.append(Line(told.say("t.depends", text=told.titles([one.policy for one in finding.depends_on]))))
    if finding.would_change:
        changes = told.words.several(told.change(one) for one in finding.would_change)
        of.append(Line(told.say("c.change", text=changes)))
    if finding.decided_despite:
        names = dict.fromkeys(map(told.values.owned, finding.decided_despite))
        of.append(Line(told.say("t.despite", text=told.words.listed(names))))
    of += [Line(told.say("c.warning", text=one)) for one in told.warnings(finding, text)]
    truth = {"eligible": "met", "ineligible": "unmet", "closed": "unmet", "not-in-force": "unmet"}
    return Line(head, truth.get(finding.outcome, "open"), of)


def _group(told: Telling, text: PolicyText, trace: Trace) -> Line:
    """The conditions, what closes the procedure, what is left to an officer; or a group inside."""
    if trace.clause in text.clauses:
        return _clause(told, text, trace)
    if trace.clause == "eligible":
        key = "t.eligible.any" if text.any else "t.eligible"
    else:
        key = f"t.{trace.clause if trace.clause in GROUPS else text.kinds.get(trace.clause, 'all')}"
    return Line(told.words[key], mark_of(trace.truth), [_group(told, text, one) for one in members(trace)])


def _clause(told: Telling, text: PolicyText, trace: Trace) -> Line:
    if trace.of:
        return _clause_line(told, text, trace)
    read = told.reads(trace) if trace.reads else ""
    key = ("clause", id(text), trace.clause, trace.truth, str(trace.margin), read)
    line: Line | None = told.texts.kept.get(key)
    return told.texts.keep(key, _clause_line(told, text, trace)) if line is None else line


def _clause_line(told: Telling, text: PolicyText, trace: Trace) -> Line:
    clause = text.clauses[trace.clause]
    margin = told.margin(clause, trace)
    label = told.say("t.margin", label=clause.label, margin=margin) if margin else clause.label
    of = (
        [Line(told.say("t.read", text=told.reads(trace))), *clause.rule] if trace.reads else list(clause.rule)
    )
    for one in members(trace):
        inner = _clause(told, text, one)
        of.append(Line(told.say("t.unless", text=inner.text), inner.mark, inner.of))
    return Line(label, mark_of(trace.truth), of)


def _amount(told: Telling, text: PolicyText | None, finding: Finding) -> list[Line]:
    amount, rule = finding.amount, text.version.amount if text else None
    if amount is None or rule is None:
        return []
    parts = {part.id: part for part in amount.parts}
    of = [
        Line(part_line(told, named, parts[named.id], finding.subject))
        for named in rule.parts
        if named.id in parts
    ]
    of += band_lines(told, rule, finding)
    said = told.amount(amount) or told.words["unknown.value"]
    return [Line(told.say("t.amount", amount=said), "", of)]


def _conflict(told: Telling, place: int) -> Line:
    one = told.decision.conflicts[place]
    rule = next((rule for rule in told.texts.rules.conflicts if rule.id == one.rule), None)
    of = [Line(told.say("t.file", file=rule.dated.file, version=rule.dated.version))] if rule else []
    return Line(told.effect(one), "", of)


# --- definitions, parameters, facts ---------------------------------------------------------------


def _definitions(told: Telling) -> Iterator[Line]:
    """Every definition in force with its formula and its value, of each person where it has one for each."""
    decision = told.decision
    found: dict[str, list[str]] = {}
    for ref in decision.definitions:
        found.setdefault(own_name(ref), []).append(ref)
    inner: dict[str, list[Line]] = {}
    for name, refs in found.items():
        owner, mark, _ = name.partition("/")
        if mark:
            inner.setdefault(owner, []).append(_worth(told, name, refs))
    for name, text in told.texts.definitions.items():
        if name in found:
            yield Line(_worth(told, name, found[name]).text, "", (*text.lines, *inner.get(name, ())))
    for policy, lines in inner.items():
        if policy in told.texts.policies:
            yield Line(told.title(policy), "", lines)


def _worth(told: Telling, name: str, refs: list[str]) -> Line:
    """A name with its value, of each person where it has one for each."""
    values, said = told.values, []
    for ref in refs:
        value = values.worth(ref)
        said.append(f"{values.named(ref.split('/', 2)[1])} {value}" if ref.startswith(PEOPLE) else value)
    return Line(told.say("colon", a=values.label(name), b=told.words.several(said)))


def _parameters(told: Telling) -> tuple[Line, ...]:
    """Every parameter with its row: made once for all households of an area on a day."""
    decision = told.decision
    key = (told.words.language, decision.area, decision.on, decision.known)
    kept = told.book.remember(
        "parameter lines", key, lambda: (decision.parameters, tuple(_parameter_lines(told)))
    )
    return kept[1] if kept[0] == decision.parameters else tuple(_parameter_lines(told))


def _parameter_lines(told: Telling) -> Iterator[Line]:
    for name, value in told.decision.parameters.items():
        said, note = _parameter(told, name, value)
        line = told.say("t.parameter", name=told.values.label(name), value=said)
        yield Line(line + (told.say("c.gap", text=note) if note else ""))


def _parameter(told: Telling, name: str, value: ParameterValue) -> tuple[str, str]:
    words, values = told.words, told.values
    notes = []
    if value.area and value.since:
        notes.append(told.say("t.row", area=values.area(value.area), since=values.day(value.since)))
    if value.assumed:
        notes.append(words["t.assumed"])
    if value.value is msgspec.UNSET:
        return (told.say("t.gap", why=value.gap) if value.since else words["t.nothing"]), words.listed(notes)
    declared = told.book.parameters[name]
    whole = values.table(name, value) if declared.by or declared.table else values.parameter(name, value)
    return whole, words.listed(notes)


def _facts(told: Telling) -> Iterator[Line]:
    decision, values = told.decision, told.values
    people: dict[str, list[Line]] = {person: [] for person in decision.people}
    kept = told.texts.kept
    for ref, fact in decision.facts.items():
        name = own_name(ref)
        same = same_for_all(name, fact.value, fact)
        line: Line | None = kept.get(("fact", *same)) if same else None
        if line is None:
            line = Line(told.say("colon", a=values.label(name), b=values.worth(ref)))
            if same:
                told.texts.keep(("fact", *same), line)
        if ref.startswith(PEOPLE):
            people[ref.split("/", 2)[1]].append(line)
        else:
            yield line
    for person, lines in people.items():
        yield Line(values.subject(person), "", lines)


def _held(told: Telling) -> Iterator[Line]:
    held = told.decision.held
    if not held:
        yield Line(told.words["r.held.unknown" if held is None else "r.held.none"])
        return
    for ref in held:
        person, policy = ref.split("/")[1:] if ref.startswith(PEOPLE) else ("", ref)
        yield Line(told.about(policy, person))
