"""Check a YAML tree against the schema of its kind.

The schemas are the one description of every document: editors use them while a file is written, and their
titles and descriptions are the words of the problems found here.
"""

from __future__ import annotations

import re
from functools import cache

from engine.language.problems import Problem, Span
from engine.rulebook.accepts import Check, compile_check
from engine.rulebook.kinds import kind_of, schema_of
from engine.rulebook.tree import Tree, plain


def check_shape(tree: Tree, kind: str) -> list[Problem]:
    """Every place where a file of this kind is not as its schema says, in the order of the file.

    Places that the reader reported already (`broken`) are passed over.
    """
    if _check(kind)(plain(tree)):
        return []
    from engine.rulebook.misfits import find_misfits  # jsonschema is slow to import; most files are right

    return find_misfits(tree, kind)


def check_first_line(file: str, text: str, kind: str) -> list[Problem]:
    """A first line that names a schema names the one of the file's kind, or an editor would mislead."""
    line = text.split("\n", 1)[0].rstrip()
    named = _NAMED.fullmatch(line)
    if named is None or kind_of(text) == kind:
        return []
    place = Span(file, 1, named.start(2) + 1, max(len(named[2]), 1))
    message = (
        f"editors are told to check this file by `{named[2]}`, and it is checked by `{kind}.schema.json`"
    )
    return [Problem(place, "wrong-schema", message, f"write `{named[1]}{kind}.schema.json`")]


_NAMED = re.compile(r"# yaml-language-server:\s*(?:\$schema=)?((?:\S*/)?)(\S*)")


@cache
def _check(kind: str) -> Check:
    return compile_check(schema_of(kind))
