"""Money: what a household lives on and from where, what it has, what it cannot help spending."""

from __future__ import annotations

import numpy as np

from county.columns import Entries, entries
from county.lives import County
from county.marginals import CENTRAL_BASIC_PENSION, INCOME, drawn
from engine.language.columns.values import Array

KINDS = ("wage", "business", "farming", "property", "support", "pension", "central_basic_pension",
         "elderly_allowance", "disability_subsidy", "family_planning_reward")  # fmt: skip
CHECKED_BELOW = 23_100  # yuan a head: below it an office has looked at where a pension comes from


def earn(random: np.random.Generator, county: County) -> None:
    """Gives everyone incomes, every household assets, vehicles, houses, and its spending."""
    target = _per_head(random, county)
    county.person_lists["income_items"] = _items(random, county, target)
    _own(random, county, target)
    _spend(random, county)
    _leave_alone(random, county)


def _leave_alone(random: np.random.Generator, county: County) -> None:
    """Some old people who live alone have nobody bound to support them, and next to nothing."""
    settled = county.settled
    alone = (settled.size == 1) & (settled.age[settled.first] >= 60)
    chosen = np.flatnonzero(alone & (random.random(settled.households) < np.where(settled.urban, 0.03, 0.12)))
    people = settled.first[chosen]
    county.person_lists["supporters"].clear(people)
    items = county.person_lists["income_items"]
    items.clear(people)
    items.add(people, kind="pension", amount=1000 + random.integers(0, 60, len(people)) * 100, per="month")
    pensioners = people[random.random(len(people)) < 0.5]
    items.add(pensioners, kind="central_basic_pension", amount=CENTRAL_BASIC_PENSION * 100, per="month")
    saved = np.rint(np.exp(random.normal(7.6, 0.7, len(people))) / 10).astype(np.int64) * 1000
    saved = np.minimum(saved, 1_200_000)
    county.person["personal_assets"].say(people, saved)
    county.person["employed"].say(people, 0)
    county.own["financial_assets"].say(chosen, saved)
    for name in ("vehicles", "businesses", "houses", "transfers_paid"):
        county.own_lists[name].clear(chosen)
    county.own_lists["houses"].add(chosen[~county.own["house_grade"].is_("none")[chosen]], use="dwelling")


def _per_head(random: np.random.Generator, county: County) -> Array:
    """Yuan per head and year: lower where fewer can work and where somebody is ill or disabled."""
    settled, person = county.settled, county.person
    able = person["employed"].values > 0
    workers = settled.total(able) / settled.size
    severe = settled.any(person["disability_grade"].is_("grade_1", "grade_2"))
    ill = settled.any(person["severe_illness"].values > 0)
    shift = 0.55 * (workers - 0.45) - 0.32 * severe - 0.25 * ill
    width = np.where(settled.urban, INCOME["urban"][1], INCOME["rural"][1])
    middle = np.log(np.where(settled.urban, INCOME["urban"][0], INCOME["rural"][0]))
    return np.exp(middle + shift + width * 0.94 * random.standard_normal(settled.households))


def _tens(yuan: Array) -> Array:
    """Cents, whole tens of yuan: people do not say what they earn to the last coin."""
    return np.rint(yuan / 10).astype(np.int64) * 1000


def _items(random: np.random.Generator, county: County, target: Array) -> Entries:
    settled, person = county.settled, county.person
    items = entries(settled.people, {"kind": KINDS, "amount": int, "per": ("month", "year")})
    of, age, urban = settled.of, settled.age, settled.urban[settled.of]
    left = target * settled.size

    old = age >= 60
    retired = old & urban & (random.random(settled.people) < 0.72)
    pension = np.exp(random.normal(np.log(2_300), 0.35, settled.people)) * 12
    over = settled.total(np.where(retired, pension, 0))
    pension = pension * np.minimum(1, 0.9 * left / np.maximum(over, 1))[of]
    who = np.flatnonzero(retired)
    items.add(who, kind="pension", amount=_tens(pension[who] / 12), per="month")
    small = old & ~retired
    who = np.flatnonzero(small)
    items.add(who, kind="pension", amount=1000 + random.integers(0, 60, len(who)) * 100, per="month")
    checked = small & (target < CHECKED_BELOW)[of] & (random.random(settled.people) < 0.55)
    who = np.flatnonzero(checked)
    items.add(who, kind="central_basic_pension", amount=CENTRAL_BASIC_PENSION * 100, per="month")
    left = left - settled.total(np.where(retired, pension, np.where(small, 500, 0)))
    left = np.maximum(left, 0)

    works = person["employed"].values > 0
    weight = np.where(works, random.gamma(4.0, 1.0, settled.people), 0)
    tills = (
        ~urban & old & (age < 75) & (person["work_ability"].values == 0)
    )  # old people in the country farm on
    weight = np.where(tills, 0.5 * random.gamma(3.0, 1.0, settled.people), weight)
    together = settled.total(weight)
    share = left[of] * weight / np.maximum(together, 1e-9)[of]
    kind = np.where(
        urban,
        drawn(random, (82.0, 16.0, 2.0), settled.people),
        drawn(random, (46.0, 10.0, 44.0), settled.people),
    )
    kind = np.where(tills, 2, kind)
    wage, other = (weight > 0) & (kind == 0), (weight > 0) & (kind > 0)
    who = np.flatnonzero(wage & (share >= 600))
    items.add(who, kind="wage", amount=_tens(share[who] / 12 / 0.9), per="month")
    who = np.flatnonzero(other & (share >= 60))
    items.add(who, kind=kind[who], amount=_tens(share[who]), per="year")

    idle = np.flatnonzero((together == 0) & (left > 100))
    helped = random.random(len(idle)) < 0.7
    head = settled.first[idle]
    items.add(head[helped], kind="support", amount=_tens(left[idle][helped] / 12), per="month")
    items.add(head[~helped], kind="property", amount=_tens(left[idle][~helped]), per="year")
    return items


def _own(random: np.random.Generator, county: County, target: Array) -> None:
    households = county.settled.households
    wealth = np.exp(np.log(target * 0.75) + random.normal(0, 0.8, households)) * county.settled.size
    county.own["financial_assets"].values = np.rint(wealth / 100).astype(np.int64) * 10_000
    ease = np.clip((np.log(target) - np.log(14_000)) / 1.2, 0, 1)
    cars = np.flatnonzero(random.random(households) < 0.62 * ease)
    county.own_lists["vehicles"].add(cars, use="private")
    county.own_lists["vehicles"].add(np.flatnonzero(random.random(households) < 0.18), use="motorbike")
    homes = county.own["house_grade"]
    county.own_lists["houses"].add(np.flatnonzero(~homes.is_("none")), use="dwelling")
    county.own_lists["houses"].add(np.flatnonzero(random.random(households) < 0.22 * ease), use="dwelling")
    county.own_lists["houses"].add(np.flatnonzero(random.random(households) < 0.04 * ease), use="shop")
    shops = np.flatnonzero(random.random(households) < 0.09)
    county.own_lists["businesses"].add(shops, kind="self_employed", operating=1)
    firms = np.flatnonzero(random.random(households) < 0.03 * ease)
    county.own_lists["businesses"].add(firms, kind="company", operating=1)
    paying = np.flatnonzero(random.random(households) < 0.35 * ease)
    county.own_lists["transfers_paid"].add(
        paying, kind="social_insurance", amount=40_000 * county.settled.size[paying], per="year"
    )


def _spend(random: np.random.Generator, county: County) -> None:
    settled, person = county.settled, county.person
    spending = county.own_lists["spending_items"]
    ill = np.flatnonzero(person["medical_self_pay"].values > 300_000)
    spending.add(settled.of[ill], kind="medical", amount=person["medical_self_pay"].values[ill])
    fees = person["school_level"].is_("senior_high", "vocational", "associate", "bachelor")
    pupils = np.flatnonzero(fees)
    level = person["school_level"].values[pupils]
    fee = np.where(level >= 6, 1_100_000, 260_000) + random.integers(0, 30, len(pupils)) * 10_000
    spending.add(settled.of[pupils], kind="education", amount=fee, public_price=fee)
