"""Handler of the requests of views: the middleware that `expose` names, and the view."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from django.conf import settings
from django.core.exceptions import (
    BadRequest,
    MiddlewareNotUsed,
    PermissionDenied,
    SuspiciousOperation,
)
from django.core.handlers.base import BaseHandler
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import ResolverMatch, set_urlconf
from django.utils.module_loading import import_string

STATUSES = (
    (Http404, 404),
    (PermissionDenied, 403),
    ((SuspiciousOperation, BadRequest), 400),
)


class ExceptionResponse(HttpResponse):
    """Response that middleware is shown in place of an exception of the view, without its words."""

    def __init__(self, error: Exception) -> None:
        status = next((status for cls, status in STATUSES if isinstance(error, cls)), 500)
        super().__init__(status=status)
        self.error = error


class ViewHandler(BaseHandler):
    """Handler of requests that have been resolved, as Django's own handles those of clients.

    `paths` name the middleware to run around the view, from the outermost on. Exceptions of the
    view are raised, unless a middleware has answered in its place.
    """

    def __init__(self, paths: Sequence[str], *, is_async: bool) -> None:
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        own: Any = self
        view = own._get_response_async if is_async else own._get_response
        chain: Any = _with_responses(view, is_async=is_async) if paths else view
        chain_is_async = is_async
        for path in reversed(paths):
            factory = import_string(path)
            runs_async = _runs_async(factory, path, chain_is_async)
            adapted = self.adapt_method_mode(runs_async, chain, chain_is_async)
            try:
                middleware = factory(adapted)
            except MiddlewareNotUsed:
                continue
            self._add_hooks(middleware, is_async=is_async)
            chain, chain_is_async = _with_responses(middleware, is_async=runs_async), runs_async
        self._chain: Any = self.adapt_method_mode(is_async, chain, chain_is_async)

    def handle(self, request: HttpRequest) -> HttpResponseBase:
        """Return the response of the view; raise what it raises."""
        self._enter(request)
        try:
            return _answer(self._chain(request))
        finally:
            set_urlconf(None)

    async def ahandle(self, request: HttpRequest) -> HttpResponseBase:
        """As `handle`, for an async view."""
        self._enter(request)
        try:
            return _answer(await self._chain(request))
        finally:
            set_urlconf(None)

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        """Return the match that the request was made with."""
        self._enter(request)  # middleware may have chosen another URLconf
        assert request.resolver_match is not None
        return request.resolver_match

    def _enter(self, request: HttpRequest) -> None:
        set_urlconf(getattr(request, "urlconf", settings.ROOT_URLCONF))

    def _add_hooks(self, middleware: Any, *, is_async: bool) -> None:
        if hasattr(middleware, "process_view"):
            self._view_middleware.insert(
                0, self.adapt_method_mode(is_async, middleware.process_view)
            )
        if hasattr(middleware, "process_template_response"):
            self._template_response_middleware.append(
                self.adapt_method_mode(is_async, middleware.process_template_response)
            )
        if hasattr(middleware, "process_exception"):
            # Django calls these in a thread, in async views as well.
            self._exception_middleware.append(
                self.adapt_method_mode(False, middleware.process_exception)
            )


def _runs_async(factory: Any, path: str, wanted: bool) -> bool:
    can_sync = getattr(factory, "sync_capable", True)
    can_async = getattr(factory, "async_capable", False)
    if not can_sync and not can_async:
        raise ValueError(f"the middleware {path} is neither sync_capable nor async_capable")
    return bool(can_async if wanted or not can_sync else False)


def _with_responses(
    get_response: Callable[[HttpRequest], Any], *, is_async: bool
) -> Callable[[HttpRequest], Any]:
    """Return a function whose exceptions are responses: middleware is written for those alone."""
    if is_async:

        async def respond_async(request: HttpRequest) -> HttpResponseBase:
            try:
                awaited: Awaitable[HttpResponseBase] = get_response(request)
                return await awaited
            except Exception as error:  # noqa: BLE001  (it is raised behind the middleware)
                return ExceptionResponse(error)

        return respond_async

    def respond(request: HttpRequest) -> HttpResponseBase:
        try:
            response: HttpResponseBase = get_response(request)
            return response
        except Exception as error:  # noqa: BLE001  (it is raised behind the middleware)
            return ExceptionResponse(error)

    return respond


def _answer(response: HttpResponseBase) -> HttpResponseBase:
    if isinstance(response, ExceptionResponse):
        raise response.error
    return response
