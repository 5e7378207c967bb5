"""What a household's findings come to, small enough to compare night after night."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa
from sqlalchemy import func, select

from engine.rulebook import Rulebook
from records import tables
from records.database import AT_ONCE, Reading, batched

HOUSEHOLD = "household"
_OPEN = ("undetermined", "discretionary")


@dataclass(frozen=True, slots=True)
class Finding:
    """`amount`: a decimal text for a period, None where it is none or not known."""

    outcome: str
    amount: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """findings   by policy and subject ("household" or a person)
    conflicts  rule, stage, subject, effect and the policy of each that was found
    score      of hardship in hundredths, the worst it can be
    """

    findings: Mapping[tuple[str, str], Finding]
    conflicts: tuple[tuple[str, str, str, str, str], ...]
    score: int | None

    @property
    def digest(self) -> str:
        """Of outcomes, amounts and conflicts; a score alone changes nothing that people have to know of."""
        return hashlib.sha256(self.plain()).hexdigest()

    def plain(self) -> bytes:
        findings = [[*key, one.outcome, one.amount] for key, one in sorted(self.findings.items())]
        return json.dumps([findings, list(self.conflicts)], separators=(",", ":")).encode()

    def packed(self) -> bytes:
        return zlib.compress(self.plain(), 1)


def unpacked(content: bytes, score: int | None) -> Standing:
    findings, conflicts = json.loads(zlib.decompress(content))
    return Standing(
        {(policy, subject): Finding(outcome, amount) for policy, subject, outcome, amount in findings},
        tuple(tuple(one) for one in conflicts),
        score,
    )


def standings(book: Rulebook, results: pa.RecordBatch) -> Iterator[tuple[str, Standing]]:
    """Of each row of the kernel's results; findings that do not concern somebody are left out."""
    units = {policy.id: policy.unit for policy in book.policies.values()}
    for row in results.to_pylist():
        findings: dict[tuple[str, str], Finding] = {}
        for policy, unit in units.items():
            if unit == HOUSEHOLD:
                _note(findings, policy, HOUSEHOLD, row.get(policy))
            else:
                for person in row["people"] or ():
                    _note(findings, policy, person["person_id"], person.get(policy))
        conflicts = sorted(
            (one["rule"], one["stage"], one["person_id"] or HOUSEHOLD, one["effect"], one["policy"] or "")
            for one in row["conflicts"] or ()
        )
        yield row["household_id"], Standing(findings, tuple(conflicts), _hundredths(row["score"]))


def _note(
    findings: dict[tuple[str, str], Finding], policy: str, subject: str, one: Mapping[str, Any] | None
) -> None:
    if one is None or one["outcome"] in (None, "not-concerned", "not-in-force"):
        return
    amount = one.get("amount")
    findings[policy, subject] = Finding(one["outcome"], None if amount is None else str(amount))


def _hundredths(score: Mapping[str, Any] | None) -> int | None:
    if score is None or score.get("worst") is None:
        return None
    return int(Decimal(str(score["worst"])) * 100)


def last_standings(read: Reading, households: Iterable[str]) -> dict[str, Standing]:
    """What each household's findings came to when they last changed."""
    standing = tables.standing
    found: dict[str, Standing] = {}
    for some in batched(households, AT_ONCE):
        last = (
            select(func.max(standing.c.seq))
            .where(standing.c.household_id.in_(some))
            .group_by(standing.c.household_id)
        )
        rows = read.connection.execute(select(standing).where(standing.c.seq.in_(last)))
        found.update((row.household_id, unpacked(row.content, row.score)) for row in rows)
    return found


def is_open(outcome: str) -> bool:
    return outcome in _OPEN
