"""Wait for something that only asking can tell."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio


async def until(true: Callable[[], Awaitable[bool]], *, seconds: float, pause: float = 0.1) -> bool:
    """Ask every `pause` seconds until the answer is yes; False when it never was within `seconds`."""
    with anyio.move_on_after(seconds):
        while True:
            if await true():
                return True
            await anyio.sleep(pause)
    return False
