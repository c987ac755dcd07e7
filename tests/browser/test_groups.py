import pytest
from django.contrib.auth.models import User
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from django_mcp.models import ToolGroup
from django_mcp.policy.sync import sync_groups

ROW = "//tr[.//a[normalize-space()='expenses']]"


def state_of(browser: Chrome) -> str | None:
    icon = browser.find_element(By.XPATH, f"{ROW}/td[contains(@class, 'field-enabled')]/img")
    return icon.get_attribute("alt")


@pytest.mark.django_db(transaction=True)
def test_operator_switches_a_group_off_and_sees_it_off(
    live_server: LiveServer, browser: Chrome, wait: WebDriverWait[Chrome], operator: User
) -> None:
    sync_groups()

    browser.get(f"{live_server.url}/admin/django_mcp/toolgroup/")
    wait.until(lambda page: page.find_elements(By.ID, "result_list"))
    before = state_of(browser)
    browser.find_element(By.XPATH, f"{ROW}//input[@name='_selected_action']").click()
    actions = Select(browser.find_element(By.NAME, "action"))
    actions.select_by_visible_text("Disable selected groups")
    browser.find_element(By.CSS_SELECTOR, ".actions button[name='index']").click()
    said = wait.until(lambda page: page.find_elements(By.CSS_SELECTOR, ".messagelist .success"))

    assert before == "True"
    assert said[0].text == "1 group is now disabled."
    assert state_of(browser) == "False"
    assert not ToolGroup.objects.get(name="expenses").enabled
