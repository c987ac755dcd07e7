"""Serializers of the API."""

from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from rest_framework import serializers

from tests.billing.models import (
    Address,
    Company,
    Customer,
    Entry,
    Invoice,
    Line,
    Membership,
    Payment,
    Project,
    Rate,
    Tag,
)


class CompanySerializer(serializers.ModelSerializer):
    members = serializers.IntegerField(source="memberships.count", read_only=True)

    class Meta:
        model = Company
        fields = ["id", "slug", "name", "founded", "members"]


class MembershipSerializer(serializers.ModelSerializer):
    user = serializers.CharField(source="user.username", read_only=True)

    class Meta:
        model = Membership
        fields = ["id", "user", "role", "hourly_rate"]


class TagField(serializers.SlugRelatedField):
    """Tags by name, of the current company alone."""

    def get_queryset(self) -> QuerySet[Tag]:
        return Tag.objects.of_company()


class CustomerField(serializers.SlugRelatedField):
    """A customer by its reference, of the current company alone."""

    def get_queryset(self) -> QuerySet[Customer]:
        return Customer.objects.of_company()


class ProjectField(serializers.PrimaryKeyRelatedField):
    """A project by its key, of the current company alone."""

    def get_queryset(self) -> QuerySet[Project]:
        return Project.objects.of_company()


class AddressSerializer(serializers.ModelSerializer):
    class Meta:
        model = Address
        fields = ["street", "city", "postcode"]


class CustomerSerializer(serializers.ModelSerializer):
    address = AddressSerializer(required=False, allow_null=True)
    tags = TagField(slug_field="name", many=True, required=False)
    discount = serializers.DecimalField(
        max_digits=4,
        decimal_places=3,
        coerce_to_string=False,
        required=False,
        min_value=Decimal(0),
        max_value=Decimal(1),
    )
    created_by = serializers.CharField(
        source="created_by.username", read_only=True, allow_null=True
    )
    open_invoices = serializers.SerializerMethodField()
    note = serializers.CharField(write_only=True, required=False, allow_blank=True)

    class Meta:
        model = Customer
        fields = [
            "reference",
            "name",
            "kind",
            "country",
            "email",
            "credit_limit",
            "discount",
            "score",
            "since",
            "opens",
            "is_blocked",
            "facts",
            "tags",
            "address",
            "created",
            "created_by",
            "open_invoices",
            "note",
        ]
        read_only_fields = ["is_blocked", "created"]

    def get_open_invoices(self, customer: Customer) -> int:
        return customer.invoices.exclude(status=Invoice.Status.PAID).count()

    def validate_reference(self, reference: str) -> str:
        others = Customer.objects.of_company().filter(reference=reference)
        if self.instance is not None:
            others = others.exclude(pk=self.instance.pk)
        if others.exists():
            raise serializers.ValidationError("There is a customer with this reference.")
        return reference

    def validate(self, attributes: dict[str, Any]) -> dict[str, Any]:
        if attributes.get("kind") == Customer.Kind.PERSON and attributes.get("credit_limit"):
            raise serializers.ValidationError("A person gets no credit.")
        return attributes

    @transaction.atomic
    def create(self, validated: dict[str, Any]) -> Customer:
        note = validated.pop("note", "")
        address = validated.pop("address", None)
        tags = validated.pop("tags", [])
        facts = {**validated.pop("facts", {}), **({"note": note} if note else {})}
        customer = Customer.objects.create(**validated, facts=facts)
        customer.tags.set(tags)
        if address is not None:
            Address.objects.create(customer=customer, **address)
        return customer

    @transaction.atomic
    def update(self, customer: Customer, validated: dict[str, Any]) -> Customer:
        note = validated.pop("note", "")
        if note:
            customer.facts = {**customer.facts, "note": note}
        tags = validated.pop("tags", None)
        has_address, address = "address" in validated, validated.pop("address", None)
        for name, value in validated.items():
            setattr(customer, name, value)
        customer.save()
        if tags is not None:
            customer.tags.set(tags)
        if has_address:
            Address.objects.filter(customer=customer).delete()
            customer = Customer.objects.get(pk=customer.pk)
            if address is not None:
                Address.objects.create(customer=customer, **address)
        return customer


class BlockSerializer(serializers.Serializer):
    """Why a customer is blocked, or since when."""

    reason = serializers.CharField(max_length=80)
    from_day = serializers.DateField(required=False)


class ProjectSerializer(serializers.ModelSerializer):
    customer = serializers.SlugRelatedField(slug_field="reference", read_only=True)
    lead = serializers.CharField(source="lead.username", read_only=True, default=None)
    stage_name = serializers.CharField(source="get_stage_display", read_only=True)

    class Meta:
        model = Project
        fields = [
            "key",
            "customer",
            "name",
            "lead",
            "budget",
            "stage",
            "stage_name",
            "starts",
            "ends",
        ]

    def validate(self, attributes: dict[str, Any]) -> dict[str, Any]:
        starts, ends = attributes.get("starts"), attributes.get("ends")
        if starts and ends and ends < starts:
            raise serializers.ValidationError({"ends": ["It ends before it starts."]})
        return attributes


class EntrySerializer(serializers.ModelSerializer):
    user = serializers.CharField(source="user.username", read_only=True)
    hours = serializers.SerializerMethodField()

    class Meta:
        model = Entry
        fields = ["id", "user", "day", "lasted", "hours", "note", "is_billable", "created"]
        read_only_fields = ["created"]

    def get_hours(self, entry: Entry) -> float:
        return entry.lasted.total_seconds() / 3600


class LineSerializer(serializers.ModelSerializer):
    project = ProjectField(required=False, allow_null=True)

    class Meta:
        model = Line
        fields = ["text", "quantity", "unit_price", "project"]


class InvoiceSerializer(serializers.ModelSerializer):
    url = serializers.HyperlinkedIdentityField(view_name="invoice-detail", lookup_field="number")
    customer = CustomerField(slug_field="reference")
    lines = LineSerializer(many=True, allow_empty=False)
    total = serializers.DecimalField(max_digits=14, decimal_places=2, read_only=True)
    paid = serializers.SerializerMethodField()

    class Meta:
        model = Invoice
        fields = [
            "url",
            "number",
            "customer",
            "status",
            "currency",
            "issued_on",
            "due_on",
            "sent_at",
            "lines",
            "total",
            "paid",
        ]
        read_only_fields = ["status", "sent_at"]

    def get_paid(self, invoice: Invoice) -> Decimal | None:
        payments = [payment.amount for payment in invoice.payments.all()]
        return sum(payments, Decimal(0)) if payments else None

    def validate_number(self, number: int) -> int:
        others = Invoice.objects.of_company().filter(number=number)
        if self.instance is not None:
            others = others.exclude(pk=self.instance.pk)
        if others.exists():
            raise serializers.ValidationError("There is an invoice with this number.")
        return number

    def create(self, validated: dict[str, Any]) -> Invoice:
        lines = validated.pop("lines")
        invoice = Invoice.objects.create(**validated)
        self._write(invoice, lines)
        return invoice

    def update(self, invoice: Invoice, validated: dict[str, Any]) -> Invoice:
        lines = validated.pop("lines", None)
        for name, value in validated.items():
            setattr(invoice, name, value)
        invoice.save()
        if lines is not None:
            invoice.lines.all().delete()
            self._write(invoice, lines)
        return Invoice.objects.get(pk=invoice.pk)

    def _write(self, invoice: Invoice, lines: list[dict[str, Any]]) -> None:
        for position, line in enumerate(lines, start=1):
            Line.objects.create(invoice=invoice, position=position, **line)


class TerseInvoiceSerializer(serializers.ModelSerializer):
    """An invoice in version 2: sums are numbers, and there are no lines."""

    customer = CustomerField(slug_field="reference")
    total = serializers.DecimalField(
        max_digits=14, decimal_places=2, read_only=True, coerce_to_string=False
    )

    class Meta:
        model = Invoice
        fields = ["number", "customer", "status", "total", "due_on"]
        read_only_fields = ["status"]


class PaymentSerializer(serializers.ModelSerializer):
    class Meta:
        model = Payment
        fields = ["reference", "amount", "received"]

    def to_representation(self, payment: Payment) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(payment)
        return {"invoice": payment.invoice.number, **shown}


class RateSerializer(serializers.ModelSerializer):
    value = serializers.DecimalField(
        max_digits=14, decimal_places=6, min_value=Decimal("0.000001"), coerce_to_string=False
    )

    class Meta:
        model = Rate
        fields = ["currency", "day", "value"]


class TransferSerializer(serializers.Serializer):
    """Some money of one invoice that belongs to another."""

    source = serializers.UUIDField()
    target = serializers.IntegerField(min_value=1)


class BookingSerializer(serializers.Serializer):
    """A line of the ledger, in a project whose clients write camel case."""

    booked_on = serializers.DateField()
    net_amount = serializers.DecimalField(max_digits=10, decimal_places=2)
    cost_centre = serializers.CharField(max_length=20, required=False, allow_null=True)


class ReportQuerySerializer(serializers.Serializer):
    """Which part of the year a report is of."""

    month = serializers.IntegerField(min_value=1, max_value=12, required=False)
    with_customers = serializers.BooleanField(required=False, default=False)
