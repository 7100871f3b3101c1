"""The composition root: configuration → objects → one task group. Started bottom-up, stopped top-down.

`run` reads like a list because that is all it is; what a line makes, the lines below it may use.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Final

import anyio
import structlog
from anyio.abc import TaskGroup

from avantto_qbo import __version__
from avantto_qbo.actors.access import Access
from avantto_qbo.actors.directory import Directory
from avantto_qbo.actors.house import House, Pace
from avantto_qbo.actors.keepers import Keepers
from avantto_qbo.actors.limiter import Limiter, Window
from avantto_qbo.actors.polls.pollers import Pollers, daily_polls
from avantto_qbo.actors.ports import Clock, Ids, Journal, Rng
from avantto_qbo.actors.restored.noticing import begin_generation, keep_generation
from avantto_qbo.actors.supervisor import Supervisor
from avantto_qbo.avantto.client import AvanttoClient
from avantto_qbo.avantto.limits import DAILY_WAIT, Limits
from avantto_qbo.avantto.oauth import AvanttoOAuth
from avantto_qbo.avantto.webhooks import load_key
from avantto_qbo.clock import SystemClock, SystemIds, system_rng
from avantto_qbo.config import Config
from avantto_qbo.counted import CountedTransport
from avantto_qbo.journal import operations, waits
from avantto_qbo.journal.address import journal_bytes, journal_path
from avantto_qbo.journal.connection import Connection
from avantto_qbo.journal.generation import GenerationFile
from avantto_qbo.journal.lock import JournalLock
from avantto_qbo.journal.sqlite import open_journal
from avantto_qbo.metrics import Metrics
from avantto_qbo.model.grant import Provider
from avantto_qbo.model.http import Transport
from avantto_qbo.model.ids import LocationId
from avantto_qbo.quickbooks.client import QuickBooksClient
from avantto_qbo.quickbooks.oauth import QuickBooksOAuth
from avantto_qbo.secrets import Secrets, load_journal_keys
from avantto_qbo.server.listening import listening, tcp_socket, unix_socket
from avantto_qbo.server.ports import Readiness
from avantto_qbo.server.private import private_app
from avantto_qbo.server.public import public_app
from avantto_qbo.server.status import status_app
from avantto_qbo.service.backups import Copy, no_copy
from avantto_qbo.service.browser import Browser
from avantto_qbo.service.connecting import Connecting, Vendor
from avantto_qbo.service.gauges import keep_gauges
from avantto_qbo.service.grant_care import GrantCare
from avantto_qbo.service.intake import WebhookIntake
from avantto_qbo.service.keys import KeyDesk, Keys, Scrub, derived, nothing_to_scrub, open_keys
from avantto_qbo.service.operator import Operator
from avantto_qbo.systemd import Notifier, inherited_sockets, keep_watchdog, watchdog_interval
from avantto_qbo.transport import open_transport

log = structlog.get_logger(__name__)

# The vendor's 500 a minute and 10 a second are shared by all apps of the company: leave room.
_REALM: Final = ((Window(8, 1.0), Window(400, 60.0)), 5)
# 100 per 10 s and 200,000 a day per app and location: leave room for bursts we did not count.
_LOCATION: Final = ((Window(80, 10.0), Window(180_000, 86_400.0)), 5)
_IN_FLIGHT: Final = 140.0
_AVANTTO_TIMEOUT: Final = 60.0
SCOPES: Final = (
    "contacts.readonly contacts.write invoices.readonly payments/orders.readonly payments/transactions.readonly "
    "payments/subscriptions.readonly products.readonly locations.readonly locations/customValues.readonly "
    "conversations/message.write workflows.readonly"
).split()


async def run(config: Config, secrets: Secrets) -> None:
    """Run the daemon until SIGTERM or SIGINT; in-flight writes are awaited before it returns."""
    notifier = Notifier.of(os.environ)
    async with AsyncExitStack() as stack:
        clock = SystemClock()
        stack.enter_context(JournalLock(journal_path(config.journal.url)))
        journal = await stack.enter_async_context(open_journal(config.journal.url, clock=clock))
        keys = await open_keys(journal, secrets.journal_keys, clock, journal.scrub)
        transport = await stack.enter_async_context(open_transport(_places(config)))
        daemon = Daemon(
            config,
            secrets,
            clock,
            journal,
            transport,
            keys=keys,
            scrub=journal.scrub,
            copy=journal.backup,
            waiting=lambda: journal.waiting,
        )
        await daemon.follow_clock()
        generation = GenerationFile(config.journal.url)
        await begin_generation(journal, generation, clock, config.doubt.settle)
        await daemon.recover()
        tasks = await stack.enter_async_context(anyio.create_task_group())
        await daemon.listen(stack)
        tasks.start_soon(daemon.supervisor.run)
        tasks.start_soon(keep_gauges, daemon.house, daemon.metrics)
        tasks.start_soon(daemon.grants.keep)
        tasks.start_soon(keep_generation, journal, generation, clock)
        _watch(tasks, notifier, clock)
        notifier.ready()
        log.info("daemon.ready", version=__version__)
        await _until_told()
        notifier.stopping()
        log.info("daemon.stopping")
        await daemon.stop()
        tasks.cancel_scope.cancel()


class Daemon:
    """All objects of one running daemon, made in the order they depend on each other."""

    def __init__(
        self,
        config: Config,
        secrets: Secrets,
        clock: Clock,
        journal: Journal,
        transport: Transport,
        *,
        ids: Ids | None = None,
        rng: Rng | None = None,
        keys: Keys | None = None,
        scrub: Scrub = nothing_to_scrub,
        copy: Copy = no_copy,
        waiting: Callable[[], int] = lambda: 0,
    ) -> None:
        self._config, self._clock, self._journal = config, clock, journal
        self._ids, self._rng = ids or SystemIds(clock), rng or system_rng()
        self.metrics = Metrics()
        self._keys = keys or derived(secrets.journal_keys)
        self._ready = False
        self._limiters: dict[str, Limiter] = {}
        self._vendors = {
            Provider.AVANTTO: _avantto(config, secrets, self._counted(transport, Provider.AVANTTO), clock, self._heed),
            Provider.QUICKBOOKS: _quickbooks(config, secrets, self._counted(transport, Provider.QUICKBOOKS), clock),
        }
        self.keepers = self._make_keepers()
        self.house = self._make_house()
        self.grants = GrantCare(self.house, self.keepers, self.metrics.show_expiry)
        directory = Directory(self.house, books=self._books, crm=self._crm)
        self.supervisor = Supervisor(self.house, directory, Pollers(self.house, directory).run)
        connecting = self._make_connecting(directory)
        self._browser = self._make_browser(connecting)
        look_again, reads = self.supervisor.look_again, config.polling.monthly_reads
        keys_desk = self._make_key_desk(scrub)
        self._operator = Operator(
            self.house,
            directory,
            connecting,
            self._browser,
            keys_desk,
            look_again=look_again,
            monthly_reads=reads,
            copy=copy,
            journal_bytes=lambda: journal_bytes(config.journal.url),
        )
        self._intake = self._make_intake(secrets.quickbooks_webhook_verifier, waiting)

    def _make_connecting(self, directory: Directory) -> Connecting:
        avantto, quickbooks = self._vendors[Provider.AVANTTO], self._vendors[Provider.QUICKBOOKS]
        return Connecting(self.house, directory, self._keys.sealer, avantto=avantto, quickbooks=quickbooks)

    def _make_intake(self, verifier: str, waiting: Callable[[], int]) -> WebhookIntake:
        return WebhookIntake(
            self.house,
            keys=tuple(load_key(name) for name in self._config.avantto.webhook_keys),
            verifier=verifier,
            look_again=self.supervisor.look_again,
            waiting=waiting,
        )

    def _make_keepers(self) -> Keepers:
        return Keepers(
            journal=self._journal,
            sealer=self._keys.sealer,
            endpoints={provider: vendor.endpoint for provider, vendor in self._vendors.items()},
            clock=self._clock,
            count=self._count,
        )

    def _make_key_desk(self, scrub: Scrub) -> KeyDesk:
        directory = self._config.secrets.directory
        return KeyDesk(
            self._journal, self._keys.sealer, read=lambda: load_journal_keys(directory, os.environ), scrub=scrub
        )

    def _make_house(self) -> House:
        return House(
            journal=self._journal,
            clock=self._clock,
            ids=self._ids,
            rng=self._rng,
            fingerprints=self._keys.fingerprints,
            pace=_pace(self._config),
            defaults=self._config.defaults,
            nudge=self._nudge,
            observe=self.metrics.books_seconds.observe,
            count=self._count,
        )

    def _make_browser(self, connecting: Connecting) -> Browser:
        return Browser(
            self.house,
            connecting,
            avantto=self._vendors[Provider.AVANTTO],
            quickbooks=self._vendors[Provider.QUICKBOOKS],
            key=self._keys.link_key,
            public_url=self._config.server.public_url,
        )

    async def follow_clock(self) -> None:
        """The wall clock may have been set back since the last run: nothing waits longer for that."""
        now = self._clock.now()
        back = await self._journal.write(lambda db: waits.begin(db, now))
        if back:
            log.warning("clock.set_back", seconds=round(back.total_seconds()))

    async def recover(self) -> None:
        """What was being sent when the last run ended is in doubt; look it up when the slowest commit must be over."""
        now = self._clock.now()
        next_at = now + self._config.doubt.settle

        def take_stock(db: Connection) -> int:
            daily_polls(db, now)
            return operations.interrupted(db, now, next_at)

        doubtful = await self._journal.write(take_stock)
        if doubtful:
            log.warning("operations.interrupted", count=doubtful)

    async def listen(self, stack: AsyncExitStack) -> None:
        """Open the three doors: public, console, status."""
        config, given = self._config, inherited_sockets(os.environ, os.getpid())
        public = public_app(self._intake, self._browser, self.metrics, public_url=config.server.public_url)
        console = private_app(self, self.metrics)
        status = status_app(self._operator)
        at_public = given.get("public") or tcp_socket("server.listen", config.server.listen)
        at_console = given.get("console") or tcp_socket("console.listen", config.console.listen)
        at_status = given.get("status") or unix_socket("status.socket", config.status.socket)
        for app, listener in ((status, at_status), (console, at_console), (public, at_public)):
            await stack.enter_async_context(listening(app, listener))
        self._ready = True

    async def stop(self) -> None:
        """Start nothing new and await what is being sent."""
        self._ready = False
        self.supervisor.stop()
        with anyio.move_on_after(_IN_FLIGHT):
            await self.supervisor.stopped()
        if not await self.keepers.save():
            log.error("tokens.unsaved")

    def readiness(self) -> Readiness:
        """Up means the journal and the doors; a vendor that is down is not unreadiness."""
        return Readiness(self._ready, () if self._ready else ("starting or stopping",))

    def _nudge(self, location: LocationId) -> None:
        self.supervisor.nudge(location)

    def _count(self, name: str) -> None:
        family, _, what = name.partition(".")
        if family == "poll":
            outcome, _, poll = what.partition(".")
            self.metrics.polls.labels(poll, outcome).inc()
        elif family == "operation":
            kind, _, state = what.rpartition(".")
            self.metrics.operations.labels(kind, state).inc()
        elif family == "reconcile":
            self.metrics.reconciliations.labels(what).inc()
        elif family == "refresh":
            outcome, _, provider = what.partition(".")
            self.metrics.refreshes.labels(provider, outcome).inc()

    def _counted(self, transport: Transport, provider: Provider) -> CountedTransport:
        return CountedTransport(transport, self.metrics, provider)

    def _heed(self, location: LocationId, limits: Limits) -> None:
        """Avantto says how much is left: stop before it refuses."""
        limiter = self._limiters.get(location)
        if limiter is None:
            return
        if limits.remaining == 0 and limits.interval is not None:
            limiter.pause(self._clock.now() + limits.interval)
        if limits.daily_remaining == 0:
            limiter.pause(self._clock.now() + DAILY_WAIT)

    def _books(self, subject: str, count_read: Callable[[], None]) -> Access:
        def counted() -> None:
            count_read()
            self.metrics.metered_reads.inc()

        windows, in_flight = _REALM
        return self._access(Provider.QUICKBOOKS, subject, Limiter(self._clock, windows, in_flight), counted)

    def _crm(self, subject: str, count_read: Callable[[], None]) -> Access:
        windows, in_flight = _LOCATION
        self._limiters[subject] = limiter = Limiter(self._clock, windows, in_flight)
        return self._access(Provider.AVANTTO, subject, limiter, count_read)

    def _access(self, provider: Provider, subject: str, limiter: Limiter, on_read: Callable[[], None]) -> Access:
        vendor = self._vendors[provider]
        keeper = self.keepers.of(provider, subject)
        keeper.forget()  # made for a connection: what is known of the one before may be wrong
        return Access(
            subject,
            edge=vendor.edge,
            keeper=keeper,
            limiter=limiter,
            clock=self._clock,
            rng=self.house.rng,
            on_read=on_read,
        )


def _avantto(
    config: Config,
    secrets: Secrets,
    transport: Transport,
    clock: Clock,
    on_limits: Callable[[LocationId, Limits], None],
) -> Vendor:
    avantto = config.avantto
    endpoint = AvanttoOAuth(
        transport,
        client_id=avantto.client_id,
        client_secret=secrets.avantto_client_secret,
        authorize_url=avantto.authorize_url,
        token_url=avantto.token_url,
        scopes=SCOPES,
        clock=clock,
    )
    edge = AvanttoClient(transport, avantto.api_url, _AVANTTO_TIMEOUT, on_limits)
    return Vendor(Provider.AVANTTO, edge, endpoint)


def _quickbooks(config: Config, secrets: Secrets, transport: Transport, clock: Clock) -> Vendor:
    quickbooks = config.quickbooks
    endpoint = QuickBooksOAuth(
        transport,
        client_id=quickbooks.client_id,
        client_secret=secrets.quickbooks_client_secret,
        authorize_url=quickbooks.authorize_url,
        token_url=quickbooks.token_url,
        revoke_url=quickbooks.revoke_url,
        clock=clock,
    )
    edge = QuickBooksClient(transport, quickbooks.api_url, quickbooks.timeout.total_seconds())
    return Vendor(Provider.QUICKBOOKS, edge, endpoint)


def _pace(config: Config) -> Pace:
    return Pace(
        settle=config.doubt.settle,
        contacts=config.polling.contacts,
        payments=config.polling.payments,
        invoices=config.polling.invoices,
    )


def _places(config: Config) -> tuple[str, ...]:
    """The only places this daemon ever sends a request to."""
    avantto, quickbooks = config.avantto, config.quickbooks
    return (avantto.api_url, avantto.token_url, quickbooks.api_url, quickbooks.token_url, quickbooks.revoke_url)


def _watch(tasks: TaskGroup, notifier: Notifier, clock: SystemClock) -> None:
    interval = watchdog_interval(os.environ, os.getpid())
    if interval is not None:
        tasks.start_soon(keep_watchdog, notifier, interval, clock.sleep, lambda: True)


async def _until_told() -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for _ in signals:
            return
