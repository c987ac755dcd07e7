"""Checks of what clients are told of an endpoint: its website, icons and instructions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.template import TemplateDoesNotExist, TemplateSyntaxError
from django.template.loader import get_template

from django_mcp.checks.ids import CheckId
from django_mcp.conf import Settings, settings
from django_mcp.content import Icon
from django_mcp.endpoints import get_endpoints

WEBSITE_SCHEMES = ("https://", "http://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Settings, or an endpoint, that say something of a server, with the names of its parts."""

    website: str
    website_name: str
    icons: Sequence[Icon]
    icons_name: str
    instructions: str
    instructions_name: str
    template: str
    template_name: str


@register
def check_server_info(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that the website and icons of endpoints have URLs, and instructions are rendered."""
    return [message for source in _sources() for message in _messages(source)]


def _sources() -> Iterator[Source]:
    said = (
        Settings.SERVER_WEBSITE,
        Settings.SERVER_ICONS,
        Settings.INSTRUCTIONS,
        Settings.INSTRUCTIONS_TEMPLATE,
    )
    if not any(each.problem() for each in said):  # E003 tells
        yield Source(
            website=settings.SERVER_WEBSITE,
            website_name=Settings.SERVER_WEBSITE.name,
            icons=settings.SERVER_ICONS,
            icons_name=Settings.SERVER_ICONS.name,
            instructions=settings.INSTRUCTIONS,
            instructions_name=Settings.INSTRUCTIONS.name,
            template=settings.INSTRUCTIONS_TEMPLATE,
            template_name=Settings.INSTRUCTIONS_TEMPLATE.name,
        )
    try:
        endpoints = list(get_endpoints())
    except ImproperlyConfigured:
        return  # check_endpoint tells
    for endpoint in endpoints:
        yield Source(
            website=endpoint.website,
            website_name=f"website of the endpoint {endpoint.name!r}",
            icons=endpoint.icons,
            icons_name=f"icons of the endpoint {endpoint.name!r}",
            instructions=endpoint.instructions,
            instructions_name=f"instructions of the endpoint {endpoint.name!r}",
            template=endpoint.instructions_template,
            template_name=f"instructions_template of the endpoint {endpoint.name!r}",
        )


def _messages(source: Source) -> Iterator[CheckMessage]:
    if source.template and (problem := _problem(source.template)):
        yield Error(
            f"{source.template_name} names {source.template!r}, which {problem}",
            hint="Name a template of plain text, such as mcp/instructions.txt in the folder "
            "templates of an app. Without one that can be rendered, clients get no instructions.",
            id=CheckId.INVALID_INSTRUCTIONS_TEMPLATE,
        )
    if source.template and source.instructions:
        yield Warning(
            f"{source.instructions_name} and {source.template_name} are both set; the template "
            "counts.",
            hint=f"Take {source.instructions_name} out, or move its text into the template.",
            id=CheckId.UNUSED_INSTRUCTIONS,
        )
    if source.website and not source.website.lower().startswith(WEBSITE_SCHEMES):
        yield Error(
            f"{source.website_name}: {source.website[:100]!r} is no http(s) URL.",
            hint='Give the whole address: "https://shop.example/", for example.',
            id=CheckId.INVALID_WEBSITE,
        )
    for icon in source.icons:
        if not icon.is_loadable:
            yield Error(
                f"{source.icons_name}: {icon.src[:100]!r} is no http(s) or data URL.",
                hint='Give the whole address: Icon(src="https://shop.example/static/icon.png"), '
                "for example.",
                id=CheckId.INVALID_ICON,
            )


def _problem(name: str) -> str:
    try:
        get_template(name)
    except TemplateDoesNotExist:
        return "does not exist."
    except TemplateSyntaxError as error:
        return f"cannot be parsed: {error}"
    return ""
