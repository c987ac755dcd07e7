from django.conf import settings
from django.db import models
from django.db.models.functions import Lower


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
