"""Problems of dynamic client registration and of client metadata documents."""

from collections.abc import Iterator

from django.core.checks import CheckMessage, Error, Warning
from oauth2_provider.settings import oauth2_settings

from django_mcp.checks.base_classes import descends_from, one_descends_from
from django_mcp.checks.ids import CheckId

VALIDATOR = "django_mcp.auth.oauth.validator.EndpointValidator"
FETCHER = "django_mcp.auth.clients.documents.fetcher.ClientDocumentFetcher"
REGISTRATION_PERMISSION = "django_mcp.auth.clients.registration.permissions.RegistrationPermission"
DOCUMENT_PERMISSION = "django_mcp.auth.clients.registration.permissions.ClientDocumentPermission"
LOGGED_IN_PERMISSION = "oauth2_provider.dcr.IsAuthenticatedDCRPermission"
OPEN_PERMISSION = "oauth2_provider.dcr.AllowAllDCRPermission"
LISTED_HOSTS_PERMISSION = "oauth2_provider.cimd.HostAllowlistCIMDPermission"


def can_register() -> bool:
    """Return whether an application can register itself as a client."""
    return bool(oauth2_settings.DCR_ENABLED or oauth2_settings.CIMD_ENABLED)


def registration_problems() -> Iterator[CheckMessage]:
    """Yield the problems of how applications register themselves."""
    if not can_register():
        return
    if not descends_from(oauth2_settings.OAUTH2_VALIDATOR_CLASS, VALIDATOR):
        yield Error(
            "Dynamically registered clients are not confined to the endpoint: one can get a "
            "token without a user that the site's API accepts.",
            hint=f'Set OAUTH2_PROVIDER["OAUTH2_VALIDATOR_CLASS"] to "{VALIDATOR}" or a subclass, '
            "or DCR_ENABLED and CIMD_ENABLED to False.",
            id=CheckId.FOREIGN_OAUTH_VALIDATOR,
        )
    if "none" not in oauth2_settings.OAUTH2_TOKEN_ENDPOINT_AUTH_METHODS_SUPPORTED:
        yield Warning(
            "The metadata do not list clients without a secret; some of these do not register.",
            hint='Add "none" to OAUTH2_PROVIDER["OAUTH2_TOKEN_ENDPOINT_AUTH_METHODS_SUPPORTED"].',
            id=CheckId.UNADVERTISED_PUBLIC_CLIENTS,
        )
    if oauth2_settings.DCR_ENABLED:
        yield from _dynamic_problems()
    if oauth2_settings.CIMD_ENABLED:
        yield from _document_problems()


def _dynamic_problems() -> Iterator[CheckMessage]:
    classes = oauth2_settings.DCR_REGISTRATION_PERMISSION_CLASSES or ()
    if not classes or one_descends_from(classes, REGISTRATION_PERMISSION, LOGGED_IN_PERMISSION):
        return  # without any, the toolkit registers nobody
    hint = (
        'Set OAUTH2_PROVIDER["DCR_REGISTRATION_PERMISSION_CLASSES"] to '
        f'["{REGISTRATION_PERMISSION}"] or a subclass.'
    )
    if all(descends_from(each, OPEN_PERMISSION) for each in classes):
        yield Error(
            "Anyone may register any number of applications, of any size.",
            hint=hint,
            id=CheckId.OPEN_CLIENT_REGISTRATION,
        )
    else:
        yield Warning(
            "The number of applications that anyone may register is limited, if at all, by "
            "classes that django_mcp does not know.",
            hint=hint,
            id=CheckId.UNKNOWN_REGISTRATION_PERMISSION,
        )


def _document_problems() -> Iterator[CheckMessage]:
    if not descends_from(oauth2_settings.CIMD_METADATA_FETCHER, FETCHER):
        yield Warning(
            "The metadata documents of widely used clients, Claude's and ChatGPT's among them, are "
            "refused: they list more than django-oauth-toolkit supports.",
            hint=f'Set OAUTH2_PROVIDER["CIMD_METADATA_FETCHER"] to "{FETCHER}" or a subclass, or '
            "CIMD_ENABLED to False.",
            id=CheckId.FOREIGN_DOCUMENT_FETCHER,
        )
    classes = oauth2_settings.CIMD_REGISTRATION_PERMISSION_CLASSES or ()
    if classes and not one_descends_from(classes, DOCUMENT_PERMISSION, LISTED_HOSTS_PERMISSION):
        yield Warning(
            "Anyone can make this site fetch documents from any address, any number of times.",
            hint='Set OAUTH2_PROVIDER["CIMD_REGISTRATION_PERMISSION_CLASSES"] to '
            f'["{DOCUMENT_PERMISSION}"] or a subclass.',
            id=CheckId.UNLIMITED_DOCUMENT_FETCHES,
        )
