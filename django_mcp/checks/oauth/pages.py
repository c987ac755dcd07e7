"""Checks of the pages for users: their base template, their titles and the login message."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Error, Info, Tags, register
from django.template import TemplateDoesNotExist

from django_mcp.auth.consent.pages import base_template, has_block
from django_mcp.checks.ids import CheckId
from django_mcp.checks.oauth.template_names import name_advice
from django_mcp.conf import Settings, settings
from django_mcp.schemas.callables import shown_path


@register(Tags.templates)
def check_base_template(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that the base template of the pages for users has the block `content`."""
    if not settings.BASE_TEMPLATE or Settings.BASE_TEMPLATE.problem():
        return []  # check_settings tells
    name = Settings.BASE_TEMPLATE.name
    other = (
        f"take {name} out: the site's base.html is used if it has the block 'content', else a page "
        "of django_mcp's own."
    )
    try:
        template = base_template()
        is_right = has_block(template, "content")
    except TemplateDoesNotExist as error:
        missing = str(error.args[0])
        reference = "names" if missing == settings.BASE_TEMPLATE else "needs"
        message = f"{name} {reference} {missing!r}, and no template has that name."
        hint = " ".join(filter(None, (name_advice(missing), f"Correct the name, or {other}")))
    except Exception as error:  # noqa: BLE001  (a template may hold anything)
        message = f"The template in {name} cannot be loaded: {error!r}."
        hint = f"Correct the template, or {other}"
    else:
        if is_right:
            return []
        # Templates of one name hide each other: the file says which is found.
        file = shown_path(Path(template.origin.name))
        message = f"The template in {name} has no block 'content': {file}."
        hint = f"Write {{% block content %}}{{% endblock %}} where the pages belong, or {other}"
    return [Error(message, hint=hint, id=CheckId.INVALID_SETTING)]


@register(Tags.templates)
def check_page_titles(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that the base template of the pages for users has the block `title`."""
    if not apps.is_installed("oauth2_provider") or Settings.BASE_TEMPLATE.problem():
        return []  # check_settings tells
    try:
        template = base_template()
        is_titled = has_block(template, "title") or not has_block(template, "content")
    except Exception:  # noqa: BLE001  (a template may hold anything; check_base_template tells)
        return []
    if is_titled:
        return []
    return [
        Info(
            "The template around the pages for users has no block 'title': "
            f"{shown_path(Path(template.origin.name))}. The browser's tab has the site's title, "
            "and not that of the page.",
            hint="Write <title>{% block title %}the site's title{% endblock %}</title>.",
            id=CheckId.MISSING_TITLE_BLOCK,
        )
    ]


@register
def check_login_message(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that the site shows messages if `DJANGO_MCP_LOGIN_MESSAGE` is set."""
    if not settings.LOGIN_MESSAGE or Settings.LOGIN_MESSAGE.problem():
        return []  # check_settings tells
    if apps.is_installed("django.contrib.messages"):
        return []
    message = f"{Settings.LOGIN_MESSAGE.name} is set, and the site has no messages."
    hint = (
        "Add django.contrib.messages to INSTALLED_APPS, and its middleware to MIDDLEWARE; or use "
        "the template tag pending_assistants."
    )
    return [Error(message, hint=hint, id=CheckId.INVALID_SETTING)]
