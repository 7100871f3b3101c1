"""Transactions: the list's rows and the detail answer do not show the same members, so both are kept and merged."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import msgspec

from avantto_qbo.avantto.leaves import (
    Wire,
    decoder,
    first,
    flag,
    instant,
    instant_or_none,
    needed,
    number,
    number_or,
    text,
)
from avantto_qbo.avantto.people import Snapshot, snapshot_of
from avantto_qbo.errors import InternalError
from avantto_qbo.model.avantto import Transaction
from avantto_qbo.model.ids import ContactId, LocationId
from avantto_qbo.model.money import from_json
from avantto_qbo.model.page import Page, page_of

_ZERO: Final = Decimal(0)

# The only members that one of the two shapes lacks, by the neutral value they then have.
_FILLABLE: Final = (
    "contact_name",
    "contact_email",
    "entity_type",
    "entity_id",
    "source_sub_type",
    "source_name",
    "source_id",
    "subscription_id",
    "provider",
    "method",
    "merged_from",
)


class WireSource(Wire, frozen=True):
    """Where something was sold."""

    type: Any = None
    sub_type: Any = None
    id: Any = None
    name: Any = None


class _Transaction(Wire, frozen=True):
    id: Any = msgspec.field(name="_id", default=None)
    alt_id: Any = None
    contact_id: Any = None
    merged_from_contact_id: Any = None
    contact_name: Any = None
    contact_email: Any = None
    contact_snapshot: Snapshot | str | list[Any] | None = None
    currency: Any = None
    amount: Any = None
    amount_refunded: Any = None
    status: Any = None
    live_mode: Any = None
    mark_as_test: Any = None
    entity_type: Any = None
    entity_id: Any = None
    entity_source: WireSource | str | list[Any] | None = None
    entity_source_type: Any = None
    entity_source_sub_type: Any = None
    entity_source_name: Any = None
    entity_source_id: Any = None
    subscription_id: Any = None
    payment_provider_type: Any = None
    payment_provider: Any = None
    payment_method: Any = None
    created_at: Any = None
    updated_at: Any = None
    fulfilled_at: Any = None
    qbo_synced: Any = None

    def value(self, location: LocationId) -> Transaction:
        source, person = source_of(self.entity_source), snapshot_of(self.contact_snapshot).person()
        created = instant(self.created_at, "createdAt")
        return Transaction(
            id=needed(self.id, "_id"),
            location=LocationId(first(self.alt_id, location)),
            contact_id=ContactId(first(self.contact_id, person.contact_id)),
            status=needed(self.status, "status").lower(),
            live=flag(self.live_mode),
            currency=needed(self.currency, "currency").upper(),
            amount=number(self.amount, "amount"),
            source_type=first(self.entity_source_type, source.type),
            created_at=created,
            updated_at=instant_or_none(self.updated_at, "updatedAt") or created,
            amount_refunded=number_or(self.amount_refunded, _ZERO, "amountRefunded"),
            contact_name=first(self.contact_name, person.name),
            contact_email=first(self.contact_email, person.email),
            entity_type=text(self.entity_type),
            entity_id=text(self.entity_id),
            source_sub_type=first(self.entity_source_sub_type, source.sub_type),
            source_name=first(self.entity_source_name, source.name),
            source_id=first(self.entity_source_id, source.id),
            subscription_id=text(self.subscription_id),
            provider=self._provider(),
            method=self._method(),
            fulfilled_at=instant_or_none(self.fulfilled_at, "fulfilledAt"),
            qbo_synced=flag(self.qbo_synced),
            test=flag(self.mark_as_test),
            merged_from=ContactId(text(self.merged_from_contact_id)),
        )

    def _provider(self) -> str:
        given = _single(self.payment_provider)
        return first(self.payment_provider_type, given.get("type") if isinstance(given, dict) else given)

    def _method(self) -> str:
        """Return the kind of means of payment: `card` of `{"card": {"brand": …}}`."""
        given = _single(self.payment_method)
        return next(iter(given), "") if isinstance(given, dict) else text(given)


def source_of(given: WireSource | str | list[Any] | None) -> WireSource:
    """Return where something was sold; a bare text is taken for the kind of source, a list for nothing."""
    if isinstance(given, str):
        return WireSource(type=given)
    return given if isinstance(given, WireSource) else WireSource()


def _single(value: Any) -> Any:
    """Return the first of a list, and what is no list as it is."""
    return next(iter(value), None) if isinstance(value, list) else value


class _Page(Wire, frozen=True):
    data: list[msgspec.Raw]
    total_count: Any = None


_PAGE = decoder(_Page)
_ROW = decoder(_Transaction)
# One live answer was seen to be an array of one object.
_DETAIL: msgspec.json.Decoder[list[_Transaction] | _Transaction] = msgspec.json.Decoder(
    list[_Transaction] | _Transaction, float_hook=from_json
)


def decode_transaction(location: LocationId, body: bytes) -> Transaction:
    """Read one transaction, as the detail endpoint or a stored row states it; an array of one is understood."""
    found = _DETAIL.decode(body)
    if isinstance(found, list):
        if len(found) != 1:
            raise ValueError("one transaction was asked for")
        found = found[0]
    return found.value(location)


def decode_transaction_page(location: LocationId, body: bytes) -> Page[Transaction]:
    """Read a page of `{"data": [...], "totalCount": n}`; the total defaults to what the page holds."""
    answer = _PAGE.decode(body)
    page = page_of(answer.data, lambda row: _ROW.decode(row).value(location), "_id")
    total = number_or(answer.total_count, Decimal(page.total), "totalCount")
    return msgspec.structs.replace(page, total=int(total))


def merge_transaction(row: Transaction, detail: Transaction) -> Transaction:
    """Join what the list and the detail say about one transaction.

    The charge's moment comes from the row, the built-in integration's mark from the detail; for everything else the
    newer of the two counts, and the other fills what it leaves empty.
    """
    if row.id != detail.id:
        raise InternalError(f"transactions {row.id} and {detail.id} are not the same")
    newer, older = (row, detail) if row.updated_at > detail.updated_at else (detail, row)
    filled = {name: getattr(newer, name) or getattr(older, name) for name in _FILLABLE}
    return msgspec.structs.replace(
        newer,
        **filled,
        contact_id=newer.contact_id or older.contact_id,
        source_type=newer.source_type or older.source_type,
        fulfilled_at=row.fulfilled_at or detail.fulfilled_at,
        qbo_synced=row.qbo_synced or detail.qbo_synced,
        test=row.test or detail.test,
    )
