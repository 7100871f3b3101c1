"""`reconcile`: both sides day by day, every difference with its reason and its command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.testing import Result

from avantto_qbo.cli import reconciling
from avantto_qbo.cli.status_client import StatusClient, UnreachableError
from avantto_qbo.errors import TransientError
from avantto_qbo.model.ids import OperationId
from avantto_qbo.model.operation import State
from avantto_qbo.model.reconciliation import Progress
from unit.server.standins import MemoryService

Run = Callable[..., Result]


def test_what_is_equal_ends_well(daemon: MemoryService, run: Run) -> None:
    result = run("reconcile", "loc1")
    assert result.exit_code == 0
    assert result.stdout == (
        "location\tloc1\n"
        "days\t2026-11-22 to 2026-11-22\n"
        "compared\t3 documents\n"
        "result\tequal\n"
        "\n"
        "day\tkind\tAvantto\tsum in Avantto\tQuickBooks\tsum in QuickBooks\tmissing\textra\tdifferent\n"
        "2026-11-22\tinvoices\t2\t208.00 GBP\t2\t208.00 GBP\t0\t0\t0\n"
    )


def test_what_needs_attention_is_told_with_its_command(daemon: MemoryService, run: Run) -> None:
    daemon.held[OperationId("op1")] = State.HELD
    result = run("reconcile", "loc1", "--since", "2026-11-01", "--until", "2026-11-30")
    assert result.exit_code == 4
    lines = result.stdout.splitlines()
    assert lines[1] == "days\t2026-11-01 to 2026-11-30"
    assert lines[3:7] == [
        "not counted\t2 before the cut-off (not ours)",
        "unreadable\t1 rows made no sense and were left out",
        "cut short\ttoo many differ to look into each of them: ask for fewer days",
        "result\t1 needs attention; 1 differs for a reason that needs nobody",
    ]
    assert lines[-2] == (
        "missing\treceipts\t2026-11-22\tPayment t1\t9.00 GBP\t\tAn unknown source.\t"
        "avantto-qbo settings loc1 sources.raffle=on"
    )
    assert lines[-1].endswith("\tDeleted.\tnothing to do")


def test_a_script_reads_the_same_as_json(daemon: MemoryService, run: Run) -> None:
    daemon.held[OperationId("op1")] = State.HELD
    result = run("reconcile", "loc1", "--json")
    answer = msgspec.json.decode(result.stdout)
    assert (result.exit_code, answer["attention"], answer["days"][0]["avantto"]) == (4, 1, "208.00 GBP")
    assert answer["differences"][0]["mend"] == "avantto-qbo settings loc1 sources.raffle=on"


def test_a_refusal_before_and_in_the_middle_reads_the_same(daemon: MemoryService, run: Run) -> None:
    unknown = run("reconcile", "loc9")
    assert (unknown.exit_code, unknown.stderr) == (
        1,
        "avantto-qbo: location: there is no location loc9 (see `avantto-qbo locations`)\n",
    )
    daemon.trouble = TransientError("HTTP 503")
    passing = run("reconcile", "loc1")
    assert passing.exit_code == 1
    assert passing.stderr == "avantto-qbo: the other side cannot be asked now: HTTP 503 (try again in a minute)\n"


def test_days_that_are_none_are_wrong_usage(daemon: MemoryService, run: Run) -> None:
    assert run("reconcile", "loc1", "--since", "yesterday").exit_code == 2
    turned = run("reconcile", "loc1", "--since", "2026-11-30", "--until", "2026-11-01")
    assert (turned.exit_code, turned.stderr) == (2, "avantto-qbo: since: must not be after until (2026-11-01)\n")


def test_nobody_there_is_said(run: Run) -> None:
    assert run("reconcile", "loc1").exit_code == 3


def test_whoever_watches_sees_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    for progress in (Progress("Avantto's payments", 100, 250), Progress("comparing", 7), Progress("done", 9, 9)):
        reconciling.show_progress(progress)
    shown = capsys.readouterr().err
    assert "Avantto's payments: 100 of 250" in shown
    assert "comparing: 7" in shown
    assert shown.endswith("\r\x1b[K")


def test_an_answer_that_stops_in_the_middle_is_no_answer(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError):
        StatusClient(tmp_path / "nothing").reconciliation("/locations/loc1/reconciliation", lambda _: None)
