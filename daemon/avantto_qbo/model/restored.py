"""Where a company stands whose books are read again, because the journal is older than the work done with it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from avantto_qbo.model.ids import LocationId, RealmId
from avantto_qbo.model.ledger import BookEntity


class Restored(msgspec.Struct, frozen=True):
    """One restored company. Nothing is written for it while `done_at` is None.

    `since`: the journal's last moment; `begins_at`: when the slowest commit of the run before must be over. The books
    are read kind by kind in the order of their last change: `entity` from `position`, its page beginning at `start`.
    `documents` were read so far; `linked` counts for each location what was linked again.
    """

    realm: RealmId
    since: datetime
    noticed_at: datetime
    begins_at: datetime
    entity: BookEntity
    position: datetime
    start: int = 1
    documents: int = 0
    linked: Mapping[LocationId, int] = {}
    done_at: datetime | None = None
