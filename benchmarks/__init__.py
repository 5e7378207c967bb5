"""Measurements against other engines. Run from the project's root: `python -m benchmarks.<name>.run`."""
