"""How much money an alert is about: an estimate to order by, from what the household's document says was paid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from engine.inference.found import WHOLE, Alert, Evidence
from engine.rulebook import Rulebook

Entries = Sequence[Mapping[str, Any]]


def at_stake(book: Rulebook, document: Mapping[str, Any], alert: Alert) -> str | None:
    """A decimal text; None where nothing says an amount.

    The payments that are named. Of what nobody reported: what the person and the household were paid for later months.
    Of a status: a month of it; of statuses that exclude each other: a month of all but the greatest.
    """
    evidence = (*alert.evidence, *alert.unclear)
    payments: Entries = document.get("payments", ())
    named = sorted({int(one.ref.rpartition("/")[2]) for one in evidence if one.ref.startswith("/payments/")})
    amounts = [_amount(payments[place]) for place in named if place < len(payments)]
    if not amounts and alert.term.unreported_since:
        since = alert.term.unreported_since[:7]
        amounts = [
            _amount(one)
            for one in payments
            if one["month"] > since and one.get("person_id", alert.subject) == alert.subject
        ]
    if not amounts:
        amounts = list(_monthly(book, document, payments, evidence))
    return str(sum(amounts)) if amounts else None


def _monthly(
    book: Rulebook, document: Mapping[str, Any], payments: Entries, evidence: Iterable[Evidence]
) -> Iterator[Decimal]:
    statuses: Entries = document.get("statuses", ())
    for one in evidence:
        if one.ref.startswith("/statuses/"):
            status = statuses[int(one.ref.rpartition("/")[2])]
            amount = _month_of(payments, status["policy"], status.get("person_id", WHOLE))
            if amount is None and "amount" in status:
                amount = _amount(status)
            if amount is not None:
                yield amount
        elif one.kind == "conflict":
            rule = {rule.id: rule for rule in book.conflicts}.get(one.ref)  # of several versions the newest
            found = [
                amount
                for policy in (() if rule is None else rule.between)
                for whose in dict.fromkeys((one.subject, WHOLE))
                if (amount := _month_of(payments, policy, whose)) is not None
            ]
            yield from sorted(found)[:-1]


def _month_of(payments: Entries, policy: str, whose: str) -> Decimal | None:
    """What was paid for the last month of it."""
    mine = [one for one in payments if (one["policy"], one.get("person_id", WHOLE)) == (policy, whose)]
    return _amount(max(mine, key=lambda one: str(one["month"]))) if mine else None


def _amount(entry: Mapping[str, Any]) -> Decimal:
    return Decimal(str(entry["amount"]))
