"""Views of the pages. Each reads a form, calls a service and shows its result."""

from asgiref.sync import async_to_sync
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from django_mcp import ToolError
from example_project.expenses import services
from example_project.expenses.forms import (
    BudgetForm,
    ExpenseFilter,
    ExpenseForm,
    ReceiptForm,
    StatementForm,
    SummaryForm,
    YearForm,
)
from example_project.expenses.models import Expense
from example_project.expenses.money import format_amount
from example_project.expenses.reports import read_report, years_with_reports
from example_project.expenses.statement_import import ImportReport
from example_project.expenses.summaries import Period, Summary
from example_project.expenses.workbook import MEDIA_TYPE
from example_project.requests import SignedInRequest

PAGE_SIZE = 50


@login_required
def expense_list(request: SignedInRequest) -> HttpResponse:
    form = ExpenseFilter(request.GET)
    page = request.GET.get("page", "")
    number = min(int(page), 10_000) if page.isdecimal() and int(page) > 0 else 1
    expenses: list[Expense] = []
    if form.is_valid():
        try:
            # One more than a page holds tells whether there is a next page.
            expenses = list(
                services.list_expenses(
                    request.user,
                    category=form.cleaned_data["category"] or None,
                    first_day=form.cleaned_data["first_day"],
                    last_day=form.cleaned_data["last_day"],
                    search=form.cleaned_data["search"],
                    limit=PAGE_SIZE + 1,
                    offset=(number - 1) * PAGE_SIZE,
                )
            )
        except ToolError as error:
            _show(form, error)
    has_next = len(expenses) > PAGE_SIZE
    query = request.GET.copy()
    query.pop("page", None)
    return render(
        request,
        "expenses/list.html",
        {
            "form": form,
            "expenses": expenses[:PAGE_SIZE],
            "query": query.urlencode(),
            "previous_page": number - 1,
            "next_page": number + 1 if has_next else None,
        },
    )


@login_required
def expense_add(request: SignedInRequest) -> HttpResponse:
    form = ExpenseForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        receipt = form.cleaned_data.pop("receipt")
        try:
            expense = services.add_expense(request.user, **form.cleaned_data)
        except ToolError as error:
            _show(form, error)
        else:
            if receipt is not None:
                services.attach_receipt(request.user, expense.pk, receipt)
            amount = format_amount(expense.amount)
            messages.success(request, f"Recorded {amount} € for {expense.payee}.")
            return redirect("expenses:list")
    return render(request, "expenses/add.html", {"form": form})


@login_required
@require_POST
def expense_delete(request: SignedInRequest, expense_id: int) -> HttpResponse:
    try:
        deleted = services.delete_expense(request.user, expense_id)
    except ToolError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"Deleted {format_amount(deleted.amount)} € for {deleted.payee}.")
    return redirect("expenses:list")


@login_required
def receipt(request: SignedInRequest, expense_id: int) -> FileResponse:
    expense = get_object_or_404(Expense.objects.of(request.user), pk=expense_id)
    if not expense.receipt:
        raise Http404
    return FileResponse(expense.receipt.open())


@login_required
def receipt_attach(request: SignedInRequest, expense_id: int) -> HttpResponse:
    expense = get_object_or_404(Expense.objects.of(request.user), pk=expense_id)
    form = ReceiptForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        services.attach_receipt(request.user, expense.pk, form.cleaned_data["receipt"])
        messages.success(request, f"Kept the receipt of {expense.payee}.")
        return redirect("expenses:list")
    return render(request, "expenses/attach.html", {"form": form, "expense": expense})


@login_required
def summary(request: SignedInRequest) -> HttpResponse:
    form = SummaryForm({**SummaryForm.defaults(), **request.GET.dict()})
    found: Summary | None = None
    if form.is_valid():
        try:
            found = services.summarise_expenses(
                request.user,
                form.cleaned_data["first_day"],
                form.cleaned_data["last_day"],
                Period(form.cleaned_data["period"]),
            )
        except ToolError as error:
            _show(form, error)
    return render(request, "expenses/summary.html", {"form": form, "summary": found})


@login_required
def budgets(request: SignedInRequest) -> HttpResponse:
    form = BudgetForm(request.POST or None)
    if form.is_valid():
        try:
            budget = services.set_budget(request.user, **form.cleaned_data)
        except ToolError as error:
            _show(form, error)
        else:
            limit = format_amount(budget.limit)
            messages.success(request, f"{budget.category}: {limit} € a month at most.")
            return redirect("expenses:budgets")
    statuses = async_to_sync(services.list_budgets)(request.user)
    return render(request, "expenses/budgets.html", {"form": form, "budgets": statuses})


@login_required
def reports(request: SignedInRequest) -> HttpResponse:
    form = YearForm(request.POST or None)
    if form.is_valid():
        try:
            built = services.build_annual_report(request.user, form.cleaned_data["year"])
        except ToolError as error:
            _show(form, error)
        else:
            messages.success(request, f"The report of {built.year} is ready.")
            return redirect("expenses:reports")
    years = years_with_reports(request.user)
    return render(request, "expenses/reports.html", {"form": form, "years": years})


@login_required
def report(request: SignedInRequest, year: int) -> HttpResponse:
    try:
        content = read_report(request.user, year)
    except FileNotFoundError:
        raise Http404 from None
    disposition = f'attachment; filename="expenses-{year}.xlsx"'
    return HttpResponse(
        content, content_type=MEDIA_TYPE, headers={"Content-Disposition": disposition}
    )


@login_required
def statement_import(request: SignedInRequest) -> HttpResponse:
    form = StatementForm(request.POST or None, request.FILES or None)
    report: ImportReport | None = None
    if form.is_valid():
        try:
            report = services.import_statement(request.user, form.cleaned_data["statement"])
        except ToolError as error:
            _show(form, error)
    return render(request, "expenses/import.html", {"form": form, "report": report})


def _show(form: forms.Form, error: ToolError) -> None:
    # The hint speaks to agents, of tools and arguments; people have the form before them.
    form.add_error(None, error.message)
