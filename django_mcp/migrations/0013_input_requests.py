from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("django_mcp", "0012_switch_kind"),
    ]

    operations = [
        migrations.RenameField("tooltask", old_name="questions", new_name="input_requests"),
        migrations.RenameField("tooltask", old_name="answers", new_name="input_responses"),
        migrations.AlterField(
            model_name="tooltask",
            name="input_requests",
            field=models.TextField(
                blank=True,
                help_text="As JSON, by their keys.",
                verbose_name="open input requests",
            ),
        ),
        migrations.AlterField(
            model_name="tooltask",
            name="input_responses",
            field=models.TextField(
                blank=True,
                help_text="Encrypted, and gone when the task ends.",
                verbose_name="input responses",
            ),
        ),
    ]
