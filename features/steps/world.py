"""One scenario: the household document being written, the decision, and what the steps speak about."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from engine.decision import Decision, decide
from engine.decision.document import read_household
from engine.decision.entitlement import Entitlement, entitlement
from engine.decision.model import HOUSEHOLD, Finding, ParameterValue, Trace
from engine.rulebook.in_force import ruled_in, ruling_area
from engine.rulebook.model import Conflict, PolicyVersion, Rulebook
from features.steps import names
from features.steps.names import HOUSEHOLD_WORDS, Names

HOUSEHOLDS = Path(__file__).parent.parent / "households"


@cache
def _stored(households: Path, case: str) -> Any:
    path = households / f"{case}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(one.stem for one in households.glob("*.yaml")))
        raise LookupError(f"there is no household “{case}”; there are {known}")
    return yaml.safe_load(path.read_text(encoding="utf-8"))


class World:
    """`finding_now` is the finding that the steps without a policy of their own speak about."""

    def __init__(self, book: Rulebook, households: Path = HOUSEHOLDS) -> None:
        self.book, self.names, self.households = book, Names(book), households
        self.document: dict[str, Any] = {}
        self.decision: Decision | None = None
        self.finding_now: tuple[str, str] | None = None
        self.months: Entitlement | None = None

    # --- the household document -------------------------------------------------------------------------

    def take(self, case: str) -> None:
        self.document = copy.deepcopy(_stored(self.households, case))

    def person(self, word: str) -> dict[str, Any]:
        people = {one["person_id"]: one for one in self.document["people"]}
        if word not in people:
            raise LookupError(f"nobody in this household is “{word}”; there are {', '.join(people)}")
        found: dict[str, Any] = people[word]
        return found

    def subject(self, word: str) -> str:
        if word in HOUSEHOLD_WORDS:
            return HOUSEHOLD
        return str(self.person(word)["person_id"])

    def place(self, who: str, word: str) -> tuple[dict[str, Any], Any]:
        """Where a fact stands in the document, and its entry in the dictionary."""
        if who in HOUSEHOLD_WORDS:
            return self.document, self.names.fact(word, "household")
        return self.person(who), self.names.fact(word, "person")

    def change(self, who: str, word: str, value: str) -> None:
        holder, fact = self.place(who, word)
        if fact.items:
            raise AssertionError(f"“{word}” is a list: write its entries in a table")
        made = names.value_of(fact.value, value)
        assert holder.get(fact.name) != made, (
            f"“{word}” of “{who}” is “{value}” already: this step changes nothing"
        )
        holder[fact.name] = made

    def forget(self, who: str, word: str) -> None:
        holder, fact = self.place(who, word)
        assert fact.name in holder, f"“{word}” of “{who}” is not known anyway: this step changes nothing"
        del holder[fact.name]

    def fill(self, who: str, word: str, table: Sequence[Sequence[str]], keep: bool) -> None:
        """Writes a list from a table, labels first. `keep`: after the entries that stand there."""
        holder, fact = self.place(who, word)
        if not fact.items:
            raise AssertionError(f"“{word}” is no list")
        entries = (
            [names.item_of(fact, dict(zip(table[0], row, strict=True))) for row in table[1:]] if table else []
        )
        before = holder.get(fact.name, [])
        assert keep or before != entries or fact.name not in holder, f"“{word}” stands like this already"
        holder[fact.name] = [*before, *entries] if keep else entries

    def correct(self, who: str, word: str, kind: str, column: str, value: str) -> None:
        """Changes one field of the entries of one kind (the value of the list's first field)."""
        holder, fact = self.place(who, word)
        key = fact.items[0]
        wanted = names.value_of(key, kind)
        (name,) = names.item_of(fact, {column: value})
        made = names.item_of(fact, {column: value})[name]
        entries = [one for one in holder.get(fact.name, []) if one.get(key.name) == wanted]
        assert entries, f"“{word}” of “{who}” has no “{kind}”"
        assert any(one.get(name) != made for one in entries), (
            f"“{kind}” is “{value}” already: this step changes nothing"
        )
        for one in entries:
            one[name] = made

    def add_person(self, person_id: str, table: Sequence[Sequence[str]]) -> None:
        self.document["people"].append({"person_id": person_id})
        for word, value in table:
            self.change(person_id, word, value)

    def remove_person(self, word: str) -> None:
        self.document["people"].remove(self.person(word))

    def hold(self, who: str, policy: str, since: str, amount: str = "") -> None:
        status: dict[str, Any] = {"policy": self.names.policy(policy), "from": since}
        if self.subject(who) != HOUSEHOLD:
            status["person_id"] = self.subject(who)
        if amount:
            status["amount"] = names.number(amount)
        self.document.setdefault("statuses", []).append(status)

    # --- the decision -----------------------------------------------------------------------------------

    def decide(self, on: str, known: str = "", advice: bool = False) -> None:
        day = datetime.date.fromisoformat(on)
        known_day = datetime.date.fromisoformat(known) if known else None
        self.decision = self.decided(day, known_day, advice)
        self.finding_now = None

    def decided(self, on: datetime.date, known: datetime.date | None, advice: bool) -> Decision:
        return decide(self.book, self.document, on=on, known=known, advice=advice)

    def entitled(self, first: int, last: int, known: int) -> Entitlement:
        """What was due in each month from `first` to `last` (their first days), as known on a day."""
        return entitlement(self.book, read_household(self.book, self.document), first, last, known)

    def advised(self) -> None:
        """Decides again with the questions and the changes that would help, as dear as all the rest."""
        spoken_of = self.finding_now
        self.decide(self.made.on, self.made.known, advice=True)
        self.finding_now = spoken_of

    @property
    def made(self) -> Decision:
        assert self.decision is not None, "nothing has been decided yet: a “当” step is missing"
        return self.decision

    def finding(self, policy: str, who: str) -> Finding | None:
        """The finding of a policy for a subject, from now on the one spoken about; None: not concerned."""
        name, subject = self.names.policy(policy), self.subject(who)
        unit = self.book.policies[name].unit
        assert (subject == HOUSEHOLD) == (unit == HOUSEHOLD), (
            f"“{policy}” is decided for each {unit}, not for “{who}”"
        )
        self.finding_now = (name, subject)
        return self._found(name, subject)

    def spoken_of(self) -> Finding:
        assert self.finding_now is not None, "say first which policy and whom this is about"
        found = self._found(*self.finding_now)
        assert found is not None, f"{self.finding_now[0]} does not concern {self.finding_now[1]}"
        return found

    def outcome(self, policy: str, who: str) -> str:
        found = self.finding(policy, who)
        return "not-concerned" if found is None else found.outcome

    def _found(self, policy: str, subject: str) -> Finding | None:
        decided = self.made.policies.get(policy)
        for one in decided.findings if decided else ():
            if one.subject == subject or (decided is not None and decided.version is None):
                return one
        assert (policy, subject) in {(one.policy, one.subject) for one in self.made.not_concerned}
        return None

    def version(self) -> PolicyVersion:
        """The version of the policy spoken about."""
        assert self.finding_now is not None, "say first which policy and whom this is about"
        policy = self.finding_now[0]
        written = self.made.policies[policy].version
        return next(one for one in self.book.policies[policy].versions if one.dated.version == written)

    def ruled(self, rule: Mapping[str, Any]) -> Mapping[str, Any]:
        """What `pays` or `review` says where the household lives."""
        return ruled_in(rule, self.book.areas, self.document["area"])

    def reviewed(self, version: PolicyVersion) -> str:
        """What the rules of review cite where the household lives, those for classes included."""
        areas, area = self.book.areas, self.document["area"]
        ruling = ruling_area(version.review, areas, area)
        cites = [one.clause.cite for one in version.sooner if one.area == ruling]
        return "; ".join([ruled_in(version.review, areas, area)["cite"], *cites])

    def traced(self, clause_id: str) -> Trace:
        trace = self.spoken_of().trace
        assert trace is not None
        return next(one for one in _walk(trace) if one.clause == clause_id)

    # --- values -----------------------------------------------------------------------------------------

    def value(self, word: str, who: str = "家庭") -> Any:
        name = self.names.definition(word)
        ref = name if self.subject(who) == HOUSEHOLD else f"people/{self.subject(who)}/{name}"
        assert ref in self.made.definitions, f"“{word}” is not a value of “{who}”"
        return self.made.definitions[ref]

    def parameter(self, word: str) -> ParameterValue:
        return self.made.parameters[self.names.parameter(word)]

    def income_per_head(self) -> Decimal:
        """Income of the household per head and month, rounded to cents as it is shown to people."""
        annual = Decimal(self.made.definitions["counted_annual_income"])
        return round(annual / 12 / len(self.made.definitions["counted_members"]), 2)

    def effects(self, conflict: Conflict) -> list[tuple[str, str, Any]]:
        return [
            (one.effect, one.policy, one.amount) for one in self.made.conflicts if one.rule == conflict.id
        ]


def _walk(trace: Trace) -> Iterator[Trace]:
    yield trace
    for one in trace.of or ():
        yield from _walk(one)
