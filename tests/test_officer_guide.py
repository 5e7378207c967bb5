"""The officers' guide is followed step by step in a copy of the rules, and prints what it shows.

Marks in the page say what a reader would do: write, append, copy, replace in a file, run.
RELIEF_UPDATE_GOLDENS=1 writes the output into the page; read it before committing.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from contextlib import chdir
from pathlib import Path

from typer.testing import CliRunner

from cli.main import app
from engine.rulebook import load_rulebook
from engine.rulebook.lock import content_of, write_lock

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "officer-guide.zh-CN.md"
UPDATE = os.environ.get("RELIEF_UPDATE_GOLDENS") == "1"
_STEP = re.compile(
    r"<!-- (?P<what>run|write|append|copy|replace)(?P<more>.*?) -->(?:\n```\w+\n(?P<block>.*?)```)?",
    re.DOTALL,
)
_CHANGES = [
    (re.compile(r"(, \d+ deselected)? in \d+\.\d+s.*"), ""),
    (re.compile(r"指纹 [0-9a-f]{12}"), "指纹 …"),
]


def test_the_guide_can_be_followed(tmp_path: Path) -> None:
    for name in ("policies", "features", "schemas"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "docs" / "policies", tmp_path / "docs" / "policies")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    published = content_of(load_rulebook(tmp_path / "policies").sources)
    write_lock(tmp_path / "policies", published)  # the guide begins where everything is published
    guide = PAGE.read_text("utf-8")
    followed = _STEP.sub(lambda step: _follow(step, tmp_path), guide)
    if UPDATE:
        PAGE.write_text(followed, "utf-8")
    assert followed == guide


def _follow(step: re.Match[str], home: Path) -> str:
    what, more, block = step["what"], step["more"].strip(), step["block"] or ""
    if what == "write":
        (home / more).parent.mkdir(parents=True, exist_ok=True)
        (home / more).write_text(block, "utf-8")
    elif what == "append":
        with (home / more).open("a", encoding="utf-8") as file:
            file.write(block)
    elif what == "copy":
        shutil.copy(*(home / path for path in more.split()))
    elif what == "replace":
        path, _, change = more.partition(": ")
        old, _, new = change.partition(" => ")
        text = (home / path).read_text("utf-8")
        assert text.count(old) == 1, f"{path}: “{old}” stands there {text.count(old)} times"
        (home / path).write_text(text.replace(old, new), "utf-8")
    else:
        shown = "".join(_run(line, home) for line in block.splitlines() if line.startswith("$ "))
        return step[0].replace(block, shown)
    return step[0]


def _run(line: str, home: Path) -> str:
    command, *arguments = line.removeprefix("$ ").split()
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "RELIEF_CACHE": str(home / "cache"),
        "RELIEF_POLICIES": "policies",
        "RELIEF_FEATURES": "civil_affairs",  # the guide adds to this folder; the others take long to collect
        "COLUMNS": "100",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    if command == "relief":
        with chdir(home):
            told = CliRunner(env=env).invoke(app, arguments).output
    else:
        told = subprocess.run(
            [sys.executable, *arguments], cwd=home, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, check=False,
        ).stdout  # fmt: skip
    told = told.replace(str(home) + "/", "")
    for pattern, instead in _CHANGES:
        told = pattern.sub(instead, told)
    lines = [text.rstrip() for text in told.splitlines() if text.strip(" .") or not text]
    return "\n".join([line, *lines]).rstrip() + "\n"
