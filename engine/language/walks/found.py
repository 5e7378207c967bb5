"""What is found to be missing, and the functions that find it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from engine.language.interpret import Bindings
from engine.language.reaches import Reaches


class Missing(msgspec.Struct, frozen=True, gc=False):
    """One fact (of the household: person -1) or parameter that is not known, and the names that led to it.

    `kind`: fact, parameter, status (of a policy that an officer has to decide) or value (a computed value
    without a definition in force).
    """

    kind: str
    name: str
    person: int
    path: tuple[str, ...]


Path = tuple[str, ...]
Found = dict[tuple[str, str, int], Missing]  # by kind, name and person
Walk = Callable[[Reaches, Bindings, Path, Found], None]
# `only`: the people whose place in a list matters to the reader; None: everyone's
WalkMembers = Callable[[Reaches, Bindings, Path, Found, frozenset[int] | None], None]
Owner = tuple[str, int]  # a list of the document: its name, and whose it is (-1: the household)


def add(found: Found, kind: str, name: str, person: int, path: Path) -> None:
    key = (kind, name, person)
    if key not in found:
        found[key] = Missing(kind, name, person, path)


def through(
    at: Reaches, name: str, of: int | frozenset[int], look: Callable[[Found], None], path: Path, found: Found
) -> None:
    """What a computed value lacks, looked for once for all that read it. `of`: the person, or those who matter."""
    inside = at.lacking.get((name, of))
    if inside is None:
        own: Found = {}
        look(own)
        inside = at.lacking[name, of] = tuple(own.items())
    here = (*path, name)
    for key, one in inside:
        if key not in found:
            found[key] = Missing(one.kind, one.name, one.person, here + one.path)
