"""Writes the pack as a rulebook: a directory of YAML files, as docs/rulebook.md describes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.one_household.formula import RuleWriter, parse
from benchmarks.one_household.model import Definition, Fact, Pack, Parameter, Policy, Table
from benchmarks.one_household.pack import AREA, IN_FORCE_FROM

_SOURCE = "PACK"
_OFFICE = "civil_affairs"


def write_rulebook(pack: Pack, directory: Path) -> None:
    """Writes every file of the pack's rulebook below an empty directory."""
    for path, text in rulebook_files(pack):
        file = directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def rulebook_files(pack: Pack) -> Iterator[tuple[str, str]]:
    """(path in the rulebook, content) of every file."""
    yield "rulebook.yaml", _with_schema("rulebook", _rulebook(pack))
    yield "sources.yaml", _with_schema("sources", _sources())
    yield "areas.yaml", _with_schema("areas", _areas())
    yield "facts.yaml", _with_schema("facts", "facts:\n" + "".join(_fact(fact) for fact in pack.facts))
    for parameter in pack.parameters:
        yield f"parameters/{AREA}/{parameter.name}.yaml", _with_schema("parameter", _parameter(parameter))
    for table in pack.tables:
        yield f"parameters/{AREA}/{table.name}.yaml", _with_schema("parameter", _table(table))
    for number, definition in enumerate(pack.definitions, 1):
        path = f"definitions/{definition.name}/{IN_FORCE_FROM}.yaml"
        yield path, _with_schema("definition", _definition(definition, number))
    for number, policy in enumerate(pack.policies, len(pack.definitions) + 1):
        path = f"{policy.department}/{policy.name}/{IN_FORCE_FROM}.yaml"
        yield path, _with_schema("policy", _policy(policy, number))


def _with_schema(kind: str, text: str) -> str:
    return f"# yaml-language-server: $schema=schemas/{kind}.schema.json\n{text}"


def _words(name: str) -> str:
    return f"{{en: {name.replace('_', ' ')}}}"


def _cite(article: int, paragraph: int) -> str:
    return f"{_SOURCE} art {article}({paragraph})"


def _rulebook(pack: Pack) -> str:
    departments = dict.fromkeys([_OFFICE, *(policy.department for policy in pack.policies)])
    named = "".join(f"  {department}: {_words(department)}\n" for department in departments)
    return f"""\
rulebook: one_household
title: {{en: Pack of the comparison on one household}}
languages: [en]
currency:
  unit: yuan
  decimals: 2
  label: {{en: yuan}}
units:
  person: {{en: person}}
departments:
{named}\
limits:
  people: 20
"""


def _sources() -> str:
    return f"""\
sources:
  {_SOURCE}:
    title: Articles of the comparison's pack
    number: "1"
    issued: {IN_FORCE_FROM}
    seen: text
"""


def _areas() -> str:
    return f"""\
levels:
  county: {{en: county}}
areas:
  {AREA}: {{level: county, label: {_words(AREA)}}}
"""


def _fact(fact: Fact) -> str:
    lines = [f"{fact.name}:", f"  of: {fact.of}", f"  type: {fact.kind}"]
    if fact.values:
        lines += ["  values:", *(f"    {value}: {_words(value)}" for value in fact.values)]
    if fact.kind == "number" and fact.decimals:
        lines.append(f"  decimals: {fact.decimals}")
    if fact.kind in ("number", "money"):
        lines += ["  min: 0", f"  max: {fact.most}"]
    lines += [
        f"  label: {_words(fact.name)}",
        "  question:",
        f"    en: What is the {fact.of}'s {fact.name.replace('_', ' ')}?",
        f"  answered_by: {_OFFICE}",
        "  class: ordinary",
    ]
    return "".join(f"  {line}\n" for line in lines)


def _parameter(parameter: Parameter) -> str:
    shape = "type: number\ndecimals: 2\n" if parameter.kind == "number" else "type: money\n"
    return _values(parameter.name, shape, parameter.unit, str(parameter.value))


def _table(table: Table) -> str:
    amounts = "{" + ", ".join(f"{value}: {amount}" for value, amount in table.amounts.items()) + "}"
    return _values(table.name, f"type: money\nby: [{table.by}]\n", table.unit, amounts)


def _values(name: str, shape: str, unit: str | None, value: str) -> str:
    measured = f"unit: {unit}\n" if unit else ""
    row = f"{{from: {IN_FORCE_FROM}, value: {value}, cite: {_SOURCE} art 1}}"
    return f"parameter: {name}\nlabel: {_words(name)}\n{shape}{measured}values:\n  - {row}\n"


def _definition(definition: Definition, article: int) -> str:
    return f"""\
definition: {definition.name}
title: {_words(definition.name)}
of: {definition.of}
effective: {{from: {IN_FORCE_FROM}}}
value: {_expression(definition.formula)}
cite: {_cite(article, 1)}
"""


def _policy(policy: Policy, article: int) -> str:
    clauses = "".join(
        _clause(name, formula, _cite(article, number))
        for number, (name, formula) in enumerate(policy.clauses.items(), 1)
    )
    after = len(policy.clauses) + 1
    return f"""\
policy: {policy.name}
title: {_words(policy.name)}
department: {policy.department}
unit: household
effective: {{from: {IN_FORCE_FROM}}}
eligible:
  all:
{clauses}\
amount:
  period: once
  parts:
    - id: grant
      label: {{en: grant}}
      value: {_expression(policy.amount)}
      cite: {_cite(article, after)}
pays: {{from: month_after_decision, cite: {_cite(article, after + 1)}}}
review: {{months: 12, cite: {_cite(article, after + 2)}}}
"""


def _clause(name: str, formula: str, cite: str) -> str:
    return f"""\
    - id: {name.replace("_", "-")}
      when: {_expression(formula)}
      cite: {cite}
"""


def _expression(formula: str) -> str:
    return RuleWriter("").write(parse(formula))
