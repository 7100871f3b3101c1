"""Let held documents be planned again: what stopped them may have been mended."""

from __future__ import annotations

from typing import Final

from avantto_qbo.actors import recording
from avantto_qbo.actors.desk import settings_key
from avantto_qbo.actors.house import House
from avantto_qbo.journal import inbox, operations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.operation import Operation, Reason, State
from avantto_qbo.rules.settle import Verdict

_MOST: Final = 1000


def let_go(house: House, db: Connection, op: Operation, reason: Reason) -> Operation:
    """Skip a held operation; its document is looked at again."""
    verdict = Verdict((State.SKIPPED,), reason)
    return recording.record(db, op, verdict, house.clock.now(), fingerprints=house.fingerprints)


def reconsider(house: House, db: Connection, location: LocationId, why: str) -> None:
    """What was held because it could not be turned into a request may be possible now."""
    for op in operations.by_state(db, [State.HELD], location, limit=_MOST):
        if not op.sendable and op.source.kind != "books":  # what is only told stays told
            let_go(house, db, op, Reason("superseded", why))
    inbox.wake(db, settings_key(location), house.clock.now())
