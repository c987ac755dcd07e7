"""The pages for users."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Error, Tags, register

from django_mcp.auth.pages import base_template, has_content
from django_mcp.conf import Settings, settings
from django_mcp.tools.callables import shown_path


@register(Tags.templates)
def check_base_template(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """The template that the pages for users extend shows them."""
    if not settings.BASE_TEMPLATE or Settings.BASE_TEMPLATE.problem():
        return []  # check_settings tells
    try:
        template = base_template()
        # Templates of one name hide each other: the file says which is found.
        file = shown_path(Path(template.origin.name))
        problem = "" if has_content(template) else f"has no block 'content': {file}"
    except Exception as error:  # noqa: BLE001  (a template may hold anything)
        problem = f"cannot be loaded: {error!r}"
    if not problem:
        return []
    message = f"The template in {Settings.BASE_TEMPLATE.name} {problem}."
    hint = (
        "Write {% block content %}{% endblock %} where the pages belong, or take "
        f"{Settings.BASE_TEMPLATE.name} out: the site's base.html is used if it has that block, "
        "else a page of django_mcp's own."
    )
    return [Error(message, hint=hint, id="django_mcp.E003")]


@register
def check_login_message(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Users see the message that the project wants them to find after they have signed in."""
    if not settings.LOGIN_MESSAGE or Settings.LOGIN_MESSAGE.problem():
        return []  # check_settings tells
    if apps.is_installed("django.contrib.messages"):
        return []
    message = f"{Settings.LOGIN_MESSAGE.name} is set, and the site has no messages."
    hint = (
        "Add django.contrib.messages to INSTALLED_APPS, and its middleware to MIDDLEWARE; or use "
        "the template tag pending_assistants."
    )
    return [Error(message, hint=hint, id="django_mcp.E003")]
