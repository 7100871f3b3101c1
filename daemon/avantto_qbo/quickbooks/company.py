"""The facts of a company: eight queries in one batch request, so that a refresh costs one metered read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final, TypeVar

import msgspec

from avantto_qbo.errors import RejectedError, TransientError
from avantto_qbo.model.http import Read
from avantto_qbo.model.ids import RealmId
from avantto_qbo.model.quickbooks import Account, Company, Division, Item, PaymentMethod, TaxCode, TaxRate
from avantto_qbo.quickbooks.queries import ALSO_INACTIVE, objects, page, query_path, raise_fault, statement
from avantto_qbo.quickbooks.rows import value_of
from avantto_qbo.quickbooks.shapes import Ref

S = TypeVar("S")
_Parts = Mapping[str, dict[str, msgspec.Raw]]
# bId is at most ten characters, so the parts are numbered by this order. Classes and departments are asked for along
# with the rest, and read only where the preferences track them: a plan without them may refuse the question.
_ASKED: Final = ("CompanyInfo", "Preferences", "TaxCode", "TaxRate", "PaymentMethod", "Account", "Class", "Department")
_NEEDED: Final = frozenset(_ASKED) - {"Class", "Department"}
_SINGLE: Final = frozenset({"CompanyInfo", "Preferences"})
_COUNTRIES: Final = {"USA": "US", "UNITED STATES": "US", "UNITED STATES OF AMERICA": "US"}


def company(realm: RealmId) -> Read[Company]:
    """Read what rules decide by; `items` stays empty (see `items_page`), inactive tax codes and classes stay out."""
    queries = [{"bId": str(number), "Query": _query(entity)} for number, entity in enumerate(_ASKED)]
    body = msgspec.json.encode({"BatchItemRequest": queries})
    return Read("batch", lambda answer: _company(realm, answer), method="POST", body=body)


def items_page(start: int = 1, size: int = 1000) -> Read[tuple[Item, ...]]:
    """Read one page of the item list, inactive ones included, in an order that does not shift."""
    asked = statement("Item", ALSO_INACTIVE, order="MetaData.CreateTime", start=start, size=size)
    return Read(query_path(asked), lambda body: tuple(map(_item, page(body, "Item", ItemShape))))


class ItemShape(msgspec.Struct, frozen=True, rename="pascal"):
    id: str
    name: str = ""
    type: str | None = None
    active: bool | None = None
    sku: str | None = None
    income_account_ref: Ref | None = None


class _CompanyInfo(msgspec.Struct, frozen=True, rename="pascal"):
    company_name: str | None = None
    country: str | None = None


class _SalesForms(msgspec.Struct, frozen=True, rename="pascal"):
    custom_txn_numbers: bool | None = None
    allow_discount: bool | None = None
    default_discount_account: str | Ref | None = None
    default_item: Ref | None = None
    auto_apply_credit: bool | None = None
    auto_apply_payments: bool | None = None


class _Currencies(msgspec.Struct, frozen=True, rename="pascal"):
    multi_currency_enabled: bool | None = None
    home_currency: Ref | None = None


class _Taxes(msgspec.Struct, frozen=True, rename="pascal"):
    using_sales_tax: bool | None = None
    partner_tax_enabled: bool | None = None


class _Books(msgspec.Struct, frozen=True, rename="pascal"):
    book_close_date: date | None = None
    class_tracking_per_txn: bool | None = None
    class_tracking_per_txn_line: bool | None = None
    track_departments: bool | None = None


class _Preferences(msgspec.Struct, frozen=True, rename="pascal"):
    sales_forms_prefs: _SalesForms = _SalesForms()
    currency_prefs: _Currencies = _Currencies()
    tax_prefs: _Taxes = _Taxes()
    accounting_info_prefs: _Books = _Books()


class _RateDetail(msgspec.Struct, frozen=True, rename="pascal"):
    tax_rate_ref: Ref


class _RateList(msgspec.Struct, frozen=True, rename="pascal"):
    tax_rate_detail: tuple[_RateDetail, ...] = ()


class _TaxCode(msgspec.Struct, frozen=True, rename="pascal"):
    id: str
    name: str = ""
    active: bool | None = None
    sales_tax_rate_list: _RateList | None = None


class _TaxRate(msgspec.Struct, frozen=True, rename="pascal"):
    id: str
    name: str = ""
    rate_value: Decimal = Decimal(0)


class _Named(msgspec.Struct, frozen=True, rename="pascal"):
    id: str
    name: str = ""
    fully_qualified_name: str | None = None
    active: bool | None = None
    account_type: str = ""
    account_sub_type: str | None = None


class _Batch(msgspec.Struct, frozen=True):
    parts: list[dict[str, msgspec.Raw]] = msgspec.field(name="BatchItemResponse")


def _query(entity: str) -> str:
    """Of some entities there is one object; their documented queries name no page.

    Inactive accounts are asked for: an item on one of them cannot be sold.
    """
    if entity in _SINGLE:
        return " ".join(("select * from", entity))
    return statement(entity, *((ALSO_INACTIVE,) if entity == "Account" else ()))


def _company(realm: RealmId, answer: bytes) -> Company:
    parts = _parts(realm, answer)
    info = _rows(realm, parts, "CompanyInfo", _CompanyInfo)[0]
    preferences = _rows(realm, parts, "Preferences", _Preferences)[0]
    facts = Company(
        realm=realm,
        name=info.company_name or "",
        country=_country(info.country),
        currency=value_of(preferences.currency_prefs.home_currency) or "USD",
        accounts=tuple(map(_account, _rows(realm, parts, "Account", _Named))),
        tax_codes=tuple(map(_tax_code, _rows(realm, parts, "TaxCode", _TaxCode))),
        tax_rates=tuple(TaxRate(one.id, one.name, one.rate_value) for one in _rows(realm, parts, "TaxRate", _TaxRate)),
        payment_methods=tuple(map(_method, _rows(realm, parts, "PaymentMethod", _Named))),
        multi_currency=bool(preferences.currency_prefs.multi_currency_enabled),
        sales_tax=bool(preferences.tax_prefs.using_sales_tax),
        automated_tax=bool(preferences.tax_prefs.partner_tax_enabled),
    )
    return _with_divisions(_with_forms(facts, preferences.sales_forms_prefs), preferences.accounting_info_prefs, parts)


def _with_forms(facts: Company, forms: _SalesForms) -> Company:
    return msgspec.structs.replace(
        facts,
        custom_numbers=bool(forms.custom_txn_numbers),
        allow_discount=bool(forms.allow_discount),
        discount_account=_account_id(forms.default_discount_account),
        default_item=value_of(forms.default_item),
        auto_apply=bool(forms.auto_apply_credit or forms.auto_apply_payments),
    )


def _with_divisions(facts: Company, books: _Books, parts: _Parts) -> Company:
    per_line, per_document = bool(books.class_tracking_per_txn_line), bool(books.class_tracking_per_txn)
    classes = _rows(facts.realm, parts, "Class", _Named) if per_line or per_document else ()
    departments = _rows(facts.realm, parts, "Department", _Named) if books.track_departments else ()
    return msgspec.structs.replace(
        facts,
        books_closed=books.book_close_date,
        classes=tuple(map(_division, classes)),
        departments=tuple(map(_division, departments)),
        class_per_line=per_line,
        class_per_document=per_document,
    )


def _parts(realm: RealmId, answer: bytes) -> _Parts:
    """Find the part that answers for each entity. Raises what was refused of those that no company lacks."""
    answered = [part for part in msgspec.json.decode(answer, type=_Batch).parts if "bId" in part]
    found = {msgspec.json.decode(part["bId"], type=str): part for part in answered}
    parts = {entity: found[str(number)] for number, entity in enumerate(_ASKED) if str(number) in found}
    for entity, part in parts.items():
        if entity in _NEEDED:
            raise_fault(part, realm)
    if not parts.keys() >= _NEEDED:
        # An accepted batch with nothing in it has been seen; reading it as an empty company would be worse.
        raise TransientError("the batch answer is incomplete")
    return parts


def _rows(realm: RealmId, parts: _Parts, entity: str, shape: type[S]) -> tuple[S, ...]:
    """Read the objects of one entity. Raises what was refused of it, and RejectedError where its one object lacks."""
    part = parts.get(entity, {})
    raise_fault(part, realm)
    response = msgspec.json.decode(part.get("QueryResponse", b"{}"), type=dict[str, msgspec.Raw])
    found = objects(response, entity, shape)
    if entity in _SINGLE and not found:
        raise RejectedError("no-object", f"the answer holds no {entity}")
    return found


def _country(text: str | None) -> str:
    """Bring the country to its code; an empty one means US, where the field is the oldest."""
    upper = (text or "").strip().upper()
    return _COUNTRIES.get(upper, upper) or "US"


def _account_id(stored: str | Ref | None) -> str:
    """The preference holds an account's id; whether bare or as a reference differs between answers."""
    return value_of(stored) if isinstance(stored, Ref) else stored or ""


def _account(shape: _Named) -> Account:
    return Account(shape.id, shape.name, shape.account_type, shape.account_sub_type or "", shape.active is not False)


def _division(shape: _Named) -> Division:
    """A class under another is told from its namesakes by its full name."""
    return Division(shape.id, shape.fully_qualified_name or shape.name, shape.active is not False)


def _method(shape: _Named) -> PaymentMethod:
    return PaymentMethod(shape.id, shape.name, shape.active is not False)


def _tax_code(shape: _TaxCode) -> TaxCode:
    """Only the sales side counts: a code's purchase rates never apply to what we post."""
    rates = shape.sales_tax_rate_list.tax_rate_detail if shape.sales_tax_rate_list else ()
    return TaxCode(shape.id, shape.name, tuple(value_of(one.tax_rate_ref) for one in rates), shape.active is not False)


def _item(shape: ItemShape) -> Item:
    return Item(
        id=shape.id,
        name=shape.name,
        kind=shape.type or "",
        active=shape.active is not False,
        sku=shape.sku or "",
        income_account=value_of(shape.income_account_ref),
    )
