"""What every page for users has around it: the site's template, and headers that guard it."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import django
import pytest
from csp.constants import NONCE
from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponse
from django.template import TemplateDoesNotExist
from django.test import Client as Browser
from django.urls import path
from pytest_django import Settings

from django_mcp.auth.consent.pages import render_page


def page(request: HttpRequest) -> HttpResponse:
    template = request.GET.get("template", "django_mcp/page.html")
    return render_page(request, template, {"title": "Hello & welcome"}, form_targets=["cursor:"])


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


def test_turbo_and_htmx_leave_the_page_to_the_browser(browser: Browser, settings: Settings) -> None:
    settings.TEMPLATES = holding({})

    shown = browser.get("/page/").content.decode()

    around, _, within = shown.partition(
        '<div class="mcp-page" data-turbo="false" hx-boost="false">'
    )
    assert '<meta name="turbo-visit-control" content="reload">' in around
    assert "<h1>" in within


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


def style_nonce(response: Any) -> str:
    """The nonce that all style sheets in the page carry, as a policy spells it."""
    page = response.content.decode()
    [nonce] = set(re.findall(r"""<style nonce=["']?([\w+/=-]{16,})["']?>""", page))
    assert page.count(nonce) == page.count("<style")
    return f"'nonce-{nonce}'"


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

    assert shown.count("<style") == 2
    assert "<link" not in shown
    assert " style=" not in shown
    assert policy(response)["default-src"] == ["'none'"]
    assert policy(response)["style-src"] == [style_nonce(response)]


def test_style_is_allowed_whatever_a_minifier_makes_of_it(
    browser: Browser, settings: Settings
) -> None:
    settings.TEMPLATES = holding({})
    settings.MIDDLEWARE = [f"{__name__}.minifying", *settings.MIDDLEWARE]

    first, second = browser.get("/page/"), browser.get("/page/")

    assert policy(first)["style-src"] == [style_nonce(first)]
    assert policy(second)["style-src"] == [style_nonce(second)]
    assert style_nonce(first) != style_nonce(second)


def minifying(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    """Middleware that takes quotes and white space out of pages, as django-minify-html does."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.content = b" ".join(response.content.split()).replace(b'"', b"")
        return response

    return middleware


def test_page_needs_no_static_files(browser: Browser, settings: Settings) -> None:
    """A storage that has not collected them raises an error for every name."""
    manifest = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    settings.TEMPLATES = holding({})
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": manifest}}

    assert ".mcp-page {" in browser.get("/page/").content.decode()


def test_site_that_shows_the_title_itself_leaves_the_heading_out(
    browser: Browser, settings: Settings
) -> None:
    own = "{% extends 'django_mcp/page.html' %}{% block mcp_heading %}{% endblock %}"
    settings.TEMPLATES = holding(
        {
            "base.html": SITE.replace("title>", "h1>"),
            "django_mcp/page.html": own,
            # As the consent page, whose heading marks the name that an application chose.
            "signed.html": "{% extends 'django_mcp/page.html' %}{% block mcp_heading_text %}Hello"
            "{% endblock %}{% block mcp_content %}<p>Text</p>{% endblock %}",
        }
    )

    page, signed = (
        browser.get(f"/page/?template={name}").content.decode()
        for name in ("django_mcp/page.html", "signed.html")
    )

    assert re.findall(r"<h1.*?</h1>", page) == ["<h1>Hello &amp; welcome | Shop</h1>"]
    assert re.findall(r"<h1.*?</h1>", signed) == ["<h1>Hello &amp; welcome | Shop</h1>"]
    assert "<p>Text</p>" in signed
    assert "<style nonce=" in signed


def test_style_sheet_of_the_sites_own_takes_the_place_of_the_packages(
    browser: Browser, settings: Settings
) -> None:
    settings.TEMPLATES = holding({"django_mcp/pages.css": ".mcp-page > h1 { color: green }"})

    shown = browser.get("/page/").content.decode()

    assert re.findall(r"<style[^>]*>(.*?)</style>", shown) == [".mcp-page > h1 { color: green }"]


def django_policies(
    settings: Settings, policy: Mapping[str, Any], *, report_only: bool = False
) -> None:
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "django.middleware.csp.ContentSecurityPolicyMiddleware",
    ]
    setattr(settings, "SECURE_CSP" + "_REPORT_ONLY" * report_only, policy)


def django_csp_policies(
    settings: Settings, policy: Mapping[str, Any], *, report_only: bool = False
) -> None:
    nonced = {
        name: [NONCE if each == CSP_NONCE else each for each in sources]
        if isinstance(sources, list)
        else sources
        for name, sources in policy.items()
    }
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.MiddlewareOfTheSite"]
    name = "CONTENT_SECURITY_POLICY" + "_REPORT_ONLY" * report_only
    setattr(settings, name, {"DIRECTIVES": {"default-src": None, **nonced}})


class MiddlewareOfTheSite(CSPMiddleware):
    """As django-csp's documentation has sites extend it."""


CSP_NONCE = "<CSP_NONCE_SENTINEL>"
with_policies = pytest.mark.parametrize(
    "site_has",
    [
        pytest.param(
            django_policies,
            id="Django",
            marks=pytest.mark.skipif(django.VERSION < (6, 0), reason="since Django 6.0"),
        ),
        pytest.param(django_csp_policies, id="django-csp"),
    ],
)


@with_policies
def test_page_keeps_what_the_sites_own_policy_says_of_other_things(
    browser: Browser, settings: Settings, site_has: Callable[..., None]
) -> None:
    site_has(
        settings,
        {"script-src": ["'self'", "https://cdn.example"], "form-action": ["'self'"]},
    )
    settings.TEMPLATES = holding({"base.html": SITE})

    assert policy(browser.get("/page/")) == {
        "base-uri": ["'self'"],
        "form-action": ["'self'", "cursor:"],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
        "script-src": ["'self'", "https://cdn.example"],
    }


@with_policies
@pytest.mark.parametrize(
    ("site", "name", "kept"),
    [
        ({"style-src": ["'self'"]}, "style-src", ["'self'"]),
        ({"style-src": "'self'"}, "style-src", ["'self'"]),
        ({"style-src": ["'none'"]}, "style-src", []),
        ({"default-src": ["'self'", "cdn.example"]}, "style-src", ["'self'", "cdn.example"]),
        ({"default-src": ["'self'"], "style-src-elem": ["'self'"]}, "style-src-elem", ["'self'"]),
        ({"style-src": ["'self'", CSP_NONCE]}, "style-src", ["'self'"]),
        (
            {"style-src": ["'unsafe-inline'", "'sha256-abc='"]},
            "style-src",
            ["'unsafe-inline'", "'sha256-abc='"],
        ),
    ],
    ids=["sources", "one source", "none", "default", "elements", "nonce", "ignored inline"],
)
@pytest.mark.parametrize("report_only", [False, True], ids=["enforced", "report only"])
def test_style_is_added_to_the_sites_own_policy(
    browser: Browser,
    settings: Settings,
    site_has: Callable[..., None],
    report_only: bool,
    site: dict[str, Any],
    name: str,
    kept: list[str],
) -> None:
    site_has(settings, site, report_only=report_only)
    settings.TEMPLATES = holding({"base.html": SITE})
    header = "Content-Security-Policy" + "-Report-Only" * report_only

    response = browser.get("/page/")
    allowed = policy(response, header)[name]

    assert list(dict.fromkeys(allowed)) == [*kept, style_nonce(response)]
    assert policy(response)["frame-ancestors"] == ["'none'"]


@with_policies
def test_inline_styles_that_the_site_allows_stay_allowed(
    browser: Browser, settings: Settings, site_has: Callable[..., None]
) -> None:
    """Beside a nonce, browsers would ignore this word."""
    site_has(settings, {"style-src": ["'self'", "'unsafe-inline'"]})
    settings.TEMPLATES = holding({"base.html": SITE})

    assert policy(browser.get("/page/"))["style-src"] == ["'self'", "'unsafe-inline'"]


@with_policies
def test_nonce_that_the_sites_template_uses_is_the_styles_too(
    browser: Browser, settings: Settings, site_has: Callable[..., None]
) -> None:
    site_has(settings, {"style-src": [CSP_NONCE]})
    processor = {
        django_policies: "django.template.context_processors.csp",
        django_csp_policies: "csp.context_processors.nonce",
    }[site_has]
    settings.TEMPLATES = holding(
        {"base.html": f"<style nonce='{{{{ csp_nonce }}}}{{{{ CSP_NONCE }}}}'></style>{SITE}"}
    )
    settings.TEMPLATES[0]["OPTIONS"]["context_processors"] = [processor]

    response = browser.get("/page/")

    assert response.content.count(b"<style") == 2
    assert set(policy(response)["style-src"]) == {style_nonce(response)}


def test_page_has_a_policy_of_its_own_on_paths_that_django_csp_leaves_out(
    browser: Browser, settings: Settings
) -> None:
    django_csp_policies(settings, {"script-src": ["'self'"]})
    settings.CONTENT_SECURITY_POLICY["EXCLUDE_URL_PREFIXES"] = ["/page"]

    assert policy(browser.get("/page/"))["frame-ancestors"] == ["'none'"]


def overwriting(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    """Middleware with a policy of its own for every page, and nonces as django-csp has them."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.csp_nonce = "n0nce-of-the-site"  # type: ignore[attr-defined]
        response = get_response(request)
        response["Content-Security-Policy"] = "default-src 'self' 'nonce-n0nce-of-the-site'"
        return response

    return middleware


@pytest.mark.parametrize("templates", [{"base.html": SITE}, {}], ids=["site's", "own"])
def test_style_carries_the_nonce_of_a_policy_that_takes_the_place_of_the_pages(
    browser: Browser, settings: Settings, templates: dict[str, str]
) -> None:
    settings.TEMPLATES = holding(templates)
    settings.MIDDLEWARE = [f"{__name__}.overwriting", *settings.MIDDLEWARE]

    response = browser.get("/page/")

    assert style_nonce(response) in policy(response)["default-src"]
