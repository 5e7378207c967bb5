"""One page per policy for people to read, in Markdown, made from the rulebook and its feature files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from cli.page_words import WORDS
from engine.decision.explain.citations import cited
from engine.decision.explain.rules import RuleTexts, rule_texts
from engine.language.types import to_plain
from engine.rulebook.in_force import in_force
from engine.rulebook.model import (
    FOREVER,
    Clause,
    Group,
    Named,
    Parameter,
    Policy,
    PolicyVersion,
    Row,
    Rulebook,
)

SUFFIX = {"zh": ".zh-CN.md"}
_SCENARIO = re.compile(r"\s*(?:场景|场景大纲|Scenario|Scenario Outline):\s*(.+)")


def pages(book: Rulebook, features: Path) -> dict[str, str]:
    """File name and text of every page, an index in each language first."""
    found = {}
    for language in book.languages:
        if language in WORDS:
            found[f"README{SUFFIX.get(language, '.md')}"] = _index(book, language)
    for policy in book.policies.values():
        for language in book.languages:
            if language in WORDS:
                found[_name(policy.id, language)] = _Page(book, policy, language, features).text()
    return found


def _name(policy: str, language: str) -> str:
    return f"{policy}{SUFFIX.get(language, f'.{language}.md')}"


def _index(book: Rulebook, language: str) -> str:
    words = WORDS[language]
    lines = [f"# {words['index.title']}", "", words["made"], "", words["index.head"], "|---|---|---|---|---|"]
    for policy in sorted(book.policies.values(), key=lambda one: (one.department, one.id)):
        title = policy.versions[-1].title[language]
        versions = ", ".join(one.dated.version for one in policy.versions)
        office = book.departments[policy.department][language]
        lines.append(
            f"| `{policy.id}` | [{title}]({_name(policy.id, language)}) | {office} "
            f"| {words['unit.' + policy.unit]} | {versions} |"
        )
    return "\n".join(lines) + "\n"


class _Page:
    def __init__(self, book: Rulebook, policy: Policy, language: str, features: Path) -> None:
        self.book, self.policy, self.language, self.features = book, policy, language, features
        self.words = WORDS[language]
        self.version = policy.versions[-1]
        self.texts = self._texts(self.version)

    def _texts(self, version: PolicyVersion) -> RuleTexts:
        first = max(version.dated.start, version.applications_from)
        rules = in_force(self.book, first, max(first, version.dated.published), first)
        return rule_texts(self.book, rules, self.language)

    def say(self, key: str, **parts: str) -> str:
        return self.words[key].format(**parts)

    def cite(self, text: str) -> str:
        return cited(text, self.book.laws, self.texts.words)

    def text(self) -> str:
        sections = [
            self.head(),
            self.versions(),
            self.rule(),
            self.procedure(),
            self.notes(),
            self.parameters(),
            self.changes(),
            self.conflicts(),
            self.tests(),
        ]
        return "\n\n".join("\n".join(lines) for lines in map(list, sections) if lines) + "\n"

    def head(self) -> Iterator[str]:
        yield f"# {self.version.title[self.language]} (`{self.policy.id}`)"
        yield ""
        yield self.words["made"]
        yield ""
        yield f"- {self.words['department']}{self.words['colon']}{self.book.departments[self.policy.department][self.language]}"
        yield f"- {self.words['unit']}{self.words['colon']}{self.words['unit.' + self.policy.unit]}"

    def versions(self) -> Iterator[str]:
        yield f"## {self.words['versions']}"
        yield ""
        yield self.words["versions.head"]
        yield "|---|---|---|---|"
        for one in self.policy.versions:
            file = one.dated.file
            yield f"| {one.dated.version} | {_iso(one.dated.start)} | {_iso(one.dated.published)} | `{file}` |"

    # --- the rule now -----------------------------------------------------------------------------------

    def rule(self) -> Iterator[str]:
        version = self.version
        yield f"## {self.say('now', version=version.dated.version)}"
        for key, clauses in (("concerns", version.concerns),):
            if clauses:
                yield from self.heading(key)
                yield from (line for one in clauses for line in self.clause(one, 0))
        yield from self.heading(f"eligible.{version.eligible.kind}")
        for member in version.eligible.members:
            yield from self.member(member, 0)
        for key, clauses in (("closed", version.closed), ("discretion", version.discretion)):
            if clauses:
                yield from self.heading(key)
                yield from (line for one in clauses for line in self.clause(one, 0))
        yield from self.amount()

    def heading(self, key: str, **parts: str) -> Iterator[str]:
        yield ""
        yield f"### {self.say(key, **parts)}"
        yield ""

    def member(self, member: Clause | Group, depth: int) -> Iterator[str]:
        if isinstance(member, Clause):
            yield from self.clause(member, depth)
            return
        yield f"{'  ' * depth}- {self.words['group.' + member.kind]}"
        for inner in member.members:
            yield from self.member(inner, depth + 1)

    def clause(self, clause: Clause, depth: int) -> Iterator[str]:
        said = self.texts.sentence(clause.when)
        label = self.texts.labels.said(clause.label)
        head = f"**{label}** — {said}" if label and label != said else f"**{said}**"
        source = self.cite(clause.cite)
        tail = f" _{self.say('cite', text=source)}_" if source else ""
        yield f"{'  ' * depth}- {head} (`{clause.id}`){tail}"
        for one in clause.unless:
            (first, *rest) = self.clause(one, depth + 1)
            yield first.replace("- ", f"- {self.say('unless', text='')}", 1)
            yield from rest

    def amount(self) -> Iterator[str]:
        amount = self.version.amount
        if amount is None:
            yield ""
            yield self.words["amount.none"]
            return
        yield from self.heading("amount", period=self.words[f"period.{amount.period}"])
        for part in amount.parts:
            label, formula = self.texts.part(part)
            yield f"- **{label}**{self.words['colon']}{formula} _{self.say('cite', text=self.cite(part.cite))}_"
        if amount.least is not None and amount.most is not None:
            least, most = (self.texts.sentence(one.node) for one in (amount.least, amount.most))
            said = self.say("band", min=least, max=most)
            yield f"- {said} _{self.say('cite', text=self.cite(amount.cite))}_"

    # --- procedure, notes, parameters -------------------------------------------------------------------

    def procedure(self) -> Iterator[str]:
        pays, review, steps = self.version.pays, self.version.review, self.version.procedure
        lines = []
        if pays:
            lines.append(self.say("pays", **self.paid(pays)))
            for area, rule in pays.get("in", {}).items():
                name = self.book.areas[area].label[self.language]
                lines.append("  - " + self.say("pays.in", area=name, **self.paid(rule)))
        if review:
            lines += self.reviews(review)
        for key in ("accept", "decide"):
            if key in steps:
                lines.append(self.say(key, office=self.texts.office(str(steps[key]))))
        if "publicity_days" in steps:
            days = steps["publicity_days"]
            lines.append(self.say("publicity", days=str(days)) if days else self.words["publicity.none"])
        if "limit_working_days" in steps:
            lines.append(self.say("limit", days=str(steps["limit_working_days"])))
        if "cite" in steps:
            lines.append(self.say("procedure.cite", cite=self.cite(steps["cite"])))
        if lines:
            yield f"### {self.words['procedure']}"
            yield ""
            yield from (line if line.startswith(" ") else f"- {line}" for line in lines)

    def paid(self, rule: Mapping[str, Any]) -> dict[str, str]:
        return {"from": self.words[f"from.{rule['from']}"], "cite": self.cite(rule["cite"])}

    def reviews(self, review: Mapping[str, Any]) -> Iterator[str]:
        """The general interval with the classes that come sooner, and where an area rules otherwise."""
        yield self.say("review", months=str(review["months"]), cite=self.cite(review["cite"]))
        yield from self.sooner("", "  ")
        for area, rule in review.get("in", {}).items():
            name = self.book.areas[area].label[self.language]
            months, cite = str(rule["months"]), self.cite(rule["cite"])
            yield "  - " + self.say("review.in", area=name, months=months, cite=cite)
            yield from self.sooner(area, "    ")

    def sooner(self, area: str, indent: str) -> Iterator[str]:
        for one in self.version.sooner:
            if one.area == area:
                what = self.texts.labels.said(one.clause.label) or self.texts.sentence(one.clause.when)
                cite = self.cite(one.clause.cite)
                yield f"{indent}- " + self.say("review.sooner", months=str(one.months), what=what, cite=cite)

    def notes(self) -> Iterator[str]:
        said = self.texts.labels.said(self.version.notes)
        if said:
            yield f"### {self.words['notes']}"
            yield ""
            yield said.strip()

    def parameters(self) -> Iterator[str]:
        names = self.texts.policies[self.policy.id].parameters
        if not names:
            return
        yield f"### {self.words['parameters']}"
        yield ""
        yield self.words["parameters.head"]
        yield "|---|---|---|---|---|---|"
        for name in sorted(names):
            parameter = self.book.parameters[name]
            for area, rows in parameter.series.items():
                for row in rows:
                    yield self.row(parameter, area, row)

    def row(self, parameter: Parameter, area: str, row: Row) -> str:
        name = f"{parameter.label[self.language]} (`{parameter.name}`)"
        until = "" if row.until == FOREVER else _iso(row.until)
        value = self.say("gap", text=row.gap) if row.value is None else self.value(parameter, row.value)
        if row.assumed:
            value += self.words["assumed"]
        where = self.book.areas[area].label[self.language]
        return f"| {name} | {where} | {_iso(row.start)} | {until} | {value} | {self.cite(row.cite)} |"

    def value(self, parameter: Parameter, value: Any) -> str:
        if parameter.table == "size" and isinstance(value, tuple):
            cells, beyond = value
            return self.value(parameter, cells) + self.beyond(parameter, beyond)
        if isinstance(value, dict):
            return "; ".join(
                f"{self.key(parameter, key)} {self.value(parameter, cell)}" for key, cell in value.items()
            )
        return str(to_plain(value, parameter.type)).replace("|", "\\|")

    def beyond(self, parameter: Parameter, beyond: Any) -> str:
        """What a table over sizes gives past its last row: nothing, the last row, or so much more for each."""
        if beyond is None:
            return ""
        if beyond == "clamp":
            return self.words["beyond.clamp"]
        return self.say("beyond.each", value=self.value(parameter, beyond))

    def key(self, parameter: Parameter, key: Any) -> str:
        """The labels of a table's keys; a size or a bracket stands for itself."""
        keys = key if isinstance(key, tuple) else (key,)
        names = parameter.by if len(parameter.by) == len(keys) else [""] * len(keys)
        choices = self.texts.labels.choices
        said = [
            choices.get(name, {}).get(str(one), {}).get(self.language, str(one))
            for name, one in zip(names, keys, strict=True)
        ]
        return ", ".join(said)

    # --- between versions -------------------------------------------------------------------------------

    def changes(self) -> Iterator[str]:
        versions = self.policy.versions
        if len(versions) < 2:
            return
        yield f"## {self.words['changes']}"
        for old, new in pairwise(versions):
            yield ""
            yield f"### {self.say('change.from', old=old.dated.version, new=new.dated.version)}"
            yield ""
            yield from self.difference(old, new) or [f"- {self.words['unchanged']}"]

    def difference(self, old: PolicyVersion, new: PolicyVersion) -> list[str]:
        was, now = self.said(old), self.said(new)
        lines = []
        for key, (label, text, cite) in now.items():
            if key not in was:
                lines.append(self.say("added", label=label, text=text))
            elif was[key][1] != text:
                lines.append(self.say("changed", label=label, old=was[key][1], new=text))
            elif was[key][2] != cite:
                lines.append(self.say("recited", label=label, old=was[key][2], new=cite))
        lines += [
            self.say("removed", label=label, text=text)
            for key, (label, text, _) in was.items()
            if key not in now
        ]
        return [f"- {line}" for line in lines]

    def said(self, version: PolicyVersion) -> dict[str, tuple[str, str, str]]:
        """Every clause and part of a version: its label, its sentence, its source."""
        texts = self._texts(version)
        named: Sequence[Clause | Named] = [*version.all_clauses()]
        if version.amount is not None:
            bounds = [one for one in (version.amount.least, version.amount.most) if one is not None]
            named = [*named, *version.amount.parts, *bounds]
        found = {}
        for one in named:
            node = one.when if isinstance(one, Clause) else one.node
            said = texts.sentence(node)
            kind = "clause" if isinstance(one, Clause) else "part"
            found[f"{kind} {one.id}"] = texts.labels.said(one.label) or said, said, self.cite(one.cite)
        return found

    # --- conflicts and tests ----------------------------------------------------------------------------

    def conflicts(self) -> Iterator[str]:
        yield f"## {self.words['conflicts']}"
        yield ""
        newest = {one.id: one for one in self.book.conflicts}
        touching = [one for one in newest.values() if self.policy.id in one.between]
        for one in touching:
            others = ", ".join(
                f"[{self.texts.policy_title(name)}]({_name(name, self.language)})"
                for name in one.between
                if name != self.policy.id
            )
            source = self.say("cite", text=self.cite(one.cite))
            yield f"- {self.texts.labels.said(one.title)} (`{one.id}`; {others}) _{source}_"
        if not touching:
            yield self.words["conflicts.none"]

    def tests(self) -> Iterator[str]:
        yield f"## {self.words['tests']}"
        yield ""
        found = sorted(self.features.glob(f"*/{self.policy.id}*.feature"))
        own = [
            one
            for one in found
            if one.stem == self.policy.id or one.stem.startswith(f"{self.policy.id}_versions")
        ]
        for path in own:
            yield f"- `{path.relative_to(self.features.parent)}`"
            for line in path.read_text("utf-8").splitlines():
                scenario = _SCENARIO.match(line)
                if scenario:
                    yield f"  - {scenario[1]}"
        if not own:
            yield self.words["tests.none"]


def _iso(day: int) -> str:
    return f"{day // 10000:04}-{day // 100 % 100:02}-{day % 100:02}"
