"""Measurements and endurance tests, each a script of its own: `python -m benchmarks.NAME`."""
