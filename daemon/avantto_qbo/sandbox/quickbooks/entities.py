"""The entities the service knows: what can be done with each, and what can be asked about each.

Filterable members are those the vendor's entity pages mark as such; `number`, `text`, `date`, `moment`, `flag`, `ref`
and `email` say how a value is compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Void = Literal["", "operation", "include"]


@dataclass(frozen=True, slots=True)
class Entity:
    """One kind of object.

    `void` is the documented form of voiding: `operation` (?operation=void), `include` (?operation=update&include=void)
    or none. `suffix` is what deactivation appends to the name in `name_member`. `indexed` members answer an equality
    without a scan.
    """

    name: str
    filterable: Mapping[str, str]
    transaction: bool = False
    writable: bool = True
    deletable: bool = False
    void: Void = ""
    name_member: str = ""
    suffix: str = ""
    indexed: tuple[str, ...] = ()
    unsortable: frozenset[str] = field(default_factory=frozenset)
    in_cdc: bool = True

    @property
    def path(self) -> str:
        """Return the last part of the entity's address."""
        return self.name.lower()


_TIMES = {"MetaData.CreateTime": "moment", "MetaData.LastUpdatedTime": "moment"}
_ID = {"Id": "text", **_TIMES}
_PERSON = {
    **_ID,
    "DisplayName": "text",
    "GivenName": "text",
    "MiddleName": "text",
    "FamilyName": "text",
    "FullyQualifiedName": "text",
    "CompanyName": "text",
    "PrintOnCheckName": "text",
    "Active": "flag",
    "Balance": "number",
    "PrimaryEmailAddr": "email",
}
_FORM = {**_ID, "DocNumber": "text", "CustomerRef": "ref", "TxnDate": "date"}
_LIST = {**_ID, "Name": "text", "Active": "flag"}


def _person(name: str) -> Entity:
    return Entity(
        name,
        _PERSON,
        name_member="DisplayName",
        suffix=" (deleted)",
        indexed=("DisplayName", "PrimaryEmailAddr"),
        unsortable=frozenset({"PrimaryEmailAddr"}),
    )


def _form(name: str, extra: Mapping[str, str], void: Void = "") -> Entity:
    return Entity(
        name, {**_FORM, **extra}, transaction=True, deletable=True, void=void, indexed=("DocNumber", "CustomerRef")
    )


def _named(
    name: str, extra: Mapping[str, str] | None = None, suffix: str = " (deleted)", writable: bool = True
) -> Entity:
    return Entity(
        name,
        {**_LIST, **(extra or {})},
        writable=writable,
        name_member="Name",
        suffix=suffix,
        indexed=("Name",),
        in_cdc=name not in {"TaxCode", "TaxRate"},
    )


_ALL = (
    _person("Customer"),
    _person("Vendor"),
    _person("Employee"),
    _form(
        "Invoice",
        {"ProjectRef": "ref", "SalesTermRef": "ref", "DueDate": "date", "Balance": "number", "TotalAmt": "number"},
        void="operation",
    ),
    _form("SalesReceipt", {"ProjectRef": "ref", "TotalAmt": "number", "Balance": "number"}, void="include"),
    _form("RefundReceipt", {"TotalAmt": "number", "Balance": "number"}),
    _form("CreditMemo", {"TotalAmt": "number", "Balance": "number"}),
    Entity(
        "Payment",
        {
            **_ID,
            "TotalAmt": "number",
            "CustomerRef": "ref",
            "ProjectRef": "ref",
            "PaymentRefNum": "text",
            "TxnDate": "date",
        },
        transaction=True,
        deletable=True,
        void="include",
        indexed=("PaymentRefNum", "CustomerRef"),
    ),
    _named("Item", {"FullyQualifiedName": "text", "Type": "text", "Taxable": "flag", "SubItem": "flag", "Sku": "text"}),
    _named("Account", {"FullyQualifiedName": "text", "AccountType": "text", "AccountSubType": "text"}),
    _named("PaymentMethod", {"Type": "text"}, suffix=" (Deleted)"),
    _named("Term"),
    _named("Class", {"FullyQualifiedName": "text"}),
    _named("Department", {"FullyQualifiedName": "text"}),
    _named("TaxCode", {"Description": "text"}, writable=False),
    _named("TaxRate", {"Description": "text"}, writable=False),
    Entity("Preferences", _ID, writable=False),
    Entity("CompanyInfo", {**_ID, "CompanyName": "text"}, writable=False),
)
ENTITIES: Mapping[str, Entity] = {entity.name: entity for entity in _ALL}
BY_PATH: Mapping[str, Entity] = {entity.path: entity for entity in _ALL}
SALES_FORMS = ("Invoice", "SalesReceipt", "RefundReceipt", "CreditMemo")
PEOPLE = ("Customer", "Vendor", "Employee")
