"""Scopes of the declarations: none without `--auth`."""

from tests.conformance_project.options import Options

USE = ["fixture:use"] if Options.from_environment().auth else []
BREAK = [*USE, "fixture:break"] if USE else []
