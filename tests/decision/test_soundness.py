"""Missing data never pays and never denies: what is settled on part of the facts stays settled.

Random households of the shipped rulebook, random facts taken out, and several ways to fill them in again.
"""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.decision.decide import decide
from engine.decision.model import Question
from tests.conftest import SOAK
from tests.support.households import (
    DAYS,
    Document,
    Families,
    Place,
    completed,
    outermost,
    places,
    shipped,
    value_at,
    without,
)
from tests.support.outcomes import assert_kept, decided
from tests.support.relevance import Search

BOOK = shipped()
FAMILIES = Families(BOOK)
seeds = st.integers(0, 2**48)


def partial(random: Random, on: int) -> tuple[Document, Document, list[Place]]:
    """A household of whom everything is known, the same with facts taken out, and the places of those."""
    whole = FAMILIES.document(random, on)
    share = random.choice((0.01, 0.03, 0.1, 0.3))
    taken = outermost(place for place in places(whole) if random.random() < share)
    return whole, without(whole, taken), taken


@settings(max_examples=20_000 if SOAK else 40)
@given(seeds)
def test_what_is_settled_is_the_same_however_the_missing_facts_turn_out(seed: int) -> None:
    random = Random(seed)
    on = random.choice(DAYS)
    whole, part, taken = partial(random, on)
    before = decided(BOOK, part, on)
    assert_kept(before, decided(BOOK, whole, on))
    for _ in range(2):
        filled = {place: FAMILIES.drawn(random, whole, place, on) for place in taken}
        assert_kept(before, decided(BOOK, completed(part, filled), on))


@settings(max_examples=20_000 if SOAK else 15)
@given(seeds)
def test_one_fact_more_never_changes_what_is_settled(seed: int) -> None:
    random = Random(seed)
    on = random.choice(DAYS)
    whole, part, taken = partial(random, on)
    random.shuffle(taken)
    before = decided(BOOK, part, on)
    for place in taken[:4]:
        value = random.choice((value_at(whole, place), FAMILIES.drawn(random, whole, place, on)))
        part = completed(part, {place: value})
        after = decided(BOOK, part, on)
        assert_kept(before, after)
        before = after


MONTHS = (20260901, 20260901, 20260401, 20250601, 20220301, 20191101, 20260201)
# Over 726 names of 300 households 0.95 to 0.953 were measured. What is left hangs on what is read from one fact in
# several ways (two numbers of a list), on findings that lack much, or on a completion that the search does not find.
PROVEN = 0.95


def test_most_facts_that_are_named_as_missing_can_turn_their_finding() -> None:
    proven: Counter[bool] = Counter()
    for seed in range(1000 if SOAK else 45):
        random = Random(seed)
        on = random.choice(MONTHS)
        _, part, _ = partial(random, on)
        decision = decide(BOOK, part, on=on, advice=False)
        search = Search(FAMILIES, part, on)
        named = [
            (policy, finding.subject, lacking)
            for policy, one in decision.policies.items()
            for finding in one.findings
            for lacking in finding.missing
            if lacking.fact
        ]
        for policy, subject, lacking in random.sample(named, min(len(named), 3)):
            proven[search.matters(random, policy, subject, lacking, 16)] += 1
    assert proven.total() > 30
    assert proven[True] >= PROVEN * proven.total(), proven


@settings(max_examples=20_000 if SOAK else 40)
@given(seeds)
def test_every_fact_named_as_missing_is_unknown_and_every_open_finding_names_something(seed: int) -> None:
    random = Random(seed)
    on = random.choice(DAYS)
    _, part, _ = partial(random, on)
    for policy, one in decide(BOOK, part, on=on, advice=False).policies.items():
        for finding in one.findings:
            if finding.outcome == "undetermined":
                assert finding.missing or finding.whatever, (policy, finding.subject)
            for lacking in finding.missing:
                if lacking.fact and lacking.fact != "statuses":
                    owner = _owner(part, lacking.subject)
                    inner = owner.get(lacking.fact)
                    entries = isinstance(inner, list) and any(
                        len(entry) < len(BOOK.facts[lacking.fact].items) for entry in inner
                    )
                    assert inner is None or entries, (policy, lacking)
                elif lacking.fact:
                    assert "statuses" not in part


@settings(max_examples=20_000 if SOAK else 40)
@given(seeds)
def test_a_fact_that_turns_a_finding_alone_is_named(seed: int) -> None:
    random = Random(seed)
    on = random.choice(DAYS)
    whole, part, taken = partial(random, on)
    if not taken:
        return
    open_ones = {
        (policy, finding.subject): {(one.fact, one.subject) for one in finding.missing}
        for policy, one in decide(BOOK, part, on=on, advice=False).policies.items()
        for finding in one.findings
        if finding.outcome == "undetermined"
    }
    filled = {place: FAMILIES.drawn(random, whole, place, on) for place in taken}
    for _ in range(4):
        place = random.choice(taken)
        other = filled | {place: FAMILIES.drawn(random, whole, place, on)}
        early, late = (decided(BOOK, completed(part, each), on) for each in (filled, other))
        subject = part["people"][place[1]]["person_id"] if place[0] == "people" else "household"
        fact = place[2] if place[0] == "people" else place[0]
        for key, names in open_ones.items():
            one, another = early[key], late[key]
            if one.settled and another.settled and one.outcome != another.outcome:
                assert (fact, subject) in names, (key, place, one.outcome, another.outcome)
        filled = other


def _owner(document: Document, subject: str) -> Document:
    if subject == "household":
        return document
    found: Document = next(person for person in document["people"] if person["person_id"] == subject)
    return found


def test_some_answer_to_the_first_question_settles_a_finding() -> None:
    settled: Counter[bool] = Counter()
    for seed in range(2000 if SOAK else 30):
        random = Random(seed)
        on = random.choice(MONTHS)
        _, part, _ = partial(random, on)
        questions = decide(BOOK, part, on=on).questions
        # where parameters have gaps, no answer may settle anything, and none is promised
        if questions and questions[0].could_settle and questions[0].fact != "statuses":
            settled[_settles(random, part, on, questions[0])] += 1
    assert settled.total() > 10
    assert settled[False] == 0, settled


def _settles(random: Random, part: Document, on: int, question: Question) -> bool:
    before = decided(BOOK, part, on, *question.policies)
    owner: Place = () if question.subject == "household" else ("people", _place_of(part, question.subject))
    place = (*owner, question.fact)
    if question.fact in _owner(part, question.subject):
        return True  # a list, of which only fields of entries are unknown: asked for entry by entry
    for value in FAMILIES.candidates(random, part, place, on):
        after = decided(BOOK, completed(part, {place: value}), on, *question.policies)
        if any(after[key].settled and not was.settled for key, was in before.items()):
            return True
    return False


def _place_of(part: Document, subject: str) -> int:
    return next(i for i, person in enumerate(part["people"]) if person["person_id"] == subject)


# --- the score ----------------------------------------------------------------------------------------------

WORSE = {
    "house_grade": ("a", "b", "c", "d", "none"),
    "disability_grade": ("none", "grade_4", "grade_3", "grade_2", "grade_1"),
    "work_ability": ("full", "partial", "lost"),
    "severe_illness": (False, True),
    "sudden_event": ("none", "fire"),
}


def harder(random: Random, document: Document) -> Document:
    """The same household with one circumstance harder; the same people are counted."""
    person = random.randrange(len(document["people"]))
    changes: list[tuple[Place, object]] = []
    for name, steps in WORSE.items():
        place: Place = (name,) if name in document else ("people", person, name)
        now = value_at(document, place)
        if now in steps:
            changes.append((place, random.choice(steps[steps.index(now) :])))
    changes.append((("financial_assets",), document["financial_assets"] // 2))
    for i, item in enumerate(document["people"][person]["income_items"]):
        changes.append((("people", person, "income_items", i, "amount"), item["amount"] // 2))
    for i, item in enumerate(document["spending_items"]):
        changes.append((("spending_items", i, "amount"), min(item["amount"] * 2, 10_000_000)))
    chosen = random.sample(changes, min(len(changes), random.choice((1, 1, 2, 4))))
    return completed(document, dict(chosen))


@settings(max_examples=20_000 if SOAK else 120)
@given(seeds)
def test_more_hardship_never_raises_the_score(seed: int) -> None:
    random = Random(seed)
    on = random.choice(DAYS)
    whole = FAMILIES.document(random, on)
    worse = harder(random, whole)
    taken = outermost(place for place in places(whole) if random.random() < random.choice((0, 0, 0.05)))
    # statuses and amounts play no part in the score, and what is unknown is unknown in both
    before = decide(BOOK, without(whole, taken), on=on, policies=("dibao",), advice=False).score
    after = decide(BOOK, without(worse, taken), on=on, policies=("dibao",), advice=False).score
    if before is None or after is None:
        assert before is after
        return
    alike = True
    for was, became in zip(before.terms, after.terms, strict=True):
        if (was.worst == was.best) is (became.worst == became.best):
            assert became.worst <= was.worst and became.best <= was.best, (was, became)
        else:  # the change has made it known, or unknown: then it ranges over its whole weight, and only ends compare
            alike = False
            assert became.worst <= was.best, (was, became)
    assert after.worst <= before.best
    assert not alike or (after.worst <= before.worst and after.best <= before.best)
    known, harder_known = (
        decide(BOOK, one, on=on, policies=("dibao",), advice=False).score for one in (whole, worse)
    )
    if known is not None and harder_known is not None and None not in (known.value, harder_known.value):
        assert harder_known.value <= known.value  # whatever is unknown above: of whom everything is known


@settings(max_examples=20_000 if SOAK else 80)
@given(seeds)
def test_the_score_of_part_of_the_facts_holds_the_score_of_all(seed: int) -> None:
    random = Random(seed)
    on = random.choice(DAYS)
    whole, part, _ = partial(random, on)
    before = decide(BOOK, part, on=on, policies=("dibao",), advice=False).score
    after = decide(BOOK, whole, on=on, policies=("dibao",), advice=False).score
    if before is None or after is None:
        assert before is after
        return
    assert 0 <= before.worst <= after.worst <= after.best <= before.best <= 100
