"""The sample county as the record takes it: who its people are, where they live, what was granted and paid, what happened.

What the county's tables do not hold is made up here, the same for the same tables: identity numbers that fit the day of
birth and the sex, telephones, accounts, and a year of payments of what the rulebook gives for what is held.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from statistics import median_low
from typing import Any

import pyarrow as pa

from county.kept import EVENTS, PAYEES, PAYMENTS, REVIEWS
from county.marginals import AS_OF, TOWNS, VILLAGE_NAMES
from engine.language.dates import from_date
from engine.population.documents import document_of
from engine.population.kernel import Kernel
from engine.rulebook import Rulebook
from records.arrivals import Arrival
from records.granted import CARRIED_OVER
from records.people import Identity
from records.standards.gb11643 import check_digit

DAY: date = AS_OF.astype(object)
SINCE = date(2020, 1, 1)  # everybody lives there from the first day of the census year on
AREA_CODE = "239901"  # of no county: GB/T 2260 has no such code, so the numbers are nobody's
PHONES, ACCOUNTS = "120", "9990"  # no telephone and no bank begins like this
ADULT = 16
MONTHS = 12
MONTH = "month"
SOURCE = "civil_affairs"
AMOUNT = Decimal(500)  # a month, of a programme that nobody in the county has by right
_AT_ONCE = 8192


@dataclass(frozen=True, slots=True)
class Registered:
    """Somebody of the county's register of people."""

    name: str
    born: date
    address: str
    identity: Identity


@dataclass(frozen=True, slots=True)
class Kept:
    """What the county's records hold beside facts, by household; reviews by household, person ("") and policy."""

    events: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    payments: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    payees: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    reviews: Mapping[tuple[str, str, str], date] = field(default_factory=dict)


def kept_of(tables: Mapping[str, pa.Table]) -> Kept:
    """Of the tables by their files; those of a county that was drawn without them are left out."""

    def by_household(name: str) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in tables[name].to_pylist() if name in tables else ():
            found[row.pop("household_id")].append(row)
        return dict(found)

    reviews = {
        (household, row["person_id"] or "", row["policy"]): row["reviewed"]
        for household, rows in by_household(REVIEWS).items()
        for row in rows
    }
    return Kept(by_household(EVENTS), by_household(PAYMENTS), by_household(PAYEES), reviews)


def registered(persons: pa.Table, kept: Kept | None = None) -> dict[str, Registered]:
    """Everybody by person id. Two persons of one day and sex have different numbers, whatever the order of the table.

    `kept`: whose payees say that two people gave the same account number.
    """
    same = {one["holder"]: one["number_of"] for rows in (kept or Kept()).payees.values() for one in rows}
    places = {person: place for place, person in enumerate(sorted(set(persons["person_id"].to_pylist())))}
    rows = {row["person_id"]: row for row in persons.to_pylist()}
    orders: dict[tuple[date, str], int] = defaultdict(int)
    found = {}
    for place, person in enumerate(sorted(rows)):
        row = rows[person]
        born, sex = row["birth_date"], row["sex"]
        order = orders[born, sex]
        orders[born, sex] += 1
        grown = born.year + ADULT <= DAY.year
        found[person] = Registered(
            row["name"],
            born,
            row["address"],
            Identity(
                row["name"],
                identity_number(born, sex, order),
                f"{PHONES}{place:08d}" if grown else None,
                f"{ACCOUNTS}{places[same.get(person, person)]:015d}" if grown else None,
            ),
        )
    return found


def identity_number(born: date, sex: str, order: int) -> str:
    """A valid number of nobody. `order`: which of those born on that day with that sex; the sequence is odd for men."""
    sequence = 2 * order + (1 if sex == "male" else 2)
    if sequence > 999:
        raise ValueError(f"{born}: more than 499 people of one day and sex have no numbers")
    first = f"{AREA_CODE}{born:%Y%m%d}{sequence:03d}"
    return first + check_digit(first)


def arrivals(
    book: Rulebook, households: pa.Table, people: Mapping[str, Registered], kept: Kept | None = None
) -> Iterator[Arrival]:
    """Every household, with its awards, payments and what happened, in the order of the table."""
    beside = kept or Kept()
    amounts = _amounts(book, households)
    usual = {
        policy: median_low(sorted(values)) for policy, values in _by_policy(amounts).items()
    }  # of those who hold what the law does not give them
    for batch in households.to_batches(_AT_ONCE):
        for row in batch.to_pylist():
            yield _arrival(book, row, people, beside, amounts, usual)


def _arrival(
    book: Rulebook,
    row: Mapping[str, Any],
    people: Mapping[str, Registered],
    kept: Kept,
    amounts: Mapping[tuple[str, str, str], Decimal],
    usual: Mapping[str, Decimal],
) -> Arrival:
    document = document_of(row)
    household = document["household_id"]
    members = [one["person_id"] for one in document["people"]]
    address = people[members[0]].address
    document["area"] = village_of(book, row["area"], address)
    awards: list[dict[str, Any]] = []
    payments: list[dict[str, Any]] = []
    for status in row["statuses"] or ():
        person = status["person_id"] or ""
        key = (row["household_id"], status["policy"], person)
        amount = amounts.get(key, usual.get(status["policy"]))
        award = _award(book, status, amount)
        awards.append(award)
        payments += _payments(award)
    payments += [document_of({**one, "source": SOURCE}) for one in kept.payments.get(household, ())]
    for status in document.get("statuses", ()):
        status.pop("recorded", None)
        status["source"] = SOURCE
        reviewed = kept.reviews.get((household, status.get("person_id", ""), status["policy"]))
        if reviewed is not None:
            status["reviewed"] = reviewed.isoformat()
    if awards:
        document["awards"] = document_of(awards)
    if payments:
        document["payments"] = payments
    if household in kept.events:
        document["events"] = [document_of(one) for one in kept.events[household]]
    return Arrival(
        document,
        SINCE,
        address,
        {one: people[one].identity for one in members},
        {one: max(SINCE, people[one].born) for one in members},
        _accounts(members, people, kept.payees.get(household, ())),
        CARRIED_OVER,
    )


def _accounts(
    members: Sequence[str], people: Mapping[str, Registered], payees: Sequence[Mapping[str, Any]]
) -> dict[str, str]:
    """Where each one's money went; "": the household's."""
    own = {one: people[one].identity.account or "" for one in members}
    head = next((one for one in own.values() if one), "")
    found = {one: account or head for one, account in own.items()} | {"": head}
    return found | {one["person_id"] or "": people[one["holder"]].identity.account or "" for one in payees}


def village_of(book: Rulebook, town: str, address: str) -> str:
    """The village of an address, where the rulebook has villages; else the town."""
    label = next(one.label for one in TOWNS if one.area == town)
    name = address.removeprefix(label).removesuffix("社区").removesuffix("村")
    village = f"{town}_{VILLAGE_NAMES.index(name) + 1:02d}"
    return village if village in book.areas else town


# --- granted and paid ---------------------------------------------------------------------------------------


def _award(book: Rulebook, status: Mapping[str, Any], amount: Decimal | None) -> dict[str, Any]:
    award: dict[str, Any] = {"policy": status["policy"], "from": status["from"], "source": SOURCE}
    if status["person_id"]:
        award["person_id"] = status["person_id"]
    if status["to"] is not None:
        award["to"] = status["to"]
    period = _period(book, status["policy"])
    if period == MONTH and amount is None:
        amount = AMOUNT
    if amount is not None and period:
        award |= {"amount": amount, "period": period}
    return award


def _period(book: Rulebook, policy: str) -> str:
    amount = book.policies[policy].versions[-1].amount
    return "" if amount is None else amount.period


def _payments(award: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """For each of the last months that begins while the award holds, paid on the tenth."""
    if award.get("period") != MONTH:
        return
    for back in reversed(range(MONTHS)):
        place = DAY.year * 12 + DAY.month - 1 - back
        first = date(place // 12, place % 12 + 1, 1)
        if award["from"] < first and first <= award.get("to", first):
            payment = {name: award[name] for name in ("policy", "amount", "source")}
            if "person_id" in award:
                payment["person_id"] = award["person_id"]
            yield {**payment, "month": f"{first:%Y-%m}", "paid": first.replace(day=10).isoformat()}


def _amounts(book: Rulebook, households: pa.Table) -> dict[tuple[str, str, str], Decimal]:
    """What the rulebook gives on the county's day, by household, policy and person ("": the household)."""
    kernel = Kernel(book, from_date(DAY), from_date(DAY))
    own = [name for name, one in book.policies.items() if one.unit == "household"]
    found = {}
    for batch in households.unify_dictionaries().to_batches(_AT_ONCE):
        for row in kernel.run(batch).to_pylist():
            for policy, value in _given(row, own):
                found[row["household_id"], policy, ""] = value
            for person in row["people"]:
                for policy, value in _given(person, [name for name in book.policies if name not in own]):
                    found[row["household_id"], policy, person["person_id"]] = value
    return found


def _given(row: Mapping[str, Any], policies: Sequence[str]) -> Iterator[tuple[str, Decimal]]:
    for policy in policies:
        finding = row.get(policy)
        if finding is not None and finding["amount"]:
            yield policy, finding["amount"]


def _by_policy(amounts: Mapping[tuple[str, str, str], Decimal]) -> Mapping[str, list[Decimal]]:
    found: dict[str, list[Decimal]] = defaultdict(list)
    for (_, policy, _), value in amounts.items():
        found[policy].append(value)
    return found
