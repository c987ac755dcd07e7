import pytest
from django.contrib.auth.models import User
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from tests.browser.pictures import complaints, take

pytest.importorskip("oauth2_provider")

from tests.applications import AccessToken
from tests.factories import registered, token

pytestmark = pytest.mark.oauth

CLIENTS = "/admin/django_mcp/clientregistration/"


@pytest.mark.django_db(transaction=True)
def test_operator_revokes_the_access_of_a_user_on_the_keyboard(
    live_server: LiveServer, browser: Chrome, wait: WebDriverWait[Chrome], operator: User
) -> None:
    grace, kept = (User.objects.create_user(name) for name in ("grace", "kept"))
    for name in ("Code editor", "Desktop assistant"):
        application = registered(name)
        for user in (grace, kept):
            token(application, user)

    browser.get(f"{live_server.url}{CLIENTS}")
    browser.find_element(By.LINK_TEXT, "REVOKE ACCESS").send_keys(Keys.ENTER)
    field = wait.until(lambda page: page.find_element(By.ID, "id_user"))
    field.send_keys("grace", Keys.ENTER)
    sure = wait.until(
        lambda page: page.find_element(
            By.CSS_SELECTOR, "form[method=post] [name=confirmed] ~ [type=submit]"
        )
    )
    take(browser, "revoke-access", height=760)
    sure.send_keys(Keys.ENTER)
    said = wait.until(lambda page: page.find_element(By.CSS_SELECTOR, ".messagelist .success").text)

    assert said == (
        "Revoked: access tokens: 2, refresh tokens: 0, codes: 0. Cancelled: tasks: 0. (grace)"
    )
    assert {row.user for row in AccessToken.objects.select_related("user")} == {kept}
    assert complaints(browser) == []
