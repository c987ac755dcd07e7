"""Callers by kinds: what is hidden from a caller answers, in every method, like what is missing."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from django_mcp import prompt, resource, tool
from django_mcp.asgi import Application
from django_mcp.models import ToolGroup, ToolSwitch
from django_mcp.policy import snapshot
from django_mcp.policy.groups import sync_groups
from django_mcp.primitives.declaration import collecting
from tests.keys import PATH
from tests.wire import Answer, Client, serving

SECRET = "the-password-is-1234"


def is_staff(user: User) -> bool:
    return user.is_staff


REASONS: Mapping[str, Mapping[str, Any]] = {
    "open": {},
    "closed": {"group": "closed"},
    "switched": {},
    "clerks": {"group": "clerks"},
    "tills": {"group": "tills"},
    "permitted": {"permissions": ["shop.view_order"]},
    "required": {"requires": is_staff},
    "personal": {},
}
"""What hides a primitive, by the first word of its name, with its options."""


def own(user: User) -> str:
    """Return what is the caller's own."""
    return f"{SECRET} of {user.get_username()}"


def own_part(part: str, user: User) -> str:
    """Return a part of what is the caller's own."""
    return f"{SECRET} {part} of {user.get_username()}"


def same() -> str:
    """Return what is the same for everybody."""
    return SECRET


def same_part(part: str) -> str:
    """Return a part of what is the same for everybody."""
    return f"{SECRET} {part}"


def own_parts(user: User) -> list[str]:
    """Return the parts of what is the caller's own."""
    return [f"{SECRET} of {user.get_username()}"]


def same_parts() -> list[str]:
    """Return the parts of what is the same for everybody."""
    return [SECRET]


with collecting() as DECLARED:
    for reason, options in REASONS.items():
        whole, part = (own, own_part) if reason == "personal" else (same, same_part)
        tool(name=f"{reason}_tool", read_only=True, **options)(whole)
        resource(f"shop://{reason}", name=f"{reason}_resource", **options)(whole)
        completed = {"part": own_parts if reason == "personal" else same_parts}
        resource(
            f"shop://{reason}/{{part}}", name=f"{reason}_template", complete=completed, **options
        )(part)
        prompt(name=f"{reason}_prompt", complete=completed, **options)(part)

SEEN: Mapping[str, set[str]] = {
    "anonymous": {"open", "tills"},
    "ann": {"open", "tills", "personal"},
    "bob": {"open", "tills", "clerks", "permitted", "required", "personal"},
}
"""What each caller sees. Every key comes by the application `key-client`, and nothing else does."""


@pytest.fixture
def application(db: None, settings: Settings) -> Iterator[Application]:
    """Ann is a user like any other; Bob is a clerk, permitted, and of the staff."""
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    User.objects.create_user("ann")
    bob = User.objects.create_user("bob", is_staff=True)
    bob.user_permissions.add(Permission.objects.get(codename="view_order"))
    bob.groups.add(clerks := Group.objects.create(name="clerks"))
    with serving(DECLARED) as application:
        sync_groups()
        ToolGroup.objects.filter(name="closed").update(enabled=False)
        ToolGroup.objects.get(name="clerks").allowed_groups.add(clerks)
        ToolGroup.objects.filter(name="tills").update(allowed_clients=["key-client"])
        ToolSwitch.objects.filter(name__startswith="switched").update(enabled=False)
        yield application


def as_caller(client: Client, name: str) -> Client:
    return client.with_key("-" if name == "anonymous" else name)


def requests(word: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Requests of every method that names what begins with this word."""
    yield "tools/call", {"name": f"{word}_tool"}
    yield "resources/read", {"uri": f"shop://{word}"}
    yield "resources/read", {"uri": f"shop://{word}/7"}
    yield "prompts/get", {"name": f"{word}_prompt", "arguments": {"part": "7"}}
    for reference in (
        {"type": "ref/prompt", "name": f"{word}_prompt"},
        {"type": "ref/resource", "uri": f"shop://{word}/{{part}}"},
    ):
        yield "completion/complete", {"ref": reference, "argument": {"name": "part", "value": ""}}


def without(answer: Answer, word: str) -> Any:
    """The whole answer without the word and the ids, which are all that may differ."""
    text = json.dumps([answer.status, answer.messages], sort_keys=True).replace(word, "WORD")
    message = json.loads(text)
    for each in message[1]:
        each.get("result", {}).get("_meta", {}).pop("django-mcp/call-id", None)
    return message, sorted(name for name, _ in answer.headers)


@pytest.mark.parametrize("caller", SEEN)
@pytest.mark.parametrize("reason", [each for each in REASONS if each != "open"])
def test_hidden_answers_like_missing_and_seen_answers(
    client: Client, caller: str, reason: str
) -> None:
    sender = as_caller(client, caller)
    for (method, params), (_, missing) in zip(requests(reason), requests("missing"), strict=True):
        answer = sender.send(method, params)
        if reason in SEEN[caller]:
            assert SECRET in json.dumps(answer.result)
            if reason == "personal":
                assert f"of {caller}" in json.dumps(answer.result)
        else:
            assert without(answer, reason) == without(sender.send(method, missing), "missing")
            assert SECRET not in answer.text


@pytest.mark.parametrize("caller", SEEN)
@pytest.mark.parametrize(
    ("method", "key", "kind"),
    [
        ("tools/list", "tools", "tool"),
        ("resources/list", "resources", "resource"),
        ("resources/templates/list", "resourceTemplates", "template"),
        ("prompts/list", "prompts", "prompt"),
    ],
)
def test_lists_have_what_the_caller_sees(
    client: Client, caller: str, method: str, key: str, kind: str
) -> None:
    listed = as_caller(client, caller).send(method).result[key]

    assert [each["name"] for each in listed] == sorted(f"{each}_{kind}" for each in SEEN[caller])


@pytest.mark.implementation
@pytest.mark.parametrize(
    ("caller", "reason"),
    [(caller, each) for caller, seen in SEEN.items() for each in REASONS if each not in seen],
)
def test_hidden_costs_as_many_queries_as_missing(
    modern: Client, caller: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "MAX_AGE_SECONDS", 3600.0)  # however slow the machine is
    sender = as_caller(modern, caller)
    for (method, params), (_, missing) in zip(requests(reason), requests("missing"), strict=True):
        sender.send(method, missing)
        assert len(queries_of(sender, method, params)) == len(queries_of(sender, method, missing))


def queries_of(sender: Client, method: str, params: dict[str, Any]) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        sender.send(method, params)
    return [each["sql"] for each in captured.captured_queries]
