"""Several currencies in one company: whose currency rules, at which rate, and what it is at home.

Rules from the vendor's currency pages: a transaction is in its customer's currency, which never changes; ExchangeRate
is home currency per unit of the foreign one and is filled in where it is not sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from avantto_qbo.sandbox.quickbooks.company import Company
from avantto_qbo.sandbox.quickbooks.draft import value_of
from avantto_qbo.sandbox.quickbooks.fields import Json
from avantto_qbo.sandbox.quickbooks.money import CENT, cents, unit_of
from avantto_qbo.sandbox.quickbooks.refusals import bad_reference, bad_value, business

_CODE = re.compile(r"[A-Z]{3}")
# US dollars per unit; invented but steady, so that a test can foresee a rate.
_DOLLARS: Mapping[str, Decimal] = {
    "USD": Decimal(1),
    "EUR": Decimal("1.10"),
    "GBP": Decimal("1.25"),
    "CAD": Decimal("0.75"),
    "AUD": Decimal("0.65"),
    "JPY": Decimal("0.0065"),
    "KWD": Decimal("3.25"),
}


def default_rate(home: str, currency: str) -> Decimal:
    """Return home currency per unit of `currency`; 1 for one the table does not have."""
    if home == currency or currency not in _DOLLARS:
        return Decimal(1)
    return (_DOLLARS[currency] / _DOLLARS[home]).quantize(Decimal("0.000001"))


def check_currency(company: Company, body: Json, customer: Json | None) -> Decimal:
    """Fill in and check `CurrencyRef` and `ExchangeRate`; return the currency's smallest unit.

    Raises `RefusedError` 6000 for another currency than the customer's, or where the company has only its own.
    """
    home = company.locale.currency
    expected = (value_of(customer, "CurrencyRef") if customer else None) or home
    sent = value_of(body, "CurrencyRef") or expected
    check_enabled(company, sent)
    if sent != expected:
        raise business(f"The currency {sent} of the transaction is not the customer's currency {expected}")
    body["CurrencyRef"] = {"value": sent, "name": name_of(company, sent)}
    if company.knobs.multicurrency:
        body["ExchangeRate"] = _rate(home, sent, body.get("ExchangeRate"))
    else:
        body.pop("ExchangeRate", None)
    return unit_of(sent)


def check_enabled(company: Company, currency: str) -> None:
    """Raise `RefusedError` for a foreign currency where the company has only its own (6000), or no currency (2500)."""
    home = company.locale.currency
    if currency != home and not company.knobs.multicurrency:
        raise business(f"Multi currency is not enabled: {currency} cannot be used in a company in {home}")
    if not _CODE.fullmatch(currency):
        raise bad_reference("CurrencyRef")


def name_of(company: Company, currency: str) -> str:
    """Return how a reference names a currency."""
    return company.locale.currency_name if currency == company.locale.currency else currency


def at_home(form: Json) -> Json:
    """Return the amounts of a form in the home currency; nothing where there is only one."""
    rate = form.get("ExchangeRate")
    if rate is None:
        return {}
    pairs = (("TotalAmt", "HomeTotalAmt"), ("Balance", "HomeBalance"))
    return {home: cents(form[member] * rate, CENT) for member, home in pairs if member in form}


def _rate(home: str, currency: str, sent: Decimal | None) -> Decimal:
    if sent is not None and sent <= 0:
        raise bad_value("2290", "Invalid Number: must be positive", "ExchangeRate", sent)
    if currency == home:
        return Decimal(1)
    return sent if sent is not None else default_rate(home, currency)
