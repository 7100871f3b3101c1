"""From a draft to the exact bytes of a write.

Pure and deterministic: the same draft always makes the same bytes, because they are committed before they are sent
and may be sent again. Source of the members and their limits: Intuit's entity pages.
"""

from __future__ import annotations

from typing import Any, Final

from avantto_qbo.model.drafts import InvoiceDraft, ReceiptDraft, RefundDraft
from avantto_qbo.model.operation import Call
from avantto_qbo.model.quickbooks import Company
from avantto_qbo.quickbooks import text
from avantto_qbo.quickbooks.body import email_address, given, post, target
from avantto_qbo.quickbooks.lines import currency, divisions, reference, sale_lines

_LINES: Final = "lines"


def invoice_create(draft: InvoiceDraft, company: Company) -> Call:
    """Create an invoice that QuickBooks neither mails nor collects (I1)."""
    body = given(
        {
            "DocNumber": draft.number,
            "CustomerRef": reference(draft.customer),
            "CurrencyRef": currency(draft.total, company),
            "TxnDate": draft.day.isoformat(),
            "DueDate": draft.due.isoformat() if draft.due else None,
            "BillEmail": email_address(draft.email),
            **divisions(draft, company),
        }
    )
    body |= sale_lines(draft, company)
    body |= given(
        {
            "CustomerMemo": _memo(draft.memo, company),
            "PrivateNote": text.fitted(draft.note, text.NOTE, latin=company.american),
        }
    )
    return post("invoice", body | _NEVER_MAILED | _NEVER_COLLECTED)


def invoice_update(
    object_id: str, sync_token: str, draft: InvoiceDraft, changed: frozenset[str], company: Company
) -> Call:
    """Change the named fields of an invoice and no other (sparse).

    `changed` holds names of InvoiceDraft fields; `lines` stands for lines, discount and tax together, because
    QuickBooks replaces the whole Line array. An e-mail or due date that went away is left as it stands: neither can
    be blanked safely (2210, 2070).
    """
    members: dict[str, Any] = {
        "customer": {"CustomerRef": reference(draft.customer)},
        "number": {"DocNumber": draft.number},
        "day": {"TxnDate": draft.day.isoformat()},
        "due": {"DueDate": draft.due.isoformat() if draft.due else None},
        "email": {"BillEmail": email_address(draft.email)},
        "memo": {"CustomerMemo": {"value": text.fitted(draft.memo, text.MEMO, latin=company.american)}},
        "note": {"PrivateNote": text.fitted(draft.note, text.NOTE, latin=company.american)},
    }
    body = target(object_id, sync_token) | {"sparse": True}
    for field, member in members.items():
        if field in changed:
            body |= {name: value for name, value in member.items() if value or field in ("memo", "note")}
    if _LINES in changed:
        body |= sale_lines(draft, company, replacing=True)
    return post("invoice", body)


def invoice_void(object_id: str, sync_token: str) -> Call:
    """Void an invoice; refused while a payment settles it."""
    return post("invoice?operation=void", target(object_id, sync_token))


def receipt_create(draft: ReceiptDraft, company: Company) -> Call:
    """Create a sales receipt."""
    return post("salesreceipt", _paid_sale(draft, company) | _NEVER_MAILED)


def receipt_update(object_id: str, sync_token: str, draft: ReceiptDraft, company: Company) -> Call:
    """State the lines, discount and tax of a sales receipt anew, and nothing else."""
    body = target(object_id, sync_token) | {"sparse": True} | sale_lines(draft, company, replacing=True)
    return post("salesreceipt", body)


def refund_create(draft: RefundDraft, company: Company) -> Call:
    """Create a refund receipt: a sale in reverse, paid out of `draft.account`."""
    return post("refundreceipt", _paid_sale(draft, company))


def refund_update(object_id: str, sync_token: str, draft: RefundDraft, company: Company) -> Call:
    """State the lines, discount and tax of a refund receipt anew, and nothing else."""
    body = target(object_id, sync_token) | {"sparse": True} | sale_lines(draft, company, replacing=True)
    return post("refundreceipt", body)


def _paid_sale(draft: ReceiptDraft, company: Company) -> dict[str, Any]:
    """What a sale paid at once and its reverse have in common."""
    body = given(
        {
            "DocNumber": draft.number,
            "CustomerRef": reference(draft.customer),
            "CurrencyRef": currency(draft.total, company),
            "TxnDate": draft.day.isoformat(),
            "BillEmail": email_address(draft.email),
            **divisions(draft, company),
        }
    )
    body |= sale_lines(draft, company)
    return body | given(
        {
            "PaymentRefNum": draft.reference,
            "PaymentMethodRef": reference(draft.method),
            "DepositToAccountRef": reference(draft.account),
            "CustomerMemo": _memo(draft.memo, company),
            "PrivateNote": text.fitted(draft.note, text.NOTE, latin=company.american),
        }
    )


def receipt_void(object_id: str, sync_token: str) -> Call:
    """Void a sales receipt."""
    return post("salesreceipt?operation=update&include=void", target(object_id, sync_token) | {"sparse": True})


def refund_delete(object_id: str, sync_token: str) -> Call:
    """Delete a refund receipt, which knows no void. Only for one that was never meant to stay."""
    return post("refundreceipt?operation=delete", target(object_id, sync_token))


_NEVER_MAILED: Final = {"EmailStatus": "NotSet"}
# The company's own defaults would put a second pay link on the invoice.
_NEVER_COLLECTED: Final = {"AllowOnlineCreditCardPayment": False, "AllowOnlineACHPayment": False}


def _memo(memo: str, company: Company) -> dict[str, str] | None:
    clean = text.fitted(memo, text.MEMO, latin=company.american)
    return {"value": clean} if clean else None
