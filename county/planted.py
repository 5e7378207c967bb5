"""Mistakes and hardships that are put into the county on purpose, each with the row of the answer key that says so.

In order: two entries for one person before anything else is drawn; facts that betray a mistake; then, once everyone is
enrolled who should be, enrolments that are missing or one too many, and facts that nobody asked for yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from county import names
from county.lives import County
from county.marginals import CHILD
from county.people import Settled
from county.rights import EDGE_ASSET_MONTHS, HOUSEHOLD_PROGRAMMES, STANDARD, Rights
from engine.language.columns.values import Array

DUPLICATES, MISSED, RANK = "duplicates", "missed", "rank"
SPOILT_NAME, SPOILT_DAY, SPOILT_YEAR = range(3)  # one in four is not spoilt at all


@dataclass(frozen=True, slots=True)
class Planted:
    """`command` should find it, in its list `kind`. Households and people by their places; -1: none."""

    command: str
    kind: str
    reason: str
    household: int
    person: int = -1
    policy: str = ""
    fact: str = ""
    other_household: int = -1
    other_person: int = -1


@dataclass(slots=True)
class Planting:
    """What has been planted so far, and which households are taken."""

    random: np.random.Generator
    settled: Settled
    each: int  # how many of every kind
    key: list[Planted] = field(default_factory=list)
    taken: Array = field(init=False)

    def __post_init__(self) -> None:
        self.taken = np.zeros(self.settled.households, np.bool_)

    def households(self, suitable: Array, most: int | None = None) -> Array:
        """Some free households, which are taken by this."""
        free = np.flatnonzero(suitable & ~self.taken)
        chosen = np.sort(self.random.permutation(free)[: self.each if most is None else most])
        self.taken[chosen] = True
        return chosen

    def people(self, suitable: Array, most: int | None = None) -> Array:
        """Some people of free households, one each."""
        free = np.flatnonzero(suitable & ~self.taken[self.settled.of])
        mixed = self.random.permutation(free)
        _, one_each = np.unique(self.settled.of[mixed], return_index=True)
        chosen = self.random.permutation(mixed[np.sort(one_each)])[: self.each if most is None else most]
        self.taken[self.settled.of[chosen]] = True
        return np.sort(chosen)

    def note(
        self, command: str, kind: str, reason: str, people: Array, policy: str = "", fact: str = ""
    ) -> None:
        for person in people.tolist():
            household = int(self.settled.of[person])
            self.key.append(Planted(command, kind, reason, household, person, policy, fact))

    def note_households(
        self, command: str, kind: str, reason: str, households: Array, policy: str = "", fact: str = ""
    ) -> None:
        self.key += [Planted(command, kind, reason, one, -1, policy, fact) for one in households.tolist()]


# --- one person, two entries --------------------------------------------------------------------------------


def two_entries(planting: Planting) -> None:
    """Grown children of one household who stand alone in another: under the same number, or under a second one."""
    settled, random = planting.settled, planting.random
    grown = np.flatnonzero((settled.role == CHILD) & ~settled.minor & (settled.size[settled.of] > 2))
    alone = np.flatnonzero(settled.size == 1)
    for same in (True, False):
        pairs = list(_pairs(planting, grown, alone))
        for number, (person, household) in enumerate(pairs):
            other = int(settled.first[household])
            settled.sex[other] = settled.sex[person]
            settled.born[other] = settled.born[person]
            settled.names.copy(np.array([other]), np.array([person]))
            if same:
                settled.identity[other] = settled.identity[person]
                kind, reason = "two-households", "一人两户：已成年子女另立一户，仍列在父母户内"
            else:
                kind, reason = "two-numbers", _spoil(settled, other, person, number % 4, random)
            home = int(settled.of[person])
            planting.key.append(
                Planted(DUPLICATES, kind, reason, home, person, other_household=household, other_person=other)
            )


def _pairs(planting: Planting, grown: Array, alone: Array) -> Iterator[tuple[int, int]]:
    """A grown child, and a household of one in the same town."""
    settled = planting.settled
    mixed = planting.random.permutation(grown)
    rest = planting.random.permutation(alone)
    found = 0
    for person in mixed.tolist():
        home = settled.of[person]
        if planting.taken[home] or found >= planting.each:
            continue
        there = rest[(settled.town[rest] == settled.town[home]) & ~planting.taken[rest]]
        if not len(there):
            continue
        planting.taken[home] = planting.taken[there[0]] = True
        found += 1
        yield person, int(there[0])


def _spoil(settled: Settled, other: int, person: int, how: int, random: np.random.Generator) -> str:
    """Makes a second entry differ as second entries do. Says how."""
    born = settled.born[person]
    month = born.astype("datetime64[M]")
    day = int((born - month).astype(int)) + 1
    if how == SPOILT_NAME:
        alike = names.alike(int(settled.names.first[person]))
        if alike is not None:
            settled.names.first[other] = alike
            return "一人两号：姓名用了同音字，出生日期相同"
    if how == SPOILT_DAY and day <= 12 and day != int(month.astype(int) % 12) + 1:
        year = born.astype("datetime64[Y]").astype("datetime64[M]")
        settled.born[other] = (year + (day - 1)).astype("datetime64[D]") + int(month.astype(int) % 12)
        return "一人两号：出生月、日颠倒"
    if how == SPOILT_YEAR:
        back = (month - 12).astype("datetime64[D]") + (min(day, 28) - 1)
        settled.born[other] = back
        settled.born[person] = month.astype("datetime64[D]") + (min(day, 28) - 1)
        return "一人两号：出生年份改大一岁，姓名、月日相同"
    return "一人两号：姓名、出生日期相同，住在同一乡镇的另一户"


# --- facts --------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Kept:
    """What stays enrolled although the facts no longer carry it: masks by programme."""

    of: dict[str, Array]

    def keep(self, policy: str, places: Array) -> None:
        self.of[policy][places] = True


def spoil_facts(planting: Planting, county: County, before: Rights, kept: Kept) -> None:
    settled, person, own = county.settled, county.person, county.own
    standard = np.where(settled.urban, STANDARD["urban"], STANDARD["rural"])
    firm = ~before.doubtful
    rich = planting.households(before.of["dibao"] & firm)
    own["financial_assets"].values[rich] = (EDGE_ASSET_MONTHS * 2 * standard * settled.size)[rich]
    kept.keep("dibao", rich)
    planting.note_households(MISSED, "refused", "存款超过上限，低保仍在发放", rich, "dibao")

    of_age = (settled.age >= 20) & (settled.age < 58) & (person["employed"].values == 0) & before.counted
    of_age &= (person["work_ability"].values < 2) & (person["school_level"].values == 0)
    workers = planting.people(of_age & before.of["dibao"][settled.of] & firm[settled.of])
    county.person_lists["income_items"].add(
        workers, kind="wage", amount=standard[settled.of[workers]] * 3 * settled.size[settled.of[workers]], per="month"
    )  # fmt: skip
    person["employed"].values[workers] = 1
    kept.keep("dibao", settled.of[workers])
    planting.note_households(
        MISSED, "refused", "成员已就业，收入未申报，低保仍在发放", settled.of[workers], "dibao"
    )

    well_off = (
        (before.income > 3 * before.line)[settled.of] & (settled.size[settled.of] > 2) & firm[settled.of]
    )
    for policy, suitable in (("elderly_80", well_off & (settled.role != 0)), ("tekun", before.of["tekun"])):
        dead = planting.people(before.of[policy] & suitable)
        person["whereabouts"].say(dead, "dead")
        kept.keep(policy, dead)
        planting.note(MISSED, "refused", "已死亡仍在享受", dead, policy)

    lapsed = planting.people(before.of["disabled_care"] & firm[settled.of] & ~before.of["dibao"][settled.of])
    person["disability_grade"].say(lapsed, "none")
    person["disability_type"].forget(lapsed)
    kept.keep("disabled_care", lapsed)
    planting.note(MISSED, "refused", "残疾人证已失效，护理补贴仍在发放", lapsed, "disabled_care")

    both = planting.people(before.of["tekun"])
    person["disability_grade"].say(both, "grade_2")
    person["disability_type"].say(both, "physical")
    person["care_needed_months"].say(both, 30)
    kept.keep("disabled_care", both)
    planting.note(DUPLICATES, "exclusive", "特困人员同时领取护理补贴", both, "disabled_care|tekun")
    _hardest(planting, county, before)


def _hardest(planting: Planting, county: County, before: Rights) -> None:
    """Two people, both severely ill and disabled, nothing to live on, a dangerous house, a fire: and nobody has come."""
    settled, person, own = county.settled, county.person, county.own
    both = settled.size == 2
    grown = settled.total((settled.age >= 60) | (settled.age >= 20) & (settled.role == 1)) == 2
    suitable = both & grown & (settled.total(settled.role <= 1) == 2) & ~before.of["dibao"]
    chosen = planting.households(suitable)
    people = np.flatnonzero(np.isin(settled.of, chosen))
    county.person_lists["income_items"].clear(people)
    for name in ("vehicles", "houses", "businesses", "transfers_paid", "spending_items"):
        county.own_lists[name].clear(chosen)
    county.own_lists["houses"].add(chosen, use="dwelling")
    county.own_lists["spending_items"].add(chosen, kind="medical", amount=1_800_000)
    own["financial_assets"].say(chosen, 0)
    own["house_grade"].say(chosen, "d")
    own["sudden_event"].say(chosen, "fire")
    for name in ("basic_living_in_difficulty", "hard_after_other_aid"):
        own[name].say(chosen, 1)
    person["severe_illness"].say(people, 1)
    person["disability_grade"].say(people, "grade_1")
    person["disability_type"].say(people, "physical")
    person["care_needed_months"].say(people, 24)
    person["work_ability"].say(people, "lost")
    person["employed"].say(people, 0)
    person["registered_unemployed"].say(people, 0)
    person["school_level"].say(people, "none")
    supporters = county.person_lists["supporters"]
    supporters.known[people] = True
    bare = people[np.bincount(supporters.owner, minlength=settled.people)[people] == 0]
    supporters.add(
        bare, rung="none", supporter_age=40, severely_disabled=0, annual_income=3_000_000,
        property_within_rule=0, situation="ordinary",
    )  # fmt: skip
    person["personal_assets"].say(people, 0)
    person["self_care_items_failed"].say(people, 3)
    planting.note_households(
        RANK, "hardest", "两人均重病重残、无收入、房屋危险、遭火灾，未享受任何救助", chosen
    )


# --- enrolments ---------------------------------------------------------------------------------------------


def spoil_enrolments(planting: Planting, rights: Rights, enrolled: dict[str, Array]) -> None:
    """Takes enrolments away from people who have a right to them, and gives one too many to some."""
    settled = planting.settled
    firm = ~rights.doubtful
    everyone = np.zeros(settled.households, np.bool_)
    hardest = [one.household for one in planting.key if one.kind == "hardest"]
    everyone[hardest] = True
    for policy, mask in rights.of.items():
        of = everyone if policy in HOUSEHOLD_PROGRAMMES else everyone[settled.of]
        _missed(planting, policy, np.flatnonzero(mask & of), enrolled, "最困难的家庭，符合条件未享受")
    for policy in ("dibao", "dibao_edge"):
        chosen = planting.households(rights.of[policy] & enrolled[policy] & firm)
        _missed(planting, policy, chosen, enrolled, "符合条件未享受")
    for policy in ("tekun", "dibao_single", "disabled_living", "disabled_care", "elderly_80"):
        suitable = rights.of[policy] & enrolled[policy] & firm[settled.of]
        if policy == "tekun":  # their household's other programmes follow from what they hold
            suitable &= (settled.size == 1)[settled.of]
        _missed(planting, policy, planting.people(suitable), enrolled, "符合条件未享受")
    twice = planting.households(rights.of["dibao"] & enrolled["dibao"] & firm)
    enrolled["dibao_edge"][twice] = True
    planting.note_households(DUPLICATES, "exclusive", "低保与低保边缘同时在册", twice, "dibao|dibao_edge")
    planting.note_households(MISSED, "refused", "低保家庭同时登记为低保边缘", twice, "dibao_edge")


def _missed(planting: Planting, policy: str, places: Array, enrolled: dict[str, Array], reason: str) -> None:
    enrolled[policy][places] = False
    if policy in HOUSEHOLD_PROGRAMMES:
        planting.note_households(MISSED, "missed", reason, places, policy)
    else:
        planting.note(MISSED, "missed", reason, places, policy)


# --- facts that nobody asked for ----------------------------------------------------------------------------


def forget(planting: Planting, county: County, rights: Rights, enrolled: dict[str, Array]) -> None:
    """One fact short of a right; and facts of which nothing depends, or more than one."""
    settled, person = county.settled, county.person
    firm = ~rights.doubtful
    poor = rights.of["dibao"] & enrolled["dibao"] & firm
    asked = planting.households(poor)
    enrolled["dibao"][asked] = False
    county.own["financial_assets"].forget(asked)
    planting.note_households(
        MISSED, "one-fact-away", "金融资产未查，查清即可能纳入低保", asked, "dibao", "financial_assets"
    )
    planting.note_households(
        MISSED,
        "one-fact-away",
        "金融资产未查，查清即可能认定为低保边缘",
        asked,
        "dibao_edge",
        "financial_assets",
    )
    more = planting.households(poor)
    enrolled["dibao"][more] = False
    county.own["financial_assets"].forget(more)
    county.own_lists["houses"].clear(more)
    county.own_lists["houses"].known[more] = False

    carers = planting.people(rights.of["disabled_care"] & enrolled["disabled_care"] & firm[settled.of])
    enrolled["disabled_care"][carers] = False
    person["care_needed_months"].forget(carers)
    planting.note(
        MISSED, "one-fact-away", "长期照护月数未登记", carers, "disabled_care", "care_needed_months"
    )

    plain = firm & (settled.size == 1) & ~settled.any(person["disability_grade"].values > 0)
    lonely = planting.people(rights.of["tekun"] & enrolled["tekun"] & plain[settled.of])
    enrolled["tekun"][lonely] = False
    enrolled["dibao"][settled.of[lonely]] = True
    county.person_lists["supporters"].known[lonely] = False
    planting.note(MISSED, "one-fact-away", "赡养义务人情况未登记", lonely, "tekun", "supporters")
    _forget_elsewhere(planting, county, rights)


def _forget_elsewhere(planting: Planting, county: County, rights: Rights) -> None:
    """Nobody checked the accounts of people who never asked for anything: their incomes alone put them out of question."""
    settled, person, random = county.settled, county.person, planting.random
    severe = settled.any(person["disability_grade"].is_("grade_1", "grade_2", "grade_3"))
    ill = settled.any(person["severe_illness"].values > 0)
    far = (rights.income > 2.5 * rights.line) & ~rights.doubtful & ~severe & ~ill & ~planting.taken
    unasked = far & (random.random(settled.households) < 0.7)
    county.own["financial_assets"].forget(unasked)
    for name in ("vehicles", "houses", "businesses"):
        few = np.flatnonzero(unasked & (random.random(settled.households) < 0.3))
        county.own_lists[name].clear(few)
        county.own_lists[name].known[few] = False
    of = unasked[settled.of]
    for name, share in (
        ("medical_self_pay", 0.15),
        ("party_member", 0.2),
        ("elder_ability", 0.5),
        ("union_member", 0.2),
    ):
        person[name].forget(of & (random.random(settled.people) < share))
