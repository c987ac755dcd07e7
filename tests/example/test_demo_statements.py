"""The demo's bank statements, on days that calendars are hard on."""

from datetime import date, timedelta

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User

from example_project.demo.statements import (
    first_day_of_statement,
    monthly_statements,
    spent,
    statement,
)
from example_project.expenses import services
from example_project.expenses.statement import read_statement

TODAYS = [
    date(2027, 1, 1),
    date(2027, 2, 28),
    date(2027, 3, 1),
    date(2027, 12, 31),
    date(2028, 2, 29),
]


@pytest.mark.parametrize("today", TODAYS, ids=str)
def test_statement_ends_today_and_makes_budgets_and_summaries_alive(
    today: date, demo: User
) -> None:
    bookings = statement(first_day_of_statement(today), today)

    services.import_statement(demo, bookings)
    services.import_statements(demo, monthly_statements(today.year - 1))

    [newest] = services.list_expenses(demo, limit=1)
    assert newest.spent_on == today
    budgets = async_to_sync(services.list_budgets)(demo, f"{today:%Y-%m}")
    assert any(budget.spent for budget in budgets)
    summary = services.summarise_expenses(demo, today - timedelta(days=365), today)
    months = {period.first_day for period in summary.periods}
    assert len(months) >= 12, "every month of the page of summaries"
    assert len(summary.categories) == 11, "every category"


@pytest.mark.parametrize("today", TODAYS, ids=str)
def test_statement_has_at_least_two_whole_months(today: date) -> None:
    assert 58 <= (today - first_day_of_statement(today)).days <= 365


def test_bookings_of_a_day_are_the_same_in_every_statement() -> None:
    first_day, last_day = date(2028, 1, 1), date(2028, 12, 31)

    year = read_statement(statement(first_day, last_day))
    months = [line for month in monthly_statements(2028) for line in read_statement(month)]

    assert [(line.reference, line.payee, line.amount, line.booked_on) for line in year] == [
        (line.reference, line.payee, line.amount, line.booked_on) for line in months
    ]
    assert len({line.reference for line in year}) == len(year)


def test_what_was_spent_leaves_out_the_salary() -> None:
    month = statement(date(2028, 2, 1), date(2028, 2, 29))

    negative = [-line.amount for line in read_statement(month) if line.amount < 0]
    assert spent(month) == negative
    assert len(negative) == len(read_statement(month)) - 1
