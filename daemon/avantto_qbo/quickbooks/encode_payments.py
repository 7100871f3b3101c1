"""From a payment's draft to the exact bytes of a write.

Source: Intuit, Payment page: a payment settles an invoice by its Id, and its lines are replaced all or none.
"""

from __future__ import annotations

from typing import Any

from avantto_qbo.model.drafts import PaymentDraft
from avantto_qbo.model.operation import Call
from avantto_qbo.model.quickbooks import Company
from avantto_qbo.quickbooks import text
from avantto_qbo.quickbooks.body import given, post, target
from avantto_qbo.quickbooks.lines import currency, reference


def payment_create(draft: PaymentDraft, company: Company | None = None) -> Call:
    """Record money received and put all of it on one invoice."""
    latin = company is not None and company.american
    body = {
        "CustomerRef": reference(draft.customer),
        "CurrencyRef": currency(draft.total, company) if company else None,
        "TotalAmt": draft.total.amount,
        "TxnDate": draft.day.isoformat(),
        "PaymentRefNum": draft.reference,
        "PaymentMethodRef": reference(draft.method),
        "DepositToAccountRef": reference(draft.account),
        "PrivateNote": text.fitted(draft.note, text.NOTE, latin=latin),
        "Line": _settled(draft),
    }
    return post("payment", given(body) | {"ProcessPayment": False})


def payment_update(object_id: str, sync_token: str, draft: PaymentDraft) -> Call:
    """Move a payment to the draft's customer and invoice, and change nothing else (sparse).

    Without an invoice the empty Line unlinks it: the money stays the customer's credit (I5).
    """
    body = {"CustomerRef": reference(draft.customer), "TotalAmt": draft.total.amount, "Line": _settled(draft)}
    return post("payment", target(object_id, sync_token) | {"sparse": True} | body)


def payment_void(object_id: str, sync_token: str) -> Call:
    """Void a payment: only when its transaction failed or was reversed (I5)."""
    return post("payment?operation=update&include=void", target(object_id, sync_token) | {"sparse": True})


def _settled(draft: PaymentDraft) -> list[dict[str, Any]]:
    if not draft.invoice:
        return []
    return [{"Amount": draft.total.amount, "LinkedTxn": [{"TxnId": draft.invoice, "TxnType": "Invoice"}]}]
