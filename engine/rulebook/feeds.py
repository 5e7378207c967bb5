"""Departments' feeds: from YAML trees to checked descriptions of their columns."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from engine.language.problems import nearest
from engine.language.types import Boolean, Date, Enum, Number
from engine.rulebook.drafts import Draft
from engine.rulebook.feed import EVENT, FACT, STATUS, Cell, Feed, Tell, Titles
from engine.rulebook.model import Fact, Field
from engine.rulebook.production import EventKind
from engine.rulebook.reading import Report, get, items, mapping, number, scalar, text
from engine.rulebook.source import Mapping as YamlMapping
from engine.rulebook.source import Tree

KINDS = (FACT, EVENT, STATUS)
# what may be said of each kind beside its name; a list has `entry` in place of `column` or `always`
_KEYS: Mapping[str, tuple[str, ...]] = {
    FACT: ("column", "values", "always", "entry", "by", "since", "until", "valid_days"),
    EVENT: ("date", "fields"),
    STATUS: ("since", "until"),
}


_A = {FACT: "a fact", EVENT: "an event", STATUS: "a status"}


class FeedChecker:
    """Checks feeds after facts, events and policies are known."""

    def __init__(
        self,
        report: Report,
        facts: Mapping[str, Fact],
        events: Mapping[str, EventKind],
        policies: Collection[str],
        departments: Collection[str],
        levels: Collection[str],
    ) -> None:
        self.report, self.facts, self.events, self.policies = report, facts, events, policies
        self.departments, self.owners = departments, (*levels, *departments)

    def check(self, drafts: Sequence[Draft]) -> dict[str, Feed]:
        return {one.name: self.feed(one) for one in drafts}

    def feed(self, one: Draft) -> Feed:
        tree = one.tree
        source = self._known(tree, "source", self.departments, "is not a department of rulebook.yaml")
        answered_by = self._known(
            tree, "answered_by", self.owners, "is neither a level of areas.yaml nor a department"
        )
        key = mapping(tree.entries["key"])
        alone = [name for name in ("name", "birth_date") if name in key.entries]
        if len(alone) == 1:
            message = f"`{alone[0]}` alone finds nobody"
            hint = "a hint is a name and a day of birth: write both, or neither"
            self.report.add(key.keys[alone[0]], "misplaced-key", message, hint)
        only = get(tree, "only")
        return Feed(
            one.name,
            one.dated,
            self.report.label(get(tree, "title")),
            source,
            _titles(get(key, "id_number")),
            _titles(get(key, "name")),
            _titles(get(key, "birth_date")),
            (_titles(get(only, "column")), _titles(get(only, "values"))) if only is not None else ((), ()),
            answered_by,
            tuple(self.tell(mapping(tell)) for tell in items(get(tree, "tells"))),
            self.report.cite(get(tree, "cite")),
        )

    def tell(self, tree: YamlMapping) -> Tell:
        name = text(get(tree, "id"))
        said = [kind for kind in KINDS if kind in tree.entries]
        if len(said) != 1:
            at = tree.keys[said[1]] if said else tree.keys["id"]
            message = "a row tells a fact, an event or a status" if not said else "these do not go together"
            hint = "write one of `fact`, `event` and `status`"
            self.report.add(at, "one-of-keys" if said else "missing-key", message, hint)
            return Tell(name, FACT, "")
        [kind] = said
        for key in tree.entries:
            if key not in ("id", kind, *_KEYS[kind]):
                hint = f"beside it stand {', '.join(f'`{one}`' for one in _KEYS[kind])}"
                self.report.add(tree.keys[key], "misplaced-key", f"`{key}` is not said of {_A[kind]}", hint)
        about = {FACT: self._fact, EVENT: self._event, STATUS: self._status}[kind](tree)
        fact = self.facts.get(about) if kind == FACT else None
        days = number(get(tree, "valid_days"))
        return Tell(
            name,
            kind,
            about,
            self._cell(tree, fact.value) if fact is not None and not fact.items else None,
            self._entry(tree, fact) if fact is not None and fact.items else {},
            text(get(tree, "by")),
            _titles(get(tree, "date")),
            {field: _titles(column) for field, column in _entries(get(tree, "fields"))},
            _titles(get(tree, "since")),
            _titles(get(tree, "until")),
            None if days is None else int(days),
        )

    # --- what is told -----------------------------------------------------------------------------------

    def _fact(self, tree: YamlMapping) -> str:
        about = self._known(tree, FACT, self.facts, "is not a fact of facts.yaml")
        fact = self.facts.get(about)
        if fact is None:
            return about
        listed = "entry" in tree.entries
        if fact.items and not listed:
            hint = "write `entry:` with the fields that the feed tells"
            self.report.add(tree.keys[FACT], "missing-key", f"`{about}` is a list; a row is one entry", hint)
        for key in ("column", "values", "always") if fact.items else ("entry", "by"):
            if key in tree.entries:
                what = "a list" if fact.items else "no list"
                self.report.add(tree.keys[key], "misplaced-key", f"`{about}` is {what}, so no `{key}`", "")
        by = get(tree, "by")
        if by is not None and listed and text(by) not in mapping(tree.entries["entry"]).entries:
            hint = f"one of {', '.join(mapping(tree.entries['entry']).entries)}"
            message = f"`{text(by)}` is not a field of this `entry`"
            self.report.add(scalar(by).at, "unknown-name", message, hint)
        return about

    def _event(self, tree: YamlMapping) -> str:
        written = [name for name, one in self.events.items() if one.day is None]
        about = self._known(tree, EVENT, written, "is not an event that is written down")
        if "date" not in tree.entries:
            hint = "write `date:` with the titles of the column"
            self.report.add(tree.keys[EVENT], "missing-key", "an event needs its day", hint)
        kind = self.events.get(about)
        for field, _ in _entries(get(tree, "fields")):
            known = [one.name for one in kind.fields] if kind is not None else [field]
            if field not in known:
                hint = nearest(field, known) or "see the file of the event"
                message = f"the event `{about}` has no `{field}`"
                self.report.add(mapping(tree.entries["fields"]).keys[field], "unknown-name", message, hint)
        return about

    def _status(self, tree: YamlMapping) -> str:
        about = self._known(tree, STATUS, self.policies, "is not a policy")
        if "since" not in tree.entries:
            hint = "write `since:` with the titles of the column"
            self.report.add(tree.keys[STATUS], "missing-key", "a status needs its first day", hint)
        return about

    def _entry(self, tree: YamlMapping, fact: Fact) -> dict[str, Cell]:
        fields = {one.name: one for one in fact.items}
        found = {}
        for name, cell in _entries(get(tree, "entry")):
            if name not in fields:
                hint = nearest(name, fields) or f"one of {', '.join(fields)}"
                message = f"an entry of `{fact.name}` has no `{name}`"
                self.report.add(mapping(tree.entries["entry"]).keys[name], "unknown-name", message, hint)
                continue
            found[name] = self._cell(mapping(cell), fields[name])
        return found

    def _cell(self, tree: YamlMapping, of: Field) -> Cell:
        both = "column" in tree.entries and "always" in tree.entries
        if both or not {"column", "always"} & tree.entries.keys():
            message = (
                "`column` and `always` do not go together" if both else "nothing says where the value is"
            )
            at = tree.keys["always"] if both else tree.at
            self.report.add(
                at, "one-of-keys" if both else "missing-key", message, "write `column` or `always`"
            )
        values = self._words(get(tree, "values"), of)
        if values and "column" not in tree.entries:
            message = "`values` are the words of a column"
            self.report.add(tree.keys["values"], "misplaced-key", message, "write `column`, or take it out")
        always = get(tree, "always")
        return Cell(_titles(get(tree, "column")), values, None if always is None else self._value(always, of))

    def _words(self, tree: Tree | None, of: Field) -> dict[str, Any]:
        """What each word of the feed means; a word means one thing."""
        found: dict[str, Any] = {}
        keys = tree.keys if isinstance(tree, YamlMapping) else {}
        truths = {"true": True, "false": False} if isinstance(of.type, Boolean) else {}
        for code, words in _entries(tree):
            if code not in of.choices and code not in truths:
                known = (*of.choices, *truths)
                hint = nearest(code, known) or (
                    f"one of {', '.join(known)}" if known else "read the column as it is"
                )
                message = f"`{code}` is not a choice of `{of.name}`"
                self.report.add(keys[code], "unknown-choice", message, hint)
            for word in items(words):
                if text(word) in found:
                    message = f"`{text(word)}` means something else already"
                    self.report.add(scalar(word).at, "duplicate", message, "a word means one thing")
                found[text(word)] = truths.get(code, code)
        return found

    def _value(self, written: Tree, of: Field) -> Any:
        """A value of a fact's type, as a household document has it."""
        said = scalar(written)
        if isinstance(of.type, Enum):
            if said.text not in of.choices:
                hint = nearest(said.text, of.choices) or f"one of {', '.join(of.choices)}"
                message = f"`{said.text}` is not a choice of `{of.name}`"
                self.report.add(said.at, "unknown-choice", message, hint)
            return said.text
        fits = {
            Boolean: isinstance(said.value, bool),
            Number: isinstance(said.value, int | Decimal) and not isinstance(said.value, bool),
            Date: hasattr(said.value, "year"),
        }
        if not fits.get(type(of.type), True):
            message = f"`{of.name}` is {of.type}, and this is not"
            self.report.add(said.at, "wrong-type", message, "write a value of the fact's type")
        return said.value if isinstance(said.value, bool | int | Decimal) else said.text

    def _known(self, tree: YamlMapping, key: str, known: Collection[str], otherwise: str) -> str:
        written = scalar(tree.entries[key])
        if written.text not in known and written.text not in self.report.mistaken:
            hint = nearest(written.text, list(known)) or f"one of {', '.join(list(known)[:20]) or 'none'}"
            self.report.add(written.at, "unknown-name", f"`{written.text}` {otherwise}", hint)
        return written.text


def _titles(tree: Tree | None) -> Titles:
    return tuple(text(one) for one in items(tree))


def _entries(tree: Tree | None) -> Sequence[tuple[str, Tree]]:
    return tuple(tree.entries.items()) if isinstance(tree, YamlMapping) else ()
