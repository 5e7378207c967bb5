"""How far a right reaches: the one place that lists, counts, searches and exports ask.

A household that a viewer may not see is not there for him or her: `household_seen` refuses it as one that does not exist.
Of a household that may be seen, facts of some classes are shown as commitments to those who are not cleared for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, select

from engine.language.tree import Node, walk
from engine.rulebook import Rulebook
from engine.rulebook.model import Policy, PolicyVersion
from records import tables
from records.database import Reading
from records.driver import Question
from records.refused import no_household, no_person
from records.rights import Grant, Right, Role, Viewer

_ALL_CLASSES = frozenset({"ordinary", "personal", "sensitive", "procedure"})
_OPEN_TO_OTHERS = frozenset({"ordinary", "procedure"})
CLASSES = {
    Role.VILLAGE_WORKER: frozenset({"ordinary", "personal", "procedure"}),
    Role.TOWNSHIP_OFFICER: _ALL_CLASSES,
    Role.DEPARTMENT_OFFICER: _OPEN_TO_OTHERS,  # and what the department answers, or needs to decide
    Role.AUDITOR: _ALL_CLASSES,
}

_BY_ID = Question(select(tables.household).where(tables.household.c.household_id == bindparam("household")))


def areas_below(book: Rulebook, area: str) -> frozenset[str]:
    """An area and everything below it."""

    def make() -> frozenset[str]:
        found = {area} if area in book.areas else set()
        more = set(found)
        while more:
            more = {one.code for one in book.areas.values() if one.parent in more}
            found |= more
        return frozenset(found)

    return book.remember("areas_below", area, make)


def areas_of(viewer: Viewer, right: Right, book: Rulebook) -> frozenset[str]:
    """Where a viewer has a right."""
    reached = (areas_below(book, grant.area) for grant in viewer.granting(right))
    return frozenset().union(*reached)


def within(viewer: Viewer, right: Right, book: Rulebook) -> ColumnElement[bool]:
    """The condition on `household` that every list, count, search and export of households goes by."""
    return tables.household.c.area.in_(sorted(areas_of(viewer, right, book)))


def of_households_within(
    column: ColumnElement[Any], viewer: Viewer, right: Right, book: Rulebook
) -> ColumnElement[bool]:
    """The same for a table that names households in a column."""
    seen = select(tables.household.c.household_id).where(within(viewer, right, book))
    return column.in_(seen)


def household_seen(
    read: Reading, viewer: Viewer, right: Right, book: Rulebook, household_id: str
) -> Row[Any]:
    """The household's row. Raises `Refused` no-household, also for one that is out of reach."""
    found = _BY_ID.asked(read.connection, {"household": household_id})
    if not found:
        raise no_household(household_id)
    check_seen(found[0], viewer, right, book)
    return found[0]  # type: ignore[no-any-return]


def check_seen(household: Row[Any], viewer: Viewer, right: Right, book: Rulebook) -> None:
    """Raises `Refused` no-household for a household's row that is out of reach, as if there were none."""
    if household.area not in areas_of(viewer, right, book):
        raise no_household(household.household_id)


def households_seen(
    read: Reading, viewer: Viewer, right: Right, book: Rulebook, ids: Iterable[str]
) -> list[str]:
    """Those of some households that a viewer may see."""
    household = tables.household.c
    return list(
        read.connection.execute(
            select(household.household_id)
            .where(household.household_id.in_(list(ids)), within(viewer, right, book))
            .order_by(household.household_id)
        ).scalars()
    )


def person_seen(read: Reading, viewer: Viewer, right: Right, book: Rulebook, person_id: str) -> None:
    """Raises `Refused` no-person for somebody who belongs, or belonged, to no household within reach."""
    member = tables.membership.c
    found = read.connection.execute(
        select(member.seq)
        .where(member.person_id == person_id)
        .where(of_households_within(member.household_id, viewer, right, book))
        .limit(1)
    ).first()
    if found is None:
        raise no_person(person_id)


# --- which facts --------------------------------------------------------------------------------------------


def cleared(viewer: Viewer, book: Rulebook, area: str) -> frozenset[str]:
    """The facts of a household in this area that a viewer may read in clear."""
    grants = tuple(
        grant for grant in viewer.granting(Right.READ_HOUSEHOLDS) if area in areas_below(book, grant.area)
    )

    def make() -> frozenset[str]:
        return frozenset(fact for fact in book.facts if any(_clears(grant, book, fact) for grant in grants))

    return book.remember("cleared_facts", grants, make)


def _clears(grant: Grant, book: Rulebook, fact: str) -> bool:
    found = book.facts.get(fact)
    if found is None:
        return False
    if found.privacy in CLASSES.get(grant.role, frozenset()):
        return True
    if grant.role is not Role.DEPARTMENT_OFFICER or not grant.department:
        return False
    return found.answered_by == grant.department or fact in facts_needed(book, grant.department)


def facts_needed(book: Rulebook, department: str) -> frozenset[str]:
    """The facts that a department's policies read."""
    mine = (policy.id for policy in book.policies.values() if policy.department == department)
    return frozenset().union(*(facts_behind(book, policy) for policy in mine))


def facts_behind(book: Rulebook, name: str) -> frozenset[str]:
    """The facts that a policy or a definition reads, through definitions and other policies as well."""

    def make() -> frozenset[str]:
        seen, left = {name}, {name}
        while left:
            more = set(_names_in(_nodes_behind(book, left.pop()))) - seen
            seen |= more
            left |= more
        return frozenset(seen & set(book.facts))

    return book.remember("facts_behind", name, make, most=2000)


def _nodes_of(policy: Policy) -> Iterable[Node]:
    for version in policy.versions:
        yield from _nodes_of_version(version)


def _nodes_of_version(version: PolicyVersion) -> Iterable[Node]:
    yield from (clause.truth for clause in version.all_clauses())
    yield from (one.node for one in version.defines)
    if version.amount is not None:
        yield from (one.node for one in version.amount.parts)
        yield from (one.node for one in (version.amount.least, version.amount.most) if one is not None)


def _nodes_behind(book: Rulebook, name: str) -> Iterable[Node]:
    """What a name stands for: a definition, or the outcome of another policy (`policy.eligible`)."""
    if name in book.definitions:
        for version in book.definitions[name].versions:
            yield version.node
            yield from (one.node for one in version.defines)
            yield from (one.when for one in version.exceptions)
    policy = book.policies.get(name.partition(".")[0])
    if policy is not None and not name.endswith(".held"):
        yield from _nodes_of(policy)


def _names_in(nodes: Iterable[Node]) -> Iterable[str]:
    for node in nodes:
        for one in walk(node):
            if one.op in ("fact", "value", "field", "computed"):
                yield one.name
