"""The settings of all subjects in one class, and the object that reads them."""

from typing import Any

from django_mcp.conf.background import BackgroundSettings
from django_mcp.conf.budgets import BudgetSettings
from django_mcp.conf.calls import CallSettings
from django_mcp.conf.concurrency import ConcurrencySettings
from django_mcp.conf.endpoint import EndpointSettings
from django_mcp.conf.oauth import OAuthSettings
from django_mcp.conf.rates import RateSettings
from django_mcp.conf.repeats import RepeatSettings
from django_mcp.conf.sizes import SizeSettings
from django_mcp.conf.times import TimeSettings
from django_mcp.setting import Setting


class Settings(
    EndpointSettings,
    OAuthSettings,
    CallSettings,
    RateSettings,
    ConcurrencySettings,
    BudgetSettings,
    SizeSettings,
    TimeSettings,
    RepeatSettings,
    BackgroundSettings,
):
    """Settings of the package, by their names without the prefix."""


settings = Settings()


def declared_settings() -> list[Setting[Any]]:
    """Return every setting, in the order of their names."""
    members = (value for cls in Settings.__mro__ for value in vars(cls).values())
    declared = [value for value in members if isinstance(value, Setting)]
    return sorted(declared, key=lambda setting: setting.name)
