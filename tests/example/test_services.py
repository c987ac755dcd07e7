"""The service functions, called from Python."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from threading import Barrier

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from django_mcp import ToolError
from example_project.expenses import services
from example_project.expenses.models import Budget, Category, Expense
from example_project.expenses.summaries import CategoryTotal, Period, PeriodTotal, Summary
from tests.wire import PATIENCE

MARCH = date(2026, 3, 14)


def spend(owner: User, amount: str, category: str, day: date = MARCH) -> Expense:
    return services.add_expense(owner, Decimal(amount), category, "Somebody", day)


def test_expense_is_recorded_for_its_owner(demo: User) -> None:
    expense = services.add_expense(demo, Decimal("4.2"), " Transport ", "City Transit", MARCH, "in")

    expense.refresh_from_db()
    assert (expense.owner, expense.category.name) == (demo, "transport")
    assert (expense.amount, expense.payee, expense.note) == (Decimal("4.20"), "City Transit", "in")
    assert expense.spent_on == MARCH


def test_expense_without_a_day_was_made_today(demo: User) -> None:
    expense = services.add_expense(demo, Decimal(1), "other", "Post Office")

    assert expense.spent_on == timezone.localdate()


def test_unknown_category_is_answered_with_a_guess_and_the_known_ones(demo: User) -> None:
    with pytest.raises(ToolError) as caught:
        spend(demo, "1.00", "Grocerys")

    assert caught.value.message == "There is no category 'Grocerys'."
    assert caught.value.hint == (
        "Did you mean 'groceries'? The categories are: eating out, entertainment, groceries, "
        "health, housing, insurance, other, phone and internet, shopping, transport, travel."
    )


@pytest.mark.django_db
def test_unknown_category_without_any_known_says_so() -> None:
    with pytest.raises(ToolError) as caught:
        spend(User.objects.create_user("new"), "1.00", "travel")

    assert caught.value.hint == "The categories are: none yet."


def test_expense_over_the_budget_is_refused_with_what_is_left(demo: User) -> None:
    spend(demo, "55.00", "entertainment")
    spend(demo, "60.00", "entertainment", date(2026, 4, 1))

    with pytest.raises(ToolError) as caught:
        spend(demo, "5.01", "entertainment")

    assert caught.value.message == (
        "5.01 euros would exceed the budget for entertainment: of 60.00 in 2026-03 it has 5.00 "
        "euros left."
    )
    assert "allow_over_budget" in caught.value.hint
    assert Expense.objects.count() == 2


def test_refusal_names_large_sums_with_separators(demo: User) -> None:
    services.set_budget(demo, "travel", Decimal(2000))

    with pytest.raises(ToolError) as caught:
        spend(demo, "12345.60", "travel")

    assert caught.value.message == (
        "12,345.60 euros would exceed the budget for travel: of 2,000.00 in 2026-03 it has "
        "2,000.00 euros left."
    )


def test_expense_up_to_the_budget_is_recorded(demo: User) -> None:
    spend(demo, "59.99", "entertainment")
    spend(demo, "0.01", "entertainment")

    assert Expense.objects.of(demo).total() == Decimal("60.00")


def test_expense_over_the_budget_is_recorded_when_that_is_allowed(demo: User) -> None:
    services.add_expense(
        demo, Decimal(61), "entertainment", "Concert Hall", MARCH, allow_over_budget=True
    )

    with pytest.raises(ToolError, match=r"it has been exceeded by 1\.00 euros"):
        spend(demo, "1.00", "entertainment")


def test_deleting_returns_what_is_gone(demo: User) -> None:
    expense = spend(demo, "3.50", "other")
    key = expense.pk

    deleted = services.delete_expense(demo, key)

    assert deleted == services.DeletedExpense(
        id=key, spent_on=MARCH, amount=Decimal("3.50"), payee="Somebody"
    )
    assert not Expense.objects.exists()


def test_deleting_somebody_elses_expense_answers_as_if_it_were_missing(
    demo: User, auditor: User
) -> None:
    expense = spend(demo, "3.50", "other")

    with pytest.raises(ToolError) as theirs:
        services.delete_expense(auditor, expense.pk)
    with pytest.raises(ToolError) as missing:
        services.delete_expense(auditor, 10**30)

    assert str(theirs.value) == f"The user has no expense with the id {expense.pk}."
    assert str(missing.value) == f"The user has no expense with the id {10**30}."
    assert theirs.value.hint == missing.value.hint
    assert Expense.objects.of(demo).count() == 1


def test_list_is_filtered_bounded_and_newest_first(demo: User, auditor: User) -> None:
    first = spend(demo, "1.00", "other", date(2026, 1, 1))
    second = spend(demo, "2.00", "travel", date(2026, 1, 2))
    third = spend(demo, "3.00", "other", date(2026, 1, 3))
    spend(auditor, "4.00", "other")

    assert list(services.list_expenses(demo)) == [third, second, first]
    assert list(services.list_expenses(demo, category="OTHER")) == [third, first]
    assert list(services.list_expenses(demo, first_day=date(2026, 1, 2))) == [third, second]
    assert list(services.list_expenses(demo, last_day=date(2026, 1, 2))) == [second, first]
    assert list(services.list_expenses(demo, limit=1, offset=1)) == [second]
    assert list(services.list_expenses(demo, search="nobody")) == []


def test_days_in_the_wrong_order_are_given_back_the_right_way_round(demo: User) -> None:
    with pytest.raises(ToolError) as caught:
        services.summarise_expenses(demo, date(2026, 5, 1), date(2026, 4, 1))

    assert caught.value.hint == "Swap them: first_day=2026-04-01, last_day=2026-05-01."


def test_summary_adds_up_by_category_and_period(demo: User, auditor: User) -> None:
    spend(demo, "1.10", "other", date(2026, 1, 31))
    spend(demo, "2.20", "other", date(2026, 2, 1))
    spend(demo, "6.70", "travel", date(2026, 2, 28))
    spend(demo, "9.00", "travel", date(2026, 3, 1))
    spend(auditor, "9.00", "travel", date(2026, 2, 1))

    summary = services.summarise_expenses(demo, date(2026, 1, 1), date(2026, 2, 28), Period.MONTH)

    assert summary == Summary(
        first_day=date(2026, 1, 1),
        last_day=date(2026, 2, 28),
        total=Decimal("10.00"),
        count=3,
        categories=[
            CategoryTotal(category="travel", total=Decimal("6.70"), count=1, share=67.0),
            CategoryTotal(category="other", total=Decimal("3.30"), count=2, share=33.0),
        ],
        periods=[
            PeriodTotal(
                first_day=date(2026, 1, 1),
                total=Decimal("1.10"),
                categories={"other": Decimal("1.10")},
            ),
            PeriodTotal(
                first_day=date(2026, 2, 1),
                total=Decimal("8.90"),
                categories={"other": Decimal("2.20"), "travel": Decimal("6.70")},
            ),
        ],
    )


@pytest.mark.parametrize(
    ("period", "begins"),
    [
        (Period.WEEK, date(2026, 5, 11)),
        (Period.MONTH, date(2026, 5, 1)),
        (Period.QUARTER, date(2026, 4, 1)),
        (Period.YEAR, date(2026, 1, 1)),
    ],
)
def test_periods_begin_where_the_calendar_says(demo: User, period: Period, begins: date) -> None:
    spend(demo, "1.00", "other", date(2026, 5, 17))

    summary = services.summarise_expenses(demo, date(2026, 1, 1), date(2026, 12, 31), period)

    assert [entry.first_day for entry in summary.periods] == [begins]


def test_summary_of_nothing_is_empty(demo: User) -> None:
    summary = services.summarise_expenses(demo, MARCH, MARCH)

    assert (summary.total, summary.count, summary.categories) == (Decimal("0.00"), 0, [])


def test_bank_statement_is_imported_and_categorised(demo: User, bank_statement: str) -> None:
    report = services.import_statement(demo, bank_statement)

    assert (report.lines, report.imported, report.income_skipped) == (335, 331, 4)
    assert report.already_known == 0
    assert report.total == Expense.objects.of(demo).total()
    assert sum(report.categories.values()) == 331
    assert report.unmatched_payees == [
        "Cash machine, Main Street",
        "Post Office",
    ]
    groceries = services.list_expenses(demo, category="groceries", search="Bakery")
    assert groceries


def test_importing_again_adds_only_what_is_new(demo: User, bank_statement: str) -> None:
    services.import_statement(demo, bank_statement)

    report = services.import_statement(demo, bank_statement + "2026-05-01,-5.00,Taxi,NEW-1\n")

    assert (report.imported, report.already_known) == (1, 331)
    assert report.categories == {"transport": 1}
    assert Expense.objects.of(demo).count() == 332


def test_same_statement_may_belong_to_two_users(
    demo: User, auditor: User, bank_statement: str
) -> None:
    services.import_statement(demo, bank_statement)

    report = services.import_statement(auditor, bank_statement)

    assert (report.imported, report.already_known) == (331, 0)


@pytest.mark.django_db(transaction=True)
def test_statement_sent_several_times_at_once_is_imported_once(bank_statement: str) -> None:
    owner = User.objects.create_user("hasty")
    everybody = Barrier(3)

    def send(_: int) -> int:
        try:
            everybody.wait(timeout=PATIENCE)
            return services.import_statement(owner, bank_statement).imported
        finally:
            connection.close()

    with ThreadPoolExecutor(everybody.parties) as threads:
        imported = sorted(threads.map(send, range(everybody.parties)))

    assert imported == [0, 0, 331]
    assert Expense.objects.count() == 331


def test_one_bad_line_keeps_the_whole_statement_out(demo: User, bank_statement: str) -> None:
    with pytest.raises(ToolError) as caught:
        services.import_statement(demo, bank_statement + "2026-02-30,-5.00,Taxi,NEW-1\n")

    assert caught.value.message == (
        "The statement has 1 bad line, so nothing was imported. "
        "Line 337: the date '2026-02-30' is not a day written as 2026-01-31."
    )
    assert "send the whole statement again" in caught.value.hint
    assert not Expense.objects.exists()


def test_report_of_many_bad_lines_stays_short(demo: User) -> None:
    bad = "".join(f"someday,-1.00,Taxi,B-{number}\n" for number in range(12))

    with pytest.raises(ToolError) as caught:
        services.import_statement(demo, "date,amount,payee,reference\n" + bad)

    assert caught.value.message.startswith("The statement has 12 bad lines")
    assert caught.value.message.count("Line ") == services.PROBLEMS_NAMED
    assert caught.value.message.endswith("And 2 more.")


def test_payee_gets_the_category_of_the_longest_keyword(demo: User) -> None:
    Category.objects.filter(name="health").update(keywords="farmers' market clinic\n\n")
    text = "date,amount,payee,reference\n2026-03-01,-1.00,The FARMERS' MARKET CLINIC,A-1\n"

    report = services.import_statement(demo, text)

    assert report.categories == {"health": 1}


@pytest.mark.django_db
def test_category_of_last_resort_is_created_when_missing() -> None:
    owner = User.objects.create_user("new")
    text = "date,amount,payee,reference\n2026-03-01,-1.00,Whoever,A-1\n"

    report = services.import_statement(owner, text)

    assert report.categories == {"other": 1}
    assert report.unmatched_payees == ["Whoever"]


def test_budgets_are_shown_with_what_is_left_in_the_month(demo: User, auditor: User) -> None:
    Budget.objects.exclude(category__name="shopping").delete()
    services.add_expense(demo, Decimal(170), "shopping", "Volt", MARCH, allow_over_budget=True)
    spend(demo, "10.00", "shopping", date(2026, 4, 1))
    spend(auditor, "10.00", "shopping")

    statuses = async_to_sync(services.list_budgets)(demo, "2026-03")

    assert statuses == [
        services.BudgetStatus(
            category="shopping",
            month="2026-03",
            limit=Decimal("150.00"),
            spent=Decimal("170.00"),
            left=Decimal("-20.00"),
            is_over=True,
        )
    ]
    assert async_to_sync(services.list_budgets)(auditor) == []


def test_setting_a_budget_replaces_the_older_limit(demo: User) -> None:
    services.set_budget(demo, "travel", Decimal("500"))

    status = services.set_budget(demo, "Travel", Decimal("400.5"))

    assert (status.limit, status.left) == (Decimal("400.50"), Decimal("400.50"))
    assert Budget.objects.filter(owner=demo, category__name="travel").count() == 1


def test_team_totals_name_those_who_spent(demo: User, auditor: User) -> None:
    spend(demo, "1.00", "other")
    spend(demo, "2.00", "other")
    spend(auditor, "4.00", "other")
    spend(auditor, "100.00", "other", date(2025, 1, 1))

    totals = async_to_sync(services.team_totals)(date(2026, 1, 1), date(2026, 12, 31))

    assert totals == [
        services.MemberTotal(username="auditor", total=Decimal("4.00"), count=1),
        services.MemberTotal(username="demo", total=Decimal("3.00"), count=2),
    ]


def test_seeding_again_changes_nothing(demo: User) -> None:
    spend(demo, "1.00", "other")
    before = (demo.password, User.objects.count(), Category.objects.count(), Budget.objects.count())

    call_command("seed_demo", verbosity=0)

    demo.refresh_from_db()
    after = (demo.password, User.objects.count(), Category.objects.count(), Budget.objects.count())
    assert after == before
    assert Expense.objects.count() == 1


@pytest.mark.django_db
@override_settings(DEBUG=False)
def test_public_passwords_are_refused_outside_debug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEMO_PASSWORD", raising=False)

    with pytest.raises(CommandError, match="set DEMO_PASSWORD"):
        call_command("seed_demo")
