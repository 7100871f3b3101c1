"""Writing to the books: create, full and sparse update, delete, void. Every rule of an entity is reached from here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from avantto_qbo.sandbox.quickbooks.balances import settle
from avantto_qbo.sandbox.quickbooks.company import Company
from avantto_qbo.sandbox.quickbooks.credits import apply_credits
from avantto_qbo.sandbox.quickbooks.draft import Draft
from avantto_qbo.sandbox.quickbooks.entities import ENTITIES
from avantto_qbo.sandbox.quickbooks.fields import Json, read_body
from avantto_qbo.sandbox.quickbooks.formats import check_formats
from avantto_qbo.sandbox.quickbooks.lists import prepare_account, prepare_item, prepare_named, prepare_term
from avantto_qbo.sandbox.quickbooks.payments import prepare_payment, voided_payment
from avantto_qbo.sandbox.quickbooks.people import prepare_person
from avantto_qbo.sandbox.quickbooks.refusals import (
    RefusedError,
    books_closed,
    deposited,
    missing,
    not_found,
    stale,
    unsupported,
)
from avantto_qbo.sandbox.quickbooks.sales import (
    check_removable,
    prepare_credit_memo,
    prepare_invoice,
    prepare_refund_receipt,
    prepare_sales_receipt,
    voided_form,
)

_NOT_CONTENT = frozenset({"Id", "SyncToken", "MetaData", "sparse", "domain", "status"})
_HAS_LINES = frozenset({"Invoice", "SalesReceipt", "RefundReceipt", "CreditMemo"})


@dataclass(frozen=True, slots=True)
class Rules:
    """How one kind of object is prepared for storage, and what it becomes when voided."""

    prepare: Callable[[Company, Draft], Json]
    voided: Callable[[Json], Json] | None = None


RULES: Mapping[str, Rules] = {
    "Customer": Rules(prepare_person),
    "Vendor": Rules(prepare_person),
    "Employee": Rules(prepare_person),
    "Invoice": Rules(prepare_invoice, voided_form),
    "SalesReceipt": Rules(prepare_sales_receipt, voided_form),
    "RefundReceipt": Rules(prepare_refund_receipt),
    "CreditMemo": Rules(prepare_credit_memo),
    "Payment": Rules(prepare_payment, voided_payment),
    "Item": Rules(prepare_item),
    "Account": Rules(prepare_account),
    "PaymentMethod": Rules(prepare_named),
    "Term": Rules(prepare_term),
    "Class": Rules(prepare_named),
    "Department": Rules(prepare_named),
}


def create(company: Company, entity: str, body: Mapping[str, Any], options: frozenset[str] = frozenset()) -> Json:
    """Store a new object and return it; raise `RefusedError`."""
    read = _read(company, entity, body)
    filled = {name: value for name, value in read.items() if value is not None and name not in _NOT_CONTENT}
    prepared = _rules(entity).prepare(company, Draft(entity, dict(filled), None, frozenset(filled), options))
    _check_open(company, entity, prepared)
    stored = company.insert(entity, prepared)
    settle(company, entity, None, stored)
    if entity == "Invoice" and company.knobs.auto_apply_credit:
        apply_credits(company, stored)
    return company.find(entity, stored["Id"]) or stored


def update(company: Company, entity: str, body: Mapping[str, Any], options: frozenset[str] = frozenset()) -> Json:
    """Store a new version of an object and return it; raise `RefusedError`.

    With `"sparse": true` the members sent replace those stored; otherwise every writable member not sent is cleared.
    An empty text clears a member in both.
    """
    read = _read(company, entity, body)
    current = current_version(company, entity, read)
    sent = {name: value for name, value in read.items() if name not in _NOT_CONTENT}
    sparse = bool(read.get("sparse"))
    merged = {**current, **sent} if sparse else {**sent, "Id": current["Id"], "SyncToken": current["SyncToken"]}
    if not sparse and entity in _HAS_LINES:
        sent.setdefault("Line", [])
    filled = {name: value for name, value in merged.items() if value is not None}
    return _replace(company, Draft(entity, filled, current, frozenset(sent), options))


def _replace(company: Company, draft: Draft) -> Json:
    current = draft.current or {}
    prepared = _rules(draft.entity).prepare(company, draft)
    _check_open(company, draft.entity, current)
    _check_open(company, draft.entity, prepared)
    stored = company.update(draft.entity, prepared)
    settle(company, draft.entity, current, stored)
    return company.find(draft.entity, stored["Id"]) or stored


def delete(company: Company, entity: str, body: Mapping[str, Any]) -> Json:
    """Remove a transaction and return the stub; raise `RefusedError`. Names and lists can only be deactivated."""
    if not ENTITIES[entity].deletable:
        raise unsupported(f"Operation delete is not supported for {entity}")
    current = current_version(company, entity, _read(company, entity, body))
    _check_open(company, entity, current)
    check_removable(company, entity, current)
    company.delete(entity, current["Id"])
    settle(company, entity, current, None)
    return {"status": "Deleted", "domain": "QBO", "Id": current["Id"]}


def void(company: Company, entity: str, body: Mapping[str, Any]) -> Json:
    """Make a transaction worth nothing and return it; raise `RefusedError`."""
    voided = _rules(entity).voided
    if voided is None:
        raise unsupported(f"Operation void is not supported for {entity}")
    current = current_version(company, entity, _read(company, entity, body))
    _check_open(company, entity, current)
    check_removable(company, entity, current)
    company.unvoided.setdefault((entity, current["Id"]), current)
    stored = company.update(entity, voided(current), "voided")
    settle(company, entity, current, stored)
    return stored


def current_version(company: Company, entity: str, read: Json) -> Json:
    """Return the stored version a write is about; raise `RefusedError` 2020, 610, 5010, 6540."""
    for member in ("Id", "SyncToken"):
        if read.get(member) is None:
            raise missing(member)
    current = company.find(entity, read["Id"])
    if current is None:
        raise not_found("Another user has deleted this transaction." if ENTITIES[entity].transaction else "")
    if read["SyncToken"] != current["SyncToken"]:
        raise stale()
    if (entity, current["Id"]) in company.deposited:
        raise deposited()
    return current


def _read(company: Company, entity: str, body: Mapping[str, Any]) -> Json:
    _rules(entity)
    read = read_body(entity, body)
    check_formats(entity, read, latin=company.locale.country == "US")
    return read


def _rules(entity: str) -> Rules:
    if entity not in RULES:
        raise RefusedError("5030", "Feature Not Supported Error", f"{entity} cannot be written through the API")
    return RULES[entity]


def _check_open(company: Company, entity: str, body: Json) -> None:
    closed = company.knobs.close_books
    if closed is not None and ENTITIES[entity].transaction and body.get("TxnDate", "") <= closed.isoformat():
        raise books_closed()
