"""The servers that people run: what they answer, with each number of processes."""

import asyncio
import signal
import time
from dataclasses import replace
from importlib.util import find_spec

import httpx
import pytest

from tests.e2e.sdk import MODES, check_fixtures
from tests.e2e.servers import APPLICATION, Site, post, running, uvicorn
from tests.ports import held_port
from tests.refusals import unknown_tool
from tests.spec import ERAS


def hypercorn(site: Site, *more: str) -> list[str]:
    return ["hypercorn", APPLICATION, "--bind", f"127.0.0.1:{site.port}", *more]


def granian(site: Site, *more: str) -> list[str]:
    address = ("--host", "127.0.0.1", "--port", str(site.port))
    return ["granian", APPLICATION, "--interface", "asgi", *address, "--no-log", *more]


SERVERS = {
    "uvicorn": lambda site: uvicorn(site),
    "uvicorn-without-lifespan": lambda site: uvicorn(site, "--lifespan", "off"),
    "uvicorn-two-workers": lambda site: uvicorn(site, "--workers", "2"),
    "hypercorn": lambda site: hypercorn(site),
    "hypercorn-two-workers": lambda site: hypercorn(site, "--workers", "2"),
    "granian": lambda site: granian(site),
    "granian-without-lifespan": lambda site: granian(site, "--interface", "asginl"),
}


@pytest.mark.parametrize("server", SERVERS)
def test_server_serves_both_eras(site: Site, server: str) -> None:
    with running(site, SERVERS[server](site)) as process:
        for mode in MODES:
            asyncio.run(check_fixtures(site.url, mode=mode))

    assert process.returncode in (0, -signal.SIGTERM)


READERS = {
    "uvicorn-h11": lambda site: uvicorn(site, "--http", "h11"),
    "hypercorn": lambda site: hypercorn(site),
    "granian": lambda site: granian(site),
}
if find_spec("httptools"):
    READERS["uvicorn-httptools"] = lambda site: uvicorn(site, "--http", "httptools")


@pytest.mark.parametrize("server", READERS)
def test_client_without_good_credentials_reads_why_although_its_body_is_not_read(
    site: Site, server: str
) -> None:
    headers = {"Authorization": "Bearer nonsense", "Content-Type": "application/json"}
    body = b"[" + b"[]," * 1_300_000

    with running(site, READERS[server](site)), httpx.Client(trust_env=False) as client:
        statuses = [
            client.post(site.url, headers=headers, content=body).status_code for _ in range(2)
        ]

        assert client.get(site.url).status_code == 405

    assert statuses == [401, 401]


def test_any_worker_answers_any_request(site: Site) -> None:
    with running(site, uvicorn(site, "--workers", "2")):
        for era in ERAS * 10:
            (message,) = post(
                site, "tools/call", {"name": "echo", "arguments": {"text": "x"}}, era=era
            )
            assert "result" in message


LISTS = {
    "tools/list": "tools",
    "prompts/list": "prompts",
    "resources/list": "resources",
    "resources/templates/list": "resourceTemplates",
}


def test_any_worker_turns_the_page_that_another_has_begun(site: Site) -> None:
    short = replace(site, environment={**site.environment, "LIST_PAGE_SIZE": "1"})
    names: dict[str, list[str]] = {method: [] for method in LISTS}

    with running(short, uvicorn(short, "--workers", "2")):
        for method, key in LISTS.items():
            cursor: dict[str, str] = {}
            while True:
                (message,) = post(short, method, cursor)
                names[method] += [each["name"] for each in message["result"][key]]
                if "nextCursor" not in message["result"]:
                    break
                cursor = {"cursor": message["result"]["nextCursor"]}

    for each in names.values():
        assert each == sorted(set(each))
        assert len(each) > 1


SWITCH_OFF = (
    "from django_mcp.models import ToolGroup; "
    "ToolGroup.objects.filter(name='fixtures').update(enabled=False)"
)


def test_group_switched_off_is_gone_from_every_worker_within_two_seconds(site: Site) -> None:
    def is_listed(at: Site) -> bool:
        (message,) = post(at, "tools/list")
        return bool(message["result"]["tools"])

    with (
        held_port() as port,
        running(site, uvicorn(site)),
        running(other := site.at(port), uvicorn(other)),
    ):
        assert is_listed(site)
        assert is_listed(other)

        site.manage("shell", "--no-imports", "--command", SWITCH_OFF)
        time.sleep(2)  # the promise itself: from then on, however slow the machine is

        assert not is_listed(site)
        assert not is_listed(other)
        (called,) = post(other, "tools/call", {"name": "echo", "arguments": {"text": "x"}})

    assert called["error"] == unknown_tool("echo")


WRITE = (
    "from django_mcp.models import PromptTemplate, ToolGroup; "
    "prompt = PromptTemplate.objects.create(name='review', description='Review a month.', "
    "group=ToolGroup.objects.get(name='fixtures'), text='Review {{ month }}.'); "
    "prompt.arguments.create(name='month')"
)


def test_prompt_of_an_operator_is_on_every_worker_within_two_seconds(site: Site) -> None:
    review = {"name": "review", "arguments": {"month": "May"}}

    with (
        held_port() as port,
        running(site, uvicorn(site)),
        running(other := site.at(port), uvicorn(other)),
    ):
        before = [post(at, "prompts/get", review)[0]["error"]["message"] for at in (site, other)]
        site.manage("shell", "--no-imports", "--command", WRITE)
        time.sleep(2)  # the promise itself: from then on, however slow the machine is
        after = [
            post(at, "prompts/get", review, era=era)[0]["result"]["messages"]
            for at in (site, other)
            for era in ERAS
        ]

    assert before == ["Unknown prompt: review"] * 2
    text = {"type": "text", "text": "Review May."}
    assert after == [[{"role": "user", "content": text}]] * 4
