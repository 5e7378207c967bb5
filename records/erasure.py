"""Erasure by law: the data keys of a household and of its people are taken away.

Rows, entries and commitments stay, so the record still verifies; what was sealed cannot be read by anybody. Somebody
who also belongs to another household keeps his or her key: that household's file is not erased.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from records import audit, sealed, tables
from records.database import Reading, Writing
from records.households import memberships, ours
from records.refused import Refused


def erase_household(write: Writing, household_id: str, reason: str) -> tuple[str, ...]:
    """What was erased: the household, and its people that belong to no other. The household must be claimed.

    Raises `Refused` without a reason: the audit trail keeps it.
    """
    ours(write, household_id)
    if not reason.strip():
        raise Refused("no-reason", "依法删除须说明依据 · an erasure needs its legal reason")
    subjects = erased_with(write.connection, household_id)
    key, gram = tables.data_key, tables.address_gram
    write.connection.execute(delete(key).where(key.c.subject.in_(subjects)))
    write.connection.execute(delete(gram).where(gram.c.household_id == household_id))
    for subject in subjects:
        write.data_keys.pop(subject, None)
        audit.noted(write, "erase", "data_key", subject, reason.strip())
    return subjects


def erased(read: Reading) -> set[str]:
    """Whom something was erased of by law, people and households."""
    entry = tables.audit.c
    return set(read.connection.execute(select(entry.subject).where(entry.action == "erase")).scalars())


def erased_with(connection: Connection, household_id: str) -> tuple[str, ...]:
    """Whose data keys go when a household is erased: its own, and those of its people that belong to no other."""
    member = tables.membership.c
    people = connection.execute(
        select(member.person_id).where(member.household_id == household_id).distinct()
    ).scalars()
    alone = [one for one in people if set(memberships(connection, one)) == {household_id}]
    return (sealed.of_household(household_id), *map(sealed.of_person, sorted(alone)))
