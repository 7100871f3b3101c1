"""The next way to state a sale's tax, for a company that answered another total than Avantto's (*correcting*).

Prices with tax become net prices with the same codes; codes become no codes and the tax a line of its own on a
liability account, which no engine recomputes. After that there is nothing left to try.
"""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec

from avantto_qbo.model.drafts import DraftLine, Role, SaleDraft, TaxForm
from avantto_qbo.model.money import Money

TAX_LINE: Final = "Sales tax"
_UNTAXED: Final = "NON"
_D = TypeVar("_D", bound=SaleDraft)


def next_form(form: TaxForm) -> TaxForm | None:
    """The form to try when `form` came out with another total; None when there is none left."""
    return {TaxForm.INCLUSIVE: TaxForm.CODES, TaxForm.CODES: TaxForm.LINE}.get(form)


def corrected(draft: _D, tax_item: str) -> _D | None:
    """The same sale to the cent in the next form, None when there is none left or it bears no tax.

    `tax_item` is the item of the tax line; it is only needed for the form LINE (see `next_form`).
    """
    match next_form(draft.form):
        case TaxForm.CODES:
            lines = tuple(msgspec.structs.replace(line, gross=None) for line in draft.lines)
            return msgspec.structs.replace(draft, lines=lines, form=TaxForm.CODES)
        case TaxForm.LINE if draft.tax or any(line.tax_code != _UNTAXED for line in draft.lines):
            return as_line(draft, tax_item)
        case _:
            return None


def as_line(draft: _D, tax_item: str) -> _D:
    """The sale without tax codes; its tax, if any, is the last line."""
    lines = tuple(msgspec.structs.replace(line, tax_code=_UNTAXED, gross=None) for line in draft.lines)
    if draft.tax:
        lines += (DraftLine(tax_item, draft.tax, TAX_LINE, role=Role.TAX),)
    none = Money.zero(draft.tax.currency)
    return msgspec.structs.replace(draft, lines=lines, tax=none, form=TaxForm.LINE, tax_parts=(), tax_code="")
