"""Check of the package's settings."""

from typing import Any

import pytest
from django.db import connections
from pytest_django import Settings

from django_mcp.conf import declared_settings
from tests.calls import offering
from tests.checks.messages import found, hints

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db


def act(value: Any = None) -> None:
    """Act."""


class TestSettings:
    def test_e003_tells_what_is_of_the_wrong_type(self, settings: Settings) -> None:
        settings.DJANGO_MCP_THREADS = "many"
        settings.DJANGO_MCP_REDACT = "password"

        assert found()["E003"] == [
            "DJANGO_MCP_REDACT must be a list of strings.",
            "DJANGO_MCP_THREADS must be a positive int.",
        ]

    @pytest.mark.parametrize(
        ("name", "problem"),
        [
            ("CACHE_SCOPE", "must be 'private' or 'public'"),
            ("REGISTRATION_RATE", "must be a string such as '20/h' or None"),
        ],
    )
    def test_e003_names_the_texts_that_a_setting_takes(
        self, settings: Settings, name: str, problem: str
    ) -> None:
        setattr(settings, f"DJANGO_MCP_{name}", "shared")

        assert found()["E003"] == [f"DJANGO_MCP_{name} {problem}."]

    @pytest.mark.parametrize(
        ("name", "values"),
        [
            ("ENABLE_NEW_GROUPS", "True or False; the default is False"),
            ("WSGI_STREAMS", "True or False or None; the default is None"),
            ("THREADS", "a positive whole number; the default is "),
            ("BODY_TIMEOUT", "a positive number; the default is 10.0"),
            ("SERVER_NAME", "a string; the default is ''"),
            ("LOGIN_SCOPES", "'read' or 'all'; the default is 'read'"),
            ("REGISTRATION_RATE", "a string such as '20/h' or None; the default is '20/h'"),
            ("REDACT", "a list of strings; the default is ['password',"),
            ("EXCEPTIONS", "a dict of strings to strings or None; the default is {}"),
        ],
    )
    def test_e003_says_which_values_a_setting_takes(
        self, settings: Settings, name: str, values: str
    ) -> None:
        setattr(settings, f"DJANGO_MCP_{name}", b"yes")

        (hint,) = hints()["E003"]
        assert hint.startswith(f"Set DJANGO_MCP_{name} to {values}")

    @pytest.mark.parametrize("value", [None, 5, "x", [5], {"a": 1}, object(), b"x", [[]], 1.5])
    def test_no_value_of_a_setting_crashes_a_check(self, settings: Settings, value: Any) -> None:
        for setting in declared_settings():
            setattr(settings, setting.name, value)

        assert "E003" in found(deploy=True, databases=list(connections))

    @pytest.mark.parametrize(
        ("name", "correction"),
        [
            ("TREADS", "Did you mean DJANGO_MCP_THREADS?"),
            ("ENABLE_NEW_GROUP", "Did you mean DJANGO_MCP_ENABLE_NEW_GROUPS?"),
            ("RATE", "Did you mean DJANGO_MCP_RATES? "),
            ("MAX_CALL_PER_USER", "Did you mean DJANGO_MCP_MAX_CALLS_PER_USER? "),
            ("COLOUR_OF_THE_SKY", "Take it out of the settings."),
            ("NAME", "Did you mean DJANGO_MCP_SERVER_NAME?"),
            ("ENDPOINT_URL", "Did you mean DJANGO_MCP_URL?"),
        ],
    )
    def test_w008_tells_what_is_misspelt(
        self, settings: Settings, name: str, correction: str
    ) -> None:
        setattr(settings, f"DJANGO_MCP_{name}", 4)

        assert found() == {"W008": [f"DJANGO_MCP_{name} is not a setting of django_mcp."]}
        assert hints()["W008"][0].startswith(correction)

    def test_w008_tells_that_settings_are_not_in_one_dictionary(self, settings: Settings) -> None:
        settings.DJANGO_MCP = {"URL": "https://shop.example/mcp"}

        assert set(found()) == {"W008"}
        assert 'DJANGO_MCP_URL = "https://shop.example/mcp"' in hints()["W008"][0]

    def test_i001_tells_that_new_groups_start_closed(self, settings: Settings) -> None:
        del settings.DJANGO_MCP_ENABLE_NEW_GROUPS

        assert found() == {
            "I001": ["New tool groups start closed: no client sees what is in them."]
        }
        with offering(act, group="notes"):
            (hint,) = hints()["I001"]
        assert "DJANGO_MCP_ENABLE_NEW_GROUPS = True" in hint
        assert hint.endswith("python manage.py mcp_catalog enable notes")

    @pytest.mark.parametrize("is_open", [True, False])
    def test_i001_is_silent_once_the_project_has_decided(
        self, settings: Settings, is_open: bool
    ) -> None:
        settings.DJANGO_MCP_ENABLE_NEW_GROUPS = is_open

        assert found() == {}
