"""`relief decide-all` killed at any moment and run again ends in the bytes of a run that was left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pyarrow.parquet as pq
import pytest

from county.sample import sample
from tests.conftest import SOAK
from tests.support.households import shipped

TIMES = 20 if SOAK else 2
MANY, AT_ONCE = (40_000, 2_000) if SOAK else (16_000, 1_000)  # a row group is never part of two batches


def command(data: Path, out: Path) -> list[str]:
    days = ["--on", "2026-09-15", "--known", "2026-09-15"]
    return [sys.executable, "-m", "cli", "decide-all", str(data), *days, "--out", str(out)]


def contents(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.iterdir())}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("county")
    path = directory / "households.parquet"
    pq.write_table(sample(shipped(), MANY, 5).households, path, row_group_size=AT_ONCE)
    return path


def test_killed_and_resumed(data: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    subprocess.run(command(data, whole), check=True, capture_output=True)
    expected = contents(whole)
    parts = len(expected) - 1
    random, cut = Random(9), 0
    for number in range(TIMES):
        out = tmp_path / f"killed-{number}"
        running = subprocess.Popen(
            command(data, out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        # at a random moment of the work, however fast the machine is: so many parts stand, and a little later
        reached = random.randrange(parts - 2)
        while running.poll() is None and len(list(out.glob("part-*.parquet"))) < reached:
            time.sleep(0.002)
        time.sleep(random.uniform(0, 0.05))
        if running.poll() is None:  # by turns with its workers, and alone, so that they outlive it
            (os.kill if number % 2 else os.killpg)(running.pid, signal.SIGKILL)
        running.wait()
        cut += running.returncode == -signal.SIGKILL
        subprocess.run(command(data, out), check=True, capture_output=True)
        assert contents(out) == expected, f"killed after {number}"
    assert cut, "no run was cut off, so nothing was shown"
