"""An office at work, from the application to the recovery: steps and features of their own, all over HTTP."""

import pytest

for _part in ("county", "office", "paying", "ending", "inspecting"):
    pytest.register_assert_rewrite(f"features.casework.{_part}")
