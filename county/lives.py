"""What is known of people and households beside money: schooling, disability, illness, work, family, homes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from county.columns import UNKNOWN, Entries, Fact, Kind, choice, entries, plain
from county.marginals import (
    AREA,
    CHILD,
    DISABILITY_TYPES,
    DISABLED_BY_AGE,
    GRADE_SHARES,
    GRANDCHILD,
    HEAD,
    ILL_BY_AGE,
    PARENT,
    RELATIONS,
    SPOUSE,
    TYPE_SHARES,
    by_age,
    drawn,
)
from county.people import Settled
from engine.language.columns.values import Array

GRADES = ("none", "grade_1", "grade_2", "grade_3", "grade_4")
PARENTS = ("ordinary", "dead", "not_found", "severely_disabled", "prison", "out_of_contact")
LEVELS = (
    "none",
    "kindergarten",
    "primary",
    "junior_high",
    "senior_high",
    "vocational",
    "associate",
    "bachelor",
)

OWN_LISTS: Mapping[str, Mapping[str, Kind]] = {
    "vehicles": {"use": ("private", "motorbike", "disability_mobility", "tool_of_trade")},
    "houses": {"use": ("dwelling", "shop")},
    "businesses": {"kind": ("company", "self_employed"), "operating": int},
    "transfers_paid": {"kind": ("social_insurance",), "amount": int, "per": ("month", "year")},
    "spending_items": {"kind": ("medical", "education"), "amount": int, "public_price": int},
    "statuses": {
        "policy": (),
        "person_id": int,
        "from": np.datetime64,
        "to": np.datetime64,
        "recorded": np.datetime64,
    },
}
SUPPORTERS: Mapping[str, Kind] = {
    "rung": ("none",),
    "supporter_age": int,
    "severely_disabled": int,
    "annual_income": int,
    "property_within_rule": int,
    "situation": ("ordinary",),
}


@dataclass(slots=True)
class County:
    """Facts by their names: of households, of people, and lists of either."""

    settled: Settled
    own: dict[str, Fact]
    person: dict[str, Fact]
    own_lists: dict[str, Entries]
    person_lists: dict[str, Entries]

    @property
    def statuses(self) -> Entries:
        return self.own_lists["statuses"]


def live(random: np.random.Generator, settled: Settled) -> County:
    person = _people(random, settled)
    own = _households(random, settled)
    households, people = settled.households, settled.people
    own_lists = {name: entries(households, fields) for name, fields in OWN_LISTS.items()}
    asked = _needs_supporters(settled, person)
    supporters = entries(people, SUPPORTERS, asked)
    some = np.flatnonzero(asked)
    ages = 28 + (random.random(len(some)) ** 0.8 * 30).astype(np.int64)
    income = np.rint(np.exp(random.normal(10.55, 0.35, len(some))) / 100).astype(np.int64) * 10_000
    supporters.add(
        some, rung="none", supporter_age=ages, severely_disabled=0, annual_income=income,
        property_within_rule=0, situation="ordinary",
    )  # fmt: skip
    return County(settled, own, person, own_lists, {"supporters": supporters})


def _needs_supporters(settled: Settled, person: dict[str, Fact]) -> Array:
    """Old people, minors and disabled ones: those of whom an office asks who has to support them."""
    age = settled.age
    return (age >= 60) | (age < 18) | (person["disability_grade"].values > 0)


# --- people -------------------------------------------------------------------------------------------------


def _people(random: np.random.Generator, settled: Settled) -> dict[str, Fact]:
    people, age, role = settled.people, settled.age, settled.role
    rural = ~settled.urban[settled.of]

    def chance(share: float | Array) -> Array:
        return random.random(people) < share

    def constant(value: str, *others: str) -> Fact:
        return choice(np.zeros(people, np.int64), (value, *others))

    def no() -> Fact:
        return plain(np.zeros(people, np.int64))

    grade = np.where(chance(by_age(age, DISABLED_BY_AGE)), 1 + drawn(random, GRADE_SHARES, people), 0)
    kind = np.where(grade > 0, drawn(random, TYPE_SHARES, people), UNKNOWN)
    severe, mind = (grade == 1) | (grade == 2), np.isin(kind, (4, 5))
    ill = chance(by_age(age, ILL_BY_AGE) * np.where(severe, 2.0, 1.0))
    ability = np.where(severe, np.where(chance(0.6), 2, 1), np.where(ill, np.where(chance(0.4), 2, 1), 0))
    ability = np.where((age >= 75) & (ability == 0) & chance(0.3), 1, ability)
    level = _school(random, settled, kind, severe)
    adult = role == CHILD
    home = np.where(adult & (age >= 18), chance(0.62), True)  # the others work elsewhere
    studies = level > 0
    able = (age >= 18) & (age < 60) & (ability < 2) & ~studies
    work = able & chance(np.where(ability == 1, 0.45, np.where(settled.sex == 1, 0.78, 0.9)))
    member = (age >= 25) & chance(np.where(age >= 60, 0.085, 0.06))
    elder = np.where(age >= 60, drawn(random, (84.0, 8.0, 4.5, 2.5, 1.0), people), UNKNOWN)
    elder = np.where((elder == 0) & severe & (age >= 60), 2, elder)
    paid = np.where(ill, np.exp(random.normal(9.3, 0.8, people)), 0)
    paid = np.where(~ill & chance(0.05), np.exp(random.normal(7.6, 0.7, people)), paid)
    facts = {
        "relation": choice(role.copy(), RELATIONS),
        "birth_date": plain(settled.born.copy()),
        "sex": choice(settled.sex.astype(np.int64), ("male", "female")),
        "hukou_county": choice((chance(0.03) & (role == SPOUSE)).astype(np.int64), (AREA, "elsewhere")),
        "rural_hukou": plain((rural ^ chance(0.08)).astype(np.int64)),
        "support_duty": plain(np.isin(role, (HEAD, SPOUSE, CHILD, PARENT, GRANDCHILD)).astype(np.int64)),
        "co_resident": plain(home.astype(np.int64)),
        "lives_independently": plain((~(severe & chance(0.8))).astype(np.int64)),
        "school_level": choice(level, LEVELS),
        "school_full_time": plain(studies.astype(np.int64)),
        "school_approved": plain(studies.astype(np.int64)),
        "boarder": plain((chance(np.where(rural, 0.35, 0.08)) & (level >= 2)).astype(np.int64)),
        "student_hardship": constant("none", "general", "hard", "special"),
        "whereabouts": constant("ordinary", "dead", "prison"),
        "disability_grade": choice(grade, GRADES),
        "disability_type": choice(kind, DISABILITY_TYPES),
        "severe_illness": plain(ill.astype(np.int64)),
        "work_ability": choice(ability, ("full", "partial", "lost")),
        "refused_job_offers": no(),
        "father_situation": _parent(random, settled, 1.0),
        "mother_situation": _parent(random, settled, 0.7),
        "care_needed_months": plain(
            np.where(severe, np.where(chance(0.82), 6 + random.integers(0, 200, people), 0), 0), grade > 0
        ),
        "work_injury_nursing": no(),
        "other_living_allowance": no(),
        "other_nursing_allowance": no(),
        "employed": plain(work.astype(np.int64)),
        "personal_assets": plain(
            np.rint(np.exp(random.normal(8.3, 1.0, people)) / 10).astype(np.int64) * 1000,
            (age >= 60) | (age < 18) | (grade > 0),
        ),
        "support_form": constant("scattered", "central"),
        "self_care_items_failed": plain(
            np.where(age >= 60, np.array([0, 1, 2, 4, 6])[np.maximum(elder, 0)], 0), (age >= 60) | severe
        ),
        "child_scheme": Fact(
            np.zeros(people, np.int64), np.zeros(people, np.bool_), ("orphan_allowance", "defacto_child", "tekun")
        ),
        "medical_self_pay": plain(np.rint(paid / 10).astype(np.int64) * 1000),
        "illness_poverty": no(),
        "elder_ability": choice(elder, ("able", "mild", "moderate", "severe", "complete")),
        "guardianship_failing": no(),
        "rehab_category": choice(
            np.where(age < 18, np.where((grade > 0) & (age < 7), 1 + (kind % 5), 0), UNKNOWN),
            ("none", "visual", "hearing", "speech", "physical", "intellectual"),
        ),
        "rehab_designated": plain(chance(0.7).astype(np.int64), (age < 7) & (grade > 0)),
        "medical_insurance": choice(
            np.where(work & chance(np.where(rural, 0.12, 0.55)), 1, np.where(chance(0.03), 2, 0)),
            ("resident", "employee", "none"),
        ),
        "children_now": constant("other", "none", "one", "two_girls"),
        "registered_unemployed": plain((able & ~work & chance(0.18)).astype(np.int64)),
        "public_post_offered": no(),
        "flexible_work": no(),
        "pension_insurance": choice(
            np.where(rural, 0, np.where(chance(0.6), 1, 0)) * np.ones(people, np.int64), ("resident", "employee")
        ),
        "union_member": plain((work & ~rural & chance(0.25)).astype(np.int64)),
        "two_cancer_diagnosis": constant("none", "breast", "cervical"),
        "party_member": plain(member.astype(np.int64)),
        "party_good_standing": plain(member.astype(np.int64), member),
        "veteran_category": constant("none"),
        "veteran_hardship_cause": constant("none"),
        "judicial_harm": constant("none"),
        "emergency_care_needed": no(),
    }  # fmt: skip
    _fill_children(settled, facts, mind)
    return facts


def _fill_children(settled: Settled, facts: dict[str, Fact], mind: Array) -> None:
    """An orphan is on the orphans' scheme, and a child without care on its own."""
    minor = settled.age < 18
    gone = [facts[f"{one}_situation"].is_("dead", "not_found") for one in ("father", "mother")]
    unable = [
        facts[f"{one}_situation"].is_("severely_disabled", "prison", "out_of_contact")
        for one in ("father", "mother")
    ]
    orphan = minor & gone[0] & gone[1]
    without = minor & ~orphan & (gone[0] | unable[0]) & (gone[1] | unable[1])
    facts["child_scheme"].say(orphan, "orphan_allowance")
    facts["child_scheme"].say(without, "defacto_child")


def _parent(random: np.random.Generator, settled: Settled, much: float) -> Fact:
    """The situation of a minor's father or mother. Those who live with grandparents have lost more of theirs."""
    people = settled.people
    with_elders = settled.role == GRANDCHILD
    share = np.where(with_elders, 0.3, 0.012) * much
    what = 1 + drawn(random, (62.0, 3.0, 9.0, 9.0, 17.0), people)
    situation = np.where(random.random(people) < share, what, 0)
    home = np.isin(settled.role, (CHILD,)) & (settled.size[settled.of] > 2)
    situation = np.where(home, 0, situation)
    return choice(np.where(settled.age < 18, situation, UNKNOWN), PARENTS)


def _school(random: np.random.Generator, settled: Settled, kind: Array, severe: Array) -> Array:
    age, people = settled.age, settled.people
    level = np.zeros(people, np.int64)
    level[(age >= 3) & (age < 6) & (random.random(people) < 0.88)] = 1
    level[(age >= 6) & (age < 12)] = 2
    level[(age >= 12) & (age < 15)] = 3
    upper = (age >= 15) & (age < 18)
    level[upper] = np.where(random.random(people) < 0.58, 4, 5)[upper]
    student = (age >= 18) & (age < 22) & (settled.role == CHILD) & (random.random(people) < 0.52)
    level[student] = np.where(random.random(people) < 0.45, 7, 6)[student]
    level[severe & np.isin(kind, (4, 5)) & (random.random(people) < 0.5)] = 0
    return level


# --- households ---------------------------------------------------------------------------------------------


def _households(random: np.random.Generator, settled: Settled) -> dict[str, Fact]:
    households, urban = settled.households, settled.urban

    def chance(share: float | Array) -> Array:
        return random.random(households) < share

    def flag(share: float | Array) -> Fact:
        return plain(chance(share).astype(np.int64))

    sudden = np.where(chance(0.012), 1 + drawn(random, (20.0, 30.0, 40.0, 10.0), households), 0)
    hit = sudden > 0
    grade = drawn(random, (60.0, 36.0, 3.0, 1.0), households)
    return {
        "residence": choice(urban.astype(np.int64), ("rural", "urban")),
        "residence_permit_pilot": flag(0.0),
        "consent_refused": flag(0.0),
        "financial_assets": plain(np.zeros(households, np.int64)),
        "anti_poverty_watch": flag(0.0),
        "lifted_from_poverty": plain((~urban & chance(0.07)).astype(np.int64)),
        "sudden_event": choice(sudden, ("none", "fire", "traffic_accident", "sudden_illness", "other_urgent")),
        "basic_living_in_difficulty": plain((hit & chance(0.35)).astype(np.int64)),
        "hard_after_other_aid": plain((hit & chance(0.5)).astype(np.int64)),
        "spending_beyond_means": flag(0.0),
        "aided_for_same_cause": plain((hit & chance(0.3)).astype(np.int64)),
        "house_grade": choice(np.where(urban & chance(0.1), 4, grade), ("a", "b", "c", "d", "none")),
        "family_judged_poor": flag(0.0),
        "residence_permit_here": flag(0.02),
        "housing_problem": flag(0.0),
        "other_state_housing": flag(0.01),
        "can_repair_alone": flag(0.9),
        "rural_house_aided": flag(0.05),
        "disaster_affected": flag(0.0),
        "return_risk_reported": flag(0.0),
    }  # fmt: skip
