"""Payments: what they settle, what is left over, and how they move the balances of invoices and customers.

Rules from the vendor's Payment page: TotalAmt is required (6000), a line links an invoice or credit memo by Id (610),
customer of payment and document agree, the lines never exceed the total; the rest is the customer's credit. Paying an
invoice beyond its balance is refused here (UNVERIFIED at the vendor).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from avantto_qbo.sandbox.quickbooks.company import ZERO, Company
from avantto_qbo.sandbox.quickbooks.currencies import check_currency
from avantto_qbo.sandbox.quickbooks.draft import Draft, check_money_account, check_references, value_of
from avantto_qbo.sandbox.quickbooks.fields import Json
from avantto_qbo.sandbox.quickbooks.money import exact
from avantto_qbo.sandbox.quickbooks.refusals import RefusedError, bad_reference, bad_value, business, missing, not_found
from avantto_qbo.sandbox.quickbooks.sales import VOIDED_NOTE
from avantto_qbo.sandbox.quickbooks.seed import UNDEPOSITED

LINKABLE = ("Invoice", "CreditMemo")


@dataclass(frozen=True, slots=True)
class Link:
    """An amount of a payment linked to one document."""

    entity: str
    id: str
    amount: Decimal


def links_of(payment: Json | None) -> list[Link]:
    """Return the links of a stored payment."""
    return [
        Link(linked["TxnType"], linked["TxnId"], line["Amount"])
        for line in (payment or {}).get("Line", ())
        for linked in line.get("LinkedTxn", ())
        if linked["TxnType"] in LINKABLE
    ]


def prepare_payment(company: Company, draft: Draft) -> Json:
    """Return the payment to store; raise `RefusedError`."""
    body = draft.body
    if value_of(body, "CustomerRef") is None:
        raise missing("CustomerRef")
    if body.get("TotalAmt") is None:
        raise business("You must set a transaction amount")
    if body["TotalAmt"] < 0:
        raise bad_value("2290", "Invalid Amount: negative", "TotalAmt", body["TotalAmt"])
    unit = _put_parties(company, draft)
    body["TotalAmt"] = exact(body["TotalAmt"], "TotalAmt", unit)
    lines = [_line(line, unit) for line in body.get("Line") or ()]
    links = links_of({"Line": lines})
    for link in links:
        _check_link(company, draft, link, links)
    body["Line"] = lines
    body["UnappliedAmt"] = body["TotalAmt"] - settled_by(links)
    if body["UnappliedAmt"] < 0:
        raise business("The amount applied is greater than the amount of the payment")
    body["LinkedTxn"] = [dict(linked) for linked in (draft.current or {}).get("LinkedTxn", ())]
    return {key: value for key, value in body.items() if value is not None}


def _put_parties(company: Company, draft: Draft) -> Decimal:
    """Check whom and where the money is for; return the smallest unit of its currency."""
    body = draft.body
    customer = company.find("Customer", value_of(body, "CustomerRef"))
    if customer is None:
        raise bad_reference("CustomerRef")
    if not customer["Active"] and customer["Id"] != value_of(draft.current or {}, "CustomerRef"):
        raise not_found()
    body["CustomerRef"] = {"value": customer["Id"], "name": customer["DisplayName"]}
    unit = check_currency(company, body, customer)
    check_references(company, draft)
    check_money_account(company, body, UNDEPOSITED)
    body.setdefault("TxnDate", company.today().isoformat())
    body.setdefault("ProcessPayment", False)
    return unit


def _line(line: Json, unit: Decimal) -> Json:
    linked = line.get("LinkedTxn") or []
    if line.get("Amount") is None:
        raise missing("Line.Amount")
    if line["Amount"] < 0:
        raise bad_value("2290", "Invalid Amount: negative", "Line.Amount", line["Amount"])
    if len(linked) != 1:
        raise missing("Line.LinkedTxn")
    kind, identifier = linked[0].get("TxnType"), linked[0].get("TxnId")
    if kind not in LINKABLE:
        raise RefusedError("620", "Transaction cannot be linked", f"Transaction of type {kind} cannot be linked")
    amount = exact(line["Amount"], "Line.Amount", unit)
    return {"Amount": amount, "LinkedTxn": [{"TxnId": identifier, "TxnType": kind}]}


def settled_by(links: Iterable[Link]) -> Decimal:
    """Return what the links take from the payment's own money: invoices less credits used."""
    return sum((link.amount if link.entity == "Invoice" else -link.amount for link in links), ZERO)


def _check_link(company: Company, draft: Draft, link: Link, links: Iterable[Link]) -> None:
    document = company.find(link.entity, link.id)
    if document is None:
        raise not_found(f"{link.entity} {link.id}")
    if not same_account(company, document, draft.body):
        raise business("The customer of the payment is not the customer of the linked transaction")
    others = company.applied_to(link.entity, link.id) - company.applied.get((link.entity, link.id), {}).get(
        draft.id, ZERO
    )
    mine = sum((one.amount for one in links if (one.entity, one.id) == (link.entity, link.id)), ZERO)
    if others + mine > document["TotalAmt"]:
        raise business("The amount applied is greater than the open balance of the linked transaction")


def same_account(company: Company, document: Json, payment: Json) -> bool:
    """Say whether a payment's customer may settle a document: its own, or its sub-customer's billed to the parent."""
    owner, payer = value_of(document, "CustomerRef"), value_of(payment, "CustomerRef")
    if owner == payer:
        return True
    customer = company.find("Customer", owner) or {}
    return bool(customer.get("BillWithParent")) and value_of(customer, "ParentRef") == payer


def voided_payment(current: Json) -> Json:
    """Return the payment with nothing left in it."""
    return {**current, "TotalAmt": ZERO, "UnappliedAmt": ZERO, "Line": [], "PrivateNote": VOIDED_NOTE}
