"""Page of circuit breakers: the state of each, and a button that closes it."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from django_mcp.admin.formats import moment_text
from django_mcp.admin.markup import Tone, mark
from django_mcp.admin.registry_view import read_registry
from django_mcp.kinds import Kind
from django_mcp.models import ToolGroup
from django_mcp.models.kinds import KIND_CHOICES
from django_mcp.policy.breakers.circuits import Circuit, circuits_of
from django_mcp.policy.breakers.state import CircuitState, close_circuit, read_state
from django_mcp.primitives.primitive import Primitive

logger = logging.getLogger(__name__)

KEY = "breaker"
VIEW = "django_mcp_toolgroup_circuit_breakers"


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerRow:
    """Row of the page: a breaker, what shares it, and its state; None if the cache is away."""

    circuit: Circuit
    primitives: Sequence[Primitive]
    state: CircuitState | None

    @property
    def name(self) -> str:
        """Name of the breaker, or of the only primitive that it belongs to."""
        return self.circuit.breaker.name or self.primitives[0].name

    @property
    def members(self) -> list[tuple[str, SafeString | str]]:
        """Names of what shares it, each with a mark of its kind; empty for a tool."""
        return [
            (each.name, "" if each.kind is Kind.TOOL else mark(KIND_CHOICES[each.kind], Tone.QUIET))
            for each in self.primitives
        ]

    @property
    def mark(self) -> SafeString:
        """Mark of the state."""
        if self.state is None:
            return mark(pgettext_lazy("circuit breaker", "unknown"), Tone.WARNING)
        if not self.state.is_open:
            return mark(pgettext_lazy("circuit breaker", "closed"), Tone.GOOD)
        if self.state.is_probed:
            return mark(_("open, being tried"), Tone.WARNING)
        return mark(pgettext_lazy("circuit breaker", "open"), Tone.BAD)

    @property
    def failures(self) -> str:
        """Failures in a row, and how many open it; empty once it is open."""
        if self.state is None or self.state.is_open:
            return ""
        return gettext("%(count)d of %(limit)d") % {
            "count": self.state.failures,
            "limit": self.circuit.breaker.failures,
        }

    @property
    def since(self) -> str:
        """Time since which it is open."""
        since = None if self.state is None else self.state.since
        return "" if since is None else moment_text(since)

    @property
    def next_probe(self) -> str:
        """Time from which the next call is let through to try."""
        if self.state is None or not self.state.is_open:
            return ""
        due = self.state.next_probe
        return gettext("with the next call") if due is None else moment_text(due)

    @property
    def is_open(self) -> bool:
        """True if it can be closed."""
        return self.state is not None and self.state.is_open


class CircuitBreakerPages(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """Model admin of tool groups, as far as its page of circuit breakers goes."""

    @override
    def get_urls(self) -> list[URLPattern]:
        breakers = path(
            "circuit-breakers/", self.admin_site.admin_view(self.circuit_breakers), name=VIEW
        )
        return [breakers, *super().get_urls()]

    @override
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"has_breakers": bool(_circuits()), **(extra_context or {})}
        return super().changelist_view(request, context)

    def circuit_breakers(self, request: HttpRequest) -> HttpResponse:
        """Render the page; close a breaker once that is confirmed."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        request.current_app = self.admin_site.name
        if request.method != "POST":
            return self._page(request, "django_mcp/admin/circuit_breakers.html", _rows())
        if not self.has_change_permission(request):
            raise PermissionDenied
        chosen = [each for each in _rows() if each.circuit.key == request.POST.get(KEY)]
        if chosen and chosen[0].is_open and "confirmed" not in request.POST:
            template = "django_mcp/admin/circuit_breaker_confirmation.html"
            return self._page(request, template, chosen)
        if chosen and chosen[0].is_open:
            self._close(request, chosen[0])
        else:
            text = gettext("This circuit breaker is not open any more.")
            self.message_user(request, text, messages.WARNING)
        return HttpResponseRedirect(reverse(f"admin:{VIEW}", current_app=self.admin_site.name))

    def _page(
        self, request: HttpRequest, template: str, rows: Sequence[BreakerRow]
    ) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Circuit breakers"),
            "opts": self.opts,
            "rows": rows,
            "is_away": any(each.state is None for each in rows),
            "problems": read_registry().problems,
            "may_close": self.has_change_permission(request),
            "key_name": KEY,
        }
        return TemplateResponse(request, template, context)

    def _close(self, request: HttpRequest, row: BreakerRow) -> None:
        close_circuit(row.circuit)
        names = {each.group for each in row.primitives}
        text = gettext("Closed the circuit breaker “%(name)s”.") % {"name": row.name}
        for group in ToolGroup.objects.filter(name__in=names):
            self.log_change(request, group, text)
        logger.warning("Circuit breaker %s was closed by user %s", row.name, request.user.pk)
        self.message_user(request, text, messages.SUCCESS)


def _circuits() -> Sequence[tuple[Circuit, Sequence[Primitive]]]:
    return list(circuits_of(read_registry().registry.primitives.values()).items())


def _rows() -> list[BreakerRow]:
    found = [
        BreakerRow(circuit=circuit, primitives=primitives, state=_state(circuit))
        for circuit, primitives in _circuits()
    ]
    return sorted(found, key=lambda row: (not row.is_open, row.name))


def _state(circuit: Circuit) -> CircuitState | None:
    try:
        return read_state(circuit)
    except Exception as error:  # noqa: BLE001  (every cache has its own)
        logger.warning("The cache of circuit breakers cannot be read: %r", error)
        return None
