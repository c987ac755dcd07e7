import pytest
from django.contrib.auth.models import User
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from django_mcp.models import PromptTemplate
from django_mcp.policy.groups import sync_groups
from tests.browser.pictures import complaints, take

TEXT = """Review the expenses of {{ month }}.
{% if focus %}Look closely at {{ focus }}.{% endif %}
Compare them with the month before, and name what stands out."""


@pytest.mark.django_db(transaction=True)
def test_operator_writes_previews_and_saves_a_prompt(
    live_server: LiveServer, browser: Chrome, wait: WebDriverWait[Chrome], operator: User
) -> None:
    sync_groups()
    browser.get(f"{live_server.url}/admin/django_mcp/prompttemplate/add/")
    write(browser, "name", "review_month")
    write(browser, "title", "Review a month")
    write(browser, "description", "Review the expenses of one month.")
    Select(browser.find_element(By.NAME, "group")).select_by_visible_text("expenses")
    write(browser, "text", TEXT.replace("focus }}", "fokus }}"))
    write(browser, "arguments-0-name", "month")
    write(browser, "arguments-0-description", "The month, as 2026-01")
    write(browser, "arguments-0-sample", "2026-11")
    write(browser, "arguments-1-name", "focus")
    browser.find_element(By.NAME, "arguments-1-required").click()
    write(browser, "arguments-1-choices", "travel\nmeals")
    write(browser, "arguments-1-sample", "travel")

    refused = preview(browser, wait)
    write(browser, "text", TEXT)
    shown = preview(browser, wait)
    take(browser, "prompt", height=1_980, part="#content")
    unsaved = PromptTemplate.objects.count()
    narrow = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", narrow)
    width = browser.execute_script("return document.documentElement.scrollWidth")
    browser.find_element(By.NAME, "_save").click()
    wait.until(lambda page: page.find_elements(By.CSS_SELECTOR, ".messagelist .success"))

    assert refused == "Line 2: “fokus” is no argument of this prompt."
    assert shown == (
        "Message of the user\n"
        "Review the expenses of 2026-11.\n"
        "Look closely at travel.\n"
        "Compare them with the month before, and name what stands out."
    )
    assert unsaved == 0
    assert width == 390
    prompt = PromptTemplate.objects.get()
    assert prompt.text == TEXT
    assert [each.name for each in prompt.arguments.all()] == ["month", "focus"]
    assert complaints(browser) == []


def write(browser: Chrome, field: str, text: str) -> None:
    box = browser.find_element(By.NAME, field)
    box.clear()
    box.send_keys(text)


def preview(browser: Chrome, wait: WebDriverWait[Chrome]) -> str:
    """What the page shows in its preview, once it has come anew."""
    before = browser.find_element(By.TAG_NAME, "html")
    browser.find_element(By.NAME, "_preview").click()
    status = wait.until(
        lambda page: (
            page.find_element(By.TAG_NAME, "html") != before
            and page.find_element(By.CSS_SELECTOR, "#mcp-preview [role=status]")
        )
    )
    return str(status.text)
