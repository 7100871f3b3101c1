"""Lengths, characters and e-mail forms the vendor accepts in texts (its entity reference pages)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from avantto_qbo.sandbox.quickbooks.fields import Json
from avantto_qbo.sandbox.quickbooks.refusals import bad_email, bad_value, too_long

_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+")
_EMAIL_MEMBERS = ("PrimaryEmailAddr", "BillEmail", "BillEmailCc", "BillEmailBcc")
_PERSON: Mapping[str, int] = {
    "DisplayName": 500,
    "GivenName": 100,
    "MiddleName": 100,
    "FamilyName": 100,
    "CompanyName": 100,
    "Title": 16,
    "Suffix": 16,
    "PrintOnCheckName": 110,
    "Notes": 2000,
    "PrimaryPhone.FreeFormNumber": 30,
    "AlternatePhone.FreeFormNumber": 30,
    "Mobile.FreeFormNumber": 30,
    "Fax.FreeFormNumber": 30,
    "WebAddr.URI": 1000,
}
_FORM: Mapping[str, int] = {
    "DocNumber": 21,
    "PaymentRefNum": 21,
    "PrivateNote": 4000,
    "CustomerMemo.value": 1000,
}
_ADDRESS: Mapping[str, int] = {
    **{
        f"{role}.{line}": 500
        for role in ("BillAddr", "ShipAddr")
        for line in ("Line1", "Line2", "Line3", "Line4", "Line5")
    },
    **{
        f"{role}.{part}": 255
        for role in ("BillAddr", "ShipAddr")
        for part in ("City", "Country", "CountrySubDivisionCode")
    },
    **{f"{role}.PostalCode": 30 for role in ("BillAddr", "ShipAddr")},
}
LIMITS: Mapping[str, Mapping[str, int]] = {
    "Customer": {**_PERSON, **_ADDRESS},
    "Vendor": {**_PERSON, **_ADDRESS},
    "Employee": _PERSON,
    "Invoice": {**_FORM, **_ADDRESS},
    "SalesReceipt": {**_FORM, **_ADDRESS},
    "RefundReceipt": {**_FORM, **_ADDRESS},
    "CreditMemo": {**_FORM, **_ADDRESS},
    "Payment": _FORM,
    "Item": {"Name": 100, "Sku": 100, "Description": 4000},
    "Account": {"Name": 100},
    "PaymentMethod": {"Name": 31},
    "Term": {"Name": 31},
    "Class": {"Name": 100},
    "Department": {"Name": 100},
}
DESCRIPTION_LIMIT = 4000
EMAIL_LIMIT = 100
LAST_LATIN = 0xFF
_FORBIDDEN: Mapping[str, tuple[str, str]] = {
    "Customer": (":\t\n", "DisplayName Title GivenName MiddleName FamilyName Suffix PrintOnCheckName"),
    "Vendor": (":\t\n", "DisplayName Title GivenName MiddleName FamilyName Suffix PrintOnCheckName"),
    "Employee": (":\t\n", "DisplayName Title GivenName MiddleName FamilyName Suffix PrintOnCheckName"),
    "Item": (":\t\n", "Name"),
    "Account": (':"', "Name"),
}


def check_formats(entity: str, body: Json, *, latin: bool = False) -> None:
    """Raise `RefusedError` (2050, 2040, 2210) for a text the vendor would not take.

    `latin`: a company in the United States, which keeps the repertoire of ISO 8859-1 only.
    """
    if latin:
        _check_latin(body, entity)
    for path, limit in LIMITS.get(entity, {}).items():
        text = _at(body, path)
        if isinstance(text, str) and len(text) > limit:
            raise too_long(path, limit, len(text))
    for line in body.get("Line") or ():
        description = line.get("Description", "")
        if len(description) > DESCRIPTION_LIMIT:
            raise too_long("Line.Description", DESCRIPTION_LIMIT, len(description))
    _check_characters(entity, body)
    for member in _EMAIL_MEMBERS:
        _check_email(_at(body, f"{member}.Address"))


def _at(body: Json, path: str) -> Any:
    head, _, tail = path.partition(".")
    value = body.get(head)
    return (value or {}).get(tail) if tail else value


def _check_characters(entity: str, body: Json) -> None:
    forbidden, members = _FORBIDDEN.get(entity, ("", ""))
    for member in members.split():
        text = body.get(member) or ""
        if any(character in text for character in forbidden):
            raise bad_value("2040", "Invalid String. The string has unsupported characters", member, text)


def _check_latin(value: Any, member: str) -> None:
    if isinstance(value, str) and any(ord(character) > LAST_LATIN for character in value):
        raise bad_value("2040", "Invalid String. The string has unsupported characters", member, value)
    if isinstance(value, dict):
        for name, part in value.items():
            _check_latin(part, name)
    if isinstance(value, list):
        for part in value:
            _check_latin(part, member)


def _check_email(address: str | None) -> None:
    """Accept several addresses with a comma between them, as the vendor's own pages store them (UNVERIFIED here)."""
    if address is None:
        return
    if len(address) > EMAIL_LIMIT:
        raise too_long("Address", EMAIL_LIMIT, len(address))
    if not all(_EMAIL.fullmatch(part.strip()) for part in address.split(",")):
        raise bad_email(address)
