import datetime

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from django_mcp.models import ClientRegistration, ToolGroup
from django_mcp.policy.groups import sync_groups
from tests.browser.pictures import complaints, take, whole_columns, width

pytest.importorskip("oauth2_provider")

from tests.applications import AccessToken
from tests.factories import registered, token

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.oauth]

CLIENTS = "/admin/django_mcp/clientregistration/"
HOUR = datetime.timedelta(hours=1)
CAME: list[tuple[str, str, str, str, str, float, int]] = [
    ("Mail sorter", "dcr", "", "203.0.113.80", "new", 0.3, 0),
    (
        "Code editor",
        "cimd",
        "https://editor.example/oauth/client.json",
        "2001:db8:85a3:8d3:1319:8a2e:370:7348",
        "new",
        2,
        4,
    ),
    ("Free prizes", "dcr", "", "203.0.113.80", "blocked", 5, 0),
    ("Desktop assistant", "cimd", "https://assistant.example/mcp", "192.0.2.4", "approved", 60, 9),
]


@pytest.fixture
def clients() -> list[ClientRegistration]:
    """A few applications that registered in the last days, the latest first."""
    people = [User.objects.create_user(f"user {number}") for number in range(9)]
    found = []
    for name, source, client_id, address, standing, hours, users in CAME:
        application = registered(
            name,
            source=source,
            client_id=client_id,
            address=address,
            standing=standing,
            ago=hours * HOUR,
            last_used=timezone.now() - hours / 2 * HOUR if users else None,
        )
        for person in people[:users]:
            token(application, person, scope="expense:read report:read")
        found.append(ClientRegistration.objects.get(client_id=application.client_id))
    return found


# Where each row begins, by its distance from the top.
ROWS_OF_BUTTONS = """
    const rows = {};
    for (const button of document.querySelectorAll('.object-tools li')) {
        const {left, top} = button.getBoundingClientRect();
        rows[top] ??= left;
    }
    return rows;
"""


def test_operator_blocks_a_client_at_once_on_the_keyboard(
    live_server: LiveServer,
    browser: Chrome,
    wait: WebDriverWait[Chrome],
    operator: User,
    clients: list[ClientRegistration],
) -> None:
    editor = clients[1]

    browser.get(f"{live_server.url}{CLIENTS}")
    names = [cell.text for cell in browser.find_elements(By.CSS_SELECTOR, ".field-described")]
    take(browser, "clients", height=620)
    with width(browser, 1_280):
        on_a_screen = whole_columns(browser)
    with width(browser, 390):
        on_a_phone = whole_columns(browser)
    browser.find_elements(By.CSS_SELECTOR, ".field-registered_at a")[1].click()
    block = wait.until(lambda page: page.find_element(By.LINK_TEXT, "BLOCK"))
    take(browser, "client", height=900)
    with width(browser, 390):
        rows = browser.execute_script(ROWS_OF_BUTTONS)
    block.send_keys(Keys.ENTER)
    sure = wait.until(
        lambda page: page.find_element(By.CSS_SELECTOR, "#content-main [type=submit]")
    )
    sure.send_keys(Keys.ENTER)
    said = wait.until(lambda page: page.find_element(By.CSS_SELECTOR, ".messagelist .success").text)

    assert on_a_screen == ["registered", "client", "standing", "users", "source", "last token"]
    assert on_a_phone[:2] == ["registered", "client"]
    assert len(rows) > 1
    assert len(set(rows.values())) == 1
    assert [name.splitlines()[0] for name in names] == [name for name, *_ in CAME]
    assert said == f"Blocked; 4 tokens taken back. ({editor.client_id})"
    assert not AccessToken.objects.filter(application__client_id=editor.client_id).exists()
    assert complaints(browser) == []


def test_operator_finds_an_application_and_a_user_group_by_typing(
    live_server: LiveServer,
    browser: Chrome,
    wait: WebDriverWait[Chrome],
    operator: User,
    clients: list[ClientRegistration],
) -> None:
    sync_groups()
    Group.objects.create(name="Clerks")
    group = ToolGroup.objects.get(name="expenses")

    browser.get(f"{live_server.url}/admin/django_mcp/toolgroup/{group.pk}/change/")
    for field, typed, offered in (
        ("allowed_groups", "cle", "Clerks"),
        ("allowed_clients", "assistant.ex", "Desktop assistant"),
    ):
        box = browser.find_element(By.CSS_SELECTOR, f".field-{field} .select2-search__field")
        box.send_keys(typed)
        highlighted = ".select2-results__option--highlighted"
        wait.until(
            lambda page: offered in page.find_element(By.CSS_SELECTOR, highlighted).text  # noqa: B023
        )
        box.send_keys(Keys.ENTER)
    with width(browser, 390):
        overflow = browser.execute_script(
            "return document.documentElement.scrollWidth - window.innerWidth"
        )
    browser.find_element(By.NAME, "_save").send_keys(Keys.ENTER)
    wait.until(lambda page: page.find_elements(By.CSS_SELECTOR, ".messagelist .success"))

    group.refresh_from_db()
    assert group.allowed_clients == ["https://assistant.example/mcp"]
    assert [each.name for each in group.allowed_groups.all()] == ["Clerks"]
    assert overflow <= 0
    assert complaints(browser) == []
