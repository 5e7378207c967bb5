"""What every night's run came to, and what people are asked to look at: alerts, tasks, proposals; with their answers."""

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
)

from records.tables.base import ID, Number, counted, metadata, recorded

night = Table(
    "night",
    metadata,
    counted(),
    Column("on", Date, nullable=False, index=True),
    Column("rulebook", String(64), nullable=False),
    Column("households", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("raised", Integer, nullable=False),
    Column("counts", Text, nullable=False),  # JSON: what was raised, by what it is about
    *recorded(),
)

# What a household's findings came to: one row whenever that was something else than before.
standing = Table(
    "standing",
    metadata,
    counted(),
    Column("household_id", ForeignKey("household.household_id"), nullable=False, index=True),
    Column("on", Date, nullable=False),
    Column("score", Integer),  # of hardship in hundredths, the worst it can be
    Column("content", LargeBinary, nullable=False),  # compressed JSON: outcomes, amounts, conflicts
    Column("digest", String(64), nullable=False),
    Column("decision", Number, ForeignKey("decision.seq")),
    *recorded(),
)

notice = Table(
    "notice",
    metadata,
    counted(),
    Column("kind", String(10), nullable=False),  # alert, task, proposal
    Column("about", ID, nullable=False, index=True),  # the watch rule, event/task, or what is proposed
    Column("household_id", ForeignKey("household.household_id"), nullable=False, index=True),
    Column("subject", ID, nullable=False),  # the person, or `household`
    Column("policy", ID, nullable=False),  # "" where it is about none
    Column("owner", ID, nullable=False, index=True),  # a level of area, or a department
    Column("severity", String(10), nullable=False),
    Column("gravity", Integer, nullable=False, index=True),  # to order by: the greatest first
    Column("due", Date),  # None: the deadline is not known (`term` says of what it counts)
    Column("term", Text, nullable=False),  # JSON
    Column("evidence", Text, nullable=False),  # JSON: references to records, months, outcomes
    Column("certain", Boolean, nullable=False),
    Column("harm", String(40)),  # money at stake, as a decimal text
    Column("same_as", String(64), nullable=False, unique=True),  # equal for what was raised before
    *recorded(),
    CheckConstraint("kind IN ('alert', 'task', 'proposal')", "kind"),
)

# A night gives out so many notices to each owner; those without a row here wait.
notice_shown = Table(
    "notice_shown",
    metadata,
    counted(),
    Column("notice", Number, ForeignKey("notice.seq"), nullable=False, unique=True),
    Column("on", Date, nullable=False, index=True),  # the night
    *recorded(),
)

notice_answer = Table(
    "notice_answer",
    metadata,
    counted(),
    Column("notice", Number, ForeignKey("notice.seq"), nullable=False, index=True),
    Column("answer", String(10), nullable=False),  # confirmed, refuted, done, unclear
    Column("reason", Text, nullable=False),
    Column("person", ID, nullable=False),
    *recorded(),
    CheckConstraint("answer IN ('confirmed', 'refuted', 'done', 'unclear')", "answer"),
)
# Once answered otherwise than with `unclear`, it is closed, and no night opens it again.
_closes = notice_answer.c.answer != "unclear"
Index(
    "uq_notice_answer_closed",
    notice_answer.c.notice,
    unique=True,
    sqlite_where=_closes,
    postgresql_where=_closes,
)

# Somebody's word that outranks every night: nothing is raised about this until a day.
pause = Table(
    "pause",
    metadata,
    counted(),
    Column(
        "about", ID, nullable=False
    ),  # a watch rule, or what is proposed; "" for everything of the household
    Column("household_id", ForeignKey("household.household_id"), index=True),  # none: a rule everywhere
    Column("policy", ID, nullable=False),
    Column("until", Date, nullable=False),
    Column("reason", Text, nullable=False),
    Column("person", ID, nullable=False),
    *recorded(),
    CheckConstraint("about <> '' OR household_id IS NOT NULL", "something"),
)
