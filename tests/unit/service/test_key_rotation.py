"""The journal key is changed while the daemon runs, and taken over after a crash at any point."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from avantto_qbo.clock import SystemClock
from avantto_qbo.errors import RefusedError, TransientError
from avantto_qbo.journal.sealing import Sealer, key_id
from avantto_qbo.journal.sqlite import open_journal
from avantto_qbo.secrets import JournalKeys
from avantto_qbo.service.keys import open_keys
from stage import Stage
from unit.service.sealed import (
    BOTH,
    GRANTS,
    NEW,
    OLD,
    THIRD,
    at_start,
    crashing,
    desk,
    fill,
    journal,
    online,
    opened_by,
    opens,
    sealed_values,
    whole,
)
from virtual_clock import VirtualClock


async def test_every_value_is_sealed_anew_and_the_old_key_opens_none() -> None:
    place, clock = journal(), VirtualClock()
    keys = await open_keys(place, JournalKeys(OLD), clock)
    await fill(place, keys.sealer)
    assert await opened_by(place, OLD) == 2 * GRANTS + 3
    answer = await desk(place, keys, BOTH).rotate("uid 0")
    assert (answer.key, answer.resealed, answer.previous) == (key_id(NEW), GRANTS + 3, True)
    assert await opened_by(place, OLD) == 0
    assert await opened_by(place, NEW) == 2 * GRANTS + 3
    assert await whole(place, Sealer.of(NEW))
    assert await whole(place, keys.sealer)


@pytest.mark.parametrize("start", [False, True])
async def test_the_daemon_itself_forgets_the_old_key(start: bool) -> None:
    place = journal()
    keys = await open_keys(place, JournalKeys(OLD), VirtualClock())
    await fill(place, keys.sealer, 1)
    old = await place.read(sealed_values(place))
    if start:
        keys = await open_keys(place, BOTH, VirtualClock())
    else:
        await desk(place, keys, BOTH).rotate("uid 0")
    assert not any(opens(keys.sealer, *value) for value in old)


async def test_rotation_takes_bounded_transactions() -> None:
    place = journal()
    keys = await open_keys(place, JournalKeys(OLD), VirtualClock())
    await fill(place, keys.sealer)
    commits = place.inner.commits
    await desk(place, keys, BOTH).rotate("uid 0")
    assert place.inner.commits - commits == GRANTS // 50 + 2


@pytest.mark.parametrize("rotate", [online, at_start])
@pytest.mark.parametrize("at", range(1, 12))
async def test_a_crash_at_any_commit_loses_nothing_and_the_next_start_finishes(at: int, rotate: Any) -> None:
    place = await crashing(at, rotate)
    assert await whole(place, Sealer.of(NEW, OLD))
    keys = await open_keys(place, BOTH, VirtualClock())
    assert await opened_by(place, OLD) == 0
    assert await whole(place, keys.sealer)
    again = await open_keys(place, JournalKeys(NEW), VirtualClock())
    assert await whole(place, again.sealer)


async def test_a_full_disk_leaves_both_keys_in_use_and_the_next_try_finishes() -> None:
    place = journal()
    keys = await open_keys(place, JournalKeys(OLD), VirtualClock())
    await fill(place, keys.sealer)
    seen = 0

    def full() -> None:
        nonlocal seen
        seen += 1
        if seen == 2:
            raise TransientError("disk full")

    place.before = full
    with pytest.raises(TransientError):
        await desk(place, keys, BOTH).rotate("uid 0")
    assert await whole(place, keys.sealer)
    answer = await desk(place, keys, BOTH).rotate("uid 0")
    assert answer.resealed == GRANTS + 3 - 53
    assert await opened_by(place, OLD) == 0


async def test_a_full_disk_does_not_keep_the_daemon_from_starting() -> None:
    place = journal()
    keys = await open_keys(place, JournalKeys(OLD), VirtualClock())
    await fill(place, keys.sealer)
    seen = 0

    def full() -> None:
        nonlocal seen
        seen += 1
        if seen > 1:
            raise TransientError("disk full")

    place.before = full
    keys = await open_keys(place, BOTH, VirtualClock())
    place.before = lambda: None
    assert await whole(place, keys.sealer)
    assert (await desk(place, keys, BOTH).rotate("uid 0")).resealed == GRANTS + 3


async def test_work_goes_on_while_the_key_changes(tmp_path: Path) -> None:
    stage = Stage()
    await stage.open()
    keys = await open_keys(stage.journal, JournalKeys(OLD), stage.clock)
    stage.sealer = keys.sealer
    stage.start()
    keeper, rounds = stage.keeper(), list[str]()
    between = 0

    def refresh_meanwhile() -> None:
        nonlocal between
        between += 1

    stage.journal.after = refresh_meanwhile
    await desk(stage.journal, keys, BOTH).rotate("uid 0")
    for _ in range(3):
        stage.clock.advance(3600)
        rounds.append(await keeper.access_token())
    assert len(set(rounds)) == 3
    assert between
    assert await opened_by(stage.journal, OLD) == 0
    await stage.mirror(stage.sent_invoice())
    assert len(stage.in_books("Invoice")) == 1


@pytest.mark.parametrize(
    ("files", "problem", "mend"),
    [
        (JournalKeys(OLD), f"holds the key in use already \\({key_id(OLD)}\\)", "openssl rand -base64 32"),
        (JournalKeys(NEW), "journal-key-previous does not hold the key in use", "copy that key"),
        (JournalKeys(NEW, THIRD), "journal-key-previous does not hold the key in use", "copy that key"),
    ],
)
async def test_a_change_that_would_change_nothing_or_lose_the_key_is_refused(
    files: JournalKeys, problem: str, mend: str
) -> None:
    place = journal()
    keys = await open_keys(place, JournalKeys(OLD), VirtualClock())
    await fill(place, keys.sealer)
    before = await place.read(sealed_values(place))
    with pytest.raises(RefusedError, match=problem) as refused:
        await desk(place, keys, files).rotate("uid 0")
    assert mend in refused.value.mend
    assert await place.read(sealed_values(place)) == before
    assert await whole(place, Sealer.of(OLD))


async def test_asking_twice_says_that_the_old_file_may_go() -> None:
    place = journal()
    keys = await open_keys(place, JournalKeys(OLD), VirtualClock())
    await desk(place, keys, BOTH).rotate("uid 0")
    answer = await desk(place, keys, BOTH).rotate("uid 0")
    assert (answer.resealed, answer.previous) == (0, True)
    with pytest.raises(RefusedError, match="in use already"):
        await desk(place, keys, JournalKeys(NEW)).rotate("uid 0")


async def test_a_key_can_be_changed_again_and_again() -> None:
    place = journal()
    keys = await open_keys(place, JournalKeys(OLD), VirtualClock())
    await fill(place, keys.sealer)
    await desk(place, keys, BOTH).rotate("uid 0")
    await desk(place, keys, JournalKeys(THIRD, NEW)).rotate("uid 0")
    assert await opened_by(place, NEW) == await opened_by(place, OLD) == 0
    assert await whole(place, (await open_keys(place, JournalKeys(THIRD), VirtualClock())).sealer)


async def test_nothing_the_old_key_opens_is_left_anywhere_in_the_journals_files(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    async with open_journal(file, clock=SystemClock()) as place:
        keys = await open_keys(place, JournalKeys(OLD), SystemClock())
        await fill(place, keys.sealer)
        for _ in range(5):
            await fill(place, keys.sealer)  # each leaves the one before in a free cell
        old = [sealed for sealed, _ in await place.read(sealed_values(place))]
        assert left_in(file, old)
        answer = await desk(place, keys, BOTH, place.scrub).rotate("uid 0")
        assert answer.scrubbed
        assert not left_in(file, old)
        assert b"\x10" + key_id(OLD).encode() not in everything(file)
        assert await whole(place, keys.sealer)


@pytest.mark.parametrize("start", [False, True])
async def test_what_an_earlier_release_left_in_free_space_is_gone_too(tmp_path: Path, start: bool) -> None:
    file = tmp_path / "journal.db"
    async with open_journal(file, clock=SystemClock()) as place:
        keys = await open_keys(place, JournalKeys(OLD), SystemClock())
        await fill(place, keys.sealer)
        old = [sealed for sealed, _ in await place.read(sealed_values(place))]
    outside = sqlite3.connect(file)
    outside.execute("pragma secure_delete = off")
    outside.execute("delete from grants where subject > 'loc0003'")
    outside.commit()
    outside.close()
    assert left_in(file, old)
    async with open_journal(file, clock=SystemClock()) as place:
        if start:
            await open_keys(place, BOTH, SystemClock(), place.scrub)
        else:
            keys = await open_keys(place, JournalKeys(OLD), SystemClock())
            assert (await desk(place, keys, BOTH, place.scrub).rotate("uid 0")).scrubbed
        assert not left_in(file, old)


async def test_a_large_file_is_not_rebuilt_under_the_writers_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("avantto_qbo.journal.scrubbing._SMALL", 0)
    async with open_journal(tmp_path / "journal.db", clock=SystemClock()) as place:
        keys = await open_keys(place, JournalKeys(OLD), SystemClock())
        assert not (await desk(place, keys, BOTH, place.scrub).rotate("uid 0")).scrubbed


async def test_a_token_that_was_replaced_is_gone_from_the_file_without_a_rotation(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    async with open_journal(file, clock=SystemClock()) as place:
        keys = await open_keys(place, JournalKeys(OLD), SystemClock())
        await fill(place, keys.sealer)
        old = [sealed for sealed, _ in await place.read(sealed_values(place)) if len(sealed) > 100]
        await fill(place, keys.sealer)
    assert not left_in(file, old)


def everything(file: Path) -> bytes:
    return b"".join(part.read_bytes() for part in file.parent.glob(f"{file.name}*"))


def left_in(file: Path, values: list[bytes]) -> list[bytes]:
    """The values of which the tail, unlike any other, stands in the journal's files."""
    held = everything(file)
    return [value for value in values if value[-24:] in held]
