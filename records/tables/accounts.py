"""Accounts, what they are granted, and their sessions. Nothing is written over: the latest row counts.

That nobody grants himself anything, and that a second pair of eyes is another person's, is said to the database: the
constraints name real persons, so a second account of the same one does not help.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from records.tables.base import ERASABLE, ID, TOKEN, Number, changes, counted, metadata, recorded

account = Table(
    "account",
    metadata,
    Column("account", ID, primary_key=True),  # the login name
    Column("kind", String(10), nullable=False),  # password, oidc
    Column("person", ID, nullable=False),  # the real person, whatever accounts he or she has
    Column("name", String(80), nullable=False),  # as it is shown
    Column("subject", String(255), unique=True),  # oidc: how the office's identity provider calls the person
    *recorded(),
    UniqueConstraint("account", "person"),
    CheckConstraint("(kind = 'oidc') = (subject IS NOT NULL)", "subject"),
)

# A closed account stays closed.
closing = Table(
    "closing",
    metadata,
    Column("account", ForeignKey("account.account"), primary_key=True),
    *recorded(),
)

# The password of an account, of which only what argon2id makes of it is kept.
credential = Table(
    "credential",
    metadata,
    counted(),
    Column("account", ForeignKey("account.account"), nullable=False, index=True),
    Column("hash", Text, nullable=False),
    Column("must_change", Boolean, nullable=False),  # somebody else knows it: it opens nothing but its change
    *recorded(),
)

granted = Table(
    "granted",
    metadata,
    counted(),
    Column("account", ID, nullable=False, index=True),
    Column("person", ID, nullable=False),
    Column("role", String(30), nullable=False),
    Column("area", ID, nullable=False),
    Column("department", ID, nullable=False),  # "": of none in particular
    Column("valid_from", Date, nullable=False),
    Column("granted_by", ID, nullable=False),  # a person
    Column("pending", Boolean, nullable=False),  # counts only with a confirmation
    *recorded(),
    ForeignKeyConstraint(("account", "person"), ("account.account", "account.person")),
    UniqueConstraint("seq", "person", "granted_by"),
    CheckConstraint("person <> granted_by", "not_to_oneself"),
    # `records.accounts.WATCHED` and SETUP, said to the database as well
    CheckConstraint(
        "pending OR granted_by = 'setup' OR role NOT IN ('auditor', 'administrator')", "second_pair_of_eyes"
    ),
)

confirmation = Table(
    "confirmation",
    metadata,
    Column("granted", Number, primary_key=True, autoincrement=False),
    Column("person", ID, nullable=False),
    Column("granted_by", ID, nullable=False),
    Column("confirmed_by", ID, nullable=False),
    *recorded(),
    ForeignKeyConstraint(
        ("granted", "person", "granted_by"), ("granted.seq", "granted.person", "granted.granted_by")
    ),
    CheckConstraint("confirmed_by <> granted_by AND confirmed_by <> person", "four_eyes"),
)

withdrawal = Table(
    "withdrawal",
    metadata,
    Column("granted", Number, ForeignKey("granted.seq"), primary_key=True, autoincrement=False),
    *recorded(),
)

session = Table(
    "session",
    metadata,
    Column("session", TOKEN, primary_key=True),  # how it is named to its owner; opens nothing
    Column("token", LargeBinary, nullable=False, unique=True),  # SHA-256 of what opens it
    Column("account", ForeignKey("account.account"), nullable=False, index=True),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    Column("last_used", DateTime(timezone=True), nullable=False),  # in steps of minutes
    Column("address", String(64), nullable=False),
    Column("agent", String(120), nullable=False),
    *recorded(),
    info=changes("last_used"),
)

session_end = Table(
    "session_end",
    metadata,
    Column("session", ForeignKey("session.session"), primary_key=True),
    Column("reason", String(20), nullable=False),  # signed-out, password, closed
    *recorded(),
)

# Attempts to sign in that have not succeeded (`records.attempts`). Under blind indexes: people type passwords where the
# name belongs.
attempt = Table(
    "attempt",
    metadata,
    counted(),
    Column("who", LargeBinary, nullable=False, index=True),
    Column("address", LargeBinary, nullable=False, index=True),
    Column("at", DateTime(timezone=True), nullable=False, index=True),
    info=ERASABLE,
)
