"""What two cases give once is paid beside each other in a month; what explains a second payment for one cause."""

from __future__ import annotations

from importlib import import_module

from records import tables
from records.migrations.making import forbid_instead, make
from records.tables import payments

revision = "0013"
down_revision = "0012"

_LOCK = 20260  # of PostgreSQL, as for the conditions before
_BEFORE = import_module("records.migrations.versions.0012_differences")


def _award(name: str, instruction: str) -> str:
    """The award that an instruction pays, where a case gives it once to whom the instruction pays."""
    return (
        f"{name}.period = 'once' AND substr({name}.basis, 1, 5) = 'case:' "
        f"AND {name}.household_id = {instruction}.household_id AND {name}.policy = {instruction}.policy "
        f"AND coalesce({name}.person_id, 'household') = {instruction}.subject"
    )


# That instruction i pays another award than the new one, and both are given once by a case.
_ANOTHER = (
    "SELECT 1 FROM pay_line l JOIN award a ON a.seq = l.award, pay_line o JOIN award b ON b.seq = o.award "  # noqa: S608
    "WHERE l.batch = NEW.batch AND l.number = NEW.line AND o.batch = i.batch AND o.number = i.line "
    f"AND {_award('a', 'NEW')} AND {_award('b', 'i')} "
    "AND (a.valid_from <> b.valid_from OR a.basis <> b.basis)"
)
_OPEN = f"{_BEFORE._OPEN} AND NOT EXISTS ({_ANOTHER})"
INSTRUCTIONS = {
    **_BEFORE.INSTRUCTIONS,
    _BEFORE._RULE: (
        f"EXISTS (SELECT 1 {_OPEN}) AND "
        f"(SELECT SUM({_BEFORE._exact('i.amount')}) {_OPEN}) + {_BEFORE._exact('NEW.amount')} > {_BEFORE._GRANTED}"
    ),
}


def upgrade() -> None:
    make((tables.payment_again,))
    forbid_instead(payments.instruction, INSTRUCTIONS, _LOCK)
