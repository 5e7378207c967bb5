"""Every feature file under this folder, with the steps of `features/steps`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pytest_bdd import scenarios

from engine.rulebook import Rulebook, load_rulebook
from features.steps.world import World

pytest_plugins = [
    "features.steps.given_when",
    "features.steps.months",
    "features.steps.then_finding",
    "features.steps.then_whole",
    "features.steps.watching",
    "features.casework.office",
    "features.casework.paying",
    "features.casework.ending",
    "features.casework.inspecting",
]


@pytest.fixture(scope="session")
def book() -> Rulebook:
    return load_rulebook(Path("policies"))


@pytest.fixture
def world(book: Rulebook) -> World:
    return World(book)


# RELIEF_FEATURES=civil_affairs runs the features of one folder
scenarios(os.environ.get("RELIEF_FEATURES", "."))
