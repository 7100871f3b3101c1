"""What a stored change moves: invoices when a payment is linked or unlinked, customers when anything is owed."""

from __future__ import annotations

from decimal import Decimal

from avantto_qbo.sandbox.quickbooks.company import ZERO, Company
from avantto_qbo.sandbox.quickbooks.currencies import at_home
from avantto_qbo.sandbox.quickbooks.draft import value_of
from avantto_qbo.sandbox.quickbooks.fields import Json
from avantto_qbo.sandbox.quickbooks.payments import links_of

_OWED = {"Invoice": ("Balance", 1), "CreditMemo": ("RemainingCredit", -1), "Payment": ("UnappliedAmt", -1)}


def settle(company: Company, entity: str, before: Json | None, after: Json | None) -> None:
    """Bring linked documents and customer balances in line with a change that was just stored."""
    if entity == "Payment":
        _relink(company, before, after)
    _move_customers(company, entity, before, after)


def _move_customers(company: Company, entity: str, before: Json | None, after: Json | None) -> None:
    if entity not in _OWED:
        return
    member, sign = _OWED[entity]
    for form, direction in ((before, -1), (after, 1)):
        customer = value_of(form, "CustomerRef") if form else None
        if form is not None and customer is not None and form[member]:
            _owe(company, customer, sign * direction * form[member])


def _owe(company: Company, customer: str, amount: Decimal) -> None:
    body = company.find("Customer", customer)
    if body is None or not amount:
        return
    balance = body["Balance"] + amount
    moved = {"Balance": balance, "BalanceWithJobs": balance}
    if company.knobs.balance_touches_customer:
        company.update("Customer", {**body, **moved})
    else:
        company.tables["Customer"].amend(customer, **moved)


def _relink(company: Company, before: Json | None, after: Json | None) -> None:
    payment = str((after or before or {})["Id"])
    old = _sums(before)
    new = _sums(after)
    for document in old.keys() | new.keys():
        if old.get(document) != new.get(document):
            _apply(company, document, payment, new.get(document, ZERO))


def _sums(payment: Json | None) -> dict[tuple[str, str], Decimal]:
    sums: dict[tuple[str, str], Decimal] = {}
    for link in links_of(payment):
        sums[link.entity, link.id] = sums.get((link.entity, link.id), ZERO) + link.amount
    return sums


def _apply(company: Company, document: tuple[str, str], payment: str, amount: Decimal) -> None:
    """Record one payment's share of a document and store the document's new version."""
    entity, identifier = document
    shares = company.applied.setdefault(document, {})
    shares[payment] = amount
    if not amount:
        del shares[payment]
    form = company.find(entity, identifier)
    if form is None:
        return
    left = form["TotalAmt"] - company.applied_to(entity, identifier)
    linked = [{"TxnId": one, "TxnType": "Payment"} for one in shares]
    changed = {**form, "Balance": left, "LinkedTxn": linked}
    changed |= at_home(changed)
    if entity == "CreditMemo":
        changed["RemainingCredit"] = left
    settle(company, entity, form, company.update(entity, changed))
