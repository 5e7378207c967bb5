"""Where things are, and what the fixture `relief` is."""

from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

ROOT = Path(__file__).parents[2]
ISLAND = ROOT / "tests" / "decision" / "rulebook"
Relief = Callable[..., Result]
