"""Customers, vendors and employees, which share one name space."""

from __future__ import annotations

from typing import Any

from avantto_qbo.sandbox.quickbooks.company import ZERO, Company
from avantto_qbo.sandbox.quickbooks.currencies import check_enabled, name_of
from avantto_qbo.sandbox.quickbooks.draft import Draft, named_reference, value_of
from avantto_qbo.sandbox.quickbooks.fields import Json
from avantto_qbo.sandbox.quickbooks.refusals import RefusedError, bad_value, business, duplicate_name

_NAME_PARTS = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
_DERIVED = ("Balance", "BalanceWithJobs", "OverDueBalance", "Level", "V4IDPseudonym")
DELIVERIES = frozenset({"Print", "Email", "None"})
DEEPEST_LEVEL = 5


def prepare_person(company: Company, draft: Draft) -> Json:
    """Return the person to store; raise `RefusedError` (6080, 6240, 2500, 6420, 6000)."""
    body = dict(draft.body)
    body.setdefault("Active", True)
    body["DisplayName"] = _display_name(company, draft, body)
    body.setdefault("PrintOnCheckName", body["DisplayName"])
    body["FullyQualifiedName"] = body["DisplayName"]
    if draft.entity == "Customer":
        _prepare_customer(company, draft, body)
    for member in _DERIVED:
        body.pop(member, None)
        if draft.current and member in draft.current:
            body[member] = draft.current[member]
    if draft.entity == "Customer":
        body.setdefault("Balance", ZERO)
        body.setdefault("BalanceWithJobs", ZERO)
        body.update(_place(company, body))
    return body


def _display_name(company: Company, draft: Draft, body: Json) -> str:
    name = body.get("DisplayName") or " ".join(body[part] for part in _NAME_PARTS if body.get(part))
    if not name:
        raise RefusedError("6080", "Name required", "One of DisplayName, Title, GivenName or FamilyName is required")
    was_active = draft.current is None or draft.current.get("Active", True)
    if was_active and not body["Active"] and draft.current is not None:
        return _free_variant(company, f"{name} (deleted)")
    if not was_active and body["Active"] and draft.current and name == draft.current["DisplayName"]:
        name = name.partition(" (deleted)")[0]
    owner = company.names.get(name.casefold())
    if owner is not None and owner != (draft.entity, draft.id):
        raise duplicate_name(owner[1])
    return str(name)


def _free_variant(company: Company, name: str) -> str:
    variant, number = name, 1
    while variant.casefold() in company.names:
        number += 1
        variant = f"{name} {number}"
    return variant


def _prepare_customer(company: Company, draft: Draft, body: Json) -> None:
    delivery = body.setdefault("PreferredDeliveryMethod", "None")
    if delivery not in DELIVERIES:
        raise bad_value("2170", "Invalid Enumeration", "PreferredDeliveryMethod", delivery)
    if delivery == "Email" and not body.get("PrimaryEmailAddr"):
        raise RefusedError("6420", "Email address required", "The delivery method Email needs PrimaryEmailAddr")
    home = company.locale.currency
    kept = value_of(draft.current, "CurrencyRef") if draft.current else None
    currency = value_of(body, "CurrencyRef") or kept or home
    if draft.current and currency != value_of(draft.current, "CurrencyRef"):
        raise business("The currency of a customer cannot be changed")
    check_enabled(company, currency)
    body["CurrencyRef"] = {"value": currency, "name": name_of(company, currency)}
    body.setdefault("Taxable", company.locale.tax != "codes" and company.knobs.sales_tax)
    if body.get("ParentRef"):
        body["ParentRef"] = named_reference(company, "Customer", body, "ParentRef", "DisplayName")


def _place(company: Company, body: Json) -> dict[str, Any]:
    """Return what follows from the parent: Job, Level and the full name."""
    parent = company.find("Customer", value_of(body, "ParentRef"))
    if parent is None:
        return {"Job": False, "BillWithParent": False}
    level = int(parent.get("Level", 0)) + 1
    if level >= DEEPEST_LEVEL:
        raise business("You have reached the maximum number of sub-customer levels")
    full = f"{parent['FullyQualifiedName']}:{body['DisplayName']}"
    return {
        "Job": True,
        "BillWithParent": body.get("BillWithParent", False),
        "Level": level,
        "FullyQualifiedName": full,
    }
