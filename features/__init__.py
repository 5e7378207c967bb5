"""What the policies must mean, in Chinese: one feature file per policy and per worked case."""

import pytest

pytest.register_assert_rewrite("features.steps")
