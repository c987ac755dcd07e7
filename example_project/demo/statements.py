"""Bank statements of user demo, made up: the bookings of a day are the same in every statement."""

import csv
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

COLUMNS = "date,amount,payee,reference"
PAYDAY = 27
SALARY_CENTS = 274000
MONTHS_AT_LEAST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """Money that leaves the account every so many days: from `least` to `most`, in cents."""

    payee: str
    every_days: int
    least: int
    most: int

    def is_due(self, day: date, number: int) -> bool:
        return (day.toordinal() + number) % self.every_days == 0

    def cents(self, day: date) -> int:
        """The cents of one booking; what looks like chance is a checksum."""
        chance = zlib.crc32(f"{self.payee} {day}".encode())
        return self.least + chance % (self.most - self.least + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """Money that leaves the account on the same day of every month; February has that day, too."""

    payee: str
    day_of_month: int
    amount: int

    def is_due(self, day: date, number: int) -> bool:
        return day.day == self.day_of_month

    def cents(self, day: date) -> int:
        return self.amount


HABITS: tuple[Purchase | Bill, ...] = (
    Bill(payee="Hafen Housing, rent", day_of_month=1, amount=84500),
    Bill(payee="City Transit, monthly pass", day_of_month=2, amount=5800),
    Bill(payee="Northwind Energy", day_of_month=3, amount=7850),
    Bill(payee="Lighthouse Broadband", day_of_month=5, amount=3995),
    Bill(payee="Blue Pigeon Mobile", day_of_month=6, amount=1499),
    Bill(payee="Old Bridge Insurance", day_of_month=8, amount=2410),
    Bill(payee="Owlflix Streaming", day_of_month=10, amount=1299),
    Bill(payee="Granite Gym", day_of_month=15, amount=2990),
    Purchase(payee="Mill Bakery", every_days=1, least=180, most=690),
    Purchase(payee="Canteen No. 4", every_days=2, least=650, most=980),
    Purchase(payee="Harbour Market", every_days=3, least=1400, most=3800),
    Purchase(payee="Café Zimt", every_days=5, least=320, most=1150),
    Purchase(payee="Crossroads Fuel", every_days=9, least=3400, most=7200),
    Purchase(payee="Luna Cinema", every_days=12, least=900, most=1800),
    Purchase(payee="Blue Door Books", every_days=15, least=990, most=4300),
    Purchase(payee="Rosemary Pharmacy", every_days=20, least=450, most=3100),
    Purchase(payee="Pizza Vesuvio", every_days=21, least=1400, most=2600),
    # No keyword of any category fits these two.
    Purchase(payee="Post Office", every_days=25, least=300, most=1200),
    Purchase(payee="Cash machine, Main Street", every_days=30, least=4000, most=8000),
    Purchase(payee="Volt Electronics", every_days=60, least=2500, most=19000),
    Purchase(payee="Gull Airways", every_days=90, least=11900, most=28900),
)


def first_day_of_statement(today: date) -> date:
    """The beginning of the year; early in a year, the beginning of the month before last."""
    months = today.year * 12 + today.month - MONTHS_AT_LEAST
    return min(date(today.year, 1, 1), date(months // 12, months % 12 + 1, 1))


def statement(first_day: date, last_day: date) -> str:
    """The CSV of all bookings from the first day to the last, both included."""
    return "\n".join([COLUMNS, *_lines(first_day, last_day)]) + "\n"


def monthly_statements(year: int) -> list[str]:
    """The CSVs of the months of a year."""
    begins = [date(year, month, 1) for month in range(1, 13)] + [date(year + 1, 1, 1)]
    return [
        statement(begin, following - timedelta(days=1)) for begin, following in pairwise(begins)
    ]


def spent(text: str) -> list[Decimal]:
    """The amounts of a statement that left the account, as positive numbers."""
    amounts = [Decimal(line["amount"]) for line in csv.DictReader(io.StringIO(text))]
    return [-amount for amount in amounts if amount < 0]


def _lines(first_day: date, last_day: date) -> Iterator[str]:
    for offset in range((last_day - first_day).days + 1):
        day = first_day + timedelta(days=offset)
        if day.day == PAYDAY:
            yield f"{day},{_euros(SALARY_CENTS)},Salary,{day:%y-%j}-00"
        for number, habit in enumerate(HABITS, start=1):
            if habit.is_due(day, number):
                reference = f"{day:%y-%j}-{number:02}"
                yield f'{day},-{_euros(habit.cents(day))},"{habit.payee}",{reference}'


def _euros(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"
