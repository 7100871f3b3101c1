"""One seed: shops, books, the daemon between them, the weather, and everybody who looks on."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextvars import copy_context
from pathlib import Path
from typing import Any, Final

import msgspec

from avantto_qbo.model.ids import LocationId, RealmId
from avantto_qbo.sandbox.avantto import Avantto
from avantto_qbo.sandbox.quickbooks import QuickBooks
from avantto_qbo.service.connecting import Order
from avantto_qbo.service.tokens import tokens_of
from simulation import logs
from simulation.clock import DaemonClock, TrueTime
from simulation.crashes import Crashes
from simulation.disk import Disk
from simulation.keys import signer
from simulation.loop import Life, RunawayError, SeededLoop
from simulation.network import Network
from simulation.opening import configure, open_shops
from simulation.outcome import Options, Outcome
from simulation.people import People
from simulation.post import Post
from simulation.reckon import Reckoning
from simulation.replica import Replica
from simulation.rest import Rest
from simulation.run import Ids, Run
from simulation.shops import Shop
from simulation.story import Story
from simulation.trace import Trace
from simulation.watch import ViolationError, Watch
from simulation.weather import MINUTE, Weather

_HOUR: Final = 60 * MINUTE


class World:
    """Everything of one seed. `run` plays it."""

    def __init__(self, seed: int, options: Options, pem: Path) -> None:
        self.seed, self.options = seed, options
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
        replica = Replica(random.Random(f"{seed} replica"), self.weather)
        self.network = Network(self.loop, self.outside, services, self.weather, self.trace, replica)
        self.post = Post(
            self.loop, self.outside, services, random.Random(f"{seed} post"), self.trace, self.weather.felt
        )
        self.watch = Watch(self.disk, self.network)
        self.shops = open_shops(self.draw, self.books, self.crm, options.requestid)
        people = random.Random(f"{seed} people")
        self.people = People(people, self.crm, self.books, self.shops, meddle=people.random() < 0.4)
        self.crashes = Crashes(self, random.Random(f"{seed} crashes"))
        self.rest = Rest(self)
        self.config = configure(self.draw, self.shops[0].kind, pem)
        self.ids, self._chance = Ids(), random.Random(f"{seed} daemon")
        self.process: Run | None = None
        self.reckoning = Reckoning()
        self._failed: asyncio.Future[str] = self.loop.create_future()
        self._hang_up_hooks()

    # -- who looks on --------------------------------------------------------------------------------------------------

    def _hang_up_hooks(self) -> None:
        network, guarded = self.network, self._guarded
        network.on_send = guarded(self.watch.sends)
        network.on_answer, network.on_leave = guarded(self.watch.hears), self._heard
        network.on_commit = self._carried_out
        self.disk.before_commit = self.crashes.before_commit
        self.disk.on_commit = self._committed
        self.loop.on_step = self.crashes.step
        self.post.running = lambda: self.process
        self.post.on_offered = self.watch.door.offered
        self.post.on_answered = guarded(self.watch.answered)
        self.post.on_forged = guarded(self.watch.forged)

    def _carried_out(self, exchange: Any, reply: Any) -> None:
        self._guarded(self.watch.carried_out)(exchange, reply)
        self.post.collect()
        self.crashes.arrived(exchange)

    def _heard(self, exchange: Any) -> None:
        self._guarded(self.watch.hears)(exchange)
        self.crashes.heard(exchange)

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
        script = self.loop.create_task(Story(self).told())
        first: set[asyncio.Future[Any]] = {script, self._failed}
        await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        if self._failed.done():
            return self._failed.result()
        try:
            script.result()
        except ViolationError as violation:
            return str(violation)
        return ""

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
