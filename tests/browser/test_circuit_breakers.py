"""The page of circuit breakers, on a desk and on a phone, and the way to close one."""

import pytest
from django.contrib.auth.models import User
from django.core.cache import caches
from django.core.management import call_command
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from django_mcp.policy.groups import sync_groups
from django_mcp.testing import MCPClient
from tests.browser.pictures import complaints, width

GROUPS = "/admin/django_mcp/toolgroup/"


@pytest.mark.django_db(transaction=True)
def test_operator_closes_an_open_breaker_on_the_keyboard(
    live_server: LiveServer, browser: Chrome, wait: WebDriverWait[Chrome], operator: User
) -> None:
    sync_groups()
    caches["default"].clear()
    call_command("upstream", "staging", "down", verbosity=0)
    agent = MCPClient(user=operator, scopes=["deploy:read"])
    for _ in range(5):
        agent.call("get_deployment_status", environment="staging")
    call_command("upstream", "staging", "ok", verbosity=0)

    browser.get(f"{live_server.url}{GROUPS}")
    browser.find_element(By.XPATH, "//a[.='Circuit breakers']").send_keys(Keys.ENTER)
    row = wait.until(lambda page: page.find_element(By.CSS_SELECTOR, ".mcp-breakers tbody tr"))
    words = row.text
    with width(browser, 390):
        assert browser.execute_script("return document.documentElement.scrollWidth") == 390
    row.find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
    # Both pages have a button: this one says "Yes".
    sure = wait.until(
        lambda page: page.find_element(By.CSS_SELECTOR, "#content-main [type=submit][value^=Yes]")
    )
    with width(browser, 390):
        assert browser.execute_script("return document.documentElement.scrollWidth") == 390
    sure.send_keys(Keys.ENTER)
    message = wait.until(lambda page: page.find_element(By.CSS_SELECTOR, ".messagelist"))

    assert words.startswith("deployment-platform")
    assert "open" in words.split()
    assert message.text == "Closed the circuit breaker “deployment-platform”."
    assert agent.call("get_deployment_status", environment="staging").data == []
    assert complaints(browser) == []
