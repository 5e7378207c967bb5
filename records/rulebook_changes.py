"""What is different in two rulebooks, and whether a directory still says what was published from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher, unified_diff
from typing import Any

from engine.language.tree import Node, walk
from engine.rulebook import Rulebook
from engine.rulebook.drafts import CORRECTED
from engine.rulebook.files import kind_of
from engine.rulebook.lock import LOCK, content_of, entries, row_name
from engine.rulebook.model import Definition, PolicyVersion
from records.rulebook_files import Files

_PARAMETERS = "parameters/"
_NAMES = frozenset({"parameter", "size_table", "marginal", "value", "computed"})


@dataclass(frozen=True, slots=True)
class Changed:
    """Files by path. `reworded`: only comments or layout. `rows`: new rows of parameters, by path.

    `versions`: files of new policy versions. `policies`: those with a new version or other text, and all that rest on
    something changed.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    edited: tuple[str, ...]
    reworded: tuple[str, ...]
    rows: Mapping[str, tuple[Mapping[str, Any], ...]]
    versions: tuple[str, ...]
    policies: tuple[str, ...]

    @property
    def nothing(self) -> bool:
        return not (self.added or self.removed or self.edited)


def changed(before: Rulebook, after: Rulebook) -> Changed:
    old, new = content_of(before.sources), content_of(after.sources)
    added = tuple(path for path in new if path not in old)
    edited = tuple(path for path in new if path in old and new[path] != old[path])
    removed = tuple(path for path in old if path not in new)
    reworded = tuple(
        path
        for path in new
        if path in old and new[path] == old[path] and before.sources[path] != after.sources[path]
    )
    rows = {
        path: found
        for path in (*edited, *added)
        if path.startswith(_PARAMETERS) and (found := _new_rows(old.get(path), new[path]))
    }
    versions = tuple(path for path in added if kind_of(path) == "policy")
    names = {_name(path) for path in (*added, *edited, *removed) if "/" in path}
    return Changed(added, removed, edited, reworded, rows, versions, tuple(_resting_on(after, names)))


def _new_rows(old: Any, new: Any) -> tuple[Mapping[str, Any], ...]:
    known = {row_name(row) for row in old["values"]} if old is not None else set()
    return tuple(row for row in new["values"] if row_name(row) not in known)


def _name(path: str) -> str:
    """What a file is about: what has versions stands in a directory of its name, all else in a file of its name."""
    parts = path.removesuffix(".yaml").split("/")
    own = len(parts) < 3 or kind_of(path) == "parameter"
    return CORRECTED.sub("", parts[-1]) if own else parts[-2]


def _resting_on(book: Rulebook, names: set[str]) -> Iterator[str]:
    """Policies that are named, that a named conflict is about, or that read what is named, however far away."""
    reads = {name: _definition_reads(one) for name, one in book.definitions.items()}
    reads |= {
        policy.id: set().union(*map(_policy_reads, policy.versions)) for policy in book.policies.values()
    }
    touched = set(names)
    while more := {name for name, read in reads.items() if name not in touched and read & touched}:
        touched |= more
    for conflict in book.conflicts:
        if conflict.id in names:
            touched.update(conflict.between)
    return (policy for policy in book.policies if policy in touched)


def _definition_reads(definition: Definition) -> set[str]:
    found: set[str] = set()
    for one in definition.versions:
        found |= _names_in(
            [one.node, *(named.node for named in one.defines), *(e.when for e in one.exceptions)]
        )
    return found


def _policy_reads(version: PolicyVersion) -> set[str]:
    amount = version.amount
    parts = (*amount.parts, amount.least, amount.most) if amount is not None else ()
    trees = [one.node for one in (*version.defines, *parts) if one is not None]
    return _names_in([*trees, *(clause.truth for clause in version.all_clauses())])


def _names_in(trees: list[Node]) -> set[str]:
    return {one.name.partition(".")[0] for tree in trees for one in walk(tree) if one.op in _NAMES}


# --- line by line -------------------------------------------------------------------------------------------


def diff(before: Files, after: Files, names: tuple[str, str], path: str = "") -> Iterator[str]:
    """Lines of a unified diff over all files, or over one. `names`: what the two sides are called."""
    for one in sorted({*before, *after}) if not path else [path]:
        old, new = before.get(one), after.get(one)
        if one != LOCK and old != new:
            sides = (
                f"{names[0]}/{one}" if old is not None else "/dev/null",
                f"{names[1]}/{one}" if new is not None else "/dev/null",
            )
            yield from unified_diff(_lines(old), _lines(new), sides[0], sides[1], lineterm="")


def _lines(text: str | None) -> list[str]:
    return [] if text is None else text.splitlines()


@dataclass(frozen=True, slots=True)
class Drifted:
    """A published file that says something else now, or is gone (`line` 0). `diff`: lines, published first."""

    path: str
    line: int
    diff: tuple[str, ...]


def drifted(published: Files, here: Files) -> list[Drifted]:
    """Files whose published rules are not there any more. What may be added, and other comments, are no drift."""
    found = []
    for path, text in published.items():
        now = here.get(path)
        if (
            path == LOCK
            or "/" not in path
            or now == text
            or (now is not None and _still_says(path, text, now))
        ):
            continue
        lines = tuple(diff(published, here, ("published", "here"), path))
        found.append(Drifted(path, 0 if now is None else _first_difference(text, now), lines))
    return found


def waiting(published: Files, here: Files) -> tuple[str, ...]:
    """Files of a directory that nobody has published: new ones, and those with something added."""
    return tuple(path for path, text in here.items() if path != LOCK and published.get(path) != text)


def _still_says(path: str, text: str, now: str) -> bool:
    try:
        said, says = entries(content_of({path: text})), entries(content_of({path: now}))
    except (KeyError, TypeError, AttributeError):  # no rule file of this kind any more
        return False
    return bool(said) and said.items() <= says.items()


def _first_difference(text: str, now: str) -> int:
    """The line of the file, as it is now, where it begins to differ."""
    blocks = SequenceMatcher(None, _lines(text), _lines(now), autojunk=False).get_opcodes()
    return next((start + 1 for tag, _, _, start, _ in blocks if tag != "equal"), 1)
