"""Static files of a site under development, served as `runserver` serves them."""

from typing import Any, cast

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.handlers.asgi import get_script_prefix
from django.urls import set_script_prefix
from starlette.types import ASGIApp, Receive, Scope, Send


def with_static_files(application: ASGIApp) -> ASGIApp:
    """Wrap the application in Django's handler of static files, where `runserver` would.

    That is under DEBUG, with `django.contrib.staticfiles` installed and without WhiteNoise's
    `runserver_nostatic`.
    """
    is_served = (
        settings.DEBUG
        and apps.is_installed("django.contrib.staticfiles")
        and not apps.is_installed("whitenoise.runserver_nostatic")
    )
    return StaticFiles(application) if is_served else application


class StaticFiles:
    """ASGI application that serves what is below `STATIC_URL`, and passes the rest on."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application
        self._handler: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, as ASGI applications do."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        if self._handler is None:
            self._handler = self._build_handler(scope)
        await self._handler(scope, receive, send)

    def _build_handler(self, scope: Scope) -> ASGIApp:
        # Django remembers STATIC_URL below the prefix under which it is first read, for links too.
        # At the mount there is none yet.
        set_script_prefix(get_script_prefix(scope))
        if not settings.STATIC_URL:
            return self._application
        # Its types know Django's applications alone.
        return cast(ASGIApp, ASGIStaticFilesHandler(cast(Any, self._application)))
