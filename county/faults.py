"""Faults that only records show: what departments told and nobody here did, what was paid and to whom, reviews left out.

Planted after everything else and drawn from random numbers of their own, so that nothing planted before is another one.
Beside each fault stand honest lives that look like it: deaths that were reported, an agent for several old people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from county.lives import County
from county.marginals import AS_OF
from county.planted import DUPLICATES, MISSED, Planted, Planting
from county.rights import HOUSEHOLD_PROGRAMMES, PROGRAMMES, Rights
from engine.language.columns.values import Array

WATCH = "watch"
DEAD_PAID, EXCLUSIVE, TWO_HOUSEHOLDS, UNREPORTED, SHARED_ACCOUNT, OVER_ASSET, RELIEF_TWICE, STALE_REVIEW = (
    "dead-paid",
    "exclusive",
    "two-households",
    "unreported-exit",
    "account-shared",
    "over-asset",
    "relief-twice",
    "stale-review",
)
RELIEF = "temporary_relief"
ALONE = "独居对象已火化，村里未报，低保仍在发放"
MINOR = 16  # younger people have no account of their own
GUARDIAN, SELF, AGENT = "guardian", "self", "agent"


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault: its name for people, and the watch rules that are there to find it."""

    zh: str
    en: str
    rules: frozenset[str]


FAULTS: Mapping[str, Fault] = {
    DEAD_PAID: Fault(
        "死亡冒领", "the dead still paid", frozenset({"paid_after_death", "paid_after_death_alone"})
    ),
    EXCLUSIVE: Fault("互斥待遇同享", "an exclusive pair held together", frozenset({"held_together"})),
    TWO_HOUSEHOLDS: Fault("一人两户", "one person in two households", frozenset({"in_two_households"})),
    UNREPORTED: Fault(
        "应退未报",
        "an exit that nobody reported",
        frozenset(
            {
                "unreported_death",
                "unreported_prison",
                "unreported_move",
                "unreported_job",
                "death_not_entered",
                "paid_in_prison",
            }
        ),
    ),
    SHARED_ACCOUNT: Fault(
        "多户共用账户", "one account for several households", frozenset({"account_of_several_households"})
    ),
    OVER_ASSET: Fault("财产超标", "more property than the rule allows", frozenset({"over_property_rule"})),
    RELIEF_TWICE: Fault(
        "同一事由重复临时救助",
        "temporary relief twice for one cause",
        frozenset({"relief_twice_for_one_cause"}),
    ),
    STALE_REVIEW: Fault("核查逾期", "a stale review", frozenset({"review_overdue"})),
}


@dataclass(frozen=True, slots=True)
class Event:
    """`person`: a place. `until`: of a sentence, if it is one."""

    kind: str
    person: int
    day: np.datetime64
    source: str
    until: np.datetime64 | None = None


@dataclass(frozen=True, slots=True)
class Relief:
    """Temporary relief paid to a household, `back` months ago, in yuan."""

    household: int
    back: int
    yuan: int
    cause: str


@dataclass(frozen=True, slots=True)
class PayTo:
    """Whose account a household's or (`person` not -1) a person's money goes to. `number_of`: whose number that is."""

    household: int
    person: int
    holder: int
    relation: str
    number_of: int


@dataclass(slots=True)
class Happened:
    """What the county's records hold beside facts. `ended`: people whose allowance ended, with the last day."""

    events: list[Event] = field(default_factory=list)
    relief: list[Relief] = field(default_factory=list)
    ended: dict[tuple[str, int], np.datetime64] = field(default_factory=dict)
    shared: list[tuple[Array, bool]] = field(default_factory=list)
    stale: Array = field(default_factory=lambda: np.zeros(0, np.int64))


def plant_faults(
    planting: Planting, county: County, rights: Rights, enrolled: Mapping[str, Array], seed: int
) -> Happened:
    """Faults in households that are free of every other one; what was planted before is noted as a fault as well."""
    planting.random = np.random.default_rng([seed, 10])
    found = Happened()
    _known_already(planting, found)
    firm = ~rights.doubtful
    poor = rights.of["dibao"] & enrolled["dibao"] & firm & ~enrolled["dibao_edge"]
    _over_asset(planting, county, poor)
    own = np.zeros(county.settled.people, np.bool_)
    for name in PROGRAMMES:
        if name not in HOUSEHOLD_PROGRAMMES:
            own |= enrolled[name]
    _unreported(planting, county, poor, own, found)
    _relief(planting, rights, found)
    holding = poor & ~county.settled.any(own)
    _shared(planting, holding, found)
    found.stale = planting.households(holding)
    planting.note_households(WATCH, STALE_REVIEW, "低保超过规定期限未核查", found.stale, "dibao")
    _honest(planting, county, rights, enrolled, own, found)
    return found


def _days_before(planting: Planting, least: int, most: int) -> np.datetime64:
    return AS_OF - np.timedelta64(int(planting.random.integers(least, most)), "D")


def _known_already(planting: Planting, found: Happened) -> None:
    """Mistakes of the other lists that a watch rule has to find too; the day on which the dead died."""
    for one in list(planting.key):
        if one.command == MISSED and one.reason == "已死亡仍在享受":
            found.events.append(Event("death", one.person, _days_before(planting, 50, 240), "civil_affairs"))
            planting.note(WATCH, DEAD_PAID, "死亡后待遇仍在发放", np.array([one.person]), one.policy)
        elif one.command == MISSED and one.reason == "存款超过上限，低保仍在发放":
            planting.note_households(WATCH, OVER_ASSET, "存款超过上限", np.array([one.household]), one.policy)
        elif (one.command, one.kind) == (DUPLICATES, "exclusive"):
            planting.key.append(Planted(WATCH, EXCLUSIVE, one.reason, one.household, one.person, one.policy))
        elif (one.command, one.kind) == (DUPLICATES, "two-households"):
            planting.key.append(
                Planted(
                    WATCH, TWO_HOUSEHOLDS, one.reason, one.household, one.person,
                    other_household=one.other_household, other_person=one.other_person,
                )
            )  # fmt: skip


def _over_asset(planting: Planting, county: County, poor: Array) -> None:
    for name, use, reason in (
        ("vehicles", "private", "名下登记有私家车，低保仍在发放"),
        ("houses", "dwelling", "名下登记有第二套住房，低保仍在发放"),
    ):
        has_home = np.bincount(county.own_lists["houses"].owner, minlength=len(poor)) > 0
        chosen = planting.households(poor & has_home)
        county.own_lists[name].add(chosen, use=use)
        planting.note_households(MISSED, "refused", reason, chosen, "dibao")
        planting.note_households(WATCH, OVER_ASSET, reason, chosen, "dibao")


def _unreported(planting: Planting, county: County, poor: Array, own: Array, found: Happened) -> None:
    """A department knows of it; the facts are as they were, and the guarantee goes on."""
    settled, person = county.settled, county.person
    grown = poor[settled.of] & ~own & (settled.age >= 20)
    alone, together = settled.size[settled.of] == 1, settled.size[settled.of] > 1
    idle = grown & (settled.age < 58) & (person["employed"].values == 0) & (person["work_ability"].values < 2)
    local = grown & person["hukou_county"].is_("sample_county")
    for kind, source, suitable, reason in (
        ("death", "civil_affairs", grown & together, "已火化，村里未报，低保仍在发放"),
        ("death", "civil_affairs", grown & alone, ALONE),
        ("prison", "political_legal", grown & together, "已入狱服刑，村里未报，低保仍在发放"),
        ("moved_out", "public_security", local & together, "户口已迁出本县，村里未报，低保仍在发放"),
        ("new_job", "human_resources", idle, "已参加职工社会保险，村里未报，低保仍在发放"),
    ):
        chosen = planting.people(suitable)
        planting.note(WATCH, UNREPORTED, reason, chosen, "dibao")
        if reason == ALONE:  # nobody is left whom the household's money could be for
            planting.note_households(WATCH, DEAD_PAID, reason, settled.of[chosen], "dibao")
        for one in chosen.tolist():
            day = _days_before(planting, 50, 300)
            until = AS_OF + np.timedelta64(400, "D") if kind == "prison" else None
            found.events.append(Event(kind, one, day, source, until))


def _relief(planting: Planting, rights: Rights, found: Happened) -> None:
    """Twice for one cause; and, honestly, for two causes, or for one cause after its time."""
    some = ~rights.of["dibao"]
    twice = planting.households(some)
    planting.note_households(WATCH, RELIEF_TWICE, "同一火灾十二个月内两次临时救助", twice, RELIEF)
    for chosen, causes, backs in (
        (twice, ("fire", "fire"), (9, 2)),
        (planting.households(some), ("fire", "sudden_illness"), (9, 2)),
        (planting.households(some), ("traffic_accident", "traffic_accident"), (19, 2)),
    ):
        for household in chosen.tolist():
            for cause, back in zip(causes, backs, strict=True):
                yuan = 500 * int(planting.random.integers(4, 13))
                found.relief.append(Relief(household, back, yuan, cause))


def _shared(planting: Planting, holding: Array, found: Happened) -> None:
    """Three households whose money goes to one account: to somebody of one of them, or to numbers that are the same."""
    for same_number in (False, True):
        chosen = planting.households(holding, 3 * max(1, planting.each // 3))
        chosen = chosen[: len(chosen) // 3 * 3].reshape(-1, 3)
        reason = "三户登记的账号相同" if same_number else "三户的低保金都打入其中一户的账户"
        for group in chosen:
            found.shared.append((group, same_number))
            planting.note_households(WATCH, SHARED_ACCOUNT, reason, group, "dibao")


def _honest(
    planting: Planting,
    county: County,
    rights: Rights,
    enrolled: Mapping[str, Array],
    own: Array,
    found: Happened,
) -> None:
    """Deaths that were entered and whose allowance ended in time, work that was told, moves of people who get nothing."""
    settled, person = county.settled, county.person
    other = sum(enrolled[name].astype(int) for name in PROGRAMMES if name not in HOUSEHOLD_PROGRAMMES)
    rich = ((rights.income > 3 * rights.line) & (settled.size > 2) & ~rights.doubtful)[settled.of]
    old = planting.people(enrolled["elderly_80"] & (other == 1) & rich & (settled.role != 0))
    person["whereabouts"].say(old, "dead")
    for one in old.tolist():
        day = _days_before(planting, 50, 240)
        found.events.append(Event("death", one, day, "township"))
        month = day.astype("datetime64[M]") + 1
        found.ended["elderly_80", one] = month.astype("datetime64[D]") - np.timedelta64(1, "D")
    nothing = ~settled.any(own) & ~enrolled["dibao"] & ~enrolled["dibao_edge"]
    working = enrolled["dibao"][settled.of] & (person["employed"].values > 0)
    for kind, source, suitable in (
        ("new_job", "human_resources", working),
        ("moved_out", "public_security", nothing[settled.of] & (settled.age >= 20)),
    ):
        for one in planting.people(suitable).tolist():
            found.events.append(Event(kind, one, _days_before(planting, 50, 300), source))
