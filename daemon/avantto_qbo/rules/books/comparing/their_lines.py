"""What a bookkeeper made of our lines in QuickBooks: another item or class, more words, a line split into several.

QuickBooks replaces all lines of a document together, so what Avantto did not change is sent again as it stands there.
Lines correspond by their order and amount: consecutive ones that add up to one of ours are that one, split.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from avantto_qbo.model.drafts import DraftLine, InvoiceDraft
from avantto_qbo.model.money import Money

_DETAIL: Final = "SalesItemLineDetail"
_SHOWN: Final = ("description", "quantity", "unit_price", "tax_code")
# What a draft's line can say; anything else in a line was put there by a person.
_OURS: Final = frozenset({"Id", "LineNum", "Amount", "Description", "DetailType", _DETAIL})
_OURS_IN_DETAIL: Final = frozenset(
    {"ItemRef", "Qty", "UnitPrice", "TaxCodeRef", "ClassRef", "ItemAccountRef", "TaxInclusiveAmt"}
)


def with_their_lines(agreed: InvoiceDraft, theirs: InvoiceDraft) -> InvoiceDraft:
    """Take over what each line is in QuickBooks now, so that the next change keeps it.

    `theirs` carries the JSON of each line in `parts`. Where amounts were changed nothing corresponds any more: the
    agreement stays as it was.
    """
    groups = groups_of(agreed, theirs)
    if groups is None:
        return agreed
    return msgspec.structs.replace(
        agreed,
        lines=tuple(_taken(ours, group) for ours, group in zip(agreed.lines, groups, strict=True)),
        discount_account=theirs.discount_account or agreed.discount_account,
        department=theirs.department or agreed.department,
    )


def groups_of(agreed: InvoiceDraft, theirs: InvoiceDraft) -> tuple[tuple[DraftLine, ...], ...] | None:
    """Their lines for each of ours, None where the amounts do not allow it."""
    if theirs.total.currency != agreed.total.currency:
        return None
    groups: list[tuple[DraftLine, ...]] = []
    start = 0
    for line in agreed.lines:
        end = _end(line.amount, theirs.lines, start)
        if end is None:
            return None
        groups.append(theirs.lines[start:end])
        start = end
    rest = theirs.lines[start:]
    if any(line.amount for line in rest):
        return None
    return (*groups[:-1], groups[-1] + rest)  # words a person wrote below the last line belong to it


def changed_in_place(agreed: InvoiceDraft, draft: InvoiceDraft) -> Mapping[int, DraftLine]:
    """The lines of `draft`, by place, that are lines of `agreed` with other figures or words: the same thing sold."""
    kept, now = {_own(line) for line in agreed.lines}, {_own(line) for line in draft.lines}
    before = [line for line in agreed.lines if _own(line) not in now]
    after = [index for index, line in enumerate(draft.lines) if _own(line) not in kept]
    if len(before) != len(after):
        return {}
    pairs = zip(after, before, strict=True)
    return {index: line for index, line in pairs if _name(line) == _name(draft.lines[index])}


def lost_lines(agreed: InvoiceDraft, draft: InvoiceDraft) -> bool:
    """Say whether `draft` would undo what a person did to a line that Avantto changed too: a split, other words."""
    now, moved = {_own(line) for line in draft.lines}, changed_in_place(agreed, draft)
    if any(len(line.parts) > 1 for line in agreed.lines if _own(line) not in now):
        return True
    return any(
        line.parts and line.description != draft.lines[index].description and _reworded(line)
        for index, line in moved.items()
    )


def _end(amount: Money, lines: Sequence[DraftLine], start: int) -> int | None:
    """Where the lines from `start` on that add up to `amount` end."""
    added = Money.zero(amount.currency)
    for end in range(start, len(lines)):
        added += lines[end].amount
        if added == amount:
            return end + 1
    return None


def _taken(ours: DraftLine, group: Sequence[DraftLine]) -> DraftLine:
    first = group[0]
    plain = len(group) == 1 and _says_no_more(ours, first)
    parts = () if plain else tuple(part for line in group for part in line.parts)
    return msgspec.structs.replace(ours, item=first.item or ours.item, class_=first.class_ or ours.class_, parts=parts)


def _says_no_more(ours: DraftLine, theirs: DraftLine) -> bool:
    """Say whether item and class are all that a person chose for this line."""
    if any(getattr(ours, name) != getattr(theirs, name) for name in _SHOWN):
        return False
    said = [_said(part) for part in theirs.parts]
    return all(_members(one) <= _OURS and _members(one.get(_DETAIL) or {}) <= _OURS_IN_DETAIL for one in said)


def _members(part: Mapping[str, Any]) -> set[str]:
    return {name for name, value in part.items() if value not in (None, [], {})}


def _said(part: bytes) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(part, parse_float=Decimal)
    return said


def _reworded(line: DraftLine) -> bool:
    return any(_said(part).get("Description", "") != line.description for part in line.parts)


def _own(line: DraftLine) -> tuple[object, ...]:
    """What of a line is Avantto's to change."""
    return line.role, line.description, line.amount, line.quantity, line.unit_price, line.taxes


def _name(line: DraftLine) -> str:
    """What is sold stands in the first line of a description."""
    return line.description.partition("\n")[0]
