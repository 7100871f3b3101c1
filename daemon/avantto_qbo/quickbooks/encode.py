"""From a draft to the exact bytes of a write.

Pure and deterministic: the same draft always makes the same bytes, because they are committed before they are sent
and may be sent again. Source of the members and their limits: Intuit's entity pages.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from avantto_qbo.model.avantto import Address
from avantto_qbo.model.drafts import CustomerDraft, InvoiceDraft, ItemDraft, PaymentDraft, ReceiptDraft
from avantto_qbo.model.money import Money
from avantto_qbo.model.operation import Call
from avantto_qbo.model.quickbooks import Company
from avantto_qbo.quickbooks import text
from avantto_qbo.quickbooks.lines import currency, reference, sale_lines

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_LINES: Final = "lines"


def customer_create(draft: CustomerDraft, company: Company | None = None) -> Call:
    """Create a customer under `customer_name`."""
    latin = _latin(company)
    email = text.sendable_email(draft.email)
    body = {
        "DisplayName": customer_name(draft, company),
        "GivenName": text.one_line(draft.given_name, text.NAME, latin=latin),
        "FamilyName": text.one_line(draft.family_name, text.NAME, latin=latin),
        "CompanyName": text.fitted(draft.company_name, text.NAME, latin=latin),
        "PrimaryEmailAddr": {"Address": email} if email else None,
        "PrimaryPhone": _phone(draft.phone),
        "BillAddr": _address(draft.address, latin=latin),
        "Notes": text.fitted(draft.notes, text.NOTES, latin=latin),
    }
    return _post("customer", _given(body))


def customer_name(draft: CustomerDraft, company: Company | None = None) -> str:
    """Return the display name as it is sent, which is also what to ask for when it is taken.

    A name that leaves nothing in Latin-1 falls back to the e-mail, then to our marker.
    """
    tried = (draft.display_name, text.sendable_email(draft.email), draft.notes)
    names = (text.one_line(one, text.DISPLAY_NAME, latin=_latin(company)) for one in tried)
    return next((name for name in names if name), "")


def item_create(draft: ItemDraft, company: Company | None = None) -> Call:
    """Create a Service item."""
    return _post(
        "item",
        {
            "Name": text.one_line(draft.name, text.NAME, latin=_latin(company)),
            "Type": "Service",
            "IncomeAccountRef": reference(draft.income_account),
        },
    )


def invoice_create(draft: InvoiceDraft, company: Company) -> Call:
    """Create an invoice that QuickBooks neither mails nor collects (I1)."""
    body = _given(
        {
            "DocNumber": draft.number,
            "CustomerRef": reference(draft.customer),
            "CurrencyRef": currency(draft.total, company),
            "TxnDate": draft.day.isoformat(),
            "DueDate": draft.due.isoformat() if draft.due else None,
            "BillEmail": _email(draft.email),
        }
    )
    body |= sale_lines(draft, company)
    body |= _given(
        {
            "CustomerMemo": _memo(draft.memo, company),
            "PrivateNote": text.fitted(draft.note, text.NOTE, latin=company.american),
        }
    )
    return _post("invoice", body | _NEVER_MAILED | _NEVER_COLLECTED)


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
        "email": {"BillEmail": _email(draft.email)},
        "memo": {"CustomerMemo": {"value": text.fitted(draft.memo, text.MEMO, latin=company.american)}},
        "note": {"PrivateNote": text.fitted(draft.note, text.NOTE, latin=company.american)},
    }
    body = _target(object_id, sync_token) | {"sparse": True}
    for field, member in members.items():
        if field in changed:
            body |= {name: value for name, value in member.items() if value or field in ("memo", "note")}
    if _LINES in changed:
        body |= sale_lines(draft, company, replacing=True)
    return _post("invoice", body)


def invoice_void(object_id: str, sync_token: str) -> Call:
    """Void an invoice; refused while a payment settles it."""
    return _post("invoice?operation=void", _target(object_id, sync_token))


def payment_create(draft: PaymentDraft, company: Company | None = None) -> Call:
    """Record money received and put all of it on one invoice."""
    body = {
        "CustomerRef": reference(draft.customer),
        "CurrencyRef": currency(draft.total, company) if company else None,
        "TotalAmt": draft.total.amount,
        "TxnDate": draft.day.isoformat(),
        "PaymentRefNum": draft.reference,
        "PaymentMethodRef": reference(draft.method),
        "DepositToAccountRef": reference(draft.account),
        "PrivateNote": text.fitted(draft.note, text.NOTE, latin=_latin(company)),
        "Line": [_settles(draft.total, draft.invoice)] if draft.invoice else None,
    }
    return _post("payment", _given(body) | {"ProcessPayment": False})


def payment_void(object_id: str, sync_token: str) -> Call:
    """Void a payment: only when its transaction failed or was reversed (I5)."""
    return _post("payment?operation=update&include=void", _target(object_id, sync_token) | {"sparse": True})


def receipt_create(draft: ReceiptDraft, company: Company) -> Call:
    """Create a sales receipt."""
    body = _given(
        {
            "DocNumber": draft.number,
            "CustomerRef": reference(draft.customer),
            "CurrencyRef": currency(draft.total, company),
            "TxnDate": draft.day.isoformat(),
            "BillEmail": _email(draft.email),
        }
    )
    body |= sale_lines(draft, company)
    body |= _given(
        {
            "PaymentRefNum": draft.reference,
            "PaymentMethodRef": reference(draft.method),
            "DepositToAccountRef": reference(draft.account),
            "CustomerMemo": _memo(draft.memo, company),
            "PrivateNote": text.fitted(draft.note, text.NOTE, latin=company.american),
        }
    )
    return _post("salesreceipt", body | _NEVER_MAILED)


def receipt_void(object_id: str, sync_token: str) -> Call:
    """Void a sales receipt."""
    return _post("salesreceipt?operation=update&include=void", _target(object_id, sync_token) | {"sparse": True})


_NEVER_MAILED: Final = {"EmailStatus": "NotSet"}
# The company's own defaults would put a second pay link on the invoice.
_NEVER_COLLECTED: Final = {"AllowOnlineCreditCardPayment": False, "AllowOnlineACHPayment": False}


def _post(path: str, body: dict[str, Any]) -> Call:
    return Call("POST", path, _ENCODER.encode(body))


def _target(object_id: str, sync_token: str) -> dict[str, Any]:
    return {"Id": object_id, "SyncToken": sync_token}


def _given(body: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is empty: QuickBooks takes its own default there."""
    return {name: value for name, value in body.items() if value not in (None, "", {}, [])}


def _latin(company: Company | None) -> bool:
    return company is not None and company.american


def _email(address: str) -> dict[str, str] | None:
    sendable = text.sendable_email(address)
    return {"Address": sendable} if sendable else None


def _phone(number: str) -> dict[str, str] | None:
    """A cut number would be a wrong number, so a longer one is left out."""
    clean = text.one_line(number, len(number), latin=True)
    return {"FreeFormNumber": clean} if clean and len(clean) <= text.PHONE else None


def _memo(memo: str, company: Company) -> dict[str, str] | None:
    clean = text.fitted(memo, text.MEMO, latin=company.american)
    return {"value": clean} if clean else None


def _address(address: Address, *, latin: bool) -> dict[str, str]:
    members = (
        ("Line1", address.line1, text.ADDRESS_LINE),
        ("Line2", address.line2, text.ADDRESS_LINE),
        ("City", address.city, text.PLACE),
        ("CountrySubDivisionCode", address.state, text.PLACE),
        ("PostalCode", address.postal_code, text.POSTAL_CODE),
        ("Country", address.country, text.PLACE),
    )
    return _given({name: text.fitted(value, limit, latin=latin) for name, value, limit in members})


def _settles(amount: Money, invoice: str) -> dict[str, Any]:
    return {"Amount": amount.amount, "LinkedTxn": [{"TxnId": invoice, "TxnType": "Invoice"}]}
