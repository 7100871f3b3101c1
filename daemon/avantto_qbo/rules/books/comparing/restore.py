"""What a person's deletion, void or copy in QuickBooks means for the link to the document it was (I2, I5).

It is respected, never undone: only what carries our full marker, and so was restored or copied by a person, is taken
for the same document again.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from avantto_qbo.model.quickbooks import Found
from avantto_qbo.rules.reference import carries


class Relink(msgspec.Struct, frozen=True):
    """The document stands under another id: `found`."""

    found: Found


class Respect(msgspec.Struct, frozen=True):
    """It is gone from the books, and stays so."""


class Several(msgspec.Struct, frozen=True):
    """More than one could be it: a person keeps one; `ids` are in the order of the books."""

    ids: tuple[str, ...]


def is_voided(found: Found) -> bool:
    """QuickBooks has no status for it: a total of zero and a note that begins with "Voided"."""
    return not found.total and found.marker_text.startswith("Voided")


def restored(found: Sequence[Found], marker: str) -> Relink | Respect | Several:
    """Decide what stands for a document whose object is gone, from what a look-up brought; `marker` is its note."""
    ours = [one for one in found if carries(one.marker_text, marker) and not is_voided(one)]
    if not ours:
        return Respect()
    return Relink(ours[0]) if len(ours) == 1 else Several(tuple(one.id for one in ours))
