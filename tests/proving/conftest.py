"""The ferry's features, written afresh for each test."""

from pathlib import Path

import pytest
from ferry import write_features


@pytest.fixture
def features(tmp_path: Path) -> Path:
    return write_features(tmp_path / "features")
