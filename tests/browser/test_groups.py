import pytest
from django.contrib.auth.models import User
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from django_mcp.models import ToolGroup
from django_mcp.policy.groups import sync_groups

ROW = "//tr[.//a[normalize-space()='expenses']]"


def notes(browser: Chrome) -> str:
    return browser.find_element(By.XPATH, f"{ROW}/td[contains(@class, 'field-notes')]").text


@pytest.mark.django_db(transaction=True)
def test_operator_switches_a_group_off_and_sees_it_off(
    live_server: LiveServer, browser: Chrome, wait: WebDriverWait[Chrome], operator: User
) -> None:
    sync_groups()

    browser.get(f"{live_server.url}/admin/django_mcp/toolgroup/")
    wait.until(lambda page: page.find_elements(By.ID, "result_list"))
    before = notes(browser)
    browser.find_element(By.XPATH, f"{ROW}//input[@name='_selected_action']").click()
    actions = Select(browser.find_element(By.NAME, "action"))
    actions.select_by_visible_text("Disable selected groups")
    browser.find_element(By.CSS_SELECTOR, ".actions button[name='index']").click()
    said = wait.until(lambda page: page.find_elements(By.CSS_SELECTOR, ".messagelist .success"))

    assert before == ""
    assert said[0].text == "1 group is now disabled."
    assert notes(browser) == "disabled"
    assert not ToolGroup.objects.get(name="expenses").enabled
