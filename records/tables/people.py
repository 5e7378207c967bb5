"""People, whatever household they live in. What says who they are is sealed (`records.sealed`)."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from records.tables.base import ERASABLE, ID, changes, counted, metadata, recorded

person = Table("person", metadata, Column("person_id", ID, primary_key=True), *recorded())

# A later row of the same kind takes an earlier one's place.
identity = Table(
    "identity",
    metadata,
    counted(),
    Column("person_id", ForeignKey("person.person_id"), nullable=False),
    Column("kind", String(20), nullable=False),  # name, id_number, phone, account
    Column("value", LargeBinary, nullable=False),
    Column("found_by", LargeBinary, nullable=False, index=True),  # the blind index
    *recorded(),
    Index(None, "person_id", "kind"),
)

# Whose an identity number is: two persons cannot have one.
number = Table(
    "number",
    metadata,
    Column("found_by", LargeBinary, primary_key=True),
    Column("person_id", ForeignKey("person.person_id"), nullable=False),
    *recorded(),
)

# The key that seals everything about a person or a household, itself sealed with the office's. Without it nobody
# reads what it sealed: taking it away is erasure.
data_key = Table(
    "data_key",
    metadata,
    Column("subject", ID, primary_key=True),  # person:… or household:…
    Column("wrapped", LargeBinary, nullable=False),
    Column("key_version", Integer, nullable=False),
    *recorded(),
    info=changes("wrapped", "key_version") | ERASABLE,
)
