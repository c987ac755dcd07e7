"""A real browser: Chromium, driven by Selenium."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from pytest_django.live_server_helper import LiveServer
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from tests.markers import mark_folder, unavailable
from tests.wire import PATIENCE

pytest_collection_modifyitems = mark_folder(__file__, "browser")

# No window, and nothing that makes it call home.
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1400,1000",
)
LEAVING = (NoSuchElementException, StaleElementReferenceException)


@pytest.fixture(scope="session")
def live_server(django_db_setup: None, live_server: LiveServer) -> LiveServer:
    """The site, started once its test database is there.

    Started earlier, it takes SQLite's for one in memory, and its threads share one connection.
    """
    return live_server


@pytest.fixture
def browser_flags() -> Sequence[str]:
    """More flags, for a test that parametrises them."""
    return ()


@pytest.fixture
def browser(tmp_path: Path, browser_flags: Sequence[str]) -> Iterator[Chrome]:
    """A browser that knows nothing yet."""
    chromium = _find("chromium", "chromium-browser", "google-chrome")
    driver = _find("chromedriver")
    options = ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, *browser_flags, f"--user-data-dir={tmp_path}"):
        options.add_argument(flag)
    chrome = Chrome(options=options, service=Service(driver))
    try:
        yield chrome
    finally:
        chrome.quit()


@pytest.fixture
def wait(browser: Chrome) -> WebDriverWait[Chrome]:
    """Waits until something is so; a page that goes away while it is looked at is looked at again.

    The browser goes on while a test looks: what it was asked for may have come, or not yet.
    """
    return WebDriverWait(browser, PATIENCE, ignored_exceptions=LEAVING)


@pytest.fixture
def operator(live_server: LiveServer, browser: Chrome, wait: WebDriverWait[Chrome]) -> User:
    """A superuser who is signed in in the browser, on the first page of the admin."""
    user = User.objects.create_superuser("olga", password="olga's password")
    browser.get(f"{live_server.url}/admin/")
    browser.find_element(By.NAME, "username").send_keys("olga")
    browser.find_element(By.NAME, "password").send_keys("olga's password", "\n")
    wait.until(lambda page: page.find_elements(By.ID, "user-tools"))
    return user


def _find(*names: str) -> str:
    for name in names:
        if path := shutil.which(name):
            return path
    unavailable(f"{names[0]} is not installed")
