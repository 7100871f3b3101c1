"""What a charge was for (S4): the items of its order where they explain it to the cent, else one line as charged.

The charge is the truth. A cent or two of rounding becomes a line of its own; what could be tax never does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final

import msgspec

from avantto_qbo.model.avantto import Order, OrderItem, Tax
from avantto_qbo.model.money import Money, total
from avantto_qbo.model.operation import Reason
from avantto_qbo.model.steps import ReceiptCase
from avantto_qbo.rules.books.sale.lines import SoldLine, plain, sold
from avantto_qbo.rules.books.sale.reckon import Extra, Reckoning, Sale, difference, reckon, tax_is_computed
from avantto_qbo.rules.books.sources import came
from avantto_qbo.rules.dates import day_of
from avantto_qbo.rules.reasons import SKIP, held

SHIPPING: Final = "Shipping"
ROUNDING: Final = "Rounding"
_DEPOSITS: Final = "calendar"  # bookings may be paid for in part
# A charge this long after its order is a renewal: daily plans are the shortest.
_FIRST_CHARGE: Final = timedelta(hours=12)
# How long the order webhook's copy, which alone tells tax and shipping, may be late.
_EVIDENCE_LATE: Final = timedelta(minutes=1)


class Charged(msgspec.Struct, frozen=True):
    """The sale behind a charge. A charge for a part of it stands for what lies between `after` and `upto` of it."""

    reckoning: Reckoning
    upto: Money
    after: Money
    flags: tuple[Reason, ...] = ()


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


def evidence_awaited(case: ReceiptCase, charge: Money) -> bool:
    """Say whether the order's webhook may still explain what its API copy does not."""
    order = order_of(case)
    if order is None or case.evidence is not None or is_renewal(case, order):
        return False
    young = case.now - case.transaction.charged_at < _EVIDENCE_LATE
    return young and _exact(case, order, charge) is None


def charged(case: ReceiptCase, charge: Money) -> Charged:
    """The sale that `charge` paid for. Raises HeldError when what is left unexplained may be tax."""
    order = order_of(case)
    if order is None:
        return _as_charged(case, charge, "its order could not be read")
    if (exact := _exact(case, order, charge)) is not None:
        return Charged(exact, charge, Money.zero(charge.currency))
    found = _nearly(case, order, charge) or _part(case, order, charge) or _new_price(case, order, charge)
    if found is not None:
        return found
    if _may_be_taxed(case, order):
        text = f"{named(case)}: charged {charge}, which its order's items and tax do not add up to."
        raise held("tax_difference", text, f"enter it in QuickBooks by hand, then: {SKIP}")
    return _as_charged(case, charge, "its order's own items come to another sum")


def _exact(case: ReceiptCase, order: Order, charge: Money) -> Reckoning | None:
    """The first sale that comes to the charge; a tax that its webhook stated is never another one."""
    found = (one for sale in _sales(case, order, charge) if sale.lines and (one := reckon(sale)) is not None)
    return next((one for one in found if one.sale.tax in {None, one.tax}), None)


def _sales(case: ReceiptCase, order: Order, charge: Money) -> Iterator[Sale]:
    """What of the order a charge can be for, the likeliest first."""
    recurring = [item for item in order.items if item.recurring]
    once = [item for item in order.items if not item.recurring]
    if not case.transaction.subscription_id:
        yield from _whole(order, charge)
        yield from _one_of(case, order, charge)
    elif is_renewal(case, order):
        yield _some(recurring, order, charge)
        yield _some(recurring, order, charge, discounted=True)  # a coupon for every period
        yield from _whole(order, charge)
    else:
        yield from _whole(order, charge)
        yield _some(once, order, charge)  # a trial begins with the set-up fee, or with nothing
        yield _some(once, order, charge, discounted=True)
        yield _some(recurring, order, charge)


def _whole(order: Order, charge: Money) -> Iterator[Sale]:
    """The order as it is: with the tax its webhook stated, else as its rates say, else none."""
    currency = charge.currency
    shipping = Money.rounded(order.shipping, currency) if order.shipping else Money.zero(currency)
    stated = Money.rounded(order.tax, currency) if order.tax is not None else None
    extras = (Extra(SHIPPING, shipping),) if shipping else ()
    discount = Money.rounded(order.discount, currency)
    whole = Sale(sold(order.items), charge, discount, stated, extras=extras)
    yield from _coupons(whole)
    yield whole
    if stated is None and charge == Money.rounded(order.amount, currency):  # its taxed items went untaxed
        yield Sale(sold(order.items), charge, discount, Money.zero(currency), extras=extras)


def _coupons(whole: Sale) -> Iterator[Sale]:
    """No answer says which products a coupon was for: for all, or for the one with which the tax is as stated."""
    if not (whole.discount and whole.tax is not None):
        return
    products = dict.fromkeys(line.product_id for line in whole.lines if line.product_id)
    limited = (msgspec.structs.replace(whole, valid_on=frozenset({product})) for product in products)
    yield from (sale for sale in (whole, *limited) if tax_is_computed(sale))


def _some(items: Sequence[OrderItem], order: Order, charge: Money, *, discounted: bool = False) -> Sale:
    discount = Money.rounded(order.discount, charge.currency) if discounted else Money.zero(charge.currency)
    return Sale(sold(items), charge, discount)


def _one_of(case: ReceiptCase, order: Order, charge: Money) -> Iterator[Sale]:
    """One item of several, such as an upsell charged by itself, or all but that one: the order grew since.

    Only where no other would explain it as well, and one item is not sold by two charges.
    """
    if len(order.items) < 2:
        return
    alone = [] if charge in _earlier(case, charge.currency) else [_some([item], order, charge) for item in order.items]
    without = [_all_but(item, order, charge) for item in order.items]
    for sales in (alone, without):
        fitting = [sale for sale in sales if reckon(sale) is not None]
        if len(fitting) == 1:
            yield fitting[0]


def _all_but(item: OrderItem, order: Order, charge: Money) -> Sale:
    shipping = Money.rounded(order.shipping or Decimal(0), charge.currency)
    others = [one for one in order.items if one is not item]
    extras = (Extra(SHIPPING, shipping),) if shipping else ()
    return msgspec.structs.replace(_some(others, order, charge, discounted=True), extras=extras)


def _nearly(case: ReceiptCase, order: Order, charge: Money) -> Charged | None:
    """The whole order with a line for rounding, of at most a cent per item, unless the rest could be tax."""
    unknown = order.automatic_tax or any(line.taxed for line in sold(order.items))
    if is_renewal(case, order) or (order.tax is None and unknown):
        return None
    sale = next(_whole(order, charge))
    gap = difference(sale) if sale.lines else charge
    if abs(gap.minor) > len(sale.lines):
        return None
    found = reckon(msgspec.structs.replace(sale, extras=(*sale.extras, Extra(ROUNDING, gap))))
    if found is None or sale.tax not in {None, found.tax}:
        return None
    text = f"Contains {gap} of rounding between the order's items and the charge."
    return Charged(found, charge, Money.zero(charge.currency), (Reason("rounding", text),))


def _part(case: ReceiptCase, order: Order, charge: Money) -> Charged | None:
    """A deposit or an instalment: the order in proportion, in the place this charge has among its charges.

    Less than the order by itself is no instalment yet; but where the order bears tax, so does every part of it.
    """
    whole = Money.rounded(order.amount, charge.currency)
    if case.transaction.subscription_id or charge >= whole:
        return None
    found = next((one for sale in _whole(order, whole) if sale.lines and (one := reckon(sale)) is not None), None)
    in_parts = any(came(other) for other in case.siblings) or case.transaction.source_type.casefold() == _DEPOSITS
    if found is None or not (in_parts or found.tax):
        return None
    before = total(_earlier(case, charge.currency), charge.currency)
    if before + charge > whole:
        before = Money.zero(charge.currency)
    text = f"{charge} of an order of {whole}: every item in proportion."
    return Charged(found, before + charge, before, (Reason("part_payment", text),))


def _earlier(case: ReceiptCase, currency: str) -> list[Money]:
    """What each earlier charge of the same order brought."""
    row = case.transaction
    return [
        Money.rounded(other.amount, currency)
        for other in case.siblings
        if came(other) and (other.charged_at, other.id) < (row.charged_at, row.id)
    ]


def _new_price(case: ReceiptCase, order: Order, charge: Money) -> Charged | None:
    """A renewal whose price has changed since: its tax is still the one of its items, and is in the charge."""
    recurring = [item for item in order.items if item.recurring]
    taxes = {item.taxes for item in recurring}
    if not is_renewal(case, order) or len(taxes) != 1 or not any(tax.rate for tax in recurring[0].taxes):
        return None
    inside = tuple(Tax(tax.name, tax.rate, inclusive=True) for tax in recurring[0].taxes)
    line = msgspec.structs.replace(_one_line(case, order, charge), taxes=inside)
    found = reckon(Sale((line,), charge, Money.zero(charge.currency)))
    text = f"Booked as charged: {charge}. The subscription's items come to another sum."
    zero = Money.zero(charge.currency)
    return Charged(found, charge, zero, (Reason("as_charged", text),)) if found is not None else None


def _may_be_taxed(case: ReceiptCase, order: Order) -> bool:
    """Say whether a part of this charge can be tax: of a renewal only its own items count, where items name taxes."""
    named_ones = [item for item in order.items if any(tax.rate for tax in item.taxes)]
    if named_ones and is_renewal(case, order):
        return any(item.recurring for item in named_ones)
    return bool(order.tax or named_ones or (order.tax is None and order.automatic_tax))


def _as_charged(case: ReceiptCase, charge: Money, why: str) -> Charged:
    zero = Money.zero(charge.currency)
    line = _one_line(case, order_of(case), charge)
    whole = Reckoning(Sale((line,), charge, zero), (charge,), (charge,), (zero,), (), zero, zero, ())
    return Charged(whole, charge, zero, (Reason("as_charged", f"Booked as charged: {charge}; {why}."),))


def _one_line(case: ReceiptCase, order: Order | None, charge: Money) -> SoldLine:
    """A subscription's name and period, else the name of what was sold from."""
    row = case.transaction
    recurring = [item for item in order.items if item.recurring] if order else []
    if not row.subscription_id:
        return plain(row.source_name or "Payment", charge)
    name = recurring[0].name if len(recurring) == 1 else row.source_name or "Subscription"
    product = recurring[0].product_id if len(recurring) == 1 else ""
    period = f"period from {day_of(row.charged_at, case.location.time_zone)}"
    return msgspec.structs.replace(plain(name, charge), description=period, product_id=product)
