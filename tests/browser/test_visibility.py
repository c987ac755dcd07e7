import pytest
from django.contrib.auth.models import User
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from django_mcp.models import ToolGroup
from django_mcp.policy.groups import sync_groups
from tests.browser.pictures import complaints, take

GROUPS = "/admin/django_mcp/toolgroup/"


@pytest.mark.django_db(transaction=True)
def test_operator_asks_on_the_keyboard_what_a_user_sees(
    live_server: LiveServer, browser: Chrome, wait: WebDriverWait[Chrome], operator: User
) -> None:
    sync_groups()
    User.objects.create_user("grace")
    ToolGroup.objects.filter(name="expenses").update(read_only=True)
    group = ToolGroup.objects.get(name="expenses")

    browser.get(f"{live_server.url}{GROUPS}{group.pk}/change/")
    take(browser, "group", height=700, part=".mcp-switches")
    browser.find_element(By.XPATH, "//a[.='Visibility of this group']").send_keys(Keys.ENTER)
    user = wait.until(lambda page: page.find_element(By.ID, "id_user"))
    user.send_keys("gra", Keys.ENTER)
    offered = wait.until(lambda page: page.find_element(By.PARTIAL_LINK_TEXT, "grace ("))
    offered.send_keys(Keys.ENTER)
    wait.until(lambda page: page.find_elements(By.CSS_SELECTOR, ".mcp-query tbody tr"))
    take(browser, "visibility", height=1_000)

    states = {
        row.find_element(By.TAG_NAME, "th").text.split()[0]: [
            cell.text for cell in row.find_elements(By.TAG_NAME, "td")
        ]
        for row in browser.find_elements(By.CSS_SELECTOR, ".mcp-query tbody tr")
    }
    assert states["list_expenses"] == ["expenses", "usable", ""]
    assert states["add_expense"] == [
        "expenses",
        "hidden",
        "its group is read-only and it is not",
    ]
    assert browser.find_element(By.ID, "id_user").get_attribute("value") == "grace"
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    assert browser.execute_script("return document.documentElement.scrollWidth") == 390
    assert complaints(browser) == []
