"""Which account money goes through and which payment method it has: the setting, else the obvious one, else a hold."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.quickbooks import Account, Company
from avantto_qbo.model.settings import Settings
from avantto_qbo.model.steps import SaleCase
from avantto_qbo.rules.books.company.choice import AUTO, Stocked, chosen
from avantto_qbo.rules.reasons import RETRY, held, setting

_SALES: Final = frozenset({"SalesOfProductIncome", "ServiceFeeIncome"})
_DISCOUNTS: Final = "DiscountsRefundsGiven"
# The names QuickBooks' own charts of accounts give the account for sales, most general first.
_USUAL_NAMES: Final = ("Sales", "Sales of Product Income", "Services", "Service/Fee Income")
_MONEY: Final = frozenset({"Bank", "Other Current Asset"})
_UNDEPOSITED: Final = "UndepositedFunds"
_LIABILITY: Final = "Other Current Liability"
_TAX_NAMES: Final = re.compile(r"\b(sales tax|value added tax|vat|gst|hst|pst|qst)\b", re.IGNORECASE)
_TAX_KINDS: Final = frozenset({"SalesTaxPayable", "GlobalTaxPayable"})
# Accounts the company's tax engine keeps itself; whether an item may post to them is UNVERIFIED: last choice.
_ENGINE_OWN: Final = frozenset({"GlobalTaxPayable", "GlobalTaxSuspense"})


def income_account(company: Company, settings: Settings, location: LocationId) -> str:
    """The account that sales are booked to: the setting, else the only or the usually named one for sales."""
    income = [account for account in company.accounts if account.active and account.kind == "Income"]
    if settings.income_account not in AUTO:
        return chosen(income, settings.income_account, location, "income_account", "an active income account")
    sales = [account for account in income if account.sub_kind in _SALES]
    obvious = sales or [account for account in income if account.sub_kind != _DISCOUNTS]
    if len(obvious) == 1:
        return obvious[0].id
    for name in _USUAL_NAMES:
        for account in obvious:
            if account.name == name:
                return account.id
    text = f"income_account is auto, but {len(obvious)} income accounts could be meant and none is obvious."
    raise held("income_account", text, setting(location, "income_account=NAME"))


def deposit_account(case: SaleCase, *keys: str) -> str:
    """The account money of this document is received on.

    `keys` are the processor and the payment method, most telling first: the first that the table `deposit_accounts`
    has an entry for decides, else the setting `deposit_account`.
    """
    return deposit_account_of(case.company, case.settings, case.location.id, *keys)


def deposit_account_of(company: Company, settings: Settings, location: LocationId, *keys: str) -> str:
    """The account money is received on: Undeposited Funds unless a setting names another."""
    money = money_accounts(company)
    key, wanted = _deposit(settings, keys)
    if wanted not in {"undeposited", *AUTO}:
        return chosen(money, wanted, location, key, "an active bank or other current asset account")
    for account in money:
        if account.sub_kind == _UNDEPOSITED:
            return account.id
    text = f"{key} is undeposited, but the company has no active Undeposited Funds account."
    raise held("deposit_account", text, setting(location, f"{key}=NAME"))


def refund_account(case: SaleCase, *keys: str) -> str:
    """The account money of this document is given back from; `keys` as for `deposit_account`."""
    return refund_account_of(case.company, case.settings, case.location.id, *keys)


def refund_account_of(company: Company, settings: Settings, location: LocationId, *keys: str) -> str:
    """The account refunds leave from: the setting, else the one of the deposits, else the company's only bank account.

    Undeposited Funds holds what was not banked yet, so nothing can be paid out of it.
    """
    money = money_accounts(company)
    if settings.refund_account not in AUTO:
        what = "an active bank or other current asset account"
        return chosen(money, settings.refund_account, location, "refund_account", what)
    if _deposit(settings, keys)[1] not in {"undeposited", *AUTO}:
        deposited = deposit_account_of(company, settings, location, *keys)
        if any(account.id == deposited and account.sub_kind != _UNDEPOSITED for account in money):
            return deposited
    banks = [account.id for account in money if account.kind == "Bank"]
    if len(banks) == 1:
        return banks[0]
    text = f"refund_account is auto, but the company has {len(banks)} active bank accounts refunds could leave from."
    raise held("refund_account", text, setting(location, "refund_account=NAME"))


def discounts_given(company: Company) -> str:
    """The account the company books discounts to, "" if it has none; allowed on its forms or not."""
    inactive = {account.id for account in company.accounts if not account.active}
    if company.discount_account and company.discount_account not in inactive:
        return company.discount_account
    given = (one.id for one in company.accounts if one.active and one.kind == "Income" and one.sub_kind == _DISCOUNTS)
    return next(given, "")


def tax_account(case: Stocked) -> str:
    """The liability that tax booked as a line of its own is owed on; never income.

    An account is recognised by its name or its subtype. Raises HeldError when there is none.
    """
    open_ones = [one for one in case.company.accounts if one.active and one.kind == _LIABILITY]
    found = [one for one in open_ones if _for_tax(one)]
    if not found:
        text = "Sales tax must be booked as a line of its own, but the company has no account to owe it on."
        mend = f"add an Other Current Liability account named Sales Tax in QuickBooks, then: {RETRY}"
        raise held("tax_account", text, mend)
    return min(found, key=lambda one: one.sub_kind in _ENGINE_OWN).id


def payment_method(company: Company, *names: str) -> str:
    """The first active payment method of one of these names (case does not matter), "" if there is none."""
    methods = {method.name.casefold(): method.id for method in company.payment_methods if method.active}
    wanted = (word for name in names if name for word in _words(name))
    return next((methods[word] for word in wanted if word in methods), "")


def _deposit(settings: Settings, keys: Iterable[str]) -> tuple[str, str]:
    """The setting that decides where money is received, and what it says."""
    table = {key.casefold(): (key, account) for key, account in settings.deposit_accounts.items()}
    for key in keys:
        if key.casefold() in table:
            entry, account = table[key.casefold()]
            return f"deposit_accounts.{entry}", account
    return "deposit_account", settings.deposit_account


def money_accounts(company: Company) -> list[Account]:
    """The accounts money can be received on."""
    return [account for account in company.accounts if account.active and account.kind in _MONEY]


def _for_tax(account: Account) -> bool:
    return account.sub_kind in _TAX_KINDS or (
        _TAX_NAMES.search(account.name) is not None and "suspense" not in account.name.casefold()
    )


def _words(name: str) -> tuple[str, ...]:
    folded = name.strip().casefold()
    return (*_METHODS.get(folded, ()), folded, folded.replace("_", " "))


# Avantto's words for means of payment where QuickBooks' preset lists say otherwise.
_METHODS: Final = {
    "card": ("credit card",),
    "cheque": ("check",),
    "check": ("check", "cheque"),
    "us_bank_account": ("ach", "bank transfer"),
    "bank_transfer": ("bank transfer", "eft", "wire transfer"),
}
