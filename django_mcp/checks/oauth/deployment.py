"""Problems of OAuth that matter in production only."""

from collections.abc import Iterator

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Warning

from django_mcp.auth.oauth.metadata import issuer
from django_mcp.checks.caches import CacheFault, fault_of, shared_cache
from django_mcp.checks.https import https_url, is_unencrypted
from django_mcp.checks.ids import CheckId
from django_mcp.checks.oauth.client_registration import can_register
from django_mcp.endpoints import get_endpoints


def deployment_problems() -> Iterator[CheckMessage]:
    """Yield the problems of the issuer and of the cache for registrations."""
    named = issuer()
    # Of endpoints check_deployment tells.
    if is_unencrypted(named) and not is_unencrypted(get_endpoints().default.url):
        yield Warning(
            f"The issuer {named} is not https; clients refuse it.",
            hint=f'Set OAUTH2_PROVIDER["OIDC_ISS_ENDPOINT"] to "{https_url(named)}", or leave it '
            "out.",
            id=CheckId.UNENCRYPTED_ISSUER,
        )
    alias = getattr(django_settings, "RATELIMIT_USE_CACHE", "default")
    is_unshared = fault_of(alias) in {CacheFault.EMPTY, CacheFault.UNSHARED}
    if can_register() and is_unshared and not django_settings.DEBUG:
        yield Warning(
            f"Each process counts registrations for itself: no other sees its cache {alias!r}.",
            hint=f"{shared_cache(alias, 'RATELIMIT_USE_CACHE')} Without either: "
            '{"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}, and '
            "run: python manage.py createcachetable.",
            id=CheckId.UNSHARED_CACHE,
        )
