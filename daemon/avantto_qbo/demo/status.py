"""Ask the daemon over its socket what waits for a person, and what it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import aiohttp
import msgspec

from avantto_qbo.demo.claims import Held, Said

PATIENCE: Final = aiohttp.ClientTimeout(total=10)
NOBODY: Final = Said(answered=False)


class Status:
    """The status API of a daemon that may be dead or starting; every question is a connection of its own."""

    def __init__(self, socket: Path) -> None:
        self._socket = str(socket)

    async def said(self, location: str, events: Sequence[str] = ()) -> Said:
        """What it says of a location, counting the activities named in `events`; `NOBODY` when it does not answer."""
        name = quote(location, safe="")
        try:
            async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(self._socket)) as session:
                waiting = await _get(session, f"/attention?location={name}")
                done = await _get(session, f"/locations/{name}/activity?limit=500") if events else {}
        except (aiohttp.ClientError, OSError, TimeoutError):
            return NOBODY
        held = (Held(one["code"], one.get("object", ""), one["text"], one["mend"]) for one in waiting["items"])
        counted = Counter(row["event"] for row in done.get("rows", ()))
        return Said(tuple(held), {event: counted[event] for event in events})


async def _get(session: aiohttp.ClientSession, path: str) -> Any:
    async with session.get(f"http://daemon/v1{path}", timeout=PATIENCE) as answer:
        answer.raise_for_status()
        return msgspec.json.decode(await answer.read())
