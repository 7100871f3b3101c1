"""Set up: both stand-ins with what the business has already, the daemon, the connection. Taken down in reverse."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp
import anyio
import msgspec

from avantto_qbo.demo.claims import Sides
from avantto_qbo.demo.control import Control
from avantto_qbo.demo.ground import Ground, ground
from avantto_qbo.demo.opening import LOCATION, REALM, hang_webhooks, open_books, open_crm
from avantto_qbo.demo.processes import Daemon, run_command, stand_in
from avantto_qbo.demo.timing import Counters


@dataclass(frozen=True, slots=True)
class Stage:
    """What is running."""

    place: Ground
    crm: Control
    books: Control
    daemon: Daemon

    async def sides(self) -> Sides:
        """Both vendors' states now."""
        return Sides(await self.crm.act("state", location=LOCATION), await self.books.act("state", realm=REALM))

    async def counters(self) -> Counters:
        """What both stand-ins have counted."""
        return Counters(
            await self.crm.act("counters", location=LOCATION), await self.books.act("counters", realm=REALM)
        )


@dataclass(frozen=True, slots=True)
class Opened:
    """How things stood at the connection; `customers` are the QuickBooks ids of the existing ones by position."""

    before: Sides
    counters: Counters
    cut_off: datetime
    customers: list[str]


@asynccontextmanager
async def staged(seed: int) -> AsyncIterator[Stage]:
    """Start both stand-ins, and the daemon once `opened` asks for it; everything started is stopped at the end."""
    async with AsyncExitStack() as stack:
        place = stack.enter_context(ground())
        session = await stack.enter_async_context(aiohttp.ClientSession(trust_env=False))
        avantto = await stack.enter_async_context(stand_in("avantto", seed, place.log("avantto")))
        quickbooks = await stack.enter_async_context(stand_in("quickbooks", seed, place.log("quickbooks")))
        daemon = Daemon(place.config, place.log("daemon"), f"{place.console_url}/readyz", session)
        stack.push_async_callback(_stopped, daemon)
        yield Stage(place, Control(session, avantto), Control(session, quickbooks), daemon)


async def _stopped(daemon: Daemon) -> None:
    with anyio.CancelScope(shield=True):
        await daemon.stop()


async def opened(stage: Stage) -> Opened:
    """Fill both vendors, start the daemon and connect the location, as an operator would."""
    customers = await open_books(stage.books)
    await open_crm(stage.crm)
    key = await stage.crm.act("public_key")
    stage.place.furnish(avantto=stage.crm.url, quickbooks=stage.books.url, webhook_key=key["public_key"])
    await hang_webhooks(stage.crm, stage.books, stage.place)
    await stage.daemon.start()
    before = await stage.sides()
    cut_off = datetime.now(UTC)
    await _connect(stage, cut_off)
    return Opened(before, await stage.counters(), cut_off, customers)


async def _connect(stage: Stage, cut_off: datetime) -> None:
    tokens = {
        "avantto": await stage.crm.act("mint_tokens", location=LOCATION),
        "quickbooks": await stage.books.act("mint_tokens", realm=REALM),
    }
    options = ["connect", LOCATION, "--realm", REALM, "--since", cut_off.isoformat()]
    for vendor, answer in tokens.items():
        options += [f"--{vendor}-token", str(stage.place.write(f"{vendor}-token.json", msgspec.json.encode(answer)))]
    await run_command(stage.place.config, *options)
