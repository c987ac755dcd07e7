from django.conf import settings
from django.db import models


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
