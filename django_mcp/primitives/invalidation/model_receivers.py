"""Receivers of the signals of models, by which changes of rows invalidate cached results."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from django.db.models import Model
from django.db.models.signals import m2m_changed, post_delete, post_save

from django_mcp.kinds import Key
from django_mcp.primitives.declaration import Declaration
from django_mcp.primitives.invalidation.invalidation import end_after_commit, end_now
from django_mcp.primitives.invalidation.rights_receivers import connect_rights
from django_mcp.primitives.result_cache.keys import generation_of
from django_mcp.primitives.result_cache.options import CacheOptions
from django_mcp.primitives.result_cache.policy import read_model


def connect_receivers(declared: Iterable[Declaration]) -> None:
    """Connect receivers for the models that declarations name, if they can be served.

    Every process that changes rows needs them, and few of these resolve declarations. Connecting
    the same again changes nothing.
    """
    for declaration in declared:
        if isinstance(declaration, CacheOptions) and declaration.cache is not None:
            connect_rights()
            for named in declaration.invalidate_on:
                with suppress(ValueError):  # a problem of the registry
                    _connect(declaration.key, read_model(named))


def _connect(key: Key, model: type[Model]) -> None:
    """End the generation of a primitive, for every caller, after each change of a model."""
    end = partial(end_now, (generation_of(key),))

    def on_change(*, using: str, action: str = "post", **facts: Any) -> None:
        if action.startswith("post"):
            end_after_commit(end, using)

    uid = ("django_mcp.cache", *key)
    for sender in _senders(model):
        for signal in (post_save, post_delete):
            signal.connect(on_change, sender=sender, weak=False, dispatch_uid=uid)
    for through in _through_models(model):
        m2m_changed.connect(on_change, sender=through, weak=False, dispatch_uid=uid)


def _senders(model: type[Model]) -> Iterator[type[Model]]:
    """Yield the models whose signals tell of changes of its rows.

    They are its proxies, those that inherit its table, and those whose tables it inherits.
    """
    concrete: Any = model._meta.concrete_model or model  # an abstract one has none
    for each in model._meta.apps.get_models(include_auto_created=True):
        holder = each._meta.concrete_model
        if issubclass(each, concrete) or (holder is not None and issubclass(concrete, holder)):
            yield each


def _through_models(model: type[Model]) -> Iterator[type[Model]]:
    """Yield the models of its relations of many to many, from both sides."""
    for sender in _senders(model):
        for relation in sender._meta.get_fields(include_hidden=True):
            if relation.many_to_many:
                through = getattr(relation, "through", None)  # of the side that is named
                through = through or getattr(relation.remote_field, "through", None)
                if through is not None:
                    yield through
