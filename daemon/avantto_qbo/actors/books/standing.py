"""Whether one object still stands in the books, and as what."""

from __future__ import annotations

from typing import Final

from avantto_qbo.actors.desk import Desk
from avantto_qbo.errors import RejectedError
from avantto_qbo.model.quickbooks import Found
from avantto_qbo.quickbooks import lookups

_GONE: Final = "610"


async def standing(desk: Desk, entity: str, object_id: str) -> Found | None:
    """Read one object by its id; None for one that was deleted. Raises as reads do.

    Not by a query: those lag, and what was made just now would be taken for deleted.
    """
    try:
        return await desk.realm.access.read(lookups.as_it_stands(entity, object_id), key=desk.location)
    except RejectedError as error:
        if error.code == _GONE:
            return None
        raise
