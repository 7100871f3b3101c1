"""What an invoice of Avantto comes to: its items, discount and taxes, and the money beside them that has a name.

Fees, tips and late fees are not in the documented answer (UNVERIFIED), so they are recognised by what they leave
unexplained: in the total, or between the total and what was paid.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from avantto_qbo.model.drafts import Role
from avantto_qbo.model.money import Money, total
from avantto_qbo.model.operation import Reason
from avantto_qbo.model.steps import InvoiceCase
from avantto_qbo.rules.books.checks import money, named
from avantto_qbo.rules.books.money.received import attributed, booked, fees_outside, gross_received
from avantto_qbo.rules.books.sale.lines import check_count, sold
from avantto_qbo.rules.books.sale.reckon import Extra, Reckoning, Sale, difference, reckon, tax_is_computed
from avantto_qbo.rules.books.sources import came, given_back
from avantto_qbo.rules.reasons import SKIP, held

ROUNDING: Final = "Rounding"
LATE_FEE: Final = "Late fee"
TIP: Final = "Tip"


def reckoned_invoice(case: InvoiceCase) -> tuple[Reckoning, tuple[Reason, ...]]:
    """The arithmetic of an invoice, with what a bookkeeper should know about it.

    Raises HeldError when it does not add up: never another total, never a silent cent.
    """
    check_count(len(case.invoice.items), named(case))
    stated = _stated(case)
    found = reckon(stated) or _explained(case, stated)
    if found is None:
        raise _contradiction(case, stated)
    on_top = _on_top(case, found)
    flags = tuple(_flag(case, extra) for extra in (*found.extras, *on_top))
    if not on_top:
        return found, flags
    extras = (*found.extras, *on_top)
    added = total((extra.amount for extra in on_top), stated.currency)
    sale = msgspec.structs.replace(found.sale, total=stated.total + added, extras=extras)
    return msgspec.structs.replace(found, sale=sale, extras=extras), flags


def _stated(case: InvoiceCase) -> Sale:
    discount = case.invoice.discount
    return Sale(
        lines=sold(case.invoice.items),
        total=_stated_money(case, "total"),
        discount=_rounded(case, "discount_total"),
        tax=_rounded(case, "tax_total"),
        valid_on=frozenset(discount.product_ids) if discount else frozenset(),
    )


def _stated_money(case: InvoiceCase, field: str) -> Money:
    amount = money(getattr(case.invoice, field), case.invoice.currency, field, named(case))
    return _not_negative(case, field, amount)


def _rounded(case: InvoiceCase, field: str) -> Money:
    """A sum the vendor may state unrounded (UNVERIFIED): what it rounds to must still add up to the total."""
    amount = Money.rounded(getattr(case.invoice, field), case.invoice.currency)
    return amount if field == "tax_total" else _not_negative(case, field, amount)


def _not_negative(case: InvoiceCase, field: str, amount: Money) -> Money:
    if amount.minor < 0:
        text = f"{named(case)}: {field} is negative ({amount}), which QuickBooks does not take."
        raise held("negative", text, f"enter a credit memo in QuickBooks, then: {SKIP}")
    return amount


def _explained(case: InvoiceCase, stated: Sale) -> Reckoning | None:
    """What the total may hold beside the items: the fees that were paid, a late fee, a cent of rounding."""
    sales = (msgspec.structs.replace(stated, extras=extras) for extras in _names_for(case, stated))
    return next(filter(None, map(reckon, sales)), None)


def _names_for(case: InvoiceCase, stated: Sale) -> Iterator[tuple[Extra, ...]]:
    gap, sets = difference(stated), _fees_inside(case)
    yield from filter(None, sets)
    for fees in sets:
        rest = gap - total((fee.amount for fee in fees), gap.currency)
        if case.invoice.late_fees and rest.minor > 0:
            yield (*fees, Extra(LATE_FEE, rest))
    if abs(gap.minor) <= len(case.invoice.items) and tax_is_computed(stated):
        yield (Extra(ROUNDING, gap),)


def _fees_inside(case: InvoiceCase) -> tuple[tuple[Extra, ...], ...]:
    """Which of the fees the total may hold, likeliest first: all, all but tips, or none if they stand on top of it."""
    fees = _fees(case)
    on_top = _paid_and_due(case).minor - Money.rounded(case.invoice.total, case.invoice.currency).minor
    sets = (fees, tuple(fee for fee in fees if not _names_tip((fee,))), ())
    covered = 0 < sum(fee.amount.minor for fee in fees) <= on_top
    return tuple(dict.fromkeys(sets[::-1] if covered else sets))


def _fees(case: InvoiceCase) -> tuple[Extra, ...]:
    currency, what = case.invoice.currency, named(case)
    return tuple(Extra(fee.name, money(fee.amount, currency, "a fee", what)) for fee in case.invoice.fees if fee.amount)


def _on_top(case: InvoiceCase, found: Reckoning) -> tuple[Extra, ...]:
    """Money received above the total that has a name: fees that the total leaves out, and then a tip."""
    excess = max(_received_once(case), _paid_and_due(case)) - found.sale.total
    if excess.minor <= 0:
        return ()
    fees = tuple(fee for fee in _fees(case) if fee not in found.extras)
    rest = excess - total((fee.amount for fee in fees), excess.currency)
    if fees and not rest:
        return fees
    if rest.minor < 0:
        return ()
    late = case.invoice.late_fees and not any(extra.name == LATE_FEE for extra in found.extras)
    name = TIP if case.invoice.tips and not _names_tip(fees) else LATE_FEE if late else ""
    # As much as the whole invoice once more is no tip: somebody paid twice. Nor is what a lower total left over.
    named_so = name and rest.minor < found.sale.total.minor and not _lowered(case, found, fees)
    return (*fees, Extra(name, rest)) if named_so else fees


def _lowered(case: InvoiceCase, found: Reckoning, fees: tuple[Extra, ...]) -> bool:
    """Say whether money that is in the books without such a name is above the total now: the total was lowered."""
    if case.agreed is None:
        return False
    inside = {extra.name for extra in found.extras}
    names = {TIP, LATE_FEE} - inside
    named_before = (line.amount for line in case.agreed.lines if line.role is Role.EXTRA and line.description in names)
    explained = total((*named_before, *(fee.amount for fee in fees)), found.sale.total.currency)
    return booked(case) > found.sale.total + explained


def _received_once(case: InvoiceCase) -> Money:
    """What came in; of an invoice that was paid again after a refund only what it was posted for: that is no tip."""
    gross, currency = gross_received(case), case.invoice.currency
    agreed = case.agreed.total if case.agreed is not None else gross
    refunded = total((given_back(row) for row in attributed(case) if came(row)), currency)
    return min(gross, agreed) if refunded else gross


def _names_tip(fees: tuple[Extra, ...]) -> bool:
    """Is the tip among the charges by name? Then what else is on top of the total is none."""
    return any(TIP.casefold() in fee.name.casefold() for fee in fees)


def _paid_and_due(case: InvoiceCase) -> Money:
    """What was and will be paid: above the total where a part payment came with a tip or fee, which lowers no debt."""
    stated = Money.rounded(case.invoice.amount_paid + case.invoice.amount_due, case.invoice.currency)
    return stated + fees_outside(case) if case.invoice.amount_paid else stated


def _flag(case: InvoiceCase, extra: Extra) -> Reason:
    if extra.name == ROUNDING:
        return Reason("rounding", f"{named(case)}: a line of {extra.amount} evens out rounding in Avantto.")
    return Reason("fee", f"{named(case)}: {extra.name} of {extra.amount} has a line of its own.")


def _contradiction(case: InvoiceCase, stated: Sale) -> Exception:
    gap = difference(stated)
    text = f"{named(case)}: total says {stated.total}, but its items, discount and tax come to {stated.total - gap}."
    return held("invoice_total", text, f"correct it in Avantto, or: {SKIP}")
