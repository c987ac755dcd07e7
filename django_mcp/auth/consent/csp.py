"""Content-Security-Policy of the pages for users, merged with that of the site."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any, TypeAlias

from django.conf import settings as django_settings
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

DJANGO = "django.middleware.csp.ContentSecurityPolicyMiddleware"  # since Django 6.0
DJANGO_CSP = "csp.middleware.CSPMiddleware"
NONE = "'none'"
UNSAFE_INLINE = "'unsafe-inline'"
# The last is what Django replaces by a nonce.
HASHES_AND_NONCES = ("'sha", "'nonce-", "<CSP_NONCE")

# As `SECURE_CSP` spells it: a directive's sources, one source, or a flag.
Policy: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePolicy:
    """Policy in the settings of the site, with the decorator that overrides it for a view."""

    directives: Policy
    override: Callable[[Policy], Any]
    is_enforced: bool


def request_nonce(request: HttpRequest) -> str | None:
    """Return the nonce of a middleware for the response to this request."""
    nonce = getattr(request, "csp_nonce", None)  # django-csp's name for it
    if nonce is None and _has_middleware(DJANGO):
        nonce = import_module("django.middleware.csp").get_nonce(request)
    # One that nobody has read yet is false.
    return None if nonce is None else str(nonce)


def restrict(
    response: HttpResponse,
    request: HttpRequest,
    directives: Mapping[str, Sequence[str]],
    *,
    nonce: str,
) -> None:
    """Set the policy of a response: `directives`, and a nonce for style sheets in the page.

    The site's policies, Django's or django-csp's, keep their other directives.
    """
    policies = [site for site in _site_policies(request) if site.directives]
    for site in policies:
        merged = _merge(site.directives, directives, nonce)
        site.override(merged)(lambda request: response)(request)
    if not any(site.is_enforced for site in policies):
        response["Content-Security-Policy"] = "; ".join(
            " ".join((name, *sources)) for name, sources in _merge({}, directives, nonce).items()
        )


def _site_policies(request: HttpRequest) -> Iterator[SitePolicy]:
    if _has_middleware(DJANGO):
        decorators = import_module("django.views.decorators.csp")
        yield SitePolicy(
            directives=django_settings.SECURE_CSP,
            override=decorators.csp_override,
            is_enforced=True,
        )
        yield SitePolicy(
            directives=django_settings.SECURE_CSP_REPORT_ONLY,
            override=decorators.csp_report_only_override,
            is_enforced=False,
        )
    elif _has_middleware(DJANGO_CSP):
        replace = import_module("csp.decorators").csp_replace
        yield SitePolicy(
            directives=_directives_of_django_csp(request, "CONTENT_SECURITY_POLICY"),
            override=replace,
            is_enforced=True,
        )
        yield SitePolicy(
            directives=_directives_of_django_csp(request, "CONTENT_SECURITY_POLICY_REPORT_ONLY"),
            override=partial(replace, REPORT_ONLY=True),
            is_enforced=False,
        )


def _directives_of_django_csp(request: HttpRequest, setting: str) -> Policy:
    """Return the policy of a setting of django-csp for this path."""
    config = getattr(django_settings, setting, None)
    if not config or request.path_info.startswith(tuple(config.get("EXCLUDE_URL_PREFIXES") or ())):
        return {}
    policy: Policy = import_module("csp.utils").default_config(config.get("DIRECTIVES", {}))
    return policy


def _has_middleware(base: str) -> bool:
    """Return whether a middleware of the site is of this class, or of a subclass."""
    return any(
        f"{each.__module__}.{each.__qualname__}" == base
        for path in django_settings.MIDDLEWARE
        for each in getattr(import_string(path), "__mro__", ())
    )


def _merge(policy: Policy, directives: Mapping[str, Sequence[str]], nonce: str) -> dict[str, Any]:
    merged = {**policy, **directives}
    names = [name for name in ("style-src-elem", "style-src") if merged.get(name)]
    if names:
        return merged | {name: _adding(nonce, merged[name]) for name in names}
    if merged.get("default-src"):
        merged["style-src"] = _adding(nonce, merged["default-src"])
    return merged


def _adding(nonce: str, sources: Any) -> list[Any]:
    known = list(sources) if isinstance(sources, (list, tuple, set, frozenset)) else [sources]
    # Browsers ignore it beside a nonce: the first one would forbid the site's own inline styles.
    if UNSAFE_INLINE in known and not any(_is_hash_or_nonce(each) for each in known):
        return known
    return [*(source for source in known if source != NONE), f"'nonce-{nonce}'"]


def _is_hash_or_nonce(source: Any) -> bool:
    # What django-csp replaces by a nonce is no string.
    return not isinstance(source, str) or source.startswith(HASHES_AND_NONCES)
