"""Models of the API. What belongs to a company has a manager that finds the current one's alone."""

import uuid
from decimal import Decimal
from typing import Any, Self

from django.conf import settings
from django.db import models

from tests.billing import clock
from tests.billing.tenancy import current_company


class Company(models.Model):
    """A tenant; `slug` is its part of the host name."""

    name = models.CharField(max_length=80)
    slug = models.SlugField(unique=True)
    founded = models.DateField(null=True)

    class Meta:
        verbose_name_plural = "companies"
        ordering = ("slug",)

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """What a user may do in a company."""

    class Role(models.TextChoices):
        OWNER = "owner", "Owner"
        EDITOR = "editor", "Editor"
        VIEWER = "viewer", "Viewer"

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.VIEWER)
    hourly_rate = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=("company", "user"), name="unique_billing_membership"),
        )

    def __str__(self) -> str:
        return f"{self.user} of {self.company}"


class TenantQuerySet(models.QuerySet[Any]):
    """Rows of companies."""

    path = "company"

    def of_company(self) -> Self:
        """The rows of the current company; none where there is no company."""
        company = current_company()
        return self.none() if company is None else self.filter(**{self.path: company})


class EntryQuerySet(TenantQuerySet):
    path = "project__company"


class PaymentQuerySet(TenantQuerySet):
    path = "invoice__company"


class Tag(models.Model):
    """A word for customers, of one company."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="tags")
    name = models.CharField(max_length=30)

    objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(fields=("company", "name"), name="unique_billing_tag"),
        )

    def __str__(self) -> str:
        return self.name


class Customer(models.Model):
    """Who is billed."""

    class Kind(models.TextChoices):
        BUSINESS = "business", "Business"
        PERSON = "person", "Person"

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="customers")
    reference = models.SlugField(max_length=30)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.BUSINESS)
    country = models.CharField(max_length=2, blank=True)
    email = models.EmailField(null=True, blank=True)  # noqa: DJ001  (unknown is not empty)
    credit_limit = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    discount = models.DecimalField(max_digits=4, decimal_places=3, default=Decimal("0.000"))
    score = models.FloatField(null=True, blank=True)
    since = models.DateField(null=True, blank=True)
    opens = models.TimeField(null=True, blank=True)
    is_blocked = models.BooleanField(default=False)
    facts = models.JSONField(default=dict, blank=True)
    tags = models.ManyToManyField(Tag, related_name="customers", blank=True)
    created = models.DateTimeField(default=clock.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ("reference",)
        constraints = (
            models.UniqueConstraint(
                fields=("company", "reference"), name="unique_billing_customer"
            ),
        )

    def __str__(self) -> str:
        return self.name


class Address(models.Model):
    """Where a customer gets mail."""

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, related_name="address")
    street = models.CharField(max_length=120)
    city = models.CharField(max_length=60)
    postcode = models.CharField(max_length=12, null=True, blank=True)  # noqa: DJ001  (as above)

    def __str__(self) -> str:
        return f"{self.street}, {self.city}"


class Project(models.Model):
    """Work for a customer."""

    class Stage(models.IntegerChoices):
        PLANNED = 1, "Planned"
        RUNNING = 2, "Running"
        DONE = 3, "Done"

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="projects")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="projects")
    key = models.UUIDField(unique=True, default=uuid.uuid4)
    name = models.CharField(max_length=80)
    lead = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    budget = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    stage = models.IntegerField(choices=Stage.choices, default=Stage.PLANNED)
    starts = models.DateField(null=True, blank=True)
    ends = models.DateField(null=True, blank=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Entry(models.Model):
    """Time that a user has worked on a project."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="entries")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="entries"
    )
    day = models.DateField()
    lasted = models.DurationField()
    note = models.CharField(max_length=200, blank=True)
    is_billable = models.BooleanField(default=True)
    created = models.DateTimeField(default=clock.now, editable=False)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "entries"
        ordering = ("-day", "-pk")

    def __str__(self) -> str:
        return f"{self.day} {self.lasted}"


class Invoice(models.Model):
    """A bill, with its lines."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        SENT = "sent", "Sent"
        PAID = "paid", "Paid"

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="invoices")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="invoices")
    number = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    currency = models.CharField(max_length=3, default="EUR")
    issued_on = models.DateField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, editable=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ("number",)
        constraints = (
            models.UniqueConstraint(fields=("company", "number"), name="unique_billing_invoice"),
        )
        permissions = [("send_invoice", "Can send invoices")]

    def __str__(self) -> str:
        return f"invoice {self.number}"

    @property
    def total(self) -> Decimal:
        """The sum of its lines."""
        lines = self.lines.all()
        return sum((line.quantity * line.unit_price for line in lines), Decimal(0))


class Line(models.Model):
    """Position of an invoice."""

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    text = models.CharField(max_length=200)
    quantity = models.DecimalField(max_digits=9, decimal_places=3)
    unit_price = models.DecimalField(max_digits=12, decimal_places=2)
    project = models.ForeignKey(Project, on_delete=models.SET_NULL, null=True, blank=True)

    class Meta:
        ordering = ("position",)

    def __str__(self) -> str:
        return self.text


class Payment(models.Model):
    """Money that came in for an invoice."""

    reference = models.UUIDField(primary_key=True)
    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="payments")
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    received = models.DateTimeField()

    objects = PaymentQuerySet.as_manager()

    class Meta:
        ordering = ("received", "reference")

    def __str__(self) -> str:
        return str(self.amount)


class Rate(models.Model):
    """What a euro was worth on a day: the same for all companies."""

    currency = models.CharField(max_length=3)
    day = models.DateField()
    value = models.DecimalField(max_digits=14, decimal_places=6)

    class Meta:
        ordering = ("currency", "-day")
        constraints = (
            models.UniqueConstraint(fields=("currency", "day"), name="unique_billing_rate"),
        )

    def __str__(self) -> str:
        return f"{self.currency} {self.value}"
