"""One demonstration from nothing to the verdict: set up, play the day, wait until both sides agree, prove it."""

from __future__ import annotations

import random
import shlex
import signal
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from time import monotonic
from typing import Final

import anyio

from avantto_qbo.demo.claims import Row
from avantto_qbo.demo.day import Day
from avantto_qbo.demo.errors import DemoError
from avantto_qbo.demo.opening import LOCATION, REALM
from avantto_qbo.demo.processes import last_words
from avantto_qbo.demo.proof import prove
from avantto_qbo.demo.render import Teller, as_json
from avantto_qbo.demo.scenes import Scene, Script
from avantto_qbo.demo.staging import Opened, Stage, opened, staged
from avantto_qbo.demo.story import make_story
from avantto_qbo.demo.timing import measure, traffic
from avantto_qbo.demo.waiting import until

SEED: Final = 20261
PATIENCE: Final = 60.0  # seconds for the documents to catch up, and again for everything to be equal
STUCK: Final = 30.0  # seconds without any change after which waiting is pointless; money without a charge takes 20
QUIET: Final = 7.0  # longer than every poll interval: what would still change, changes in it
LOOK: Final = 1.0
DOCUMENTS: Final = ("S", "I")
CAUGHT_SECONDS: Final = 8.0
COMMIT_SECONDS: Final = 0.2
ALONE_SECONDS: Final = 1.0
_REALM_BODY: Final = f'{{"realm": "{REALM}"}}'


class Demonstration:
    """One run; `code` is the exit code so far."""

    def __init__(self, teller: Teller, *, json_output: bool, crash: bool, keep: bool) -> None:
        self.code = 1
        self._teller, self._json, self._crash, self._keep = teller, json_output, crash, keep
        self._begun = monotonic()

    async def run(self) -> None:
        """Do everything, until the verdict or (with `keep`) until interrupted; raise `DemoError` when it cannot."""
        self._teller.say(f"Seed {SEED}: the same people and the same documents every time.")
        async with staged(SEED) as stage:
            try:
                await self._whole(stage)
            except* DemoError:
                stage.place.keep = True
                self._teller.say(f"Files are kept in {stage.place.directory}{last_words(stage.place.log('daemon'))}")
                raise

    async def _whole(self, stage: Stage) -> None:
        start = await opened(stage)
        self._teller.say(f"The daemon runs (pid {stage.daemon.pid}) and {LOCATION} is connected: a day begins.")
        story = make_story(random.Random(SEED))  # noqa: S311 - a story that must repeat itself
        day = Day(stage.crm, stage.books, story, customers=start.customers, cut_off=start.cut_off)
        await self._play(stage, start, day)
        rows = await self._settled(stage, start)
        await self._tell_verdict(stage, start, day, rows)
        if self._keep:
            await self._look_around(stage)

    async def _play(self, stage: Stage, start: Opened, day: Day) -> None:
        interlude = Scene("13:30", "the daemon is killed (SIGKILL) in the middle of a write", lambda: self._kill(stage))
        async with anyio.create_task_group() as watching:
            watching.start_soon(self._watch, stage, start)
            script = Script(
                day, caught_up=partial(self._caught_up, stage, start), interlude=interlude if self._crash else None
            )
            for scene in script.scenes():
                self._teller.say(scene.text, scene.clock)
                await scene.act()
                await anyio.sleep(scene.breath)
            watching.cancel_scope.cancel()

    async def _watch(self, stage: Stage, start: Opened) -> None:
        while True:
            self._teller.progress(await self._rows(stage, start))
            await anyio.sleep(LOOK)

    async def _kill(self, stage: Stage) -> None:
        """Kill while QuickBooks has carried a write out and not yet answered, then start again."""
        await stage.books.act("faults", clear=True)
        slow = {"action": "delay_after", "operation": r"(invoice|salesreceipt|payment)\.create", "seconds": 5}
        await stage.books.act("faults", add=[slow])

        async def caught() -> bool:
            return bool((await stage.books.act("faults"))["fired"])

        if not await until(caught, seconds=CAUGHT_SECONDS, pause=0.05):
            raise DemoError("no write came to be interrupted")
        await anyio.sleep(COMMIT_SECONDS)
        killed = stage.daemon.pid
        await stage.daemon.kill()
        await anyio.sleep(ALONE_SECONDS)
        await stage.daemon.start()
        fired = (await stage.books.act("faults"))["fired"][-1]["operation"]
        self._teller.say(
            f"pid {killed} died while sending {fired}; {ALONE_SECONDS:.0f} s later pid {stage.daemon.pid} runs"
        )

    async def _caught_up(self, stage: Stage, start: Opened) -> None:
        """Wait until every document is in the books; contacts may still be under way."""

        async def documents_equal() -> bool:
            return _equal(row for row in await self._rows(stage, start) if row.rule[0] in DOCUMENTS)

        await until(documents_equal, seconds=PATIENCE, pause=LOOK)

    async def _settled(self, stage: Stage, start: Opened) -> tuple[Row, ...]:
        """Wait until all rows are equal and stay so for a while, nothing moves any more, or patience ends."""
        self._teller.say("good night: waiting until nothing is missing and nothing changes any more", "18:00")
        deadline = monotonic() + PATIENCE
        changed, before = monotonic(), await self._rows(stage, start)
        while True:
            await anyio.sleep(LOOK)
            rows, now = await self._rows(stage, start), monotonic()
            self._teller.progress(rows)
            changed, before = (changed if rows == before else now), rows
            if now - changed >= (QUIET if _equal(rows) else STUCK) or now > deadline:
                return rows
            if stage.daemon.ended:
                raise DemoError(f"the daemon ended by itself{last_words(stage.place.log('daemon'))}")

    async def _rows(self, stage: Stage, start: Opened) -> tuple[Row, ...]:
        return prove(await stage.sides(), start.before, start.cut_off)

    async def _tell_verdict(self, stage: Stage, start: Opened, day: Day, rows: tuple[Row, ...]) -> None:
        seconds, now = monotonic() - self._begun, await stage.sides()
        measured = measure(now, day.marks, await stage.books.act("journal"))
        calls = traffic(await stage.counters(), start.counters, now, start.before)
        self._teller.show(rows, measured, calls)
        equal = _equal(rows)
        self.code = 0 if equal else 1
        stage.place.keep = not equal
        if self._json:
            sys.stdout.write(as_json(seed=SEED, seconds=seconds, rows=rows, measured=measured, calls=calls) + "\n")
            sys.stdout.flush()
        verdict = "Both sides are equal" if equal else "The two sides are NOT equal"
        self._teller.say(f"{verdict} after {seconds:.0f} s ({sum(row.equal for row in rows)} of {len(rows)} rows).")
        if not equal:
            self._teller.say(f"Journal and logs are kept in {stage.place.directory}")

    async def _look_around(self, stage: Stage) -> None:
        self._teller.lines(_directions(stage))
        await anyio.sleep_forever()


def _equal(rows: Iterable[Row]) -> bool:
    return all(row.equal for row in rows)


def _directions(stage: Stage) -> list[str]:
    ours = shlex.join([sys.executable, "-m", "avantto_qbo", "--config", str(stage.place.config)])
    state = "curl -s -X POST {url}/_sandbox/state -d '{body}'"
    return [
        "Everything keeps running until you press Ctrl-C. Look around:",
        f"  {ours} status",
        f"  {ours} show {LOCATION}",
        f"  {ours} activity {LOCATION}",
        f"  daemon     {stage.place.public_url} (webhooks), {stage.place.console_url} (readiness, metrics)",
        f"  Avantto    {state.format(url=stage.crm.url, body='{}')}",
        f"  QuickBooks {state.format(url=stage.books.url, body=_REALM_BODY)}",
        f"  files      {stage.place.directory} (configuration, journal.db, daemon.log)",
    ]


async def demonstrate(*, json_output: bool, crash: bool, keep: bool) -> int:
    """Return the exit code: 0 only if every row of the proof is equal."""
    with Teller(machine=json_output) as teller:
        demonstration = Demonstration(teller, json_output=json_output, crash=crash, keep=keep)
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_until_signalled, tasks.cancel_scope)
                await demonstration.run()
                tasks.cancel_scope.cancel()
        except* DemoError as group:
            for error in _single(group):
                teller.say(f"The demonstration cannot go on: {error}")
    return demonstration.code


async def _until_signalled(scope: anyio.CancelScope) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for _ in signals:
            scope.cancel()
            return


def _single(group: BaseExceptionGroup[DemoError]) -> Iterator[DemoError]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _single(error)
        else:
            yield error
