import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Service",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        max_length=40,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator("^[a-z][a-z0-9]*(-[a-z0-9]+)*$")
                        ],
                    ),
                ),
                ("team", models.CharField(max_length=40)),
                ("description", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="UpstreamState",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "environment",
                    models.CharField(
                        choices=[
                            ("development", "Development"),
                            ("staging", "Staging"),
                            ("production", "Production"),
                        ],
                        max_length=20,
                        unique=True,
                    ),
                ),
                (
                    "condition",
                    models.CharField(
                        choices=[
                            ("ok", "answers at once"),
                            ("slow", "answers late"),
                            ("down", "refuses connections"),
                        ],
                        default="ok",
                        max_length=10,
                    ),
                ),
                (
                    "delay",
                    models.FloatField(
                        default=30.0,
                        help_text="Seconds until it answers while it is slow.",
                        validators=[django.core.validators.MinValueValidator(0)],
                    ),
                ),
                (
                    "running",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="By service: its version, its health, and since when it runs.",
                    ),
                ),
            ],
            options={
                "ordering": ["environment"],
            },
        ),
        migrations.CreateModel(
            name="Release",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "environment",
                    models.CharField(
                        choices=[
                            ("development", "Development"),
                            ("staging", "Staging"),
                            ("production", "Production"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "version",
                    models.CharField(
                        max_length=11,
                        validators=[
                            django.core.validators.RegexValidator("^[0-9]{1,3}(\\.[0-9]{1,3}){2}$")
                        ],
                    ),
                ),
                ("released_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("released_by", models.CharField(max_length=150)),
                ("is_roll_back", models.BooleanField(default=False)),
                ("notes", models.CharField(blank=True, max_length=200)),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="releases",
                        to="deployments.service",
                    ),
                ),
            ],
            options={
                "ordering": ["-released_at", "-id"],
                "permissions": [("roll_back_production", "Can roll back services in production")],
                "indexes": [
                    models.Index(
                        fields=["service", "environment", "-released_at"],
                        name="release_by_place_and_time",
                    )
                ],
            },
        ),
    ]
