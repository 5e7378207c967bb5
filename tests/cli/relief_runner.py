"""Where things are, and what the fixture `relief` is."""

import os
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path

from typer.testing import CliRunner, Result

from cli.main import app

ROOT = Path(__file__).parents[2]
ISLAND = ROOT / "tests" / "decision" / "rulebook"
Relief = Callable[..., Result]


class Office:
    """Runs `relief` in a directory of its own: the exit code, and what is said on both streams.

    In this process: a command of thirty would spend most of its time on starting Python (`test_process.py` starts it).
    """

    def __init__(self, place: Path) -> None:
        self.place = place

    def __call__(self, *arguments: str, typed: str = "") -> tuple[int, str, str]:
        with chdir(self.place):
            done = CliRunner(env=dict(os.environ)).invoke(app, arguments, input=typed)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout, done.stderr
