"""`{{ amount|money }}`: a sum of money with separators."""

from django import template

from example_project.expenses.money import format_amount

register = template.Library()
register.filter("money", format_amount)
