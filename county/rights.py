"""Who has a right to what in the sample county on its day, reckoned without the engine.

The clauses are written out once more, in numpy, for the county as it is drawn and for that day alone: enrolments follow
from them, and so does the answer key. What this reckoning and the rulebook say differently is a mistake in one of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from county.lives import County
from engine.language.columns.values import Array

STANDARD = {"rural": 632_00, "urban": 832_00}  # cents a head and month
EDGE = 1.5
ASSET_MONTHS, EDGE_ASSET_MONTHS = 24, 36
SUBSIDY = 100_00
HOUSEHOLD_PROGRAMMES = ("dibao", "dibao_edge")
PERSON_PROGRAMMES = (
    "tekun",
    "dibao_single",
    "elderly_80",
    "disabled_living",
    "disabled_care",
    "orphan_allowance",
    "defacto_child",
)
PROGRAMMES = HOUSEHOLD_PROGRAMMES + PERSON_PROGRAMMES
NOT_INCOME = ("central_basic_pension", "elderly_allowance", "disability_subsidy", "family_planning_reward")


@dataclass(frozen=True, slots=True)
class Rights:
    """Masks by programme, of households or of people. `doubtful`: households in which the law leaves open whether the
    central basic pension counts (nobody can decide them until the rule is confirmed)."""

    of: dict[str, Array]
    doubtful: Array
    counted: Array
    income: Array  # counted, of the household, in cents a year
    line: Array  # the standard for all counted members, in cents a year


def yearly(county: County, cost_of_work: float, without: tuple[str, ...]) -> Array:
    """Income of each person in cents a year."""
    items = county.person_lists["income_items"]
    kind, amount = items.fields["kind"], items.fields["amount"].values
    times = np.where(items.fields["per"].is_("month"), 12, 1)
    worth = amount * times * np.where(kind.is_("wage"), 1 - cost_of_work, 1.0)
    worth = np.where(kind.is_(*without), 0, worth)
    return np.rint(np.bincount(items.owner, worth, county.settled.people)).astype(np.int64)


def counted_members(county: County, tekun: Array) -> Array:
    settled, person = county.settled, county.person
    age, relation = settled.age, person["relation"]
    student = person["school_level"].values >= 2
    child = relation.is_("child")
    counted = relation.is_("head", "spouse") | child & (age < 18)
    counted |= child & (
        student & (person["school_full_time"].values > 0) | (person["lives_independently"].values == 0)
    )
    counted |= (person["support_duty"].values > 0) & (person["co_resident"].values > 0)
    orphan = _parents(county)[0]
    return counted & ~person["whereabouts"].is_("dead", "prison") & ~tekun & ~orphan


def _parents(county: County) -> tuple[Array, Array]:
    """Orphans, and children who have parents but not their care."""
    minor = county.settled.age < 18
    both = [county.person[f"{one}_situation"] for one in ("father", "mother")]
    dead = [one.is_("dead", "not_found") for one in both]
    unable = [one.is_("severely_disabled", "prison", "out_of_contact") for one in both]
    orphan = minor & dead[0] & dead[1]
    passed = [one.is_("dead") for one in both]
    alone = unable[0] & unable[1] | passed[0] & unable[1] | passed[1] & unable[0]
    return orphan, minor & alone


def reckon(county: County, tekun: Array, dibao: Array, edge: Array) -> Rights:
    """`tekun`, `dibao` and `edge`: who holds these already, people or households."""
    settled, person = county.settled, county.person
    age, of = settled.age, settled.of
    standard = np.where(settled.urban, STANDARD["urban"], STANDARD["rural"])
    counted = counted_members(county, tekun)
    heads = settled.total(counted).astype(np.int64)
    own = yearly(county, 0.2, NOT_INCOME)
    income = settled.total(np.where(counted, own, 0)).astype(np.int64) - _paid(county)
    income = np.maximum(income, 0)
    line = 12 * standard * heads
    home = _modest(county)
    local = person["hukou_county"].is_("sample_county")
    here = settled.any(counted & local)
    fits = (heads > 0) & here & home
    assets = county.own["financial_assets"].values
    is_dibao = fits & (income < line) & (assets <= ASSET_MONTHS * standard * heads)
    is_edge = fits & ~is_dibao & (income < EDGE * line) & (assets <= EDGE_ASSET_MONTHS * standard * heads)
    doubtful = settled.any(counted & _with_central_pension(county))

    alive = ~person["whereabouts"].is_("dead")
    is_tekun = _tekun(county, standard[of]) & alive
    every = settled.total(counted & is_tekun) == heads
    on_dibao, on_edge = (is_dibao | dibao), (is_edge | edge)
    is_dibao, is_edge = is_dibao & ~every, is_edge & ~every
    grade, kind = person["disability_grade"], person["disability_type"]
    severe = grade.is_("grade_1", "grade_2")
    certified = grade.values > 0
    near = (
        on_edge[of]
        & counted
        & (
            severe
            | grade.is_("grade_3") & kind.is_("intellectual", "mental")
            | (person["severe_illness"].values > 0)
        )
    )
    idle = counted & (age >= 18) & severe & (person["employed"].values == 0)
    property_ = (home & (assets <= EDGE_ASSET_MONTHS * standard * heads))[of]
    single = alive & ~on_dibao[of] & (near | idle) & (own < 12 * standard[of]) & property_
    single &= ~is_tekun & ~tekun
    orphan, without = _parents(county)
    living = alive & certified & (on_dibao[of] & counted | single) & ~orphan & ~tekun & ~is_tekun
    care = alive & severe & (person["care_needed_months"].values >= 6) & ~tekun & ~is_tekun
    # the care subsidy for the old is as high or higher from a moderate loss of ability on, and takes its place
    helped = (on_dibao | on_edge)[of] & counted | single
    dependent = person["elder_ability"].is_("moderate", "severe", "complete")
    care &= ~((age >= 60) & local & helped & dependent)
    old = alive & (age >= 80) & local
    rights = {
        "dibao": is_dibao,
        "dibao_edge": is_edge,
        "tekun": is_tekun,
        "dibao_single": single,
        "elderly_80": old,
        "disabled_living": living & ~without,
        "disabled_care": care,
        "orphan_allowance": orphan & alive,
        "defacto_child": without & alive,
    }
    return Rights(rights, doubtful, counted, income, line)


def _paid(county: County) -> Array:
    paid = county.own_lists["transfers_paid"]
    times = np.where(paid.fields["per"].is_("month"), 12, 1)
    worth = np.bincount(paid.owner, paid.fields["amount"].values * times, county.settled.households)
    return worth.astype(np.int64)


def _modest(county: County) -> Array:
    """No car for pleasure, at most one house and that a dwelling, no company at work; nobody refused to be checked."""
    households = county.settled.households
    lists = county.own_lists

    def having(name: str, mask: Array) -> Array:
        return np.bincount(lists[name].owner[mask], minlength=households) > 0

    cars = having("vehicles", lists["vehicles"].fields["use"].is_("private"))
    houses = lists["houses"]
    many = np.bincount(houses.owner, minlength=households) > 1
    shops = having("houses", houses.fields["use"].is_("shop"))
    firms = lists["businesses"].fields
    company = having("businesses", firms["kind"].is_("company") & (firms["operating"].values > 0))
    return ~(cars | many | shops | company) & (county.own["consent_refused"].values == 0)


def _with_central_pension(county: County) -> Array:
    items = county.person_lists["income_items"]
    found = np.zeros(county.settled.people, np.bool_)
    found[items.owner[items.fields["kind"].is_("central_basic_pension")]] = True
    return found


def _tekun(county: County, standard: Array) -> Array:
    """Nobody able to support them, nothing to live on, unable to work: in this county only old people are so alone."""
    settled, person = county.settled, county.person
    supporters = county.person_lists["supporters"]
    nobody = supporters.known & (np.bincount(supporters.owner, minlength=settled.people) == 0)
    income = yearly(county, 0.0, NOT_INCOME[:3])
    poor = (income < 12 * standard) & (person["personal_assets"].values <= ASSET_MONTHS * standard)
    return nobody & (settled.age >= 60) & poor & ~person["whereabouts"].is_("dead", "prison")
