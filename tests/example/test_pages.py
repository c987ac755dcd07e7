"""The pages, which show what the services answer."""

from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from example_project.expenses import services
from example_project.expenses.models import Expense

PAGES = [f"expenses:{name}" for name in ("list", "add", "summary", "budgets", "reports", "import")]


@pytest.fixture
def browser(demo: User) -> Client:
    browser = Client()
    browser.force_login(demo)
    return browser


def text_of(response: object) -> str:
    content = getattr(response, "content", b"")
    assert isinstance(content, bytes)
    return content.decode()


def upload(text: bytes) -> BytesIO:
    file = BytesIO(text)
    file.name = "statement.csv"
    return file


@pytest.mark.parametrize("page", PAGES)
def test_page_asks_strangers_to_sign_in(page: str) -> None:
    response = Client().get(reverse(page))

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("login"))


@pytest.mark.parametrize("page", PAGES)
def test_page_opens_for_a_user(page: str, browser: Client) -> None:
    response = browser.get(reverse(page))

    assert response.status_code == 200
    assert "Sign out demo" in text_of(response)


@pytest.mark.django_db
def test_sign_in_leads_to_the_list(demo: User) -> None:
    response = Client().post(reverse("login"), {"username": "demo", "password": "for-tests"})

    assert response.status_code == 302
    assert response["Location"] == reverse("expenses:list")


def test_list_shows_only_the_users_own_expenses(browser: Client, demo: User, auditor: User) -> None:
    services.add_expense(demo, Decimal(1), "other", "Mine & only mine")
    services.add_expense(auditor, Decimal(1), "other", "Theirs")

    page = text_of(browser.get(reverse("expenses:list")))

    assert "Mine &amp; only mine" in page
    assert "Theirs" not in page


def test_list_comes_in_pages_that_keep_the_filter(
    browser: Client, demo: User, bank_statement: str
) -> None:
    services.import_statement(demo, bank_statement)

    first = text_of(browser.get(reverse("expenses:list"), {"category": "groceries"}))
    last = text_of(browser.get(reverse("expenses:list"), {"category": "groceries", "page": "4"}))

    assert "?category=groceries&amp;page=2" in first
    assert 'rel="prev"' not in first
    assert "?category=groceries&amp;page=3" in last
    assert 'rel="next"' not in last


@pytest.mark.implementation
def test_list_does_not_query_for_every_expense(
    browser: Client,
    demo: User,
    bank_statement: str,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    services.import_statement(demo, bank_statement)

    with django_assert_max_num_queries(8):
        browser.get(reverse("expenses:list"), {"category": "groceries"})


def test_days_in_the_wrong_order_are_explained(browser: Client) -> None:
    days = {"first_day": "2026-05-01", "last_day": "2026-04-01"}

    for page in ("expenses:list", "expenses:summary"):
        text = text_of(browser.get(reverse(page), days))
        assert "The last day, 2026-04-01, lies before the first, 2026-05-01." in text


@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 40])
def test_odd_page_numbers_do_no_harm(browser: Client, page: str) -> None:
    assert browser.get(reverse("expenses:list"), {"page": page}).status_code == 200


def test_expense_is_added_by_the_form(browser: Client, demo: User) -> None:
    form = {"amount": "4.20", "category": "transport", "payee": "City", "spent_on": "2026-03-01"}

    response = browser.post(reverse("expenses:add"), form, follow=True)

    assert "Recorded 4.20 € for City." in text_of(response)
    expense = Expense.objects.get()
    assert (expense.owner, expense.spent_on) == (demo, date(2026, 3, 1))


def test_refused_expense_keeps_the_form_and_says_why(browser: Client) -> None:
    form = {"amount": "500", "category": "groceries", "payee": "Feast", "spent_on": "2026-03-01"}

    page = text_of(browser.post(reverse("expenses:add"), form))
    agreed = browser.post(reverse("expenses:add"), {**form, "allow_over_budget": "on"})

    assert "would exceed the budget for groceries" in page
    assert 'value="Feast"' in page
    assert agreed.status_code == 302


def test_expense_is_deleted_by_its_button(browser: Client, demo: User) -> None:
    expense = services.add_expense(demo, Decimal(1), "other", "Mine")

    response = browser.post(reverse("expenses:delete", args=[expense.pk]), follow=True)

    assert "Deleted 1.00 € for Mine." in text_of(response)
    assert not Expense.objects.exists()


def test_deleting_needs_post_and_ownership(browser: Client, auditor: User) -> None:
    expense = services.add_expense(auditor, Decimal(1), "other", "Theirs")
    url = reverse("expenses:delete", args=[expense.pk])

    assert browser.get(url).status_code == 405
    assert "The user has no expense" in text_of(browser.post(url, follow=True))
    assert Expense.objects.exists()


def test_summary_shows_totals_by_category_and_period(
    browser: Client, demo: User, bank_statement: str
) -> None:
    services.import_statement(demo, bank_statement)
    year = {"first_day": "2026-01-01", "last_day": "2026-12-31", "period": "quarter"}

    page = text_of(browser.get(reverse("expenses:summary"), year))

    assert f"{Expense.objects.of(demo).total():,} €" in page
    assert "By quarter" in page
    assert all(day in page for day in ("2026-01-01", "2026-04-01"))


def test_money_is_shown_with_separators(browser: Client, demo: User) -> None:
    services.set_budget(demo, "travel", Decimal(20_000))
    services.add_expense(demo, Decimal("12345.60"), "travel", "Round the world")

    pages = {
        name: text_of(browser.get(reverse(f"expenses:{name}")))
        for name in ("list", "summary", "budgets")
    }

    for name, page in pages.items():
        assert "12,345.60 €" in page, name
        assert "12345.60 €" not in page, name
    assert "7,654.40 €" in pages["budgets"]
    assert 'max="20000.00"' in pages["budgets"], "a number that browsers read"


def test_messages_show_money_with_separators(browser: Client, demo: User) -> None:
    form = {"amount": "12345.6", "category": "travel", "payee": "World", "spent_on": "2026-03-01"}

    added = text_of(browser.post(reverse("expenses:add"), form, follow=True))
    url = reverse("expenses:delete", args=[Expense.objects.get().pk])
    deleted = text_of(browser.post(url, follow=True))

    assert "Recorded 12,345.60 € for World." in added
    assert "Deleted 12,345.60 € for World." in deleted


def test_budget_is_set_by_the_form(browser: Client) -> None:
    form = {"category": "travel", "monthly_limit": "300"}

    page = text_of(browser.post(reverse("expenses:budgets"), form, follow=True))

    assert "travel: 300.00 € a month at most." in page


def test_statement_is_imported_by_the_form(browser: Client, bank_statement: str) -> None:
    url = reverse("expenses:import")

    first = text_of(browser.post(url, {"file": upload(bank_statement.encode())}))
    second = text_of(browser.post(url, {"file": upload(bank_statement.encode())}))

    assert "Imported 331 of 335 lines" in first
    assert "331 were known already" in second


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"date,amount,payee,reference\nx,-1,Taxi,A-1\n", "Line 2: the date &#x27;x&#x27;"),
        ("date,amount,payee,reference\nCafé".encode("latin-1"), "not a text in UTF-8"),
        (b"x" * 1_000_001, "larger than a statement should be"),
    ],
)
def test_bad_statement_is_explained(browser: Client, content: bytes, complaint: str) -> None:
    page = text_of(browser.post(reverse("expenses:import"), {"file": upload(content)}))

    assert complaint in page
    assert not Expense.objects.exists()


@pytest.mark.parametrize("model", ["category", "expense", "budget"])
def test_admin_lists_what_the_application_keeps(model: str, demo: User) -> None:
    services.add_expense(demo, Decimal(1), "other", "Mine")
    browser = Client()
    browser.force_login(User.objects.get(username="admin"))

    assert browser.get(reverse(f"admin:expenses_{model}_changelist")).status_code == 200
    assert browser.get(reverse(f"admin:expenses_{model}_add")).status_code == 200
