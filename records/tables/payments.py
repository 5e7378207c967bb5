"""Where money goes, the batches of a month, what was instructed and what the bank said; budgets, and what is owed back.

Rows are only added. The current state of a batch is its last step. Triggers keep four eyes, the order of steps, and that
nothing is instructed twice (`records/migrations/versions/0008_payments.py`).
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from records.tables.base import ID, Number, counted, metadata, recorded

MONTH = String(7)  # 2026-11
AMOUNT = String(40)  # a decimal text

# Where the money of a household or of one of its people goes. It counts once another person has approved it.
pay_to = Table(
    "pay_to",
    metadata,
    counted(),
    Column("household_id", ForeignKey("household.household_id"), nullable=False, index=True),
    Column("person_id", ForeignKey("person.person_id")),  # none: what is granted to the household
    Column("holder", ForeignKey("person.person_id"), nullable=False, index=True),
    Column(
        "account", LargeBinary, nullable=False, index=True
    ),  # its blind index; the number stays with the holder
    Column("relation", String(10), nullable=False),
    Column("reason", Text, nullable=False),
    Column("person", ID, nullable=False),  # the real person who entered it
    *recorded(),
    CheckConstraint("relation IN ('self', 'guardian', 'agent')", "relation"),
    CheckConstraint("person <> ''", "person"),
)

pay_to_approval = Table(
    "pay_to_approval",
    metadata,
    counted(),
    Column("pay_to", Number, ForeignKey("pay_to.seq"), nullable=False, unique=True),
    Column("person", ID, nullable=False, index=True),
    *recorded(),
    CheckConstraint("person <> ''", "person"),
)

pay_batch = Table(
    "pay_batch",
    metadata,
    counted(),
    Column("month", MONTH, nullable=False, index=True),
    Column("area", ID, nullable=False, index=True),
    Column("policies", Text, nullable=False),  # JSON: their names
    Column("rulebook", ForeignKey("rulebook.fingerprint"), nullable=False),  # whose watch rules looked
    Column("person", ID, nullable=False),  # the real person who built it
    Column("lines", Integer, nullable=False),
    Column(
        "seen", Number, nullable=False
    ),  # the last entry of the audit trail that was there: what came later is new
    *recorded(),
    CheckConstraint("lines > 0 AND person <> ''", "said"),
)

# Every award of the month, paid or blocked with its reasons.
pay_line = Table(
    "pay_line",
    metadata,
    Column("batch", Number, ForeignKey("pay_batch.seq"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("award", Number, ForeignKey("award.seq"), nullable=False, index=True),
    Column("household_id", ForeignKey("household.household_id"), nullable=False, index=True),
    Column("subject", ID, nullable=False),  # a person, or "household"
    Column("policy", ID, nullable=False),
    Column("month", MONTH, nullable=False),  # that is covered
    Column("kind", String(10), nullable=False),
    Column("amount", AMOUNT),
    Column("pay_to", Number, ForeignKey("pay_to.seq"), index=True),
    Column("holder", ID),
    Column("account", LargeBinary),
    Column("verdict", String(10), nullable=False),
    Column("reasons", Text, nullable=False),  # JSON, sorted
    Column("warnings", Text, nullable=False),  # JSON, sorted
    *recorded(),
    CheckConstraint("kind IN ('regular', 'arrears', 'again')", "kind"),
    CheckConstraint("verdict IN ('pay', 'blocked') AND (verdict = 'pay') = (reasons = '[]')", "verdict"),
    CheckConstraint(
        "verdict = 'blocked' OR (amount IS NOT NULL AND pay_to IS NOT NULL AND account IS NOT NULL)", "known"
    ),
    Index(None, "household_id", "subject", "policy", "month"),
)

pay_step = Table(
    "pay_step",
    metadata,
    counted(),
    Column("batch", Number, ForeignKey("pay_batch.seq"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", String(10), nullable=False, index=True),
    Column("person", ID, nullable=False),
    Column("reason", Text, nullable=False),
    Column("file_hash", String(64), nullable=False),  # of what was exported; "" otherwise
    *recorded(),
    UniqueConstraint("batch", "number"),
    CheckConstraint("state IN ('built', 'released', 'cancelled', 'exported', 'settled')", "state"),
    CheckConstraint("number >= 1 AND person <> ''", "said"),
)

# What the bank is told to pay, once the batch is released.
instruction = Table(
    "instruction",
    metadata,
    counted(),
    Column("reference", String(35), nullable=False, unique=True),
    Column("batch", Number, nullable=False),
    Column("line", Integer, nullable=False),
    Column("household_id", ForeignKey("household.household_id"), nullable=False),
    Column("subject", ID, nullable=False),
    Column("policy", ID, nullable=False),
    Column("month", MONTH, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("amount", AMOUNT, nullable=False),
    Column("holder", ForeignKey("person.person_id"), nullable=False),
    Column("account", LargeBinary, nullable=False),
    *recorded(),
    ForeignKeyConstraint(("batch", "line"), ("pay_line.batch", "pay_line.number")),
    UniqueConstraint("batch", "line"),
    # Stricter than with the kind: arrears do not pay what was paid as regular.
    UniqueConstraint("household_id", "subject", "policy", "month", "attempt"),
    CheckConstraint("attempt >= 1", "attempt"),
)

# A file of the bank, read once: what it said of instructions is beside it, what it said wrongly is here.
bank_file = Table(
    "bank_file",
    metadata,
    counted(),
    Column("batch", Number, ForeignKey("pay_batch.seq"), nullable=False),
    Column("file_hash", String(64), nullable=False),
    Column("rows", Integer, nullable=False),
    Column("counts", Text, nullable=False),  # JSON
    Column("problems", Text, nullable=False),  # JSON: row, reference, what is wrong
    Column("person", ID, nullable=False),
    *recorded(),
    UniqueConstraint("batch", "file_hash"),
)

instruction_result = Table(
    "instruction_result",
    metadata,
    counted(),
    Column("instruction", Number, ForeignKey("instruction.seq"), nullable=False, index=True),
    Column("outcome", String(10), nullable=False),
    Column("reason", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("payment", Number, ForeignKey("payment.seq")),  # that was written or taken back for it
    Column("bank_file", Number, ForeignKey("bank_file.seq"), nullable=False),
    *recorded(),
    UniqueConstraint("instruction", "outcome"),
    CheckConstraint("outcome IN ('paid', 'returned')", "outcome"),
)

# What a programme may pay in a year; the last row counts.
budget = Table(
    "budget",
    metadata,
    counted(),
    Column("policy", ID, nullable=False),
    Column("year", Integer, nullable=False),
    Column("area", ID, nullable=False),
    Column("amount", AMOUNT, nullable=False),
    Column("reason", Text, nullable=False),
    Column("person", ID, nullable=False),
    *recorded(),
    Index(None, "policy", "year"),
)

# Money that may have to come back: months that were paid and not due, with the rules that say so.
recovery = Table(
    "recovery",
    metadata,
    counted(),
    Column("household_id", ForeignKey("household.household_id"), nullable=False, index=True),
    Column("basis", ID, nullable=False),  # case:… or alert:…
    Column("known", Date, nullable=False),  # as known on that day
    Column("rulebook", ForeignKey("rulebook.fingerprint"), nullable=False),
    Column("amount", AMOUNT, nullable=False),  # that was found
    Column(
        "hearing", String(200), nullable=False
    ),  # the article that asks for one before deciding; "" for none
    Column("person", ID, nullable=False),
    Column("reason", Text, nullable=False),
    *recorded(),
)

recovery_month = Table(
    "recovery_month",
    metadata,
    Column("recovery", Number, ForeignKey("recovery.seq"), primary_key=True, autoincrement=False),
    Column("policy", ID, primary_key=True),
    Column("subject", ID, primary_key=True),
    Column("month", MONTH, primary_key=True),
    Column("version", String(40)),
    Column("paid", AMOUNT, nullable=False),
    Column("due", AMOUNT, nullable=False),
    Column("over", AMOUNT, nullable=False),
    *recorded(),
    UniqueConstraint("policy", "subject", "month", "recovery"),
)

recovery_entry = Table(
    "recovery_entry",
    metadata,
    counted(),
    Column("recovery", Number, ForeignKey("recovery.seq"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("kind", String(15), nullable=False),
    Column("amount", AMOUNT),  # of what is decided, comes back or is waived
    Column("reference", ID, nullable=False),  # of a hearing, a receipt, a batch; "" for none
    Column("reason", Text, nullable=False),
    Column("day", Date, nullable=False),  # of which it is told
    Column("person", ID, nullable=False),
    *recorded(),
    UniqueConstraint("recovery", "number"),
    CheckConstraint(
        "kind IN ('heard', 'decided', 'dropped', 'repaid', 'offset', 'waiver-asked', 'waived')", "kind"
    ),
    CheckConstraint("(kind IN ('heard', 'dropped')) = (amount IS NULL)", "amount"),
    CheckConstraint("number >= 1 AND person <> ''", "said"),
)

IN_ORDER = (
    pay_to,
    pay_to_approval,
    pay_batch,
    pay_line,
    pay_step,
    instruction,
    bank_file,
    instruction_result,
    budget,
    recovery,
    recovery_month,
    recovery_entry,
)
"""As they refer to each other."""
