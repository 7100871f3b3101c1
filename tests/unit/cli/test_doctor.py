"""The command `doctor`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from avantto_qbo.cli import main
from avantto_qbo.model.ids import OperationId
from avantto_qbo.model.operation import State
from unit.server.standins import MemoryService

Run = Callable[..., Result]


def test_doctor_says_what_is_proven_and_what_could_be_mended(daemon: MemoryService, run: Run) -> None:
    result = run("doctor", "loc1")
    assert result.exit_code == 0
    assert result.stdout == (
        "contacts\tA new customer is a contact within 5 minutes.\n"
        "reads\t100000 in 2026-11, 140000 to be expected, of 500000\n"
        "fits\t46 companies at this pace\n"
        "mail\t2 waiting, the oldest 7 s\n"
        "journal\t3.0 MiB\n"
        "\n"
        "company\tLake & Co (realm 901)\n"
        "locations\tloc1\n"
        "numbers\tcustom transaction numbers are on\n"
        "reads\t100000 this month\n"
        "document\tproof\tseen\twhat a lost answer does\n"
        "Invoice\tnumber\t2026-11-22 12:00:00Z\ta lost answer is sent again\n"
        "Payment\tnone\t\ta lost answer of this kind will wait for a person\n"
        "test\trun1, over, begun 2026-11-22 12:00:00Z\n"
        "tried\tseen\n"
        "number.Invoice\trefused\n"
        "\n"
        "\tlocation\twhat\tmend\n"
        "could\tloc1\tNumbers are off.\tswitch them on\n"
    )


@pytest.mark.parametrize("flag", [[], ["--json"]])
def test_doctor_exits_4_when_something_should_be_mended(daemon: MemoryService, run: Run, flag: list[str]) -> None:
    daemon.held[OperationId("op1")] = State.HELD
    assert run("doctor", *flag).exit_code == 4


def test_a_script_reads_the_same_as_json(daemon: MemoryService, run: Run) -> None:
    answer = msgspec.json.decode(run("doctor", "--json").stdout)
    assert answer["realms"][0]["fences"][1]["proof"] == ""
    assert answer["reads"]["fits"] == 46


def test_an_unknown_location_fails_with_one_sentence(daemon: MemoryService, run: Run) -> None:
    result = run("doctor", "nowhere")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1


def test_a_canary_is_started_where_a_person_says_yes(daemon: MemoryService, run: Run) -> None:
    result = run("doctor", "loc1", "--canary", "--yes")
    assert (result.exit_code, result.stdout) == (
        0,
        "Started run2. It takes 15 minutes. Then: avantto-qbo doctor loc1\n",
    )
    assert len(daemon.actors) == 1


def test_a_canary_asks_first_and_no_is_no(daemon: MemoryService, config: Path) -> None:
    command = ["--config", str(config), "doctor", "loc1", "--canary"]
    refused = CliRunner().invoke(main, command, input="n\n")
    assert refused.exit_code == 1
    assert "in the books of this location's company" in refused.stdout
    assert not daemon.actors
    assert CliRunner().invoke(main, command, input="y\n").exit_code == 0


def test_a_canary_needs_a_location(daemon: MemoryService, run: Run) -> None:
    assert run("doctor", "--canary", "--yes").exit_code == 2


def test_a_canary_speaks_json(daemon: MemoryService, run: Run) -> None:
    answer = msgspec.json.decode(run("doctor", "loc1", "--canary", "--yes", "--json").stdout)
    assert answer["run"] == "run2"
