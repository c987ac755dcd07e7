"""What every page for users has around it: the site's template, and headers that guard it."""

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
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
    assert "color-scheme" not in shown


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
    assert "color-scheme: light dark" in shown


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


def policy(response: Any, header: str = "Content-Security-Policy") -> dict[str, list[str]]:
    directives = response[header].split("; ")
    return {name: sources for name, *sources in (directive.split() for directive in directives)}


def style_sources(response: Any) -> list[str]:
    """The style sheets in the page, as a policy spells them."""
    sheets = re.findall(r"<style[^>]*>(.*?)</style>", response.content.decode(), re.DOTALL)
    digests = [sha256(sheet.encode()).digest() for sheet in sheets]
    return [f"'sha256-{b64encode(digest).decode()}'" for digest in digests]


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


def test_page_of_its_own_has_its_style_in_it_and_loads_nothing(
    browser: Browser, settings: Settings
) -> None:
    settings.TEMPLATES = holding({})

    response = browser.get("/page/")
    shown = response.content.decode()

    assert len(style_sources(response)) == 2
    assert "<link" not in shown
    assert " style=" not in shown
    assert policy(response)["default-src"] == ["'none'"]
    assert policy(response)["style-src"] == style_sources(response)


def test_page_needs_no_static_files(browser: Browser, settings: Settings) -> None:
    """A storage that has not collected them raises an error for every name."""
    manifest = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    settings.TEMPLATES = holding({})
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": manifest}}

    assert ".mcp-page {" in browser.get("/page/").content.decode()


def test_style_of_the_sites_own_is_allowed_as_well(browser: Browser, settings: Settings) -> None:
    settings.TEMPLATES = holding({"django_mcp/pages.css": ".mcp-page > h1 { color: green }"})

    response = browser.get("/page/")

    assert ".mcp-page > h1 { color: green }</style>" in response.content.decode()
    assert policy(response)["style-src"] == style_sources(response)


needs_policies = pytest.mark.skipif(
    django.VERSION < (6, 0), reason="Django has such policies since 6.0"
)


@pytest.fixture
def with_policies(settings: Settings) -> None:
    settings.TEMPLATES = holding({"base.html": SITE})
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "django.middleware.csp.ContentSecurityPolicyMiddleware",
    ]


@needs_policies
@pytest.mark.usefixtures("with_policies")
def test_page_keeps_what_the_sites_own_policy_says_of_other_things(
    browser: Browser, settings: Settings
) -> None:
    settings.SECURE_CSP = {
        "script-src": ["'self'", "https://cdn.example"],
        "form-action": ["'self'"],
    }

    directives = policy(browser.get("/page/"))

    assert directives["script-src"] == ["'self'", "https://cdn.example"]
    assert directives["form-action"] == ["'self'", "cursor:"]
    assert directives["frame-ancestors"] == ["'none'"]
    assert "style-src" not in directives


@needs_policies
@pytest.mark.usefixtures("with_policies")
@pytest.mark.parametrize(
    ("site", "name", "kept"),
    [
        ({"style-src": ["'self'"]}, "style-src", ["'self'"]),
        ({"style-src": "'self'"}, "style-src", ["'self'"]),
        ({"style-src": ["'none'"]}, "style-src", []),
        ({"default-src": ["'self'", "cdn.example"]}, "style-src", ["'self'", "cdn.example"]),
        ({"default-src": ["'self'"], "style-src-elem": ["'self'"]}, "style-src-elem", ["'self'"]),
        ({"style-src": ["'self'", "<CSP_NONCE_SENTINEL>"]}, "style-src", ["'self'"]),
        (
            {"style-src": ["'unsafe-inline'", "'sha256-abc='"]},
            "style-src",
            ["'unsafe-inline'", "'sha256-abc='"],
        ),
    ],
    ids=["sources", "one source", "none", "default", "elements", "unused nonce", "ignored inline"],
)
@pytest.mark.parametrize("setting", ["SECURE_CSP", "SECURE_CSP_REPORT_ONLY"])
def test_style_is_added_to_the_sites_own_policy(
    browser: Browser,
    settings: Settings,
    setting: str,
    site: dict[str, Any],
    name: str,
    kept: list[str],
) -> None:
    setattr(settings, setting, site)
    header = "Content-Security-Policy" + "-Report-Only" * setting.endswith("REPORT_ONLY")

    response = browser.get("/page/")
    [style] = style_sources(response)
    allowed = policy(response, header)[name]

    assert allowed[: len(kept)] == kept
    assert style in allowed


@needs_policies
@pytest.mark.usefixtures("with_policies")
def test_inline_styles_that_the_site_allows_stay_allowed(
    browser: Browser, settings: Settings
) -> None:
    """Beside a hash, browsers would ignore this word."""
    settings.SECURE_CSP = {"style-src": ["'self'", "'unsafe-inline'"]}

    assert policy(browser.get("/page/"))["style-src"] == ["'self'", "'unsafe-inline'"]


@needs_policies
@pytest.mark.usefixtures("with_policies")
def test_nonce_that_the_sites_template_uses_stays_beside_the_style(
    browser: Browser, settings: Settings
) -> None:
    settings.TEMPLATES = holding(
        {"base.html": f"<style nonce='{{{{ csp_nonce }}}}'></style>{SITE}"}
    )
    settings.TEMPLATES[0]["OPTIONS"]["context_processors"] = [
        "django.template.context_processors.csp"
    ]
    settings.SECURE_CSP = {"style-src": ["<CSP_NONCE_SENTINEL>"]}

    response = browser.get("/page/")
    nonce, *others = policy(response)["style-src"]

    opening = "<style nonce='" + nonce.removeprefix("'nonce-") + ">"
    assert opening in response.content.decode()
    assert style_sources(response)[1] in others


def overwriting(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    """Middleware with a policy of its own for every page, and nonces as django-csp has them."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.csp_nonce = "n0nce"  # type: ignore[attr-defined]
        response = get_response(request)
        response["Content-Security-Policy"] = "default-src 'self' 'nonce-n0nce'"
        return response

    return middleware


@pytest.mark.parametrize("templates", [{"base.html": SITE}, {}], ids=["site's", "own"])
def test_style_carries_the_nonce_of_a_policy_that_takes_the_place_of_the_pages(
    browser: Browser, settings: Settings, templates: dict[str, str]
) -> None:
    settings.TEMPLATES = holding(templates)
    settings.MIDDLEWARE = [f"{__name__}.overwriting", *settings.MIDDLEWARE]

    shown = browser.get("/page/").content.decode()

    assert shown.count("<style") == shown.count('<style nonce="n0nce">') > 0
