"""Which item, account and payment method a line or a document uses: the setting, else the obvious one, else a hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from avantto_qbo.model.drafts import ItemDraft
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.quickbooks import Account, Company, Item
from avantto_qbo.model.settings import Products, Settings
from avantto_qbo.model.steps import InvoiceCase, ReceiptCase
from avantto_qbo.rules.reasons import held, setting

Case = InvoiceCase | ReceiptCase
DEFAULT_ITEM: Final = "Avantto sales"
_SELLABLE: Final = frozenset({"Service", "NonInventory"})
_SALES: Final = frozenset({"SalesOfProductIncome", "ServiceFeeIncome"})
_DISCOUNTS: Final = "DiscountsRefundsGiven"
# The names QuickBooks' own charts of accounts give the account for sales, most general first.
_USUAL_NAMES: Final = ("Sales", "Sales of Product Income", "Services", "Service/Fee Income")
_MONEY: Final = frozenset({"Bank", "Other Current Asset"})


def items_for(names: Sequence[str], case: Case) -> tuple[str, ...]:
    """The item of each line by its name; "" where the default item is wanted and does not exist yet."""
    own = tuple(_matching(name, case.company, case.settings) for name in names)
    if all(own):
        return own
    fallback = default_item(case)
    return tuple(item or fallback for item in own)


def default_item(case: Case) -> str:
    """The id of the item for lines without one of their own; "" while it has to be made.

    Raises HeldError when the setting names an item that is not there.
    """
    wanted, usable = case.settings.default_item, [item for item in case.company.items if _sellable(item)]
    if wanted not in {"auto", ""}:
        return _chosen(usable, wanted, case.location.id, "default_item", "an active service or non-inventory item")
    known = {item.id for item in usable}
    by_name = (item.id for item in usable if item.name == DEFAULT_ITEM)
    # The company's own default may be an inventory item: that one would move stock.
    own = case.company.default_item if case.company.default_item in known else ""
    return own or case.default_item or next(by_name, "")


def default_item_draft(case: Case) -> ItemDraft:
    """The default item to make. Raises HeldError when no income account is obvious."""
    return ItemDraft(DEFAULT_ITEM, income_account(case.company, case.settings, case.location.id))


def income_account(company: Company, settings: Settings, location: LocationId) -> str:
    """The account that sales are booked to: the setting, else the only or the usually named one for sales."""
    income = [account for account in company.accounts if account.active and account.kind == "Income"]
    if settings.income_account not in {"auto", ""}:
        return _chosen(income, settings.income_account, location, "income_account", "an active income account")
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


def deposit_account(case: Case) -> str:
    """The account money of this document is received on."""
    return deposit_account_of(case.company, case.settings, case.location.id)


def deposit_account_of(company: Company, settings: Settings, location: LocationId) -> str:
    """The account money is received on: Undeposited Funds unless the setting names another."""
    wanted = settings.deposit_account
    money = [account for account in company.accounts if account.active and account.kind in _MONEY]
    if wanted not in {"undeposited", "auto", ""}:
        return _chosen(money, wanted, location, "deposit_account", "an active bank or other current asset account")
    for account in money:
        if account.sub_kind == "UndepositedFunds":
            return account.id
    text = "deposit_account is undeposited, but the company has no active Undeposited Funds account."
    raise held("deposit_account", text, setting(location, "deposit_account=NAME"))


def discount_account(case: Case, what: str) -> str:
    """The account of a discount line; `what` names the document.

    Raises HeldError when the company does not allow discounts or has no account for them (6090 otherwise).
    """
    company = case.company
    if not company.allow_discount:
        text = f"{what} has a discount, but the company does not allow discounts on sales forms."
        raise held("discount_off", text, "turn on discounts in QuickBooks (Sales settings), then: avantto-qbo retry ID")
    inactive = {account.id for account in company.accounts if not account.active}
    if company.discount_account and company.discount_account not in inactive:
        return company.discount_account
    for account in company.accounts:
        if account.active and account.kind == "Income" and account.sub_kind == _DISCOUNTS:
            return account.id
    text = f"{what} has a discount, but the company has no income account for discounts given."
    raise held("discount_account", text, "choose a discount account in QuickBooks, then: avantto-qbo retry ID")


def payment_method(company: Company, *names: str) -> str:
    """The first active payment method of one of these names (case does not matter), "" if there is none."""
    methods = {method.name.casefold(): method.id for method in company.payment_methods if method.active}
    wanted = (_METHODS.get(name.casefold(), name.casefold()) for name in names if name)
    return next((methods[name] for name in wanted if name in methods), "")


# Avantto's words for means of payment where QuickBooks' preset lists say otherwise.
_METHODS: Final = {"card": "credit card", "cheque": "check", "bank_transfer": "bank transfer"}


def _matching(name: str, company: Company, settings: Settings) -> str:
    """An active item of exactly this name. Products are never made here, also not with `products = create`."""
    if settings.products is Products.DEFAULT:
        return ""
    return next((item.id for item in company.items if _sellable(item) and item.name == name.strip()), "")


def _sellable(item: Item) -> bool:
    return item.active and item.kind in _SELLABLE


def _chosen(rows: Iterable[Item | Account], wanted: str, location: LocationId, key: str, what: str) -> str:
    """Find what a setting names, by id, else by name."""
    known = tuple(rows)
    if any(row.id == wanted for row in known):
        return wanted
    for row in known:
        if row.name.casefold() == wanted.casefold():
            return row.id
    raise held(key, f"{key} is {wanted!r}, which is not {what} of the company.", setting(location, f"{key}=NAME"))
