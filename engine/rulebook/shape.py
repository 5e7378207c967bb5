"""Check a YAML tree against the schema of its kind.

The schemas are the one description of every document: editors use them while a file is written, and their
titles and descriptions are the words of the problems found here.
"""

from __future__ import annotations

from functools import cache

from engine.language.problems import Problem
from engine.rulebook.accepts import Check, compile_check
from engine.rulebook.kinds import schema_of
from engine.rulebook.tree import Tree, plain


def check_shape(tree: Tree, kind: str) -> list[Problem]:
    """Every place where a file of this kind is not as its schema says, in the order of the file.

    Places that the reader reported already (`broken`) are passed over.
    """
    if _check(kind)(plain(tree)):
        return []
    from engine.rulebook.misfits import find_misfits  # jsonschema is slow to import; most files are right

    return find_misfits(tree, kind)


@cache
def _check(kind: str) -> Check:
    return compile_check(schema_of(kind))
