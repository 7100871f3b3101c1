"""Where a payment came from, which switch decides about it, and what its status means.

The values of `source.type` and `subType` are the vendor's enum; the statuses are typed as free text there, so one that
is not known here waits for a person.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from avantto_qbo.model.avantto import Order, Transaction
from avantto_qbo.model.money import Money
from avantto_qbo.model.settings import OnOff
from avantto_qbo.model.steps import ReceiptCase
from avantto_qbo.rules.books.checks import money
from avantto_qbo.rules.reasons import RETRY, held, setting

INVOICE_SOURCES: Final = frozenset({"invoice", "text2pay", "document_contracts"})
# Only `succeeded` is documented, by example; the others were seen or are other processors' words (UNVERIFIED).
PENDING: Final = frozenset({"pending", "processing", "requires_action", "authorized", "initiated"})
FAILED: Final = frozenset(
    {"failed", "canceled", "cancelled", "declined", "expired", "voided", "abandoned", "reversed", "returned"}
)
_REFUNDED: Final = "refunded"
_IMPORTED: Final = frozenset({"imported_csv", "shopify", "woocommerce"})
_STORE: Final = frozenset({"store", "store_upsell"})
_NAMELESS: Final = "none"  # the switch of payments that name no source
_SHORTEST: Final = timedelta(minutes=1)
_LONGEST: Final = timedelta(hours=6)


def is_real(transaction: Transaction) -> bool:
    """Say whether money moved outside the vendor's test mode (S3)."""
    return transaction.live and not transaction.test


def came(transaction: Transaction) -> bool:
    """Say whether the money was received, whatever was given back of it since."""
    if transaction.status in PENDING | FAILED:
        return False
    return transaction.status in {"succeeded", _REFUNDED} or bool(transaction.amount_refunded)


def given_back(transaction: Transaction) -> Money:
    """All that was refunded of a payment so far; the status `refunded` without a sum means all of it.

    Raises HeldError when that is more than was charged.
    """
    what = f"Payment {transaction.id}"
    charged = money(transaction.amount, transaction.currency, "amount", what)
    back = money(transaction.amount_refunded, transaction.currency, "amountRefunded", what)
    if not back and transaction.status == _REFUNDED:
        return charged
    if not 0 <= back.minor <= charged.minor:
        text = f"{what}: amountRefunded is {back}, but {charged} was charged."
        raise held("over_refund", text, f"correct the refunds in Avantto, then: {RETRY} (or skip ID)")
    return back


def pays_invoice(transaction: Transaction, order: Order | None = None) -> bool:
    """Say whether the money belongs to an invoice, which then has its own payment: never a receipt (S1)."""
    sources = {transaction.source_type.casefold(), order.source_type.casefold() if order else ""}
    return bool(sources & INVOICE_SOURCES)


def paid_invoice(transaction: Transaction, order: Order | None = None) -> str:
    """The invoice the money belongs to, by whichever field names it; never by `invoiceId`, the processor's (I3)."""
    if transaction.entity_type == "invoice":
        return transaction.entity_id
    if order is not None and order.source_type.casefold() in INVOICE_SOURCES and order.source_id:
        return order.source_id
    return transaction.source_id or transaction.entity_id


def switch_of(transaction: Transaction) -> str:
    """The key of the setting `sources` that decides about this payment; an unknown source has its own name."""
    kind, sub_kind = transaction.source_type.casefold(), transaction.source_sub_type.casefold()
    if kind == "external" or sub_kind in _IMPORTED:
        return "import"
    if transaction.subscription_id:  # a renewal keeps the source it was first sold by
        return "subscription"
    return "store" if sub_kind in _STORE else kind or _NAMELESS


def switched_on(case: ReceiptCase) -> bool:
    """Say whether receipts are wanted for this source. Raises HeldError for a source nobody decided about."""
    switch = switch_of(case.transaction)
    decided = case.settings.sources.get(switch)
    if decided is None:
        text = f"Payment {case.transaction.id} comes from an unknown source ({switch})."
        mend = setting(case.location.id, f"sources.{switch}=on")
        raise held("unknown_source", text, f"{mend} (or off)")
    return decided is OnOff.ON


def pending_wait(age: timedelta) -> timedelta:
    """How long to leave a pending payment alone: a tenth of its age, as cards take seconds and debits take days."""
    return min(max(age / 10, _SHORTEST), _LONGEST)
