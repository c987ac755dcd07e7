"""The site around the example's pages: navigation, headings, icon and sign-in."""

import copy
import re
from decimal import Decimal
from importlib.util import find_spec

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from example_project.expenses import services

ACCOUNTS = "example_project.demo.accounts.demo_accounts"
HAS_OAUTH = find_spec("oauth2_provider") is not None
NOUNS = ["Expenses", "Summary", "Budgets", "Statements", "Reports", "Services"]
ASSISTANTS = ["Assistants"] if HAS_OAUTH else []
PAGES = [
    "/",
    "/expenses/add/",
    "/summary/",
    "/budgets/",
    "/import/",
    "/reports/",
    "/services/",
    "/services/checkout/",
    *(["/connected-assistants/"] if HAS_OAUTH else []),
]


def page_for(username: str, path: str) -> str:
    browser = Client()
    browser.force_login(User.objects.get(username=username))
    response = browser.get(path)
    assert response.status_code == 200
    return response.content.decode()


def sign_in_page() -> str:
    return Client().get(reverse("login")).content.decode()


@pytest.fixture
def demo_site(settings: Settings) -> None:
    """The context processor that the example's settings name."""
    templates = copy.deepcopy(settings.TEMPLATES)
    templates[0]["OPTIONS"]["context_processors"].append(ACCOUNTS)
    settings.TEMPLATES = templates


@pytest.mark.parametrize(
    ("username", "nouns"),
    [("demo", NOUNS + ASSISTANTS), ("admin", [*NOUNS, *ASSISTANTS, "Calls", "Admin"])],
)
def test_navigation_names_things_and_for_staff_ends_at_the_record_and_the_admin(
    username: str, nouns: list[str], demo: User
) -> None:
    page = page_for(username, "/")

    navigation = page[page.index("<nav") : page.index("</nav>")]
    assert re.findall(r">([^<>]+)</a>", navigation) == nouns
    for path in re.findall(r'href="([^"]+)"', navigation):
        assert page_for(username, path)


@pytest.mark.parametrize("path", PAGES)
def test_page_has_one_heading_with_words_and_one_place_in_the_navigation(
    path: str, demo: User
) -> None:
    page = page_for("demo", path)

    headings = re.findall(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)
    assert len(headings) == 1
    assert headings[0].strip()
    assert page.count("aria-current=") == (2 if path.startswith("/services/") else 1)


@pytest.mark.parametrize("path", ["/", "/admin/"])
def test_icon_needs_no_static_files(path: str, demo: User) -> None:
    icons = re.findall(r'<link rel="icon"[^>]*href="([^"]+)"', page_for("admin", path))

    assert len(icons) == 1
    assert icons[0].startswith("data:image/svg+xml,")


def test_button_that_deletes_looks_dangerous_and_says_what_it_deletes(demo: User) -> None:
    services.set_budget(demo, "travel", Decimal(5000))
    services.add_expense(demo, Decimal(1234), "travel", "Hotel Seeblick")

    page = page_for("demo", "/")

    assert '<button class="danger" aria-label="Delete Hotel Seeblick, 1,234.00 €">' in page


@pytest.mark.usefixtures("demo_site")
def test_sign_in_of_the_demo_shows_its_accounts(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.IS_DEMO = True
    monkeypatch.delenv("DEMO_PASSWORD", raising=False)
    monkeypatch.setenv("DEMO_ADMIN_PASSWORD", "chosen by the user")

    page = sign_in_page()

    assert "<strong>demo</strong>, password <strong>demo</strong>" in page
    assert "<strong>admin</strong>, with the password in <code>DEMO_ADMIN_PASSWORD</code>" in page
    assert "chosen by the user" not in page


@pytest.mark.usefixtures("demo_site")
@pytest.mark.parametrize("has_setting", [True, False])
def test_sign_in_of_another_site_shows_no_accounts(settings: Settings, has_setting: bool) -> None:
    if has_setting:
        settings.IS_DEMO = False

    assert "demo" not in sign_in_page()
