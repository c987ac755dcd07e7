"""Private names of django-oauth-toolkit that are called or overridden here: it promises none.

Each is listed with its parameters, so that a release which changes one is noticed by its name.
"""

import inspect
from collections.abc import Callable, Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest
from oauth2_provider import cimd
from oauth2_provider.cimd import SafeMetadataFetcher
from oauth2_provider.oauth2_backends import OAuthLibCore
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.views import (
    ConnectDiscoveryInfoView,
    DynamicClientRegistrationManagementView,
    OAuthServerMetadataView,
)

from django_mcp import auth

pytestmark = pytest.mark.implementation

SIGNATURES = {
    cimd._build_application_kwargs: "(metadata)",
    cimd._registration_permitted: "(request, client_id)",
    cimd._validate_client_id_url: "(client_id)",
    SafeMetadataFetcher._read_document: "(self, response)",
    OAuthLibCore._extract_params: "(self, request)",
    OAuth2Validator._check_and_set_request_resource: "(self, request)",
    OAuth2Validator._check_secret: "(self, provided_secret, stored_secret)",
    OAuth2Validator._create_refresh_token: (
        "(self, request, refresh_token_code, access_token, previous_refresh_token)"
    ),
    OAuth2Validator._load_access_token: "(self, token)",
    OAuth2Validator._load_application: "(self, client_id, request)",
    OAuth2Validator._save_bearer_token: "(self, token, request, *args, **kwargs)",
    DynamicClientRegistrationManagementView._authenticate_registration_request: (
        "(self, request, client_id)"
    ),
    # Two classes, in case that they share it no more.
    OAuthServerMetadataView._get_endpoint_url: "(self, request, view_name, required=False)",
    ConnectDiscoveryInfoView._get_endpoint_url: "(self, request, view_name, required=False)",
}


@pytest.mark.parametrize(
    ("function", "signature"),
    [pytest.param(*each, id=each[0].__qualname__) for each in SIGNATURES.items()],
)
def test_private_name_has_the_parameters_that_it_is_called_with(
    function: Callable[..., Any], signature: str
) -> None:
    found = inspect.signature(function)
    parameters = [
        each.replace(annotation=inspect.Parameter.empty) for each in found.parameters.values()
    ]

    assert str(inspect.Signature(parameters)) == signature


def test_every_private_name_that_a_subclass_shares_or_a_module_imports_is_listed() -> None:
    used = {name for module in iter_modules(auth.__path__) for name in private_names(module.name)}

    assert used <= {function.__name__ for function in SIGNATURES}
    assert "_save_bearer_token" in used


def private_names(module_name: str) -> Iterator[str]:
    """The private names of the toolkit that a module of `django_mcp.auth` shares with it."""
    module = import_module(f"{auth.__name__}.{module_name}")
    for name, value in vars(module).items():
        if inspect.isfunction(value) and is_private(name) and is_toolkits(value):
            yield name
        if inspect.isclass(value) and value.__module__ == module.__name__:
            bases = [each for each in value.__mro__ if is_toolkits(each)]
            for own in names_in(value):
                if is_private(own) and any(own in vars(each) for each in bases):
                    yield own


def names_in(owner: type) -> Iterator[str]:
    """The names that a class defines, and those that its methods use."""
    for name, value in vars(owner).items():
        yield name
        if inspect.isfunction(value):
            yield from value.__code__.co_names


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def is_toolkits(value: Any) -> bool:
    return str(value.__module__).partition(".")[0] in ("oauth2_provider", "oauthlib")
