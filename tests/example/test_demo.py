"""The demo, as a newcomer runs it."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import httpx2
import pytest
from django.contrib.auth.models import User
from openpyxl import load_workbook

from example_project.demo import earlier_runs
from example_project.demo.processes import Process, ProcessError
from example_project.demo.server import DEFAULT_PORT, choose_port
from tests.ports import held_port

pytestmark = pytest.mark.slow

BASE_DIR = Path(__file__).resolve().parents[2]
PATIENCE = 120
needs_all_extras = pytest.mark.skipif(
    find_spec("oauth2_provider") is None or find_spec("celery") is None,
    reason="the demo needs django-oauth-toolkit for its tokens, and Celery for its worker",
)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def environment(data: Path) -> Iterator[dict[str, str]]:
    """What the demo finds: a folder of the tests', and a port of its own."""
    # The tests' own settings, URL and database are not the example's.
    others = ("DJANGO_", "DATABASE_URL", "REDIS_URL")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(others)}
    with held_port() as port:
        yield {**kept, "DEMO_PORT": str(port), "DEMO_DIR": str(data)}


def demo(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "example_project.demo", *arguments]


@pytest.fixture(scope="module")
def first_run(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        demo("--exit"),
        cwd=BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_port_that_was_asked_for_is_used_or_refused(taken_port: int) -> None:
    with pytest.raises(ProcessError, match=f"Port {taken_port} .* is taken"):
        choose_port(str(taken_port))


@pytest.mark.parametrize("wanted", ["http", "0", "65536", "-1"])
def test_port_that_is_none_is_refused(wanted: str) -> None:
    with pytest.raises(ProcessError, match="is no port"):
        choose_port(wanted)


def test_default_port_gives_way_when_it_is_taken() -> None:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", DEFAULT_PORT))
            listener.listen()
        except OSError:
            pass  # somebody else has taken it, which serves as well

        assert choose_port("") != DEFAULT_PORT


@needs_all_extras
def test_settings_of_the_example_give_a_newcomer_nothing_to_mend(
    environment: dict[str, str],
) -> None:
    check = [sys.executable, "manage.py", "check", "--fail-level", "DEBUG"]

    checked = subprocess.run(
        check, cwd=BASE_DIR, env=environment, capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stderr
    assert "no issues" in checked.stdout


@needs_all_extras
def test_tour_ends_well_and_leaves_the_report_and_the_receipt(
    first_run: subprocess.CompletedProcess[str], data: Path
) -> None:
    assert first_run.returncode == 0, first_run.stdout + first_run.stderr
    assert "all went as expected" in first_run.stdout
    assert "\nAt most" not in first_run.stdout, "one line of each description"
    assert len(first_run.stdout.splitlines()) <= 300, "few enough to be read"
    (report,) = (data / "media").rglob("*.xlsx")
    assert load_workbook(report).sheetnames == [f"Totals {report.stem}", "Expenses"]
    (receipt,) = (data / "media").rglob("*.pdf")
    assert receipt.read_bytes().startswith(b"%PDF-")


@needs_all_extras
def test_tour_shows_a_repeated_call_a_refused_rate_and_an_open_circuit_breaker(
    first_run: subprocess.CompletedProcess[str],
) -> None:
    output = " ".join(first_run.stdout.split())

    for shown in (
        r"✓ The same answer, marked django-mcp/repeated: there is no second expense\.",
        r"The definition says: At most 10 calls per 10 seconds",
        r"✗ You may make at most 10 calls per 10 seconds .+? Worth trying again after \d+ second",
        r"✗ What this call depends on has failed .+? Worth trying again after \d+ second",
        r"✓ An operator .+? closes the circuit breaker .+? → get_deployment_status .+? ✓ checkout",
        r"add_expense +rate_limited",
        r"get_deployment_status +circuit_open",
    ):
        assert re.search(shown, output), shown


@needs_all_extras
def test_second_run_says_what_was_kept_and_stays_up_until_it_is_told_to_stop(
    environment: dict[str, str], data: Path, first_run: subprocess.CompletedProcess[str]
) -> None:
    with subprocess.Popen(
        demo(), cwd=BASE_DIR, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        output = ""
        for line in process.stdout:
            output += line
            if "stays up until" in line:
                break
        port = int(environment["DEMO_PORT"])
        try:
            [consent] = re.findall(r"consent +(http\S+)", output)
            with httpx2.Client(trust_env=False, follow_redirects=True) as browser:
                sign_in = browser.get(consent)
                form = {"username": "demo", "password": "demo"}
                form["csrfmiddlewaretoken"] = browser.cookies["csrftoken"]
                asked = browser.post(sign_in.url, data=form)
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=PATIENCE)

    assert process.returncode == 0, output
    assert '"mcpServers"' in output
    assert "password <strong>demo</strong>" in sign_in.text
    assert "Allow Example tour?" in asked.text
    assert "Kept from earlier runs" not in first_run.stdout
    kept = r"Kept from earlier runs in \S+: 4 users, [\d,]+ expenses, \d+ registered clients and"
    assert re.search(kept, " ".join(output.split())), output
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    # The last words of a worker that was stopped in order.
    assert "Warm shutdown" in (data / "worker.log").read_text()


@needs_all_extras
@pytest.mark.django_db
def test_what_was_kept_in_a_database_of_the_users_is_counted_but_not_to_be_removed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://somewhere/else")
    before = earlier_runs.describe()
    User.objects.create_user("demo")

    assert before == ""
    assert earlier_runs.describe() == (
        "Kept from earlier runs in the database: 1 user, 0 expenses, 0 registered clients and "
        "0 calls on record."
    )


def test_process_that_cannot_start_is_told_of_with_its_log(tmp_path: Path) -> None:
    worker = Process(
        "worker", ["example_project.missing"], directory=BASE_DIR, log=tmp_path / "log"
    )

    with worker, pytest.raises(ProcessError, match=r"(?s)The worker ended at once.*missing"):
        worker.wait_until(lambda: False)
