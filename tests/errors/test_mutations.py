"""Whatever stands in a rule file, an officer is told about it: never a traceback.

A failing seed can be tried alone: `with_a_mistake(rulebook, directory, random.Random(seed))`.
"""

import random
import shutil
from pathlib import Path

from mutations import with_a_mistake
from rulebooks import BASE, ROOT

from engine.language.problems import Problems
from engine.rulebook import load_rulebook
from engine.rulebook.lock import entries, write_lock
from engine.rulebook.source import plain, read_yaml
from tests.conftest import SOAK

SHIPPED = ROOT / "policies"
SMALL, LARGE = (5000, 500) if SOAK else (180, 14)  # a rulebook takes a while to load


def check(rulebook: Path, directory: Path, seeds: range) -> int:
    """Loads the rulebook with a mistake for each seed; how many were found to be mistakes."""
    refused = 0
    for seed in seeds:
        file, text = with_a_mistake(rulebook, directory / str(seed), random.Random(seed))
        try:
            load_rulebook(directory / str(seed))
        except Problems as problems:
            assert problems.problems, f"seed {seed}: refused without a word"
            assert all(one.message and one.at.line > 0 for one in problems.problems)
            refused += 1
        except Exception as error:
            raise AssertionError(f"seed {seed} in {rulebook.name}, {file}:\n{text}") from error
    return refused


def test_a_mistake_in_a_small_rulebook_is_a_problem(tmp_path: Path) -> None:
    assert check(BASE, tmp_path, range(SMALL)) > 0.7 * SMALL


def test_a_mistake_in_the_shipped_rulebook_is_a_problem(tmp_path: Path) -> None:
    assert check(SHIPPED, tmp_path, range(LARGE)) > LARGE / 2


def test_a_mistake_in_a_locked_rulebook_is_a_problem(tmp_path: Path) -> None:
    """The lock is one of the files, and everything in it counts as published."""
    locked = tmp_path / "locked"
    shutil.copytree(BASE, locked)
    content = {}
    for path in sorted(locked.rglob("*.yaml")):
        tree, _ = read_yaml(path.name, path.read_text("utf-8"))
        assert tree is not None
        content[path.relative_to(locked).as_posix()] = plain(tree)
    assert write_lock(locked, content) == len(entries(content)) > 5
    load_rulebook(locked)
    assert check(locked, tmp_path / "mistaken", range(1000, 1040)) > 30
