"""Tests of django_mcp. `python -m tests.legs` runs everything that `make test` promises."""
