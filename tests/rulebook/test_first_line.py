"""Every shipped rule file names its schema, so that an editor checks it while it is written."""

from pathlib import Path

import pytest

from engine.rulebook.files import kind_of as kind_at
from engine.rulebook.kinds import kind_of

POLICIES = Path(__file__).parents[2] / "policies"
FILES = sorted(POLICIES.rglob("*.yaml"))


def test_files_are_shipped() -> None:
    assert len(FILES) > 100


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(POLICIES).as_posix())
def test_the_first_line_leads_to_the_schema_of_the_file(file: Path) -> None:
    text = file.read_text("utf-8")
    kind = kind_of(text)
    assert kind is not None
    assert kind == kind_at(file.relative_to(POLICIES).as_posix())
    named = text.split("\n", 1)[0].split("$schema=")[1].strip()
    assert (file.parent / named).resolve().name == f"{kind}.schema.json"
    assert (file.parent / named).is_file()
