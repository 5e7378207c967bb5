"""What the engine finds of a case today: the proposal that people decide about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.decision import parse_json
from engine.rulebook import Rulebook
from records import decisions
from records.cases.flow import Case
from records.database import Writing
from records.decisions import Stored
from records.refused import Refused

ELIGIBLE, DISCRETIONARY, UNDETERMINED = "eligible", "discretionary", "undetermined"
NOT_CONCERNED = "not-concerned"


@dataclass(frozen=True, slots=True)
class Found:
    """The finding of a case in a stored decision. Amounts are in the currency, after conflicts.

    `waits_for`: policies that have to be confirmed first. `conflict`: why it may not stand, "" when it may.
    """

    stored: Stored
    document: Mapping[str, Any]
    outcome: str
    period: str
    amount: Decimal | None
    least: Decimal | None
    most: Decimal | None
    pays_from: str
    waits_for: tuple[str, ...]
    conflict: str
    missing: tuple[Mapping[str, Any], ...]

    @property
    def members(self) -> int:
        return len(self.document["people"])

    def fact(self, name: str) -> str:
        """A household's fact as the decision took it; "" when it is not known."""
        found = self.document["facts"].get(name, {}).get("value")
        return "" if found is None else str(found)

    def differs_from(self, other: Found) -> bool:
        return (self.outcome, self.amount, self.least, self.most) != (
            other.outcome,
            other.amount,
            other.least,
            other.most,
        )

    def in_words(self) -> str:
        amount = "" if self.amount is None else f" {self.amount}"
        band = "" if self.least is None or self.most is None else f" {self.least}–{self.most}"
        return f"{self.outcome}{amount}{band}"


def found_today(write: Writing, book: Rulebook, case: Case) -> Found:
    """Decides the household as it stands in the record, keeps the decision, and takes the finding of the case."""
    stored = decisions.decide_and_keep(write, book, case.household_id, write.day, write.day)
    return found_in(stored, case)


def found_in(stored: Stored, case: Case) -> Found:
    document = parse_json(stored.content)
    entry = document["policies"].get(case.policy, {"findings": []})
    finding = next((one for one in entry["findings"] if one["subject"] == case.subject), None)
    if finding is None:
        return Found(stored, document, NOT_CONCERNED, "", None, None, None, "", (), "", ())
    amount = finding.get("amount") or {}
    conflict, cut = _conflict(document, case)
    value = _decimal(amount.get("value"))
    return Found(
        stored,
        document,
        finding["outcome"],
        amount.get("period", ""),
        None if value is None else value - cut,
        _decimal(amount.get("min")),
        _decimal(amount.get("max")),
        finding.get("pays_from", ""),
        tuple(one["policy"] for one in finding.get("depends_on") or () if one["basis"] == "computed"),
        conflict,
        tuple(finding.get("missing") or ()),
    )


def _conflict(document: Mapping[str, Any], case: Case) -> tuple[str, Decimal]:
    """Why the finding may not stand, and by how much others cut its amount."""
    why, cut = "", Decimal(0)
    for one in document["conflicts"]:
        if case.policy not in one["between"] or one["subject"] not in (case.subject, "household"):
            continue
        others = "、".join(policy for policy in one["between"] if policy != case.policy)
        if one["effect"] in ("pending", "choice") or (
            one["effect"] == "dropped" and one.get("policy") == case.policy
        ):
            why = f"{one['rule']}: {others}"
        elif one["effect"] == "offset" and one.get("policy") == case.policy:
            cut += _decimal(one.get("amount")) or Decimal(0)
    return why, cut


def _decimal(number: Any) -> Decimal | None:
    return None if number is None else Decimal(str(number))


def no_decision(decision_id: str) -> Refused:
    return Refused("no-decision", f"没有裁定 {decision_id} · there is no decision {decision_id}")


def as_read(write: Writing, book: Rulebook, case: Case, decision_id: str) -> Found:
    """The finding as it is today, which has to be the one that was read.

    Raises `Refused` no-decision, finding-changed.
    """
    seen = decisions.get(write, decision_id)
    if seen is None or seen.household_id != case.household_id:
        raise no_decision(decision_id)
    before, now = found_in(seen, case), found_today(write, book, case)
    if now.differs_from(before):
        raise Refused(
            "finding-changed",
            f"资料或规则已变，结果由“{before.in_words()}”变为“{now.in_words()}”，请重新裁定后再办 · "
            f"the record changed meanwhile: {before.in_words()} has become {now.in_words()}; decide again and read it",
        )
    return now
