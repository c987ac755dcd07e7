"""What users do on the page of their connected assistants."""

import datetime

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from django_mcp.models import CallRecord
from tests.browser.pictures import complaints, take

pytest.importorskip("oauth2_provider")

from tests.applications import AccessToken
from tests.factories import by_hand, registered, token

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.oauth]

PAGE = "/connected-assistants/"
PHONE = 390


@pytest.fixture
def ada(live_server: LiveServer, browser: Chrome, settings: Settings) -> User:
    """A user who is signed in, with three assistants; each has called now and then."""
    settings.DJANGO_MCP_URL = f"{live_server.url}/mcp"
    settings.DJANGO_MCP_SERVER_NAME = "Back office"
    user = User.objects.create_user("ada", password="ada's password")
    now = timezone.now()
    for application, scope, calls, days in (
        (
            registered(
                "Desktop assistant",
                source="cimd",
                client_id="https://assistant.example/oauth/client.json",
            ),
            "expense:read expense:write report:read",
            12,
            40,
        ),
        (registered("Code editor"), "deploy:read", 3, 9),
        (by_hand("Month-end robot"), "report:read", 0, 2),
    ):
        access = token(application, user, scope=scope)
        created = now - datetime.timedelta(days=days)
        AccessToken.objects.filter(pk=access.pk).update(created=created)
        CallRecord.objects.bulk_create(
            CallRecord(
                name="list_expenses",
                outcome="ok",
                user=str(user.pk),
                client=application.client_id,
                started=now - datetime.timedelta(hours=5 * number + days),
            )
            for number in range(calls)
        )
    browser.get(f"{live_server.url}/accounts/login/?next={PAGE}")
    browser.find_element(By.NAME, "username").send_keys("ada")
    browser.find_element(By.NAME, "password").send_keys("ada's password", "\n")
    return user


def headings(page: Chrome) -> list[str]:
    return [heading.text for heading in page.find_elements(By.CSS_SELECTOR, ".mcp-card h2")]


def test_user_disconnects_an_assistant_on_the_keyboard(
    live_server: LiveServer, browser: Chrome, wait: WebDriverWait[Chrome], ada: User
) -> None:
    wait.until(lambda page: len(headings(page)) == 3)
    before = headings(browser)
    take(browser, "connected-assistants", height=1_460)
    links = browser.find_elements(By.CSS_SELECTOR, ".mcp-card .mcp-button")
    links[1].send_keys(Keys.ENTER)
    sure = wait.until(lambda page: page.find_element(By.CSS_SELECTOR, ".mcp-primary"))
    asked = browser.find_element(By.CSS_SELECTOR, ".mcp-page").text
    sure.send_keys(Keys.ENTER)
    said = wait.until(lambda page: page.find_element(By.CSS_SELECTOR, "[role=status]").text)

    assert before == ["Month-end robot", "Code editor", "Desktop assistant"]
    assert "This takes all access away from:\nCode editor" in asked
    assert said == "Disconnected. The access is gone."
    assert headings(browser) == ["Month-end robot", "Desktop assistant"]
    assert {each.application.name for each in AccessToken.objects.filter(user=ada)} == {
        "Month-end robot",
        "Desktop assistant",
    }
    assert complaints(browser) == []


def test_page_fits_a_phone_and_needs_no_scripts(
    browser: Chrome, wait: WebDriverWait[Chrome], ada: User
) -> None:
    wait.until(lambda page: len(headings(page)) == 3)
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": PHONE, "height": 800, "deviceScaleFactor": 1, "mobile": True},
    )
    browser.refresh()
    wait.until(lambda page: len(headings(page)) == 3)
    widths = browser.execute_cdp_cmd("Page.getLayoutMetrics", {})
    buttons = [each.rect for each in browser.find_elements(By.CSS_SELECTOR, ".mcp-button")]
    browser.find_element(By.LINK_TEXT, "Disconnect all").click()
    wait.until(lambda page: page.find_element(By.CSS_SELECTOR, ".mcp-primary")).click()
    wait.until(lambda page: page.find_element(By.CSS_SELECTOR, "[role=status]"))

    assert widths["cssContentSize"]["width"] <= PHONE
    # As large as a finger wants it, and inside the page.
    assert all(each["height"] >= 44 and each["x"] + each["width"] <= PHONE for each in buttons)
    assert not AccessToken.objects.exists()
