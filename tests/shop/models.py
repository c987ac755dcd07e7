import uuid

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from tests.shop.fields import (
    CountryField,
    LowerCaseField,
    MoneyField,
    PhoneField,
    PointField,
    UnsignedField,
)


class Product(models.Model):
    """Something for sale."""

    sku = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    price = models.DecimalField(max_digits=10, decimal_places=2)
    stock = models.PositiveIntegerField(default=0)
    added = models.DateField(auto_now_add=True)

    class Meta:
        ordering = ("sku",)

    def __str__(self) -> str:
        return self.name


class Order(models.Model):
    """Some pieces of one product, bought by one user."""

    buyer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="orders"
    )
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="orders")
    quantity = models.PositiveIntegerField()
    deliver_on = models.DateField(null=True)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.quantity} x {self.product}"


class Shelf(models.Model):
    """A place in the shop; its constraints are told in every way that Django has."""

    hall = models.CharField(max_length=20)
    number = models.PositiveIntegerField()
    label = models.CharField(max_length=40)
    is_entrance = models.BooleanField(default=False)

    class Meta:
        ordering = ("hall", "number")
        constraints = (
            models.UniqueConstraint(fields=("hall", "number"), name="shop_shelf_place"),
            models.UniqueConstraint(
                Lower("label"),
                name="shop_shelf_label",
                violation_error_message="There is a shelf with this label.",
            ),
            models.UniqueConstraint(
                fields=("hall",),
                condition=models.Q(is_entrance=True),
                name="shop_shelf_entrance",
                violation_error_message="A hall has one entrance.",
            ),
            models.CheckConstraint(condition=models.Q(number__gt=0), name="shop_shelf_number"),
        )

    def __str__(self) -> str:
        return self.label


class Tag(models.Model):
    """A word that many shipments are found by."""

    name = models.CharField(max_length=40)

    def __str__(self) -> str:
        return self.name


class Remark(models.Model):
    """Some words about anything."""

    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE)
    object_id = models.BigIntegerField()
    about = GenericForeignKey()
    words = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.words


class Shipment(models.Model):
    """A parcel on its way, with a field of every kind."""

    class Status(models.TextChoices):
        PACKED = "packed", _("Ready to go")
        SENT = "sent", _("On its way")

    class Priority(models.IntegerChoices):
        LOW = 1, _("Some day")
        HIGH = 2, _("At once")

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="shipments")
    replaces = models.OneToOneField(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="replacement"
    )
    tags = models.ManyToManyField(Tag, related_name="shipments")
    remarks = GenericRelation(Remark)
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.PACKED)
    priority = models.IntegerField(choices=Priority.choices, default=Priority.LOW)
    code = models.SlugField(blank=True)
    contact = LowerCaseField(max_length=40, blank=True)
    fragile = models.BooleanField(null=True)
    weight = models.FloatField(default=1.5)
    fee = models.DecimalField(max_digits=7, decimal_places=2, default=0)
    rate = models.DecimalField(max_digits=12, decimal_places=8, default=0)
    packed_on = models.DateField(null=True)
    sent_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(auto_now=True)
    opens = models.TimeField(null=True)
    lasts = models.DurationField(null=True)
    key = models.UUIDField(default=uuid.uuid4)
    address = models.GenericIPAddressField(null=True)
    facts = models.JSONField(default=dict)
    history = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    seal = models.BinaryField(null=True)
    photo = models.FileField(null=True, blank=True)
    country = CountryField(max_length=2, blank=True)
    phone = PhoneField(max_length=20, blank=True)
    worth = MoneyField(max_digits=7, decimal_places=2, null=True)
    place = PointField(null=True)
    pieces = UnsignedField(default=1)
    double = models.GeneratedField(
        expression=models.F("fee") * 2,
        output_field=models.DecimalField(max_digits=8, decimal_places=2),
        db_persist=True,
    )

    def __str__(self) -> str:
        return f"shipment of {self.product}"

    @property
    def summary(self) -> str:
        return f"{self.product.sku}, {self.get_status_display()}"
