"""`map`: choices shown and made."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from click.testing import Result

from unit.server.standins import MemoryService

Run = Callable[..., Result]


def test_what_waits_stands_beside_what_it_could_be(daemon: MemoryService, run: Run) -> None:
    lines = run("map", "loc1").stdout.splitlines()
    assert lines[1].split("\t") == [
        "tax",
        "VAT",
        "20 %",
        "waiting",
        "20.0% S (5) or 20.0% RC (6)",
        "invoice i1",
        'avantto-qbo map loc1 tax "VAT=CODE"',
    ]
    assert lines[-1] == "refund_account\tTwo banks.\ttransaction t1\tsettings loc1 …"


def test_of_many_held_documents_only_the_first_are_named(daemon: MemoryService, run: Run) -> None:
    daemon.waiting_documents = tuple(f"transaction t{number}" for number in range(7))
    assert "transaction t4 and 2 more\t" in run("map", "loc1").stdout


def test_one_kind_is_shown_with_all_there_is_to_choose_from(daemon: MemoryService, run: Run) -> None:
    text = run("map", "loc1", "tax").stdout
    assert text.endswith("code\tname\trates\n5\t20.0% S\t20 %\n6\t20.0% RC\t20 %\n")


def test_choices_are_made_and_forgotten(daemon: MemoryService, run: Run) -> None:
    result = run("map", "loc1", "item", "p1=Kit", "size=L=7")
    assert result.exit_code == 0
    assert daemon.chosen == {"p1": "Kit", "size=L": "7"}
    assert "item\tp1\t\tchosen\tKit (Kit)" in result.stdout
    assert run("map", "loc1", "item", "p1=").exit_code == 0
    assert daemon.chosen == {"size=L": "7"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["item", "p1"], '"p1" is not NAME=VALUE'),
        (["item", "=7"], '"=7" is not NAME=VALUE'),
        (["item", "p1=7", "p1=8"], '"p1" is named twice'),
        (["p1=7"], "is not one of 'tax', 'item', 'account'"),
    ],
)
def test_a_slip_is_usage(daemon: MemoryService, run: Run, words: list[str], said: str) -> None:
    result = run("map", "loc1", *words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert daemon.chosen == {}


def test_what_is_not_there_cannot_be_chosen(daemon: MemoryService, run: Run) -> None:
    result = run("map", "loc1", "item", "p1=gone")
    assert result.exit_code == 2
    assert result.stderr == 'avantto-qbo: p1: "gone" is no active item of the company\n'


def test_documents_that_could_not_be_read_are_said_aside(daemon: MemoryService, run: Run) -> None:
    daemon.unread = "invoice i1 could not be read in Avantto: reset"
    result = run("map", "loc1")
    assert (result.exit_code, result.stderr) == (0, "invoice i1 could not be read in Avantto: reset\n")


def test_nothing_chosen_is_a_sentence(daemon: MemoryService, run: Run) -> None:
    assert run("map", "loc1", "item").stdout.startswith("Nothing was chosen, and nothing waits for a choice.\n")


def test_a_script_reads_the_same_as_json(daemon: MemoryService, run: Run) -> None:
    answer = msgspec.json.decode(run("map", "loc1", "tax", "--json").stdout)
    assert [choice["id"] for choice in answer["choices"]] == ["5", "6"]
    assert answer["mapped"][0]["documents"] == ["invoice i1"]
