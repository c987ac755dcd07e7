"""Expenses of people, by category, with monthly budgets."""
