"""What a charge was for (S4): the order's items when they explain it to the cent, else one line as charged.

The charge is the truth. A cent or two of rounding becomes a line of its own; what could be tax never does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final

import msgspec

from avantto_qbo.model.avantto import Order
from avantto_qbo.model.money import Money, total
from avantto_qbo.model.steps import ReceiptCase
from avantto_qbo.rules.books import tax
from avantto_qbo.rules.books.lines import SoldLine, roundings, sold
from avantto_qbo.rules.reasons import held

# A charge this long after its order is a renewal: daily plans are the shortest.
_FIRST_CHARGE: Final = timedelta(hours=12)
# How long the order webhook's copy, which alone tells tax and shipping, may be late.
_EVIDENCE_LATE: Final = timedelta(minutes=1)


class Basket(msgspec.Struct, frozen=True):
    """Lines with their amounts that add up: Σ amounts − discount + tax + shipping + rounding is the charge."""

    lines: tuple[SoldLine, ...]
    amounts: tuple[Money, ...]
    discount: Money
    tax: Money
    shipping: Money
    rounding: Money

    @property
    def sum(self) -> Money:
        return total(self.amounts, self.tax.currency) - self.discount + self.tax + self.shipping + self.rounding


def named(case: ReceiptCase) -> str:
    """How a person recognises the document."""
    return f"Payment {case.transaction.id}"


def order_of(case: ReceiptCase) -> Order | None:
    """What is known of the order in one value: the API's copy with the webhook's tax and shipping."""
    order, evidence = case.order or case.evidence, case.evidence
    if order is None or order.currency.upper() != case.transaction.currency.upper():
        return None
    if evidence is None or evidence.id != order.id:
        return order
    return msgspec.structs.replace(
        order, items=order.items or evidence.items, tax=evidence.tax, shipping=evidence.shipping
    )


def is_renewal(case: ReceiptCase, order: Order) -> bool:
    """Say whether this is a later charge of a subscription: it names the first order again."""
    late = case.transaction.charged_at - order.created_at > _FIRST_CHARGE
    return bool(case.transaction.subscription_id) and late


def evidence_awaited(case: ReceiptCase) -> bool:
    """Say whether the order's webhook may still explain what its API copy does not."""
    order = order_of(case)
    if order is None or case.evidence is not None or is_renewal(case, order):
        return False
    young = case.now - case.transaction.charged_at < _EVIDENCE_LATE
    return young and _exact(case, order) is None


def basket_of(case: ReceiptCase, charge: Money) -> Basket | None:
    """The items that explain `charge`, None when it is booked as charged.

    Raises HeldError when the difference may be tax.
    """
    order = order_of(case)
    if order is None:
        return None
    tax.check(case, sold(order.items), Money.zero(charge.currency), named(case))
    found = _exact(case, order) or _nearly(case, order, charge)
    if found is None and _may_be_taxed(case, order):
        text = f"{named(case)}: charged {charge}, which its order's items and tax do not add up to."
        raise held("tax_difference", text, "enter it in QuickBooks by hand, then: avantto-qbo skip ID")
    return found


def _may_be_taxed(case: ReceiptCase, order: Order) -> bool:
    """Say whether a part of this charge can be tax: of a renewal only its own items count, where items name taxes."""
    lines = sold(order.items)
    named = [line for line in lines if line.taxed]
    if named and is_renewal(case, order):
        return any(line.taxed for line in sold([item for item in order.items if item.recurring]))
    return bool(order.tax or named)


def _exact(case: ReceiptCase, order: Order) -> Basket | None:
    charge = Money.rounded(case.transaction.amount, case.transaction.currency)
    whole, recurring = _whole(order, charge.currency), _recurring(order, charge.currency)
    ways: tuple[Iterator[Basket], ...] = (whole,)
    if case.transaction.subscription_id:
        ways = (recurring, whole) if is_renewal(case, order) else (whole, recurring)
    return next((basket for way in ways for basket in way if basket.sum == charge), None)


def _nearly(case: ReceiptCase, order: Order, charge: Money) -> Basket | None:
    """The whole order with a rounding line of at most one minor unit per item, unless the rest could be tax."""
    if is_renewal(case, order) or (order.tax is None and any(line.taxed for line in sold(order.items))):
        return None
    basket = next(_whole(order, charge.currency), None)
    if basket is None or abs((charge - basket.sum).minor) > len(basket.lines):
        return None
    return msgspec.structs.replace(basket, rounding=charge - basket.sum)


def _whole(order: Order, currency: str) -> Iterator[Basket]:
    discount = Money.rounded(order.discount, currency)
    shipping = Money.rounded(order.shipping or Decimal(0), currency)
    return _baskets(sold(order.items), discount, shipping, order.tax)


def _recurring(order: Order, currency: str) -> Iterator[Basket]:
    lines = sold([item for item in order.items if item.recurring])
    return _baskets(lines, Money.zero(currency), Money.zero(currency), None)


def _baskets(lines: Sequence[SoldLine], discount: Money, shipping: Money, stated: Decimal | None) -> Iterator[Basket]:
    """Every way the vendor may have rounded; tax as stated, else as the rates say, else none."""
    currency = discount.currency
    if not lines:
        return
    for amounts in roundings(lines, currency):
        known = (Money.rounded(stated, currency),) if stated is not None else ()
        for taxes in known or (*tax.computed(lines, amounts, discount), Money.zero(currency)):
            yield Basket(tuple(lines), amounts, discount, taxes, shipping, Money.zero(currency))
