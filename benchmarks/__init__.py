"""Measurements of the package beside others, on the machine at hand.

`python -m benchmarks` compares servers, `python -m benchmarks.install_cost` tells what a project
pays for having the app installed. Both need PostgreSQL and Linux.
"""
