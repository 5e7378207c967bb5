"""Households: where they live, who belongs to them, what is told about them, what they hold."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, Index, Integer, LargeBinary, String, Table

from records.tables.base import ERASABLE, ID, changes, counted, metadata, recorded

household = Table(
    "household",
    metadata,
    Column("household_id", ID, primary_key=True),
    Column("application_date", Date),
    Column("version", Integer, nullable=False),  # counts the writes: two that start from the same one collide
    Column("area", ID, nullable=False, index=True),  # of the last row of `residence`, for scopes and lists
    *recorded(),
    info=changes("version", "area"),
)

residence = Table(
    "residence",
    metadata,
    counted(),
    Column("household_id", ForeignKey("household.household_id"), nullable=False, index=True),
    Column("area", ID, nullable=False),
    Column("address", LargeBinary),  # sealed with the household's key
    Column("valid_from", Date, nullable=False),
    *recorded(),
)

# To find addresses by a part of them (`records.addresses`). Repeats what `residence` says, so it has no entries.
address_gram = Table(
    "address_gram",
    metadata,
    Column("household_id", ForeignKey("household.household_id"), primary_key=True),
    Column("found_by", LargeBinary, primary_key=True, index=True),
    info=ERASABLE,
)

membership = Table(
    "membership",
    metadata,
    counted(),
    Column("household_id", ForeignKey("household.household_id"), nullable=False, index=True),
    Column("person_id", ForeignKey("person.person_id"), nullable=False, index=True),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),  # the last day; a later row of the same person and first day takes its place
    *recorded(),
)

# A fact of a person is his or hers in whatever household; `household_id` says in whose file it was told.
assertion = Table(
    "assertion",
    metadata,
    counted(),
    Column("household_id", ForeignKey("household.household_id"), nullable=False),
    Column("person_id", ForeignKey("person.person_id")),  # none: a fact of the household
    Column("fact", ID, nullable=False),
    Column(
        "value", LargeBinary, nullable=False
    ),  # a salt and JSON, sealed with the key of the person or household
    Column("commitment", String(64), nullable=False),  # to the value, with its salt (`records.sealed`)
    Column("valid_from", Date),
    Column("valid_to", Date),
    Column("as_of", Date),
    Column("source", ID, nullable=False),
    *recorded(),
    CheckConstraint("valid_to IS NULL OR valid_from IS NULL OR valid_to >= valid_from", "order"),
    Index(None, "household_id", "seq"),
    Index(None, "person_id", "seq"),
)

status = Table(
    "status",
    metadata,
    counted(),
    Column("household_id", ForeignKey("household.household_id"), nullable=False, index=True),
    Column("person_id", ForeignKey("person.person_id"), index=True),
    Column("policy", ID, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),  # a later row of the same policy, person and first day takes its place
    Column("amount", String(40)),
    Column("source", ID, nullable=False),
    *recorded(),
)
