"""`relief` as a process: what it imports, how it fails, what it keeps."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from relief_runner import ISLAND, ROOT

from cli import cache
from cli.cache import load_cached
from cli.main import INTERNAL_ERROR
from engine.language.problems import Problems
from engine.rulebook import load_rulebook

SAMPLE = ROOT / "samples" / "household.json"


def run(code: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | more, capture_output=True, text=True, check=False
    )


DECIDE = f"""
import sys
from cli.main import app
try:
    app(["decide", {str(SAMPLE)!r}, "--on", "2025-10-15", "--format", "json"])
finally:
    print(*sorted(sys.modules), sep="\\n", file=sys.stderr)
"""


def test_a_decision_with_a_cached_rulebook_brings_no_parser_along(tmp_path: Path) -> None:
    """Imports are most of the time of a cold start."""
    first = run(DECIDE, RELIEF_CACHE=str(tmp_path))
    again = run(DECIDE, RELIEF_CACHE=str(tmp_path))
    assert first.returncode == again.returncode == 0
    assert first.stdout == again.stdout != ""
    assert "lark" in first.stderr.splitlines()
    for heavy in (
        "lark",
        "yaml",
        "jsonschema",
        "fastapi",
        "uvicorn",
        "rich",
        "sqlalchemy",
        "zen",
        "numpy",
        "pyarrow",
    ):
        assert heavy not in again.stderr.splitlines()


def test_an_internal_error_is_one_line_and_no_traceback() -> None:
    code = "import cli.main, cli.check, sys; cli.check.run = lambda *_: 1 / 0; "
    code += "sys.argv[1:] = ['check']; cli.main.main()"
    result = run(code)
    assert result.returncode == INTERNAL_ERROR
    assert "ZeroDivisionError" in result.stderr
    assert "Traceback" not in result.stderr
    assert "Traceback" in run(code, RELIEF_DEBUG="1").stderr


def test_a_reader_that_goes_away_is_not_complained_about() -> None:
    command = f"{sys.executable} -m cli check --open | head -1"
    result = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stderr == ""
    assert len(result.stdout.splitlines()) == 1


def test_serve_of_a_broken_rulebook_ends_with_its_problems(tmp_path: Path) -> None:
    code = f"from cli.main import app; app(['serve', '--policies', {str(tmp_path)!r}])"
    result = run(code)
    assert result.returncode == 2
    assert "rulebook.yaml is missing" in result.stderr


# --- the cache ----------------------------------------------------------------------------------------------


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RELIEF_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "smart-relief"


def test_a_rulebook_is_kept_and_found_again(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load_cached(ISLAND)
    assert loaded.fingerprint == load_rulebook(ISLAND).fingerprint
    monkeypatch.setattr("engine.rulebook.load.load_rulebook", None)  # not to be asked again
    assert load_cached(ISLAND).fingerprint == loaded.fingerprint
    assert len(list(kept.iterdir())) == 1


def test_a_changed_file_is_another_rulebook(kept: Path, island: Path) -> None:
    before = load_cached(island).fingerprint
    facts = island / "facts.yaml"
    facts.write_text(facts.read_text("utf-8").replace("max: 20\n", "max: 30\n"), "utf-8")
    assert load_cached(island).fingerprint != before
    facts.write_text(facts.read_text("utf-8").replace("max: 30\n", "max: 20\n"), "utf-8")
    assert load_cached(island).fingerprint == before


def test_a_broken_rulebook_is_not_kept(kept: Path, island: Path) -> None:
    (island / "facts.yaml").write_text("facts: [\n", "utf-8")
    for _ in range(2):
        with pytest.raises(Problems):
            load_cached(island)
    assert list(kept.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x80\x05N."])
def test_a_torn_file_is_read_afresh(kept: Path, content: bytes) -> None:
    loaded = load_cached(ISLAND)
    (file,) = kept.iterdir()
    file.write_bytes(content)
    assert load_cached(ISLAND).fingerprint == loaded.fingerprint


def test_a_directory_that_others_may_write_to_is_not_used(kept: Path) -> None:
    kept.mkdir(parents=True)
    kept.chmod(0o777)
    load_cached(ISLAND)
    assert list(kept.iterdir()) == []


def test_an_empty_name_turns_it_off(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELIEF_CACHE", "")
    load_cached(ISLAND)
    assert not kept.exists()


def test_only_the_last_few_are_kept(kept: Path, island: Path) -> None:
    for number in range(cache._KEPT + 2):
        facts = island / "facts.yaml"
        facts.write_text(facts.read_text("utf-8") + f"# {number}\n", "utf-8")
        load_cached(island)
    assert len(list(kept.iterdir())) == cache._KEPT
