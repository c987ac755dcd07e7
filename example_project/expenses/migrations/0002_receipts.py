import django.core.validators
from django.db import migrations, models

import example_project.expenses.receipts


class Migration(migrations.Migration):
    dependencies = [
        ("expenses", "0001_categories_expenses_and_budgets"),
    ]

    operations = [
        migrations.AddField(
            model_name="expense",
            name="receipt",
            field=models.FileField(
                blank=True,
                max_length=200,
                upload_to=example_project.expenses.receipts.receipt_path,
                validators=[
                    django.core.validators.FileExtensionValidator(("jpeg", "jpg", "pdf", "png")),
                    example_project.expenses.receipts.check_size,
                ],
            ),
        ),
    ]
