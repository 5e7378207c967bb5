"""An office at work, from the application to the recovery: steps and features of their own, all over HTTP."""

import pytest

pytest.register_assert_rewrite("features.casework.steps", "features.casework.county")
