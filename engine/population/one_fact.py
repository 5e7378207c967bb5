"""One fact away: findings that a single answer could make eligible, and the question to ask.

The kernel says that a finding is open; the household is read again to say what it waits for, and answers are tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from engine.decision.advice import answers_to
from engine.decision.decide import situate
from engine.decision.document import read_household
from engine.decision.model import HOUSEHOLD
from engine.decision.situation import Situation
from engine.language import outcomes
from engine.language.types import Number
from engine.language.unknowns import Missing
from engine.population.documents import document_of
from engine.population.pairs import Run
from engine.population.reader import Part, Reader, Spans, parts_of
from engine.population.workers import in_processes
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


def ask(run: Run, open_: pa.Table, workers: int = 1) -> list[Asked]:
    """What each open finding of a table (`missed.Gaps.open`) waits for, in its order; so many processes read on it."""
    subjects: dict[str, list[tuple[str, str | None]]] = {}
    rows = open_.select(["household_id", "policy", "person_id"]).to_pylist()
    for row in rows:
        subjects.setdefault(row["household_id"], []).append((row["policy"], row["person_id"]))
    file = pq.ParquetFile(run.source)
    columns = [file.schema.column(i).path for i in range(len(file.schema))]
    ids, reader = pa.array(sorted(subjects), pa.string()), Reader(run.source, columns, run.at_once)

    def look(part: Part) -> list[Asked]:
        mine = reader.rows(part)
        mine = mine.filter(pc.is_in(mine.column("household_id").cast(pa.string()), ids))
        return [one for row in mine.to_pylist() for one in _asked(run, row, subjects[row["household_id"]])]

    found: dict[tuple[str, str, str | None], Asked] = {}
    if rows:
        spans = Spans(parts_of(file, run.at_once))
        for asked in in_processes(look, spans.next_for, workers):
            found |= {(one.household_id, one.policy, one.person_id): one for one in asked}
    return [found[row["household_id"], row["policy"], row["person_id"]] for row in rows]


def _asked(run: Run, row: dict[str, Any], subjects: Sequence[tuple[str, str | None]]) -> Iterator[Asked]:
    """What the open findings of one household wait for, of a policy and a person (None: the household) each."""
    at = situate(run.book, read_household(run.book, document_of(row)), run.on, run.known)
    for policy, person in subjects:
        missing: Sequence[Missing] = ()
        if policy in at.plan.policies:
            missing = at.open().look(policy, _place(at, person or HOUSEHOLD)).missing
        own = f"{policy}:"  # begins the names of its clauses: what a clause waits for decides the outcome
        yield _told(at, policy, person, [one for one in missing if any(s.startswith(own) for s in one.path)])


def _place(at: Situation, subject: str) -> int:
    """The place of a person among the people, -1 for the household."""
    ids = [one.person_id for one in at.household.people]
    return -1 if subject == HOUSEHOLD else ids.index(subject)


def _told(at: Situation, policy: str, person: str | None, missing: Sequence[Missing]) -> Asked:
    household, kinds = at.household.household_id, {one.kind for one in missing}
    if "parameter" in kinds or "value" in kinds or not missing:
        return Asked(policy, household, person, RULE)
    if "status" in kinds:
        return Asked(policy, household, person, STATUS)
    if len(missing) > 1:
        return Asked(policy, household, person, SEVERAL)
    (one,) = missing
    of = HOUSEHOLD if one.person < 0 else at.household.people[one.person].person_id
    wins = _could_win(at, policy, _place(at, person or HOUSEHOLD), one.name, one.person)
    return Asked(policy, household, person, ONE if wins else UNSEEN, one.name, of)


def _could_win(at: Situation, policy: str, subject: int, fact: str, of: int) -> bool:
    return any(
        at.with_fact(policy, fact, of, answer).value(f"{policy}.outcome", subject) in ELIGIBLE
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
