"""Users and operators take back what programs hold, and programs that need their word first."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.client_documents import SITE, TERMINAL
from tests.e2e.errors import cause_of
from tests.e2e.front_door import SHELL, is_open, listening, send
from tests.e2e.programs import Program, used_by
from tests.e2e.user import BrowserUser, NothingToDecideError
from tests.hosts.front_door.host import FRONT_DOOR
from tests.hosts.process import Site, serving
from tests.polls import until
from tests.spec import MODERN
from tests.wire import messages_in

WRITE_NOTE = (
    "from django.contrib.auth.models import User; "
    "from django.utils import timezone; "
    "from tests.hosts.desk.models import Note; "
    "Note.objects.create(author=User.objects.get(), text={text!r}, due=timezone.now())"
)


def disconnect(site: Site, user: BrowserUser, program: Program) -> None:
    """Take everything back from a program, on the page of connected assistants."""
    page = user.open(f"{site.home}/connected-assistants/")
    (link,) = [each for each in page.links if each.endswith(f"?client={program.client_id}")]
    sure = user.open(link)
    form = sure.form_with("client")
    assert form is not None
    assert user.submit(sure, form).is_redirect


async def refusal_of(program: Program) -> str:
    """What the user of a program reads that gets no access."""
    with pytest.raises((ExceptionGroup, NothingToDecideError)) as caught:
        await program.call("next_free_day")
    told = cause_of(caught.value)
    assert isinstance(told, NothingToDecideError)
    return str(told)


async def test_program_that_was_disconnected_is_refused_and_can_be_connected_again(
    front_door: Site, user: BrowserUser
) -> None:
    program, other = used_by(user, front_door.url), used_by(user, front_door.url)
    await program.call("next_free_day")
    await other.call("next_free_day")
    token = program.tokens.access_token
    was_open = is_open(front_door, token)

    disconnect(front_door, user, program)
    is_still_open = is_open(front_door, token)
    again = await program.call("next_free_day")
    await other.call("next_free_day")

    assert (was_open, is_still_open) == (True, False)
    assert again.is_error is False
    assert program.tokens.access_token != token
    assert [len(each.visits) for each in (program, other)] == [2, 1]


async def test_queued_call_of_a_program_that_was_disconnected_does_not_run(
    front_door: Site, user: BrowserUser
) -> None:
    program = used_by(user, front_door.url)
    await program.call("next_free_day")

    running, queued = (begin(front_door, program, text) for text in ("first", "second"))
    until(lambda: shown(front_door, running)["started"] is not None)
    disconnect(front_door, user, program)
    for text in ("first", "second"):
        front_door.manage(*SHELL, WRITE_NOTE.format(text=text))
    until(lambda: shown(front_door, queued)["status"] != "working")

    assert shown(front_door, running)["status"] == "completed"
    assert shown(front_door, queued)["status"] == "failed"
    assert outcomes_of(front_door, "wait_for_note", program) == ["ok", "revoked"]


async def test_access_that_was_revoked_by_command_is_refused_and_its_tasks_do_not_run(
    front_door: Site, user: BrowserUser
) -> None:
    program, other = used_by(user, front_door.url), used_by(user, front_door.url)
    await program.call("next_free_day")
    await other.call("next_free_day")
    token = program.tokens.access_token
    running, queued = (begin(front_door, program, text) for text in ("third", "fourth"))
    until(lambda: shown(front_door, running)["started"] is not None)

    printed = front_door.manage("mcp_revoke", "--client", program.client_id, "--no-input")
    is_still_open = is_open(front_door, token)
    tasks = [shown(front_door, task) for task in (running, queued)]
    # Lets the running one end.
    front_door.manage(*SHELL, WRITE_NOTE.format(text="third"))
    again = await program.call("next_free_day")
    await other.call("next_free_day")

    assert printed.strip().endswith("cancelled: 2 tasks")
    assert is_still_open is False
    assert [(task["status"], task["cancel_requested"]) for task in tasks] == [
        ("working", True),
        ("cancelled", False),
    ]
    assert again.is_error is False
    assert program.tokens.access_token != token
    assert [len(each.visits) for each in (program, other)] == [2, 1]


async def test_stream_of_a_program_that_was_disconnected_hears_of_nothing_more(
    front_door: Site, user: BrowserUser
) -> None:
    program = used_by(user, front_door.url)
    await program.call("next_free_day")
    token = program.tokens.access_token
    task_id = begin(front_door, program, "fifth")
    until(lambda: shown(front_door, task_id)["started"] is not None)

    wanted = {"notifications": {"taskIds": [task_id]}}
    with listening(front_door, token, wanted) as stream:
        lines = stream.iter_lines()
        told = [next(line for line in lines if task_id in line) for _ in range(2)]
        disconnect(front_door, user, program)
        front_door.manage(*SHELL, WRITE_NOTE.format(text="fifth"))
        rest = [line for line in lines if line.startswith("data: ")]

    until(lambda: shown(front_door, task_id)["status"] == "completed")
    assert "acknowledged" in told[0]
    assert '"status":"working"' in told[1]
    assert not [line for line in rest if "completed" in line]
    assert '"resultType":"complete"' in rest[-1]


def begin(site: Site, program: Program, text: str) -> str:
    """Call the tool that waits for a note; the id of the task."""
    params = {"name": "wait_for_note", "arguments": {"text": text}}
    answer = send(site, program.tokens.access_token, "tools/call", params)
    task_id: str = result_of(answer, "tools/call")["taskId"]
    return task_id


def shown(site: Site, task: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(site.manage("mcp_tasks", "show", task))
    return facts


def result_of(answer: httpx.Response, method: str) -> dict[str, Any]:
    kind = answer.headers["content-type"]
    (message,) = messages_in(answer.content, kind, era=MODERN, method=method)
    result: dict[str, Any] = message["result"]
    return result


def outcomes_of(site: Site, tool: str, program: Program) -> list[str]:
    lines = site.manage("mcp_audit", "--since", "1h", "--json", "--tool", tool).splitlines()
    calls = [json.loads(line) for line in lines]
    return [call["outcome"] for call in calls if call["client"] == program.client_id]


@pytest.mark.parametrize("document", [None, SITE])
async def test_blocked_program_is_shut_out_at_once(
    front_door: Site, user: BrowserUser, document: str | None
) -> None:
    program = used_by(
        user,
        front_door.url,
        document=document,
        redirect_uri="https://claude.ai/api/mcp/auth_callback",
    )
    await program.call("next_free_day")
    token = program.tokens.access_token
    was_open = is_open(front_door, token)

    front_door.manage("mcp_clients", "block", program.client_id)
    is_still_open = is_open(front_door, token)
    told = await refusal_of(program)
    front_door.manage("mcp_clients", "unblock", program.client_id)
    result = await program.call("next_free_day")

    assert (was_open, is_still_open) == (True, False)
    assert "have blocked this application" in told
    assert result.is_error is False


@pytest.fixture(scope="module")
def choosy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The same host, whose operators approve each program."""
    host = replace(FRONT_DOOR, environment={"HOST_APPROVES_CLIENTS": "1"})
    with serving(host, tmp_path_factory.mktemp("choosy")) as site:
        yield site


async def test_program_waits_for_the_word_of_an_operator(choosy: Site, user: BrowserUser) -> None:
    program = used_by(user, choosy.url)
    told = await refusal_of(program)
    choosy.manage("mcp_clients", "approve", program.client_id)
    result = await program.call("next_free_day")

    assert "need the approval of the operators" in told
    assert program.client_id in told
    assert result.is_error is False


async def test_program_is_approved_before_it_has_ever_come(choosy: Site, user: BrowserUser) -> None:
    choosy.manage("mcp_clients", "approve", TERMINAL)
    facts = {"redirect_uri": "http://localhost:40002/callback"}
    approved = await used_by(user, choosy.url, document=TERMINAL, **facts).call("next_free_day")
    told = await refusal_of(used_by(user, choosy.url, document=SITE, **facts))

    assert approved.is_error is False
    assert "need the approval of the operators" in told
    assert SITE in told
