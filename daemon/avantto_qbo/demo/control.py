"""A client of a stand-in's control interface: `POST /_sandbox/<action>` with a JSON object, answered with JSON."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final, TypeAlias

import aiohttp
import msgspec

from avantto_qbo.demo.errors import DemoError

Json: TypeAlias = dict[str, Any]
PATIENCE: Final = aiohttp.ClientTimeout(total=30)

_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


class Control:
    """One stand-in service, worked by hand: what its owner, its customers and its bookkeeper do there."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session, self.url = session, url

    async def act(self, action: str, /, **arguments: object) -> Any:
        """Call an action; return its answer, numbers with a fraction as `Decimal`; raise `DemoError` on a refusal."""
        body = _ENCODER.encode(arguments)
        try:
            async with self._session.post(f"{self.url}/_sandbox/{action}", data=body, timeout=PATIENCE) as answer:
                status, raw = answer.status, await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise DemoError(f"the stand-in at {self.url} does not answer: {error}") from error
        if status != 200:
            raise DemoError(f"{action} was refused ({status}): {raw.decode('utf-8', 'replace')[:300]}")
        return _DECODER.decode(raw)
