"""Invoices as the API states them: one in full, or the rows of a page."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

import msgspec

from avantto_qbo.avantto.leaves import Wire, decoder, first, flag, instant, needed, number, number_or, text
from avantto_qbo.model.avantto import Address, Discount, Fee, Invoice, InvoiceHead, InvoiceItem, Person, Tax
from avantto_qbo.model.ids import ContactId, LocationId
from avantto_qbo.model.page import Page, page_of

_ZERO: Final = Decimal(0)


class WireTax(Wire, frozen=True):
    """A tax of a line; `rate` is in percent."""

    name: Any = None
    rate: Any = None
    calculation: Any = None

    def value(self, *, inclusive: bool) -> Tax:
        """Return the tax; `inclusive` is what the line says about its price."""
        within = inclusive or text(self.calculation).lower() == "inclusive"
        return Tax(text(self.name), number_or(self.rate, _ZERO, "tax.rate"), within)


def taxes_of(given: list[WireTax | None] | None, *, inclusive: bool) -> tuple[Tax, ...]:
    """Return the taxes of a line; holes in the list, and no list at all, mean none."""
    return tuple(tax.value(inclusive=inclusive) for tax in given or () if tax)


class _Address(Wire, frozen=True):
    address_line1: Any = None
    address_line2: Any = None
    city: Any = None
    state: Any = None
    postal_code: Any = None
    country_code: Any = None
    country: Any = None

    def value(self) -> Address:
        return Address(
            line1=text(self.address_line1),
            line2=text(self.address_line2),
            city=text(self.city),
            state=text(self.state),
            postal_code=text(self.postal_code),
            country=first(self.country_code, self.country),
        )


class _Party(Wire, frozen=True):
    """Whom the invoice names: a copy that can lack everything."""

    id: Any = None
    name: Any = None
    email: Any = None
    phone_no: Any = None
    company_name: Any = None
    first_name: Any = None
    last_name: Any = None
    address: _Address | str | None = None

    def person(self) -> Person:
        return Person(
            contact_id=ContactId(text(self.id)),
            name=first(self.name, f"{text(self.first_name)} {text(self.last_name)}"),
            email=text(self.email),
            phone=text(self.phone_no),
            company=text(self.company_name),
            first_name=text(self.first_name),
            last_name=text(self.last_name),
            address=self._address(),
        )

    def _address(self) -> Address:
        if isinstance(self.address, _Address):
            return self.address.value()
        return Address(line1=text(self.address))


class _Item(Wire, frozen=True):
    name: Any = None
    description: Any = None
    product_id: Any = None
    sku: Any = None
    qty: Any = None
    amount: Any = None
    taxes: list[WireTax | None] | None = None
    tax_inclusive: Any = None

    def value(self) -> InvoiceItem:
        inclusive = flag(self.tax_inclusive)
        return InvoiceItem(
            name=text(self.name),
            amount=number(self.amount, "invoiceItems.amount"),
            quantity=number_or(self.qty, Decimal(1), "invoiceItems.qty"),
            description=text(self.description),
            product_id=text(self.product_id),
            taxes=taxes_of(self.taxes, inclusive=inclusive),
            tax_inclusive=inclusive,
            sku=text(self.sku),
        )


class _Discount(Wire, frozen=True):
    type: Any = None
    value: Any = None
    valid_on_product_ids: list[Any] | None = None

    def discount(self) -> Discount | None:
        """Return the discount, None when it takes nothing off."""
        value = number_or(self.value, _ZERO, "discount.value")
        products = tuple(text(product) for product in self.valid_on_product_ids or () if text(product))
        # The vendor's default kind is a percentage.
        return Discount(first(self.type, "percentage"), value, products) if value else None


class _Summary(Wire, frozen=True):
    sub_total: Any = None
    discount: Any = None
    tax: Any = None


class _Head(Wire, frozen=True):
    id: Any = msgspec.field(name="_id", default=None)
    status: Any = None
    deleted: Any = None
    created_at: Any = None
    updated_at: Any = None

    @property
    def state(self) -> str:
        # What a deleted invoice reads like is not documented: 404, or this flag. The webhook's word is used for both.
        return "delete" if flag(self.deleted) else needed(self.status, "status")

    def head(self) -> InvoiceHead:
        created = instant(self.created_at, "createdAt")
        updated = created if self.updated_at is None else instant(self.updated_at, "updatedAt")
        return InvoiceHead(needed(self.id, "_id"), self.state, created, updated)


class _Invoice(_Head, frozen=True):
    live_mode: Any = None
    amount_paid: Any = None
    amount_due: Any = None
    total: Any = None
    alt_id: Any = None
    invoice_number: Any = None
    currency: Any = None
    contact_details: _Party | None = None
    issue_date: Any = None
    due_date: Any = None
    discount: _Discount | None = None
    invoice_items: list[_Item] | None = None
    title: Any = None
    total_summary: _Summary | None = None
    # The three below are documented where an invoice is written, not where it is read, so any shape may come.
    miscellaneous_charges: Any = None
    tips_configuration: Any = None
    late_fees_configuration: Any = None

    def value(self, location: LocationId) -> Invoice:
        head, summary = self.head(), self.total_summary or _Summary()
        items = tuple(item.value() for item in self.invoice_items or ())
        total, paid = number(self.total, "total"), number(self.amount_paid, "amountPaid")
        return Invoice(
            id=head.id,
            location=LocationId(first(self.alt_id, location)),
            status=head.status,
            live=flag(self.live_mode),
            number=text(self.invoice_number),
            currency=needed(self.currency, "currency").upper(),
            person=(self.contact_details or _Party()).person(),
            items=items,
            total=total,
            amount_paid=paid,
            amount_due=number_or(self.amount_due, total - paid, "amountDue"),
            subtotal=number_or(summary.sub_total, _sum(items), "totalSummary.subTotal"),
            discount_total=number_or(summary.discount, _ZERO, "totalSummary.discount"),
            tax_total=number_or(summary.tax, _ZERO, "totalSummary.tax"),
            issue_date=text(self.issue_date),
            due_date=text(self.due_date),
            created_at=head.created_at,
            updated_at=head.updated_at,
            discount=self.discount.discount() if self.discount else None,
            title=text(self.title),
            fees=_fees(_member(self.miscellaneous_charges, "paidCharges")),
            tips=flag(_member(self.tips_configuration, "tipsEnabled")),
            late_fees=flag(_member(self.late_fees_configuration, "enable")),
        )


class _Page(Wire, frozen=True):
    invoices: list[msgspec.Raw]
    total: Any = None


_INVOICE = decoder(_Invoice)
_PAGE = decoder(_Page)
_ROW = decoder(_Head)


def decode_invoice(location: LocationId, body: bytes) -> Invoice:
    """Read an invoice in full; `location` stands in where the document names none."""
    return _INVOICE.decode(body).value(location)


def decode_invoice_page(body: bytes) -> Page[InvoiceHead]:
    """Read a page of `{"invoices": [...], "total": n}`; the total defaults to what the page holds."""
    answer = _PAGE.decode(body)
    page = page_of(answer.invoices, lambda row: _ROW.decode(row).head(), "_id")
    return msgspec.structs.replace(page, total=int(number_or(answer.total, Decimal(page.total), "total")))


def _fees(given: Any) -> tuple[Fee, ...]:
    """Return the paid charges that brought money; an amount that cannot be read is an error, for it is in the books."""
    rows = [row for row in given if isinstance(row, dict)] if isinstance(given, list) else []
    field = "miscellaneousCharges.paidCharges.amount"
    fees = (Fee(text(row.get("name")), number_or(row.get("amount"), _ZERO, field)) for row in rows)
    return tuple(fee for fee in fees if fee.amount)


def _member(given: Any, name: str) -> Any:
    return given.get(name) if isinstance(given, dict) else None


def _sum(items: Iterable[InvoiceItem]) -> Decimal:
    return sum((item.amount * item.quantity for item in items), _ZERO)
