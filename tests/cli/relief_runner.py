"""Where things are, and what the fixture `relief` is."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

ROOT = Path(__file__).parents[2]
ISLAND = ROOT / "tests" / "decision" / "rulebook"
Relief = Callable[..., Result]


class Office:
    """Runs `relief` in a directory of its own, as processes: the exit code, and what is said on both streams."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __call__(self, *arguments: str, typed: str = "") -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-m", "cli", *arguments],
            cwd=self.place,
            env={**os.environ, "PYTHONPATH": str(ROOT), "RELIEF_CACHE": str(self.place / "cache")},
            capture_output=True,
            text=True,
            check=False,
            input=typed,
        )
        return done.returncode, done.stdout, done.stderr
