import datetime
import uuid

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from django_mcp.background.input import serialize_requests
from django_mcp.calls.results import serialize_result
from django_mcp.content import Text
from django_mcp.exceptions import ElicitationRequest
from django_mcp.models import ToolTask
from django_mcp.schemas.output.output import Rendered
from tests.browser.pictures import complaints, take, whole_columns, width

pytestmark = pytest.mark.django_db(transaction=True)

TASKS = "/admin/django_mcp/tooltask/"
Status = ToolTask.Status
ROWS: list[tuple[str, str, str, float | None, int]] = [
    ("build_annual_report", Status.WORKING, "ada", 5, 1),
    ("import_statement", Status.QUEUED, "grace", None, 2),
    ("import_statement", Status.WORKING, "grace.hopper@research.example.org", 310, 4),
    ("build_annual_report", Status.COMPLETED, "linus", 12, 30),
    ("import_statement", Status.FAILED, "linus", 80, 75),
    ("build_annual_report", Status.CANCELLED, "ada", None, 120),
]


@pytest.fixture
def tasks() -> list[ToolTask]:
    """A few tasks of the last hours, the newest first."""
    now = timezone.now()
    return [
        ToolTask.objects.create(
            call_id=uuid.uuid4(),
            name=name,
            status=status,
            endpoint="default",
            username=user,
            user=user,
            client_name="Desktop assistant of the department",
            client="desktop-1",
            client_info="example-client 1.4.2",
            scopes="report:read",
            address="192.0.2.17",
            protocol_version="2026-07-28",
            arguments='{"year": 2026, "format": "xlsx"}',
            progress=done,
            progress_total=None if done is None else 12 if done <= 12 else 400,
            progress_message="" if done is None else "May",
            worker="" if status == Status.QUEUED else "celery@worker-1",
            attempts=int(status != Status.QUEUED),
            created=now - datetime.timedelta(minutes=minutes),
            started=now - datetime.timedelta(minutes=minutes),
            ended=now - datetime.timedelta(minutes=minutes - 0.5)
            if status in ToolTask.ENDED
            else None,
            is_recorded=status in ToolTask.ENDED,
            kept_for=datetime.timedelta(days=1),
        )
        for name, status, user, done, minutes in ROWS
    ]


def shown(browser: Chrome, name: str) -> str:
    return browser.find_element(By.CSS_SELECTOR, f"[data-mcp-text={name}]").text


def test_operator_watches_a_task_to_its_end_without_reloading(
    live_server: LiveServer, browser: Chrome, operator: User, tasks: list[ToolTask]
) -> None:
    wait = WebDriverWait(browser, timeout=20)
    task = ToolTask.objects.filter(pk=tasks[0].pk)

    browser.get(f"{live_server.url}{TASKS}")
    bars = len(browser.find_elements(By.TAG_NAME, "progress"))
    take(browser, "tasks", height=700)
    with width(browser, 1_280):
        on_a_screen = whole_columns(browser)
    with width(browser, 390):
        on_a_phone = whole_columns(browser)
    browser.find_element(By.CSS_SELECTOR, ".field-created_at a").click()
    bar = wait.until(lambda page: page.find_element(By.CSS_SELECTOR, "progress"))
    first = (shown(browser, "progress"), bar.get_attribute("value"))
    # A page that was loaded anew would not remember.
    browser.execute_script("window.isTheSamePage = true")
    take(browser, "task", height=1_000)
    task.update(progress=9, progress_message="<b>September</b>")
    wait.until(lambda page: "9 of 12" in shown(page, "progress"))
    second = (shown(browser, "progress"), bar.get_attribute("value"))
    reload_is_shown = browser.find_element(By.ID, "mcp-reload").is_displayed()
    is_the_same = browser.execute_script("return window.isTheSamePage")
    task.update(
        status=Status.COMPLETED,
        ended=timezone.now(),
        result=serialize_result(Rendered(content=(Text(text="12 months"),))),
    )
    wait.until(lambda page: page.find_elements(By.CLASS_NAME, "mcp-part"))

    assert bars == 2
    assert on_a_screen == ["called", "user", "tool", "status", "client", "duration"]
    assert on_a_phone == on_a_screen
    assert first == ("5 of 12: May", "0.4167")
    assert second == ("9 of 12: <b>September</b>", "0.75")
    assert is_the_same
    assert not reload_is_shown
    assert "12 months" in browser.find_element(By.CLASS_NAME, "mcp-part").text
    assert "Cancel" not in browser.find_element(By.CLASS_NAME, "object-tools").text
    assert complaints(browser) == []


def test_operator_sees_what_a_task_asks_as_soon_as_it_waits(
    live_server: LiveServer,
    browser: Chrome,
    operator: User,
    tasks: list[ToolTask],
    wait: WebDriverWait[Chrome],
) -> None:
    task = ToolTask.objects.filter(pk=tasks[0].pk)
    field = {"type": "string", "title": "Quarter", "enum": ["first", "second"]}
    form = {"type": "object", "properties": {"quarter": field}}

    browser.get(f"{live_server.url}{TASKS}{tasks[0].pk}/change/")
    for message in ("Which one?", "And now?"):
        asked = {"k": ElicitationRequest(message=message, form=form)}
        task.update(
            status=Status.INPUT_REQUIRED,
            input_requests=serialize_requests(asked),
            updated=timezone.now(),
        )
        wait.until(lambda page: message in page.find_element(By.CLASS_NAME, "mcp-part").text)  # noqa: B023
    words = browser.find_element(By.CLASS_NAME, "mcp-part").text
    task.update(status=Status.WORKING, input_requests="")
    wait.until(lambda page: not page.find_elements(By.CLASS_NAME, "mcp-part"))

    assert words.split("\n") == ["And now?", "Quarter quarter (one of: first, second, optional)"]
    assert complaints(browser) == []


def test_task_is_cancelled_on_the_keyboard(
    live_server: LiveServer, browser: Chrome, operator: User, tasks: list[ToolTask]
) -> None:
    wait = WebDriverWait(browser, timeout=20)

    browser.get(f"{live_server.url}{TASKS}{tasks[1].pk}/change/")
    browser.find_element(By.LINK_TEXT, "CANCEL").send_keys(Keys.ENTER)
    sure = wait.until(
        lambda page: page.find_element(By.CSS_SELECTOR, "#content-main [type=submit]")
    )
    sure.send_keys(Keys.ENTER)
    said = wait.until(lambda page: page.find_elements(By.CSS_SELECTOR, ".messagelist .success"))

    assert said[0].text == "1 task is cancelled or was asked to stop."
    assert ToolTask.objects.get(pk=tasks[1].pk).status == Status.CANCELLED
    assert complaints(browser) == []
