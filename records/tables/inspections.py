"""Special inspections: what is looked at, the sample that was drawn, what was found, what is put right, how it ended.

Rows are only added. Where an inspection or a rectification stands is what its rows say. Triggers keep the order and the
four eyes (`records/migrations/versions/0011_inspections.py`).
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from records.tables.base import ID, Number, counted, metadata, recorded

inspection = Table(
    "inspection",
    metadata,
    counted(),
    Column("title", Text, nullable=False),
    Column("rules", ID, nullable=False),  # the set of rules, of the rulebook's inspections/
    Column("rulebook", ForeignKey("rulebook.fingerprint"), nullable=False),  # that it stands in
    Column("area", ID, nullable=False, index=True),
    Column("department", ID, nullable=False),  # that inspects; "" for an audit
    Column("policies", Text, nullable=False),  # JSON: their names; [] for all
    Column("of", String(10), nullable=False),  # the households drawn from, as the set of rules says
    Column("since", Date, nullable=False),
    Column("until", Date, nullable=False),
    Column("stratify", String(10), nullable=False),
    Column("size", Integer),  # how many are drawn; or
    Column("share", String(20)),  # which part of each stratum, a decimal text
    Column("seed", String(80), nullable=False),
    Column("reason", Text, nullable=False),
    Column("person", ID, nullable=False),  # the real person who opened it
    *recorded(),
    CheckConstraint("stratify IN ('none', 'area', 'policy')", "stratify"),
    CheckConstraint("(size IS NULL) <> (share IS NULL) AND (size IS NULL OR size >= 1)", "how_many"),
    CheckConstraint("until >= since AND seed <> '' AND person <> ''", "said"),
)

inspection_draw = Table(
    "inspection_draw",
    metadata,
    Column("inspection", Number, ForeignKey("inspection.seq"), primary_key=True, autoincrement=False),
    Column("method", String(20), nullable=False),
    Column("population", Integer, nullable=False),
    Column("sampled", Integer, nullable=False),
    Column("strata", Text, nullable=False),  # JSON: by stratum how many there are and how many were drawn
    Column("population_hash", String(64), nullable=False),  # of the list, uncompressed
    Column("content", LargeBinary, nullable=False),  # the list, compressed: stratum, tab, item
    Column("person", ID, nullable=False),
    *recorded(),
    CheckConstraint("sampled BETWEEN 1 AND population", "some"),
)

inspection_sample = Table(
    "inspection_sample",
    metadata,
    Column("inspection", Number, ForeignKey("inspection.seq"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("stratum", ID, nullable=False),
    Column("item", String(170), nullable=False),  # the household, or household/policy
    Column("household_id", ForeignKey("household.household_id"), nullable=False, index=True),
    Column("policy", ID, nullable=False),  # "" where it is drawn for all
    *recorded(),
    UniqueConstraint("inspection", "item"),
)

inspection_run = Table(
    "inspection_run",
    metadata,
    counted(),
    Column("inspection", Number, ForeignKey("inspection.seq"), nullable=False, index=True),
    Column("rulebook", ForeignKey("rulebook.fingerprint"), nullable=False),
    Column("on", Date, nullable=False),
    Column("known", Date, nullable=False),
    Column("looked", Integer, nullable=False),  # at so many households
    Column("found", Integer, nullable=False),  # new findings
    Column("counts", Text, nullable=False),  # JSON: new findings by what they are about
    Column("unread", Text, nullable=False),  # JSON: households that could not be read, and why
    Column("person", ID, nullable=False),
    *recorded(),
)

inspection_finding = Table(
    "inspection_finding",
    metadata,
    counted(),
    Column("inspection", Number, ForeignKey("inspection.seq"), nullable=False),
    Column("origin", String(10), nullable=False),  # rule: suggested; hand: an inspector's
    Column(
        "about", ID, nullable=False
    ),  # the watch rule, what is proposed, the look; or what the inspector calls it
    Column("household_id", ForeignKey("household.household_id"), index=True),  # none: about an approver
    Column("subject", ID, nullable=False),  # a person, an approver, or "household"
    Column("policy", ID, nullable=False),
    Column("case_id", ForeignKey("relief_case.case_id")),
    Column("notice", Number, ForeignKey("notice.seq")),
    Column("decision", Number, ForeignKey("decision.seq")),
    Column("severity", String(10), nullable=False),
    Column("gravity", Integer, nullable=False),
    Column("certain", Boolean, nullable=False),
    Column("harm", String(40)),
    Column("evidence", Text, nullable=False),  # JSON
    Column("text", Text, nullable=False),
    Column("same_as", String(64), nullable=False),
    Column("person", ID, nullable=False),
    *recorded(),
    UniqueConstraint("inspection", "same_as"),
    CheckConstraint("origin = 'rule' OR (origin = 'hand' AND text <> '')", "origin"),
    CheckConstraint("severity IN ('high', 'medium', 'low')", "severity"),
)

inspection_answer = Table(
    "inspection_answer",
    metadata,
    Column("finding", Number, ForeignKey("inspection_finding.seq"), primary_key=True, autoincrement=False),
    Column("answer", String(10), nullable=False),
    Column("reason", Text, nullable=False),
    Column("person", ID, nullable=False),
    *recorded(),
    CheckConstraint("answer IN ('confirmed', 'refuted') AND reason <> '' AND person <> ''", "answer"),
)

# What has to be put right, by whom and until when.
rectification = Table(
    "rectification",
    metadata,
    counted(),
    Column("finding", Number, ForeignKey("inspection_finding.seq"), nullable=False, index=True),
    Column("area", ID, nullable=False, index=True),  # of the unit that has to do it
    Column("department", ID, nullable=False),  # "" where it is the area's own office
    Column("task", Text, nullable=False),
    Column("due", Date, nullable=False, index=True),
    Column("person", ID, nullable=False),  # who ordered it
    *recorded(),
    CheckConstraint("task <> '' AND person <> ''", "said"),
)

rectification_step = Table(
    "rectification_step",
    metadata,
    Column("rectification", Number, ForeignKey("rectification.seq"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("state", String(10), nullable=False),
    Column("text", Text, nullable=False),  # what was done, what was seen, why not
    Column("day", Date, nullable=False),  # on which it was done
    Column("person", ID, nullable=False),
    *recorded(),
    CheckConstraint("state IN ('done', 'returned', 'verified', 'dropped')", "state"),
    CheckConstraint("number >= 1 AND text <> '' AND person <> ''", "said"),
)

inspection_end = Table(
    "inspection_end",
    metadata,
    Column("inspection", Number, ForeignKey("inspection.seq"), primary_key=True, autoincrement=False),
    Column("kind", String(10), nullable=False),
    Column("report", Text, nullable=False),
    Column("counts", Text, nullable=False),  # JSON
    Column("person", ID, nullable=False),
    *recorded(),
    CheckConstraint("kind IN ('closed', 'abandoned') AND report <> '' AND person <> ''", "end"),
)

IN_ORDER = (
    inspection,
    inspection_draw,
    inspection_sample,
    inspection_run,
    inspection_finding,
    inspection_answer,
    rectification,
    rectification_step,
    inspection_end,
)
"""As they refer to each other."""
