"""A sale as the company can still take it: a refund is a document of its own, made long after the sale it takes back.

An item sold no more gives way to the one its line would get today, a discount to lines where forms allow none any more.
"""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec

from avantto_qbo.model.drafts import DraftLine, ItemDraft, Role, SaleDraft, TaxForm
from avantto_qbo.model.money import Money
from avantto_qbo.model.steps import SaleCase
from avantto_qbo.rules.books.company.accounts import discounts_given
from avantto_qbo.rules.books.company.shelf import Shelf
from avantto_qbo.rules.books.company.taxcodes import usable
from avantto_qbo.rules.books.sale.items import (
    default_item,
    default_item_draft,
    discount_item,
    discount_item_draft,
    tax_item,
    tax_item_draft,
)
from avantto_qbo.rules.books.sale.portion import discount_shares
from avantto_qbo.rules.reasons import RETRY, held

DISCOUNT_LINE: Final = "Discount"
_D = TypeVar("_D", bound=SaleDraft)


def restated(draft: _D, case: SaleCase, what: str) -> tuple[_D, tuple[ItemDraft, ...]]:
    """The same sale to the cent with what the company's lists hold today, and the items that have to be made first.

    Raises HeldError where its tax code is inactive now, or no item can be found: both are a person's to mend.
    """
    _check_codes(draft, case, what)
    draft = _with_discount(draft, case)
    shelf = Shelf.of(case.company)
    stale = [not (line.item and shelf.sells(line.item)) for line in draft.lines]
    found = [_today(line, case) if old else (line.item, None) for line, old in zip(draft.lines, stale, strict=True)]
    lines = (_on(line, item, case) for line, (item, _) in zip(draft.lines, found, strict=True))
    needs = {item.name: item for _, item in found if item is not None}
    return msgspec.structs.replace(draft, lines=tuple(lines)), tuple(needs.values())


def _check_codes(draft: SaleDraft, case: SaleCase, what: str) -> None:
    company = case.company
    if draft.form is TaxForm.LINE:
        return
    used = {draft.tax_code} if company.american else {line.tax_code for line in draft.lines} - {"NON"}
    names = {code.id: code.name for code in company.tax_codes}
    gone = sorted(used - {""} - {code.id for code in usable(company)})
    if gone:
        code = names.get(gone[0], f"(id {gone[0]})")
        text = f"{what}: its tax code {code} is not active any more, so no refund can bear it."
        raise held("tax_code", text, f"make it active again in QuickBooks, then: {RETRY}")


def _with_discount(draft: _D, case: SaleCase) -> _D:
    """Off an account that is still there; in lines, one for each tax code, where the company allows no discount."""
    if not draft.discount:
        return draft
    account = discounts_given(case.company)
    active = {one.id for one in case.company.accounts if one.active}
    if case.company.allow_discount and account:
        kept = draft.discount_account if draft.discount_account in active else account
        return msgspec.structs.replace(draft, discount_account=kept)
    sums: dict[str, Money] = {}
    for line, off in zip(draft.lines, discount_shares(draft), strict=True):
        sums[line.tax_code] = sums.get(line.tax_code, Money.zero(off.currency)) + off
    class_ = next((line.class_ for line in draft.lines), "")
    lines = (
        DraftLine("", -off, DISCOUNT_LINE, tax_code=code, class_=class_, role=Role.DISCOUNT)
        for code, off in sums.items()
        if off
    )
    none = Money.zero(draft.total.currency)
    return msgspec.structs.replace(draft, lines=(*draft.lines, *lines), discount=none, discount_account="")


def _today(line: DraftLine, case: SaleCase) -> tuple[str, ItemDraft | None]:
    """The item a line of this kind gets today, or what has to be made for it."""
    match line.role:
        case Role.DISCOUNT:
            item, draft = discount_item(case), discount_item_draft
        case Role.TAX:
            item, draft = tax_item(case), tax_item_draft
        case _:
            item, draft = default_item(case), default_item_draft
    return item, None if item else draft(case)


def _on(line: DraftLine, item: str, case: SaleCase) -> DraftLine:
    """A class that is not active any more is left out: where the sale is counted is no reason to keep money back."""
    classes = {one.id for one in case.company.classes if one.active}
    return msgspec.structs.replace(line, item=item, class_=line.class_ if line.class_ in classes else "")
