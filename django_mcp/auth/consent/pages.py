"""Rendering of pages for users, within the base template of the site and never in a frame."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import TemplateDoesNotExist
from django.template.backends.django import DjangoTemplates, Template
from django.template.base import Node
from django.template.base import Template as ParsedTemplate
from django.template.loader import get_template
from django.template.loader_tags import BlockNode, ExtendsNode
from django.utils.cache import add_never_cache_headers

from django_mcp.auth.consent.csp import request_nonce, restrict
from django_mcp.conf import settings

N = TypeVar("N", bound=Node)

OWN_BASE = "django_mcp/base.html"
NONCE_BYTES = 16


def render_page(
    request: HttpRequest,
    template_name: str,
    context: Mapping[str, Any],
    *,
    status: int = 200,
    form_targets: Sequence[str] = (),
) -> HttpResponse:
    """Render a template that extends `django_mcp/page.html`, which displays the `title`.

    The page is never cached or framed. Its forms may lead to the site itself and
    to `form_targets`, which are sources as Content-Security-Policy spells them. Its style is in
    the page, and the policy allows it by a nonce, which the context has as `style_nonce`.
    """
    base = base_template()
    nonce = request_nonce(request) or secrets.token_urlsafe(NONCE_BYTES)
    around = {"base_template": base, "style_nonce": nonce}
    response = render(request, template_name, {**context, **around}, status=status)
    add_never_cache_headers(response)
    response["X-Frame-Options"] = "DENY"
    # Not "no-referrer": browsers would send `Origin: null` with a form, which Django refuses.
    response["Referrer-Policy"] = "same-origin"
    directives = {
        "base-uri": ["'self'"],
        "form-action": ["'self'", *form_targets],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
    }
    if base.template.name == OWN_BASE:
        directives["default-src"] = ["'none'"]
    restrict(response, request, directives, nonce=nonce)
    return response


def base_template() -> Template:
    """Return the base template: `DJANGO_MCP_BASE_TEMPLATE`, else `base.html` of the site, or ours.

    A `base.html` without a block `content` would show nothing of a page, and is ignored.
    Raises `TemplateDoesNotExist` when the setting names a template that does not exist.
    """
    engine: DjangoTemplates = get_template("django_mcp/page.html").backend  # type: ignore[attr-defined]
    if settings.BASE_TEMPLATE:
        return _get(engine, settings.BASE_TEMPLATE)
    try:
        found = _get(engine, "base.html")
    except TemplateDoesNotExist:
        return _get(engine, OWN_BASE)
    return found if has_block(found, "content") else _get(engine, OWN_BASE)


def _get(engine: DjangoTemplates, name: str) -> Template:
    return engine.get_template(name)


def has_block(template: Template, name: str) -> bool:
    """Return whether the template, or one that it extends, has a block of this name."""
    parsed: ParsedTemplate | None = template.template
    while parsed is not None:
        if name in {block.name for block in _nodes(parsed, BlockNode)}:
            return True
        parsed = _parent(parsed)
    return False


def _parent(parsed: ParsedTemplate) -> ParsedTemplate | None:
    for extends in _nodes(parsed, ExtendsNode):
        name = getattr(extends.parent_name, "var", None)
        # What only the rendering of a page decides cannot be looked into.
        return parsed.engine.get_template(name) if isinstance(name, str) else None
    return None


def _nodes(parsed: ParsedTemplate, kind: type[N]) -> list[N]:
    return [node for node in parsed.nodelist.get_nodes_by_type(kind) if isinstance(node, kind)]
