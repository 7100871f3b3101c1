"""Set up: both stand-ins with what the companies have already, the daemon, the connections. Taken down in reverse."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import aiohttp
import anyio
import msgspec

from avantto_qbo.demo.business import Desk
from avantto_qbo.demo.claims import Sides
from avantto_qbo.demo.company import Company
from avantto_qbo.demo.control import Control
from avantto_qbo.demo.ground import Ground, ground
from avantto_qbo.demo.processes import Daemon, run_command, stand_in
from avantto_qbo.demo.status import Status
from avantto_qbo.demo.timing import Counters


@dataclass(frozen=True, slots=True)
class Stage:
    """What is running. Who sends the daemon commands, or kills it, takes `door` first."""

    place: Ground
    crm: Control
    books: Control
    daemon: Daemon
    status: Status
    door: anyio.Lock = field(default_factory=anyio.Lock)

    def desk(self, company: Company) -> Desk:
        """Both vendors' pages of one company."""
        return Desk(company.business, self.crm, self.books)

    async def sides(self, company: Company) -> Sides:
        """Both vendors' states of one company now, and what the daemon says."""
        desk = self.desk(company)
        said = await self.status.said(company.business.location, company.events)
        return Sides(await desk.at_desk("state"), await desk.in_books("state"), said)

    async def counters(self, company: Company) -> Counters:
        """What both stand-ins have counted of one company."""
        desk = self.desk(company)
        return Counters(await desk.at_desk("counters"), await desk.in_books("counters"))

    async def command(self, arguments: Sequence[str]) -> None:
        """Run a command of ours while the daemon is there."""
        async with self.door:
            await run_command(self.place.config, *arguments)


@dataclass(frozen=True, slots=True)
class Opened:
    """How a company stood at its connection; `customers` are the QuickBooks ids of the existing ones by position."""

    before: Sides
    counters: Counters
    cut_off: datetime
    customers: Sequence[str]


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
        yield Stage(place, Control(session, avantto), Control(session, quickbooks), daemon, Status(place.socket))


async def _stopped(daemon: Daemon) -> None:
    with anyio.CancelScope(shield=True):
        await daemon.stop()


async def opened(stage: Stage, companies: Sequence[Company]) -> list[Opened]:
    """Fill both vendors, start the daemon and connect every location, as an operator would."""
    customers = [await company.cast(stage.desk(company)) for company in companies]
    key = await stage.crm.act("public_key")
    stage.place.furnish(avantto=stage.crm.url, quickbooks=stage.books.url, webhook_key=key["public_key"])
    await _hang_webhooks(stage)
    await stage.daemon.start()
    before = [await stage.sides(company) for company in companies]
    cut_off = datetime.now(UTC)
    async with anyio.create_task_group() as connecting:
        for company in companies:
            connecting.start_soon(_connect, stage, company, cut_off)
    counters = [await stage.counters(company) for company in companies]
    return [
        Opened(state, counted, cut_off, ids) for state, counted, ids in zip(before, counters, customers, strict=True)
    ]


async def _hang_webhooks(stage: Stage) -> None:
    """Tell both vendors where the daemon listens."""
    public, verifier = stage.place.public_url, stage.place.verifier
    await stage.crm.act("webhooks", url=f"{public}/webhooks/avantto")
    await stage.books.act("webhooks", url=f"{public}/webhooks/quickbooks", verifier=verifier)


async def _connect(stage: Stage, company: Company, cut_off: datetime) -> None:
    here = company.business
    options = ["connect", here.location, "--realm", here.realm, "--since", cut_off.isoformat()]
    for vendor, answer in (await stage.desk(company).tokens()).items():
        file = stage.place.write(f"{here.location}-{vendor}-token.json", msgspec.json.encode(answer))
        options += [f"--{vendor}-token", str(file)]
    await run_command(stage.place.config, *options)
