"""Alerts and tasks of a household: watch rules and events over its payments, statuses and events."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.decision import encode_json
from engine.decision.document import read_household
from engine.decision.entitlement import entitlement, held_together
from engine.decision.watching import watch_household
from engine.inference import watching
from engine.inference.found import Alert, Evidence, Task
from engine.rulebook import Rulebook, load_rulebook
from tests.conftest import SOAK
from tests.support.households import shipped

ROOT = Path(__file__).parents[2]
DEATH = {"kind": "death", "person_id": "p1", "date": "2026-07-18", "recorded": "2026-10-05"}


def paid(policy: str, months: range, amount: int, person: str = "") -> list[dict[str, Any]]:
    whose = {"person_id": person} if person else {}
    return [
        {"policy": policy, "month": f"2026-{month:02}", "amount": amount, "paid": f"2026-{month:02}-10", **whose}
        for month in months
    ]  # fmt: skip


def document(**more: Any) -> dict[str, Any]:
    """Case 6: husband and wife, he has died; dibao and his allowance were paid until October."""
    raw = yaml.safe_load((ROOT / "features" / "households" / "case_06.yaml").read_text("utf-8"))
    raw["payments"] = paid("dibao", range(4, 11), 972) + paid("elderly_80", range(4, 11), 100, "p1")
    raw["events"] = [DEATH]
    return raw | more


def watched(raw: dict[str, Any], known: int = 20261005, first: int = 20260401, last: int = 20261001) -> Any:
    book = shipped()
    return entitlement(book, read_household(book, raw), first, last, known)


def alert(found: Any, rule: str) -> Alert:
    (one,) = [one for one in found.alerts if one.rule == rule]
    return one


def task(found: Any, event: str, name: str) -> Task:
    (one,) = [one for one in found.tasks if (one.event, one.task) == (event, name)]
    return one


def rules(found: Any) -> set[str]:
    return {one.rule for one in found.alerts}


def months(evidence: list[Evidence]) -> list[str]:
    return [one.at for one in evidence if one.kind == "payment"]


def test_a_death_one_alert_with_every_month_that_was_paid_after_it() -> None:
    found = alert(watched(document()), "paid_after_death")
    assert (found.subject, found.severity, found.owner) == ("p1", "high", "township")
    assert months(found.evidence) == ["2026-08", "2026-09", "2026-10"]
    assert [one.ref for one in found.evidence] == [
        "/events/0",
        "/payments/11",
        "/payments/12",
        "/payments/13",
    ]
    # Known with the funeral data of 5 October, which is later than the payments of August and September.
    assert (found.term.since, found.term.until) == ("2026-10-05", "2026-10-15")


def test_what_the_widow_gets_is_not_paid_after_death() -> None:
    evidence = alert(watched(document()), "paid_after_death").evidence
    assert {one.policy for one in evidence if one.kind == "payment"} == {"elderly_80"}


def test_the_household_is_rechecked_within_three_months_and_the_wife_is_heard() -> None:
    found = task(watched(document()), "death", "recheck-household")
    assert (found.owner, found.term.until, found.cite) == ("township", "2026-10-18", "MF83 item 1")
    assert (found.hear, found.hear_cite, found.certain) == (["p2"], "LAW art 48", True)


def test_before_the_law_of_july_2026_nobody_had_to_be_heard() -> None:
    raw = document(events=[DEATH | {"date": "2026-05-18", "recorded": "2026-06-30"}])
    assert task(watched(raw, 20260630), "death", "recheck-household").hear == []
    assert task(watched(raw, 20260701), "death", "recheck-household").hear == ["p2"]


def test_an_event_plays_no_part_before_it_is_known() -> None:
    before = watched(document(), 20261004)
    assert before.alerts == [] and before.tasks == []
    assert rules(watched(document(), 20261005)) >= {"paid_after_death"}


def test_a_task_is_raised_when_the_event_happened_or_became_known_in_the_time_looked_at() -> None:
    raw = document(events=[DEATH | {"date": "2025-12-30"}])
    assert task(watched(raw, 20261005), "death", "recheck-household").term.until == "2026-03-30"
    del raw["events"][0]["recorded"]
    assert [one for one in watched(raw, 20261005).tasks if one.event == "death"] == []


def test_a_death_that_the_facts_do_not_know_of() -> None:
    assert "death_not_entered" in rules(watched(document()))
    raw = document()
    raw["people"][0]["whereabouts"] = "dead"
    assert "death_not_entered" not in rules(watched(raw))


def test_a_fact_that_is_not_known_makes_the_alert_possible_only() -> None:
    raw = document()
    del raw["people"][0]["whereabouts"]
    found = alert(watched(raw), "death_not_entered")
    assert found.evidence == [] and [one.kind for one in found.unclear] == ["death"]


def test_an_unknown_end_of_a_sentence_leaves_the_alert_open() -> None:
    prison = {"kind": "prison", "person_id": "p1", "date": "2026-05-02"}
    raw = document(events=[prison], payments=paid("disabled_care", range(4, 9), 100, "p1"))
    found = alert(watched(raw), "paid_in_prison")
    assert found.evidence == [] and months(list(found.unclear)) == ["2026-06", "2026-07", "2026-08"]
    raw["events"] = [prison | {"sentence_ends": "2026-07-20"}]
    found = alert(watched(raw), "paid_in_prison")
    assert months(list(found.evidence)) == ["2026-06", "2026-07"] and found.unclear == []
    raw["events"] = [prison | {"sentence_ends": "2026-05-20"}]
    assert "paid_in_prison" not in rules(watched(raw))


def test_an_unknown_test_of_a_task_leaves_it_not_certain() -> None:
    raw = document(events=[{"kind": "prison", "person_id": "p1", "date": "2026-05-02"}])
    raw["people"][1]["birth_date"] = "2015-09-02"
    assert task(watched(raw), "prison", "look-after-children").certain is False
    raw["events"][0]["sentence_ends"] = "2027-05-01"
    assert task(watched(raw), "prison", "look-after-children").certain is True
    raw["events"][0]["sentence_ends"] = "2026-06-01"
    assert not [one for one in watched(raw).tasks if one.task == "look-after-children"]


def test_the_same_amount_twice_for_one_month() -> None:
    twice = paid("dibao", range(8, 9), 972) * 2 + paid("dibao", range(9, 10), 972)
    found = alert(watched(document(payments=twice)), "paid_twice")
    assert months(list(found.evidence)) == ["2026-08", "2026-08"]
    other = paid("dibao", range(8, 9), 972) + paid("dibao", range(8, 9), 50)
    assert "paid_twice" not in rules(watched(document(payments=other)))


def test_paid_without_a_status_but_not_what_is_paid_once() -> None:
    some = paid("disabled_care", range(8, 9), 100, "p2") + paid("temporary_relief", range(8, 9), 500)
    found = alert(watched(document(payments=some)), "paid_without_status")
    assert [one.policy for one in found.evidence] == ["disabled_care"]


def test_no_programme_that_is_given_once_needs_a_status() -> None:
    """By the rule as it was corrected in December 2026; before, only two of them were named."""
    once = {
        name: policy.unit
        for name, policy in shipped().policies.items()
        if any(version.amount is not None and version.amount.period == "once" for version in policy.versions)
    }
    assert len(once) >= 9
    for name, unit in once.items():
        raw = document(payments=paid(name, range(8, 9), 500, "p2" if unit == "person" else ""), events=[])
        found = watch_household(shipped(), read_household(shipped(), raw), 20260101, 20261231, 20261231)
        assert "paid_without_status" not in {one.rule for one in found.alerts}, name


def test_what_excludes_each_other_is_written_in_conflicts_and_found_here() -> None:
    raw = document(events=[])
    raw["statuses"] += [
        {"policy": "tekun", "person_id": "p2", "from": "2026-05-20", "recorded": "2026-06-02"},
        {"policy": "disabled_care", "person_id": "p2", "from": "2026-06-01"},
    ]
    found = alert(watched(raw), "held_together")
    seen = {(one.ref, one.subject, one.at) for one in found.evidence}
    assert ("tekun_excludes_disabled_care", "p2", "2026-06") in seen
    assert ("tekun_excludes_disabled_care", "p2", "2026-04") not in seen
    assert not any(one.ref == "disabled_living_with_disabled_care" for one in found.evidence)
    raw["statuses"].pop()
    left = [one for one in watched(raw).alerts if one.rule == "held_together"]
    assert "tekun_excludes_disabled_care" not in {e.ref for one in left for e in one.evidence}


def test_a_top_up_is_not_held_together() -> None:
    """K8: a child that held the living subsidy first keeps it, and the allowance is the difference."""
    raw = document(events=[], payments=[])
    raw["statuses"] = [
        {"policy": "disabled_living", "person_id": "p2", "from": "2026-04-01"},
        {"policy": "defacto_child", "person_id": "p2", "from": "2026-04-01"},
    ]
    assert "held_together" not in rules(watched(raw))


def test_what_is_held_together_needs_no_other_policy() -> None:
    """The conflicts of a month are those that a decision about all policies finds, with all facts and with none."""
    book, found = shipped(), 0
    full = document(events=[], payments=[])
    bare = {**full, "people": [{"person_id": one["person_id"]} for one in full["people"]]}
    some = book.conflicts[::4]  # where nothing is known, deciding takes many times as long
    for raw, rules_asked in ((full, book.conflicts), (bare, book.conflicts if SOAK else some)):
        for place, rule in enumerate(rules_asked):
            person = ("p1", "p2")[place % 2]
            raw["statuses"] = [
                {"policy": name, "from": "2026-05-01"}
                | ({"person_id": person} if book.policies[name].unit == "person" else {})
                for name in rule.between
            ]
            household = read_household(book, raw)
            together = held_together(book, household, 20260401, 20260701, 20261005)
            found += len(together)
            expected = watched(raw, last=20260701).alerts
            alone = watch_household(book, household, 20260401, 20260731, 20261005, together)
            assert alone.alerts == expected, rule.id
    assert found > 25


def test_a_birthday_comes_from_the_facts() -> None:
    raw = document(events=[])
    raw["people"][1]["birth_date"] = "1946-09-02"
    found = task(watched(raw), "turned_80", "offer-allowance")
    assert (found.subject, found.term.since) == ("p2", "2026-09-02")
    raw["statuses"].append({"policy": "elderly_80", "person_id": "p2", "from": "2026-10-01"})
    assert watched(raw, 20261031).tasks == []
    del raw["people"][1]["birth_date"]
    assert watched(raw).tasks == []


def test_working_days_give_no_date() -> None:
    raw = document(events=[{"kind": "self_care_changed", "person_id": "p2", "date": "2026-09-01", "recorded": "2026-09-03"}])  # fmt: skip
    raw["statuses"].append({"policy": "tekun", "person_id": "p2", "from": "2026-01-01"})
    term = task(watched(raw), "self_care_changed", "reassess").term
    assert (term.since, term.until, term.working_days) == ("2026-09-03", "", 10)


def test_what_the_document_does_not_speak_of_is_not_checked() -> None:
    raw = document()
    assert watched(raw).not_checked == {}
    del raw["payments"]
    assert set(watched(raw).not_checked) == {"payments"}
    assert "paid_after_death" in watched(raw).not_checked["payments"]
    del raw["events"]
    assert "death/recheck-household" in watched(raw).not_checked["events"]
    assert "turned_80/offer-allowance" not in watched(raw).not_checked["events"]


def test_nothing_found_is_an_empty_answer() -> None:
    found = watched(document(events=[]))
    assert (found.alerts, found.tasks, found.not_checked) == ([], [], {})


# --- the order of things does not matter ---


def plain(found: Any) -> str:
    """What was found, with references to the records themselves in place of where they stand."""
    text = json.loads(encode_json([found.alerts, found.tasks]))

    def without(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: without(value) for key, value in part.items() if key != "ref"}
        return [without(one) for one in part] if isinstance(part, list) else part

    return json.dumps(without(text), sort_keys=True)


EVENTS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["death", "prison", "marriage", "moved_out", "new_job"]),
        "person_id": st.sampled_from(["p1", "p2"]),
        "date": st.sampled_from(["2026-03-31", "2026-05-31", "2026-07-01", "2026-08-18"]),
    },
    optional={"recorded": st.sampled_from(["2026-06-01", "2026-10-05", "2026-10-06"])},
)
PAYMENTS = st.fixed_dictionaries(
    {
        "policy": st.sampled_from(["elderly_80", "disabled_care", "tekun"]),
        "person_id": st.sampled_from(["p1", "p2"]),
        "month": st.sampled_from(["2026-03", "2026-06", "2026-09"]),
        "amount": st.sampled_from([100, 200]),
    }
)
RELIEF = st.fixed_dictionaries(
    {
        "policy": st.just("temporary_relief"),
        "month": st.sampled_from(["2026-03", "2026-06", "2026-09"]),
        "amount": st.sampled_from([100, 200]),
    },
    optional={"cause": st.sampled_from(["fire", "illness"])},
)
STATUSES = st.fixed_dictionaries(
    {
        "policy": st.sampled_from(["elderly_80", "disabled_care", "tekun"]),
        "person_id": st.sampled_from(["p1", "p2"]),
        "from": st.sampled_from(["2026-01-01", "2026-06-15"]),
    }
)


@settings(max_examples=500 if SOAK else 6)
@given(
    st.lists(EVENTS, max_size=4),
    st.lists(PAYMENTS | RELIEF, max_size=6),
    st.lists(STATUSES, max_size=3),
    st.integers(0, 2**32),
)
def test_the_order_of_records_and_people_does_not_matter(
    events: list[Any], payments: list[Any], statuses: list[Any], seed: int
) -> None:
    raw = document(events=events, payments=payments)
    raw["statuses"] = raw["statuses"] + statuses
    shuffled, random = copy.deepcopy(raw), Random(seed)
    for key in ("events", "payments", "statuses"):
        random.shuffle(shuffled[key])
    assert plain(watched(shuffled)) == plain(watched(raw))


@settings(max_examples=500 if SOAK else 12)
@given(st.lists(EVENTS, max_size=3), st.lists(PAYMENTS | RELIEF, max_size=8))
def test_what_a_test_says_of_one_record_alone_finds_the_same_when_asked_before_pairing(
    events: list[Any], payments: list[Any]
) -> None:
    """Rules whose test names a policy are shown its records only; here they are shown all of them as well."""
    raw = document(events=events, payments=payments)
    narrowed = plain(watched(raw))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(watching, "_where", lambda trigger: {name: {} for name, _ in trigger.facts})
        shipped().memo.pop("watch matcher", None)
        widened = plain(watched(raw))
    shipped().memo.pop("watch matcher", None)
    assert narrowed == widened


def test_the_order_of_the_rule_files_does_not_matter() -> None:
    """The same rules, read in the opposite order."""
    book = shipped()
    turned = Rulebook(
        **{
            name: getattr(book, name)
            for name in book.__dataclass_fields__
            if name not in ("watches", "events", "memo")
        },
        watches=book.watches[::-1],
        events=dict(reversed(book.events.items())),
    )
    raw = document()
    raw["statuses"].append({"policy": "tekun", "person_id": "p1", "from": "2026-01-01"})
    told = [
        entitlement(one, read_household(one, raw), 20260401, 20261001, 20261005) for one in (book, turned)
    ]
    assert encode_json(told[0]) == encode_json(told[1])
    assert len(told[0].alerts) >= 2 and len(told[0].tasks) >= 3


@pytest.mark.parametrize("by", ["a.amount < b.amount", "b.amount < a.amount"])
def test_two_records_of_one_kind_are_tried_in_either_order(tmp_path: Path, by: str) -> None:
    shutil.copytree(ROOT / "tests" / "decision" / "rulebook", tmp_path / "book")
    (tmp_path / "book" / "watch").mkdir()
    (tmp_path / "book" / "watch" / "twice.yaml").write_text(
        "watch: twice\ntitle: {en: Twice}\neffective: {from: 2024-01-01}\nby: household\n"
        "facts: {a: payment, b: payment}\njoin: a.month = b.month\n"
        f"when: {by}\nalert: {{severity: low, owner: harbour, evidence: [a]}}\ncite: ACT\n"
    )
    book = load_rulebook(tmp_path / "book")
    base = {"policy": "storm_help", "month": "2024-01"}
    raw = {
        "household_id": "h",
        "area": "north",
        "people": [{"person_id": "p1"}],
        "statuses": [],
        "payments": [base | {"amount": 10}, base | {"amount": 20}],
    }
    for payments in (raw["payments"], raw["payments"][::-1]):
        found = entitlement(
            book, read_household(book, raw | {"payments": payments}), 20240101, 20240101, 20240301
        )
        (one,) = found.alerts[0].evidence
        smaller = by == "a.amount < b.amount"
        assert payments[int(one.ref[-1])]["amount"] == (10 if smaller else 20)
