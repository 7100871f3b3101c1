"""Say what will be posted where, in the words of the company's own accounts."""

from __future__ import annotations

from collections.abc import Callable

from avantto_qbo.model.quickbooks import Company
from avantto_qbo.model.records import LocationRecord
from avantto_qbo.model.settings import Contacts, OnOff, Products, Reviews, Settings
from avantto_qbo.rules.books.company.accounts import deposit_account_of, income_account, refund_account_of
from avantto_qbo.rules.books.company.choice import AUTO
from avantto_qbo.rules.books.sale.items import DEFAULT_ITEM
from avantto_qbo.rules.reasons import HeldError
from avantto_qbo.server.api import Posting


def postings(company: Company, settings: Settings, record: LocationRecord) -> tuple[Posting, ...]:
    """Return one line per kind of thing, `auto` resolved against the company; "off" where it is switched off."""
    return (
        Posting("contacts", _contacts(settings)),
        Posting("invoices", _or_off(settings.invoices, _invoices(company, settings))),
        Posting("payments", _account(company, settings, record)),
        Posting("receipts", _or_off(settings.receipts, f"SalesReceipt on {_account(company, settings, record)}")),
        Posting("refunds", _or_off(settings.refunds, _refunds(company, settings, record))),
        Posting("items", _item(company, settings)),
        Posting("income", _income(company, settings, record)),
        Posting("reviews", _reviews(settings)),
    )


def _or_off(switch: OnOff, text: str) -> str:
    return text if switch is OnOff.ON else "off"


def _contacts(settings: Settings) -> str:
    words = {
        Contacts.ALL: "every customer becomes a contact, existing ones now",
        Contacts.OWN: "only customers of this location's own documents",
        Contacts.OFF: "off",
    }
    return words[settings.contacts]


def _invoices(company: Company, settings: Settings) -> str:
    if not company.custom_numbers:
        return "Invoice, numbered by QuickBooks (custom transaction numbers are off); Avantto's number in the memo"
    return f"Invoice, number {settings.number_prefix}… as in Avantto"


def _account(company: Company, settings: Settings, record: LocationRecord) -> str:
    return _named(company, lambda: deposit_account_of(company, settings, record.id))


def _refunds(company: Company, settings: Settings, record: LocationRecord) -> str:
    return _named(company, lambda: refund_account_of(company, settings, record.id))


def _income(company: Company, settings: Settings, record: LocationRecord) -> str:
    return _named(company, lambda: income_account(company, settings, record.id))


def _named(company: Company, decide: Callable[[], str]) -> str:
    try:
        chosen = decide()
    except HeldError as waiting:
        return f"waiting for you: {waiting.reason.text} ({waiting.reason.mend})"
    return next((account.name for account in company.accounts if account.id == chosen), chosen)


def _item(company: Company, settings: Settings) -> str:
    own = next((item.name for item in company.items if item.id == company.default_item), "")
    fallback = settings.default_item if settings.default_item not in AUTO else own or DEFAULT_ITEM
    words = {
        Products.MATCH: f"the item of the same SKU or name, else {fallback}",
        Products.CREATE: f"the product's own item, made where there is none; lines typed by hand: {fallback}",
        Products.DEFAULT: f"always {fallback}",
    }
    return words[settings.products]


def _reviews(settings: Settings) -> str:
    if settings.reviews is not Reviews.ON:
        return settings.reviews
    return f"one request after the first paid invoice, by {', then '.join(settings.review_channels)}"
