"""Items, accounts and the small lists: unique names, the accounts items need, deactivation."""

from __future__ import annotations

from collections.abc import Mapping

from avantto_qbo.sandbox.quickbooks.company import ZERO, Company
from avantto_qbo.sandbox.quickbooks.draft import Draft, named_reference, value_of
from avantto_qbo.sandbox.quickbooks.entities import ENTITIES
from avantto_qbo.sandbox.quickbooks.fields import Json
from avantto_qbo.sandbox.quickbooks.refusals import (
    RefusedError,
    bad_value,
    business,
    duplicate_name,
    missing,
    wrong_account,
)

ITEM_TYPES = frozenset({"Service", "NonInventory", "Inventory", "Category", "Group"})
_STOCK = ("AssetAccountRef", "ExpenseAccountRef", "QtyOnHand", "InvStartDate")
HIGHEST_PRICE = 99_999_999_999
ITEM_ACCOUNTS = frozenset({"Income", "Other Income", "Other Current Liability"})
ACCOUNT_TYPES: Mapping[str, tuple[str, str]] = {
    "Bank": ("Asset", "Checking"),
    "Accounts Receivable": ("Asset", "AccountsReceivable"),
    "Other Current Asset": ("Asset", "OtherCurrentAssets"),
    "Fixed Asset": ("Asset", "OtherFixedAssets"),
    "Other Asset": ("Asset", "OtherLongTermAssets"),
    "Accounts Payable": ("Liability", "AccountsPayable"),
    "Credit Card": ("Liability", "CreditCard"),
    "Other Current Liability": ("Liability", "OtherCurrentLiabilities"),
    "Long Term Liability": ("Liability", "OtherLongTermLiabilities"),
    "Equity": ("Equity", "OwnersEquity"),
    "Income": ("Revenue", "SalesOfProductIncome"),
    "Cost of Goods Sold": ("Expense", "SuppliesMaterialsCogs"),
    "Expense": ("Expense", "OfficeGeneralAdministrativeExpenses"),
    "Other Income": ("Revenue", "OtherMiscellaneousIncome"),
    "Other Expense": ("Expense", "OtherMiscellaneousExpense"),
}


def prepare_named(company: Company, draft: Draft) -> Json:
    """Return a list entry to store; raise `RefusedError` (2020, 6240, 2500)."""
    body = dict(draft.body)
    body.setdefault("Active", True)
    if not body.get("Name"):
        raise missing("Name")
    body["Name"] = _name(company, draft, body)
    body["FullyQualifiedName"] = body["Name"]
    if value_of(body, "ParentRef"):
        parent = named_reference(company, draft.entity, body, "ParentRef", "FullyQualifiedName")
        body["ParentRef"] = parent
        body["FullyQualifiedName"] = f"{parent['name']}:{body['Name']}"
    return body


def _name(company: Company, draft: Draft, body: Json) -> str:
    name, suffix = str(body["Name"]), ENTITIES[draft.entity].suffix
    was_active = draft.current is None or draft.current.get("Active", True)
    if was_active and not body["Active"] and draft.current is not None:
        return f"{name}{suffix}"
    if not was_active and body["Active"] and draft.current and name == draft.current["Name"]:
        name = name.removesuffix(suffix)
    for row in company.tables[draft.entity].matching("Name", name):
        if row.id != draft.id and value_of(row.body, "ParentRef") == value_of(body, "ParentRef"):
            raise duplicate_name(row.id)
    return name


def prepare_item(company: Company, draft: Draft) -> Json:
    """Return the item to store; raise `RefusedError` also for a wrong type or income account (2170, 2020, 6430)."""
    body = prepare_named(company, draft)
    kind = body.setdefault("Type", "Service")
    if kind not in ITEM_TYPES:
        raise bad_value("2170", "Invalid Enumeration", "Type", kind)
    _check_type(draft, body, kind)
    body.setdefault("Taxable", False)
    body.setdefault("UnitPrice", ZERO)
    body.setdefault("TrackQtyOnHand", kind == "Inventory")
    if kind == "Category":
        return body
    if not value_of(body, "IncomeAccountRef"):
        raise missing("IncomeAccountRef")
    reference = named_reference(company, "Account", body, "IncomeAccountRef")
    account = company.find("Account", reference["value"]) or {}
    # A liability account is what a tax line's item posts to; the vendor's pages take any of these for a service.
    if account["AccountType"] not in ITEM_ACCOUNTS:
        raise wrong_account("IncomeAccountRef")
    body["IncomeAccountRef"] = reference
    return body


def _check_type(draft: Draft, body: Json, kind: str) -> None:
    """Raise `RefusedError`: stock needs its accounts and quantity (2020), its kind is for ever (6000), prices end."""
    was = (draft.current or {}).get("Type", kind)
    if was != kind and "Inventory" in {was, kind}:
        raise business("The type of an inventory item cannot be changed")
    for member in _STOCK if kind == "Inventory" else ():
        if body.get(member) is None:
            raise missing(member)
    if abs(body.get("UnitPrice", ZERO)) > HIGHEST_PRICE:
        raise bad_value("2110", "Invalid Number Format: too large", "UnitPrice", body["UnitPrice"])


def prepare_account(company: Company, draft: Draft) -> Json:
    """Return the account to store; raise `RefusedError` 6010 for an unknown or missing type."""
    body = prepare_named(company, draft)
    if body.get("AccountType") not in ACCOUNT_TYPES:
        raise RefusedError("6010", "Account type required", "AccountType or AccountSubType must be a known one")
    classification, subtype = ACCOUNT_TYPES[body["AccountType"]]
    body["Classification"] = classification
    body.setdefault("AccountSubType", subtype)
    body.setdefault("SubAccount", False)
    body["CurrentBalance"] = draft.current["CurrentBalance"] if draft.current else ZERO
    body.setdefault("CurrencyRef", {"value": company.locale.currency, "name": company.locale.currency_name})
    return body


def prepare_term(company: Company, draft: Draft) -> Json:
    """Return the payment term to store."""
    body = prepare_named(company, draft)
    body.setdefault("Type", "STANDARD")
    return body
