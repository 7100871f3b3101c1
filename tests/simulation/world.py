"""One seed: shops, books, the daemon between them, the weather, and everybody who looks on."""

from __future__ import annotations

import asyncio
import gc
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import msgspec

from avantto_qbo.actors import supervisor
from avantto_qbo.actors.polls import pollers
from avantto_qbo.config import Doubt, Polling
from avantto_qbo.model.ids import LocationId, RealmId
from avantto_qbo.model.settings import Settings
from avantto_qbo.sandbox.avantto import Avantto
from avantto_qbo.sandbox.quickbooks import QuickBooks
from avantto_qbo.service.connecting import Order
from avantto_qbo.service.tokens import tokens_of
from simulation import errands, logs
from simulation.asked import forgotten
from simulation.clock import DaemonClock, TrueTime
from simulation.crashes import Crashes
from simulation.disk import Disk
from simulation.keys import signer
from simulation.loop import Life, RunawayError, SeededLoop, in_order
from simulation.network import Network
from simulation.people import HOMES, People, Shop
from simulation.post import Post
from simulation.reckon import Reckoning, reckon
from simulation.rest import Rest
from simulation.run import Ids, Run, config_of
from simulation.trace import Trace
from simulation.watch import ViolationError, Watch
from simulation.weather import MINUTE, Weather

Bug = Callable[[], AbstractContextManager[object]]
_KINDS: Final = ("us", "us", "us", "us_recompute", "us_no_tax", "us_manual", "uk", "ca", "au")
_UNTAXED: Final = {"uk": "6", "ca": "5", "au": "3"}
_HOUR: Final = 60 * MINUTE
_DAY: Final = 24 * _HOUR


@dataclass(frozen=True)
class Options:
    """What a run of a seed is told besides the seed. `requestid` forces the knob of every company."""

    requestid: str = ""
    tail: int = 60
    bugs: Sequence[Bug] = ()


@dataclass
class Outcome:
    """What became of a seed; `violation` is one plain sentence, "" when all went well."""

    seed: int
    violation: str = ""
    digest: str = ""
    tail: list[str] = field(default_factory=list)
    crashes: int = 0
    felt: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    documents: int = 0
    left_out: int = 0
    held: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    writes: int = 0
    steps: int = 0
    hours: float = 0.0


class World:
    """Everything of one seed. `run` plays it."""

    def __init__(self, seed: int, options: Options, pem: Path) -> None:
        self.seed, self.options = seed, options
        self._pem = pem
        self.draw = random.Random(f"{seed} plan")
        self.loop = SeededLoop(random.Random(f"{seed} turns"))
        self.outside = copy_context()
        self.trace = Trace(self.loop.time, length=options.tail)
        self.true = TrueTime(self.loop.time)
        self.clock = DaemonClock(self.true)
        self.lasts = self.draw.uniform(15, 35) * MINUTE
        self.weather = Weather(random.Random(f"{seed} weather"), self.loop.time, self.lasts)
        vendors = random.Random(f"{seed} vendors")
        self.books = QuickBooks(self.true.now, vendors)
        self.crm = Avantto(self.true.now, vendors)
        self.crm.world.signer = signer()
        services = {"quickbooks": self.books, "avantto": self.crm}
        self.disk = Disk(self.weather)
        self.network = Network(self.loop, self.outside, services, self.weather, self.trace)
        self.post = Post(
            self.loop, self.outside, services, random.Random(f"{seed} post"), self.trace, self.weather.felt
        )
        self.watch = Watch(self.disk, self.network)
        self.shops = self._open_shops()
        people = random.Random(f"{seed} people")
        self.people = People(people, self.crm, self.books, self.shops, meddle=people.random() < 0.4)
        self.crashes = Crashes(self, random.Random(f"{seed} crashes"))
        self.rest = Rest(self)
        self.config = self._configure()
        self.ids, self._chance = Ids(), random.Random(f"{seed} daemon")
        self.process: Run | None = None
        self.reckoning = Reckoning()
        self._failed: asyncio.Future[str] = self.loop.create_future()
        self._hang_up_hooks()

    # -- the plan of a seed --------------------------------------------------------------------------------------------

    def _open_shops(self) -> list[Shop]:
        draw = self.draw
        kind = draw.choice(_KINDS)
        shops: list[Shop] = []
        for number in range(1, draw.choice((1, 1, 2, 2, 3)) + 1):
            share = bool(shops) and draw.random() < 0.5
            realm = shops[-1].realm if share else f"46208163650000000{number:02d}"
            shops.append(Shop(f"Loc000000000000000{number:02d}", realm, kind, shared=share))
        for side in (self.books, self.crm):
            side.outbox.configure(url=f"https://daemon.test/{side.__class__.__name__}")
        for shop in shops:
            self._open_books(shop)
            home = HOMES.get(kind, HOMES["us"])
            self.crm.play.add_location(shop.place, f"Shop {shop.place[-2:]}", google_place_id="PLACE", **home)
            self.crm.play.set(
                shop.place,
                invoice_link=draw.choice(("entity", "source", "order")),
                transaction_lag=draw.choice((0.0, 0.0, 20.0)),
                refunded_status=draw.random() < 0.3,
            )
        self.crm.play.set(refresh_grace=draw.choice((0.0, 60.0)))
        return shops

    def _open_books(self, shop: Shop) -> None:
        draw = self.draw
        requestid = self.options.requestid or draw.choice(("honoured", "honoured", "ignored", "expired"))
        query_lag = draw.choice((0.0, 0.0, 5.0, 60.0))
        rotation, old = draw.choice(("daily", "every")), draw.choice(("at_once", "until_used"))
        touches, leaves = draw.random() < 0.3, draw.choice(("inactive", "gone"))
        if shop.realm not in self.books.companies:
            self.books.play.add_company(
                shop.realm,
                shop.kind,  # type: ignore[arg-type]
                requestid=requestid,
                query_lag=query_lag,
                rotation=rotation,
                old_refresh=old,
                balance_touches_customer=touches,
                merge_leaves=leaves,
            )

    def _configure(self) -> Any:
        kind = self.shops[0].kind
        codes = {"none": _UNTAXED[kind]} if kind in _UNTAXED else {}
        settings = Settings(review_hours="always", refund_account="Checking", tax_codes=codes)
        minutes = self.draw.choice((1, 2, 3))
        polling = Polling(
            contacts=timedelta(minutes=4 * minutes),
            payments=timedelta(minutes=5 * minutes),
            invoices=timedelta(minutes=10 * minutes),
        )
        return config_of(self._pem, polling=polling, doubt=Doubt(), defaults=settings)

    def _hang_up_hooks(self) -> None:
        network, guarded = self.network, self._guarded
        network.on_send = guarded(self.watch.sends)
        network.on_answer = network.on_leave = guarded(self.watch.hears)
        network.on_commit = self._carried_out
        self.disk.before_commit = self.crashes.before_commit
        self.disk.on_commit = self._committed
        self.loop.on_step = self.crashes.step
        self.post.running = lambda: self.process
        self.post.on_taken = guarded(self.watch.taken)
        self.post.on_forged = guarded(self.watch.forged)

    def _carried_out(self, exchange: Any, reply: Any) -> None:
        self._guarded(self.watch.carried_out)(exchange, reply)
        self.post.collect()
        self.crashes.arrived(exchange)

    def _committed(self, life: Life) -> None:
        self._guarded(self.watch.committed)(life)
        self.crashes.after_commit(life)

    def _guarded(self, look: Callable[..., object]) -> Callable[..., None]:
        """A look whose complaint ends the world, and nobody swallows."""

        def guarded(*seen: Any) -> None:
            try:
                look(*seen)
            except ViolationError as violation:
                self.fail(str(violation))

        return guarded

    def fail(self, sentence: str) -> None:
        """An invariant does not hold: the world ends here."""
        if not self._failed.done():
            self._failed.set_result(sentence)

    # -- processes -----------------------------------------------------------------------------------------------------

    def boot(self) -> None:
        """Start the daemon."""
        self.trace.note("boot")
        self.process = Run(
            self.loop,
            config=self.config,
            clock=self.clock,
            disk=self.disk,
            network=self.network,
            ids=self.ids,
            rng=self._chance,
            on_exit=self._exited,
        )
        self.process.boot()

    def _exited(self, error: BaseException) -> None:
        self.weather.felt["process gave up"] += 1
        self.trace.note("gave up", f"{type(error).__name__}: {error}")
        if not logs.passes(error):
            self.fail(f"the daemon ended by itself: {type(error).__name__}: {error}")
            return
        self.kill()
        self.later(5.0, self.boot)

    def kill(self) -> None:
        """Kill -9, wherever it is."""
        run, self.process = self.process, None
        if run is not None:
            self.trace.note("killed", f"after {run.life.steps} steps")
            run.kill()
            self.network.cut(run.life, self.weather.rng)

    def later(self, delay: float, act: Callable[..., object], *args: Any) -> None:
        """Let something happen out in the world."""
        self.loop.call_later(delay, act, *args, context=self.outside)

    async def alive(self) -> Run:
        """The process, once there is one that listens."""
        while self.process is None or not self.process.listens:  # noqa: ASYNC110 - it may be another by then
            await asyncio.sleep(1.0)
        return self.process

    # -- the story -----------------------------------------------------------------------------------------------------

    def run(self) -> Outcome:
        """Play the seed to its end, or to the first violation."""
        logs.attend(self.fail)
        try:
            violation = self.loop.run_until_complete(self._play())
        except RunawayError as error:
            violation = self._failed.result() if self._failed.done() else str(error)
        finally:
            logs.attend(None)
            self.kill()
            self.loop.bury()
        return self._outcome(violation)

    async def _play(self) -> str:
        script = self.loop.create_task(self._script())
        first: set[asyncio.Future[Any]] = {script, self._failed}
        await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        if self._failed.done():
            return self._failed.result()
        try:
            script.result()
        except ViolationError as violation:
            return str(violation)
        return ""

    async def _script(self) -> None:
        await self._open()
        await self._days_work()
        ahead = max(0.0, (self.clock.now() - self.true.now()).total_seconds())  # what was put off by a wrong clock
        self._calm()
        await self.rest.reached("after the last fault", within=3 * _HOUR + ahead)
        await self._long_weekend()
        await self.rest.reached("after a long stop", within=3 * _HOUR)
        await self._look_everywhere()
        await self.rest.reached("after a last look", within=_HOUR)
        self.reckoning = reckon(self.people, self.crm.world.locations, self.books.companies, self.disk)
        self.rest.customers()
        if complaint := forgotten(self.people, self.disk):
            raise ViolationError(complaint)
        await self.rest.restarts_write_nothing()

    async def _open(self) -> None:
        """Connect every shop, in fair weather."""
        self.weather.calmed = True
        for shop in self.shops:
            self.people.before_connecting(shop)
        self.crm.outbox.take()
        await asyncio.sleep(60)
        self.boot()
        run = await self.alive()
        for shop in self.shops:
            await run.spawn(run.connecting.connect(self.order(shop)))
        if self.options.requestid or self.draw.random() < 0.3:
            await self._prove(run)
        await asyncio.sleep(2)
        self.weather.calmed, self.weather.origin = False, self.loop.time()

    async def _prove(self, run: Run) -> None:
        """Somebody lets the daemon try what each company refuses to take twice, and waits until it knows."""
        for shop in self.shops:
            if not shop.shared:
                await run.spawn(run.operator.canary(LocationId(shop.place), "simulation", yes=True))
        await self.rest.reached("after the canary", within=_HOUR)

    def order(self, shop: Shop) -> Order:
        """An order to connect with tokens just given out; the cut-off is now."""
        now = self.clock.now()
        crm = self.crm.play.mint_tokens(shop.place)
        books = self.books.play.mint_tokens(shop.realm)
        self.watch.minted("avantto", shop.place, str(crm["access_token"]))
        self.watch.minted("quickbooks", shop.realm, str(books["access_token"]))
        return Order(
            LocationId(shop.place),
            RealmId(shop.realm),
            tokens_of(msgspec.json.encode(crm), "avantto_token", now),
            tokens_of(msgspec.json.encode(books), "quickbooks_token", now),
            since=None,
            share=shop.shared,
            actor="simulation",
        )

    async def _days_work(self) -> None:
        """People act, the weather rages, processes die."""
        self.crashes.arm()
        errands.plan(self)
        begun = self.loop.time()
        for at in sorted(self.draw.uniform(0, self.lasts) for _ in range(self.draw.randrange(14, 34))):
            await asyncio.sleep(max(0.0, begun + at - self.loop.time()))
            done = self.people.act()
            if done:
                self.trace.note("people", done)
                self.post.collect()
        await asyncio.sleep(max(0.0, begun + self.lasts - self.loop.time()))

    def _calm(self) -> None:
        """From here on nothing goes wrong by itself."""
        self.trace.note("calm")
        self.weather.calm()
        self.crashes.disarm()
        self.post.honest = True
        self.clock.put_right()
        for realm in self.books.companies:
            self.books.play.set(realm, read_quota=None)
        self.people.settle_all()
        self.post.collect()

    async def _long_weekend(self) -> None:
        """Nobody is there for some days; then what was held up for days comes."""
        self.kill()
        await asyncio.sleep(self.draw.uniform(25 * _HOUR, 4 * _DAY))
        self.boot()
        self.post.deliver_stragglers()

    async def _look_everywhere(self) -> None:
        """Somebody asks for every poll at once: what the last writes have caused is seen now."""
        run = await self.alive()
        for shop in self.shops:
            await run.spawn(run.operator.sync(LocationId(shop.place)))

    def _outcome(self, violation: str) -> Outcome:
        found = self.reckoning
        return Outcome(
            self.seed,
            violation,
            self.trace.digest,
            self.trace.tail() if violation or self.options.tail > 60 else [],
            self.crashes.count,
            self.weather.felt,
            self.people.done,
            found.documents,
            found.left_out,
            found.held,
            self.network.sent,
            self.network.writes,
            self.loop.steps,
            self.loop.time() / _HOUR,
        )


@contextmanager
def uncollected() -> Iterator[None]:
    """What a killed process leaves must not be unwound in the middle of another seed."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@contextmanager
def unhurried(seed: int) -> Iterator[None]:
    """In four seeds of five, look less often where nothing is decided by it: that is most of what a day costs."""
    if seed % 5 == 0:
        yield
        return
    with (
        patch.object(pollers, "_HINTED", ((timedelta(minutes=10), timedelta(minutes=2)),)),
        patch.object(supervisor, "_LONGEST_NAP", 120.0),
    ):
        yield


def run_seed(seed: int, pem: Path, options: Options = Options()) -> Outcome:
    """Play one seed, with the options' bugs in place of the code they replace."""
    with uncollected(), in_order(), unhurried(seed), ExitStack() as stack:
        for bug in options.bugs:
            stack.enter_context(bug())
        return World(seed, options, pem).run()
