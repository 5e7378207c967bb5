"""The same household gives the same bytes, in whatever process it is decided."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
DECIDE = """
import hashlib, yaml
from pathlib import Path
from engine.decision import decide, encode_json
from engine.rulebook import load_rulebook
document = yaml.safe_load(Path("features/households/case_08.yaml").read_text("utf-8"))
print(hashlib.sha256(encode_json(decide(load_rulebook(Path("policies")), document, on=20260615))).hexdigest())
"""


def test_a_decision_does_not_depend_on_the_process() -> None:
    """Sets and dictionaries of texts are ordered by a seed that every process draws anew."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", DECIDE],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "2", "3")
    ]
    digests = {process.communicate()[0].strip() for process in started}
    assert len(digests) == 1
    assert len(digests.pop()) == 64
