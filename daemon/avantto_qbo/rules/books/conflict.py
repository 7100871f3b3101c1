"""The third side of a comparison: what a person changed in QuickBooks since both sides last agreed (I2)."""

from __future__ import annotations

from typing import Final

import msgspec

from avantto_qbo.model.drafts import InvoiceDraft

# Our own words, which nobody disputes: a person who edits them wanted to add something.
_OURS: Final = frozenset({"note"})


def conflicts(agreed: InvoiceDraft, theirs: InvoiceDraft, changed: frozenset[str]) -> frozenset[str]:
    """Return which of the fields we are about to change were changed in QuickBooks as well."""
    return frozenset(name for name in changed - _OURS if _side(agreed, name) != _side(theirs, name))


def with_their_items(agreed: InvoiceDraft, theirs: InvoiceDraft) -> InvoiceDraft:
    """Take over which item each line uses in QuickBooks now: a bookkeeper's choice is kept by the next change.

    Lines correspond by place and amount; where they do not, the agreement stays as it was.
    """
    if [line.amount for line in agreed.lines] != [line.amount for line in theirs.lines]:
        return agreed
    lines = tuple(
        msgspec.structs.replace(ours, item=there.item or ours.item)
        for ours, there in zip(agreed.lines, theirs.lines, strict=True)
    )
    return msgspec.structs.replace(
        agreed, lines=lines, discount_account=theirs.discount_account or agreed.discount_account
    )


def _side(draft: InvoiceDraft, name: str) -> object:
    """One field, told apart only by what a bookkeeper would call a change.

    QuickBooks shows amounts its own way (quantities, subtotals, text cut to what it stores), so lines are compared by
    their amounts and sums.
    """
    if name == "lines":
        return [line.amount for line in draft.lines], draft.discount, draft.tax, draft.total
    value = getattr(draft, name)
    return value.strip().casefold() if isinstance(value, str) else value
