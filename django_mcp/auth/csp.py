"""Content-Security-Policy of the pages for users, within the site's own."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from django.conf import settings as django_settings
from django.http import HttpRequest, HttpResponse

MIDDLEWARE = "django.middleware.csp.ContentSecurityPolicyMiddleware"
NONE = "'none'"
UNSAFE_INLINE = "'unsafe-inline'"
# The last is what Django replaces by a nonce.
HASHES_AND_NONCES = ("'sha", "'nonce-", "<CSP_NONCE")

# As `SECURE_CSP` spells it: a directive's sources, one source, or a flag.
Policy: TypeAlias = Mapping[str, Any]


def restrict(
    response: HttpResponse,
    request: HttpRequest,
    directives: Mapping[str, Sequence[str]],
    *,
    styles: Sequence[str],
) -> None:
    """Set the policy: `directives`, and `styles`, the sources of the page's own style sheets.

    What the site's `SECURE_CSP` and `SECURE_CSP_REPORT_ONLY` say of other things stays.
    """
    policy, report_only = _site_policies()
    if policy:
        from django.views.decorators.csp import csp_override  # since Django 6.0

        _override(csp_override, response, request, _merge(policy, directives, styles))
    else:
        response["Content-Security-Policy"] = "; ".join(
            " ".join((name, *sources)) for name, sources in _merge({}, directives, styles).items()
        )
    if report_only:
        from django.views.decorators.csp import csp_report_only_override

        merged = _merge(report_only, directives, styles)
        _override(csp_report_only_override, response, request, merged)


def _site_policies() -> tuple[Policy, Policy]:
    if MIDDLEWARE not in django_settings.MIDDLEWARE:
        return {}, {}
    return django_settings.SECURE_CSP, django_settings.SECURE_CSP_REPORT_ONLY


def _override(
    decorator: Callable[..., Any], response: HttpResponse, request: HttpRequest, policy: Policy
) -> None:
    decorator(policy)(lambda request: response)(request)


def _merge(
    policy: Policy, directives: Mapping[str, Sequence[str]], styles: Sequence[str]
) -> dict[str, Any]:
    merged = {**policy, **directives}
    names = [name for name in ("style-src-elem", "style-src") if merged.get(name)]
    if names:
        return merged | {name: _adding(styles, merged[name]) for name in names}
    if merged.get("default-src"):
        merged["style-src"] = _adding(styles, merged["default-src"])
    return merged


def _adding(styles: Sequence[str], sources: Any) -> list[str]:
    known = [sources] if isinstance(sources, str) else list(sources)
    # Browsers ignore it beside a hash: the first one would forbid the site's own inline styles.
    if UNSAFE_INLINE in known and not any(each.startswith(HASHES_AND_NONCES) for each in known):
        return known
    return [*(source for source in known if source != NONE), *styles]
