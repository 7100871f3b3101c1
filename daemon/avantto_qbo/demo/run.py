"""One demonstration from nothing to the verdict: set up, play the day, wait until both sides agree, prove it."""

from __future__ import annotations

import shlex
import signal
import sys
from collections.abc import Iterator, Sequence
from time import monotonic
from typing import Final

import anyio

from avantto_qbo.demo.company import Scene
from avantto_qbo.demo.errors import DemoError
from avantto_qbo.demo.performance import Performance, equal
from avantto_qbo.demo.processes import last_words
from avantto_qbo.demo.programme import COMPANIES
from avantto_qbo.demo.render import Table, Teller, as_json
from avantto_qbo.demo.staging import Stage, opened, staged
from avantto_qbo.demo.timing import measure
from avantto_qbo.demo.waiting import until

SEED: Final = 20261
PATIENCE: Final = 60.0  # seconds for everything to be equal
STUCK: Final = 30.0  # seconds without any change after which waiting is pointless; money without a charge takes 20
QUIET: Final = 7.0  # longer than every poll interval: what would still change, changes in it
LOOK: Final = 1.0
CAUGHT_SECONDS: Final = 8.0
COMMIT_SECONDS: Final = 0.2
ALONE_SECONDS: Final = 1.0


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
        starts = await opened(stage, COMPANIES)
        names = ", ".join(company.business.location for company in COMPANIES)
        self._teller.say(f"The daemon runs (pid {stage.daemon.pid}), connected are {names}: a day begins.")
        shows = [
            Performance(company, stage, start, self._teller.say, SEED)
            for company, start in zip(COMPANIES, starts, strict=True)
        ]
        await self._play(stage, shows)
        await self._settled(stage, shows)
        await self._tell_verdict(stage, shows)
        if self._keep:
            await self._look_around(stage)

    async def _play(self, stage: Stage, shows: Sequence[Performance]) -> None:
        """All companies at once; the first one's day is the longest, and has the interlude."""
        interlude = Scene("13:30", "the daemon is killed (SIGKILL) in the middle of a write", lambda: self._kill(stage))
        async with anyio.create_task_group() as watching:
            watching.start_soon(self._watch, shows)
            async with anyio.create_task_group() as playing:
                for number, show in enumerate(shows):
                    playing.start_soon(show.play, interlude if self._crash and number == 0 else None)
            watching.cancel_scope.cancel()

    async def _watch(self, shows: Sequence[Performance]) -> None:
        while True:
            self._teller.progress([row for show in shows for row in await show.rows()])
            await anyio.sleep(LOOK)

    async def _kill(self, stage: Stage) -> None:
        """Kill while QuickBooks has carried a write out and not yet answered, then start again."""
        async with stage.door:
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

    async def _settled(self, stage: Stage, shows: Sequence[Performance]) -> None:
        """Wait until all rows are equal and stay so for a while, nothing moves any more, or patience ends."""
        self._teller.say("good night: waiting until nothing is missing and nothing changes any more", "18:00")
        deadline = changed = monotonic()
        deadline += PATIENCE
        before = None
        while True:
            rows, now = [row for show in shows for row in await show.rows()], monotonic()
            self._teller.progress(rows)
            changed, before = (changed if rows == before else now), rows
            if now - changed >= (QUIET if equal(rows) else STUCK) or now > deadline:
                return
            if stage.daemon.ended:
                raise DemoError(f"the daemon ended by itself{last_words(stage.place.log('daemon'))}")
            await anyio.sleep(LOOK)

    async def _tell_verdict(self, stage: Stage, shows: Sequence[Performance]) -> None:
        tables = [Table(show.company.business, await show.rows(), await show.calls()) for show in shows]
        rows, seconds = [row for table in tables for row in table.rows], monotonic() - self._begun
        first = shows[0]
        measured = measure(await stage.sides(first.company), first.marks, await stage.books.act("journal"))
        self._teller.show(tables, measured)
        self.code = 0 if equal(rows) else 1
        stage.place.keep = not equal(rows)
        if self._json:
            sys.stdout.write(as_json(seed=SEED, seconds=seconds, tables=tables, measured=measured) + "\n")
            sys.stdout.flush()
        verdict = "All sides are equal" if equal(rows) else "The two sides are NOT equal"
        counts = ", ".join(f"{sum(row.equal for row in table.rows)} of {len(table.rows)}" for table in tables)
        self._teller.say(f"{verdict} after {seconds:.0f} s, seed {SEED} (rows: {counts}).")
        if not equal(rows):
            self._teller.say(f"Journal and logs are kept in {stage.place.directory}")

    async def _look_around(self, stage: Stage) -> None:
        self._teller.lines(_directions(stage))
        await anyio.sleep_forever()


def _directions(stage: Stage) -> list[str]:
    ours = shlex.join([sys.executable, "-m", "avantto_qbo", "--config", str(stage.place.config)])
    state = "curl -s -X POST {url}/_sandbox/state -d '{body}'"
    first = COMPANIES[0].business
    realm = f'{{"realm": "{first.realm}"}}'
    return [
        "Everything keeps running until you press Ctrl-C. Look around:",
        f"  {ours} status",
        f"  {ours} show {first.location}",
        f"  {ours} activity {first.location}",
        f"  daemon     {stage.place.public_url} (webhooks), {stage.place.console_url} (readiness, metrics)",
        f"  Avantto    {state.format(url=stage.crm.url, body='{}')}",
        f"  QuickBooks {state.format(url=stage.books.url, body=realm)}",
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
