"""Field access for pydantic models and dataclasses alike."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from pydantic import BaseModel


def field_names(value: Any) -> Sequence[str] | None:
    """Return the names of the fields that an instance has; None for any other value."""
    if isinstance(value, BaseModel):
        # Not by iterating over it: root models have iterators of their own.
        names = [*type(value).model_fields, *(value.model_extra or ())]
    elif is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value)]
    else:
        return None
    return [name for name in names if hasattr(value, name)]


def with_fields(instance: Any, change: Callable[[Any], Any]) -> Any:
    """Return a copy of an instance with `change` applied to each field."""
    copied = copy.copy(instance)
    extra = copied.model_extra or {} if isinstance(copied, BaseModel) else {}
    for name in field_names(instance) or ():
        value = change(getattr(instance, name))
        if name in extra:
            extra[name] = value
        else:
            object.__setattr__(copied, name, value)  # frozen ones too
    return copied
