"""Applications, the cases they fan out to, the steps of each case, and what was made public."""

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
    UniqueConstraint,
)

from records.tables.base import ID, Number, counted, metadata, recorded

application = Table(
    "application",
    metadata,
    Column("application_id", ID, primary_key=True),
    Column("household_id", ForeignKey("household.household_id"), nullable=False, index=True),
    Column("applicant", ForeignKey("person.person_id")),  # none: whoever came for the household
    Column("channel", String(20), nullable=False),  # window, village, online, found
    Column("decision", Number, ForeignKey("decision.seq"), nullable=False),  # what it was fanned out by
    *recorded(),
)

relief_case = Table(
    "relief_case",
    metadata,
    Column("case_id", ID, primary_key=True),
    Column("application_id", ForeignKey("application.application_id"), index=True),
    Column("household_id", ForeignKey("household.household_id"), nullable=False, index=True),
    Column("person_id", ForeignKey("person.person_id")),  # none: for the household as a whole
    Column("policy", ID, nullable=False, index=True),
    Column("purpose", String(10), nullable=False),  # grant, reduce, stop
    Column("urgent", Boolean, nullable=False),
    Column("score", Integer),  # of hardship, in hundredths, the worst it can be; to order what is to be done
    Column(
        "appeals", ForeignKey("relief_case.case_id"), unique=True
    ),  # the case whose decision it looks at again
    *recorded(),
    CheckConstraint("purpose IN ('grant', 'reduce', 'stop')", "purpose"),
)

# The state of a case is what its last step says. Nobody takes steps of two tiers, or at two levels, of one case:
# a trigger sees to it, with the order of steps (`records.migrations.versions`).
case_step = Table(
    "case_step",
    metadata,
    counted(),
    Column("case_id", ForeignKey("relief_case.case_id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("action", String(20), nullable=False),
    Column("before", String(20), nullable=False),  # "" before the first
    Column("after", String(20), nullable=False, index=True),
    Column("tier", String(10), nullable=False),  # entry, review, approval; "" for what settles nothing
    Column("level", ID, nullable=False),
    Column("person", ID, nullable=False),  # the real one, whatever account was used
    Column("outcome", String(20), nullable=False),  # of an investigation, an objection, a decision
    Column("reason", ID, nullable=False),  # a code of the rulebook
    Column("round", ID, nullable=False),  # of publicity
    Column("until", Date),  # the last day of publicity, of what is stopped, for papers that are to come
    Column("amount", String(40)),  # a decimal text
    Column("decision", Number, ForeignKey("decision.seq")),
    Column("cause", ID, nullable=False),  # of what is granted at discretion, "" where none is told
    Column("members", Integer),  # of the household, when it was decided
    Column("content", LargeBinary, nullable=False),  # a salt and JSON, what was said
    Column("commitment", String(64), nullable=False),
    *recorded(),
    UniqueConstraint("case_id", "number"),
    CheckConstraint("number >= 1 AND person <> ''", "said"),
    CheckConstraint(
        "(tier = 'entry' AND action IN ('apply', 'open', 'accept', 'return', 'supplement', 'appeal')) OR "
        "(tier = 'review' AND action IN ('investigate', 'visit', 'review', 'publicise', 'settle', 'send_back')) OR "
        "(tier = 'approval' AND action IN ('relieve', 'confirm', 'refuse', 'close', 'send_back')) OR "
        "(tier = '' AND action IN ('object', 'hear', 'notify', 'withdraw', 'declare', 'remark'))",
        "tier",
    ),
    Index(None, "person"),
)

# What was shown to everybody: never more than this, and a name only as it is masked when it is read.
publicity = Table(
    "publicity",
    metadata,
    counted(),
    Column("case_id", ForeignKey("relief_case.case_id"), nullable=False),
    Column("number", Integer, nullable=False),  # of the step that opened it
    Column("area", ID, nullable=False, index=True),
    Column(
        "person_id", ForeignKey("person.person_id"), nullable=False
    ),  # whose masked name stands for the family
    Column("policy", ID, nullable=False),
    Column("members", Integer, nullable=False),
    Column("amount", String(40)),
    Column("period", String(10)),
    Column("first_day", Date, nullable=False, index=True),
    Column("last_day", Date, nullable=False, index=True),
    *recorded(),
    UniqueConstraint("case_id", "number"),
    CheckConstraint("last_day >= first_day", "order"),
)
