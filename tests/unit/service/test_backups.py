"""What an operator gets to see of copies of the journal, and of a journal that came back from one."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from avantto_qbo.errors import RefusedError
from avantto_qbo.service import backups, report
from avantto_qbo.service.answers import Answers
from avantto_qbo.service.backups import BackupDesk, no_copy
from stage import PLACE, REALM, Stage
from unit.actors.backups import copied, relink, restore


class Copier:
    """Notes what it was asked to copy; `most` is how many copies were ever made at once."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self._now, self.most = stage, 0, 0
        self.made: list[tuple[Path, datetime]] = []

    async def __call__(self, target: Path, now: datetime) -> int:
        self._now += 1
        self.most = max(self.most, self._now)
        await self._stage.clock.sleep(1)
        self._now -= 1
        self.made.append((target, now))
        return 4096


async def test_a_copy_is_made_where_it_was_asked_for(stage: Stage) -> None:
    copier, began = Copier(stage), stage.clock.now()
    answer = await BackupDesk(stage.house, copier).backup("/var/backups/journal.db", "uid 0")
    assert (answer.file, answer.bytes, answer.taken_at) == ("/var/backups/journal.db", 4096, began)
    assert copier.made == [(Path("/var/backups/journal.db"), began)]


async def test_a_path_that_only_the_caller_understands_is_refused(stage: Stage) -> None:
    copier = Copier(stage)
    with pytest.raises(RefusedError, match="not an absolute path"):
        await BackupDesk(stage.house, copier).backup("journal.db", "uid 0")
    assert copier.made == []


async def test_a_journal_without_a_file_is_not_copied(stage: Stage) -> None:
    with pytest.raises(RefusedError, match="cannot be copied"):
        await BackupDesk(stage.house, no_copy).backup("/copy.db", "uid 0")


async def test_a_location_says_that_its_journal_was_restored_until_writing_begins(stage: Stage) -> None:
    [plain] = (await Answers(stage.house, monthly_reads=1).locations()).locations
    assert plain.reason == ""
    await restore(stage, await copied(stage))
    answers = Answers(stage.house, monthly_reads=1)
    [row] = (await answers.locations()).locations
    assert row.reason.startswith("restored from 2026-11-20 ")
    assert "nothing is written until its books were read again" in row.reason
    assert (await answers.show(PLACE)).reason == row.reason
    [company] = (await answers.status()).restoring
    assert (company.realm, company.reading, company.documents, company.trouble) == (REALM, "Invoice", 0, "")
    await relink(stage)
    assert (await answers.status()).restoring == ()
    assert (await answers.show(PLACE)).reason == ""


async def test_a_reading_that_does_not_go_on_says_why(stage: Stage) -> None:
    await restore(stage, await copied(stage))
    await stage.clock.sleep(400)
    stage.books.play.faults(add=[{"operation": "invoice.query", "action": "status", "status": 503, "times": 0}])
    for _ in range(5):
        await stage.pollers.run(f"restored:{REALM}", "relink")
    [company] = await stage.journal.read(backups.restoring)
    assert company.trouble
    [row] = (await Answers(stage.house, monthly_reads=1).locations()).locations
    assert f"it does not go on: {company.trouble}" in row.reason
    records = [await stage.record()]
    items = await stage.journal.read(lambda db: report.attention(db, records, stage.clock.now()))
    assert [item.code for item in items] == ["poll.relink"]
