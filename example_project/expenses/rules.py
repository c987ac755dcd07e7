"""Rules that give the lines of a bank statement a category."""

from collections.abc import Iterable
from dataclasses import dataclass

from example_project.expenses.models import Category

FALLBACK_CATEGORY = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Categorisation:
    """The category of every payee, and the payees that no keyword fits (they got the fallback)."""

    categories: dict[str, Category]
    unmatched: list[str]


def categorise(payees: Iterable[str]) -> Categorisation:
    """Give each payee the category whose keyword it contains; of several the longest keyword wins.

    The category for the rest is created when it is missing.
    """
    rules = sorted(
        (
            (keyword.strip().lower(), category)
            for category in Category.objects.order_by("name")
            for keyword in category.keywords.splitlines()
            if keyword.strip()
        ),
        key=lambda rule: -len(rule[0]),
    )
    categories: dict[str, Category] = {}
    unmatched: list[str] = []
    for payee in payees:
        lowered = payee.lower()
        found = next((category for keyword, category in rules if keyword in lowered), None)
        if found is None:
            unmatched.append(payee)
        else:
            categories[payee] = found
    if unmatched:
        fallback = Category.objects.named(FALLBACK_CATEGORY).first()
        if fallback is None:
            fallback = Category.objects.create(name=FALLBACK_CATEGORY)
        categories.update(dict.fromkeys(unmatched, fallback))
    return Categorisation(categories=categories, unmatched=sorted(unmatched))
