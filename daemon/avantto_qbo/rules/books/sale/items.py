"""Which item a line is booked to: the one chosen for its product, else by SKU, else by exact name, else the default.

Only active services and non-inventory items are used. What has to be made is named here with the exact name it is to
bear; a name that something else has in the company gets a number behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from avantto_qbo.model.drafts import ItemDraft
from avantto_qbo.model.settings import Products
from avantto_qbo.model.steps import SaleCase
from avantto_qbo.rules.books.company.accounts import discounts_given, income_account, tax_account
from avantto_qbo.rules.books.company.choice import AUTO, Stocked, chosen
from avantto_qbo.rules.books.company.shelf import Shelf
from avantto_qbo.rules.books.sale.lines import SoldLine
from avantto_qbo.rules.names import stored_name

DEFAULT_ITEM: Final = "Avantto sales"
DISCOUNT_ITEM: Final = "Avantto discount"
TAX_ITEM: Final = "Avantto sales tax"
_LIMIT: Final = 100  # of a name and of an SKU


def items_for(lines: Sequence[SoldLine], case: SaleCase) -> tuple[str, ...]:
    """The item of each line; "" where one has to be made first (see `missing_items`).

    Raises HeldError when the default item is needed and its setting names none.
    """
    shelf = Shelf.of(case.company)
    own = tuple(_own(line, case, shelf) for line in lines)
    wanting = [not item and not _is_made(line, case) for line, item in zip(lines, own, strict=True)]
    fallback = default_item(case) if any(wanting) else ""
    return tuple(fallback if wants else item for wants, item in zip(wanting, own, strict=True))


def missing_items(lines: Sequence[SoldLine], case: SaleCase) -> tuple[ItemDraft, ...]:
    """The items to make before these lines can be posted, each once. Raises HeldError as `default_item_draft`."""
    open_ones = [line for line, item in zip(lines, items_for(lines, case), strict=True) if not item]
    drafts = (_product_draft(line, case) if _is_made(line, case) else default_item_draft(case) for line in open_ones)
    once: dict[str, ItemDraft] = {}
    for draft in drafts:
        once.setdefault(draft.name.casefold(), draft)
    return tuple(once.values())


def default_item(case: SaleCase) -> str:
    """The id of the item for lines without one of their own; "" while it has to be made.

    Raises HeldError when the setting names an item that is not there.
    """
    wanted, shelf = case.settings.default_item, Shelf.of(case.company)
    if wanted not in AUTO:
        what = "an active service or non-inventory item"
        return chosen(shelf.usable, wanted, case.location.id, "default_item", what)
    # The company's own default may be an inventory item: that one would move stock.
    own = next((item.id for item in shelf.usable if item.id == case.company.default_item), "")
    return own or _search(case, shelf, DEFAULT_ITEM)[0]


def default_item_draft(case: SaleCase) -> ItemDraft:
    """The default item to make. Raises HeldError when no income account is obvious."""
    return _to_make(case, DEFAULT_ITEM, _income(case))


def discount_item(case: SaleCase) -> str:
    """The id of the item for discounts that stand as negative lines; "" while it has to be made."""
    return special_item(case, discount_item_draft(case))


def discount_item_draft(case: SaleCase) -> ItemDraft:
    """The item for discounts: on the discount account, else on the one for sales, which it lessens."""
    return _to_make(case, DISCOUNT_ITEM, discounts_given(case.company) or _income(case))


def tax_item(case: Stocked) -> str:
    """The id of the item for tax that stands as a line of its own; "" while it has to be made.

    Raises HeldError when the company has no liability account for it.
    """
    return special_item(case, tax_item_draft(case))


def tax_item_draft(case: Stocked) -> ItemDraft:
    """The item for tax: on a liability, never on income. Raises HeldError when there is no such account."""
    return _to_make(case, TAX_ITEM, tax_account(case))


def special_item(case: Stocked, draft: ItemDraft) -> str:
    """The id of the item that `draft` would make, "" when it has to be made.

    Ours first, then the company's own of that name; neither when it is not sold any more, or when somebody moved it
    to another kind of account than the draft's.
    """
    return _search(case, Shelf.of(case.company), draft.name, draft.income_account)[0]


def _income(case: SaleCase) -> str:
    return income_account(case.company, case.settings, case.location.id)


def _own(line: SoldLine, case: SaleCase, shelf: Shelf) -> str:
    """The item of this very line, "" if it has none. A person's choice counts also where products are not matched."""
    linked = case.product_items.get(line.product_id, "")
    if linked and shelf.sells(linked):
        return linked
    if case.settings.products is Products.DEFAULT:
        return ""
    found = shelf.by_sku.get(line.sku.strip(), "") or shelf.by_name.get(line.name.strip(), "")
    return found or (_search(case, shelf, _product_name(line, case))[0] if _is_made(line, case) else "")


def _is_made(line: SoldLine, case: SaleCase) -> bool:
    """Say whether this line may have an item made for it; a line somebody typed is no product."""
    return case.settings.products is Products.CREATE and bool(line.product_id or line.sku.strip())


def _product_draft(line: SoldLine, case: SaleCase) -> ItemDraft:
    draft = _to_make(case, _product_name(line, case), _income(case))
    sku = stored_name(line.sku, _LIMIT, latin=case.company.american)
    return ItemDraft(draft.name, draft.income_account, sku)


def _product_name(line: SoldLine, case: SaleCase) -> str:
    """The name QuickBooks can store; a US company cannot store every script."""
    tried = (line.name, line.sku, f"Product {line.product_id}")
    return next(name for text in tried if (name := stored_name(text, _LIMIT, latin=case.company.american)))


def _to_make(case: Stocked, name: str, account: str) -> ItemDraft:
    return ItemDraft(_search(case, Shelf.of(case.company), name, account)[1], account)


def _search(case: Stocked, shelf: Shelf, name: str, account: str = "") -> tuple[str, str]:
    """Find the item of this name and the name it bears, numbered where something else has it; ("", free name) if none.

    Ours is known by its link, also while the company's list is older than it. With `account` only an item on the same
    kind of account is the one.
    """
    ours = {known.casefold(): item for known, item in case.made_items.items()}
    variant, number = name, 1
    while True:
        made, listed = ours.get(variant.casefold(), ""), shelf.names.get(variant.casefold(), ())
        for item in filter(None, (made, *listed)):
            if shelf.sells(item) and shelf.on_kind_of(item, account):
                return item, variant
        if not made and not listed:
            return "", variant
        number += 1
        suffix = f" ({number})"
        variant = name[: _LIMIT - len(suffix)].rstrip() + suffix
