"""In the parts of a node that are open; in policies, in their order of precedence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from engine.language.interpret import Bindings
from engine.language.outcomes import UNDETERMINED
from engine.language.reach import is_single, truths_of
from engine.language.reaches import Reaches
from engine.language.scope import SUBJECT
from engine.language.tree import Node
from engine.language.walks.found import Found, Path, Walk, add

if TYPE_CHECKING:
    from engine.language.walks.reading import Walks


def parts_of(make: Walks, nodes: Sequence[Node]) -> Walk:
    """In the parts that are open."""
    parts = [(make.readers.reader(node), node, make.of(node)) for node in nodes]

    def look(at: Reaches, bindings: Bindings, path: Path, found: Found) -> None:
        for reader, node, inner in parts:
            if not is_single(reader(at, bindings) if at.direct else at.of(node, bindings)):
                inner(at, bindings, path, found)

    return look


def all_parts(make: Walks, node: Node) -> Walk:
    return parts_of(make, node.args)


def _tests(make: Walks, node: Node) -> Walk:
    """`between` and `in`: the tests read the value themselves."""
    return parts_of(make, node.args[1:])


def _branch(make: Walks, node: Node) -> Walk:
    condition, of_condition = make.reach(node.args[0]), make.of(node.args[0])
    branches = [
        (frozenset({truth, None}), parts_of(make, [arg]))
        for truth, arg in zip((True, False), node.args[1:], strict=True)
    ]

    def look(at: Reaches, bindings: Bindings, path: Path, found: Found) -> None:
        truths = truths_of(condition(at, bindings))
        if len(truths) > 1:
            of_condition(at, bindings, path, found)
        for taken, inner in branches:
            if truths & taken:
                inner(at, bindings, path, found)

    return look


def _outcome(make: Walks, node: Node) -> Walk:
    """In the order of precedence: what comes later matters only when what comes before lets it."""
    first = [(make.reach(arg), make.of(arg)) for arg in node.args[:3]]
    discretion, eligible = parts_of(make, node.args[3:]), first[2][0]

    def look(at: Reaches, bindings: Bindings, path: Path, found: Found) -> None:
        for reach, inner in first:
            if len(truths_of(reach(at, bindings))) > 1:
                inner(at, bindings, path, found)
        if truths_of(eligible(at, bindings)) == {True}:
            discretion(at, bindings, path, found)

    return look


def _status(make: Walks, node: Node) -> Walk:
    """An open status of a policy: what it lacks, or the policy itself while an officer has to speak."""
    (read,) = node.args
    inner, policy = make.of(read), read.name.rpartition(".")[0]

    def look(at: Reaches, bindings: Bindings, path: Path, found: Found) -> None:
        if at.reading.value(read, bindings) == UNDETERMINED:
            inner(at, bindings, path, found)
        else:
            add(found, "status", policy, bindings.get(SUBJECT, -1), path)

    return look


MAKERS: dict[str, Callable[[Walks, Node], Walk]] = {
    "if": _branch,
    **dict.fromkeys(("between", "in"), _tests),
    "outcome": _outcome,
    "is_eligible": _status,
}
