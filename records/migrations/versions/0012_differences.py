"""A month of which less was paid than is granted may be paid the difference, and never more than is granted."""

from __future__ import annotations

from importlib import import_module

from records.migrations.making import forbid_instead
from records.tables import payments

revision = "0012"
down_revision = "0011"

_LOCK = 20260  # of PostgreSQL, as for the conditions before
_BEFORE: dict[str, str] = import_module("records.migrations.versions.0008_payments").INSTRUCTIONS
_RULE = "a month is paid again only when it came back"


def _exact(amount: str) -> str:
    """An amount as a whole number, so that both databases compare it exactly."""
    return f"ROUND(CAST({amount} AS NUMERIC) * 1000000)"


_OPEN = (
    "FROM instruction i WHERE i.household_id = NEW.household_id AND i.subject = NEW.subject "
    "AND i.policy = NEW.policy AND i.month = NEW.month AND NOT EXISTS "
    "(SELECT 1 FROM instruction_result r WHERE r.instruction = i.seq AND r.outcome = 'returned')"
)
_GRANTED = (
    f"coalesce((SELECT {_exact('a.amount')} FROM pay_line l JOIN award a ON a.seq = l.award "  # noqa: S608
    "WHERE l.batch = NEW.batch AND l.number = NEW.line AND l.kind = 'arrears' AND a.period = 'month' "
    "AND substr(a.basis, 1, 5) = 'case:'), 0)"
)
INSTRUCTIONS = {
    **_BEFORE,
    _RULE: (
        f"EXISTS (SELECT 1 {_OPEN}) AND "
        f"(SELECT SUM({_exact('i.amount')}) {_OPEN}) + {_exact('NEW.amount')} > {_GRANTED}"
    ),
}


def upgrade() -> None:
    forbid_instead(payments.instruction, INSTRUCTIONS, _LOCK)
