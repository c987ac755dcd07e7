"""What operators see of background tasks."""

import datetime
import json
import math
import re
import uuid
from typing import Any, Literal

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import TextChoices
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pydantic import BaseModel, Field

from django_mcp.admin.changelist import changelist
from django_mcp.background import recovery
from django_mcp.background.input import serialize_requests
from django_mcp.content import ResourceLink, Text
from django_mcp.exceptions import ElicitationRequest, TaskLostError, ToolError
from django_mcp.models import ToolTask
from django_mcp.schemas.input.elicitation_forms import form_of
from tests.admin.calls.test_record_list import plan_of
from tests.admin.pages import (
    TASKS,
    action,
    links_of,
    names_of,
    record_page,
    rows_of,
    task_page,
    text_of,
)
from tests.factories import record, task

Status = ToolTask.Status

HOSTILE = "</pre><script>alert(1)</script>"


class Role(TextChoices):
    BOSS = "boss", "The boss"
    CLERK = "clerk", "A clerk"


def test_list_shows_the_task_that_was_called_last_first(controller: Client) -> None:
    task(hours=3, name="import_rows", username="ada", client_name="Desktop")
    ended = timezone.now() - datetime.timedelta(hours=2) + datetime.timedelta(seconds=75)
    task(hours=2, error=TaskLostError(), user="7", client="d-1", ended=ended)
    task(hours=1, status=Status.WORKING, progress=1, progress_total=4, cancel_requested=True)

    response = controller.get(TASKS)
    page = response.content.decode()

    assert [row[2:6] for row in rows_of(response)] == [
        ["anonymous", "build_report", "cancelling", "-"],
        ["7", "build_report", "failed", "d-1"],
        ["ada", "import_rows", "queued", "Desktop"],
    ]
    assert rows_of(response)[1][6] == "75.0 s"
    assert page.count("<progress") == 1
    assert 'aria-label="progress"' in page
    assert 'value="0.2500"' in page


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        ({}, ["working", "queued"]),
        ({"period": "week"}, ["working", "queued", "old"]),
        ({"status": "working"}, ["working"]),
        ({"user": "7"}, ["queued"]),
        ({"client": "d-1", "period": "all"}, ["queued", "old"]),
        ({"name": "old", "period": "all"}, ["old"]),
        ({"q": "ada"}, ["queued"]),
        ({"q": "ad"}, []),
    ],
)
def test_list_is_narrowed_as_that_of_the_record(
    controller: Client, chosen: dict[str, str], names: list[str]
) -> None:
    task(hours=1, name="working", status=Status.WORKING)
    task(hours=2, name="queued", user="7", username="ada", client="d-1")
    task(hours=50, name="old", client="d-1")

    assert names_of(controller.get(TASKS, chosen)) == names


@pytest.mark.parametrize("column", ["pk", "call_id"])
def test_id_of_a_task_or_its_call_finds_it_whenever_it_was(controller: Client, column: str) -> None:
    old = task(hours=10_000)
    task()

    assert names_of(controller.get(TASKS, {"q": str(getattr(old, column))})) == ["build_report"]


def test_tools_and_states_to_choose_from_are_those_that_occur(
    watcher: Client, background: None
) -> None:
    task(name="build_report", status=Status.INPUT_REQUIRED)
    choices = {"build_report", "import_rows", "queued", "asks the user"}

    offered = {text for text, _ in links_of(watcher.get(TASKS))}

    assert choices & offered == {"build_report", "asks the user"}


def test_task_links_to_its_user(superuser: Client) -> None:
    user = User.objects.get()
    carried = task(user=str(user.pk), username=user.username)
    address = f"/admin/auth/user/{user.pk}/change/"

    for page in (task_page(carried), TASKS):
        assert (user.username, address) in links_of(superuser.get(page))


@pytest.mark.implementation
def test_list_leads_on_where_it_stops(controller: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changelist, "MAX_ROWS", 2)
    for number in range(3):
        task(name=f"task_{number}", hours=number)

    first = controller.get(TASKS)
    second = controller.get(TASKS + dict(links_of(first))["Look at older tasks"])

    assert "more than 2 tasks" in text_of(first)
    assert names_of(first) == ["task_0", "task_1"]
    assert names_of(second) == ["task_1", "task_2"]


COMBINATIONS: list[dict[str, str]] = [
    {},
    {"status": "working", "period": "all"},
    {"name": "build_report", "period": "all"},
    {"user": "7", "client": "d-1", "status": "working"},
    {"q": "ada", "period": "all"},
    {"q": str(uuid.UUID(int=7))},
]


@pytest.mark.implementation
@pytest.mark.parametrize("chosen", COMBINATIONS)
def test_every_query_of_the_list_is_bounded_and_walks_along_an_index(
    controller: Client, chosen: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    task(pk=uuid.UUID(int=7), user="7", username="ada", client="d-1", status=Status.WORKING)
    monkeypatch.setattr(recovery, "_next_at", math.inf)  # a sweep looks at other things

    with CaptureQueriesContext(connection) as queries:
        found = controller.get(TASKS, {**chosen, "_facets": "True", "all": ""})
    asked = [query["sql"] for query in queries if "django_mcp_tooltask" in query["sql"]]
    indexes = [index.name for index in ToolTask._meta.indexes]

    assert names_of(found) == ["build_report"]
    assert 0 < len(asked) <= 15
    for sql in asked:
        assert "LIMIT" in sql or '"id" IN (' in sql
        assert '"result"' not in sql
        assert " OR " not in sql
        plan = plan_of(sql)
        assert any(name in plan for name in [*indexes, "call_id", "pkey", "autoindex"]), plan
        assert "TEMP B-TREE" not in plan
        assert "Seq Scan" not in plan


@pytest.mark.parametrize("lookup", ["result__contains", "created__gte", "worker", "outcome"])
def test_lookups_that_would_search_the_whole_table_are_refused(
    watcher: Client, lookup: str
) -> None:
    assert watcher.get(TASKS, {lookup: "1"}).status_code == 400


def test_task_is_shown_readably(watcher: Client) -> None:
    shown = task(
        hours=1,
        status=Status.WORKING,
        user="7",
        username="ada",
        scopes="report:read",
        worker="celery@one",
        attempts=2,
        arguments='{"year": 2026, "note": "Café"}',
        progress=1_500,
        progress_total=3_000.5,
        progress_message="May",
    )

    text = text_of(watcher.get(task_page(shown)))

    assert "Kind: tool" in text
    assert "Status: working Reload" in text
    assert "Progress: 1500 of 3000.5: May" in text
    assert 'Arguments: { "year": 2026, "note": "Café" }' in text
    assert "Result: - Error: -" in text
    assert "Runs: 2" in text
    assert "Worker: celery@one" in text
    assert "User: ada all tasks of this user" in text
    assert "Scopes: report:read" in text
    assert f"Task id: {shown.pk} Call id: {shown.call_id}" in text


class Terms(BaseModel):
    """What a user is asked for."""

    confirm: bool
    days: int = Field(default=7, title="Days of grace", description="Before anything is deleted.")
    size: Literal["A4", "letter"] = "A4"
    copies_to: list[Role] = []
    by: datetime.date | None = None


def asking(message: str, model: type[BaseModel] = Terms, **changes: Any) -> ToolTask:
    """A task that waits for its user."""
    question = ElicitationRequest(message=message, form=form_of(model))
    return task(
        status=Status.INPUT_REQUIRED, input_requests=serialize_requests({"k": question}), **changes
    )


def test_questions_that_a_task_waits_with_are_shown_readably_and_answers_never(
    watcher: Client,
) -> None:
    waiting = asking("Delete 3 reports?\nNobody can undo it.", input_responses="sealed-swordfish")

    page = watcher.get(task_page(waiting))

    assert b"Delete 3 reports?\nNobody can undo it." in page.content
    text = text_of(page)
    assert "Waits for an answer Open questions: Delete 3 reports? Nobody can undo it." in text
    assert "confirm (yes or no)" in text
    assert "Days of grace days (whole number, optional) Before anything is deleted." in text
    assert "size (one of: A4, letter, optional)" in text
    assert "copies_to (any of: The boss, A clerk, optional)" in text
    assert "by (date, optional)" in text
    assert "swordfish" not in text


def test_task_that_asks_nothing_has_no_questions(watcher: Client) -> None:
    assert "questions" not in text_of(watcher.get(task_page(task(status=Status.WORKING))))


def test_page_says_which_questions_it_shows_lest_there_are_others(watcher: Client) -> None:
    waiting = asking("Sure?")

    page = watcher.get(task_page(waiting)).content.decode()
    state = watcher.get(task_page(waiting, "state")).json()
    ToolTask.objects.store_responses(
        waiting, input_requests=waiting.input_requests, input_responses="encrypted"
    )
    partly = watcher.get(task_page(waiting, "state")).json()
    ToolTask.objects.update(status=Status.WORKING, input_requests="")
    working = watcher.get(task_page(waiting, "state")).json()

    assert state["input_version"]
    assert f'data-input-version="{state["input_version"]}"' in page
    assert partly["input_version"] != state["input_version"]
    assert working["input_version"] == ""


def test_questions_are_text_and_never_markup(watcher: Client) -> None:
    class Hostile(BaseModel):
        word: Literal["</pre><script>alert(1)</script>"] = Field(title=HOSTILE, description=HOSTILE)

    page = watcher.get(task_page(asking(HOSTILE, Hostile)))

    assert b"<script>alert" not in page.content
    assert text_of(page).count(HOSTILE) == 4


def test_arguments_that_a_preparation_added_are_shown(watcher: Client, background: None) -> None:
    prepared = task(name="report_on", arguments='{"year": 2026, "owner": "ann"}')

    assert '"owner": "ann"' in text_of(watcher.get(task_page(prepared)))


def test_secret_arguments_are_never_shown(watcher: Client, background: None) -> None:
    shown = task(
        arguments='{"year": 2026, "nested": {"api_key": "swordfish"}, "password": "swordfish"}',
        secrets="sealed-swordfish",
        has_secrets=True,
    )

    page = watcher.get(task_page(shown))

    assert b"swordfish" not in page.content
    assert '"password": "[redacted]"' in text_of(page)
    assert "Others are secret" in text_of(page)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ToolError("No such year.", hint="Try 2026."), "Error: No such year. Try 2026."),
        (TaskLostError(), "Error: The worker of this tool died: outcome unknown."),
        (KeyError("inside"), "Error: The call failed. The operators can find the cause under"),
    ],
)
def test_error_is_what_the_caller_was_told(watcher: Client, error: Exception, text: str) -> None:
    assert text in text_of(watcher.get(task_page(task(error=error))))


def test_page_goes_on_with_what_its_state_says(watcher: Client) -> None:
    going = task(status=Status.WORKING, progress=1, progress_total=4, progress_message="<b>")

    page = watcher.get(task_page(going)).content.decode()
    state = watcher.get(task_page(going, "state"))
    ToolTask.objects.update(status=Status.COMPLETED, ended=going.created, progress=4)
    ended = watcher.get(task_page(going, "state")).json()

    address = task_page(going, "state")
    assert f'data-address="{address}"' in page
    assert {f'data-mcp-text="{name}"' in page for name in state.json()["texts"]} == {True}
    assert "django_mcp/task.js" in page
    assert state.headers["Content-Type"] == "application/json"
    assert state.json()["status"] == {"text": "working", "tone": "quiet"}
    assert state.json()["bar"] == {"is_shown": True, "share": 0.25}
    assert state.json()["texts"]["progress"] == "1 of 4: <b>"
    assert state.json()["has_ended"] is False
    assert ended["status"] == {"text": "completed", "tone": "good"}
    assert ended["bar"] == {"is_shown": True, "share": 1}
    assert ended["texts"]["duration"] == "0 ms"
    assert ended["has_ended"] is True
    assert 'id="mcp-live"' not in watcher.get(task_page(going)).content.decode()


@pytest.mark.parametrize(
    ("progress", "total", "text", "share"),
    [
        (None, None, "", None),
        (3, None, "3", None),
        (3, 0, "3 of 0", None),
        (5, 4, "5 of 4", 1),
        (-1, 4, "-1 of 4", 0),
    ],
)
def test_progress_without_a_sensible_total_has_no_length(
    watcher: Client, progress: float | None, total: float | None, text: str, share: float | None
) -> None:
    going = task(status=Status.WORKING, progress=progress, progress_total=total)

    state = watcher.get(task_page(going, "state")).json()

    assert state["bar"] == {"is_shown": True, "share": share}
    assert state["texts"]["progress"] == text


@pytest.mark.implementation
def test_looking_at_a_task_ends_it_when_its_worker_has_died(
    watcher: Client, background: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_ago = timezone.now() - datetime.timedelta(hours=1)
    dead = task(name="import_rows", status=Status.WORKING, started=long_ago, heartbeat=long_ago)
    monkeypatch.setattr(recovery, "_next_at", 0.0)

    state = watcher.get(task_page(dead, "state")).json()

    assert state["status"] == {"text": "failed", "tone": "bad"}


@pytest.mark.parametrize(
    "field",
    ["name", "username", "client_name", "client_info", "progress_message", "worker", "arguments"],
)
def test_what_clients_and_tools_say_is_text_and_never_markup(
    controller: Client, field: str
) -> None:
    changes: dict[str, Any] = {field: HOSTILE}
    if field == "arguments":
        changes = {field: json.dumps({HOSTILE: HOSTILE})}
    hostile = task(progress=1, **changes)

    pages = [controller.get(address) for address in (task_page(hostile), TASKS)]
    pages.append(controller.get(task_page(hostile, "cancel")))

    for page in pages:
        assert b"<script>alert" not in page.content
    assert "alert(1)" in text_of(pages[0])


@pytest.mark.parametrize(
    "field",
    ["name", "username", "client_name", "client_info", "progress_message", "worker", "address"],
)
def test_characters_that_are_not_seen_are_spelled_out(controller: Client, field: str) -> None:
    changes: dict[str, Any] = {field: "a\u202eb\x1b\x9b"}
    hidden = task(progress=1, **changes)

    pages = [controller.get(address) for address in (task_page(hidden), TASKS)]
    pages.append(controller.get(task_page(hidden, "cancel")))

    assert "a\\u202eb\\x1b\\x9b" in text_of(pages[0])
    for page in pages:
        assert not re.search("[\u202e\x1b\x9b]", text_of(page))


def test_results_and_errors_spell_them_out_too(watcher: Client) -> None:
    hidden = "a\u202eb\x1b\x9b"
    link = ResourceLink(uri=f"file:///{hidden}", name=hidden)
    for each in (
        task(result=[Text(text=hidden)]),
        task(result=[link]),
        task(error=ToolError(hidden, hint=hidden)),
    ):
        page = text_of(watcher.get(task_page(each)))

        assert "a\\u202eb\\" in page
        assert not re.search("[\u202e\x1b\x9b]", page)


def test_results_and_errors_are_text_and_never_markup(watcher: Client) -> None:
    for hostile in (
        task(result=[Text(text=HOSTILE)]),
        task(error=ToolError(HOSTILE, hint=HOSTILE)),
    ):
        page = watcher.get(task_page(hostile))
        assert b"<script>alert" not in page.content
        assert HOSTILE in text_of(page)


def test_task_and_record_of_one_call_lead_to_each_other(controller: Client) -> None:
    call = record(task_id="some")
    carried = task(call_id=call.call_id)

    to_record = dict(links_of(controller.get(task_page(carried))))["Call on record"]
    to_task = dict(links_of(controller.get(record_page(call))))["Background task"]

    assert (to_record, to_task) == (record_page(call), task_page(carried))


def test_nothing_leads_to_what_is_gone(controller: Client) -> None:
    assert "Background task" not in text_of(controller.get(record_page(record(task_id="some"))))
    assert "Call on record" not in text_of(controller.get(task_page(task())))


def test_nothing_leads_to_what_is_closed(watcher: Client) -> None:
    carried = task(call_id=record(task_id="some").call_id)

    assert "Call on record" not in text_of(watcher.get(task_page(carried)))


def test_not_even_superusers_change_tasks_by_hand(superuser: Client) -> None:
    kept = task(error=TaskLostError())

    page = superuser.get(task_page(kept))
    refused = [
        superuser.post(task_page(kept), {"name": "forged"}).status_code,
        superuser.post(task_page(kept, "delete"), {"post": "yes"}).status_code,
        superuser.get(f"{TASKS}add/").status_code,
    ]
    superuser.post(TASKS, action("delete_selected", kept, post="yes"))

    assert b'name="_save"' not in page.content
    assert refused == [403, 403, 403]
    assert ToolTask.objects.get().name == "build_report"


def test_tasks_are_closed_to_staff_without_the_permission(onlooker: Client) -> None:
    kept = task(result=[Text(text="for nobody else")])

    for address in (
        TASKS,
        task_page(kept),
        task_page(kept, "state"),
        task_page(kept, "result", 0),
        task_page(kept, "cancel"),
        task_page(kept, "retry"),
    ):
        assert onlooker.get(address).status_code == 403
    assert Client().get(task_page(kept, "state")).status_code == 302


def test_task_that_is_gone_is_not_found(controller: Client) -> None:
    gone = ToolTask(pk=uuid.uuid4())

    for view, *values in (["state"], ["cancel"], ["retry"], ["result", 0]):
        assert controller.get(task_page(gone, str(view), *values)).status_code == 404
