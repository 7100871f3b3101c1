"""Commands that decide or set something."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from click.testing import Result

from avantto_qbo.model.ids import LocationId, OperationId
from avantto_qbo.model.operation import State
from avantto_qbo.model.records import Status
from unit.server.standins import MemoryService

Run = Callable[..., Result]
LOC = LocationId("loc1")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("retry", "invoice.create op1 will be tried again.\n"),
        ("skip", "invoice.create op1 is skipped until its document changes.\n"),
    ],
)
def test_a_held_operation_is_decided(daemon: MemoryService, run: Run, command: str, said: str) -> None:
    daemon.held[OperationId("op1")] = State.HELD
    result = run(command, "op1")
    assert (result.exit_code, result.stdout) == (0, said)


def test_a_decision_about_nothing_is_a_plain_sentence(daemon: MemoryService, run: Run) -> None:
    result = run("skip", "op9")
    assert (result.exit_code, result.stderr) == (1, "avantto-qbo: id: there is no operation op9\n")


def test_pause_and_resume_move_the_location(daemon: MemoryService, run: Run) -> None:
    assert run("pause", "loc1").stdout == "loc1 is paused.\n"
    assert daemon.statuses[LOC] is Status.PAUSED
    assert run("resume", "loc1").stdout == "loc1 is connected.\n"


def test_sync_names_what_is_asked(daemon: MemoryService, run: Run) -> None:
    assert run("sync", "loc1").stdout == "Asking now about customers, invoices, payments.\n"


def test_settings_show_one_key(daemon: MemoryService, run: Run) -> None:
    result = run("settings", "loc1", "tax")
    assert result.stdout == "setting\tvalue\tresolved to\tset by\ntax\tauto\t\tdefault\n"


def test_settings_change_several_at_once_and_show_them(daemon: MemoryService, run: Run) -> None:
    result = run("settings", "loc1", "tax=line", "sources.funnel=off", "--json")
    rows = msgspec.json.decode(result.stdout)["settings"]
    assert [(row["key"], row["value"], row["set_here"]) for row in rows] == [
        ("sources.funnel", "off", True),
        ("tax", "line", True),
    ]


def test_a_table_is_shown_entry_by_entry(daemon: MemoryService, run: Run) -> None:
    lines = run("settings", "loc1", "sources").stdout.splitlines()
    assert "sources.import\toff\t\tdefault" in lines


def test_reset_goes_back_to_the_default(daemon: MemoryService, run: Run) -> None:
    run("settings", "loc1", "tax=line")
    assert "tax\tauto\t\tdefault" in run("settings", "loc1", "--reset", "tax").stdout
    assert daemon.stored == {}


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ("tax=maybe", 'tax: must be one of "auto", "line", "hold", not "maybe"'),
        ("taks=line", "taks: is no known setting (did you mean `tax`?)"),
        ("number_prefix=much-too-long", "number_prefix: must be at most 10"),
    ],
)
def test_a_slip_is_named_before_anything_is_sent(run: Run, item: str, said: str) -> None:
    result = run("settings", "loc1", "invoices=off", item)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_setting_is_not_changed_to_two_values_at_once(run: Run) -> None:
    result = run("settings", "loc1", "tax=auto", "tax=line")
    assert result.exit_code == 2
    assert '"tax" is named twice' in result.stderr
