"""The checks of a project whose background tools are run by Django's Tasks."""

import inspect
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import django
import pytest
from django.core.checks import run_checks
from django.core.checks.registry import registry
from pytest_django import Settings

from django_mcp import tool
from django_mcp.checks.project.background import check_background, check_background_deployment
from django_mcp.checks.project.django_tasks import check_django_tasks
from django_mcp.primitives.declaration import collecting
from tests.calls import serving_declared
from tests.processes import check_project

pytest.importorskip("django.tasks" if django.VERSION >= (6, 0) else "django_tasks")

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db

MODULE = "django.tasks" if django.VERSION >= (6, 0) else "django_tasks"
KEEPING = "tests.background.task_backends.KeepingBackend"
# What is installed already is not to be installed.
INSTALL = "" if find_spec("django_tasks_db") else "type: pip install django-tasks-db, "
TYPE = (
    'Set TASKS = {\'default\': {"BACKEND": "django_tasks_db.DatabaseBackend"}}, add '
    f'"django_tasks_db" to INSTALLED_APPS, {INSTALL}and run: python manage.py db_worker.'
)


def count() -> None:
    """Count."""


def sort() -> None:
    """Sort."""


def greet() -> None:
    """Greet."""


def place(function: Callable[[], None]) -> str:
    """The name of a tool of this module with its file and line."""
    line = inspect.getsourcelines(function)[1]
    return f"{__name__}.{function.__name__} (tests/checks/project/test_django_tasks.py:{line})"


@pytest.fixture(autouse=True)
def project(settings: Settings) -> None:
    settings.DJANGO_MCP_BACKGROUND_BACKEND = "django_tasks"
    settings.TASKS = {"default": {"BACKEND": KEEPING}}


def messages() -> list[tuple[str | None, str, str | None]]:
    """Each message of the check: its id, what it says and its hint."""
    return [
        (message.id, message.msg, message.hint) for message in check_django_tasks(app_configs=None)
    ]


def test_project_with_workers_has_nothing_to_mend() -> None:
    with collecting():
        tool(background=True)(count)

        assert messages() == []
        assert check_background(app_configs=None) == []
        assert check_background_deployment(app_configs=None) == []


@pytest.mark.skipif(django.VERSION >= (6, 0), reason="Django has Tasks of its own")
def test_e016_says_what_to_install_on_a_django_without_tasks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("django_mcp.checks.project.django_tasks.find_spec", lambda name: None)

    assert messages() == [
        (
            "django_mcp.E016",
            f"Django {django.get_version()} has no Tasks, and django-tasks is not installed.",
            (
                'Type: pip install "django-mcp-toolkit[tasks]", or choose another in '
                "DJANGO_MCP_BACKGROUND_BACKEND."
            ),
        )
    ]


@pytest.mark.parametrize(
    ("tasks", "says"),
    [
        ({"other": {"BACKEND": KEEPING}}, "The connection 'default' doesn't exist."),
        ({"default": {"BACKEND": "shop.Backend"}}, "Could not find backend 'shop.Backend': "),
    ],
    ids=["alias", "class"],
)
def test_e016_says_what_to_type_when_no_backend_can_be_made(
    settings: Settings, tasks: dict[str, Any], says: str
) -> None:
    settings.TASKS = tasks

    ((check_id, message, hint),) = messages()
    assert check_id == "django_mcp.E016"
    assert message.startswith(f"TASKS['default'] cannot be used: {says}")
    assert hint == f"{TYPE} Or name another of TASKS in DJANGO_MCP_DJANGO_TASKS_BACKEND."


@pytest.mark.parametrize("is_checked", [False, True])
def test_e016_passes_on_what_the_backend_itself_finds_missing_unless_tasks_do(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, is_checked: bool
) -> None:
    pytest.importorskip("django_tasks_db")
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    registered = set(registry.registered_checks)
    monkeypatch.setattr(registry, "registered_checks", registered)
    check_tasks = import_module(f"{MODULE}.checks").check_tasks
    registered.add(check_tasks)
    if not is_checked:
        registered.remove(check_tasks)

    told = [
        each for each in run_checks() if each.hint == "Insert 'django_tasks_db' in INSTALLED_APPS"
    ]

    assert [(each.id, each.msg.partition("DatabaseBackend configured")[0]) for each in told] == (
        [(None, "")] if is_checked else [("django_mcp.E016", "TASKS['default'] cannot be used: ")]
    )


def test_e017_refuses_a_backend_that_runs_tools_within_the_request(settings: Settings) -> None:
    settings.TASKS = {"default": {"BACKEND": f"{MODULE}.backends.immediate.ImmediateBackend"}}

    assert messages() == [
        (
            "django_mcp.E017",
            "TASKS['default'] runs tasks at once, within the request: it is the immediate backend.",
            f'{TYPE} In tests set DJANGO_MCP_BACKGROUND_BACKEND to "threads".',
        )
    ]


def test_w039_warns_of_a_backend_that_runs_nothing(settings: Settings) -> None:
    settings.TASKS = {"default": {"BACKEND": f"{MODULE}.backends.dummy.DummyBackend"}}

    assert messages() == [
        (
            "django_mcp.W039",
            "TASKS['default'] runs nothing: it is the dummy backend, which only stores tasks.",
            f"{TYPE} In tests, silence this check.",
        )
    ]


def test_e018_names_the_tools_whose_queue_the_backend_lacks(settings: Settings) -> None:
    settings.TASKS = {"default": {"BACKEND": KEEPING, "QUEUES": ["slow", "fast"]}}
    with collecting() as declared:
        tool(background=True)(count)
        tool(background=True, queue="default")(sort)
        tool(background=True, queue="slow")(greet)

    with serving_declared(declared):
        assert messages() == [
            (
                "django_mcp.E018",
                (
                    f"{place(count)}, {place(sort)}: the queue 'default' is not in "
                    "TASKS['default']['QUEUES'], so that calls are refused."
                ),
                (
                    "Set TASKS['default']['QUEUES'] = ['default', 'fast', 'slow'] and run a worker "
                    "for it, or tag the tool with queue= one of 'fast', 'slow'."
                ),
            )
        ]
        settings.TASKS = {"default": {"BACKEND": KEEPING, "QUEUES": []}}  # any
        assert messages() == []


def test_e018_names_the_queue_of_an_existing_task(settings: Settings) -> None:
    settings.TASKS = {"default": {"BACKEND": KEEPING, "QUEUES": ["default", "slow"]}}
    tasks: Any = import_module(MODULE)
    with collecting() as declared:
        tool(background=True)(tasks.task(queue_name="slow")(greet))
    settings.TASKS = {"default": {"BACKEND": KEEPING, "QUEUES": ["default"]}}

    with serving_declared(declared):
        ((_, text, _),) = messages()

    assert text.startswith(f"{place(greet)}: the queue 'slow' is not in TASKS['default']")


def test_w009_names_what_runs_tools_in_production(settings: Settings) -> None:
    settings.DJANGO_MCP_BACKGROUND_BACKEND = "threads"
    with collecting():
        tool(background=True)(count)

        (warning,) = check_background_deployment(app_configs=None)

    assert (warning.id, warning.hint) == (
        "django_mcp.W009",
        (
            'Set DJANGO_MCP_BACKGROUND_BACKEND = "celery" and run: celery --app project worker. '
            f'Or set DJANGO_MCP_BACKGROUND_BACKEND = "django_tasks". {TYPE} '
            "The guide “Run slow tools in the background” compares them."
        ),
    )


def test_backend_without_a_queue_of_the_default_name_can_be_used(tmp_path: Path) -> None:
    """In a fresh process: Django judges a declared task once, by the queue that it names then."""
    answer = check_project(
        tmp_path,
        "DJANGO_MCP_BACKGROUND_BACKEND = 'django_tasks'",
        f"TASKS = {{'default': {{'BACKEND': {KEEPING!r}, 'QUEUES': ['slow']}}}}",
    )

    assert "django_mcp.E018) example_project.expenses.services." in answer.stderr
    assert "django_mcp.E016" not in answer.stderr
