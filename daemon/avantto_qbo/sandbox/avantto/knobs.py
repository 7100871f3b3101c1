"""Switches for what the vendor leaves undocumented, and for what a test wants to see go differently."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeVar

import msgspec


class Knobs(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Behaviour of one location; every default is the documented or the most often reported one.

    `invoice_link` says how a payment can be attributed to its invoice: `entity` (entityId is the invoice id),
    `source` (entityId is an order, entitySourceId the invoice) or `order` (only the order's source.id tells).
    Lags are seconds. `search_lag` delays `/contacts/search`, `transaction_lag` the transactions list and detail.

    Nothing is documented about an invoice's other money. `charges_shown`: the answer names tips, late and processing
    fees at all. `tip_as`: a tip shows in `amountPaid` only, or also as a paid `charge`. `processing_fee_in`: a fee is
    in `amountPaid` only (`paid`), also in the `total`, or in neither, just in the transaction (`charge`).
    `late_fee_in`: a late fee raises `amountDue` only (`due`) or also the `total`. `refund_lowers_paid`: a refund comes
    off `amountPaid`. `resend_void`: a void invoice can be sent again.

    Of orders: `upsell_order` puts an upsell into an order of its own or adds it to the `same`; `zero_transactions`: a
    sale for nothing leaves a transaction of 0; `trial_order`: an order with a trial says what is charged `today` or
    the `full` price of its items.
    """

    invoice_link: Literal["entity", "source", "order"] = "entity"
    cash_transactions: bool = False
    tax_rounding: Literal["total", "line"] = "total"
    inclusive_subtotal: Literal["net", "gross"] = "net"
    search_lag: float = 30.0
    transaction_lag: float = 0.0
    detail_as_list: bool = False
    refunded_status: bool = False
    invoice_instants: bool = False
    numeric_invoice_number: bool = False
    deleted_invoice_flag: bool = False
    text_numbers: bool = False
    charges_shown: bool = True
    tip_as: Literal["paid", "charge"] = "paid"
    processing_fee_in: Literal["paid", "total", "charge"] = "paid"
    late_fee_in: Literal["due", "total"] = "due"
    refund_lowers_paid: bool = False
    resend_void: bool = False
    upsell_order: Literal["own", "same"] = "own"
    zero_transactions: bool = True
    trial_order: Literal["today", "full"] = "today"
    sparse_invoice_events: bool = False
    paired_updates: bool = True
    renewal_events: bool = False
    strict_phones: bool = False
    strict_versions: bool = True
    match_order: tuple[Literal["email", "phone"], ...] = ("email", "phone")
    burst_limit: int = 100
    burst_seconds: float = 10.0
    daily_limit: int = 200_000


class AppKnobs(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Behaviour of the marketplace app as a whole.

    `refresh_grace` is how many seconds a used refresh token still answers (the vendor documents none).
    """

    echo_state: bool = True
    legacy_signature: bool = False
    access_seconds: int = 86_399
    refresh_seconds: int = 31_536_000
    refresh_grace: float = 0.0
    refuse_library_agents: bool = True


KnobsT = TypeVar("KnobsT", bound=msgspec.Struct)


def turned(knobs: Knobs, changes: Mapping[str, Any]) -> Knobs:
    """Return the location's knobs with changes; raise `ValueError` for an unknown name or value."""
    return _turned(knobs, changes)


def turned_app(knobs: AppKnobs, changes: Mapping[str, Any]) -> AppKnobs:
    """Return the app's knobs with changes; raise `ValueError` for an unknown name or value."""
    return _turned(knobs, changes)


def _turned(knobs: KnobsT, changes: Mapping[str, Any]) -> KnobsT:
    try:
        return msgspec.convert({**msgspec.structs.asdict(knobs), **changes}, type(knobs))
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error
