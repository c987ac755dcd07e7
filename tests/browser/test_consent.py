"""What users do on the consent page."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

pytest.importorskip("oauth2_provider")

from django.contrib.auth.models import User
from oauth2_provider.models import get_application_model, get_grant_model
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from django_mcp.models import ToolGroup
from django_mcp.policy.groups import sync_groups
from tests.browser.contrast import colours, contrast, luminance
from tests.browser.pictures import SCHEMES, complaints, scheme, take

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.oauth]

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
SCOPES = ["expense:read", "expense:write", "report:read"]
Application = get_application_model()


class Callback(BaseHTTPRequestHandler):
    """Where a program on the user's device waits for the answer, and leads on to its thanks."""

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path == "/callback":
            self.send_response(302)
            # By another name: that is another origin.
            port = self.headers["Host"].rpartition(":")[2]
            self.send_header("Location", f"http://localhost:{port}/connected?{query}")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>Connected</title>You can close this page.")

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def callback() -> Iterator[str]:
    """The redirect URI of a program that listens."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Callback) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/callback"
        server.shutdown()


@pytest.fixture
def url(live_server: LiveServer, settings: Settings, callback: str) -> str:
    """Where an assistant sends its user, who has an account and is not signed in."""
    settings.DJANGO_MCP_URL = f"{live_server.url}/mcp"
    settings.DJANGO_MCP_SERVER_NAME = "Back office"
    sync_groups()
    ToolGroup.objects.filter(name="desk").update(enabled=False)
    User.objects.create_user("ada", password="ada's password")
    client = Application.objects.create(
        client_id="assistant",
        name="Desktop assistant",
        redirect_uris="http://127.0.0.1/callback",
        client_type=Application.CLIENT_PUBLIC,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        registration_source=Application.RegistrationSource.DCR,
    )
    query = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": callback,
        "scope": " ".join(SCOPES),
        "state": "s1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "resource": settings.DJANGO_MCP_URL,
    }
    return f"{live_server.url}/o/authorize/?{urlencode(query)}"


@pytest.fixture
def page(browser: Chrome, wait: WebDriverWait[Chrome], url: str) -> Chrome:
    """The consent page, as Ada sees it once she has signed in."""
    browser.get(url)
    sign_in(browser)
    wait.until(lambda page: page.find_elements(By.CLASS_NAME, "mcp-page"))
    return browser


def sign_in(browser: Chrome) -> None:
    browser.find_element(By.NAME, "username").send_keys("ada")
    browser.find_element(By.NAME, "password").send_keys("ada's password", Keys.ENTER)


def answer(browser: Chrome, wait: WebDriverWait[Chrome]) -> dict[str, str]:
    """What the program has received."""
    wait.until(lambda page: page.title == "Connected")
    query = parse_qs(urlsplit(browser.current_url).query)
    return {name: value for name, [value] in query.items()}


def press(browser: Chrome, label: str) -> None:
    browser.find_element(By.XPATH, f"//button[normalize-space()='{label}']").click()


def test_user_reads_the_page_and_allows(page: Chrome, wait: WebDriverWait[Chrome]) -> None:
    said = page.find_element(By.CLASS_NAME, "mcp-page").text
    # As tall as the page, so that the buttons are at its end.
    page.set_window_size(1_400, 1_330)
    take(page, "consent", height=1_150)
    press(page, "Allow")
    answered = answer(page, wait)

    grant = get_grant_model().objects.get()
    assert "Desktop assistant asks to use Back office on your behalf." in said
    assert "See your expenses, budgets and summaries" in said
    assert "10 only read\nOpens 6 tools, 3 resources and 1 prompt" in said
    assert "2 may change or delete" in said
    assert "nobody can check which program that is" in said
    assert answered["code"] == grant.code
    assert grant.scope.split() == SCOPES
    assert complaints(page) == []


def test_user_denies(page: Chrome, wait: WebDriverWait[Chrome]) -> None:
    press(page, "Deny")
    answered = answer(page, wait)

    assert answered["error"] == "access_denied"
    assert answered["state"] == "s1"
    assert not get_grant_model().objects.exists()


def test_visitor_of_a_request_that_cannot_be_answered_is_sent_on_by_a_click_alone(
    browser: Chrome, wait: WebDriverWait[Chrome], url: str, callback: str
) -> None:
    browser.get(f"{url}&prompt=none")
    said = browser.find_element(By.CLASS_NAME, "mcp-page").text
    browser.find_element(By.CSS_SELECTOR, ".mcp-page a").click()
    answered = answer(browser, wait)

    assert f"{callback}?error=login_required&state=s1&iss=" in said
    assert "The name is its own claim, which nobody has verified." in said
    assert answered["error"] == "login_required"


def test_user_allows_less_on_the_keyboard(page: Chrome, wait: WebDriverWait[Chrome]) -> None:
    reached = []
    page.find_element(By.CSS_SELECTOR, "[value='expense:read']").send_keys(Keys.TAB)
    while (name := focused(page)) != "Allow":
        reached.append(name)
        outline = page.switch_to.active_element.value_of_css_property("outline-style")
        assert outline == "solid", name
        if name == "expense:write":
            page.switch_to.active_element.send_keys(Keys.SPACE)
        page.switch_to.active_element.send_keys(Keys.TAB)
    page.switch_to.active_element.send_keys(Keys.ENTER)
    answered = answer(page, wait)

    assert reached == [
        "Opens 6 tools, 3 resources and 1 prompt",
        "expense:write",
        "Opens 6 tools",
        "report:read",
        "Opens 1 tool",
        "Deny",
    ]
    assert "code" in answered
    assert get_grant_model().objects.get().scope.split() == ["expense:read", "report:read"]
    assert complaints(page) == []


def focused(browser: Chrome) -> str:
    element = browser.switch_to.active_element
    return element.text or element.get_attribute("value") or ""


def test_enter_on_a_box_allows_nothing(page: Chrome, wait: WebDriverWait[Chrome]) -> None:
    page.find_element(By.CSS_SELECTOR, "[value='expense:read']").send_keys(Keys.ENTER)

    assert answer(page, wait)["error"] == "access_denied"


def test_user_who_allows_nothing_is_told_what_to_do(
    page: Chrome, wait: WebDriverWait[Chrome]
) -> None:
    for box in page.find_elements(By.NAME, "scope"):
        box.send_keys(Keys.SPACE)
    press(page, "Allow")
    alert = wait.until(lambda page: page.find_element(By.CSS_SELECTOR, "[role='alert']"))
    said = alert.text
    page.find_element(By.CSS_SELECTOR, "[value='report:read']").send_keys(Keys.SPACE)
    press(page, "Allow")
    answered = answer(page, wait)

    assert said == "Choose at least one permission, or deny them all."
    assert "code" in answered
    assert get_grant_model().objects.get().scope == "report:read"


def test_user_comes_back_as_another(page: Chrome, wait: WebDriverWait[Chrome]) -> None:
    User.objects.create_user("grace", password="grace's password")

    press(page, "Use another account")
    wait.until(lambda page: page.find_element(By.NAME, "username")).send_keys("grace")
    page.find_element(By.NAME, "password").send_keys("grace's password", Keys.ENTER)
    wait.until(lambda page: page.find_elements(By.CLASS_NAME, "mcp-page"))
    said = page.find_element(By.CLASS_NAME, "mcp-facts").text
    press(page, "Allow")
    answered = answer(page, wait)

    assert "grace" in said
    assert "code" in answered
    assert get_grant_model().objects.get().user.get_username() == "grace"


@pytest.mark.parametrize("browser_flags", [("--blink-settings=scriptEnabled=false",)])
def test_page_works_without_scripts(page: Chrome, wait: WebDriverWait[Chrome]) -> None:
    page.find_element(By.CSS_SELECTOR, "[value='expense:write']").send_keys(Keys.SPACE)
    press(page, "Allow")
    answered = answer(page, wait)
    page.get("data:text/html,<noscript>No scripts</noscript>")

    assert page.find_element(By.TAG_NAME, "body").text == "No scripts"
    assert "code" in answered
    assert get_grant_model().objects.get().scope.split() == ["expense:read", "report:read"]


@pytest.mark.parametrize("has_template", [True, False], ids=["in the site's", "on its own"])
def test_page_fits_a_phone(page: Chrome, settings: Settings, has_template: bool) -> None:
    if not has_template:
        settings.DJANGO_MCP_BASE_TEMPLATE = "django_mcp/base.html"
    get_application_model().objects.update(name="W" * 255)

    with narrow(page):
        page.refresh()
        widths = page.execute_script(
            "return [document.documentElement.scrollWidth, window.innerWidth]"
        )
        cut_off = page.execute_script(
            """return [...document.querySelectorAll('.mcp-page *')].filter(
                element => element.getBoundingClientRect().right > innerWidth
            ).length"""
        )

    assert widths == [320, 320]
    assert cut_off == 0
    assert complaints(page) == []


def test_page_is_pictured_on_a_phone(page: Chrome) -> None:
    with narrow(page, height=2_060):
        page.refresh()
        take(page, "consent-narrow", height=2_000)
        buttons = page.find_elements(By.CSS_SELECTOR, ".mcp-buttons button")
        heights = [button.size["height"] for button in buttons]

    assert min(heights) >= 44


# What Bootstrap, Tailwind, Materialize and older resets do to elements that pages are made of.
RESETS = """
*, ::before, ::after { box-sizing: border-box; margin: 0; padding: 0 }
html { font-size: 62.5% }
body { font-size: 1.6rem; line-height: 1 }
h1, h2, h3 { font-size: inherit; font-weight: inherit }
p, li, label { font-size: 1.8rem; line-height: 1.2 }
ul { list-style: none }
dd { margin-bottom: .8rem }
legend { float: left; width: 100%; margin-bottom: .8rem; font-size: 2.4rem }
summary { display: block; list-style: none }
code { padding: .2em .4em; color: #d63384; background: #fee; font-size: 87.5% }
button, [type="submit"] { width: 100%; margin-bottom: 1.6rem }
[type="checkbox"]:checked, [type="checkbox"]:not(:checked) { position: absolute; opacity: 0 }
label { display: inline-flex; flex-direction: column; padding: 4px 0 7px; text-align: right }
button:not(.a.b):not(.c) { font-family: monospace; font-weight: 600 }
"""
SITE = """<!doctype html><meta name="viewport" content="width=device-width">
<style>body { margin: 0; font: 16px sans-serif } %s</style>
<main>{%% block content %%}{%% endblock %%}</main>"""
# Minifiers drop the white space between the elements of blocks.
MINIFY = """
for (const block of document.querySelectorAll('div, dl, fieldset, form, section, ul'))
    for (const node of [...block.childNodes])
        if (node.nodeType === Node.TEXT_NODE && !node.data.trim()) node.remove();
"""


def test_page_keeps_its_proportions_whatever_the_site_does_to_sizes(
    page: Chrome, settings: Settings, tmp_path: Path
) -> None:
    folders = [tmp_path, *settings.TEMPLATES[0]["DIRS"]]
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": folders}]
    shapes = {}
    for name, styles in (("plain", ""), ("reset", RESETS)):
        (tmp_path / f"{name}.html").write_text(SITE % styles)
        settings.DJANGO_MCP_BASE_TEMPLATE = f"{name}.html"
        for width in (1280, 390):
            with narrow(page, width=width):
                page.refresh()
                if name == "reset":
                    page.execute_script(MINIFY)
                shapes[name, width] = shape(page)
    tags = {tag: (left, style) for tag, left, *_, style in shapes["reset", 390]}

    assert shapes["reset", 1280] == shapes["plain", 1280]
    assert shapes["reset", 390] == shapes["plain", 390]
    assert tags["H1"][0] >= 12
    assert tags["SUMMARY"][1].startswith("list-item inside disclosure-")
    assert tags["INPUT"][1].endswith(" 1")


def test_nothing_shows_through_below_the_decision(
    page: Chrome, settings: Settings, tmp_path: Path
) -> None:
    """In an element of the site that scrolls and has a padding, browsers stop it above that."""
    scroller = "main { position: fixed; inset: 0; overflow: auto; padding: 32px }"
    (tmp_path / "scroller.html").write_text(SITE % scroller)
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    settings.DJANGO_MCP_BASE_TEMPLATE = "scroller.html"

    with narrow(page, width=1280):
        page.refresh()
        beginning = page.execute_script(BELOW_THE_DECISION)
        page.execute_script("const main = document.querySelector('main'); main.scrollTop = 1e6")
        end = page.execute_script(BELOW_THE_DECISION)

    assert beginning == ["mcp-buttons mcp-decision"] * 2
    assert end == [""] * 2


BELOW_THE_DECISION = """
    const {left, bottom} = document.querySelector('.mcp-decision').getBoundingClientRect();
    return [2, 30].map(y => document.elementFromPoint(left + 40, bottom + y).className);
"""


def shape(browser: Chrome) -> list[Any]:
    """Where each element stands, and what else makes it visible."""
    elements: list[Any] = browser.execute_script(
        """return [...document.querySelectorAll('.mcp-page, .mcp-page *')].map(element => {
            const {x, y, width, height} = element.getBoundingClientRect();
            const style = getComputedStyle(element);
            const {display, listStylePosition, listStyleType, opacity} = style;
            return [
                element.tagName, x, y, width, height,
                [display, listStylePosition, listStyleType, style.fontFamily, style.fontSize,
                    style.fontWeight, style.textAlign,
                    ...(element.tagName === 'CODE' ? [style.color, style.backgroundColor] : []),
                    opacity].join(' ')
            ];
        })"""
    )
    return elements


@pytest.mark.parametrize(("width", "height"), [(1280, 600), (390, 640)], ids=str)
def test_decision_stays_in_view_and_covers_nothing_that_is_focused(
    page: Chrome, width: int, height: int
) -> None:
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    page.refresh()

    at_first = page.execute_script(IS_IN_VIEW)
    summary = page.execute_script(IS_SUMMARY_IN_VIEW)
    covered, names = [], []
    page.find_element(By.CLASS_NAME, "mcp-link").send_keys(Keys.TAB)
    while (name := focused(page)) != "Deny":
        names.append(name)
        if not page.execute_script(IS_IN_VIEW):
            covered.append(name)
        page.switch_to.active_element.send_keys(Keys.TAB)

    assert at_first
    assert summary
    assert covered == []
    assert names[0] == SCOPES[0]
    assert names[-1] == "Opens 1 tool"


IS_SUMMARY_IN_VIEW = """
    const [summary, decision] = [".mcp-summary", ".mcp-decision"].map(
        each => document.querySelector(each).getBoundingClientRect()
    );
    return summary.bottom <= decision.top;
"""
IS_IN_VIEW = """
    const shown = element => {
        const box = element.getBoundingClientRect();
        const x = box.left + Math.min(box.width / 2, 20);
        return [box.top + 2, box.bottom - 2].every(
            y => element.contains(document.elementFromPoint(x, y))
        );
    };
    const buttons = [...document.querySelectorAll('[form=mcp-consent]')];
    const focused = document.activeElement;
    return [...buttons, ...(focused === document.body ? [] : [focused])].every(shown);
"""


@contextmanager
def narrow(browser: Chrome, *, width: int = 320, height: int = 640) -> Iterator[None]:
    """A window of this width; without one, as wide as the narrowest phone."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        yield
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.parametrize("name", SCHEMES)
@pytest.mark.parametrize("has_template", [True, False], ids=["in the site's", "on its own"])
def test_page_can_be_read_in_both_colour_schemes(
    page: Chrome, settings: Settings, name: str, has_template: bool
) -> None:
    if not has_template:
        settings.DJANGO_MCP_BASE_TEMPLATE = "django_mcp/base.html"

    with scheme(page, name):
        page.refresh()
        ground = page.execute_script("return getComputedStyle(document.body).backgroundColor")
        text = page.execute_script(
            "return getComputedStyle(document.querySelector('.mcp-page')).color"
        )
        allow = page.find_element(By.CSS_SELECTOR, "button.mcp-primary")
        button = contrast(colours(page, allow))

    assert (luminance(ground) < 0.1) is (name == "dark")
    assert contrast((ground, text)) >= 7
    assert button >= 4.5


def test_page_is_shown_in_no_frame_not_even_of_the_site(
    page: Chrome, live_server: LiveServer, settings: Settings, url: str, wait: WebDriverWait[Chrome]
) -> None:
    settings.X_FRAME_OPTIONS = "SAMEORIGIN"
    sign_in_page = f"{live_server.url}/accounts/login/"

    page.get(sign_in_page)
    in_frame(page, wait, sign_in_page)
    other = page.find_elements(By.NAME, "username")
    page.get(sign_in_page)
    in_frame(page, wait, url)

    assert len(other) == 1
    assert page.find_elements(By.CLASS_NAME, "mcp-page") == []


def in_frame(browser: Chrome, wait: WebDriverWait[Chrome], url: str) -> None:
    """Look into a frame of this page that was asked to show another."""
    browser.execute_script(
        """const frame = document.createElement('iframe');
        frame.onload = () => document.title = 'Framed';
        frame.src = arguments[0];
        document.body.append(frame);""",
        url,
    )
    wait.until(lambda page: page.title == "Framed")
    browser.switch_to.frame(browser.find_element(By.TAG_NAME, "iframe"))
