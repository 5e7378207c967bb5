"""Two entries that may be one person under two numbers: register entries compared within blocks, with reasons.

Only entries that share something definite are compared: a name as it sounds and the year of birth, the name as it
sounds and the day of the year, the name as it sounds and the address, or the day of birth and the address. Each
comparison gives points; enough of them make a pair that somebody has to look at.

Strangers are alike too, the more of them the larger the county. How often, the register itself says: its birthdays and
addresses are dealt out anew among people of one sex and generation, and what is alike then is so by chance. A kind of
likeness (the same reasons) that chance alone gives as often is not shown, only counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cpdist

from engine.language.columns.values import Array
from engine.population.layout import register_schema, unlike
from engine.population.problems import BadTable, TableProblem

ENOUGH = 75
POINTS = {
    "same-name": 40,
    "same-sound": 34,
    "like-name": 20,
    "same-birth": 35,
    "swapped-birth": 28,
    "year-off": 25,
    "near-birth": 18,
    "same-sex": 5,
    "other-sex": -30,
    "same-address": 20,
    "same-area": 10,
    "one-household": -40,  # brothers and sisters are alike, twins above all
}
_PLACE = {name: place for place, name in enumerate(POINTS)}
LIKE = 0.6  # so much of the longer name is the same
MOST_IN_BLOCK = 400
GENERATION = 10  # years, within which names do not tell the year of birth
MANY = 10  # so many pairs of strangers of a kind are enough to say how often chance gives it


@dataclass(frozen=True, slots=True)
class Alike:
    """Two entries of the register by their rows, points, and why."""

    first: int
    second: int
    points: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Search:
    """`skipped`: entries in blocks that are too large to compare everyone with everyone.

    `by_chance`: pairs of kinds that are no more frequent than among strangers.
    """

    pairs: list[Alike]
    compared: int
    skipped: int
    by_chance: int


def read_register(path: Path) -> pa.Table:
    """The register of people. Raises `BadTable` when it is not one."""
    table = pq.read_table(path)
    wanted = register_schema()
    problems = [
        TableProblem("missing-column", name) for name in wanted.names if name not in table.column_names
    ]
    if not problems:
        problems = [
            line
            for field in wanted
            for line in unlike(field.name, table.schema.field(field.name).type, field.type)
        ]
    if problems:
        raise BadTable(problems)
    return table.select(wanted.names)


def alike(register: pa.Table, enough: int = ENOUGH) -> Search:
    """Pairs of entries with different numbers that are likely one person, the likeliest first."""
    entries = _Entries(register)
    first, second, skipped = _candidates(entries)
    rows, points, kinds = _enough(entries, first, second, enough)
    strangers = entries.dealt_anew()
    _, _, of_strangers = _enough(strangers, *_candidates(strangers)[:2], enough)
    shown = ~np.isin(kinds, _by_chance(kinds, of_strangers))
    by_chance = int((~shown).sum())
    rows, points, kinds = rows[shown], points[shown], kinds[shown]
    order = np.lexsort((second[rows], first[rows], -points))
    found = [
        Alike(int(first[row]), int(second[row]), score, _reasons(kind))
        for row, score, kind in zip(
            rows[order].tolist(), points[order].tolist(), kinds[order].tolist(), strict=True
        )
    ]
    return Search(found, len(first), skipped, by_chance)


def _enough(entries: _Entries, first: Array, second: Array, enough: int) -> tuple[Array, Array, Array]:
    """The pairs that have enough points, their points, and their kinds: a bit for each reason, in the order of POINTS."""
    points, kinds = np.zeros(len(first), np.int64), np.zeros(len(first), np.int64)
    for name, mask in entries.compare(first, second).items():
        points += np.where(mask, POINTS[name], 0)
        kinds |= mask.astype(np.int64) << _PLACE[name]
    rows = np.flatnonzero(points >= enough)
    return rows, points[rows], kinds[rows]


def _reasons(kind: int) -> tuple[str, ...]:
    return tuple(name for name, place in _PLACE.items() if kind >> place & 1)


def _by_chance(kinds: Array, of_strangers: Array) -> list[int]:
    """Kinds of which there are no more pairs than among strangers, as far as their numbers can tell."""
    many, few = Counter(of_strangers.tolist()), Counter(kinds.tolist())
    return [
        kind
        for kind, chance in many.items()
        if chance >= MANY and few[kind] - chance < 2 * (few[kind] + chance) ** 0.5
    ]


class _Entries:
    """The register as numbers: equal numbers are equal texts, -1 is not known."""

    def __init__(self, register: pa.Table) -> None:
        self.size = len(register)
        self.coded = {
            name: _codes(register.column(name))
            for name in ("person_id", "household_id", "name", "sound", "sex", "area", "address")
        }
        if (self.coded["sound"] < 0).all():  # nobody wrote down how names sound: as they are written, then
            self.coded["sound"] = self.coded["name"]
        born = register.column("birth_date").combine_chunks()
        self.known = born.is_valid().to_numpy(zero_copy_only=False)
        self.names = register.column("name")
        self._set_born(
            born.cast(pa.date32()).fill_null(0).to_numpy(zero_copy_only=False).astype("datetime64[D]")
        )

    def _set_born(self, born: Array) -> None:
        self.born = born
        self.year = self.born.astype("datetime64[Y]").astype(np.int64)
        self.month = self.born.astype("datetime64[M]").astype(np.int64) % 12
        self.day = (self.born - self.born.astype("datetime64[M]")).astype(np.int64)

    def dealt_anew(self) -> _Entries:
        """The same people with each other's birthdays and addresses, so that nobody is there twice."""
        random, other = np.random.default_rng(0), copy(self)
        born, home = (self._dealt(random) for _ in range(2))
        other.known = self.known[born]
        other.coded = self.coded | {
            name: self.coded[name][home] for name in ("household_id", "area", "address")
        }
        other._set_born(self.born[born])
        return other

    def _dealt(self, random: np.random.Generator) -> Array:
        """Every row once, in another order among the rows of each sex and generation."""
        group = self.coded["sex"] * 1000 + np.where(self.known, self.year // GENERATION, -500)
        here = np.argsort(group, kind="stable")
        there = np.lexsort((random.random(self.size), group))
        rows = np.empty(self.size, np.int64)
        rows[here] = there
        return rows

    def compare(self, a: Array, b: Array) -> dict[str, Array]:
        def same(name: str) -> Array:
            return (self.coded[name][a] == self.coded[name][b]) & (self.coded[name][a] >= 0)

        def differ(name: str) -> Array:
            return (
                (self.coded[name][a] != self.coded[name][b])
                & (self.coded[name][a] >= 0)
                & (self.coded[name][b] >= 0)
            )

        name, sound = same("name"), same("sound")
        known = self.known[a] & self.known[b]
        year, month, day = (one[a] == one[b] for one in (self.year, self.month, self.day))
        birth = known & (self.born[a] == self.born[b])
        swapped = known & year & ~birth & (self.month[a] == self.day[b]) & (self.day[a] == self.month[b])
        off = known & ~year & month & day & (np.abs(self.year[a] - self.year[b]) <= 2)
        near = known & ~birth & ~swapped & year & (month | day)
        address = same("address")
        return {
            "same-name": name,
            "same-sound": sound & ~name,
            "like-name": self._like(a, b, ~name & ~sound),
            "same-birth": birth,
            "swapped-birth": swapped,
            "year-off": off,
            "near-birth": near,
            "same-sex": same("sex"),
            "other-sex": differ("sex"),
            "same-address": address,
            "same-area": same("area") & ~address,
            "one-household": same("household_id") & ~name & ~sound,
        }

    def _like(self, a: Array, b: Array, among: Array) -> Array:
        """Names of which most signs are the same. The rest need not be looked at."""
        rows = np.flatnonzero(among)
        found = np.zeros(len(a), np.bool_)
        if len(rows):
            left, right = (self.names.take(pa.array(one[rows])).fill_null("").to_pylist() for one in (a, b))
            found[rows] = cpdist(left, right, scorer=Levenshtein.normalized_similarity) >= LIKE
        return found


def _codes(column: pa.ChunkedArray) -> Array:
    whole = column.combine_chunks()
    whole = whole.cast(pa.string()) if pa.types.is_dictionary(whole.type) else whole
    codes: Array = whole.dictionary_encode().indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return codes.astype(np.int64)


# --- blocks -------------------------------------------------------------------------------------------------


def _candidates(entries: _Entries) -> tuple[Array, Array, int]:
    """Pairs of entries that share a block and not a number, each once; and how many entries stand in too large ones."""
    born = np.where(entries.known, entries.born.astype(np.int64), -1)
    year = np.where(entries.known, entries.year, -1)
    sound, address = entries.coded["sound"], entries.coded["address"]
    keys = []
    skipped = 0
    birthday = np.where(entries.known, entries.month * 32 + entries.day, -1)
    for block in ((sound, year), (sound, birthday), (sound, address), (born, address)):
        pairs, left_out = _within(block)
        keys += list(pairs)
        skipped += left_out
    if not keys:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), skipped
    both = np.unique(np.concatenate(keys))
    first, second = both // entries.size, both % entries.size
    ids = entries.coded["person_id"]
    other = ids[first] != ids[second]
    return first[other], second[other], skipped


def _within(block: Sequence[Array]) -> tuple[Iterator[Array], int]:
    """All pairs in each block, as first × size + second."""
    size = len(block[0])
    known = np.flatnonzero(np.logical_and.reduce([one != -1 for one in block]))
    order = known[np.lexsort([one[known] for one in reversed(block)])]
    new = np.append(True, np.logical_or.reduce([one[order][1:] != one[order][:-1] for one in block]))[
        : len(order)
    ]
    group = np.cumsum(new) - 1
    sizes = np.bincount(group) if len(group) else np.zeros(0, np.int64)
    large = sizes > MOST_IN_BLOCK
    kept = order[~large[group]] if len(group) else order
    groups = group[~large[group]] if len(group) else group

    def pairs() -> Iterator[Array]:
        for apart in range(1, int(sizes[~large].max(initial=1))):
            here = np.flatnonzero(groups[apart:] == groups[:-apart])
            a, b = kept[here], kept[here + apart]
            yield np.minimum(a, b) * size + np.maximum(a, b)

    return pairs(), int(sizes[large].sum())
