"""What ends with an event: from YAML trees to checked endings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from engine.language.problems import nearest
from engine.language.scope import PERSON
from engine.rulebook.drafts import Draft
from engine.rulebook.ending import Ending, LastMonth, Reporter
from engine.rulebook.model import Fact
from engine.rulebook.production import EventKind
from engine.rulebook.reading import Report, get, items, mapping, number, scalar, text
from engine.rulebook.source import Mapping as YamlMapping
from engine.rulebook.source import Scalar, Tree

HOUSEHOLD = "household"
_TERMS = ("within_days", "within_working_days", "within_months")


class EndingChecker:
    """Checks endings after facts, events and policies are known."""

    def __init__(
        self,
        report: Report,
        facts: Mapping[str, Fact],
        events: Mapping[str, EventKind],
        policies: Collection[str],
        owners: Collection[str],
    ) -> None:
        """`owners`: who may be named as reporting beside the household, area levels and departments."""
        self.report, self.facts, self.policies = report, facts, policies
        self.events = [name for name, one in events.items() if one.of == PERSON and one.day is None]
        self.owners = (HOUSEHOLD, *owners)

    def check(self, drafts: Sequence[Draft]) -> dict[str, Ending]:
        return {one.name: self.ending(one) for one in drafts}

    def ending(self, one: Draft) -> Ending:
        tree = one.tree
        event = scalar(tree.entries["ending"])
        self._known(event, self.events, "is not an event of a person that is written down")
        seen: set[str] = set()
        otherwise = []
        for entry in map(mapping, items(get(tree, "otherwise"))):
            for policy in map(scalar, items(get(entry, "policies"))):
                self._known(policy, self.policies, "is not a policy")
                if policy.text in seen:
                    message = f"`{policy.text}` stands in another entry already"
                    self.report.add(policy.at, "duplicate", message, "one last month for each policy")
                seen.add(policy.text)
            otherwise.append(self._last(entry))
        return Ending(
            one.name,
            one.dated,
            self.report.label(get(tree, "title")),
            self._means(get(tree, "means")),
            self._last(mapping(tree.entries["last_month"])),
            tuple(otherwise),
            tuple(self._reporter(mapping(entry)) for entry in items(get(tree, "report"))),
        )

    def _means(self, tree: Tree | None) -> dict[str, Any]:
        if not isinstance(tree, YamlMapping):
            return {}
        return {name: self._value(tree, name, scalar(value)) for name, value in tree.entries.items()}

    def _last(self, tree: YamlMapping) -> LastMonth:
        months, most = _count(get(tree, "months")) or 0, _count(get(tree, "months_at_most"))
        if most is not None and most < months:
            at = scalar(tree.entries["months_at_most"]).at
            self.report.add(
                at, "empty-range", "this is less than `months`", "the most is not below the least"
            )
        return LastMonth(
            tuple(text(one) for one in items(get(tree, "policies"))),
            months,
            months if most is None else most,
            self.report.cite(get(tree, "cite")),
        )

    def _reporter(self, tree: YamlMapping) -> Reporter:
        by = scalar(tree.entries["by"])
        self._known(by, self.owners, "is neither the household, a level of areas.yaml nor a department")
        said = [key for key in _TERMS if key in tree.entries]
        for key in said[1:]:
            message = f"`{said[0]}` and `{key}` do not go together"
            self.report.add(tree.keys[key], "one-of-keys", message, "take one of the two out")
        days, working, months = (_count(get(tree, key)) for key in _TERMS)
        return Reporter(by.text, days, working, months, self.report.cite(get(tree, "cite")))

    def _value(self, means: YamlMapping, name: str, said: Scalar) -> Any:
        """A value of a person's fact that is chosen or true."""
        fact = self.facts.get(name)
        if fact is None or fact.of != PERSON or fact.items:
            if name not in self.report.mistaken:
                known = [one.name for one in self.facts.values() if one.of == PERSON and not one.items]
                hint = nearest(name, known) or "see facts.yaml"
                message = f"`{name}` is not a fact of a person"
                self.report.add(means.keys[name], "unknown-name", message, hint)
            return said.text
        choices = fact.value.choices
        if choices and said.text not in choices:
            hint = nearest(said.text, choices) or f"one of {', '.join(choices)}"
            message = f"`{said.text}` is not a choice of `{name}`"
            self.report.add(said.at, "unknown-choice", message, hint)
        elif not choices and not isinstance(said.value, bool):
            message = f"`{name}` has no choices and is not true or false"
            self.report.add(said.at, "wrong-type", message, "an event means a choice, or true or false")
        return said.value if isinstance(said.value, bool) else said.text

    def _known(self, written: Scalar, known: Collection[str], otherwise: str) -> None:
        if written.text not in known and written.text not in self.report.mistaken:
            hint = nearest(written.text, list(known)) or f"one of {', '.join(list(known)[:20]) or 'none'}"
            self.report.add(written.at, "unknown-name", f"`{written.text}` {otherwise}", hint)


def _count(tree: Tree | None) -> int | None:
    found: Decimal | None = number(tree)
    return None if found is None else int(found)
