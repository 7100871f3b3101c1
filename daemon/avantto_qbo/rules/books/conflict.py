"""The third side of a comparison: what a person changed in QuickBooks since both sides last agreed (I2)."""

from __future__ import annotations

from typing import Final

from avantto_qbo.model.drafts import InvoiceDraft

# Our own words, which nobody disputes: a person who edits them wanted to add something.
_OURS: Final = frozenset({"note"})


def conflicts(agreed: InvoiceDraft, theirs: InvoiceDraft, changed: frozenset[str]) -> frozenset[str]:
    """Return which of the fields we are about to change were changed in QuickBooks as well."""
    return frozenset(name for name in changed - _OURS if _side(agreed, name) != _side(theirs, name))


def _side(draft: InvoiceDraft, name: str) -> object:
    """One field, told apart only by what a bookkeeper would call a change.

    QuickBooks shows amounts its own way (quantities, subtotals, text cut to what it stores), so lines are compared by
    their amounts and sums.
    """
    if name == "lines":
        return [line.amount for line in draft.lines], draft.discount, draft.tax, draft.total
    value = getattr(draft, name)
    return value.strip().casefold() if isinstance(value, str) else value
