"""Bank statements of a family, one for each month, made up: the same ones every time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

CARDS = 4
COLUMNS = "date,amount,payee,reference"


@dataclass(frozen=True, slots=True)
class Habit:
    """Money that leaves the account every so many days: from `least` to `most`, in cents."""

    payee: str
    every: int
    least: int
    most: int

    def amount(self, day: int, card: int) -> int:
        """The cents of one booking; what looks like chance is arithmetic."""
        return self.least + (day * 7919 + card * 104729) % (self.most - self.least + 1)

    @property
    def cards(self) -> int:
        """How many of the family's cards have it; bills are paid once."""
        return 1 if self.every >= 30 else CARDS


HABITS = (
    Habit("Harbour Market", 2, 640, 5400),
    Habit("Mill Bakery", 1, 180, 790),
    Habit("Canteen No. 4", 1, 650, 980),
    Habit("Café Zimt", 3, 320, 1150),
    Habit("City Transit", 4, 290, 870),
    Habit("Crossroads Fuel", 9, 3400, 7200),
    Habit("Luna Cinema", 12, 900, 2600),
    Habit("Blue Door Books", 15, 990, 4300),
    Habit("Rosemary Pharmacy", 20, 450, 3100),
    Habit("Hafen Housing, rent", 30, 84500, 84500),
    Habit("Northwind Energy", 30, 7400, 9800),
    Habit("Lighthouse Broadband", 30, 3995, 3995),
    Habit("Gull Airways", 90, 11900, 28900),
)


def statement_of(year: int, month: int) -> str:
    """The CSV of a month."""
    return "\n".join([COLUMNS, *_lines(year, month)]) + "\n"


def _lines(year: int, month: int) -> Iterator[str]:
    new_year = date(year, 1, 1)
    for day in range(366):
        booked_on = new_year + timedelta(days=day)
        if (booked_on.year, booked_on.month) != (year, month):
            continue
        if booked_on.day == 28:
            yield f"{booked_on},2900.00,Salary,{booked_on:%y-%j}-00"
        for number, habit in enumerate(HABITS, start=1):
            if day % habit.every:
                continue
            for card in range(1, habit.cards + 1):
                cents = habit.amount(day, card)
                amount = f"-{cents // 100}.{cents % 100:02}"
                reference = f"{booked_on:%y-%j}-{card}{number:02}"
                yield f'{booked_on},{amount},"{habit.payee}",{reference}'
