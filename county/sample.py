"""`relief sample`: a county of people who do not exist, the same for the same seed, and the answer key beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from county import kept, tables
from county.columns import Fact, plain
from county.faults import Happened, plant_faults
from county.incomes import earn
from county.lives import County, live
from county.marginals import AS_OF
from county.people import settle
from county.planted import Kept, Planted, Planting, forget, spoil_enrolments, spoil_facts, two_entries
from county.rights import HOUSEHOLD_PROGRAMMES, PROGRAMMES, Rights, reckon
from engine.language.columns.values import Array
from engine.rulebook.model import Rulebook

HOUSEHOLDS, PERSONS, KEY = "households.parquet", "persons.parquet", "answer-key"
ROWS_AT_ONCE = 65_536
_ONE_IN = 1000  # of so many households one is planted for every kind
_FEWEST = 3


@dataclass(frozen=True, slots=True)
class Sample:
    households: pa.Table
    persons: pa.Table
    key: pa.Table
    kept: Mapping[str, pa.Table]  # by file: what records hold beside facts


def sample(book: Rulebook, households: int, seed: int) -> Sample:
    """The county as it stands on `AS_OF`, for the rulebook that the project ships."""
    random = np.random.default_rng(seed)
    settled = settle(random, households)
    planting = Planting(random, settled, max(_FEWEST, households // _ONE_IN))
    two_entries(planting)
    county = live(random, settled)
    earn(random, county)
    enrolled, rights = _planted(planting, county)
    forget(planting, county, rights, enrolled)
    happened = plant_faults(planting, county, rights, enrolled, seed)
    _enrol(random, county, enrolled, happened)
    ids, people_ids = tables.household_ids(settled), tables.person_ids(settled, seed)
    return Sample(
        tables.households(book, county, ids, people_ids, _applied(random, households)),
        tables.register(county, ids, people_ids),
        tables.key_table(_in_order(planting.key), settled, ids, people_ids),
        kept.tables_of(county, happened, planting.random, ids, people_ids),
    )


def write_sample(found: Sample, out: Path) -> None:
    """Data into `out`; the key into a directory of its own, which only its own check reads."""
    (out / KEY).mkdir(parents=True, exist_ok=True)
    pq.write_table(found.households, out / HOUSEHOLDS, row_group_size=ROWS_AT_ONCE, compression="zstd")
    pq.write_table(found.persons, out / PERSONS, row_group_size=ROWS_AT_ONCE, compression="zstd")
    for name, table in found.kept.items():
        pq.write_table(table, out / name, compression="zstd")
    pq.write_table(found.key, out / KEY / "answer_key.parquet", compression="zstd")


def _planted(planting: Planting, county: County) -> tuple[dict[str, Array], Rights]:
    """Facts are spoilt, everyone is enrolled who has a right, and enrolments are spoilt."""
    settled = county.settled
    nobody, none = np.zeros(settled.people, np.bool_), np.zeros(settled.households, np.bool_)
    alone = reckon(county, nobody, none, none).of["tekun"]
    before = reckon(county, alone, none, none)
    kept = Kept({name: (none if name in HOUSEHOLD_PROGRAMMES else nobody).copy() for name in PROGRAMMES})
    spoil_facts(planting, county, _with(before, "tekun", alone), kept)
    alone = reckon(county, nobody, none, none).of["tekun"] | kept.of["tekun"]
    rights = reckon(county, alone, kept.of["dibao"], kept.of["dibao_edge"])
    enrolled = {name: rights.of[name] | kept.of[name] for name in PROGRAMMES}
    spoil_enrolments(planting, rights, enrolled)
    return enrolled, rights


def _with(rights: Rights, policy: str, mask: Array) -> Rights:
    return Rights({**rights.of, policy: mask}, rights.doubtful, rights.counted, rights.income, rights.line)


def _enrol(
    random: np.random.Generator, county: County, enrolled: dict[str, Array], happened: Happened
) -> None:
    settled, statuses = county.settled, county.statuses
    statuses.fields["policy"].choices = PROGRAMMES
    for name in PROGRAMMES:
        places = np.flatnonzero(enrolled[name])
        since = AS_OF - (60 + random.gamma(2.0, 380.0, len(places))).astype("timedelta64[D]")
        if name in HOUSEHOLD_PROGRAMMES:
            statuses.add(places, policy=name, **{"from": since}, recorded=since)
        else:
            statuses.add(settled.of[places], policy=name, person_id=places, **{"from": since}, recorded=since)
    _end(county, happened)


def _end(county: County, happened: Happened) -> None:
    """What ended, with its last day; it had begun before. What is held for long enough to be looked at again."""
    fields = county.statuses.fields
    for (policy, person), last in happened.ended.items():
        mine = (
            fields["policy"].is_(policy) & fields["person_id"].known & (fields["person_id"].values == person)
        )
        fields["to"].say(mine, last)
        fields["from"].values[mine] = np.minimum(fields["from"].values[mine], last - np.timedelta64(300, "D"))
    stale = np.isin(county.statuses.owner, happened.stale)
    fields["from"].values[stale] = np.minimum(fields["from"].values[stale], AS_OF - np.timedelta64(450, "D"))
    fields["recorded"].values[stale] = fields["from"].values[stale]


def _applied(random: np.random.Generator, households: int) -> Fact:
    """Some wait for an answer to what they asked for."""
    waiting = random.random(households) < 0.05
    days = (1 + random.gamma(1.5, 20.0, households)).astype("timedelta64[D]")
    return plain(AS_OF - days, waiting)


def _in_order(planted: list[Planted]) -> list[Planted]:
    return sorted(planted, key=lambda one: (one.command, one.kind, one.policy, one.household, one.person))
