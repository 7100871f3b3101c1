"""The status API's part about copies of the journal, and about journals that were restored from one."""

from __future__ import annotations

from datetime import datetime

import msgspec

from avantto_qbo.model.ids import LocationId, RealmId


class BackupRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Copy the journal into `file`, an absolute path where nothing is yet."""

    file: str


class BackupAnswer(msgspec.Struct, frozen=True):
    """A copy that is complete, checked and on the disk."""

    file: str
    bytes: int
    taken_at: datetime


class RestoringRow(msgspec.Struct, frozen=True):
    """A company nothing is written to until its books were read again.

    `since`: the last moment the restored journal knows of; `reading`: the kind of document being read; `linked` counts
    the documents linked again, by location; `trouble` says why the reading does not go on, "" while it does.
    """

    realm: RealmId
    since: datetime
    noticed_at: datetime
    reading: str
    documents: int = 0
    linked: dict[LocationId, int] = {}
    trouble: str = ""
