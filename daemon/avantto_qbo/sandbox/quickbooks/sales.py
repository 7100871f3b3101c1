"""Invoices, sales receipts, refund receipts and credit memos: from a draft to the form that is stored."""

from __future__ import annotations

from datetime import date, timedelta

from avantto_qbo.sandbox.quickbooks.company import ZERO, Company
from avantto_qbo.sandbox.quickbooks.currencies import at_home, check_currency
from avantto_qbo.sandbox.quickbooks.draft import Draft, check_money_account, check_references, value_of
from avantto_qbo.sandbox.quickbooks.fields import Json
from avantto_qbo.sandbox.quickbooks.figures import put_figures
from avantto_qbo.sandbox.quickbooks.numbers import document_number
from avantto_qbo.sandbox.quickbooks.refusals import (
    RefusedError,
    bad_reference,
    bad_value,
    business,
    missing,
    not_found,
)
from avantto_qbo.sandbox.quickbooks.seed import UNDEPOSITED

_CLIENT_CANNOT_SET = ("Balance", "HomeBalance", "HomeTotalAmt", "LinkedTxn", "RemainingCredit", "EInvoiceStatus")
VOIDED_NOTE = "Voided"
PAYMENT_TYPES = frozenset({"Cash", "Check", "CreditCard", "Other"})


def prepare_invoice(company: Company, draft: Draft) -> Json:
    """Return the invoice to store; raise `RefusedError`."""
    if value_of(draft.body, "CustomerRef") is None:
        raise missing("CustomerRef")
    body = _prepare_form(company, draft)
    paid = company.applied_to("Invoice", draft.id)
    if (
        paid
        and draft.changed("CustomerRef")
        and value_of(body, "CustomerRef") != value_of(_stored(draft), "CustomerRef")
    ):
        raise business("The customer cannot be changed while payments are linked to the transaction")
    if paid > body["TotalAmt"]:
        raise business("The total cannot be lower than the payments applied to the transaction")
    body["Balance"] = body["TotalAmt"] - paid
    body["LinkedTxn"] = list(_stored(draft).get("LinkedTxn", ()))
    body["DueDate"] = body.get("DueDate") or _due_date(company, body)
    return {**body, **at_home(body)}


def prepare_sales_receipt(company: Company, draft: Draft) -> Json:
    """Return the sales receipt to store; raise `RefusedError`."""
    body = _prepare_form(company, draft)
    _check_payment_type(body)
    check_money_account(company, body, UNDEPOSITED)
    return _paid(body)


def prepare_refund_receipt(company: Company, draft: Draft) -> Json:
    """Return the refund receipt to store; raise `RefusedError`. The account refunded from is required."""
    if value_of(draft.body, "DepositToAccountRef") is None:
        raise missing("DepositToAccountRef")
    body = _prepare_form(company, draft)
    _check_payment_type(body)
    check_money_account(company, body, "")
    return {**_paid(body), "RemainingCredit": ZERO}


def prepare_credit_memo(company: Company, draft: Draft) -> Json:
    """Return the credit memo to store; raise `RefusedError`."""
    if value_of(draft.body, "CustomerRef") is None:
        raise missing("CustomerRef")
    body = _prepare_form(company, draft)
    left = body["TotalAmt"] - company.applied_to("CreditMemo", draft.id)
    if left < 0:
        raise business("The total cannot be lower than the credit already applied")
    credit = {**body, "Balance": left, "RemainingCredit": left}
    return {**credit, **at_home(credit)}


def check_removable(company: Company, entity: str, current: Json) -> None:
    """Raise `RefusedError` 6000 when money is linked to the form: it must be unlinked before a void or a deletion."""
    if company.applied.get((entity, current["Id"])):
        raise business("You must unlink any linked transactions (applied payment) before you void or delete this one")


def voided_form(current: Json) -> Json:
    """Return the form with everything zero; the note is overwritten."""
    lines = [_voided_line(line) for line in current["Line"]]
    zero = {"TotalAmt": ZERO, "Balance": ZERO, "PrivateNote": VOIDED_NOTE, "Line": lines}
    detail = current.get("TxnTaxDetail")
    return {**current, **zero, **({"TxnTaxDetail": {"TotalTax": ZERO}} if detail else {})}


def _voided_line(line: Json) -> Json:
    kept = {**line, **({"Amount": ZERO} if "Amount" in line else {})}
    detail = line.get("SalesItemLineDetail")
    return {**kept, "SalesItemLineDetail": {**detail, "Qty": ZERO}} if detail else kept


def _paid(body: Json) -> Json:
    """Return a form that owes nothing."""
    paid = {**body, "Balance": ZERO}
    return {**paid, **at_home(paid)}


def _check_payment_type(body: Json) -> None:
    kind = body.get("PaymentType")
    if kind is not None and kind not in PAYMENT_TYPES:
        raise bad_value("2170", "Invalid Enumeration", "PaymentType", kind)


def _stored(draft: Draft) -> Json:
    return draft.current or {}


def _prepare_form(company: Company, draft: Draft) -> Json:
    body = draft.body
    for member in _CLIENT_CANNOT_SET:
        body.pop(member, None)
    customer = _customer(company, body, draft)
    unit = check_currency(company, body, customer)
    check_references(company, draft)
    _check_sending(body)
    body.setdefault("TxnDate", company.today().isoformat())
    body["DocNumber"] = document_number(company, draft)
    put_figures(company, draft, unit)
    return {key: value for key, value in body.items() if value is not None}


def _customer(company: Company, body: Json, draft: Draft) -> Json | None:
    identifier = value_of(body, "CustomerRef")
    if identifier is None:
        return None
    customer = company.find("Customer", identifier)
    if customer is None:
        raise bad_reference("CustomerRef")
    if not customer["Active"] and value_of(_stored(draft), "CustomerRef") != identifier:
        raise not_found()
    body["CustomerRef"] = {"value": identifier, "name": customer["DisplayName"]}
    return customer


def _check_sending(body: Json) -> None:
    body.setdefault("EmailStatus", "NotSet")
    body.setdefault("PrintStatus", "NotSet")
    if body["EmailStatus"] == "NeedToSend" and not body.get("BillEmail"):
        raise RefusedError("6420", "Email address required", "EmailStatus NeedToSend needs BillEmail")


def _due_date(company: Company, body: Json) -> str:
    term = company.find("Term", value_of(body, "SalesTermRef")) or {}
    days = int(term.get("DueDays", 0))
    return (date.fromisoformat(body["TxnDate"]) + timedelta(days=days)).isoformat()
