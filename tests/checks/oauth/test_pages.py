"""The template around the pages for users."""

from pathlib import Path

import pytest
from django.contrib.auth.views import LoginView
from django.urls import path
from pytest_django import Settings

from tests.auth.test_pages import SITE, holding
from tests.checks.messages import found, hints
from tests.urlconfs import package_routes, site

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("templates", "problem"),
    [
        ({"narrow.html": SITE}, ""),
        ({"narrow.html": "{% nonsense %}"}, "cannot be loaded: TemplateSyntaxError("),
        ({"narrow.html": "{% block main %}{% endblock %}"}, "has no block 'content': narrow.html."),
    ],
    ids=["good", "broken", "without the block"],
)
def test_base_template_must_have_a_place_for_pages(
    settings: Settings, templates: dict[str, str], problem: str
) -> None:
    settings.TEMPLATES = holding(templates)
    settings.DJANGO_MCP_BASE_TEMPLATE = "narrow.html"

    messages = found().get("E003", [""])

    assert len(messages) == 1
    assert messages[0].startswith(problem and f"The template in DJANGO_MCP_BASE_TEMPLATE {problem}")


@pytest.mark.oauth
@pytest.mark.parametrize("name", ["base.html", "narrow.html"])
@pytest.mark.parametrize("has_title", [True, False])
def test_i003_tells_of_a_template_that_shows_no_title(
    settings: Settings, name: str, has_title: bool
) -> None:
    title = "<title>{% block title %}Shop{% endblock %}</title>" if has_title else "<title>Shop"
    frame = f"{title}{{% block content %}}{{% endblock %}}"
    settings.TEMPLATES = holding({"frame.html": frame, name: '{% extends "frame.html" %}'})
    settings.DJANGO_MCP_BASE_TEMPLATE = "" if name == "base.html" else name

    assert set(found()) == (set() if has_title else {"I003"})
    if not has_title:
        assert f"no block 'title': {name}." in found()["I003"][0]


def test_missing_base_template_is_told_with_near_misses_and_folders(
    settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "templates"
    (folder / "shop").mkdir(parents=True)
    (folder / "shop" / "narrow.html").write_text('{% extends "frame.html" %}')
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [folder]}]
    settings.BASE_DIR = tmp_path

    for name, missing, start in (
        ("shop/narow.html", "names 'shop/narow.html'", "Did you mean 'shop/narrow.html'?"),
        ("narrow.html", "names 'narrow.html'", "Did you mean 'shop/narrow.html'?"),
        ("quite-other.html", "names 'quite-other.html'", "Templates are looked for in templates,"),
        ("shop/narrow.html", "needs 'frame.html'", "Templates are looked for in templates,"),
    ):
        settings.DJANGO_MCP_BASE_TEMPLATE = name

        assert found() == {
            "E003": [f"DJANGO_MCP_BASE_TEMPLATE {missing}, and no template has that name."]
        }
        (hint,) = hints()["E003"]
        assert hint.startswith(start)
        assert "Templates are looked for in templates," in hint
        assert "{% block" not in hint


@pytest.mark.parametrize("is_wanted", [True, False])
@pytest.mark.parametrize("has_messages", [True, False])
def test_message_at_sign_in_needs_the_app_that_shows_it(
    settings: Settings, is_wanted: bool, has_messages: bool
) -> None:
    settings.DJANGO_MCP_LOGIN_MESSAGE = is_wanted
    if not has_messages:
        apps = set(settings.INSTALLED_APPS) - {"django.contrib.admin", "django.contrib.messages"}
        settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app in apps]
        settings.ROOT_URLCONF = site(*package_routes(), path("login/", LoginView.as_view()))
        settings.LOGIN_URL = "/login/"

    messages = found().get("E003", [])

    assert messages == (
        ["DJANGO_MCP_LOGIN_MESSAGE is set, and the site has no messages."]
        if is_wanted and not has_messages
        else []
    )
