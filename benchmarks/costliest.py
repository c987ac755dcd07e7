"""The costliest requests that are known: `python -m benchmarks.costliest`.

Prints the processor time that a server of the example project takes for each, beside that of an
ordinary call: without good credentials, of an authorised caller, and of the pages of OAuth. Each is
a way to keep a worker busy, so what it may cost at most is an aim.
"""

import argparse
import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from benchmarks.cores import Cores, TooFewCoresError
from benchmarks.database import temporary_database
from benchmarks.load.loop import ask
from benchmarks.report import Aim, markdown_table
from benchmarks.requests import HOST, Request, call_tool
from benchmarks.servers import ROOT, RunningServer, Server, ServerError, running

ANONYMOUS_TIMES, AUTHORISED_TIMES = 3, 100

BODY = 4 * 1024 * 1024 - 8192
"""Bytes that fill a body up to `DJANGO_MCP_MAX_REQUEST_BYTES`."""
ITEMS = 49_000
"""Items that fill a body up to `DJANGO_MCP_MAX_REQUEST_ITEMS`."""
META = 65_000
"""Bytes that fill `_meta`."""

CPU_SECONDS, MOST_REPEATS = 0.3, 300
"""A request is repeated until the server has used so much, because Linux counts in hundredths."""
PATIENCE = 60.0

CATEGORY = (
    "from example_project.expenses.models import Category; Category.objects.create(name='food')"
)
SCOPES = "expense:read expense:write report:read deploy:read deploy:write"
CODE = {"grant_type": "authorization_code", "code": "x", "redirect_uri": "https://x.example/"}
JSON = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """A request that is meant to cost much."""

    name: str
    path: str = "/mcp"
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one request cost the server, and the statuses that it was answered with."""

    name: str
    milliseconds: float
    statuses: Sequence[int]


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.costliest", description=(__doc__ or "").partition("\n")[0]
    )
    parser.parse_args()
    try:
        cores = Cores.of_this_machine()
        os.sched_setaffinity(0, {cores.load})
        with temporary_database() as database:
            os.environ |= {
                "DATABASE_URL": database.url,
                "DJANGO_SETTINGS_MODULE": "example_project.settings",
                "DEBUG": "false",
                "SECRET_KEY": "only-for-benchmarks-and-nothing-else-at-all",
                "ALLOWED_HOSTS": HOST,
                "DJANGO_MCP_URL": f"http://{HOST}/mcp",
                "DJANGO_SUPERUSER_PASSWORD": "only-for-benchmarks",
                # One user sends all requests.
                "RATELIMIT_ENABLE": "false",
            }
            token = _seed()
            server = Server(module="example_project.asgi")
            with running(server, cores=frozenset({cores.server})) as started:
                aims = _measure(started, token)
    except (TooFewCoresError, ServerError) as error:
        sys.exit(f"error: {error}")
    for aim in aims:
        print(f"{aim.wanted}: {aim.measured}, {'pass' if aim.is_met else 'FAIL'}")
    sys.exit(0 if all(aim.is_met for aim in aims) else 1)


def _seed() -> str:
    """Make the tables and a user; return a token."""
    _manage("migrate", "--verbosity=0")
    _manage("shell", "--command", CATEGORY)
    _manage("createsuperuser", "--noinput", "--username=alice", "--email=alice@bench.example")
    return _manage("mcp_token", "--user=alice", f"--scopes={SCOPES}")


def _manage(*arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    answer = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return answer.stdout.strip()


def _measure(server: RunningServer, token: str) -> list[Aim]:
    spend = {"amount": "12.34", "payee": "Shop", "category": "food", "spent_on": "2026-06-30"}
    for _ in range(20):
        ask(server.port, call_tool("add_expense", spend, token=token, expected="Shop"))
    call = call_tool("list_expenses", {"limit": 20}, token=token, expected="Shop")
    ordinary = _cost(server, _attack_of("an ordinary call", call))
    groups = (
        ("without good credentials", _anonymous(call), ANONYMOUS_TIMES),
        ("by an authorised caller", _authorised(token), AUTHORISED_TIMES),
        ("to OAuth's pages", _to_oauth(server), None),
    )
    aims = []
    for kind, attacks, most in groups:
        costs = [ordinary, *(_cost(server, attack) for attack in attacks)]
        rows = [
            [
                cost.name,
                f"{cost.milliseconds:.2f}",
                f"{cost.milliseconds / ordinary.milliseconds:.1f}",
                ", ".join(map(str, cost.statuses)),
            ]
            for cost in sorted(costs, key=lambda cost: -cost.milliseconds)
        ]
        header = (f"Requests {kind}", "CPU, ms", "Times", "Answered")
        print("\n".join(markdown_table(header, rows)), "\n", flush=True)
        if most is not None:
            times = max(cost.milliseconds for cost in costs) / ordinary.milliseconds
            aims.append(
                Aim(
                    wanted=f"A request {kind} at most {most} times an ordinary call",
                    measured=f"{times:.1f} times",
                    is_met=times <= most,
                )
            )
    return aims


def _anonymous(call: Request) -> Iterator[Attack]:
    """Ten requests that nobody has to be known for."""
    plain = {**call.headers, "Host": HOST}
    unknown = {name: value for name, value in plain.items() if name != "Authorization"}
    bad = {**unknown, "Authorization": "Bearer nonsense"}
    lists = b"[" + b"[]," * (BODY // 3)
    yield Attack(name="a call without a token", headers=unknown, body=call.body.encode())
    yield Attack(name="a call with a bad token", headers=bad, body=call.body.encode())
    yield Attack(name="lists, 4 MB, no token", headers=unknown, body=lists)
    yield Attack(name="lists, 4 MB, a bad token", headers=bad, body=lists)
    yield Attack(
        name="a token of 30 kB",
        headers={**unknown, "Authorization": "Bearer " + "x" * 30_000},
        body=b"{}",
    )
    yield Attack(
        name="credentials of another kind",
        headers={**unknown, "Authorization": "Basic " + "x" * 30_000},
        body=b"{}",
    )
    yield Attack(
        name="200 headers", headers={**unknown, **{f"X-{n}": "x" * 100 for n in range(200)}}
    )
    yield Attack(name="a foreign origin", headers={**unknown, "Origin": "https://evil.example"})
    yield Attack(
        name="a preflight for 3,000 headers",
        method="OPTIONS",
        headers={
            "Host": HOST,
            "Origin": f"http://{HOST}",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": ",".join(f"mcp-param-{n}" for n in range(3000)),
        },
    )
    yield Attack(name="a query of 30 kB", path="/mcp?" + "a=b&" * 7_500, headers=unknown)


def _authorised(token: str) -> Iterator[Attack]:
    """Ten requests that a caller with a token and every scope can send."""

    def message(name: str, method: str, params: Mapping[str, Any], era: Any = "modern") -> Attack:
        model = call_tool("x", {}, token=token, expected="", era=era, as_task=True)
        body = json.loads(model.body)
        body["method"] = method
        body["params"] = {**params, "_meta": {**body["params"].get("_meta", {}), **meta_of(params)}}
        named = {
            "Mcp-Method": method,
            "Mcp-Name": str(params.get("name", params.get("taskId", ""))),
        }
        headers = {**model.headers, **({} if era == "legacy" else named)}
        return Attack(name=name, headers={**headers, "Host": HOST}, body=json.dumps(body).encode())

    def meta_of(params: Mapping[str, Any]) -> Mapping[str, Any]:
        given: Mapping[str, Any] = params.get("_meta", {})
        return given

    def arguments(value: Any) -> Mapping[str, Any]:
        return {"name": "list_expenses", "arguments": value}

    deep: Any = "x"
    for _ in range(150):
        deep = [deep]
    answers = {
        str(n): {"action": "accept", "content": {str(k): "x" for k in range(ITEMS // 110)}}
        for n in range(100)
    }
    yield message("a text of 4 MB", "tools/call", arguments({"category": "a,[{" * (BODY // 4)}))
    yield message(
        "49,000 unknown arguments", "tools/call", arguments({str(n): 1 for n in range(ITEMS)})
    )
    yield message(
        "49,000 wrong items", "tools/call", arguments({"limit": [{}] * (ITEMS // 2), "since": deep})
    )
    yield message(
        "49,000 items, 2025", "tools/call", arguments({"limit": [1] * ITEMS}), era="legacy"
    )
    yield message(
        "49,000 answers in 100 responses",
        "tools/call",
        {**arguments({}), "inputResponses": answers},
    )
    yield message(
        "24,000 parts of a sampled message",
        "tools/call",
        {
            **arguments({}),
            "inputResponses": {"0": {"role": "assistant", "content": [{}] * (ITEMS // 2)}},
        },
    )
    yield message("a state of 4 MB", "tools/call", {**arguments({}), "requestState": "x" * BODY})
    yield message(
        "a full _meta",
        "tools/call",
        {**arguments({}), "_meta": {str(n): [] for n in range(META // 12)}},
    )
    yield message(
        "49,000 capabilities, 2025",
        "initialize",
        {
            "protocolVersion": "2025-11-25",
            "clientInfo": {"name": "x", "version": "1"},
            "capabilities": {"experimental": {str(n): {} for n in range(ITEMS // 2)}},
        },
        era="legacy",
    )
    yield message(
        "49,000 subscriptions",
        "subscriptions/listen",
        {
            "notifications": {
                "taskIds": [f"{n:08x}-0000-0000-0000-000000000000" for n in range(ITEMS // 2)],
                "resourceSubscriptions": [f"x://{n}" for n in range(ITEMS // 2)],
            }
        },
    )
    yield message("a task id of 4 MB", "tasks/get", {"taskId": "x" * BODY, "name": "x"})
    yield message("all tools", "tools/list", {})
    yield message("a notification of 49,000 items", "notifications/x", {"x": [1] * ITEMS})
    yield message(
        "49,000 members of a list request, 2025",
        "tools/list",
        {"cursor": {str(n): 1 for n in range(ITEMS)}},
        era="legacy",
    )


def _to_oauth(server: RunningServer) -> Iterator[Attack]:
    """Requests to what anybody may ask for without a login; each is bounded by a rate."""
    document = {
        "client_name": "x" * 100,
        "redirect_uris": [f"https://client.example/{n}/" + "x" * 600 for n in range(10)],
        "token_endpoint_auth_method": "client_secret_basic",
    }
    register = Attack(
        name="a registration with a secret",
        path="/o/register/",
        headers={**JSON, "Host": HOST},
        body=json.dumps(document).encode(),
    )
    yield register
    client = json.loads(_send(server.port, register)[1])
    secret = {"client_id": client.get("client_id", "x"), "client_secret": "wrong"}
    for name, path, parameters in (
        ("a token for a wrong secret", "/o/token/", {**CODE, **secret}),
        ("a revocation with a wrong secret", "/o/revoke_token/", {"token": "x", **secret}),
        ("an introspection with a wrong secret", "/o/introspect/", {"token": "x", **secret}),
    ):
        body = urlencode(parameters).encode()
        yield Attack(name=name, path=path, headers={**FORM, "Host": HOST}, body=body)
    query = urlencode({"client_id": "https://127.0.0.1/client.json", "response_type": "code"})
    yield Attack(
        name="an authorization request of an unknown client",
        method="GET",
        path=f"/o/authorize/?{query}",
        headers={"Host": HOST},
    )
    yield Attack(
        name="the metadata of the server",
        method="GET",
        path="/.well-known/oauth-authorization-server/o",
        headers={"Host": HOST},
    )


def _attack_of(name: str, request: Request) -> Attack:
    headers = {**request.headers, "Host": HOST}
    return Attack(name=name, headers=headers, body=request.body.encode())


def _cost(server: RunningServer, attack: Attack) -> Cost:
    """Send a request again and again; the first is not counted."""
    _send(server.port, attack)
    before, spent, count = server.cpu_seconds(), 0.0, 0
    statuses = set()
    while spent < CPU_SECONDS and count < MOST_REPEATS:
        statuses.add(_send(server.port, attack)[0])
        count += 1
        spent = server.cpu_seconds() - before
    return Cost(name=attack.name, milliseconds=spent / count * 1000, statuses=sorted(statuses))


def _send(port: int, attack: Attack) -> tuple[int, bytes]:
    """The status and the body of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        # Answered before all of it is sent, the rest may find nobody.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.request(
                attack.method, attack.path, body=attack.body or None, headers=dict(attack.headers)
            )
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise ServerError(f"{attack.name}: {error!r}\n") from error
    finally:
        connection.close()


if __name__ == "__main__":
    main()
