"""Rates of calls: what is counted together, what is refused, and what callers are told."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from pytest_django import Settings

from django_mcp import tool
from django_mcp.asgi import Application
from django_mcp.cache_outages import CacheOutage
from django_mcp.exceptions import ToolRegistrationError
from django_mcp.guards import rates
from django_mcp.line_throttle import LineThrottle
from django_mcp.models import CallRecord, ClientRegistration, ToolGroup, ToolTask
from django_mcp.policy.snapshot import forget_snapshot
from django_mcp.primitives.declaration import collecting
from django_mcp.primitives.registry import build
from tests.clients import client as client
from tests.clients import era as era
from tests.clients import modern as modern
from tests.guards.rated import RATED
from tests.keys import PATH
from tests.ports import held_port
from tests.wire import Answer, Client, serving

LIMITS = "django-mcp/rate-limits"
ERROR = "django-mcp/error"

OWN = {"limit": 2, "seconds": 86_400, "per": "tool", "of": "calls"}
UNAVAILABLE = "The limits of this call cannot be counted at the moment, so it was not run."


@pytest.fixture
def application(db: None, settings: Settings) -> Iterator[Application]:
    """Anybody may call; the group `closed` is off."""
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    ToolGroup.objects.update_or_create(name="closed", defaults={"enabled": False})
    cache.clear()
    with serving(RATED) as application:
        yield application


@pytest.fixture
def ada_calls(client: Client, ada: User) -> Client:
    return client.with_key("ada")


@pytest.fixture
def bob_calls(client: Client, bob: User) -> Client:
    return client.with_key("bob")


def facts(answer: Answer) -> dict[str, Any]:
    """The facts of a refusal, of whatever is called; none of a result."""
    message = answer.messages[-1]
    meta = message["error"].get("data", {}) if "error" in message else message["result"]["_meta"]
    found: dict[str, Any] = meta.get(ERROR, {})
    return found


def kind(answer: Answer) -> str:
    """The kind of a refusal; `ok` for a result."""
    return str(facts(answer).get("kind", "ok"))


def kinds(client: Client, *names: str) -> list[str]:
    return [kind(client.call(name)) for name in names]


def text(answer: Answer) -> str:
    found: str = answer.result["content"][0]["text"]
    return found


def limits_left(answer: Answer) -> list[dict[str, Any]]:
    """What a result says is left, without the time."""
    left: list[dict[str, Any]] = answer.result["_meta"].get(LIMITS, [])
    assert all(1 <= each.pop("resets_in") <= each["seconds"] for each in left)
    return left


def write_group(**columns: str) -> None:
    ToolGroup.objects.update_or_create(name="default", defaults={"enabled": True, **columns})
    forget_snapshot()


# One limit


@pytest.mark.parametrize("name", ["rated", "arated"])
def test_call_beyond_the_rate_of_its_tool_says_how_long_to_wait(
    ada_calls: Client, name: str
) -> None:
    first, second, third = (ada_calls.call(name, text="x") for _ in range(3))

    assert [first.result["structuredContent"], second.result["structuredContent"]] == [
        {"result": "x"}
    ] * 2
    assert third.result["isError"]
    told = third.result["_meta"][ERROR]
    wait = told["retry_after"]
    assert 1 <= wait <= 86_400
    assert told == {
        "kind": "rate_limited",
        "error": "You may make at most 2 calls per day of this tool.",
        "retryable": True,
        "hint": "Call less often: ask for more with each call, or wait.",
        "retry_after": wait,
    }
    assert f"Wait {wait} seconds before you try again." in text(third)
    records = CallRecord.objects.order_by("pk").values_list("name", "outcome", "error_class")
    assert list(records) == [
        *[(name, "ok", "")] * 2,
        (name, "rate_limited", "RateLimitedError"),
    ]


def test_result_says_what_its_caller_has_left(ada_calls: Client, settings: Settings) -> None:
    settings.DJANGO_MCP_RATES = {"user:read": "5/h", "all": "1000/m"}

    first, second = (ada_calls.call("rated") for _ in range(2))

    in_all = {"limit": 5, "seconds": 3600, "per": "user", "of": "reads"}
    assert limits_left(first) == [{**OWN, "remaining": 1}, {**in_all, "remaining": 4}]
    assert limits_left(second) == [{**OWN, "remaining": 0}, {**in_all, "remaining": 3}]


def test_rates_of_resources_and_prompts_count_too(ada_calls: Client) -> None:
    reads = [ada_calls.send("resources/read", {"uri": "rated://text"}) for _ in range(3)]
    pages = [ada_calls.send("resources/read", {"uri": f"rated://pages/{n}"}) for n in range(3)]
    gets = [ada_calls.send("prompts/get", {"name": "greeting"}) for _ in range(3)]

    for answers, word in ((reads, "resource"), (pages, "resource"), (gets, "prompt")):
        assert [kind(each) for each in answers] == ["ok", "ok", "rate_limited"]
        assert limits_left(answers[0]) == [{**OWN, "per": word, "remaining": 1}]
        assert (
            answers[2]
            .error["message"]
            .startswith(f"You may make at most 2 calls per day of this {word}.")
        )
        assert answers[2].error["data"][ERROR]["retry_after"] >= 1


def test_background_call_counts_once_where_it_is_submitted(ada_calls: Client) -> None:
    answers = [ada_calls.call("slow", text="x") for _ in range(3)]

    assert [kind(each) for each in answers] == ["ok", "ok", "rate_limited"]
    assert answers[0].result["structuredContent"] == {"result": "x"}
    # It was run later than it was counted.
    assert LIMITS not in answers[0].result["_meta"]
    assert ToolTask.objects.count() == 2


@pytest.mark.parametrize("name", ["rated", "arated"])
def test_call_that_waits_for_a_guard_counts_once(
    ada_calls: Client, settings: Settings, name: str
) -> None:
    settings.DJANGO_MCP_GUARDS = ["tests.guards.examples.Hesitant"]

    assert kinds(ada_calls, *[name] * 3) == ["ok", "ok", "rate_limited"]


# Who is counted


def test_each_user_has_the_limit_for_itself(ada_calls: Client, bob_calls: Client) -> None:
    assert kinds(ada_calls, *["rated"] * 3) == ["ok", "ok", "rate_limited"]
    assert kinds(bob_calls, *["rated"] * 3) == ["ok", "ok", "rate_limited"]


def test_anonymous_callers_count_by_client_or_else_by_address(client: Client) -> None:
    elsewhere = client.having(scope={"client": ("203.0.113.77", 1)})
    through_client = client.with_key("-")

    for each in (client, elsewhere, through_client):
        assert kinds(each, *["rated"] * 3) == ["ok", "ok", "rate_limited"]
    assert kinds(through_client.having(scope={"client": ("203.0.113.1", 1)}), "rated") == [
        "rate_limited"
    ]


@pytest.mark.parametrize(("reads", "writes"), [("read", "write"), ("aread", "awrite")])
def test_reads_and_writes_have_budgets_of_their_own(
    ada_calls: Client, settings: Settings, reads: str, writes: str
) -> None:
    settings.DJANGO_MCP_RATES = {"user:read": "5/d", "user:write": "2/d"}

    assert kinds(ada_calls, *[writes] * 3, *[reads] * 3, "other", "other", reads) == [
        *("ok", "ok", "rate_limited"),
        *["ok"] * 5,
        "rate_limited",
    ]
    assert text(ada_calls.call(writes)).startswith("You may make at most 2 writes per day in all.")
    assert text(ada_calls.call(reads)).startswith("You may make at most 5 reads per day in all.")


@pytest.mark.parametrize(
    ("subject", "first", "same", "apart"),
    [
        ("client", "read", ("bob", "other"), None),
        ("tool", "read", ("bob", "read"), ("ada", "other")),
        ("group", "read", ("bob", "aread"), ("ada", "other")),
        ("endpoint", "read", ("bob", "other"), None),
        ("all", "read", ("bob", "other"), None),
        ("user", "read", ("ada", "other"), ("bob", "read")),
        ("user_client", "read", ("ada", "other"), ("bob", "read")),
    ],
)
@pytest.mark.parametrize("suffix", ["", ":read"])
def test_calls_of_a_subject_count_together(
    client: Client,
    ada: User,
    bob: User,
    settings: Settings,
    subject: str,
    suffix: str,
    first: str,
    same: tuple[str, str],
    apart: tuple[str, str] | None,
) -> None:
    settings.DJANGO_MCP_RATES = {f"{subject}{suffix}": "1/d"}

    assert kinds(client.with_key("ada"), first) == ["ok"]
    assert kinds(client.with_key(same[0]), same[1]) == ["rate_limited"]
    if apart is not None:
        assert kinds(client.with_key(apart[0]), apart[1]) == ["ok"]
    assert kinds(client.with_key("ada"), "write") == [
        "ok" if suffix or subject == "tool" else "rate_limited"
    ]


@pytest.mark.parametrize("subject", ["client", "tool", "group", "endpoint", "all"])
def test_limit_that_others_share_is_never_told(
    ada_calls: Client, bob_calls: Client, settings: Settings, subject: str
) -> None:
    settings.DJANGO_MCP_RATES = {subject: "1/d"}
    ClientRegistration.objects.create(client_id="key-client", read_rate="77/d")
    listed = ada_calls.send("tools/list").result["tools"]

    passed = ada_calls.call("read")
    refused = bob_calls.call("read")

    assert kind(refused) == "rate_limited"
    assert facts(refused)["retry_after"] >= 1
    shown = next(each for each in listed if each["name"] == "read")
    for each in (passed.result["_meta"].get(LIMITS), shown.get("_meta"), shown["description"]):
        assert each in (None, "Say the same again.")
    assert "1" not in facts(refused)["error"]


def test_rates_of_a_group_row_limit_each_user_over_the_group(
    ada_calls: Client, bob_calls: Client
) -> None:
    write_group(read_rate="2/d", write_rate="1/d")

    assert kinds(ada_calls, "read", "aread", "read", "write", "write", "other") == [
        *("ok", "ok", "rate_limited"),
        *("ok", "rate_limited"),
        "ok",
    ]
    assert kinds(bob_calls, "read", "write") == ["ok", "ok"]
    assert text(ada_calls.call("read")).startswith(
        "You may make at most 2 reads per day over its group."
    )


def test_rates_of_a_client_row_limit_all_of_its_users_together(
    ada_calls: Client, bob_calls: Client, client: Client
) -> None:
    ClientRegistration.objects.create(client_id="key-client", read_rate="2/d", write_rate="1/d")
    forget_snapshot()

    assert kinds(ada_calls, "read", "write") == ["ok", "ok"]
    assert kinds(bob_calls, "other", "read", "write") == ["ok", "rate_limited", "rate_limited"]
    assert kinds(client, "read", "write") == ["ok", "ok"]


def test_rate_in_a_row_that_no_form_has_seen_closes_nothing(
    ada_calls: Client, era: str, caplog: pytest.LogCaptureFixture
) -> None:
    write_group(read_rate=f"often{era}")  # another text each time: it is logged once in a process

    assert kinds(ada_calls, "read", "read") == ["ok", "ok"]
    assert ada_calls.send("tools/list").result["tools"]
    assert [each.getMessage() for each in caplog.records if each.levelno == logging.ERROR] == [
        "A rate in the database limits nothing"
    ]


# Several limits


def test_strictest_limit_counts_and_a_refused_call_takes_nothing_from_the_others(
    ada_calls: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_RATES = {"user": "4/d"}

    assert kinds(ada_calls, *["rated"] * 10) == ["ok", "ok", *["rate_limited"] * 8]
    assert kinds(ada_calls, *["read"] * 3) == ["ok", "ok", "rate_limited"]


def test_call_that_loses_a_race_takes_nothing_from_the_limits_after_the_one_that_refuses_it(
    ada_calls: Client, bob: User, settings: Settings
) -> None:
    settings.CACHES = {"default": {"BACKEND": "tests.guards.caches.ForgetfulCache"}}
    settings.DJANGO_MCP_RATES = {"user": "2/d", "all": "4/d"}

    assert kinds(ada_calls, *["read"] * 5) == ["ok", "ok", *["rate_limited"] * 3]
    assert kinds(ada_calls.with_key("bob"), "read", "read") == ["ok", "ok"]


def test_refusal_names_the_limit_with_the_longest_wait(
    ada_calls: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_RATES = {"user": "2/6000d", "user_client": "2/h"}
    kinds(ada_calls, "rated", "rated")

    refused = ada_calls.call("rated")

    assert text(refused).startswith("You may make at most 2 calls per 6000 days in all.")
    assert refused.result["_meta"][ERROR]["retry_after"] > 86_400


def test_limit_of_none_is_no_limit(ada_calls: Client, settings: Settings) -> None:
    settings.DJANGO_MCP_RATES = {"user": None}

    assert kinds(ada_calls, "read", "read") == ["ok", "ok"]


def test_limit_of_zero_refuses_all(ada_calls: Client, settings: Settings) -> None:
    settings.DJANGO_MCP_RATES = {"user:write": "0/d"}

    assert kinds(ada_calls, "write", "read") == ["rate_limited", "ok"]


def test_nothing_is_counted_where_django_ratelimit_is_off(
    ada_calls: Client, settings: Settings
) -> None:
    settings.RATELIMIT_ENABLE = False

    answers = [ada_calls.call("rated") for _ in range(3)]

    assert [kind(each) for each in answers] == ["ok"] * 3
    assert not any(LIMITS in each.result["_meta"] for each in answers)


# What is hidden


def test_calls_of_hidden_and_missing_names_count_alike(
    client: Client, ada: User, bob: User, settings: Settings
) -> None:
    settings.DJANGO_MCP_RATES = {"user:read": "2/d", "tool": "1/d", "group": "1/d"}
    answers = {
        name: [client.with_key(user).call(name) for _ in range(3)]
        for user, name in (("ada", "hidden"), ("bob", "missing"))
    }

    for found in answers.values():
        assert [kind(each) for each in found] == ["unknown_tool", "unknown_tool", "rate_limited"]
        assert LIMITS not in found[0].text
    hidden, missing = (found[2].result for found in answers.values())
    for each in (hidden, missing):
        each["_meta"].pop("django-mcp/call-id")
        wait = each["_meta"][ERROR].pop("retry_after")
        each["content"][0]["text"] = each["content"][0]["text"].replace(str(wait), "N")
    assert hidden == missing
    assert text(answers["hidden"][2]).startswith("You may make at most 2 reads per day in all.")


def test_caller_without_the_scopes_takes_nothing_from_those_who_have_them(
    client: Client, ada: User, bob: User, settings: Settings
) -> None:
    settings.DJANGO_MCP_RATES = {"tool": "2/d"}

    assert [client.with_key("ada").call("scoped").status for _ in range(3)] == [403] * 3
    assert kinds(client.with_key("bob shop:read"), "scoped", "scoped") == ["ok", "ok"]


# Lists


def definition(client: Client, method: str, member: str, name: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = client.send(method).result[member]
    return next(each for each in found if each["name"] == name)


@pytest.mark.parametrize(
    ("method", "member", "name", "word", "description"),
    [
        ("tools/list", "tools", "rated", "tool", "Say the same again."),
        ("resources/list", "resources", "text", "resource", "Some text."),
        ("resources/templates/list", "resourceTemplates", "page", "resource", "A page."),
        ("prompts/list", "prompts", "greeting", "prompt", "Greet somebody."),
    ],
)
def test_definition_tells_the_limits_of_its_caller(
    ada_calls: Client,
    settings: Settings,
    method: str,
    member: str,
    name: str,
    word: str,
    description: str,
) -> None:
    before = definition(ada_calls, method, member, name)
    settings.DJANGO_MCP_RATES = {"user:read": "100/m", "user:write": "10/m", "all": "7/s"}
    write_group(read_rate="50/30s", write_rate="5/m")

    listed = definition(ada_calls, method, member, name)

    own = {**OWN, "per": word}
    assert before["_meta"] == {LIMITS: [own]}
    assert before["description"] == f"{description}\n\nAt most 2 calls per day."
    assert listed["_meta"] == {
        LIMITS: [
            own,
            {"limit": 50, "seconds": 30, "per": "group", "of": "reads"},
            {"limit": 100, "seconds": 60, "per": "user", "of": "reads"},
        ]
    }
    assert listed["description"] == (
        f"{description}\n\nAt most 2 calls per day, 50 reads per 30 seconds over its group, "
        "100 reads per minute in all."
    )


def test_definition_without_limits_is_as_it_was_declared(ada_calls: Client) -> None:
    listed = definition(ada_calls, "tools/list", "tools", "read")

    assert listed["description"] == "Say the same again."
    assert "_meta" not in listed


# The cache


@pytest.fixture
def cache_away(settings: Settings) -> Iterator[None]:
    """A Redis at a port where nothing listens."""
    with held_port() as port:
        settings.CACHES = {
            "default": {
                "BACKEND": "django.core.cache.backends.redis.RedisCache",
                "LOCATION": f"redis://127.0.0.1:{port}",
            }
        }
        yield


@pytest.mark.parametrize(
    ("fail_open", "passes"),
    [("reads", ["ok", "busy"]), ("all", ["ok", "ok"]), ("none", ["busy", "busy"])],
)
@pytest.mark.parametrize("names", [("read", "write"), ("aread", "awrite")])
def test_calls_that_cannot_be_counted_pass_as_the_setting_says(
    ada_calls: Client,
    settings: Settings,
    cache_away: None,
    names: tuple[str, str],
    fail_open: str,
    passes: list[str],
) -> None:
    settings.DJANGO_MCP_RATES = {"user": "100/d", "all": "1000/d"}
    settings.DJANGO_MCP_RATES_FAIL_OPEN = fail_open

    answers = [ada_calls.call(name) for name in names]

    assert [kind(each) for each in answers] == passes
    for each in answers:
        assert LIMITS not in each.result["_meta"]
        if kind(each) == "busy":
            told = each.result["_meta"][ERROR]
            assert (told["error"], told["retryable"], told["retry_after"]) == (
                UNAVAILABLE,
                True,
                10,
            )


@pytest.mark.parametrize("fail_open", [False, True])
def test_memcached_that_does_not_answer_is_a_cache_that_cannot_count(
    ada_calls: Client, settings: Settings, fail_open: bool
) -> None:
    settings.CACHES = {"default": {"BACKEND": "tests.guards.caches.SilentCache"}}
    settings.RATELIMIT_FAIL_OPEN = fail_open
    settings.DJANGO_MCP_RATES = {"user": "100/d"}

    assert kinds(ada_calls, "read", "write") == ["ok", "busy"]


def test_cache_that_cannot_count_is_logged_once_a_minute(
    ada_calls: Client,
    settings: Settings,
    cache_away: None,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [1000.0]
    throttle = LineThrottle(clock=lambda: clock[0])
    outage = CacheOutage(rates.logger, "The cache is away", throttle=throttle)
    monkeypatch.setattr(rates, "outage", outage)
    settings.DJANGO_MCP_RATES = {"user": "100/d"}

    kinds(ada_calls, *["read", "write"] * 3)
    clock[0] += 59
    kinds(ada_calls, "read")
    first = [each.getMessage() for each in caplog.records if each.levelno == logging.ERROR]
    clock[0] += 1
    kinds(ada_calls, "read")

    logged = [each.getMessage() for each in caplog.records if each.levelno == logging.ERROR]
    assert (len(first), len(logged)) == (1, 2)
    assert logged[0] == "The cache is away"


def test_call_that_no_limit_concerns_needs_no_cache(
    ada_calls: Client, settings: Settings, cache_away: None, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DJANGO_MCP_RATES = {"user:write": "100/d"}
    settings.DJANGO_MCP_RATES_FAIL_OPEN = "none"

    assert kinds(ada_calls, "read", "aread") == ["ok", "ok"]
    assert not [each for each in caplog.records if each.levelno == logging.ERROR]


# The record


@pytest.mark.parametrize("name", ["rated", "missing"])
def test_flood_of_refused_calls_fills_no_table(
    modern: Client, ada: User, settings: Settings, name: str
) -> None:
    settings.DJANGO_MCP_RATES = {"user": "2/d"}
    caller = modern.with_key("ada")

    for _ in range(80):
        caller.call(name)

    refused = CallRecord.objects.filter(outcome="rate_limited").order_by("pk")
    # Of the first sixty refused calls each has a row; those of unknown names are among them.
    assert CallRecord.objects.count() == 2 + 60 + 1 - (2 if name == "missing" else 0)
    assert sum(refused.values_list("calls", flat=True)) == 78
    assert {*refused.values_list("name", flat=True)} == {name}


# Completions


def complete(client: Client, name: str) -> Answer:
    reference = {"type": "ref/prompt", "name": name}
    argument = {"name": "name", "value": "A"}
    return client.send("completion/complete", {"ref": reference, "argument": argument})


@pytest.mark.parametrize("name", ["greeting", "missing"])
def test_completions_count_against_the_limits_of_their_caller(
    ada_calls: Client, settings: Settings, name: str
) -> None:
    settings.DJANGO_MCP_RATES = {"user:read": "3/d"}

    answers = [complete(ada_calls, name) for _ in range(4)]

    before = "error" if name == "missing" else "result"
    assert all(before in each.messages[-1] for each in answers[:3])
    assert answers[3].error["data"][ERROR]["kind"] == "rate_limited"
    assert kinds(ada_calls, "read", "write") == ["rate_limited", "ok"]


# Declarations


@pytest.mark.parametrize(
    ("rate", "problem"),
    [
        ("often", "the rate 'often' is no text such as '30/m'"),
        (30, "the rate 30 is no text such as '30/m', nor a list of them"),
        (["30/m", 5], "the rate 5 is no text such as '30/m'"),
        ("30/0m", "the rate '30/0m' is no text such as '30/m'"),
        ("-1/m", "the rate '-1/m' is no text such as '30/m'"),
    ],
)
def test_wrong_rate_is_a_problem_of_the_declaration(rate: Any, problem: str) -> None:
    with collecting() as declared:

        @tool(rate=rate)
        def wrong() -> str:
            """Be declared badly."""
            return ""

    with pytest.raises(ToolRegistrationError) as refused:
        build(declared)

    assert problem in str(refused.value)


def test_rate_that_is_declared_twice_counts_once(modern: Client, ada: User) -> None:
    with collecting() as declared:

        @tool(read_only=True, rate=["2/d", "2/24h"])
        def twice() -> str:
            """Have one limit."""
            return ""

    with serving(declared):
        assert kinds(modern.with_key("ada"), *["twice"] * 3) == ["ok", "ok", "rate_limited"]
