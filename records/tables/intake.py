"""What was granted and paid, what happened, what departments' feeds say, and what people answered."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from records.tables.base import ID, Number, counted, metadata, recorded

# A later row of the same policy, person and first day takes an earlier one's place; what two cases give once stands beside
# each other (`records.granted.award_key`).
award = Table(
    "award",
    metadata,
    counted(),
    Column("household_id", ForeignKey("household.household_id"), nullable=False, index=True),
    Column("person_id", ForeignKey("person.person_id"), index=True),
    Column("policy", ID, nullable=False, index=True),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("amount", String(40)),  # a decimal text
    Column("period", String(10)),  # month, once or year
    Column("basis", String(40), nullable=False),  # why it is here: carried-over, …
    Column("source", ID, nullable=False),
    *recorded(),
    CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", "order"),
    Index("ix_award_basis", "basis", "seq"),
)

# A carried-over award waits until somebody has looked at it: until it has a row here.
award_review = Table(
    "award_review",
    metadata,
    counted(),
    Column("award", Number, ForeignKey("award.seq"), nullable=False, unique=True),
    Column("household_id", ForeignKey("household.household_id"), nullable=False),
    Column("outcome", String(20), nullable=False),  # confirmed, ended
    Column("reason", Text, nullable=False),
    *recorded(),
)

# Money that was paid. What came back has a further row, which names the one that it takes back.
payment = Table(
    "payment",
    metadata,
    counted(),
    Column("household_id", ForeignKey("household.household_id"), nullable=False, index=True),
    Column("person_id", ForeignKey("person.person_id"), index=True),
    Column("award", Number, ForeignKey("award.seq")),
    Column("policy", ID, nullable=False),
    Column("month", String(7), nullable=False),  # that it was paid for: 2026-08
    Column("amount", String(40), nullable=False),
    Column("paid_on", Date),
    Column("account", LargeBinary),  # the blind index of the account, to compare by; nobody reads it
    Column("state", String(10), nullable=False),  # paid, returned
    Column("takes_back", Number, ForeignKey("payment.seq"), unique=True),
    Column("basis", String(40), nullable=False),
    Column("source", ID, nullable=False),
    *recorded(),
    CheckConstraint("(state = 'paid') = (takes_back IS NULL)", "state"),
    Index(None, "policy", "month"),
)

# What a payment was given for, a word for each cause; a payment without a row here: nobody says.
payment_cause = Table(
    "payment_cause",
    metadata,
    counted(),
    Column("payment", Number, ForeignKey("payment.seq"), nullable=False, unique=True),
    Column("household_id", ForeignKey("household.household_id"), nullable=False, index=True),
    Column("person_id", ForeignKey("person.person_id"), index=True),
    Column("cause", ID, nullable=False),
    *recorded(),
)

# What explains that a payment is made beside another one for the same cause: a word, such as the case in which somebody
# said why. A payment without a row here: nobody has explained it.
payment_again = Table(
    "payment_again",
    metadata,
    counted(),
    Column("payment", Number, ForeignKey("payment.seq"), nullable=False, unique=True),
    Column("household_id", ForeignKey("household.household_id"), nullable=False, index=True),
    Column("person_id", ForeignKey("person.person_id"), index=True),
    Column("again", ID, nullable=False),
    *recorded(),
)

# Somebody has looked again, on a day, at what is held.
status_review = Table(
    "status_review",
    metadata,
    counted(),
    Column("household_id", ForeignKey("household.household_id"), nullable=False, index=True),
    Column("person_id", ForeignKey("person.person_id"), index=True),
    Column("policy", ID, nullable=False),
    Column("reviewed_on", Date, nullable=False),
    Column("source", ID, nullable=False),
    *recorded(),
)

# Something that happened, as the rulebook's kinds of events tell it; kind, day and fields are sealed together.
life_event = Table(
    "life_event",
    metadata,
    counted(),
    Column("household_id", ForeignKey("household.household_id"), nullable=False, index=True),
    Column("person_id", ForeignKey("person.person_id"), index=True),
    Column("content", LargeBinary, nullable=False),  # a salt and JSON
    Column("commitment", String(64), nullable=False),
    Column("source", ID, nullable=False),
    *recorded(),
)

# A file of a department, compared with the record once.
feed_run = Table(
    "feed_run",
    metadata,
    counted(),
    Column("feed", ID, nullable=False, index=True),
    Column("source", ID, nullable=False),  # the department
    Column("file_hash", String(64), nullable=False),
    Column("as_of", Date, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("counts", Text, nullable=False),  # JSON: how many rows came out how
    Column("rulebook", String(64), nullable=False),
    *recorded(),
)

# What a feed says and the record does not. It changes nothing: somebody answers it.
proposal = Table(
    "proposal",
    metadata,
    counted(),
    Column("feed_run", Number, ForeignKey("feed_run.seq"), nullable=False, index=True),
    Column("feed", ID, nullable=False, index=True),
    Column("household_id", ForeignKey("household.household_id"), nullable=False, index=True),
    Column("person_id", ForeignKey("person.person_id"), index=True),
    Column("kind", String(20), nullable=False),  # new, differs, event, status
    Column("about", ID, nullable=False),  # the fact, the kind of event or the policy
    Column("answered_by", ID, nullable=False),
    Column("weak", Boolean, nullable=False),  # found by name and day of birth: somebody has to look
    Column("content", LargeBinary, nullable=False),  # a salt and JSON: what the feed says, what is held
    Column("commitment", String(64), nullable=False),
    Column("row_number", Integer, nullable=False),  # of the file, as people count
    Column("row_hash", LargeBinary, nullable=False),  # keyed: rows are short, and a plain hash can be guessed
    Column("same_as", LargeBinary, nullable=False, index=True),  # keyed: equal for what was proposed before
    *recorded(),
    UniqueConstraint("feed_run", "same_as"),
)

proposal_answer = Table(
    "proposal_answer",
    metadata,
    counted(),
    Column("proposal", Number, ForeignKey("proposal.seq"), nullable=False, index=True),
    Column("answer", String(10), nullable=False),  # confirmed, refuted, unclear
    Column("reason", Text, nullable=False),
    *recorded(),
    CheckConstraint("answer IN ('confirmed', 'refuted', 'unclear')", "answer"),
)
# Once confirmed or refuted, it is settled.
_settles = proposal_answer.c.answer != "unclear"
Index(
    "uq_proposal_answer_settled",
    proposal_answer.c.proposal,
    unique=True,
    sqlite_where=_settles,
    postgresql_where=_settles,
)
