"""Reading bank statements."""

from datetime import date
from decimal import Decimal

import pytest

from example_project.expenses.statement import StatementError, StatementLine, read_statement

HEADER = "date,amount,payee,reference\n"


def problems_of(text: str) -> tuple[str, ...]:
    with pytest.raises(StatementError) as caught:
        read_statement(text)
    return caught.value.problems


def test_line_is_read_with_its_number_in_the_file() -> None:
    lines = read_statement(HEADER + '2026-03-01,-12.5,"Café Zimt, corner",A-1\n')

    assert lines == [
        StatementLine(
            number=2,
            booked_on=date(2026, 3, 1),
            amount=Decimal("-12.50"),
            payee="Café Zimt, corner",
            reference="A-1",
        )
    ]


def test_columns_may_come_in_any_order_and_case_and_after_a_byte_order_mark() -> None:
    lines = read_statement(
        "\ufeffReference, Payee ,AMOUNT,Date,Balance\nA-1,Zimt,-1,2026-03-01,9\n"
    )

    assert [(line.reference, line.payee) for line in lines] == [("A-1", "Zimt")]


def test_every_bad_line_is_named_at_once() -> None:
    text = (
        HEADER
        + "2026-03-01,-1.00,Zimt,A-1\n"
        + "01.03.2026,-1.00,Zimt,A-2\n"
        + "2026-03-01,one,Zimt,A-3\n"
        + "2026-03-01,-1.005,Zimt,A-4\n"
        + "2026-03-01,NaN,Zimt,A-5\n"
        + "2026-03-01,0,Zimt,A-6\n"
        + "2026-03-01,-1.00,,A-7\n"
        + "2026-03-01,-2.00,Zimt,A-1\n"
        + "2026-03-01,-2.00\n"
    )

    assert problems_of(text) == (
        "Line 3: the date '01.03.2026' is not a day written as 2026-01-31.",
        "Line 4: the amount 'one' is not a number such as -12.50.",
        "Line 5: the amount '-1.005' is not a sum of money in euros and cents.",
        "Line 6: the amount 'NaN' is not a sum of money in euros and cents.",
        "Line 7: the amount '0' is not a sum of money in euros and cents.",
        "Line 8: the payee is empty.",
        "Line 9: the reference A-1 was used in line 2 already.",
        "Line 10: the payee is empty.",
    )


@pytest.mark.parametrize("amount", ["1e400", "-1e10", "Infinity", "99999999999999999999999999999"])
def test_amount_that_no_account_holds_is_a_bad_line(amount: str) -> None:
    (problem,) = problems_of(f"{HEADER}2026-03-01,{amount},Zimt,A-1\n")

    assert problem.startswith("Line 2: the amount")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "Line 1: the columns date, amount, payee, reference are missing."),
        ("date,amount\n", "Line 1: the columns payee, reference are missing."),
        (HEADER, "Line 2: there is no booking below the header."),
    ],
)
def test_file_without_bookings_is_refused(text: str, problem: str) -> None:
    assert problems_of(text) == (problem,)
