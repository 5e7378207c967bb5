"""The watch rules of supervision over one household: what they find, what they leave open, what they pass over."""

from __future__ import annotations

from typing import Any

import pytest

from engine.decision.document import read_household
from engine.decision.watching import watch_household
from engine.inference.found import Alert
from tests.support.households import shipped

BOOK = shipped()
ON = 20261005
HEARD = {"recorded": "2026-08-01", "source": "civil_affairs"}


def document(**more: Any) -> dict[str, Any]:
    """A couple on the guarantee in the sample county, with everything that the rules ask about known."""
    people = [
        {"person_id": "p1", "whereabouts": "ordinary", "hukou_county": "sample_county", "employed": False},
        {"person_id": "p2", "whereabouts": "ordinary", "hukou_county": "sample_county", "employed": False},
    ]
    return {
        "household_id": "h1",
        "area": "sample_hedong_01",
        "residence": "urban",
        "financial_assets": 2000,
        "houses": [{"use": "dwelling"}],
        "vehicles": [],
        "businesses": [],
        "people": people,
        "statuses": [{"policy": "dibao", "from": "2026-01-01"}],
        "payments": [
            {"policy": "dibao", "month": f"2026-{month:02}", "amount": 900} for month in range(2, 11)
        ],
        "events": [],
        **more,
    }


def alerts(raw: dict[str, Any], on: int = ON, known: int = ON) -> dict[str, Alert]:
    found = watch_household(BOOK, read_household(BOOK, raw), 20241001, on, known)
    return {one.rule: one for one in found.alerts}


def person(number: int, **facts: Any) -> dict[str, Any]:
    """The document with other facts of one person; `None` takes one away."""
    raw = document()
    one = raw["people"][number] | facts
    raw["people"][number] = {name: value for name, value in one.items() if value is not None}
    return raw


def test_a_household_in_order_has_no_alert() -> None:
    assert alerts(document()) == {}


# --- exits that nobody reported -----------------------------------------------------------------------------

EXITS = {
    "unreported_death": ({"kind": "death"}, {"whereabouts": "dead"}, "whereabouts"),
    "unreported_prison": (
        {"kind": "prison", "sentence_ends": "2028-01-01"},
        {"whereabouts": "prison"},
        "whereabouts",
    ),
    "unreported_move": ({"kind": "moved_out"}, {"hukou_county": "elsewhere"}, "hukou_county"),
    "unreported_job": ({"kind": "new_job"}, {"employed": True}, "employed"),
}


def happened(rule: str, raw: dict[str, Any], **more: Any) -> dict[str, Any]:
    event = EXITS[rule][0] | {"person_id": "p2", "date": "2026-07-18"} | HEARD | more
    return raw | {"events": [{name: value for name, value in event.items() if value is not None}]}


@pytest.mark.parametrize("rule", EXITS)
def test_what_a_department_knows_and_the_facts_do_not(rule: str) -> None:
    found = alerts(happened(rule, document()))[rule]
    assert (found.subject, found.owner) == ("p2", "township")
    assert [one.kind for one in found.evidence] == [EXITS[rule][0]["kind"]] and not found.unclear
    assert found.term.unreported_since == "2026-07-18"
    assert (found.term.since, found.term.until) == ("2026-08-01", "2026-08-11")


@pytest.mark.parametrize("rule", EXITS)
def test_what_was_entered_or_reported_or_ended_is_no_exit(rule: str) -> None:
    _, entered, _ = EXITS[rule]
    assert rule not in alerts(happened(rule, person(1, **entered)))
    assert rule not in alerts(happened(rule, document(), source="township"))
    ended = [{"policy": "dibao", "from": "2026-01-01", "to": "2026-07-31"}]
    assert rule not in alerts(happened(rule, document(statuses=ended)))
    assert rule not in alerts(happened(rule, document()), on=20260730, known=ON)  # the month is not over
    assert rule not in alerts(happened(rule, document()), known=20260731)  # not known yet


@pytest.mark.parametrize("rule", EXITS)
def test_what_is_not_known_makes_an_exit_possible_only(rule: str) -> None:
    unknown = [
        happened(rule, person(1, **{EXITS[rule][2]: None})),
        happened(rule, document(), source=None),
    ]
    for raw in unknown:
        found = alerts(raw)[rule]
        assert found.evidence == [] and [one.subject for one in found.unclear] == ["p2"]
    raw = happened(rule, document())
    del raw["statuses"]
    assert alerts(raw)[rule].evidence == []


def test_a_sentence_that_is_over_is_no_exit() -> None:
    over = happened("unreported_prison", document(), sentence_ends="2026-09-30")
    assert "unreported_prison" not in alerts(over)
    assert alerts(happened("unreported_prison", document(), sentence_ends=None))["unreported_prison"].unclear


# --- property -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "more",
    [
        {"financial_assets": 24 * 832 * 2 + 1},
        {"houses": [{"use": "dwelling"}, {"use": "dwelling"}]},
        {"houses": [{"use": "shop"}]},
        {"vehicles": [{"use": "private"}]},
        {"businesses": [{"kind": "company", "operating": True}]},
    ],
    ids=str,
)
def test_property_over_the_rule(more: dict[str, Any]) -> None:
    found = alerts(document(**more))["over_property_rule"]
    assert [one.ref for one in found.evidence] == ["/statuses/0"] and found.severity == "high"
    other = [{"policy": "dibao_edge", "from": "2026-01-01"}]
    assert "over_property_rule" not in alerts(document(**more, statuses=other))


@pytest.mark.parametrize(
    "more",
    [
        {"financial_assets": 24 * 832 * 2},
        {"houses": []},
        {"vehicles": [{"use": "motorbike"}, {"use": "tool_of_trade"}]},
        {"businesses": [{"kind": "self_employed"}, {"kind": "company", "operating": False}]},
    ],
    ids=str,
)
def test_property_within_the_rule(more: dict[str, Any]) -> None:
    assert alerts(document(**more)) == {}


def test_property_that_nobody_looked_at_is_only_possible() -> None:
    raw = document()
    del raw["vehicles"]
    found = alerts(raw)["over_property_rule"]
    assert found.evidence == [] and [one.ref for one in found.unclear] == ["/statuses/0"]
    assert alerts(raw | {"financial_assets": 90_000})["over_property_rule"].evidence  # over all the same


# --- relief twice -------------------------------------------------------------------------------------------


def relief(*paid: tuple[str, str | None]) -> dict[str, Any]:
    made = [
        {"policy": "temporary_relief", "month": month, "amount": 3000} | ({"cause": cause} if cause else {})
        for month, cause in paid
    ]
    return document(payments=made)


RULE = "relief_twice_for_one_cause"


def test_one_cause_within_twelve_months() -> None:
    found = alerts(relief(("2025-11", "fire"), ("2026-10", "fire")))[RULE]
    assert [one.at for one in found.evidence] == ["2025-11", "2026-10"]
    assert RULE in alerts(relief(("2026-10", "fire"), ("2025-11", "fire")))
    assert RULE in alerts(relief(("2026-10", "fire"), ("2026-10", "fire")))


def test_another_cause_or_another_year() -> None:
    assert alerts(relief(("2025-11", "fire"), ("2026-10", "illness"))) == {}
    assert alerts(relief(("2025-10", "fire"), ("2026-10", "fire"))) == {}
    assert alerts(relief(("2026-10", "fire"))) == {}


def test_a_cause_that_nobody_wrote_down_is_neither_the_same_nor_another() -> None:
    found = alerts(relief(("2026-03", None), ("2026-10", "fire")))[RULE]
    assert found.evidence == [] and len(found.unclear) == 2
    assert alerts(relief(("2025-03", None), ("2026-10", "fire"))) == {}


# --- the same cause, the same month: explained or not, as it is known since 2026-12-01 ------------------------

CORRECTED = 20261205


def given(*paid: tuple[str, int, str, str], policy: str = "temporary_relief") -> dict[str, Alert]:
    """Month, amount, cause, again: "" where nobody says."""
    made = []
    for month, amount, cause, again in paid:
        said = {"cause": cause, "again": again}
        one = {"policy": policy, "month": month, "amount": amount}
        made.append(one | {name: word for name, word in said.items() if word})
    return alerts(document(payments=made), on=CORRECTED, known=CORRECTED)


def test_a_repeat_that_was_explained_is_no_fault() -> None:
    first, again = ("2026-03", 3000, "fire", ""), ("2026-10", 2000, "fire", "case:C2")
    assert RULE in given(first, ("2026-10", 2000, "fire", ""))
    assert given(first, again) == {} == given(again, first)


def test_the_later_one_has_to_be_explained() -> None:
    explained, later = ("2026-03", 3000, "fire", "case:C1"), ("2026-10", 2000, "fire", "")
    assert [one.at for one in given(explained, later)[RULE].evidence] == ["2026-03", "2026-10"]


def test_in_one_month_either_of_them() -> None:
    first, rest, third = (("2026-10", amount, "fire", "") for amount in (3000, 2000, 1000))
    explained = ("2026-10", 2000, "fire", "case:C1")
    assert RULE in given(first, rest)
    assert given(first, explained) == {} == given(explained, first)
    assert [one.ref for one in given(first, explained, third)[RULE].evidence] == [
        "/payments/0",
        "/payments/2",
    ]


def test_before_the_correction_was_known_the_rule_was_another() -> None:
    raw = relief(("2026-03", "fire"), ("2026-10", "fire"))
    raw["payments"][1]["again"] = "case:C2"
    assert RULE in alerts(raw, on=CORRECTED, known=20261130)
    assert RULE not in alerts(raw, on=CORRECTED, known=CORRECTED)


def test_equal_amounts_in_one_month_of_what_is_given_for_a_cause() -> None:
    fire, illness = ("2026-10", 3000, "fire", ""), ("2026-10", 3000, "illness", "")
    assert given(fire, illness) == {}
    assert given(fire, ("2026-10", 3000, "fire", "case:C1")) == {}
    assert {"paid_twice", RULE} == given(fire, fire).keys()
    assert given(fire, fire)["paid_twice"].evidence and not given(fire, fire)["paid_twice"].unclear
    nobody_says = given(fire, ("2026-10", 3000, "", ""))["paid_twice"]
    assert nobody_says.evidence == [] and len(nobody_says.unclear) == 2


def test_what_is_paid_every_month_is_never_paid_twice_for_a_reason() -> None:
    """Whatever a document says of causes: the same amount twice is certain, and not only possible."""
    month = "2026-10"
    for second in (("", ""), ("fire", ""), ("", "case:C1"), ("fire", "case:C1")):
        found = given((month, 900, "", ""), (month, 900, *second), policy="dibao")["paid_twice"]
        assert len(found.evidence) == 2 and not found.unclear, second


# --- reviews ------------------------------------------------------------------------------------------------


def held(**more: Any) -> dict[str, Any]:
    return document(statuses=[{"policy": "dibao", "from": "2024-03-01"} | more])


def test_a_review_that_is_overdue() -> None:
    found = alerts(held(reviewed="2025-10-04"))["review_overdue"]
    assert [one.ref for one in found.evidence] == ["/statuses/0"]
    assert found.term.until == "2026-11-03"  # thirty days after it was due


@pytest.mark.parametrize(
    "more",
    [
        {"reviewed": "2025-10-05"},  # due today
        {"reviewed": "2026-09-01"},
        {"from": "2025-10-06"},  # the first year is not over, whoever looked
        {"reviewed": "2024-06-01", "to": "2026-01-31"},  # no longer held
    ],
)
def test_a_review_that_is_not_overdue(more: dict[str, Any]) -> None:
    assert "review_overdue" not in alerts(held(**more))


def test_a_review_of_which_nobody_says_anything_is_only_possible() -> None:
    found = alerts(held())["review_overdue"]
    assert found.evidence == [] and [one.ref for one in found.unclear] == ["/statuses/0"]


def test_each_policy_has_its_own_months_and_some_ask_for_none() -> None:
    old = [{"policy": "elderly_80", "person_id": "p1", "from": "2024-11-01", "reviewed": "2026-03-01"}]
    assert "review_overdue" in alerts(document(statuses=old))  # every six months
    none = [{"policy": "temporary_relief", "from": "2020-01-01"}]
    assert "review_overdue" not in alerts(document(statuses=none, payments=[]))
