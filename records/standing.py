"""What a household's findings come to, small enough to compare night after night."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Select, func, select

from engine.rulebook import Rulebook
from records import tables
from records.database import AT_ONCE, Reading, batched

HOUSEHOLD = "household"
_OPEN = ("undetermined", "discretionary")
_NOTHING = ("not-concerned", "not-in-force")
_encode = json.JSONEncoder(separators=(",", ":")).encode


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
        return _encode([findings, list(self.conflicts)]).encode()

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
    """Of each row of the kernel's results; findings that do not concern somebody are left out.

    Column by column: of a household's hundred findings most are nothing to note.
    """
    people = results.column("people")
    persons = people.flatten()
    names = persons.field("person_id").to_pylist()
    lives_in = np.repeat(np.arange(results.num_rows), people.value_lengths().to_numpy()).tolist()
    findings: list[dict[tuple[str, str], Finding]] = [{} for _ in range(results.num_rows)]
    for policy in book.policies.values():
        of_household = policy.unit == HOUSEHOLD
        column = results.column(policy.id) if of_household else persons.field(policy.id)
        for place, finding in _said(column):
            if of_household:
                findings[place][policy.id, HOUSEHOLD] = finding
            else:
                findings[lives_in[place]][policy.id, names[place]] = finding
    conflicts = results.column("conflicts").to_pylist()
    worst = pc.struct_field(results.column("score"), "worst").to_pylist()
    for place, household_id in enumerate(results.column("household_id").to_pylist()):
        told = sorted(
            (one["rule"], one["stage"], one["person_id"] or HOUSEHOLD, one["effect"], one["policy"] or "")
            for one in conflicts[place] or ()
        )
        score = None if worst[place] is None else int(worst[place] * 100)
        yield household_id, Standing(findings[place], tuple(told), score)


def _said(column: pa.StructArray) -> Iterator[tuple[int, Finding]]:
    """The findings of a policy that say something, by the row that they stand in."""
    outcomes, amounts = column.field("outcome"), column.field("amount")
    names = outcomes.dictionary.to_pylist()
    nothing = [place for place, name in enumerate(names) if name in _NOTHING]
    codes = outcomes.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    places = np.flatnonzero((codes >= 0) & ~np.isin(codes, nothing))
    if amounts.null_count == len(amounts):
        plain = [Finding(name) for name in names]
        yield from zip(places.tolist(), map(plain.__getitem__, codes[places].tolist()), strict=True)
        return
    chosen = amounts.take(pa.array(places)).to_pylist()
    for place, code, amount in zip(places.tolist(), codes[places].tolist(), chosen, strict=True):
        yield place, Finding(names[code], None if amount is None else str(amount))


def last_standings(read: Reading, households: Iterable[str]) -> dict[str, Standing]:
    """What each household's findings came to when they last changed."""
    standing = tables.standing
    found: dict[str, Standing] = {}
    for some in batched(households, AT_ONCE):
        rows = read.connection.execute(select(standing).where(standing.c.seq.in_(_last(some))))
        found.update((row.household_id, unpacked(row.content, row.score)) for row in rows)
    return found


def last_digests(read: Reading, households: Iterable[str]) -> dict[str, str]:
    """The digest of what each household's findings came to when they last changed."""
    standing = tables.standing
    found: dict[str, str] = {}
    for some in batched(households, AT_ONCE):
        rows = read.connection.execute(
            select(standing.c.household_id, standing.c.digest).where(standing.c.seq.in_(_last(some)))
        )
        found.update((row.household_id, row.digest) for row in rows)
    return found


def _last(households: Sequence[str]) -> Select[Any]:
    standing = tables.standing.c
    return (
        select(func.max(standing.seq))
        .where(standing.household_id.in_(households))
        .group_by(standing.household_id)
    )


def is_open(outcome: str) -> bool:
    return outcome in _OPEN
