"""One fact away: findings that a single answer could make eligible, and the question to ask.

The kernel says that a finding is open; the household is decided again to say what it waits for, and answers are tried.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from engine.decision.advice import answers_to
from engine.decision.decide import decide_situation, situate
from engine.decision.document import read_household
from engine.decision.model import HOUSEHOLD, MissingFact
from engine.decision.situation import Situation
from engine.language import outcomes
from engine.language.types import Number
from engine.population.documents import document_of
from engine.population.pairs import Run
from engine.rulebook.model import Fact

ELIGIBLE = frozenset({outcomes.ELIGIBLE, outcomes.DISCRETIONARY})
WAITS_FOR = ("one-fact", "several-facts", "a-rule", "a-status", "no-answer-seen")
ONE, SEVERAL, RULE, STATUS, UNSEEN = WAITS_FOR


@dataclass(frozen=True, slots=True)
class Asked:
    """One open finding: what it waits for, and where that is one fact, which and of whom."""

    policy: str
    household_id: str
    person_id: str | None
    waits_for: str
    fact: str = ""
    of: str = ""  # HOUSEHOLD or the id of a person


def ask(run: Run, open_: pa.Table) -> list[Asked]:
    """What each open finding of a table (`missed.Gaps.open`) waits for, in its order."""
    subjects: dict[str, list[tuple[str, str | None]]] = {}
    rows = open_.select(["household_id", "policy", "person_id"]).to_pylist()
    for row in rows:
        subjects.setdefault(row["household_id"], []).append((row["policy"], row["person_id"]))
    found: dict[tuple[str, str, str | None], Asked] = {}
    for at in _situations(run, subjects):
        household = at.household.household_id
        for one in _asked(at, subjects[household]):
            found[household, one.policy, one.person_id] = one
    return [found[row["household_id"], row["policy"], row["person_id"]] for row in rows]


def _situations(run: Run, wanted: Iterable[str]) -> Iterator[Situation]:
    """The households asked for, read from the data again."""
    ids = pa.array(sorted(set(wanted)), pa.string())
    file = pq.ParquetFile(run.source)
    for rows in file.iter_batches(run.at_once):
        mask = pa.compute.is_in(rows.column("household_id").cast(pa.string()), ids)
        for row in rows.filter(mask).to_pylist():
            household = read_household(run.book, document_of(row))
            yield situate(run.book, household, run.on, run.known)


def _asked(at: Situation, subjects: Sequence[tuple[str, str | None]]) -> Iterator[Asked]:
    policies = tuple(dict.fromkeys(policy for policy, _ in subjects))
    decision = decide_situation(at, policies, advice=False)
    for policy, person in subjects:
        subject = HOUSEHOLD if person is None else person
        finding = next(one for one in decision.policies[policy].findings if one.subject == subject)
        deciding = [one for one in finding.missing if any(step.startswith(f"{policy}:") for step in one.path)]
        yield _told(at, policy, person, deciding)


def _told(at: Situation, policy: str, person: str | None, missing: Sequence[MissingFact]) -> Asked:
    household = at.household.household_id
    facts = {(one.fact, one.subject) for one in missing if one.fact}
    if any(one.parameter or one.definition for one in missing) or not missing:
        return Asked(policy, household, person, RULE)
    if any(one.status for one in missing):
        return Asked(policy, household, person, STATUS)
    if len(facts) > 1:
        return Asked(policy, household, person, SEVERAL)
    fact, of = next(iter(facts))
    waits_for = ONE if _could_win(at, policy, person, fact, of) else UNSEEN
    return Asked(policy, household, person, waits_for, fact, of)


def _could_win(at: Situation, policy: str, person: str | None, fact: str, of: str) -> bool:
    places = {one.person_id: place for place, one in enumerate(at.household.people)}
    subject = -1 if person is None else places[person]
    whose = -1 if of == HOUSEHOLD else places[of]
    return any(
        at.with_fact(policy, fact, whose, answer).value(f"{policy}.outcome", subject) in ELIGIBLE
        for answer in _answers(at.book.facts[fact])
    )


def _answers(fact: Fact) -> Iterator[Any]:
    """Answers that show what a fact can do; of a number, values all over its range, closer together near nothing."""
    yield from answers_to(fact)
    of = fact.value.type
    if isinstance(of, Number) and not fact.items:
        step = 10 ** (of.decimals or 0)
        while step < of.hi:
            yield max(step, of.lo)
            step += max(step // 4, 1)


def rows_of(asked: Sequence[Asked], waits_for: str) -> list[int]:
    """Places of those that wait for one thing."""
    return [place for place, one in enumerate(asked) if one.waits_for == waits_for]
