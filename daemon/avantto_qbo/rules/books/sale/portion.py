"""A part of a sale in the original's proportion: what one of several charges paid for, or what a refund gave back.

Parts are taken between two marks of the whole, `after` and `upto`, so that parts that follow one another always add
up to the whole: lines, discount, tax and every rate of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from avantto_qbo.model.drafts import DraftLine, SaleDraft, TaxForm, TaxPart
from avantto_qbo.model.money import Money, shares
from avantto_qbo.rules.books.sale.lines import books_step, check_precision

_D = TypeVar("_D", bound=SaleDraft)


def portion(draft: _D, upto: Money, after: Money) -> _D:
    """The sale with everything scaled to the part of its total between `after` and `upto`.

    Unless the part is the whole, lines lose quantity and unit price, and prices with tax become net: no part of a
    price agrees with the part of its net to the cent. 0 ≤ after < upto ≤ draft.total. Raises HeldError for a part that
    QuickBooks would round.
    """
    check_precision(upto - after, f"{draft.note}: a part")
    if upto - after == draft.total:
        return draft
    form = TaxForm.CODES if draft.form is TaxForm.INCLUSIVE else draft.form
    high, low = _cut(draft, upto), _cut(draft, after)
    lines = tuple(_less(one, other) for one, other in zip(high.lines, low.lines, strict=True))
    parts = tuple(_part_less(one, other) for one, other in zip(high.tax_parts, low.tax_parts, strict=True))
    return msgspec.structs.replace(
        draft,
        lines=lines,
        discount=high.discount - low.discount,
        tax=high.tax - low.tax,
        tax_parts=parts,
        total=upto - after,
        form=form,
    )


def discount_shares(draft: SaleDraft) -> tuple[Money, ...]:
    """What of the discount each line bears, in proportion to what it adds to the sale."""
    zero = Money.zero(draft.total.currency)
    return _split(draft.discount, [max(line.amount, zero) for line in draft.lines])


def _cut(draft: _D, wanted: Money) -> _D:
    """The sale scaled down to `wanted`: Σ lines − discount + tax is `wanted` to the cent."""
    tax, discount = _scaled(draft.tax, wanted, draft.total), _scaled(draft.discount, wanted, draft.total)
    amounts = _split(wanted - tax + discount, [line.amount for line in draft.lines])
    taxes = _split(tax, [part.amount for part in draft.tax_parts])
    return msgspec.structs.replace(
        draft,
        lines=tuple(
            msgspec.structs.replace(line, amount=amount, gross=None, quantity=None, unit_price=None, parts=())
            for line, amount in zip(draft.lines, amounts, strict=True)
        ),
        discount=discount,
        tax=tax,
        tax_parts=tuple(
            msgspec.structs.replace(part, amount=amount, base=_scaled(part.base, wanted, draft.total))
            for part, amount in zip(draft.tax_parts, taxes, strict=True)
        ),
        total=wanted,
    )


def _less(line: DraftLine, other: DraftLine) -> DraftLine:
    return msgspec.structs.replace(line, amount=line.amount - other.amount)


def _part_less(part: TaxPart, other: TaxPart) -> TaxPart:
    return msgspec.structs.replace(part, amount=part.amount - other.amount, base=part.base - other.base)


def _scaled(amount: Money, wanted: Money, whole: Money) -> Money:
    """`amount` × wanted / whole, half-up to what QuickBooks keeps."""
    step = books_step(whole.currency)
    scale = 2 * whole.minor * step
    return Money((2 * amount.minor * wanted.minor + whole.minor * step) // scale * step, amount.currency)


def _split(whole: Money, amounts: Sequence[Money]) -> tuple[Money, ...]:
    if not amounts:
        return ()
    step = books_step(whole.currency)
    split = shares(Money(whole.minor // step, whole.currency), [amount.minor for amount in amounts])
    return tuple(Money(part.minor * step, whole.currency) for part in split)
