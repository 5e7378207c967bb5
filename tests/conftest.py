"""How many examples the property tests try: a few in every run, the full counts with RELIEF_SOAK=1."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

SOAK = os.environ.get("RELIEF_SOAK") == "1"
_COMMON = {"deadline": None, "suppress_health_check": list(HealthCheck), "print_blob": True}

settings.register_profile("normal", max_examples=200, derandomize=True, **_COMMON)
settings.register_profile("soak", max_examples=20_000, phases=tuple(Phase), **_COMMON)
settings.load_profile("soak" if SOAK else "normal")
