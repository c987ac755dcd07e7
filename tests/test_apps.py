"""Start-up: where tools are found, and what stops a project that is broken."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

Start = Callable[..., subprocess.CompletedProcess[str]]

REQUIRED = ["django.contrib.auth", "django.contrib.contenttypes"]
TOOL = """
from django_mcp import tool

@tool
def {name}() -> None:
    \"\"\"Do nothing.\"\"\"
"""
CHECK_TOOLS = """
import sys
import django
from django.core.checks import run_checks
django.setup()
print(*(problem.id for problem in run_checks() if problem.id == "django_mcp.E002"))
print(sorted({"mcp", "mcp_types", "starlette"} & set(sys.modules)))
"""
PRINT_TOOLS = """
import django
django.setup()
from django_mcp.tools.declaration import declarations
print([each.name for each in declarations()])
"""


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Starts a new project of one app with the given files, and runs a program in it."""

    def start(
        files: dict[str, str], *settings: str, program: str = PRINT_TOOLS
    ) -> subprocess.CompletedProcess[str]:
        app = tmp_path / "stall"
        app.mkdir()
        for name, text in {"__init__.py": "", **files}.items():
            (app / name).write_text(text)
        (tmp_path / "stall_settings.py").write_text(
            "\n".join(
                [
                    "SECRET_KEY = 'x'",
                    f"INSTALLED_APPS = {[*REQUIRED, 'django_mcp', 'stall']}",
                    *settings,
                ]
            )
        )
        return subprocess.run(
            [sys.executable, "-c", program],
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}",
                "DJANGO_SETTINGS_MODULE": "stall_settings",
            },
            capture_output=True,
            text=True,
            check=False,
        )

    return start


def test_tools_are_found_in_services_and_mcp_tools(start: Start) -> None:
    answer = start(
        {
            "services.py": TOOL.format(name="from_services"),
            "mcp_tools.py": TOOL.format(name="from_mcp_tools"),
            "views.py": TOOL.format(name="from_views"),
        }
    )

    assert answer.stdout.strip() == "['from_mcp_tools', 'from_services']", answer.stderr


def test_a_setting_names_the_modules(start: Start) -> None:
    answer = start(
        {
            "services.py": TOOL.format(name="from_services"),
            "views.py": TOOL.format(name="from_views"),
        },
        "DJANGO_MCP_AUTODISCOVER = ['views']",
    )

    assert answer.stdout.strip() == "['from_views']", answer.stderr


def test_an_app_without_such_modules_is_no_problem(start: Start) -> None:
    assert start({}).stdout.strip() == "[]"


@pytest.mark.parametrize("text", ["import nothing_like_it", "1 / 0", "def"])
def test_a_module_that_cannot_be_imported_stops_the_start(start: Start, text: str) -> None:
    answer = start({"services.py": text})

    assert answer.returncode != 0
    assert "services.py" in answer.stderr


def test_a_bad_tool_stops_no_command_but_is_told_by_the_check(start: Start) -> None:
    """Resolving every tool would be a price for every `manage.py` command."""
    answer = start({"services.py": "from django_mcp import tool\n@tool\ndef bad(x): ...\n"})

    assert answer.stdout.strip() == "['bad']", answer.stderr


def test_checks_tell_of_a_bad_tool_without_loading_what_only_an_endpoint_needs(
    start: Start,
) -> None:
    bad = "from django_mcp import tool\n@tool\ndef bad(x): ...\n"

    answer = start({"services.py": bad}, program=CHECK_TOOLS)

    assert answer.stdout.split() == ["django_mcp.E002", "[]"], answer.stderr
