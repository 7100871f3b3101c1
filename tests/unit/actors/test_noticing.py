"""Whether a journal is the one that was used last, told by the number it states and the one beside it."""

from __future__ import annotations

from datetime import datetime

import pytest

from avantto_qbo.actors.restored.noticing import keep_generation
from avantto_qbo.errors import ConfigError
from avantto_qbo.journal import activity, restored
from avantto_qbo.model.records import Activity
from avantto_qbo.model.restored import Restored
from stage import PLACE, REALM, Killed, Stage
from unit.actors.backups import Beside, begin, copied, plainly_copied, put_back


async def is_stopped(stage: Stage) -> bool:
    return bool(await stage.journal.read(restored.under_way))


async def inside(stage: Stage) -> int | None:
    return await stage.journal.read(restored.generation)


async def test_each_start_begins_a_generation_inside_and_beside(stage: Stage) -> None:
    beside = Beside()
    for number in (1, 2, 3):
        assert not await begin(stage, beside)
        assert (await inside(stage), beside.number) == (number, number)
    assert not await is_stopped(stage)


async def test_a_journal_of_a_release_that_kept_no_generation_is_taken_as_it_is(stage: Stage) -> None:
    assert await inside(stage) is None
    assert not await begin(stage, Beside())


async def test_a_marked_copy_is_a_restored_journal_wherever_it_is_put(stage: Stage) -> None:
    for beside in (Beside(), Beside(9)):
        twin = Stage()
        await twin.open()
        put_back(twin, await copied(stage))
        twin.start()
        assert await begin(twin, beside)
        assert await is_stopped(twin)
        assert not await begin(twin, beside)
        assert await is_stopped(twin)


async def test_a_plain_copy_from_before_this_start_is_noticed(stage: Stage) -> None:
    beside = Beside()
    await begin(stage, beside)
    copy = plainly_copied(stage)
    await begin(stage, beside)
    put_back(stage, copy)
    assert await begin(stage, beside)
    assert (await inside(stage), beside.number) == (3, 3)


async def test_a_copy_from_before_there_were_generations_is_noticed(stage: Stage) -> None:
    copy, beside = plainly_copied(stage), Beside()
    await begin(stage, beside)
    put_back(stage, copy)
    assert await begin(stage, beside)


async def test_a_plain_copy_without_the_number_beside_it_was_brought_from_elsewhere(stage: Stage) -> None:
    await begin(stage, Beside())
    assert await begin(stage, Beside())


@pytest.mark.parametrize("where", ["before", "after"])
async def test_a_crash_between_the_two_numbers_is_no_restored_journal(stage: Stage, where: str) -> None:
    beside = Beside()
    await begin(stage, beside)

    def die() -> None:
        raise Killed

    setattr(stage.journal, where, die)
    with pytest.raises(Killed):
        await begin(stage, beside)
    await stage.restart()
    assert not await begin(stage, beside)
    assert not await is_stopped(stage)


async def test_a_plain_copy_of_this_very_run_is_noticed_once_something_was_done_after_it(stage: Stage) -> None:
    beside = Beside()
    await begin(stage, beside)
    copy = plainly_copied(stage)
    keeping = keep_generation(stage.journal, beside, Ticking(stage))
    with pytest.raises(Killed):
        await keeping
    assert (await inside(stage), beside.number) == (2, 2)
    put_back(stage, copy)
    assert await begin(stage, beside)


class Ticking:
    """A clock whose first nap is short of nothing done, the second full of it, and the third the end."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self._naps = stage, 0

    def now(self) -> datetime:
        return self._stage.clock.now()

    async def sleep(self, _: float) -> None:
        self._naps += 1
        if self._naps == 2:
            line = Activity(self._stage.clock.now(), PLACE, "test", "something was done")
            await self._stage.journal.write(lambda db: activity.record(db, line))
        if self._naps == 4:
            raise Killed


async def test_an_unmarked_copy_ends_where_it_was_last_written_to(stage: Stage) -> None:
    beside = Beside()
    await begin(stage, beside)
    copy, moment = plainly_copied(stage), stage.clock.now()
    await begin(stage, beside)
    await stage.clock.sleep(9999)
    put_back(stage, copy)
    await begin(stage, beside)
    [at] = await stage.journal.read(restored.under_way)
    assert isinstance(at, Restored)
    assert (at.realm, at.noticed_at) == (REALM, stage.clock.now())
    assert at.since <= moment


async def test_a_crash_in_the_very_first_start_is_no_restored_journal(stage: Stage) -> None:
    beside = Beside()

    def die() -> None:
        raise Killed

    stage.journal.after = die
    with pytest.raises(Killed):
        await begin(stage, beside)
    await stage.restart()
    assert not await begin(stage, beside)
    assert (await inside(stage), beside.number) == (2, 2)


class Full(Beside):
    """A disk on which the first number cannot be written."""

    def write(self, number: int) -> None:
        raise ConfigError("journal", f"cannot write {number}: no space left on device")


async def test_a_first_number_that_cannot_be_kept_is_not_begun(stage: Stage) -> None:
    assert not await begin(stage, Full())
    assert await inside(stage) is None
    assert not await begin(stage, Beside())
    assert not await is_stopped(stage)


async def test_a_copy_made_while_the_clock_was_ahead_ends_now_at_the_latest(stage: Stage) -> None:
    beside = Beside()
    await begin(stage, beside)
    now = stage.clock.now()
    stage.clock.advance(99_999)
    copy = await copied(stage)
    stage.clock.advance(-99_999)
    put_back(stage, copy)
    await begin(stage, beside)
    [at] = await stage.journal.read(restored.under_way)
    assert at.since <= now
