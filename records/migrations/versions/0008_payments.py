"""Payees, batches, instructions, results, budgets and recoveries, with what nobody may write, whatever the program says."""

from __future__ import annotations

from records.migrations.making import forbid, make
from records.tables import payments

revision = "0008"
down_revision = "0007"

_LOCK = 20260  # of PostgreSQL: conditions on what else is instructed have to see all of it

_STEPS = "FROM pay_step s WHERE s.batch = NEW.batch"
_LAST = f"(SELECT s.state {_STEPS} ORDER BY s.number DESC LIMIT 1)"
_BUILDER = "(SELECT b.person FROM pay_batch b WHERE b.seq = NEW.batch)"

STEPS = {
    "steps of a batch follow each other": f"NEW.number <> 1 + coalesce((SELECT max(s.number) {_STEPS}), 0)",
    "a batch is built, released or cancelled, exported, settled": (
        f"NOT ((NEW.state = 'built' AND {_LAST} IS NULL) OR "
        f"(NEW.state IN ('released', 'cancelled') AND coalesce({_LAST}, '') = 'built') OR "
        f"(NEW.state = 'exported' AND coalesce({_LAST}, '') IN ('released', 'exported', 'settled')) OR "
        f"(NEW.state = 'settled' AND coalesce({_LAST}, '') = 'exported'))"
    ),
    "whoever built a batch does not release it": f"NEW.state = 'released' AND NEW.person = {_BUILDER}",
    "whoever approved a case does not release its money": (
        "NEW.state = 'released' AND EXISTS (SELECT 1 FROM case_step s JOIN award a ON a.basis = 'case:' || s.case_id "
        "JOIN pay_line l ON l.award = a.seq WHERE s.person = NEW.person AND s.tier = 'approval' "
        "AND l.batch = NEW.batch AND l.verdict = 'pay')"
    ),
    "whoever approved a payee does not release its money": (
        "NEW.state = 'released' AND EXISTS (SELECT 1 FROM pay_to_approval p JOIN pay_line l ON l.pay_to = p.pay_to "
        "WHERE p.person = NEW.person AND l.batch = NEW.batch AND l.verdict = 'pay')"
    ),
}

PAYEES = {
    "whoever entered a payee does not approve it": (
        "EXISTS (SELECT 1 FROM pay_to p WHERE p.seq = NEW.pay_to "
        "AND (p.person = NEW.person OR p.recorded_by = NEW.recorded_by))"
    )
}

_SAME = (
    "FROM instruction i WHERE i.household_id = NEW.household_id AND i.subject = NEW.subject "
    "AND i.policy = NEW.policy AND i.month = NEW.month"
)
_CAME_BACK = "FROM instruction_result r WHERE r.instruction = i.seq AND r.outcome = 'returned'"
INSTRUCTIONS = {
    "only a released batch is instructed": (
        "coalesce((SELECT s.state FROM pay_step s WHERE s.batch = NEW.batch ORDER BY s.number DESC LIMIT 1), '') "
        "<> 'released'"
    ),
    "only a line that pays is instructed, as it stands": (
        "NOT EXISTS (SELECT 1 FROM pay_line l WHERE l.batch = NEW.batch AND l.number = NEW.line "
        "AND l.verdict = 'pay' AND l.amount = NEW.amount AND l.account = NEW.account AND l.holder = NEW.holder "
        "AND l.household_id = NEW.household_id AND l.subject = NEW.subject AND l.policy = NEW.policy "
        "AND l.month = NEW.month)"
    ),
    "attempts follow each other": (f"NEW.attempt <> 1 + coalesce((SELECT max(i.attempt) {_SAME}), 0)"),
    "a month is paid again only when it came back": (
        f"EXISTS (SELECT 1 {_SAME} AND NOT EXISTS (SELECT 1 {_CAME_BACK}))"
    ),
}

RESULTS = {
    "what came back was not paid afterwards": (
        "NEW.outcome = 'paid' AND EXISTS (SELECT 1 FROM instruction_result r "
        "WHERE r.instruction = NEW.instruction AND r.outcome = 'returned')"
    ),
    "the bank answers what it was given": (
        "NOT EXISTS (SELECT 1 FROM instruction i JOIN pay_step s ON s.batch = i.batch "
        "WHERE i.seq = NEW.instruction AND s.state = 'exported')"
    ),
}

_HEARING = "(SELECT r.hearing FROM recovery r WHERE r.seq = NEW.recovery)"
_OPENER = "(SELECT r.person FROM recovery r WHERE r.seq = NEW.recovery)"
_ENTRIES = "FROM recovery_entry e WHERE e.recovery = NEW.recovery"
RECOVERIES = {
    "entries of a recovery follow each other": f"NEW.number <> 1 + coalesce((SELECT max(e.number) {_ENTRIES}), 0)",
    "somebody is heard before it is decided": (
        f"NEW.kind = 'decided' AND {_HEARING} <> '' AND NOT EXISTS (SELECT 1 {_ENTRIES} AND e.kind = 'heard')"
    ),
    "a recovery is decided once, by another person than opened it": (
        "NEW.kind IN ('decided', 'dropped') AND "
        f"(EXISTS (SELECT 1 {_ENTRIES} AND e.kind IN ('decided', 'dropped')) "
        f"OR NEW.person = {_OPENER})"
    ),
    "nothing comes back before it is decided": (
        "NEW.kind IN ('repaid', 'offset', 'waiver-asked', 'waived') "
        f"AND NOT EXISTS (SELECT 1 {_ENTRIES} AND e.kind = 'decided')"
    ),
    "a second person waives": (
        "NEW.kind = 'waived' AND coalesce((SELECT e.kind = 'waiver-asked' AND e.amount = NEW.amount "
        f"AND e.person <> NEW.person AND e.recorded_by <> NEW.recorded_by {_ENTRIES} "
        "ORDER BY e.number DESC LIMIT 1), 1 = 0) = (1 = 0)"
    ),
}


def upgrade() -> None:
    make(payments.IN_ORDER)
    forbid(payments.pay_to_approval, PAYEES)
    forbid(payments.pay_step, STEPS)
    forbid(payments.instruction, INSTRUCTIONS, _LOCK)
    forbid(payments.instruction_result, RESULTS)
    forbid(payments.recovery_entry, RECOVERIES)
