"""What QuickBooks told us: rows of queries and change feeds, and the facts of a company. Money in major units."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import msgspec

from avantto_qbo.model.avantto import Address
from avantto_qbo.model.drafts import TaxForm
from avantto_qbo.model.ids import CustomerId, RealmId


class CustomerRow(msgspec.Struct, frozen=True):
    """A customer. `emails` are the single addresses of the one stored string, lower case; `phones` as typed."""

    id: CustomerId
    sync_token: str
    display_name: str
    created_at: datetime
    updated_at: datetime
    given_name: str = ""
    family_name: str = ""
    company_name: str = ""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    address: Address = Address()
    notes: str = ""
    active: bool = True
    job: bool = False
    project: bool = False
    currency: str = ""


class PaymentRow(msgspec.Struct, frozen=True):
    """A payment with the invoices it settles. `deleted` rows carry only id and time."""

    id: str
    updated_at: datetime
    customer_id: CustomerId = CustomerId("")
    sync_token: str = ""
    total: Decimal = Decimal(0)
    day: date | None = None
    created_at: datetime | None = None
    reference: str = ""
    note: str = ""
    invoices: tuple[tuple[str, Decimal], ...] = ()
    deleted: bool = False


class InvoiceRow(msgspec.Struct, frozen=True):
    """An invoice as a query or read states it."""

    id: str
    sync_token: str
    customer_id: CustomerId
    total: Decimal
    balance: Decimal
    created_at: datetime
    updated_at: datetime
    number: str = ""
    note: str = ""
    day: date | None = None
    payments: tuple[str, ...] = ()

    @property
    def voided(self) -> bool:
        """QBO has no status for it: zero total and a note that begins with "Voided"."""
        return self.total == 0 and self.balance == 0 and self.note.startswith("Voided")


class History(msgspec.Struct, frozen=True):
    """A person's invoices as one answer shows them. `as_of` is the server's clock, None where it states none."""

    rows: tuple[InvoiceRow, ...]
    as_of: datetime | None = None


class Found(msgspec.Struct, frozen=True):
    """A hit of a look-up in doubt: enough to tell whether it is ours and what it holds.

    `marker_text` is PrivateNote or Notes; `raw` the object's JSON as it came.
    """

    entity: str
    id: str
    sync_token: str
    marker_text: str
    total: Decimal | None
    raw: bytes = b""


class Changes(msgspec.Struct, frozen=True):
    """One answer of the change feed. `as_of` is the server's clock; `overflowed` when the 1,000-object cap was hit.

    `unreadable` counts the objects that were left out because they made no sense.
    """

    customers: tuple[CustomerRow, ...]
    payments: tuple[PaymentRow, ...]
    as_of: datetime
    overflowed: bool = False
    unreadable: int = 0


class Item(msgspec.Struct, frozen=True):
    id: str
    name: str
    kind: str
    active: bool = True
    sku: str = ""
    income_account: str = ""


class Account(msgspec.Struct, frozen=True):
    id: str
    name: str
    kind: str  # AccountType
    sub_kind: str = ""  # AccountSubType
    active: bool = True


class TaxRate(msgspec.Struct, frozen=True):
    id: str
    name: str
    rate: Decimal


class TaxCode(msgspec.Struct, frozen=True):
    id: str
    name: str
    rates: tuple[str, ...] = ()  # ids of sales tax rates
    active: bool = True


class Division(msgspec.Struct, frozen=True):
    """A class or a department (a location, in QuickBooks' pages)."""

    id: str
    name: str
    active: bool = True


class PaymentMethod(msgspec.Struct, frozen=True):
    id: str
    name: str
    active: bool = True


class Company(msgspec.Struct, frozen=True):
    """The facts of a realm that rules decide by. Read at connect and kept fresh, never per document.

    `automated_tax`: a US company whose engine computes sales tax, so that lines bear TAX and NON and no code is named.
    `classes` are set only where they can be given per line. `refused_forms` are the forms of tax whose total this
    company was seen to answer differently: learned from its answers, not read.
    """

    realm: RealmId
    name: str
    country: str
    currency: str
    items: tuple[Item, ...] = ()
    accounts: tuple[Account, ...] = ()
    tax_codes: tuple[TaxCode, ...] = ()
    tax_rates: tuple[TaxRate, ...] = ()
    payment_methods: tuple[PaymentMethod, ...] = ()
    custom_numbers: bool = False
    allow_discount: bool = False
    discount_account: str = ""
    default_item: str = ""
    multi_currency: bool = False
    sales_tax: bool = False
    books_closed: date | None = None
    auto_apply: bool = False
    automated_tax: bool = True
    classes: tuple[Division, ...] = ()
    departments: tuple[Division, ...] = ()
    class_per_line: bool = False
    class_per_document: bool = False
    refused_forms: frozenset[TaxForm] = frozenset()

    @property
    def american(self) -> bool:
        return self.country == "US"
