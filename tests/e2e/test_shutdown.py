"""What is on record of a call whose server is killed or stopped."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.e2e.servers import PATIENCE, Site, post, running, uvicorn
from tests.polls import until
from tests.spec import ERAS

READ_RECORD = (
    "import json; from django_mcp.models import CallRecord; "
    "print(json.dumps(list(CallRecord.objects.values_list('name', 'outcome'))))"
)


def record(site: Site) -> list[list[str]]:
    rows: list[list[str]] = json.loads(
        site.manage("shell", "--no-imports", "--command", READ_RECORD)
    )
    return rows


@pytest.mark.parametrize("tool", ["slow", "slow_sync"])
def test_killed_worker_leaves_one_row_that_the_sweep_marks(site: Site, tool: str) -> None:
    log = Path(site.environment["FIXTURE_LOG"])
    params = {"name": tool, "arguments": {"seconds": 600, "tag": "killed"}}

    with running(site, uvicorn(site)) as process, ThreadPoolExecutor(1) as client:
        call = client.submit(post, site, "tools/call", params)
        until(lambda: log.exists() and "start killed" in log.read_text())
        process.kill()
        with pytest.raises(httpx.TransportError):
            call.result(PATIENCE)
    killed = record(site)
    site.manage("mcp_audit", "sweep", "--older-than", "0s")

    assert killed == [[tool, "running"]]
    assert record(site) == [[tool, "unknown"]]


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("tool", ["slow", "slow_sync"])
def test_running_call_is_on_record_with_its_end_when_the_server_is_stopped(
    site: Site, tool: str, era: str
) -> None:
    log = Path(site.environment["FIXTURE_LOG"])
    params = {"name": tool, "arguments": {"seconds": 2, "tag": "stopped"}}

    graceful = uvicorn(site, "--timeout-graceful-shutdown", "1")
    with running(site, graceful) as process, ThreadPoolExecutor(1) as client:
        call = client.submit(post, site, "tools/call", params, era=era)
        until(lambda: log.exists() and "start stopped" in log.read_text())
        process.terminate()
        process.wait(PATIENCE)
        call.exception(PATIENCE)

    assert [name for name, _ in record(site)] == [tool]
    assert record(site)[0][1] != "running"
