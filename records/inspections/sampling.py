"""The draw: anybody who has the list and the seed draws the same sample, with SHA-256 and whole numbers alone.

1. Each item of the list has a key: SHA-256 of the seed, a line feed and the item, in UTF-8, as hexadecimal.
2. Of each stratum the items with the smallest keys are taken, in their order.
3. How many of each: with a share, the share of the stratum rounded up. With a size, in proportion, rounded down; what is
   left goes one by one to the largest remainders, among equals to the stratum that comes first by its name.

`records/verify_pack.py` does the same without the platform.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

METHOD = "sha256-1"
Listed = tuple[str, str]
"""Stratum and item."""


def key_of(seed: str, item: str) -> str:
    return hashlib.sha256(f"{seed}\n{item}".encode()).hexdigest()


def quotas(counts: Mapping[str, int], size: int | None, share: str | None) -> dict[str, int]:
    """How many are drawn of each stratum. One of `size` and `share` is said."""
    if size is None:
        part = Fraction(share or "0")
        return {
            one: min(count, -(-part.numerator * count // part.denominator)) for one, count in counts.items()
        }
    total = sum(counts.values())
    wanted = min(size, total)
    made = {one: wanted * count // total for one, count in counts.items()}
    by_rest = sorted(counts, key=lambda one: (-(wanted * counts[one] % total), one))
    for one in by_rest[: wanted - sum(made.values())]:
        made[one] += 1
    return made


def drawn(population: Iterable[Listed], seed: str, size: int | None, share: str | None) -> list[Listed]:
    """The sample: by stratum, in the order of the keys."""
    strata: dict[str, list[str]] = {}
    for stratum, item in population:
        strata.setdefault(stratum, []).append(item)
    many = quotas({one: len(items) for one, items in strata.items()}, size, share)
    return [
        (stratum, item)
        for stratum in sorted(strata)
        for item in sorted(strata[stratum], key=lambda one: (key_of(seed, one), one))[: many[stratum]]
    ]


def as_text(population: Sequence[Listed]) -> str:
    """The list that is hashed and kept: a line for each item, in order."""
    return "".join(f"{stratum}\t{item}\n" for stratum, item in sorted(population))


def of_text(text: str) -> list[Listed]:
    rows = (line.partition("\t") for line in text.split("\n") if line)
    return [(stratum, item) for stratum, _, item in rows]
