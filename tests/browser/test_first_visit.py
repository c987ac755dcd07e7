"""A program that knows nothing but a URL, and its user at a real browser."""

from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

pytest.importorskip("oauth2_provider")

from tests.browser.test_consent import answer, press
from tests.browser.test_consent import callback as callback
from tests.e2e.programs import Program
from tests.hosts.front_door.host import FRONT_DOOR
from tests.hosts.process import Site, serving
from tests.hosts.users import PASSWORD, USERNAME

pytestmark = pytest.mark.oauth

PAGE = ".mcp-page"


@pytest.fixture(scope="module")
def front_door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(FRONT_DOOR, tmp_path_factory.mktemp("front-door")) as site:
        yield site


@pytest.fixture
def program(
    front_door: Site, browser: Chrome, wait: WebDriverWait[Chrome], callback: str
) -> Program:
    """A program whose user signs in where that is asked, and allows everything."""

    def allow(url: str, redirect_uri: str) -> dict[str, str]:
        browser.get(url)
        for field in browser.find_elements(By.NAME, "username"):
            field.send_keys(USERNAME)
            browser.find_element(By.NAME, "password").send_keys(PASSWORD, "\n")
        wait.until(lambda page: page.find_elements(By.CSS_SELECTOR, PAGE))
        press(browser, "Allow")
        return answer(browser, wait)

    return Program(url=front_door.url, ask=allow, redirect_uri=callback)


async def test_user_lets_a_program_in_and_further_in(program: Program) -> None:
    async with program.running() as client:
        free = await client.call_tool("next_free_day", {})
        filed = await client.call_tool("file_note", {"text": "Call the printer"})

    assert free.structured_content == filed.structured_content == {"result": "Friday"}
    assert len(program.visits) == 2
    assert program.scopes == {"calendar:read", "calendar:write", "desk:read", "desk:write"}


async def test_user_disconnects_a_program_and_lets_it_in_again(
    front_door: Site, program: Program, browser: Chrome, wait: WebDriverWait[Chrome]
) -> None:
    await program.call("next_free_day")
    browser.get(f"{front_door.home}/connected-assistants/")
    connected = browser.find_elements(By.CSS_SELECTOR, f"a[href$='{program.client_id}']")
    connected[0].click()
    wait.until(lambda page: page.title.startswith("Disconnect"))
    press(browser, "Disconnect")
    wait.until(lambda page: page.find_elements(By.CSS_SELECTOR, "[role=status]"))
    left = browser.find_elements(By.CSS_SELECTOR, f"a[href$='{program.client_id}']")
    result = await program.call("next_free_day")

    assert (len(connected), left) == (1, [])
    assert result.is_error is False
    assert [status for status, _ in program.transport.seen] == [401, 401]
    assert len(program.visits) == 2
