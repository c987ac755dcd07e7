"""Settings: declared once, typed, read whenever they are used."""

from typing import Any

import pytest
from django.conf import LazySettings
from django.test import override_settings
from pytest_django import Settings

from django_mcp import Icon, conf
from django_mcp.conf import declared_settings
from django_mcp.setting import Setting

WRONG: dict[type, list[Any]] = {
    bool: [None, 1, "yes"],
    str: [None, 5, b"bytes"],
    int: [None, "8", 0, -1, 1.5, True],
    float: [None, "5", 0, -0.5, True, float("nan")],
    list: [None, "services", {"services"}, ["services", 5], [None]],
    dict: [None, "shop.Sold", ["shop.Sold"], {"shop.Sold": 5}, {Exception: "shop.sold"}],
}
RIGHT: dict[type, list[Any]] = {
    bool: [True, False],
    str: ["", "text"],
    int: [1, 64],
    float: [0.5, 3],
    list: [[], ["a"], ("a", "b")],
    dict: [{}, {"shop.Sold": "shop.sold", "shop.Closed": None}],
}

# Of those that take not every text, or lists of something else.
RIGHT_TEXTS: dict[str, list[Any]] = {
    "DJANGO_MCP_SERVER_ICONS": [[], [Icon(src="https://shop.example/icon.png")]],
    "DJANGO_MCP_CACHE_SCOPE": ["private", "public"],
    "DJANGO_MCP_LOGIN_SCOPES": ["read", "all"],
    "DJANGO_MCP_CLIENT_AUTHENTICATION_RATE": ["5/m", "100/2h"],
    "DJANGO_MCP_CLIENT_DOCUMENT_RATE": ["5/m", "100/2h"],
    "DJANGO_MCP_REGISTRATION_RATE": ["5/m", "100/2h"],
    "DJANGO_MCP_RATES_FAIL_OPEN": ["reads", "all", "none"],
    "DJANGO_MCP_REQUEST_RATE": ["5/m", "100/2h"],
    "DJANGO_MCP_FAILED_AUTHENTICATION_RATE": ["5/m", "100/2h"],
}
WRONG_TEXTS = {
    "DJANGO_MCP_CLIENT_AUTHENTICATION_RATE": ["", "30", "30 per minute", "30/x", "\u0665/m"],
    "DJANGO_MCP_CACHE_SCOPE": ["", "shared", "Public", "privatepublic"],
    "DJANGO_MCP_LOGIN_SCOPES": ["", "write", "readall"],
    "DJANGO_MCP_RATES_FAIL_OPEN": ["", "writes", "readsall"],
    "DJANGO_MCP_REQUEST_RATE": ["", "30", "30 per minute", "30/x"],
    "DJANGO_MCP_FAILED_AUTHENTICATION_RATE": ["", "30", "30 per minute", "30/x"],
    "DJANGO_MCP_CLIENT_DOCUMENT_RATE": [
        "",
        "20",
        "20 per hour",
        "20/x",
        "5/0m",
        "-1/h",
        "\u0665/h",
    ],
    "DJANGO_MCP_REGISTRATION_RATE": ["", "20", "20 per hour", "20/x", "5/0m", "-1/h", "\u0665/h"],
}


def right_values(setting: Setting[Any]) -> list[Any]:
    zero = [0] if setting.may_be_zero else []
    return [*zero, *RIGHT_TEXTS.get(setting.name, RIGHT[setting.type])]


def wrong_values(setting: Setting[Any]) -> list[Any]:
    wrong = [value for value in WRONG[setting.type] if value != 0 or not setting.may_be_zero]
    return [*wrong, *WRONG_TEXTS.get(setting.name, [])]


every_setting = pytest.mark.parametrize("setting", declared_settings(), ids=lambda each: each.name)


@every_setting
def test_every_setting_explains_itself_and_has_a_default_of_its_type(
    setting: Setting[Any], settings: Settings
) -> None:
    if hasattr(settings, setting.name):
        delattr(settings, setting.name)

    assert setting.name.startswith("DJANGO_MCP_")
    assert setting.help.endswith(".")
    assert setting.problem() == ""
    assert isinstance(setting.default, setting.type) or setting.is_optional


@every_setting
def test_every_setting_is_read_when_it_is_used(setting: Setting[Any], settings: Settings) -> None:
    attribute = setting.name.removeprefix("DJANGO_MCP_")

    for value in right_values(setting):
        setattr(settings, setting.name, value)
        assert getattr(conf.settings, attribute) == value


@every_setting
def test_setting_that_is_absent_has_its_default_before_and_after_it_is_set(
    setting: Setting[Any], settings: Settings
) -> None:
    attribute = setting.name.removeprefix("DJANGO_MCP_")
    if hasattr(settings, setting.name):
        delattr(settings, setting.name)
    assert getattr(conf.settings, attribute) == setting.default

    for value in right_values(setting):
        with override_settings(**{setting.name: value}):
            assert getattr(conf.settings, attribute) == value
        assert getattr(conf.settings, attribute) == setting.default


def test_setting_that_is_absent_raises_no_error_at_every_use(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    if hasattr(settings, "DJANGO_MCP_BUSY_AFTER"):
        del settings.DJANGO_MCP_BUSY_AFTER
    asked: list[str] = []
    look_up = LazySettings.__getattr__

    def look_up_and_note(lazy: LazySettings, name: str) -> Any:
        asked.append(name)
        return look_up(lazy, name)

    monkeypatch.setattr(LazySettings, "__getattr__", look_up_and_note)

    for _ in range(3):
        assert conf.Settings.BUSY_AFTER.default == conf.settings.BUSY_AFTER

    assert asked.count("DJANGO_MCP_BUSY_AFTER") <= 1


@every_setting
def test_every_setting_takes_what_is_of_its_type(setting: Setting[Any], settings: Settings) -> None:
    for value in right_values(setting):
        setattr(settings, setting.name, value)
        assert setting.problem() == "", value


@every_setting
def test_every_setting_refuses_what_is_not(setting: Setting[Any], settings: Settings) -> None:
    for value in wrong_values(setting):
        setattr(settings, setting.name, value)
        if value is None and setting.is_optional:
            assert setting.problem() == ""
        else:
            assert setting.problem().startswith("must be "), value


def test_a_setting_that_is_not_declared_does_not_exist() -> None:
    with pytest.raises(AttributeError):
        conf.settings.REDCAT  # type: ignore[attr-defined]  # noqa: B018
