"""Celery tasks that a project has already, as background tools."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from django_mcp import Retry
from django_mcp.exceptions import ToolRegistrationError
from django_mcp.testing import MCPClient
from django_mcp.tools.background import Background
from tests.calls import offering
from tests.processes import ROOT
from tests.tools.single_tools import resolved, unlocated

celery: Any = pytest.importorskip("celery")
exceptions: Any = pytest.importorskip("celery.exceptions")
kombu: Any = pytest.importorskip("kombu")

# Tools are found, and Celery configured, before anything of an app is used.
DECLARES_AND_BUILDS = """
import django
from celery import Celery, shared_task
from celery.local import Proxy
from django.conf import settings

from django_mcp import tool

settings.configure(
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django_mcp"],
    DJANGO_MCP_URL="https://example.com/mcp",
)
app = Celery("project", broker="memory://")


@tool(background=True)
@app.task
def add(a: int, b: int) -> int:
    '''Add two numbers.'''
    return a + b


@shared_task
def double(a: int) -> int:
    '''Double a number.'''
    return 2 * a


assert tool(background=True, name="twice")(double) is double

django.setup()
assert not app.finalized and not app.configured
assert not add.__evaluated__()

from django_mcp.primitives.registry import get_registry
from django_mcp.tools.tool import Tool

tools = get_registry().of(Tool)
assert app.finalized
print(*tools)
print(*(tool.dotted_name for tool in tools.values()))
print(add.name, add(1, 2), double.name, double(3))
"""


@pytest.fixture
def app() -> Any:
    return celery.Celery("project", broker="memory://", set_as_current=False)


def make_add(app: Any, **options: Any) -> Any:
    """A task of this app, lazy as Celery makes them."""

    def add(a: int, b: int = 1) -> int:
        """Add two numbers.

        Args:
            b: One more.
        """
        return a + b

    return app.task(shared=False, **options)(add)


def background(task: Any, **options: Any) -> Background:
    found = resolved(task, background=True, **options).background
    assert found is not None
    return found


def problem(task: Any, **options: Any) -> str:
    with pytest.raises(ToolRegistrationError) as caught:
        resolved(task, **options)
    (found,) = caught.value.problems
    return unlocated(found).removeprefix(f"{__name__}.")


def test_declaring_a_task_touches_neither_the_task_nor_its_app(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(textwrap.dedent(DECLARES_AND_BUILDS))
    names = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}

    process = subprocess.run(
        [sys.executable, "-W", "error", "program.py"],
        cwd=tmp_path,
        env={**names, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert process.returncode == 0, process.stderr
    assert process.stdout.splitlines() == [
        "add twice",
        "__main__.add __main__.double",
        "project.add 3 project.double 6",
    ]


@pytest.mark.parametrize("lazy", [True, False])
def test_tool_has_name_description_and_schemas_of_the_function(app: Any, lazy: bool) -> None:
    tool = resolved(make_add(app, lazy=lazy), background=True)

    assert (tool.name, tool.description) == ("add", "Add two numbers.")
    assert tool.input_schema["properties"] == {
        "a": {"type": "integer"},
        "b": {"type": "integer", "default": 1, "description": "One more."},
    }
    assert tool.output_schema is not None
    assert tool.output_schema["properties"] == {"result": {"type": "integer"}}
    assert tool.dotted_name == f"{__name__}.make_add.<locals>.add"
    assert "test_celery_tasks.py:" in tool.located_name
    assert tool.background == Background(timeout=None)


@pytest.mark.django_db
def test_call_runs_the_function_and_the_task_stays_usable(app: Any) -> None:
    task = make_add(app, autoretry_for=(ConnectionError,), retry_backoff=True)

    with offering(task, background=True, idempotent=True):
        result = MCPClient().call("add", a=2, b=3)

    assert result.data == 5
    assert task.apply(args=[1, 2]).get() == 3
    assert task(4) == 5


@pytest.mark.django_db
def test_call_of_a_task_with_pydantic_models_takes_and_returns_them(app: Any) -> None:
    class Parcel(BaseModel):
        grams: int

    def weigh(parcel: Parcel) -> Parcel:
        """Weigh a parcel."""
        return Parcel(grams=parcel.grams + 1)

    weigh.__annotations__ = {"parcel": Parcel, "return": Parcel}
    task = app.task(shared=False, pydantic=True)(weigh)

    with offering(task, background=True):
        result = MCPClient().call("weigh", parcel={"grams": 1})

    assert result.data == {"grams": 2}


@pytest.mark.parametrize(
    ("options", "queue"),
    [
        ({}, None),
        ({"name": "project.routed"}, "routed"),
        ({"name": "project.anywhere"}, None),
        ({"name": "other.task"}, "by-function"),
    ],
)
def test_queue_is_that_of_the_routes(app: Any, options: dict[str, Any], queue: str | None) -> None:
    def route(name: str, *_: Any, **__: Any) -> str | None:
        return "by-function" if name == "other.task" else None

    app.conf.task_routes = [
        {"project.routed": {"queue": "routed"}, "project.any*": {"queue": "celery"}},
        route,
    ]

    assert background(make_add(app, **options)).queue == queue


@pytest.mark.parametrize("queue", ["slow", kombu.Queue("slow")])
def test_queue_is_that_of_the_task(app: Any, queue: Any) -> None:
    app.conf.task_routes = {"*": "routed"}

    with pytest.warns(
        exceptions.CDeprecationWarning, match="Use the task_routes setting"
    ):  # Celery's own
        found = background(make_add(app, queue=queue))

    assert found.queue == "slow"


def test_queue_that_celery_does_not_know_is_refused(app: Any) -> None:
    app.conf.update(task_create_missing_queues=False, task_routes={"a": "missing"})

    assert problem(make_add(app, name="a"), background=True) == (
        "make_add.<locals>.add: the router of its Celery app has no queue for it (QueueNotFound: "
        "\"Queue 'missing' missing from task_queues\"): pass queue="
    )


@pytest.mark.parametrize(
    ("options", "timeout"),
    [
        ({}, None),
        ({"time_limit": 90}, 90),
        ({"soft_time_limit": 60}, 60),
        ({"time_limit": 90, "soft_time_limit": 60}, 90),
    ],
)
def test_time_limit_is_the_timeout_of_runs(
    app: Any, options: dict[str, Any], timeout: float | None
) -> None:
    assert background(make_add(app, **options)).timeout == timeout


@pytest.mark.parametrize(
    ("options", "retry"),
    [
        ({}, None),
        ({"max_retries": 5, "retry_backoff": True}, None),
        ({"autoretry_for": (OSError,), "max_retries": 0}, None),
        ({"autoretry_for": (OSError,), "dont_autoretry_for": (Exception,)}, None),
        (
            {"autoretry_for": (OSError,), "retry_backoff": True, "max_retries": 5},
            Retry(times=5, backoff=1, max_delay=600, jitter=True, on=(OSError,)),
        ),
        (
            {
                "autoretry_for": [OSError, KeyError],
                "dont_autoretry_for": [LookupError, TypeError],
                "retry_backoff": 3.5,
                "retry_backoff_max": 40,
                "retry_jitter": False,
                "retry_kwargs": {"max_retries": 4, "countdown": 8},
            },
            Retry(times=4, backoff=3, max_delay=40, jitter=False, on=(OSError,)),
        ),
        (
            {"autoretry_for": (OSError,)},
            Retry(times=3, backoff=180, max_delay=180, jitter=False, on=(OSError,)),
        ),
        (
            {"autoretry_for": (OSError,), "retry_kwargs": {"countdown": 0, "max_retries": 1}},
            Retry(times=1, backoff=0, max_delay=0, jitter=False, on=(OSError,)),
        ),
        (
            {"autoretry_for": (OSError,), "default_retry_delay": 7},
            Retry(times=3, backoff=7, max_delay=7, jitter=False, on=(OSError,)),
        ),
    ],
)
def test_retry_is_the_autoretry_of_the_task(
    app: Any, options: dict[str, Any], retry: Retry | None
) -> None:
    assert background(make_add(app, **options), idempotent=True).retry == retry


def test_delays_are_those_of_celery(app: Any) -> None:
    options: dict[str, Any] = {"retry_backoff": 2, "retry_backoff_max": 5, "retry_jitter": False}
    growing = background(
        make_add(app, name="a", autoretry_for=(OSError,), **options), read_only=True
    ).retry
    steady = background(
        make_add(app, name="b", autoretry_for=(OSError,), default_retry_delay=7), read_only=True
    ).retry

    assert growing is not None
    assert steady is not None
    assert [growing.delay(run) for run in (1, 2, 3, 4)] == [2, 4, 5, 5]
    assert [steady.delay(run) for run in (1, 2, 3)] == [7, 7, 7]


EXCLUDED = (
    "its dont_autoretry_for excludes ConnectionError from autoretry_for, which no Retry does: "
    "pass retry=Retry(...)"
)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"max_retries": None},
            "its max_retries is None, and no tool is run again without end: pass retry=Retry(...)",
        ),
        (
            {"dont_autoretry_for": (ConnectionError,)},
            EXCLUDED,
        ),
        (
            {"retry_kwargs": {"queue": "later", "eta": None, "max_retries": 2}},
            "its retry_kwargs have eta, queue, which no Retry has: pass retry=Retry(...)",
        ),
    ],
)
def test_autoretry_that_no_retry_expresses_is_refused(
    app: Any, options: dict[str, Any], words: str
) -> None:
    task = make_add(app, autoretry_for=(OSError,), **options)
    retry = Retry(times=1)

    assert problem(task, background=True, idempotent=True) == f"make_add.<locals>.add: {words}"
    assert background(task, idempotent=True, retry=retry).retry == retry


def test_autoretry_of_a_tool_that_must_not_run_twice_is_refused(app: Any) -> None:
    task = make_add(app, autoretry_for=(OSError,), retry_backoff=True)

    assert problem(task, background=True) == (
        "make_add.<locals>.add: the Celery task is run again after failures (autoretry_for), which "
        "is for tools that are declared idempotent or read_only"
    )


def test_explicit_options_win(app: Any) -> None:
    app.conf.task_routes = {"*": "routed"}
    task = make_add(app, autoretry_for=(OSError,), time_limit=90)
    retry = Retry(times=1, on=(KeyError,))

    found = background(task, idempotent=True, queue="mine", retry=retry, timeout=5)

    assert found == Background(queue="mine", retry=retry, timeout=5)


def test_task_without_background_is_refused(app: Any) -> None:
    assert problem(make_add(app)) == (
        "make_add.<locals>.add: a Celery task is a tool of workers: declare it with background=True"
    )


def bound(app: Any) -> Any:
    def report(self: Any, year: int) -> int:
        """Report."""
        raise self.retry()

    return app.task(shared=False, bind=True)(report)


def class_based(app: Any) -> Any:
    class Report(celery.Task):  # type: ignore[misc]
        name = "report"

        def run(self, year: int) -> int:
            """Report."""
            return year

    return app.register_task(Report())


def prepared(app: Any) -> Any:
    class InTenant(celery.Task):  # type: ignore[misc]
        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            return self.run(*args, **kwargs)

    def report(year: int) -> int:
        """Report."""
        return year

    return app.task(shared=False, base=InTenant)(report)


BOUND = (
    "a Celery task with bind=True cannot be a tool, for there is no task to bind, and no "
    "self.retry(): tag a function with retry=, and call what both share"
)
CLASS = (
    "a Celery task that is a class cannot be a tool, for its run() takes the task: tag a function, "
    "and call what both share"
)
PREPARED = (
    "its base class defines __call__, which a tool does not run: tag a function, and call what "
    "both share"
)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (bound, f"bound.<locals>.report: {BOUND}"),
        (class_based, f"class_based.<locals>.Report: {CLASS}"),
        (prepared, f"prepared.<locals>.report: {PREPARED}"),
    ],
)
def test_task_that_needs_more_than_its_function_is_refused(
    app: Any, make: Callable[[Any], Any], words: str
) -> None:
    assert problem(make(app), background=True) == words


@pytest.mark.django_db
def test_a_named_task_that_keeps_no_result_in_celery_returns_one(app: Any) -> None:
    def whoami() -> str:
        """Tell which task runs."""
        return str(celery.current_task and celery.current_task.name)

    task = app.task(shared=False, name="shop.whoami", ignore_result=True)(whoami)
    with offering(task, background=True):
        result = MCPClient().call("whoami")

    assert result.data == "None"  # Celery runs nothing here
