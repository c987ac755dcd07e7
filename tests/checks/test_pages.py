"""The template around the pages for users."""

import pytest
from pytest_django import Settings

from tests.auth.test_pages import SITE, holding
from tests.checks.messages import found

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("templates", "problem"),
    [
        ({"narrow.html": SITE}, ""),
        ({}, "cannot be loaded: TemplateDoesNotExist('narrow.html')"),
        ({"narrow.html": "{% nonsense %}"}, "cannot be loaded: TemplateSyntaxError("),
        ({"narrow.html": "{% block main %}{% endblock %}"}, "has no block 'content': narrow.html."),
    ],
    ids=["good", "missing", "broken", "without the block"],
)
def test_base_template_must_have_a_place_for_pages(
    settings: Settings, templates: dict[str, str], problem: str
) -> None:
    settings.TEMPLATES = holding(templates)
    settings.DJANGO_MCP_BASE_TEMPLATE = "narrow.html"

    messages = found().get("E003", [""])

    assert len(messages) == 1
    assert messages[0].startswith(problem and f"The template in DJANGO_MCP_BASE_TEMPLATE {problem}")
