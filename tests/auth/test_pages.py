"""What every page for users has around it: the site's template, and headers that guard it."""

from collections.abc import Mapping
from typing import Any

import django
import pytest
from django.http import HttpRequest, HttpResponse
from django.template import TemplateDoesNotExist
from django.test import Client as Browser
from django.urls import path
from pytest_django import Settings

from django_mcp.auth.pages import render_page


def page(request: HttpRequest) -> HttpResponse:
    return render_page(
        request, "django_mcp/page.html", {"title": "Hello & welcome"}, form_targets=["cursor:"]
    )


urlpatterns = [path("page/", page)]


@pytest.fixture
def browser(settings: Settings) -> Browser:
    settings.ROOT_URLCONF = __name__
    return Browser()


def holding(templates: Mapping[str, str]) -> list[dict[str, Any]]:
    """Template settings of a site that has these templates besides those of its apps."""
    loaders = [
        ("django.template.loaders.locmem.Loader", dict(templates)),
        "django.template.loaders.app_directories.Loader",
    ]
    return [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {"loaders": loaders},
        }
    ]


SITE = "<title>{% block title %}{% endblock %} | Shop</title>{% block content %}{% endblock %}"


@pytest.mark.parametrize(
    "templates",
    [
        {"base.html": SITE},
        {"base.html": "{% extends 'layout.html' %}", "layout.html": SITE},
    ],
    ids=["plain", "extends another"],
)
def test_page_wears_the_sites_own_template(
    browser: Browser, settings: Settings, templates: dict[str, str]
) -> None:
    settings.TEMPLATES = holding(templates)

    shown = browser.get("/page/").content.decode()

    assert "<title>Hello &amp; welcome | Shop</title>" in shown
    assert "<h1>Hello &amp; welcome</h1>" in shown
    assert "django_mcp/pages.css" in shown
    assert "django_mcp/base.css" not in shown


@pytest.mark.parametrize(
    "templates",
    [
        {},
        {
            "base.html": "<title>{% block title %}{% endblock %}</title>{% block main %}"
            "{% endblock %}"
        },
    ],
    ids=["no template", "no block for it"],
)
def test_page_stands_on_its_own_where_the_site_has_no_place_for_it(
    browser: Browser, settings: Settings, templates: dict[str, str]
) -> None:
    settings.TEMPLATES = holding(templates)

    shown = browser.get("/page/").content.decode()

    assert '<html lang="en-gb" dir="ltr">' in shown
    assert "<title>Hello &amp; welcome</title>" in shown
    assert "<h1>Hello &amp; welcome</h1>" in shown
    assert "django_mcp/base.css" in shown


def test_page_wears_the_template_that_the_setting_names(
    browser: Browser, settings: Settings
) -> None:
    settings.TEMPLATES = holding({"base.html": SITE, "narrow.html": SITE.replace("Shop", "Narrow")})
    settings.DJANGO_MCP_BASE_TEMPLATE = "narrow.html"

    assert "| Narrow</title>" in browser.get("/page/").content.decode()


def test_template_of_the_setting_that_is_not_there_is_named(
    browser: Browser, settings: Settings
) -> None:
    settings.DJANGO_MCP_BASE_TEMPLATE = "nowhere.html"

    with pytest.raises(TemplateDoesNotExist, match=r"nowhere\.html"):
        browser.get("/page/")


def policy(response: Any) -> dict[str, list[str]]:
    directives = response["Content-Security-Policy"].split("; ")
    return {name: sources for name, *sources in (directive.split() for directive in directives)}


def test_page_is_neither_framed_nor_kept(browser: Browser, settings: Settings) -> None:
    settings.X_FRAME_OPTIONS = "SAMEORIGIN"
    settings.SECURE_REFERRER_POLICY = "unsafe-url"

    response = browser.get("/page/")

    assert response["X-Frame-Options"] == "DENY"
    assert "no-store" in response["Cache-Control"]
    assert response["Referrer-Policy"] == "same-origin"
    assert policy(response) == {
        "base-uri": ["'self'"],
        "form-action": ["'self'", "cursor:"],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
    }


def test_page_of_its_own_loads_its_styles_and_nothing_else(
    browser: Browser, settings: Settings
) -> None:
    settings.TEMPLATES = holding({})
    settings.STATIC_URL = "https://static.example/files/"

    response = browser.get("/page/")

    assert policy(response)["default-src"] == ["'none'"]
    assert policy(response)["style-src"] == ["'self'", "https://static.example"]
    assert 'href="https://static.example/files/django_mcp/pages.css"' in response.content.decode()


@pytest.mark.skipif(django.VERSION < (6, 0), reason="Django has such policies since 6.0")
def test_page_keeps_what_the_sites_own_policy_says_of_other_things(
    browser: Browser, settings: Settings
) -> None:
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "django.middleware.csp.ContentSecurityPolicyMiddleware",
    ]
    settings.SECURE_CSP = {
        "script-src": ["'self'", "https://cdn.example"],
        "form-action": ["'self'"],
    }

    directives = policy(browser.get("/page/"))

    assert directives["script-src"] == ["'self'", "https://cdn.example"]
    assert directives["form-action"] == ["'self'", "cursor:"]
    assert directives["frame-ancestors"] == ["'none'"]
