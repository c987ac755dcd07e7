"""Routes of sites that include the package in another way than `tests.urls` does."""

import runpy
from types import ModuleType
from typing import Any

from django.test import override_settings
from django.urls import URLPattern, URLResolver

from django_mcp import urls

Routes = list[URLPattern | URLResolver]


def package_routes(**changes: Any) -> Routes:
    """What `django_mcp.urls` holds under other settings: it reads them when it is imported."""
    with override_settings(**changes):
        found: Routes = runpy.run_path(urls.__file__)["urlpatterns"]
    return found


def site(*routes: URLPattern | URLResolver) -> ModuleType:
    """A root URLconf with these routes."""
    module: Any = ModuleType("routes_of_a_test")
    module.urlpatterns = list(routes)
    found: ModuleType = module
    return found
