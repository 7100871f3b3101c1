"""From a draft of a customer or an item to the exact bytes that create it.

Both are found again by their names, so the name as it is sent is a function of its own. Source of the members and
their limits: Intuit's entity pages.
"""

from __future__ import annotations

from avantto_qbo.model.avantto import Address
from avantto_qbo.model.drafts import CustomerDraft, ItemDraft
from avantto_qbo.model.operation import Call
from avantto_qbo.model.quickbooks import Company
from avantto_qbo.quickbooks import text
from avantto_qbo.quickbooks.body import email_address, given, post, target
from avantto_qbo.quickbooks.lines import reference
from avantto_qbo.rules.names import stored_name


def customer_create(draft: CustomerDraft, company: Company | None = None) -> Call:
    """Create a customer under `customer_name`; its currency can never be changed afterwards."""
    latin = _latin(company)
    body = {
        "DisplayName": customer_name(draft, company),
        "GivenName": stored_name(draft.given_name, text.NAME, latin=latin),
        "FamilyName": stored_name(draft.family_name, text.NAME, latin=latin),
        "CompanyName": text.fitted(draft.company_name, text.NAME, latin=latin),
        "PrimaryEmailAddr": email_address(draft.email),
        "PrimaryPhone": _phone(draft.phone),
        "BillAddr": _address(draft.address, latin=latin),
        "CurrencyRef": reference(draft.currency),
        "Notes": text.fitted(draft.notes, text.NOTES, latin=latin),
    }
    return post("customer", given(body))


def customer_deactivate(object_id: str, sync_token: str) -> Call:
    """Hide a customer: names can never be deleted."""
    return post("customer", target(object_id, sync_token) | {"sparse": True, "Active": False})


def customer_name(draft: CustomerDraft, company: Company | None = None) -> str:
    """Return the display name as it is sent, which is also what to ask for when it is taken.

    A name that leaves nothing in Latin-1 falls back to the e-mail, then to our marker.
    """
    tried = (draft.display_name, text.sendable_email(draft.email), draft.notes)
    names = (stored_name(one, text.DISPLAY_NAME, latin=_latin(company)) for one in tried)
    return next((name for name in names if name), "")


def item_create(draft: ItemDraft, company: Company | None = None) -> Call:
    """Create a Service item."""
    latin = _latin(company)
    body = {
        "Name": stored_name(draft.name, text.NAME, latin=latin),
        "Sku": text.fitted(draft.sku, text.NAME, latin=latin),
        "Type": "Service",
        "IncomeAccountRef": reference(draft.income_account),
    }
    return post("item", given(body))


def _latin(company: Company | None) -> bool:
    return company is not None and company.american


def _phone(number: str) -> dict[str, str] | None:
    """A cut number would be a wrong number, so a longer one is left out."""
    clean = stored_name(number, len(number), latin=True)
    return {"FreeFormNumber": clean} if clean and len(clean) <= text.PHONE else None


def _address(address: Address, *, latin: bool) -> dict[str, str]:
    members = (
        ("Line1", address.line1, text.ADDRESS_LINE),
        ("Line2", address.line2, text.ADDRESS_LINE),
        ("City", address.city, text.PLACE),
        ("CountrySubDivisionCode", address.state, text.PLACE),
        ("PostalCode", address.postal_code, text.POSTAL_CODE),
        ("Country", address.country, text.PLACE),
    )
    return given({name: text.fitted(value, limit, latin=latin) for name, value, limit in members})
