"""Calls with an idempotency key: one execution, and the same answer for those who repeat it."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone
from pytest_django import Settings

from django_mcp.calls import key_upkeep
from django_mcp.models import CallRecord, IdempotencyKey
from tests.guards.idempotency.conftest import Call, keyed_call
from tests.guards.idempotency.tools import runs
from tests.wire import Answer, Client

WAYS = pytest.mark.parametrize("name", ["pay", "apay", "post"])
UNDONE = {"pay"}
"""Tools whose work is undone when they fail."""


def outcomes() -> list[str]:
    return list(CallRecord.objects.order_by("id").values_list("outcome", flat=True))


def meta_of(answer: Answer) -> dict[str, Any]:
    meta: dict[str, Any] = answer.result["_meta"]
    return meta


def kind_of(answer: Answer) -> str:
    kind: str = meta_of(answer)["django-mcp/error"]["kind"]
    return kind


def without_meta(answer: Answer) -> dict[str, Any]:
    return {key: value for key, value in answer.result.items() if key != "_meta"}


@WAYS
def test_repeated_call_gets_the_answer_of_the_first_and_is_not_run(call: Call, name: str) -> None:
    first = call(name, to="ann")
    second = call(name, to="ann")

    assert first.result["structuredContent"] == {"to": "ann", "run": 1}
    assert without_meta(second) == without_meta(first)
    assert meta_of(second)["django-mcp/repeated"] is True
    assert "django-mcp/repeated" not in meta_of(first)
    assert meta_of(second)["django-mcp/call-id"] != meta_of(first)["django-mcp/call-id"]
    assert runs == ["k-1"]
    assert Group.objects.count() == 1
    assert outcomes() == ["ok", "repeated"]


@WAYS
def test_named_parameter_is_the_key_as_well(client: Client, name: str) -> None:
    client.call(name, to="ann", reference="ref-1")
    answer = client.call(name, to="ann", reference="ref-1")

    assert meta_of(answer)["django-mcp/repeated"] is True
    assert runs == ["ref-1"]


@pytest.mark.parametrize("arguments", [{"to": "ann"}, {"to": "ann", "reference": None}])
def test_calls_without_a_key_are_all_run(client: Client, arguments: dict[str, Any]) -> None:
    for _ in range(2):
        assert "django-mcp/repeated" not in meta_of(client.call("pay", **arguments))

    assert runs == ["", ""]
    assert not IdempotencyKey.objects.exists()


def test_key_of_another_call_is_refused_with_what_to_do(call: Call) -> None:
    call("pay", to="ann")
    answer = call("pay", to="bob")

    assert kind_of(answer) == "idempotency_conflict"
    assert "new key" in meta_of(answer)["django-mcp/error"]["hint"]
    assert runs == ["k-1"]
    assert outcomes() == ["ok", "idempotency_conflict"]


def test_order_of_the_arguments_and_what_the_site_ignores_do_not_matter(
    call: Call, settings: Settings
) -> None:
    settings.DJANGO_MCP_IGNORED_ARGUMENTS = ["thought"]
    call("pay", to="ann", how="", thought="I pay")
    answer = call("pay", thought="I pay again", how="", to="ann")

    assert meta_of(answer)["django-mcp/repeated"] is True


def test_answer_is_found_after_the_secret_of_the_site_has_changed(
    call: Call, settings: Settings
) -> None:
    call("pay", to="ann")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another secret of the site"
    answer = call("pay", to="ann")

    assert meta_of(answer)["django-mcp/repeated"] is True


WRONG = ["", "x" * 129, "ü", "a\nb", 7, ["k"], {"key": "k"}, True]


@pytest.mark.parametrize("key", WRONG)
def test_what_is_no_key_is_refused_with_what_to_fix(call: Call, key: object) -> None:
    answer = call("pay", to="ann", key=key)

    assert kind_of(answer) == "invalid_arguments"
    assert (
        '_meta["django-mcp/idempotency-key"]: as an idempotency key it must be 1 to 128'
        in (meta_of(answer)["django-mcp/error"]["hint"])
    )
    assert runs == []


@pytest.mark.parametrize("key", ["x", "x" * 128, "".join(map(chr, range(32, 127)))])
def test_key_is_any_printable_ascii(call: Call, key: str) -> None:
    call("pay", to="ann", key=key)
    call("pay", to="ann", key=key)

    assert runs == [key]


def test_parameter_that_is_no_key_is_refused_by_its_name(client: Client) -> None:
    answer = client.call("pay", to="ann", reference="ü")

    assert kind_of(answer) == "invalid_arguments"
    assert "reference: as an idempotency key" in meta_of(answer)["django-mcp/error"]["hint"]


def test_two_keys_are_refused(call: Call) -> None:
    answer = call("pay", to="ann", reference="k-1")

    assert kind_of(answer) == "invalid_arguments"
    assert "'reference' already" in meta_of(answer)["django-mcp/error"]["hint"]
    assert runs == []


@pytest.mark.parametrize("key", ["k-1", 7])
def test_key_of_a_tool_that_only_reads_is_ignored(call: Call, key: object) -> None:
    answers = [call("look", key=key) for _ in range(2)]

    assert [each.result["structuredContent"]["result"] for each in answers] == ["run 1", "run 2"]
    assert runs == ["", ""]
    assert not IdempotencyKey.objects.exists()


def test_key_is_unique_for_each_user_client_and_tool(modern: Client, settings: Settings) -> None:
    for username in ("ann", "bob"):
        User.objects.create_user(username)
    callers = [modern.with_key("ann"), modern.with_key("bob"), modern.with_key("-"), modern]
    elsewhere = modern.having(scope={"client": ("203.0.113.10", 40000)})
    for client in [*callers, elsewhere]:
        keyed_call(client, "pay", key="k-1", to="ann")
    keyed_call(modern, "post", key="k-1", to="ann")

    assert len(runs) == 6


def test_invalid_arguments_leave_the_key_free(call: Call) -> None:
    assert kind_of(call("pay")) == "invalid_arguments"
    answer = call("pay", to="ann")

    assert "django-mcp/repeated" not in meta_of(answer)
    assert runs == ["k-1"]


@WAYS
def test_refusal_of_the_tool_is_its_answer(call: Call, name: str) -> None:
    first = call(name, to="ann", how="refused")
    second = call(name, to="ann", how="refused")

    assert without_meta(second) == without_meta(first)
    assert meta_of(second)["django-mcp/error"] == meta_of(first)["django-mcp/error"]
    assert meta_of(second)["django-mcp/repeated"] is True
    assert len(runs) == 1
    assert outcomes() == ["tool_error", "repeated"]


@WAYS
def test_call_that_may_be_tried_again_leaves_the_key_free(call: Call, name: str) -> None:
    for _ in range(2):
        answer = call(name, to="ann", how="refused for now")
        assert meta_of(answer)["django-mcp/error"]["retryable"] is True

    assert len(runs) == 2
    assert outcomes() == ["tool_error", "tool_error"]


@WAYS
def test_arguments_that_the_tool_refuses_leave_the_key_free_where_nothing_is_done(
    call: Call, name: str
) -> None:
    assert kind_of(call(name, to="ann", how="invalid")) == "invalid_arguments"
    answer = call(name, to="bob", how="")

    if name in UNDONE:
        assert answer.result["structuredContent"] == {"to": "bob", "run": 2}
    else:
        assert kind_of(answer) == "idempotency_conflict"


@WAYS
def test_failure_leaves_the_key_free_where_it_has_undone_everything(call: Call, name: str) -> None:
    call(name, to="ann", how="failed")
    answer = call(name, to="ann", how="failed")

    is_undone = name in UNDONE
    assert kind_of(answer) == ("failed" if is_undone else "outcome_unknown")
    assert len(runs) == (2 if is_undone else 1)
    assert Group.objects.exists() != is_undone


def test_failure_of_an_idempotent_tool_leaves_the_key_free(call: Call) -> None:
    call("aset", to="ann", how="failed")
    answer = call("aset", to="ann", how="failed")

    assert kind_of(answer) == "failed"
    assert len(runs) == 2


@WAYS
def test_key_is_free_when_it_has_expired(call: Call, name: str) -> None:
    call(name, to="ann")
    moment = timezone.now() - timedelta(seconds=1)
    IdempotencyKey.objects.update(expires=moment, alive_until=moment)
    answer = call(name, to="bob")

    assert answer.result["structuredContent"] == {"to": "bob", "run": 2}
    assert IdempotencyKey.objects.count() == 1


def test_answer_is_kept_as_long_as_the_setting_says(call: Call, settings: Settings) -> None:
    settings.DJANGO_MCP_KEEP_IDEMPOTENCY_KEY = 3600
    call("pay", to="ann")

    left = IdempotencyKey.objects.get().expires - timezone.now()
    assert timedelta(seconds=3500) < left <= timedelta(seconds=3600)


@pytest.fixture
def running(call: Call) -> IdempotencyKey:
    """The key of a call that still runs, in a process that renews its lease."""
    call("pay", to="ann")
    IdempotencyKey.objects.update(state="running", result="")
    return IdempotencyKey.objects.get()


def test_key_of_a_call_that_runs_makes_others_wait_and_then_busy(
    call: Call, running: IdempotencyKey
) -> None:
    answer = call("pay", to="ann")

    assert kind_of(answer) == "busy"
    assert meta_of(answer)["django-mcp/error"]["retryable"] is True
    assert runs == ["k-1"]


def test_key_of_a_call_whose_process_has_died_is_unknown_until_it_expires(
    call: Call, running: IdempotencyKey
) -> None:
    IdempotencyKey.objects.update(alive_until=timezone.now() - timedelta(seconds=1))
    answer = call("pay", to="ann")

    assert kind_of(answer) == "outcome_unknown"
    assert meta_of(answer)["django-mcp/error"]["retryable"] is False
    assert kind_of(call("pay", to="bob")) == "idempotency_conflict"
    IdempotencyKey.objects.update(expires=timezone.now())
    assert call("pay", to="ann").result["structuredContent"]["run"] == 2


def test_key_and_arguments_are_stored_as_digests_alone(call: Call) -> None:
    call("pay", key="key-in-plain-text", to="name-in-plain-text")

    row = IdempotencyKey.objects.values().get()
    assert "key-in-plain-text" not in str(row)
    assert "name-in-plain-text" not in str({**row, "result": ""})
    assert row["id"] == CallRecord.objects.get().call_id


@pytest.mark.implementation
def test_keys_that_have_expired_are_deleted_when_others_are_claimed(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    call("pay", to="ann")
    IdempotencyKey.objects.update(expires=timezone.now() - timedelta(seconds=1))
    monkeypatch.setattr(key_upkeep, "_next_prune_at", 0.0)
    call("pay", to="ann", key="k-2")

    assert IdempotencyKey.objects.get().expires > timezone.now()


@pytest.mark.implementation
def test_calls_without_keys_make_no_query_for_them(
    client: Client, django_assert_num_queries: Any
) -> None:
    client.call("post", to="ann")
    with django_assert_num_queries(3):  # the record's begin, the row, the record's end
        client.call("post", to="ann")
