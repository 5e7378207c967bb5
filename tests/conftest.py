"""How many examples the property tests try: a few in every run, the full counts with RELIEF_SOAK=1."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

from api import current
from tests.support.together import Together, place_of

PLANTED = "planted"  # the property of a test under which it says how well it found what was planted
SOAK = os.environ.get("RELIEF_SOAK") == "1"
_COMMON = {"deadline": None, "suppress_health_check": list(HealthCheck), "print_blob": True}

_FONT = find_spec("noto_cjk_sans_otc")  # letters are printed also where no Chinese font is installed
if _FONT is not None and _FONT.origin is not None:
    os.environ.setdefault("RELIEF_FONTS", str(Path(_FONT.origin).parent))

settings.register_profile("normal", max_examples=100, derandomize=True, **_COMMON)
settings.register_profile("soak", max_examples=20_000, phases=tuple(Phase), **_COMMON)
settings.load_profile("soak" if SOAK else "normal")


@pytest.fixture(scope="session", autouse=True)
def _collector_of_one_server() -> Iterator[None]:
    """A server looks through all that its process holds when it takes a rulebook. Here hundreds of them share a process
    that holds much more, which took a third of the time.
    """
    gc.set_threshold(20_000, 20, 20)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(current, "spare_the_collector", lambda: None)
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: place_of(item.path.name))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    return Together(config, log)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Precision and recall on the sample county, shown at the end of every run that worked them out."""
    told = [
        text
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, text in report.user_properties
        if name == PLANTED
    ]
    for line in sorted(told):
        terminalreporter.write_line(line)
