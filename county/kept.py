"""What the county's records hold beside facts, as tables: events, relief, reviews, and whose accounts money goes to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

import numpy as np
import pyarrow as pa

from county.faults import AGENT, GUARDIAN, MINOR, RELIEF, SELF, Happened, PayTo
from county.lives import County
from county.marginals import AS_OF
from engine.language.columns.values import Array

EVENTS, PAYMENTS, REVIEWS, PAYEES = (
    "events.parquet",
    "payments.parquet",
    "reviews.parquet",
    "payees.parquet",
)
_ROUND = (10, 150)  # days since the last review of what was reviewed in time
_ID = pa.string()


def tables_of(
    county: County, found: Happened, random: np.random.Generator, ids: pa.Array, people: pa.Array
) -> dict[str, pa.Table]:
    """By file. `ids` and `people`: the ids of households and of people, by their places."""
    return {
        EVENTS: _events(county, found, ids, people),
        PAYMENTS: _relief(found, ids),
        REVIEWS: _reviews(county, found, random, ids, people),
        PAYEES: _payees(county, found, random, ids, people),
    }


def _events(county: County, found: Happened, ids: pa.Array, people: pa.Array) -> pa.Table:
    events = sorted(found.events, key=lambda one: (one.person, str(one.day)))
    places = np.array([one.person for one in events], np.int64)
    return pa.table(
        {
            "household_id": ids.take(pa.array(county.settled.of[places])),
            "person_id": people.take(pa.array(places)),
            "kind": pa.array([one.kind for one in events], _ID),
            "date": _days(one.day for one in events),
            "source": pa.array([one.source for one in events], _ID),
            "sentence_ends": _days(one.until for one in events),
        }
    )


def _days(days: Iterable[np.datetime64 | None]) -> pa.Array:
    return pa.array([None if one is None else one.astype(object) for one in days], pa.date32())


def _relief(found: Happened, ids: pa.Array) -> pa.Table:
    relief = sorted(found.relief, key=lambda one: (one.household, -one.back))
    this = AS_OF.astype("datetime64[M]")
    months = [this - one.back for one in relief]
    return pa.table(
        {
            "household_id": ids.take(pa.array(np.array([one.household for one in relief], np.int64))),
            "policy": pa.array([RELIEF] * len(relief), _ID),
            "month": pa.array([str(one) for one in months], _ID),
            "amount": pa.array([Decimal(one.yuan) for one in relief], pa.decimal128(18, 2)),
            "cause": pa.array([one.cause for one in relief], _ID),
            "paid": _days(one.astype("datetime64[D]") + 19 for one in months),
        }
    )


def _reviews(
    county: County, found: Happened, random: np.random.Generator, ids: pa.Array, people: pa.Array
) -> pa.Table:
    """Everything that is held for longer was looked at within the last months, but for what is stale."""
    statuses = county.statuses
    since = statuses.fields["from"].values
    days = random.integers(*_ROUND, len(since))
    looked = AS_OF - days.astype("timedelta64[D]")
    stale = np.isin(statuses.owner, found.stale)
    reviewed = np.where(stale, since, np.maximum(looked, since))
    some = np.flatnonzero(stale | (looked > since))
    person = statuses.fields["person_id"]
    return pa.table(
        {
            "household_id": ids.take(pa.array(statuses.owner[some])),
            "person_id": people.take(pa.array(person.values[some], mask=~person.known[some])),
            "policy": pa.array(
                [statuses.fields["policy"].choices[one] for one in statuses.fields["policy"].values[some]],
                _ID,
            ),
            "reviewed": pa.array(reviewed[some], pa.date32()),
        }
    )


def _payees(
    county: County, found: Happened, random: np.random.Generator, ids: pa.Array, people: pa.Array
) -> pa.Table:
    made = list(_payee_rows(county, found, random))

    def named(places: list[int], of: pa.Array) -> pa.Array:
        values = np.array(places, np.int64)
        return of.take(pa.array(values, mask=values < 0))

    return pa.table(
        {
            "household_id": named([one.household for one in made], ids),
            "person_id": named([one.person for one in made], people),
            "holder": named([one.holder for one in made], people),
            "relation": pa.array([one.relation for one in made], _ID),
            "number_of": named([one.number_of for one in made], people),
        }
    )


def _payee_rows(county: County, found: Happened, random: np.random.Generator) -> Iterator[PayTo]:
    """One's own account, the head's for children, and for some old people alone that of an agent who serves several."""
    settled, statuses = county.settled, county.statuses
    person = statuses.fields["person_id"]
    subjects = np.unique(
        np.stack([statuses.owner, np.where(person.known, person.values, -1)], axis=1), axis=0
    )
    head, age = settled.first, settled.age
    shared: dict[int, tuple[int, bool]] = {}
    for group, same_number in found.shared:
        shared |= {int(one): (int(head[group[0]]), same_number) for one in group}
    agents = _agents(county, subjects, set(shared), random)
    for household, who in subjects.tolist():
        holder = int(head[household]) if who < 0 or age[who] < MINOR else who
        relation = SELF if who < 0 or holder == who else GUARDIAN
        if household in shared:
            first, same_number = shared[household]
            if same_number:
                yield PayTo(household, who, holder, relation, first)
            elif holder == first:
                yield PayTo(household, who, holder, relation, holder)
            else:
                yield PayTo(household, who, first, GUARDIAN, first)
        elif household in agents:
            yield PayTo(household, who, agents[household], AGENT, agents[household])
        else:
            yield PayTo(household, who, holder, relation, holder)


def _agents(county: County, subjects: Array, taken: set[int], random: np.random.Generator) -> dict[int, int]:
    """For one in four old people who live alone: a neighbour of the village, the same one for up to three."""
    settled = county.settled
    holding = np.unique(subjects[:, 0])
    alone = holding[(settled.size[holding] == 1) & (settled.age[settled.first[holding]] >= 70)]
    found: dict[int, int] = {}
    of_village: dict[tuple[int, int], list[int]] = {}
    for household in alone[random.random(len(alone)) < 0.25].tolist():
        if household not in taken:
            of_village.setdefault((int(settled.town[household]), int(settled.village[household])), []).append(
                household
            )
    middle = (settled.size > 1) & (settled.age[settled.first] < 60)
    for (town, village), old in of_village.items():
        near = np.flatnonzero(middle & (settled.town == town) & (settled.village == village))
        for place, household in enumerate(old if len(near) else ()):
            found[household] = int(settled.first[near[(place // 3) % len(near)]])
    return found
