import uuid

import django.core.serializers.json
import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

import tests.shop.fields


class Migration(migrations.Migration):
    dependencies = [
        ("contenttypes", "0002_remove_content_type_name"),
        ("shop", "0002_shelf"),
    ]

    operations = [
        migrations.CreateModel(
            name="Tag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=40)),
            ],
        ),
        migrations.CreateModel(
            name="Remark",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("object_id", models.BigIntegerField()),
                ("words", models.CharField(max_length=200)),
                (
                    "content_type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="contenttypes.contenttype"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Shipment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("packed", "Ready to go"), ("sent", "On its way")],
                        default="packed",
                        max_length=9,
                    ),
                ),
                (
                    "priority",
                    models.IntegerField(choices=[(1, "Some day"), (2, "At once")], default=1),
                ),
                ("code", models.SlugField(blank=True)),
                ("contact", tests.shop.fields.LowerCaseField(blank=True, max_length=40)),
                ("fragile", models.BooleanField(null=True)),
                ("weight", models.FloatField(default=1.5)),
                ("fee", models.DecimalField(decimal_places=2, default=0, max_digits=7)),
                ("rate", models.DecimalField(decimal_places=8, default=0, max_digits=12)),
                ("packed_on", models.DateField(null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                ("changed_at", models.DateTimeField(auto_now=True)),
                ("opens", models.TimeField(null=True)),
                ("lasts", models.DurationField(null=True)),
                ("key", models.UUIDField(default=uuid.uuid4)),
                ("address", models.GenericIPAddressField(null=True)),
                ("facts", models.JSONField(default=dict)),
                (
                    "history",
                    models.JSONField(
                        default=list, encoder=django.core.serializers.json.DjangoJSONEncoder
                    ),
                ),
                ("seal", models.BinaryField(null=True)),
                ("photo", models.FileField(blank=True, null=True, upload_to="")),
                ("country", tests.shop.fields.CountryField(blank=True, max_length=2)),
                ("phone", tests.shop.fields.PhoneField(blank=True, max_length=20)),
                ("worth", tests.shop.fields.MoneyField(decimal_places=2, max_digits=7, null=True)),
                ("place", tests.shop.fields.PointField(null=True)),
                ("pieces", tests.shop.fields.UnsignedField(default=1)),
                (
                    "double",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.expressions.CombinedExpression(
                            models.F("fee"), "*", models.Value(2)
                        ),
                        output_field=models.DecimalField(decimal_places=2, max_digits=8),
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="shipments",
                        to="shop.product",
                    ),
                ),
                (
                    "replaces",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="replacement",
                        to="shop.shipment",
                    ),
                ),
                ("tags", models.ManyToManyField(related_name="shipments", to="shop.tag")),
            ],
        ),
    ]
