import datetime
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from django_mcp.models import CallRecord
from tests.browser.contrast import colours, contrast
from tests.browser.pictures import SCHEMES, complaints, scheme, take, whole_columns, width

pytestmark = pytest.mark.django_db(transaction=True)

RECORDS = "/admin/django_mcp/callrecord/"
Outcome = CallRecord.Outcome
PEOPLE = {"4": "ada", "7": "grace.hopper@research.example.org", "12": "linus"}
CALLS: list[tuple[str, str, str, str, int | None]] = [
    ("import_statement", "7", Outcome.RUNNING, "", None),
    ("list_expenses", "4", Outcome.OK, "", 18),
    ("summarise_expenses", "4", Outcome.OK, "", 31),
    ("add_expense", "12", Outcome.TOOL_ERROR, "ToolError", 22),
    ("add_expense", "12", Outcome.INVALID_ARGUMENTS, "InvalidArgumentsError", 2),
    ("drop_tables", "12", Outcome.UNKNOWN_TOOL, "UnknownToolError", 1),
    ("delete_expense", "7", Outcome.MISSING_SCOPE, "MissingScopeError", 1),
    ("reconcile_invoices_with_bank_transactions", "7", Outcome.FOLLOW_UP_FAILED, "OSError", 1_860),
    ("list_categories", "4", Outcome.OK, "", 9),
]


@pytest.fixture
def calls() -> list[CallRecord]:
    """A few calls of the last hours, the newest first, and one of last year."""
    now = timezone.now()
    recent = [
        CallRecord.objects.create(
            name=name,
            endpoint="default",
            user=user,
            username=PEOPLE[user],
            client="desktop-1" if user == "4" else "editor-1",
            client_name="Desktop assistant of the department" if user == "4" else "Code editor",
            client_info="example-client 1.4.2",
            credential=f"token {user}",
            scopes="expense:read expense:write",
            address="192.0.2.17",
            protocol_version="2026-07-28",
            arguments={"category": "groceries", "amount": "12.50", "note": "Café \u202eedoc"},
            outcome=outcome,
            error_class=error,
            started=now - datetime.timedelta(minutes=40 * number),
            duration_ms=duration,
            result_size=None if duration is None else 40 * duration,
        )
        for number, (name, user, outcome, error, duration) in enumerate(CALLS)
    ]
    CallRecord.objects.create(
        name="list_expenses",
        endpoint="default",
        user="4",
        username="ada",
        outcome=Outcome.OK,
        started=now - datetime.timedelta(days=365),
    )
    return recent


def tools(browser: Chrome) -> list[str]:
    """The tools in the list of calls."""
    return [cell.text for cell in browser.find_elements(By.CSS_SELECTOR, "td.field-shown_name")]


def test_operator_narrows_the_list_and_follows_a_user_from_a_call(
    live_server: LiveServer,
    browser: Chrome,
    wait: WebDriverWait[Chrome],
    operator: User,
    calls: list[CallRecord],
) -> None:
    browser.get(f"{live_server.url}{RECORDS}")
    everything = tools(browser)
    take(browser, "calls", height=1_000)
    with width(browser, 1_280):
        on_a_screen = whole_columns(browser)
    with width(browser, 390):
        on_a_phone = whole_columns(browser)
    lines = [
        browser.execute_script("return arguments[0].getClientRects().length", mark)
        for mark in browser.find_elements(By.CSS_SELECTOR, "#result_list .mcp-mark")
    ]
    browser.find_element(By.LINK_TEXT, "tool error").click()
    wait.until(lambda page: len(tools(page)) == 1)
    browser.find_element(By.CSS_SELECTOR, ".field-started_at a").click()
    wait.until(lambda page: page.find_elements(By.CLASS_NAME, "mcp-json"))
    shown = browser.find_element(By.ID, "content-main").text
    take(browser, "call", height=1_000)
    browser.find_element(By.LINK_TEXT, "all calls of this user").click()
    wait.until(lambda page: page.find_elements(By.ID, "result_list"))

    assert everything == [name for name, *_ in CALLS]
    assert on_a_screen == ["started", "user", "name", "outcome", "client", "duration"]
    assert on_a_phone == on_a_screen
    assert lines == [1] * len(CALLS)
    assert '"amount": "12.50"' in shown
    assert "\\u202e" in shown
    assert tools(browser) == ["add_expense", "add_expense", "drop_tables"]
    assert "linus (12)" in browser.find_element(By.ID, "changelist-filter").text
    assert complaints(browser) == []


def test_search_and_two_moments_are_typed_on_the_keyboard(
    live_server: LiveServer,
    browser: Chrome,
    wait: WebDriverWait[Chrome],
    operator: User,
    calls: list[CallRecord],
) -> None:
    browser.get(f"{live_server.url}{RECORDS}")

    browser.find_element(By.ID, "searchbar").send_keys("ada", Keys.ENTER)
    found = wait.until(lambda page: "q=ada" in page.current_url and tools(page))
    # The parts of a moment are fields of their own, in an order that the browser's language sets.
    browser.execute_script(
        "document.getElementById('mcp-after').value = arguments[0]", "2020-01-01T00:00:00"
    )
    browser.find_element(By.ID, "mcp-before").send_keys(Keys.TAB)
    while browser.switch_to.active_element.get_attribute("id") == "mcp-before":
        browser.switch_to.active_element.send_keys(Keys.TAB)
    reached = browser.switch_to.active_element
    reached_text = reached.text
    reached.send_keys(Keys.ENTER)
    shown = wait.until(lambda page: "after=" in page.current_url and tools(page))

    assert reached_text == "Show"
    assert found == ["list_expenses", "summarise_expenses", "list_categories"]
    assert shown == [*found, "list_expenses"]
    assert parse_qs(urlsplit(browser.current_url).query)["q"] == ["ada"]
    assert complaints(browser) == []


def test_selected_calls_are_saved_as_a_file(
    live_server: LiveServer,
    browser: Chrome,
    wait: WebDriverWait[Chrome],
    operator: User,
    calls: list[CallRecord],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("downloads")
    browser.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)}
    )

    browser.get(f"{live_server.url}{RECORDS}")
    browser.find_element(By.ID, "action-toggle").click()
    counted = browser.find_element(By.CLASS_NAME, "action-counter").text
    Select(browser.find_element(By.NAME, "action")).select_by_value("export_selected")
    browser.find_element(By.CSS_SELECTOR, ".actions button[name='index']").click()
    (file,) = wait.until(lambda _: list(folder.glob("calls-*.csv")))

    assert counted == "9 of 9 selected"
    assert len(file.read_text().splitlines()) == 1 + len(CALLS)
    assert complaints(browser) == []


@pytest.mark.parametrize("name", SCHEMES)
def test_marks_can_be_read_in_both_colour_schemes(
    live_server: LiveServer,
    browser: Chrome,
    operator: User,
    calls: list[CallRecord],
    name: str,
) -> None:
    with scheme(browser, name):
        browser.get(f"{live_server.url}{RECORDS}")
        contrasts = {
            mark.get_attribute("class"): contrast(colours(browser, mark))
            for mark in browser.find_elements(By.CLASS_NAME, "mcp-mark")
        }

    assert len(contrasts) == 4
    assert all(ratio >= 4.5 for ratio in contrasts.values()), json.dumps(contrasts)
