"""What a request costs beside its queries: how often its body is parsed, and its tool looked up."""

import json
import sys
import threading
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from pydantic_core import from_json

from django_mcp.policy import snapshot, visibility
from django_mcp.primitives.registry import Registry
from tests.spec import MODERN
from tests.wire import Answer, Client

ONCE = {"parsed": 1, "looked up": 1, "judged": 1}


@pytest.fixture(autouse=True)
def _snapshot_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "MAX_AGE_SECONDS", 3600.0)  # however slow the machine is


def work_of(request: Callable[[], Answer], *, status: int = 200) -> Counter[str]:
    """How often code of ours parses JSON, looks a tool up, and judges whether its caller sees it.

    Counted, on every thread, in a request that is not the first one.
    """
    request()
    counts: Counter[str] = Counter()

    def profile(frame: FrameType, event: str, argument: Any) -> None:
        if event == "c_call" and argument is from_json:
            counts["parsed"] += _is_ours(frame)
        elif event == "call" and frame.f_code is json.loads.__code__:
            counts["parsed"] += _is_ours(frame.f_back)
        elif event == "call" and frame.f_code is Registry.find.__code__:
            counts["looked up"] += 1
        elif event == "call" and frame.f_code is visibility.closures_of.__code__:
            counts["judged"] += frame.f_back is not None and _module(frame.f_back) == (
                visibility.__name__
            )

    threading.setprofile(profile)
    sys.setprofile(profile)
    try:
        answer = request()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    assert answer.status == status, answer.text
    return counts


def _is_ours(frame: FrameType | None) -> bool:
    return frame is not None and _module(frame).startswith("django_mcp.")


def _module(frame: FrameType) -> str:
    return str(frame.f_globals["__name__"])


@pytest.mark.parametrize("name", ["write_note", "awrite_note"])
@pytest.mark.parametrize("meta", [{}, {"progressToken": "p"}], ids=["", "progress"])
def test_call_is_parsed_and_looked_up_once(client: Client, name: str, meta: dict[str, str]) -> None:
    client = client.with_key("alice notes:read notes:write")
    params = {"name": name, "arguments": {"text": "x" * 100_000}}

    assert work_of(lambda: client.send("tools/call", params, meta=meta)) == ONCE


def test_call_whose_arguments_headers_repeat_is_parsed_and_looked_up_once(client: Client) -> None:
    params = {"name": "regional", "arguments": {"region": "eu"}}

    assert (
        work_of(lambda: client.send("tools/call", params, headers={"Mcp-Param-Region": "eu"}))
        == ONCE
    )


def test_call_that_lacks_a_scope_is_parsed_and_looked_up_once(client: Client) -> None:
    client = client.with_key("alice notes:read")

    assert work_of(lambda: client.call("write_note", text="x" * 100_000), status=403) == ONCE


@pytest.mark.parametrize("name", ["public_notes", "write_note"])
def test_call_for_which_the_caller_must_log_in_is_parsed_and_looked_up_once(
    client: Client, name: str
) -> None:
    assert work_of(lambda: client.call(name, text="x"), status=401) == ONCE


@pytest.mark.parametrize("name", ["hidden", "hidden_scoped", "hidden_permitted"])
def test_call_of_a_hidden_tool_is_parsed_and_looked_up_once(client: Client, name: str) -> None:
    client = client.with_key("alice")

    work = work_of(lambda: client.call(name), status=400 if client.era == MODERN else 200)

    assert work["parsed"] == work["looked up"] == 1
