"""What to ask next, and what would change a refusal: advice beside the findings, each checked by deciding again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from engine.decision.model import (
    HOUSEHOLD,
    STATUSES,
    Finding,
    MissingFact,
    PolicyDecision,
    Question,
    WouldChange,
)
from engine.decision.plan import ClausePlan, PolicyPlan
from engine.decision.situation import Answer, Situation
from engine.language import outcomes
from engine.language.types import Boolean, Date, Enum, Number, Type, to_plain
from engine.rulebook.model import Fact

MOST_QUESTIONS = 40


def questions_for(at: Situation, policies: Mapping[str, PolicyDecision]) -> list[Question]:
    """Missing facts, those first that could settle the most open findings alone.

    A fact could settle a finding when it is all that a clause waits for, in a policy that needs every clause:
    one answer refuses. Structure says so cheaply; the first question is made sure of by trying answers.
    """
    asked: dict[tuple[str, str], _Asked] = {}
    for name, decided in policies.items():
        for finding in decided.findings:
            if finding.outcome != "undetermined":
                continue
            clauses = [_clause_of(name, one) for one in finding.missing]
            waiting = Counter(clauses)
            for one, clause in zip(finding.missing, clauses, strict=True):
                if not one.fact:
                    continue
                entry = asked.setdefault((one.fact, one.subject), _Asked())
                entry.findings.append((name, finding.subject))
                # the only one that this clause waits for; what only the amount lacks settles no outcome
                entry.settles += bool(clause) and waiting[clause] == 1
    ranked = sorted(asked.items(), key=lambda pair: (-pair[1].settles, -len(pair[1].findings), pair[0]))
    ranked = _sure_first(at, ranked)
    return [
        Question(fact, subject, entry.settles, sorted({policy for policy, _ in entry.findings}))
        for (fact, subject), entry in ranked[:MOST_QUESTIONS]
    ]


@dataclass(slots=True)
class _Asked:
    findings: list[tuple[str, str]] = field(default_factory=list)
    settles: int = 0


def _clause_of(policy: str, one: MissingFact) -> str:
    """The clause of the policy that waits for the fact, "" when the amount does."""
    clause, own = "", f"{policy}:"
    for step in one.path:
        if not step.startswith(own):
            break
        clause = step
    return clause


def _sure_first(
    at: Situation, ranked: list[tuple[tuple[str, str], _Asked]]
) -> list[tuple[tuple[str, str], _Asked]]:
    """Puts the first question first for which an answer has been seen to settle a finding.

    Those before it that no answer was seen to help are said to settle nothing, and come after the hopeful ones.
    """
    for place, ((fact, subject), entry) in enumerate(ranked):
        if not entry.settles:
            break
        if any(_settles(at, fact, subject, finding) for finding in entry.findings):
            return [ranked[place], *ranked[place + 1 :], *ranked[:place]]
        entry.settles = 0
    return ranked


def _settles(at: Situation, fact: str, subject: str, finding: tuple[str, str]) -> bool:
    policy, whose = finding
    index, outcome = _index(at, whose), f"{policy}.outcome"
    return any(
        at.with_fact(policy, fact, _index(at, subject), answer).value(outcome, index) != outcomes.UNDETERMINED
        for answer in ((False, True) if fact == STATUSES else answers_to(at.book.facts.get(fact)))
    )


def answers_to(fact: Fact | None) -> Iterator[Any]:
    """Values that show what a fact can do: the ends of a range, every choice, lists of none and of one entry."""
    if fact is None:
        return
    if not fact.items:
        yield from _plain_answers(fact.value.type)
        return
    yield [], ()
    usual = [next(_plain_answers(one.type), None) for one in fact.items]
    for place, one in enumerate(fact.items):
        for answer in _plain_answers(one.type):
            yield [(*usual[:place], answer, *usual[place + 1 :])], ()


def _plain_answers(of: Type) -> Iterator[Any]:
    if isinstance(of, Boolean):
        yield from (False, True)
    elif isinstance(of, Enum):
        yield from of.values
    elif isinstance(of, Number):
        yield from (of.hi, of.lo)
    elif isinstance(of, Date):
        yield from (19000101, 20991231)


def _index(at: Situation, subject: str) -> int:
    ids = [person.person_id for person in at.household.people]
    return -1 if subject == HOUSEHOLD else ids.index(subject)


# --- what would change a refusal -----------------------------------------------------------------------------


def would_change(at: Situation, policy: PolicyPlan, finding: Finding) -> list[WouldChange]:
    """For each changeable fact that the one failed clause hangs on: the nearest value that lifts the refusal.

    None when two clauses fail on their own: no single fact would do. Every value is checked by deciding again.
    """
    if len(finding.failed) != 1:
        return []
    clause = next((one for one in policy.clauses() if one.clause.id == finding.failed[0]), None)
    if clause is None:
        return []
    found = []
    for fact, subject in _changeable(at, clause, finding):
        search = _Search(at, policy.policy.id, finding, clause, fact, subject)
        flip = search.nearest()
        if flip is not None:
            value, outcome = flip
            ref = fact.name if subject == HOUSEHOLD else f"people/{subject}/{fact.name}"
            found.append(WouldChange(ref, to_plain(value, fact.value.type), outcomes.NAMES[outcome], True))
    return found


def _changeable(at: Situation, clause: ClausePlan, finding: Finding) -> Iterator[tuple[Fact, str]]:
    """Known, changeable facts that a clause hangs on: of the household, and of the subject or of everyone."""
    for whose, name in sorted(clause.inputs):
        fact = at.book.facts.get(name)
        if fact is None or not fact.changeable or fact.items:
            continue
        if whose == "":
            if name in at.inputs.facts:
                yield fact, HOUSEHOLD
            continue
        people = [person.person_id for person in at.household.people]
        for person in people if finding.subject == HOUSEHOLD else [finding.subject]:
            if f"people/{person}/{name}" in at.inputs.facts:
                yield fact, person


@dataclass(frozen=True, slots=True)
class _Search:
    """Looks for the nearest value of one fact that lifts a refusal."""

    at: Situation
    policy: str
    finding: Finding
    clause: ClausePlan
    fact: Fact
    subject: str

    def nearest(self) -> tuple[Any, int] | None:
        of = self.fact.value.type
        current = self._current()
        if isinstance(of, Number):
            return self._number(current, of)
        candidates = [value for value in answers_to(self.fact) if value != current]
        return next(((value, out) for value in candidates if (out := self._try(value)[0]) in _LIFTED), None)

    def _current(self) -> Any:
        return self.at.told(self.fact.name, _index(self.at, self.subject))

    def _try(self, value: Any) -> tuple[int, Fraction | None]:
        """Outcome and margin of the failed clause with another value of the fact."""
        at, index = self.at, _index(self.at, self.finding.subject)
        answer = at.with_fact(self.policy, self.fact.name, _index(at, self.subject), value)
        return answer.value(f"{self.policy}.outcome", index), self._margin(answer, index)

    def _margin(self, of: Answer | Situation, index: int) -> Fraction | None:
        margin = of.value(self.clause.margin, index) if self.clause.margin else None
        if margin is None:
            return None
        return Fraction(*margin) if isinstance(margin, tuple) else Fraction(margin)

    def _number(self, current: int, of: Number) -> tuple[Any, int] | None:
        """The nearest value towards either end of the range, if the refusal is lifted there."""
        start = self._margin(self.at, _index(self.at, self.finding.subject))
        found = []
        for end in (of.lo, of.hi):
            outcome, margin = self._try(end)
            if end != current and outcome in _LIFTED:
                found.append(self._between(current, start, end, outcome, margin))
        return min(found, key=lambda pair: abs(pair[0] - current), default=None)

    def _between(
        self,
        refused: int,
        refused_margin: Fraction | None,
        lifted: int,
        outcome: int,
        lifted_margin: Fraction | None,
    ) -> tuple[int, int]:
        """Halving, after one guess on a straight line through the margins: most clauses are straight."""
        step = 1 if lifted > refused else -1
        if refused_margin is not None and lifted_margin is not None and refused_margin != lifted_margin:
            share = refused_margin / (refused_margin - lifted_margin)
            guess = refused + step * int(share * abs(lifted - refused))
            for value in (guess - step, guess, guess + step, guess + 2 * step):
                if not min(refused, lifted) < value < max(refused, lifted):
                    continue
                found = self._try(value)[0]
                if found in _LIFTED:
                    lifted, outcome = value, found
                    break
                refused = value
        while abs(lifted - refused) > 1:
            middle = (lifted + refused) // 2
            found = self._try(middle)[0]
            if found in _LIFTED:
                lifted, outcome = middle, found
            else:
                refused = middle
        return lifted, outcome


_LIFTED = frozenset({outcomes.ELIGIBLE, outcomes.DISCRETIONARY})
