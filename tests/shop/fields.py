"""Model fields whose Python values are objects, in the ways that packages write them."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models


@dataclass(frozen=True)
class Country:
    """A country by its code, as django-countries has it."""

    code: str

    def __str__(self) -> str:
        return self.code

    @property
    def name(self) -> str:
        return {"NZ": "New Zealand"}.get(self.code, self.code)


class CountryDescriptor:
    """Makes a country of whatever is set, even of nothing."""

    def __init__(self, field: "CountryField") -> None:
        self.field = field

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else Country(instance.__dict__[self.field.name] or "")

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.name] = getattr(value, "code", value)


class CountryField(models.CharField):  # type: ignore[type-arg]
    """By a descriptor, as django-countries does it."""

    descriptor_class = CountryDescriptor

    def get_prep_value(self, value: Any) -> Any:
        return getattr(value, "code", value)

    def to_python(self, value: Any) -> Any:
        return value if isinstance(value, Country) else Country(value or "")

    def value_to_string(self, obj: Any) -> Any:
        return self.get_prep_value(self.value_from_object(obj))


@dataclass(frozen=True)
class PhoneNumber:
    """A number that reads otherwise than it is stored."""

    digits: str

    def __str__(self) -> str:
        return f"tel. {self.digits}"


class PhoneField(models.CharField):  # type: ignore[type-arg]
    """By what it reads from the database; an empty column is read as None."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return PhoneNumber(value) if value else None

    def to_python(self, value: Any) -> Any:
        return value if isinstance(value, PhoneNumber) or not value else PhoneNumber(value)

    def get_prep_value(self, value: Any) -> Any:
        return getattr(value, "digits", value) or ""


class LowerCaseField(models.CharField):  # type: ignore[type-arg]
    """Stores another text than it was given."""

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return value.lower() if isinstance(value, str) else value


@dataclass(frozen=True)
class Money:
    """An amount of one currency."""

    amount: Decimal
    currency: str = "EUR"


class MoneyField(models.DecimalField):  # type: ignore[type-arg]
    """The amount of money, as django-money and its like have it."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return None if value is None else Money(value)

    def to_python(self, value: Any) -> Any:
        return value if isinstance(value, Money) else Money(super().to_python(value))

    def get_prep_value(self, value: Any) -> Any:
        return super().to_python(getattr(value, "amount", value))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return self.get_prep_value(value)

    def value_to_string(self, obj: Any) -> str:
        value = self.value_from_object(obj)
        return f"{value.amount:.{self.decimal_places}f} {value.currency}"


@dataclass(frozen=True)
class Point:
    """A place in the plane."""

    x: int
    y: int


class PointField(models.Field):  # type: ignore[type-arg]
    """A subclass of no field of Django's, which says only what its column is."""

    def db_type(self, connection: Any) -> str:
        return "varchar(40)"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return self.to_python(value)

    def to_python(self, value: Any) -> Any:
        return Point(*map(int, value.split(","))) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:
        return f"{value.x},{value.y}" if isinstance(value, Point) else value


class UnsignedField(models.Field):  # type: ignore[type-arg]
    """A subclass of no field of Django's, which says that it is like one."""

    def get_internal_type(self) -> str:
        return "IntegerField"
