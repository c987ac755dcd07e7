"""Serializers of the API."""

from rest_framework import serializers

from example_project.expenses.models import Category, Expense


class CategoryField(serializers.SlugRelatedField):
    """A category by its name, whatever its case."""

    def __init__(self, **options: object) -> None:
        super().__init__(slug_field="name", queryset=Category.objects.all(), **options)

    def to_internal_value(self, data: str) -> Category:
        category = Category.objects.named(str(data)).first()
        if category is None:
            raise serializers.ValidationError(f"There is no category {data!r}.")
        return category


class ExpenseSerializer(serializers.ModelSerializer):
    """An expense. What was spent stays: a wrong amount is deleted, and recorded anew."""

    category = CategoryField()
    receipt_uri = serializers.CharField(read_only=True, allow_null=True)

    class Meta:
        model = Expense
        fields = ["id", "spent_on", "amount", "category", "payee", "note", "receipt_uri"]
        # Budgets are asked when an expense is recorded, and not when it is corrected.
        read_only_fields = ["amount"]
