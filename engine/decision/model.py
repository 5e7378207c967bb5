"""The decision document (schemas/decision.schema.json): values only; words are made from the rulebook by `explain`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

Money = int | Decimal
ENGINE = "smart-relief 0.1.0"
HOUSEHOLD = "household"  # the subject of a household policy's finding
STATUSES = "statuses"  # the key of a household document that says what is held


class Struct(msgspec.Struct, gc=False, omit_defaults=True):
    """Values without cycles, so the collector need not look at them; what is not said is left out."""


class FactValue(Struct):
    value: Any
    source: str = ""
    as_of: str = ""


class ParameterValue(Struct):
    """`value` is missing when nothing covers the day; `gap` says why, as far as the rulebook does."""

    value: Any = msgspec.UNSET
    since: str = ""
    area: str = ""
    gap: str = ""
    assumed: bool = False


class Trace(msgspec.Struct, gc=False, frozen=True):
    """A clause with its truth (null: unknown). `reads` are references into facts, definitions and parameters."""

    clause: str
    truth: bool | None
    reads: Sequence[str] | msgspec.UnsetType = msgspec.UNSET
    margin: Any = msgspec.UNSET
    of: Sequence[Trace] | msgspec.UnsetType = msgspec.UNSET


class MissingFact(Struct):
    """Exactly one of the first four is given. `path` names the values that lead from the finding to it."""

    fact: str = ""
    parameter: str = ""
    definition: str = ""
    status: str = ""
    subject: str = ""
    path: Sequence[str] = ()


class Part(Struct):
    id: str
    value: Money | None = None
    min: Money | None = None
    max: Money | None = None


class Amount(Struct):
    period: str
    value: Money | None = None
    min: Money | None = None
    max: Money | None = None
    parts: Sequence[Part] = ()
    if_eligible: bool = False
    because: str = ""


class Basis(Struct, omit_defaults=False):
    policy: str
    basis: str


class WouldChange(Struct, omit_defaults=False):
    fact: str
    to: Any
    outcome: str
    verified: bool


class Finding(Struct):
    subject: str
    outcome: str
    amount: Amount | None = None
    depends_on: Sequence[Basis] = ()
    missing: Sequence[MissingFact] = ()
    whatever: str = ""  # the outcome that an undetermined finding has however the missing facts turn out
    decided_despite: Sequence[str] = ()
    failed: Sequence[str] = ()
    reasons: Sequence[str] = ()
    would_change: Sequence[WouldChange] = ()
    warnings: Sequence[str] = ()
    pays_from: str = ""
    review_due: str = ""
    trace: Trace | None = None


class PolicyDecision(Struct, omit_defaults=False):
    version: str | None
    findings: list[Finding]


class NotConcerned(Struct, omit_defaults=False):
    policy: str
    subject: str


class ConflictFound(Struct):
    rule: str
    stage: str
    subject: str
    between: Sequence[str]
    effect: str
    policy: str = ""
    amount: Money | None = None


class Sum(Struct, omit_defaults=False):
    """What is sure, and the most it can be; null while an amount in it is not known."""

    min: Money
    max: Money | None


class Due(Struct):
    month: Sum
    once: Sum
    year: Sum | None = None


class WouldBeDue(Struct, omit_defaults=False):
    subjects: Mapping[str, Due]
    total: Due


class ScoredTerm(Struct, omit_defaults=False):
    id: str
    weight: int
    worst: Money
    best: Money


class Score(Struct):
    scoring: str
    worst: Money
    best: Money
    terms: Sequence[ScoredTerm]
    value: Money | None = None


class Question(Struct):
    fact: str
    subject: str
    could_settle: int
    policies: Sequence[str]


class Decision(Struct, omit_defaults=False):
    decision_id: str
    household_id: str
    area: str
    on: str
    known: str
    application_date: str | None
    people: Sequence[str]
    rulebook: str
    engine: str
    facts: Mapping[str, FactValue]
    held: (
        Sequence[str] | None
    )  # statuses on record, as `dibao` or `people/p1/tekun`; None: nothing is said of them
    definitions: Mapping[str, Any]
    parameters: Mapping[str, ParameterValue]
    versions: Mapping[str, str]
    policies: Mapping[str, PolicyDecision]
    not_concerned: Sequence[NotConcerned]
    conflicts: Sequence[ConflictFound]
    would_be_due: WouldBeDue
    score: Score | None
    questions: Sequence[Question]


encode_json = msgspec.json.Encoder(decimal_format="number").encode
