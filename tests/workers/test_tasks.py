"""Tasks that clients come back for: at another web process, and after every process has ended."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.e2e.servers import Site, post, running
from tests.hosts.databases import fresh_database
from tests.polls import until
from tests.ports import held_port
from tests.workers.processes import make_site, server, working

ENDED = ("completed", "failed", "cancelled")


def send(site: Site, method: str, **params: Any) -> list[dict[str, Any]]:
    return post(site, method, params, takes_tasks=True)


def start(site: Site, name: str, **arguments: Any) -> str:
    """Call a slow tool; the id of the task."""
    (message,) = send(site, "tools/call", name=name, arguments=arguments)
    task_id: str = message["result"]["taskId"]
    return task_id


def state(site: Site, task_id: str) -> Mapping[str, Any]:
    (message,) = send(site, "tasks/get", taskId=task_id)
    found: Mapping[str, Any] = message["result"]
    return found


def test_any_web_process_tells_of_a_task_and_cancels_it(
    site: Site, broker_url: str, tmp_path: Path
) -> None:
    with (
        held_port() as port,
        running(other := replace(site, port=port), server(other)),
        working(site, tmp_path / "worker.log"),
    ):
        task_id = start(site, "report", tag="elsewhere", seconds=60)
        until(lambda: "of 60" in state(other, task_id).get("statusMessage", ""))
        send(other, "tasks/cancel", taskId=task_id)
        first, *news, _ = send(other, "subscriptions/listen", notifications={"taskIds": [task_id]})
        ended = state(site, task_id)

    assert first["params"]["notifications"] == {"taskIds": [task_id]}
    assert news[-1]["params"]["status"] == ended["status"] == "cancelled"


def test_task_outlives_every_process_that_has_seen_it(broker_url: str, tmp_path: Path) -> None:
    with held_port() as port, fresh_database(tmp_path) as database_url:
        site = make_site(database_url, broker_url, tmp_path, port=port)
        with running(site, server(site)):
            task_id = start(site, "report", tag="restarted", seconds=0.1)
            waiting = state(site, task_id)
        with working(site, tmp_path / "worker.log"), running(site, server(site)):
            until(lambda: state(site, task_id)["status"] in ENDED)
        with running(site, server(site)):
            ended = state(site, task_id)

    assert (waiting["status"], waiting["statusMessage"]) == ("working", "Waiting for a worker.")
    assert ended["status"] == "completed"
    assert ended["result"]["structuredContent"] == {"result": "restarted"}
