"""Which tests run in one process: those of a file, because they share what the file sets up; long files are dealt out in parts.

xdist's own way, a group on the mark of a test, is not heard by pytest 9.2.
"""

from __future__ import annotations

from zlib import crc32

from xdist.scheduler import LoadScopeScheduling

# in how many parts, of files whose tests share little; they come first, so that no process is left with one at the end
PARTS = {
    "test_server_killed.py": 2,
    "test_backup.py": 8,
    "test_publishing.py": 6,
    "test_attacks.py": 1,
    "test_openapi_holds.py": 6,
    "test_worker_processes.py": 4,
    "test_supervision.py": 1,
    "test_officer_guide.py": 1,
    "test_cases_stateful.py": 2,
    "test_one_fact.py": 1,
    "test_county_commands.py": 1,
    "test_soundness.py": 4,
    "test_order.py": 3,
    "test_watching.py": 3,
    "test_rights.py": 4,
    "test_features.py": 16,
}


def place_of(file: str) -> int:
    """Where in the order the tests of a file come; the longest first."""
    return _PLACES.get(file, len(PARTS))


_PLACES = {file: place for place, file in enumerate(PARTS)}


class Together(LoadScopeScheduling):  # type: ignore[misc]
    """A work unit is a file, or a part of one."""

    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        parts = PARTS.get(file.rpartition("/")[2], 1)
        return f"{file} {crc32(test.encode()) % parts}"
