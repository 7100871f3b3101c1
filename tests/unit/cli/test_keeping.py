"""`backup`, and what `status` says of copies and of a journal that came back from one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from click.testing import Result

from avantto_qbo.cli.looking import _status_pairs
from avantto_qbo.errors import ConfigError
from avantto_qbo.model.ids import LocationId, RealmId
from avantto_qbo.server.api import StatusAnswer
from avantto_qbo.server.api_backup import BackupAnswer, RestoringRow
from unit.server.standins import NOON, MemoryService

Run = Callable[..., Result]


def test_backup_tells_the_daemon_a_path_it_understands(
    daemon: MemoryService, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("backup", "copy.db")
    assert result.exit_code == 0
    assert result.stdout == f"The journal as of 2026-11-22 12:00:00Z is in {tmp_path}/copy.db (4096 bytes).\n"


def test_backup_speaks_json(daemon: MemoryService, run: Run) -> None:
    answer = msgspec.json.decode(run("backup", "/copy.db", "--json").stdout, type=BackupAnswer)
    assert answer == BackupAnswer("/copy.db", 4096, NOON)


def test_a_copy_that_cannot_be_made_is_one_plain_sentence(daemon: MemoryService, run: Run) -> None:
    daemon.trouble = ConfigError("file", "cannot write /copy.db: File exists", "name a file that does not exist yet")
    result = run("backup", "/copy.db")
    said = "avantto-qbo: file: cannot write /copy.db: File exists (name a file that does not exist yet)\n"
    assert (result.exit_code, result.stderr) == (2, said)


def test_backup_needs_the_daemon(run: Run) -> None:
    assert run("backup", "/copy.db").exit_code == 3


def status(**facts: object) -> dict[str, object]:
    answer = StatusAnswer("0.1.0", NOON, ready=True)
    return dict(_status_pairs(msgspec.structs.replace(answer, **facts)))


def test_status_says_how_old_the_last_copy_is() -> None:
    assert status()["backup"] == "never (`avantto-qbo backup FILE`)"
    now = datetime.now(UTC)
    assert str(status(backup_at=now - timedelta(hours=5))["backup"]).endswith("Z, 5 hours ago")
    assert str(status(backup_at=now - timedelta(days=9))["backup"]).endswith("Z, 9 days ago")


def test_status_says_what_a_restored_journal_waits_for() -> None:
    row = RestoringRow(RealmId("9130"), NOON, NOON, "Payment", 12, {LocationId("a"): 3, LocationId("b"): 4})
    said = "company 9130 from 2026-11-22 12:00:00Z: nothing is written yet; 12 documents read, 7 linked again"
    assert status(restoring=(row,))["restoring"] == said
    stuck = msgspec.structs.replace(row, trouble="throttled")
    assert status(restoring=(stuck,))["restoring"] == f"{said}; it does not go on: throttled"
