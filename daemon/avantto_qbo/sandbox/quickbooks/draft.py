"""A write on its way into the books, and the checks that every kind of object shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from avantto_qbo.sandbox.quickbooks.company import Company
from avantto_qbo.sandbox.quickbooks.fields import Json
from avantto_qbo.sandbox.quickbooks.refusals import bad_reference, business, wrong_account

REFERENCES: Mapping[str, str] = {
    "ClassRef": "Class",
    "DepartmentRef": "Department",
    "SalesTermRef": "Term",
    "PaymentMethodRef": "PaymentMethod",
}
MONEY_ACCOUNTS = frozenset({"Bank", "Other Current Asset"})


@dataclass(frozen=True, slots=True)
class Draft:
    """What an object shall become.

    `body` is the whole new object (sent members over current ones for a sparse update), `sent` the members the client
    really sent, `current` the stored version (None for a create), `options` the words of the `include` parameter.
    """

    entity: str
    body: Json
    current: Json | None
    sent: frozenset[str]
    options: frozenset[str] = frozenset()

    @property
    def id(self) -> str:
        """Return the Id of the stored version, or an empty text."""
        return str(self.current["Id"]) if self.current else ""

    def changed(self, member: str) -> bool:
        """Say whether a member differs from the stored version."""
        return self.current is None or self.body.get(member) != self.current.get(member)


def value_of(body: Json, member: str) -> str | None:
    """Return the id in a reference member, or None."""
    return (body.get(member) or {}).get("value")


def named_reference(company: Company, entity: str, body: Json, member: str, name: str = "Name") -> Json:
    """Return `{"value", "name"}` for a reference to an existing active object; raise `RefusedError` 2500."""
    target = company.active(entity, value_of(body, member))
    if target is None:
        raise bad_reference(member)
    return {"value": target["Id"], "name": target[name]}


def check_references(company: Company, draft: Draft) -> None:
    """Complete the plain references of a transaction with their names; raise `RefusedError` 2500.

    A class or department is dropped where the company does not track it there (what the vendor does is UNVERIFIED).
    """
    for member, entity in REFERENCES.items():
        if draft.body.get(member) is not None and draft.changed(member):
            draft.body[member] = named_reference(company, entity, draft.body, member)
    if not tracks_class(company, "transaction"):
        draft.body.pop("ClassRef", None)
    if not company.knobs.department_tracking:
        draft.body.pop("DepartmentRef", None)


def tracks_class(company: Company, where: str) -> bool:
    """Say whether the company gives classes to a `line` or to a `transaction`."""
    return company.knobs.class_tracking and company.knobs.class_per in {"both", where}


def check_money_account(company: Company, body: Json, default: str) -> None:
    """Fill in and check `DepositToAccountRef`: an active account that can hold money (2500, 6430)."""
    if body.get("DepositToAccountRef") is None:
        body["DepositToAccountRef"] = {"value": default}
    reference = named_reference(company, "Account", body, "DepositToAccountRef")
    account = company.find("Account", reference["value"]) or {}
    if account["AccountType"] not in MONEY_ACCOUNTS:
        raise wrong_account("DepositToAccountRef")
    if value_of(account, "CurrencyRef") not in {company.locale.currency, value_of(body, "CurrencyRef")}:
        raise business("The account is in another currency than the transaction")
    body["DepositToAccountRef"] = reference
