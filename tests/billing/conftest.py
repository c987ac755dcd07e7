"""The site of the API: its settings, and its rows."""

from collections.abc import Iterator
from functools import cache
from importlib import import_module

import pytest
from django.core.cache import caches
from pytest_django import Settings

from django_mcp.policy.snapshot import forget_snapshot
from django_mcp.primitives.declaration import collecting
from django_mcp.primitives.registry import Registry, build, using_registry
from tests.billing import world
from tests.billing.tenancy import DOMAIN
from tests.markers import mark_folder

pytest_collection_modifyitems = mark_folder(__file__, "oauth")


@pytest.fixture
def site(settings: Settings) -> Settings:
    """The settings of a site with the API."""
    settings.ROOT_URLCONF = "tests.billing.urls"
    settings.ALLOWED_HOSTS = ["testserver", f".{DOMAIN}"]
    settings.AUTHENTICATION_BACKENDS = [
        "oauth2_provider.backends.OAuth2Backend",
        "django.contrib.auth.backends.ModelBackend",
    ]
    settings.MIDDLEWARE = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "oauth2_provider.middleware.OAuth2TokenMiddleware",
        "tests.billing.tenancy.CompanyMiddleware",
    ]
    settings.REST_FRAMEWORK = {"EXCEPTION_HANDLER": "tests.billing.errors.handle"}
    return settings


@pytest.fixture
def filled(db: None) -> None:
    """The rows of both companies, and no request that throttles remember."""
    caches["default"].clear()
    world.fill()


@pytest.fixture
def tools(site: Settings) -> Iterator[Registry]:
    """The tools of the API, instead of the project's: each company's at its own host."""
    site.DJANGO_MCP_DRF_REQUEST = "tests.billing.tenancy.name_host"
    forget_snapshot()
    with using_registry(_registry()) as registry:
        yield registry
    forget_snapshot()


@cache
def _registry() -> Registry:
    """The tools, which are resolved once, and where the settings are those of the site."""
    with collecting() as declared:
        # Not at the top: without django-oauth-toolkit there are no such views.
        import_module("tests.billing.tools").declare()
    return build(declared)
