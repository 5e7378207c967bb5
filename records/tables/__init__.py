"""The tables, by what they are about. Importing this package knows them all."""

from records.tables.audit import anchor, audit
from records.tables.base import metadata
from records.tables.decisions import decision, finding, rulebook
from records.tables.documents import letter, scan
from records.tables.households import address_gram, assertion, household, membership, residence, status
from records.tables.people import data_key, identity, number, person

AUDITED = tuple(table for table in metadata.sorted_tables if "entry" in table.columns and table is not audit)
"""Tables of which every row has its entry in the audit trail."""

__all__ = [
    "AUDITED",
    "address_gram",
    "anchor",
    "assertion",
    "audit",
    "data_key",
    "decision",
    "finding",
    "household",
    "identity",
    "letter",
    "membership",
    "metadata",
    "number",
    "person",
    "residence",
    "rulebook",
    "scan",
    "status",
]
