"""Sums of money as people read them; programs are given decimals."""

from decimal import Decimal

from django.utils.formats import number_format


def format_amount(amount: Decimal) -> str:
    """The amount with two decimals and the separators of the language, such as 12,345.60."""
    return number_format(amount, decimal_pos=2, force_grouping=True)
