"""What an entitlement says of a month: what was due under a policy, what was paid, and how far one can tell why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.decision.model import MissingFact, Money, Struct, Sum


class Changed(Struct):
    """What became known between two days that plays a part: references as in a decision."""

    facts: Sequence[str] = ()
    parameters: Sequence[str] = ()
    versions: Sequence[str] = ()
    statuses: Sequence[str] = ()


class KnownThen(Struct, omit_defaults=False):
    """The same month, as far as was known on an earlier day: `due` then, and what has become known since."""

    known: str
    outcome: str
    due: Sum
    changed: Changed


class LastKnown(Struct, omit_defaults=False):
    """What the month would give if the last known value still held where the rulebook has a declared gap."""

    parameters: Mapping[str, str]  # name: the first day of the row that was taken
    outcome: str
    due: Sum


class MonthLine(Struct):
    """One policy and subject in one month.

    held        a status record covers the month
    outcome     as decided; `not-concerned` when the policy has nothing to say
    due         after conflicts with what else is held; `max` null: open
    paid        the payments for the month, null when the document says nothing about payments
    difference  due - paid; above zero is owed to the household, below zero has been overpaid
    verdict     as-due, arrears, overpaid, open (a fact or parameter decides), not-compared (nothing known of payments)
    """

    month: str
    policy: str
    subject: str
    version: str | None
    held: bool
    outcome: str
    due: Sum
    paid: Money | None
    difference: Sum | None
    verdict: str
    failed: Sequence[str] = ()
    missing: Sequence[MissingFact] = ()
    then: KnownThen | None = None
    last_known: LastKnown | None = None


class NotByMonth(Struct, omit_defaults=False):
    """A payment under a policy that does not pay by the month: shown, not compared."""

    policy: str
    subject: str
    month: str
    paid: Money


class Totals(Struct, omit_defaults=False):
    """Sums over all lines that are settled, and how many are open."""

    due: Sum
    paid: Money | None
    arrears: Money
    overpaid: Money
    open_lines: int
