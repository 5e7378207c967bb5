"""The tables. Days are ISO texts in documents and dates here; moments are UTC.

Only `household.version` is ever updated. Everything else is added to, and triggers see to it (`migrations`).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_Number = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts only plain integers by itself
_ID = String(80)


def _recorded() -> tuple[Column[object], Column[object], Column[object]]:
    """The office's day on which a row was written, the moment, and by whom."""
    return (
        Column("recorded_on", Date, nullable=False),
        Column("recorded_at", DateTime(timezone=True), nullable=False),
        Column("recorded_by", _ID, nullable=False),
    )


household = Table(
    "household",
    metadata,
    Column("household_id", _ID, primary_key=True),
    Column("area", _ID, nullable=False, index=True),
    Column("application_date", Date),
    Column("version", Integer, nullable=False),  # counts the writes: two that start from the same one collide
    *_recorded(),
)

# A person, whatever household he or she lives in. What says who it is, is sealed (`records.sealed`).
person = Table(
    "person",
    metadata,
    Column("person_id", _ID, primary_key=True),
    Column("name", LargeBinary, nullable=False),
    Column("id_number", LargeBinary),
    Column("id_number_index", LargeBinary, unique=True),  # two persons cannot have one number
    Column("key_version", Integer, nullable=False),
    *_recorded(),
)

membership = Table(
    "membership",
    metadata,
    Column("seq", _Number, primary_key=True, autoincrement=True),
    Column("household_id", ForeignKey("household.household_id"), nullable=False, index=True),
    Column("person_id", ForeignKey("person.person_id"), nullable=False, index=True),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),  # the last day; a later row of the same person and first day takes its place
    *_recorded(),
)

assertion = Table(
    "assertion",
    metadata,
    Column("seq", _Number, primary_key=True, autoincrement=True),
    Column("household_id", ForeignKey("household.household_id"), nullable=False),
    Column("person_id", ForeignKey("person.person_id")),  # none: a fact of the household
    Column("fact", _ID, nullable=False),
    Column("value", Text, nullable=False),  # JSON, numbers exactly as they were told
    Column("valid_from", Date),
    Column("valid_to", Date),
    Column("as_of", Date),
    Column("source", _ID, nullable=False),
    *_recorded(),
    CheckConstraint("valid_to IS NULL OR valid_from IS NULL OR valid_to >= valid_from", "order"),
    Index(None, "household_id", "seq"),
    Index(None, "person_id", "fact"),
)

status = Table(
    "status",
    metadata,
    Column("seq", _Number, primary_key=True, autoincrement=True),
    Column("household_id", ForeignKey("household.household_id"), nullable=False, index=True),
    Column("person_id", ForeignKey("person.person_id")),
    Column("policy", _ID, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),  # a later row of the same policy, person and first day takes its place
    Column("amount", String(40)),
    Column("source", _ID, nullable=False),
    *_recorded(),
)

# Every rulebook that a decision was made under: its files, so that it can be loaded again.
rulebook = Table(
    "rulebook",
    metadata,
    Column("fingerprint", String(64), primary_key=True),
    Column("files", LargeBinary, nullable=False),  # compressed JSON of path and text
    *_recorded(),
)

decision = Table(
    "decision",
    metadata,
    Column("seq", _Number, primary_key=True, autoincrement=True),
    Column("decision_id", String(64), nullable=False, index=True),
    Column("household_id", ForeignKey("household.household_id"), nullable=False, index=True),
    Column("on", Date, nullable=False),
    Column("known", Date, nullable=False),
    Column("facts_until", _Number, nullable=False),  # the last assertion that it was made from
    Column("statuses_until", _Number, nullable=False),
    Column("members_until", _Number, nullable=False),
    Column("rulebook", ForeignKey("rulebook.fingerprint"), nullable=False),
    Column("engine", String(80), nullable=False),
    Column("content", LargeBinary, nullable=False),  # the decision document, compressed
    Column("content_hash", String(64), nullable=False),
    *_recorded(),
)

# What lists are made from: one row for each finding of a stored decision.
finding = Table(
    "finding",
    metadata,
    Column("decision", ForeignKey("decision.seq"), primary_key=True),
    Column("policy", _ID, primary_key=True),
    Column("subject", _ID, primary_key=True),
    Column("version", String(40)),
    Column("outcome", String(20), nullable=False),
    Index(None, "policy", "outcome"),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", _Number, primary_key=True, autoincrement=False),
    Column("at", String(32), nullable=False),
    Column("actor", _ID, nullable=False),
    Column("action", String(40), nullable=False),
    Column("entity", String(40), nullable=False),
    Column("entity_id", String(160), nullable=False),
    Column("digest", String(64), nullable=False),  # of what was written
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
)

anchor = Table(
    "anchor",
    metadata,
    Column("seq", _Number, primary_key=True, autoincrement=False),
    Column("hash", String(64), nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("at", String(32), nullable=False),
    UniqueConstraint("seq"),
)

ADDED_TO = tuple(table for table in metadata.sorted_tables if table is not household)
"""Tables of which no row is ever changed or taken away."""

AUDITED = tuple(table for table in metadata.sorted_tables if table not in (audit, anchor, finding))
"""Tables of which every row has its entry in the audit trail. Findings repeat what their decision says."""
