"""Measurements of the package beside others, on the machine at hand.

`python -m benchmarks` compares servers, `python -m benchmarks.install_cost` tells what a project
pays for having the app installed, `python -m benchmarks.resource_list` what a page of resources
costs with few and with many rows. All need PostgreSQL and Linux.
"""
