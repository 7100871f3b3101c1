"""The third side of a comparison: what a person changed in QuickBooks since both sides last agreed (I2).

A change of theirs that Avantto did not touch is kept; what both changed is for a person to decide, unless both came to
the same. What is known of their side comes from the one re-read that a stale write is worth, and is remembered as a
`Sight` until the next one.
"""

from __future__ import annotations

from typing import Final

import msgspec

from avantto_qbo.model.drafts import InvoiceDraft, Role
from avantto_qbo.rules.books.comparing.their_lines import groups_of, lost_lines

FIELDS: Final = ("customer", "number", "day", "due", "email", "memo", "note", "lines")
_LINES: Final = "lines"
_LINE_FIELDS: Final = ("lines", "discount", "discount_account", "tax", "total", "form", "tax_parts", "tax_code")
# Ours stands first in both, and what a person added stays behind it: nobody disputes them.
_TEXTS: Final = frozenset({"memo", "note"})
# Where we said nothing, QuickBooks filled in its own: no person's change.
_FILLED_IN: Final = frozenset({"due", "number"})
_WORDS: Final = {"day": "date", "due": "due date", "email": "e-mail"}


class Sight(msgspec.Struct, frozen=True):
    """What QuickBooks held when it was last looked at.

    `theirs` is compared with `against`, what both sides had agreed on then. `accepted` names the fields in which a
    person decided for QuickBooks' version, so that it counts as agreed. `held` is the operation that asks about
    `fields`, "" while nothing is asked.
    """

    theirs: InvoiceDraft
    against: InvoiceDraft
    accepted: frozenset[str] = frozenset()
    held: str = ""
    fields: frozenset[str] = frozenset()


def looked_at(before: Sight | None, theirs: InvoiceDraft, agreed: InvoiceDraft) -> Sight:
    """What a look at the books brought; a person's decision stands while their side of it does."""
    if before is None:
        return Sight(theirs, agreed)
    before = onto(before, agreed)
    still = frozenset(name for name in FIELDS if _same(name, before.theirs, theirs))
    held = before.held if before.fields <= still else ""
    return Sight(theirs, agreed, before.accepted & still, held, before.fields)


def onto(sight: Sight, agreed: InvoiceDraft) -> Sight:
    """The same sight after further agreements: what we changed since is ours in the books too."""
    changed = frozenset(name for name in FIELDS if not _same(name, sight.against, agreed))
    theirs = taking(sight.theirs, agreed, changed)
    return msgspec.structs.replace(sight, theirs=theirs, against=agreed, accepted=sight.accepted - changed)


def disputed(sight: Sight, draft: InvoiceDraft, changed: frozenset[str]) -> frozenset[str]:
    """Which of the fields we are about to change were changed in QuickBooks as well, to something else."""
    agreed, theirs = sight.against, sight.theirs
    both = {name for name in changed - _TEXTS - sight.accepted if _changed_there(name, agreed, theirs)}
    found = {name for name in both if not _same(name, theirs, draft)}
    if _LINES in changed - sight.accepted and lost_lines(agreed, draft):
        found.add(_LINES)
    return frozenset(found)


def made_already(sight: Sight, draft: InvoiceDraft, changed: frozenset[str]) -> frozenset[str]:
    """Which of the changes a person made in QuickBooks already: both came to the same."""
    return frozenset(
        name
        for name in changed - sight.accepted
        if _changed_there(name, sight.against, sight.theirs) and _same(name, sight.theirs, draft)
    )


def agreed_again(theirs: InvoiceDraft, before: InvoiceDraft | None, ours: InvoiceDraft) -> InvoiceDraft:
    """What both sides agree on where the memory of it is lost, or is as old as `before`: the journal was restored.

    Where both say the same, that; what Avantto says as it did `before` stays agreed, whatever a person made of it in
    QuickBooks since; the rest is taken from QuickBooks, so that Avantto's newer version goes in.
    """
    level = frozenset(name for name in FIELDS if _level(name, theirs, ours))
    agreed = taking(theirs, ours, level)
    if before is None:
        return agreed
    return taking(agreed, before, frozenset(name for name in FIELDS if _same(name, before, ours)))


def agreed_since(
    theirs: InvoiceDraft, before: InvoiceDraft | None, ours: InvoiceDraft, *, edited: bool
) -> InvoiceDraft:
    """What both agree on where the books changed long after Avantto did: its change is in them, the rest is a person's.

    But what they hold as it was `before` never had Avantto's newer version, whoever touched the document since. Where
    nothing is known of before, and Avantto may have `edited` what was posted, other lines than its own are not agreed.
    """
    differing = frozenset(name for name in FIELDS if not _level(name, theirs, ours))
    if before is not None:
        return taking(ours, before, frozenset(name for name in differing if _level(name, theirs, before)))
    return taking(ours, theirs, differing & {_LINES}) if edited else ours


def accepting(sight: Sight, draft: InvoiceDraft, fields: frozenset[str]) -> Sight:
    """A person decided for QuickBooks' version of `fields`: it counts as agreed until Avantto changes them again."""
    against = taking(sight.against, draft, fields)
    return Sight(sight.theirs, against, sight.accepted | fields)


def taking(draft: InvoiceDraft, other: InvoiceDraft, fields: frozenset[str]) -> InvoiceDraft:
    """The draft with these fields of another; `lines` stands for all that goes with them."""
    names = (name for field in fields for name in (_LINE_FIELDS if field == _LINES else (field,)))
    return msgspec.structs.replace(draft, **{name: getattr(other, name) for name in names})


def with_their_words(sight: Sight, draft: InvoiceDraft) -> InvoiceDraft:
    """Memo and note with ours first, and behind it what a person wrote there."""
    words = {name: _joined(sight, draft, name) for name in _TEXTS}
    return msgspec.structs.replace(draft, **words)


def both_versions(draft: InvoiceDraft, theirs: InvoiceDraft, fields: frozenset[str]) -> str:
    """The two versions of each field, side by side, for the person who decides."""
    rows = (
        f"{_WORDS.get(name, name)}: {_shown(draft, name)} in Avantto, {_shown(theirs, name)} in QuickBooks"
        for name in sorted(fields)
    )
    return "; ".join(rows)


def _changed_there(name: str, agreed: InvoiceDraft, theirs: InvoiceDraft) -> bool:
    if name in _FILLED_IN and not getattr(agreed, name):
        return False
    return not _same(name, agreed, theirs)


def _same(name: str, one: InvoiceDraft, other: InvoiceDraft) -> bool:
    """One field, told apart only by what a bookkeeper would call a change.

    QuickBooks shows amounts its own way (quantities, subtotals, text cut to what it stores), so lines are compared by
    their amounts and sums, and a split line is none that changed.
    """
    if name == _LINES:
        sums = ((side.discount, side.tax, side.total) for side in (one, other))
        return len(set(sums)) == 1 and (groups_of(one, other) is not None or groups_of(other, one) is not None)
    return _plain(getattr(one, name)) == _plain(getattr(other, name))


def _level(name: str, theirs: InvoiceDraft, ours: InvoiceDraft) -> bool:
    """Whether QuickBooks holds what we would have sent, with what it or a person added to it."""
    if name in _TEXTS:
        return getattr(ours, name).strip() in getattr(theirs, name)
    if name in _FILLED_IN and not getattr(ours, name):
        return True
    return _lines_level(theirs, ours) if name == _LINES else _same(name, theirs, ours)


def _lines_level(theirs: InvoiceDraft, ours: InvoiceDraft) -> bool:
    """Whether the same things are sold for the same total, whatever form its tax and discount have there.

    Words alone tell a change of Avantto's where each line has its like; a line that a person split has not.
    """
    if theirs.total != ours.total:
        return False
    shown = [(line.description.strip(), line.amount) for line in theirs.lines]
    left = iter(shown)
    sold = ((line.description.strip(), line.amount) for line in ours.lines if line.role in {Role.ITEM, Role.EXTRA})
    return all(line in left for line in sold) or (len(shown) != len(ours.lines) and _same(_LINES, theirs, ours))


def _plain(value: object) -> object:
    return value.strip().casefold() if isinstance(value, str) else value


def _joined(sight: Sight, draft: InvoiceDraft, name: str) -> str:
    ours, before, there = (getattr(side, name).strip() for side in (draft, sight.against, sight.theirs))
    added = there.replace(before, "", 1).strip() if before else there
    return f"{ours}\n{added}".strip() if added and added not in ours else ours


def _shown(draft: InvoiceDraft, name: str) -> str:
    if name == _LINES:
        return f"{len(draft.lines)} lines of {draft.total} in all"
    value = getattr(draft, name)
    if name == "email":  # a hold is told in the activity, where nobody's address stands
        box, at, domain = str(value).partition("@")
        return f"{box[:1]}…{at}{domain}" if at else "none"
    return str(value or "none")
