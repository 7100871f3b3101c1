"""Commands that only look."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from click.testing import Result

from avantto_qbo.errors import InternalError
from avantto_qbo.model.ids import OperationId
from avantto_qbo.model.operation import State
from avantto_qbo.server.api import Backfill, BackfillState
from unit.server.standins import MemoryService

Run = Callable[..., Result]
READING = [
    ["map", "loc1"],
    ["explain", "loc1", "INV/1"],
    ["status"],
    ["locations"],
    ["show", "loc1"],
    ["settings", "loc1"],
    ["activity", "loc1"],
    ["attention"],
    ["doctor"],
]


def test_status_is_quiet_success_while_all_is_well(daemon: MemoryService, run: Run) -> None:
    result = run("status")
    assert result.exit_code == 0
    assert result.stdout == (
        "daemon\t0.1.0, running since 2026-11-22 12:00:00Z\n"
        "ready\tyes\n"
        "locations\t1 connected\n"
        "operations\tnone open\n"
        "mail\tnone\n"
        "reads\t100000 of 500000 in 2026-11 (20 %)\n"
        "backup\tnever (`avantto-qbo backup FILE`)\n"
        "attention\tnothing\n"
    )


@pytest.mark.parametrize("flag", [[], ["--json"]])
def test_status_exits_4_when_something_needs_attention(daemon: MemoryService, run: Run, flag: list[str]) -> None:
    daemon.held[OperationId("op1")] = State.HELD
    assert run("status", *flag).exit_code == 4


@pytest.mark.parametrize("words", READING)
def test_every_reading_command_speaks_json(daemon: MemoryService, run: Run, words: list[str]) -> None:
    result = run(*words, "--json")
    assert result.exit_code == 0
    assert isinstance(msgspec.json.decode(result.stdout), dict)
    assert result.stderr == ""


@pytest.mark.parametrize("words", READING)
def test_without_a_daemon_every_command_exits_3_with_one_sentence(run: Run, words: list[str]) -> None:
    result = run(*words)
    assert result.exit_code == 3
    assert result.stdout == ""
    assert result.stderr.startswith("avantto-qbo: the daemon does not answer on ")
    assert result.stderr.count("\n") == 1


def test_attention_names_the_command_that_mends(daemon: MemoryService, run: Run) -> None:
    daemon.held[OperationId("op1")] = State.HELD
    result = run("attention", "loc1")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[1].split("\t") == [
        "op1", "loc1", "invoice.create", "2026-11-22 12:00:00Z", "No tax code has this rate.", "avantto-qbo retry op1",
    ]  # fmt: skip


def test_nothing_to_attend_to_is_said(daemon: MemoryService, run: Run) -> None:
    assert run("attention").stdout == "Nothing needs attention.\n"


def test_no_location_yet_says_how_to_begin(daemon: MemoryService, run: Run) -> None:
    daemon.statuses.clear()
    assert "avantto-qbo connect LOCATION" in run("locations").stdout


def test_an_unknown_location_is_one_plain_sentence(daemon: MemoryService, run: Run) -> None:
    result = run("show", "nowhere")
    assert result.exit_code == 1
    assert result.stderr == "avantto-qbo: location: there is no location nowhere (see `avantto-qbo locations`)\n"


def test_ids_are_made_safe_for_the_address(daemon: MemoryService, run: Run) -> None:
    assert "there is no location ../status?x" in run("show", "../status?x").stderr


def test_show_tells_how_far_the_copying_is(daemon: MemoryService, run: Run) -> None:
    daemon.backfills = [Backfill(40, 100, BackfillState.RUNNING)]
    assert "contacts\t40 of 100 (running)\n" in run("show", "loc1").stdout


def test_names_cannot_steer_the_terminal(daemon: MemoryService, run: Run) -> None:
    daemon.name = "Cafe\x1b[2J\tBar\n"
    assert "Cafe [2J Bar " in run("locations").stdout


def test_activity_pages_back(daemon: MemoryService, run: Run) -> None:
    result = run("activity", "loc1", "--limit", "2", "--before", "5")
    assert [line.split("\t")[0] for line in result.stdout.splitlines()] == ["id", "4", "3"]
    assert result.stderr == "Older lines: --before 3\n"


def test_a_failure_in_the_daemon_exits_1(daemon: MemoryService, run: Run) -> None:
    daemon.trouble = InternalError("broken")
    result = run("status")
    assert (result.exit_code, result.stderr) == (1, "avantto-qbo: the daemon failed at this (look at its log)\n")
