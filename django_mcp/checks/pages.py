"""The pages for users."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register

from django_mcp.auth.pages import base_template, has_content
from django_mcp.conf import Settings, settings


@register(Tags.templates)
def check_base_template(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """The template that the pages for users extend shows them."""
    if not settings.BASE_TEMPLATE or Settings.BASE_TEMPLATE.problem():
        return []  # check_settings tells
    try:
        problem = "" if has_content(base_template()) else "has no block 'content'"
    except Exception as error:  # noqa: BLE001  (a template may hold anything)
        problem = f"cannot be loaded: {error!r}"
    if not problem:
        return []
    message = f"The template in {Settings.BASE_TEMPLATE.name} {problem}."
    return [Error(message, hint=Settings.BASE_TEMPLATE.help, id="django_mcp.E003")]
