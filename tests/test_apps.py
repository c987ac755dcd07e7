"""Start-up: where tools are found, and what stops a project that is broken."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
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
BAD_TOOL = "from django_mcp import tool\n@tool\ndef bad(x): ...\n"
BAD = "stall.services.bad (stall/services.py:2)"
SERVED = [
    "from pathlib import Path",
    "BASE = Path(__file__).parent",
    "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': BASE / 'db'}}",
    "DATABASES['default']['OPTIONS'] = {'transaction_mode': 'IMMEDIATE', 'timeout': 20}",
    "INSTALLED_APPS.append('django.contrib.staticfiles')",
    "STATIC_URL, STATIC_ROOT = 'static/', BASE / 'static'",
    "DJANGO_MCP_URL, DJANGO_MCP_AUTHENTICATORS = 'https://stall.example/mcp', []",
    "DJANGO_MCP_ENABLE_NEW_GROUPS, ALLOWED_HOSTS = True, ['*']",
]
PRINT_TOOLS = """
import django
django.setup()
from django_mcp.primitives.declaration import declarations
print([each.key[1] for each in declarations()])
"""


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Starts a new project of one app with the given files, and runs a program in it."""

    def start(
        files: dict[str, str],
        *settings: str,
        program: str = PRINT_TOOLS,
        command: Sequence[str] = (),
    ) -> subprocess.CompletedProcess[str]:
        app = tmp_path / "stall"
        for name, text in {"__init__.py": "", **files}.items():
            (app / name).parent.mkdir(parents=True, exist_ok=True)
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
            [sys.executable, *(("-m", "django", *command) if command else ("-c", program))],
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
    answer = start({"services.py": BAD_TOOL})

    assert answer.stdout.strip() == "['bad']", answer.stderr


def test_checks_tell_of_a_bad_tool_without_loading_what_only_an_endpoint_needs(
    start: Start,
) -> None:
    answer = start({"services.py": BAD_TOOL}, program=CHECK_TOOLS)

    assert answer.stdout.split() == ["django_mcp.E002", "[]"], answer.stderr


@pytest.mark.parametrize(
    "command",
    [
        ["check"],
        ["check", "--tag", "staticfiles"],
        ["runserver", "--noreload", "0"],
        ["test"],
    ],
    ids=" ".join,
)
def test_a_bad_tool_is_an_error_where_the_site_is_looked_after(
    start: Start, command: list[str]
) -> None:
    answer = start({"services.py": BAD_TOOL}, *SERVED, command=command)

    assert answer.returncode != 0
    assert f"ERRORS:\n?: (django_mcp.E002) {BAD}: " in answer.stderr


@pytest.mark.parametrize(
    "command",
    [
        ["migrate"],
        ["migrate", "stall", "zero"],
        ["makemigrations", "stall"],
        ["sqlmigrate", "auth", "0001"],
        ["collectstatic", "--noinput"],
    ],
    ids=" ".join,
)
def test_a_bad_tool_is_a_warning_where_a_deployment_is_made(
    start: Start, command: list[str]
) -> None:
    migration = "from django.db import migrations\nclass Migration(migrations.Migration): ...\n"
    files = {"services.py": BAD_TOOL, "migrations/0001.py": migration, "migrations/__init__.py": ""}

    answer = start(files, *SERVED, command=command)

    assert answer.returncode == 0, answer.stderr
    assert "ERRORS" not in answer.stderr
    if command[0] != "sqlmigrate":  # it runs no checks
        assert f"WARNINGS:\n?: (django_mcp.E002) {BAD}: " in answer.stderr


def test_a_bad_tool_stops_the_mount(start: Start) -> None:
    program = """
from django.core.asgi import get_asgi_application
from django_mcp.asgi import mount
mount(get_asgi_application())
"""

    answer = start({"services.py": BAD_TOOL}, *SERVED, program=program)

    assert answer.returncode != 0
    assert (
        "ToolRegistrationError: Some declarations cannot be served:\n- stall.services.bad"
        in answer.stderr
    )


def test_check_tells_of_tools_in_a_module_that_start_up_does_not_import(start: Start) -> None:
    files = {
        "services/__init__.py": "from stall.services import imported",
        "services/imported.py": TOOL.format(name="imported"),
        "services/forgotten.py": TOOL.format(name="forgotten"),
        "services/adapter.py": "from django_mcp import ToolDeclaration, register",
        "services/reader.py": "from django_mcp import resource",
        "services/writer.py": "from django_mcp import ToolContext, prompt",
        "services/errors.py": "from django_mcp import ToolError\nraise SystemExit",
        "services/broken.py": "from django_mcp import tool\ndef",
        "services/deep/__init__.py": "",
        "services/deep/down.py": "from django_mcp import (\n    Text,\n    tool as expose,\n)\n",
        "services/tests/__init__.py": "",
        "services/tests/test_tools.py": TOOL.format(name="tested"),
        "services/viewed.py": TOOL.format(name="viewed"),
        "urls.py": "from stall.services import viewed\nurlpatterns = []",
        "elsewhere.py": TOOL.format(name="elsewhere"),
    }

    answer = start(files, *SERVED, "ROOT_URLCONF = 'stall.urls'", command=["check"])

    told = [line for line in answer.stderr.splitlines() if "django_mcp.W030" in line]
    assert answer.returncode == 0
    assert [line.split()[2] for line in told] == [
        "stall.services.adapter",
        "stall.services.deep.down",
        "stall.services.forgotten",
        "stall.services.reader",
        "stall.services.viewed",
        "stall.services.writer",
    ]
    assert (
        'Add "import stall.services.forgotten" to stall/services/__init__.py, or write '
        "DJANGO_MCP_AUTODISCOVER = ['mcp_tools', 'services', 'services.adapter', "
        "'services.deep.down', 'services.forgotten', 'services.reader', 'services.viewed', "
        "'services.writer'] in the settings." in answer.stderr
    )


def test_check_tells_of_tools_in_modules_that_the_setting_no_longer_names(start: Start) -> None:
    files = {
        "mcp_tools.py": TOOL.format(name="unnamed"),
        "services/__init__.py": "",
        "services/orders.py": TOOL.format(name="order"),
        "services/bills.py": TOOL.format(name="bill"),
    }
    served = (*SERVED, "DJANGO_MCP_AUTODISCOVER = ['services.orders']")

    answer = start(files, *served, command=["check"])

    told = [line for line in answer.stderr.splitlines() if "django_mcp.W030" in line]
    assert [line.split()[2] for line in told] == ["stall.mcp_tools", "stall.services.bills"]
    line = "DJANGO_MCP_AUTODISCOVER = ['services.orders', 'mcp_tools', 'services.bills'] in the"
    assert f"HINT: Write {line} settings." in answer.stderr
    place = 'Add "import stall.services.bills" to stall/services/__init__.py, or'
    assert f"{place} write {line} settings." in answer.stderr


def test_permissions_are_looked_up_before_there_are_tables(start: Start) -> None:
    services = """
from django_mcp import tool

@tool(permissions=["auth.change_user", "auth.chnage_user"])
def act() -> None:
    \"\"\"Do nothing.\"\"\"
"""

    answer = start({"services.py": services}, *SERVED, command=["migrate"])

    assert answer.returncode == 0, answer.stderr
    assert (
        "(django_mcp.W029) stall.services.act (stall/services.py:4): the permission "
        "'auth.chnage_user'" in answer.stderr
    )
    assert answer.stderr.count("(django_mcp.W029)") == 1


def test_tools_are_found_in_submodules_that_the_setting_names(start: Start) -> None:
    files = {
        "services/__init__.py": "",
        "services/orders.py": TOOL.format(name="order"),
    }

    answer = start(files, "DJANGO_MCP_AUTODISCOVER = ['services.orders']")

    assert answer.stdout.strip() == "['order']", answer.stderr
