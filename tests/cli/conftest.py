"""`relief` in this process, with a cache of its own."""

from pathlib import Path

import pytest
from relief_runner import ISLAND, ROOT, Relief
from typer.testing import CliRunner, Result

from cli.main import app


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    base = tmp_path_factory.getbasetemp() / "relief-cache"  # one for all tests: the rulebooks stay the same
    monkeypatch.setenv("RELIEF_CACHE", str(base))
    monkeypatch.delenv("RELIEF_POLICIES", raising=False)
    monkeypatch.chdir(ROOT)


@pytest.fixture
def relief() -> Relief:
    runner = CliRunner()

    def run(*arguments: str | Path, stdin: bytes | str | None = None) -> Result:
        result = runner.invoke(app, [str(one) for one in arguments], input=stdin)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return run


@pytest.fixture
def island(tmp_path: Path) -> Path:
    """A copy of the small rulebook, to be changed."""
    copy = tmp_path / "island"
    for path in ISLAND.rglob("*.yaml"):
        target = copy / path.relative_to(ISLAND)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return copy
