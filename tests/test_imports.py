"""What importing the package loads, and what it does without: asked of fresh processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("celery", "django.db.models", "mcp", "oauth2_provider", "pydantic", "starlette")
OPTIONAL = (
    "celery",
    "django_filters",
    "django_ratelimit",
    "django_tasks",
    "drf_spectacular",
    "oauth2_provider",
    "oauthlib",
    "rest_framework",
    "stamina",
)

REPORT_HEAVY = f"""
import importlib, sys
importlib.import_module(sys.argv[1])
from django.conf import settings
assert not settings.configured
print(*sorted(set({HEAVY!r}) & set(sys.modules)))
"""


def output_of(*arguments: str) -> str:
    """Run Python in a process that knows no settings; return what it prints."""
    process = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"},
    )
    assert process.returncode == 0, process.stderr
    return process.stdout.strip()


@pytest.mark.parametrize("module", ["django_mcp", "django_mcp.asgi", "django_mcp.oauth_settings"])
def test_import_without_settings_loads_no_models_and_no_big_package(module: str) -> None:
    assert output_of("-c", REPORT_HEAVY, module) == ""


@pytest.mark.parametrize(
    "name", ["tool", "ToolContext", "ToolError", "Text", "Image", "Audio", "Icon", "Redacted"]
)
def test_facade_exports_what_tool_authors_type(name: str) -> None:
    assert output_of("-c", f"from django_mcp import {name}; print({name}.__name__)") == name


def test_site_serves_without_any_optional_package(tmp_path: Path) -> None:
    database = str(tmp_path / "site.sqlite3")

    assert output_of("-m", "tests.bare_site", database, *OPTIONAL) == "Hello Ada"
