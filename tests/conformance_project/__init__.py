"""A Django project with the tools that the official conformance suite expects of a server.

`python -m tests.conformance_project` serves it; `running.running_server` does so from a test.
"""
