"""Cases that need a whole rulebook: a few files laid over the small rulebook in `base/`.

A case is one text file of documents. `# file: PATH` begins a document that is laid at that path, in place of
the base's file or beside it; `# remove: PATH` takes a file of the base away.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from engine.language.problems import Problems
from engine.rulebook.load import load_rulebook

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BASE = HERE / "base"
RULES = HERE / "rules"

_MARK = re.compile(r"^# (file|remove): (\S+)\n", re.MULTILINE)


def documents(case: str) -> Iterator[tuple[str, str | None]]:
    """(path, text) of each document of a case; None for a file that is taken away."""
    before, *parts = _MARK.split(case)
    assert parts, "the first line says where the file goes: # file: welfare/grant/2024-01-01.yaml"
    assert not before, f"this stands before the first `# file:`: {before!r}"
    for what, path, text in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        assert what == "file" or not text.strip(), f"nothing belongs below `# remove: {path}`"
        yield path, text if what == "file" else None


def lay_over_base(case: str, directory: Path) -> Path:
    """The base rulebook with the documents of a case, in a new directory."""
    shutil.copytree(BASE, directory)
    for path, text in documents(case):
        place = directory / path
        if text is None:
            place.unlink()
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, "utf-8")
    return directory


def told(directory: Path) -> str:
    """What is printed about a rulebook, "" when it has no mistake."""
    try:
        load_rulebook(directory)
    except Problems as problems:
        return f"{problems}\n"
    return ""


def codes(text: str) -> set[str]:
    """The codes of the problems in what is printed."""
    return set(re.findall(r"^\S.*\[([a-z0-9-]+)\]$", text, re.MULTILINE))
