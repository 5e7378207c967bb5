"""The tables, by what they are about. Importing this package knows them all."""

from records.tables.accounts import (
    account,
    attempt,
    closing,
    confirmation,
    credential,
    granted,
    session,
    session_end,
    withdrawal,
)
from records.tables.audit import anchor, audit
from records.tables.base import metadata
from records.tables.cases import application, case_step, publicity, relief_case
from records.tables.decisions import decision, finding, rulebook
from records.tables.documents import letter, scan
from records.tables.households import address_gram, assertion, household, membership, residence, status
from records.tables.idempotency import idempotency
from records.tables.intake import (
    award,
    award_review,
    feed_run,
    life_event,
    payment,
    payment_cause,
    proposal,
    proposal_answer,
    status_review,
)
from records.tables.notices import night, notice, notice_answer, notice_shown, pause, standing
from records.tables.payments import (
    bank_file,
    budget,
    instruction,
    instruction_result,
    pay_batch,
    pay_line,
    pay_step,
    pay_to,
    pay_to_approval,
    recovery,
    recovery_entry,
    recovery_month,
)
from records.tables.people import data_key, identity, number, person
from records.tables.rulebooks import rulebook_state

AUDITED = tuple(table for table in metadata.sorted_tables if "entry" in table.columns and table is not audit)
"""Tables of which every row has its entry in the audit trail."""

__all__ = [
    "AUDITED",
    "account",
    "address_gram",
    "anchor",
    "application",
    "assertion",
    "attempt",
    "audit",
    "award",
    "award_review",
    "bank_file",
    "budget",
    "case_step",
    "closing",
    "confirmation",
    "credential",
    "data_key",
    "decision",
    "feed_run",
    "finding",
    "granted",
    "household",
    "idempotency",
    "identity",
    "instruction",
    "instruction_result",
    "letter",
    "life_event",
    "membership",
    "metadata",
    "night",
    "notice",
    "notice_answer",
    "notice_shown",
    "number",
    "pause",
    "pay_batch",
    "pay_line",
    "pay_step",
    "pay_to",
    "pay_to_approval",
    "payment",
    "payment_cause",
    "person",
    "proposal",
    "proposal_answer",
    "publicity",
    "recovery",
    "recovery_entry",
    "recovery_month",
    "relief_case",
    "residence",
    "rulebook",
    "rulebook_state",
    "scan",
    "session",
    "session_end",
    "standing",
    "status",
    "status_review",
    "withdrawal",
]
